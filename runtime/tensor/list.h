/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Values that hold others: a sequence of tensors, an optional one. A list is a Tensor whose
 * elements are Tensors (DTYPE_SEQUENCE, DTYPE_OPTIONAL), of shape [count], as a string tensor is
 * one whose elements are StringViews. What the elements refer to lies elsewhere and lives at least
 * as long; values never change, so lists share elements freely. tensor_deep_* puts it all in one
 * place.
 */

#include "runtime/tensor/tensor.h"

/* The elements of a list. */
const Tensor *list_items(const Tensor *list);
size_t list_count(const Tensor *list);

/* Does the tensor refer to memory beyond its own bytes? */
bool tensor_refers(const Tensor *tensor);
/* Bytes of one piece of memory for the tensor and all that it refers to: its own first.
 * INVALID_ARGUMENT (lists nested too deep), RESOURCE_EXHAUSTED (overflow) */
Status tensor_deep_bytes(const Tensor *tensor, size_t *ret_bytes);
/* Copies it all into memory of that size, TENSOR_ALIGNMENT-aligned. */
void tensor_deep_copy(const Tensor *tensor, void *memory, Tensor *ret_copy);
