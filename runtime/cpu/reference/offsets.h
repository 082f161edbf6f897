/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Gathering and scattering by element offsets, which the caller has checked. Elements of 1, 2, 4, 8
 * or 16 bytes.
 */

#include "runtime/cpu/reference/reference_util.h"

/* dst[i] = src[offsets[i]] */
void gather_offsets(void *dst, const void *src, const int64_t *offsets, size_t count, size_t bytes);
/* dst[offsets[i]] = src[i] */
void scatter_offsets(void *dst, const void *src, const int64_t *offsets, size_t count,
                     size_t bytes);

/* Makes an index 0..dim-1; INVALID_ARGUMENT naming it and the range. */
Status offsets_check(const KernelCall *call, int64_t dim, int64_t *index);

/* How an update changes what is there. */
typedef enum Reduction { REDUCE_NONE, REDUCE_ADD, REDUCE_MUL, REDUCE_MAX, REDUCE_MIN } Reduction;

/* Attribute "reduction". */
Status reduction_read(const KernelCall *call, Reduction *ret_reduction);
/* Can elements of this type be reduced so? */
Status reduction_check(const KernelCall *call, Reduction reduction, DType dtype);
/* dst[offsets[i]] = reduction of it and updates[first + i]; any reduction but none */
void reduce_offsets(Reduction reduction, Tensor *dst, const Tensor *updates, size_t first,
                    const int64_t *offsets, size_t count);
