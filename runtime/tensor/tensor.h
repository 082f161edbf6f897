/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A value in memory: type, shape, layout and lent or owned bytes (who owns them is said where a
 * Tensor is kept). LAYOUT_CHANNELS_LAST keeps the logical dims (N,C,spatial...) and stores
 * N,spatial...,C: shapes, axes and attributes mean the same in both layouts, only the order in
 * memory differs.
 */

#include "runtime/base/status.h"
#include "runtime/tensor/dtype.h"
#include "runtime/tensor/shape.h"

typedef enum Layout { LAYOUT_PLAIN = 0, LAYOUT_CHANNELS_LAST } Layout;

enum { TENSOR_ALIGNMENT = 64 };

typedef struct Tensor {
    DType dtype;
    Layout layout;
    Shape shape; /* known */
    void *data;  /* NULL when bytes is 0 */
    size_t bytes;
} Tensor;

/* Checks that bytes is what dtype and shape say. INVALID_ARGUMENT naming both sizes. */
Status tensor_make(DType dtype, const Shape *shape, void *data, size_t bytes, Tensor *ret_tensor);

/* data zeroed, TENSOR_ALIGNMENT-aligned, owned by the tensor: tensor_deinit frees it. For constants
 * and tests. RESOURCE_EXHAUSTED; INVALID_ARGUMENT when the byte size overflows. */
Status tensor_init(Tensor *tensor, DType dtype, const Shape *shape);
void tensor_deinit(Tensor *tensor);

size_t tensor_elements(const Tensor *tensor);
/* Element i as a number, for shape arithmetic and tests; any non-string, non-complex type. */
int64_t tensor_get_int(const Tensor *tensor, size_t index);
double tensor_get_float(const Tensor *tensor, size_t index);

/* 64-byte aligned memory; NULL when out of memory. free() releases it. */
void *aligned_memory_new(size_t bytes);
