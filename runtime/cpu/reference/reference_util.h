/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the reference kernels share: access to a call's tensors, the walk over broadcast operands,
 * strided copies, and the two detours that spare most kernels the rare types: run_unpacked (4- and
 * 2-bit elements as bytes, for kernels that only move) and run_widened (half precision as float,
 * for kernels that compute).
 */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel.h"

/* NULL when it was left out. */
const Tensor *call_find_src(const KernelCall *call, size_t index);
/* INVALID_ARGUMENT when it was left out. */
Status call_get_src(const KernelCall *call, size_t index, const Tensor **ret_src);
/* NULL when it is not wanted. */
Tensor *call_find_dst(const KernelCall *call, size_t index);
/* Source 0 and result 0; INVALID_ARGUMENT when one is missing. */
Status call_get_first(const KernelCall *call, const Tensor **ret_src, Tensor **ret_dst);

/* UNIMPLEMENTED naming operator and dtype. */
Status call_lacks_dtype(const KernelCall *call, DType dtype);
/* INVALID_ARGUMENT naming operator and both shapes. */
Status call_shape_mismatch(const KernelCall *call, const Shape *expected, const Shape *got);
Status call_check_shape(const KernelCall *call, const Shape *expected, const Tensor *tensor);
Status call_check_dtype(const KernelCall *call, DType expected, const Tensor *tensor);
/* "Gather: ..." */
Status call_invalid(const KernelCall *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Integers of a small tensor (axes, pads, ...): any rank, any integer type. INVALID_ARGUMENT above
 * max. */
Status call_get_ints(const KernelCall *call, const Tensor *tensor, size_t max, int64_t *values,
                     size_t *ret_count);
/* Normalised axis of attribute "axis". */
Status call_get_axis(const KernelCall *call, int64_t fallback, int32_t rank, size_t *ret_axis);
/* Takes comparisons from what the request may cause (pairs of boxes, say); RESOURCE_EXHAUSTED when
 * that is not enough. For kernels whose work grows faster than what the request sends. */
Status call_spend(const KernelCall *call, uint64_t work);
/* Scratch or RESOURCE_EXHAUSTED. */
Status call_get_scratch(const KernelCall *call, size_t bytes, void **ret_memory);

bool dtype_is_packed(DType dtype);       /* 4- or 2-bit */
bool dtype_is_narrow_float(DType dtype); /* computed as float: f16, bf16, the 8-bit floats */

enum { BROADCAST_MAX = 3 };

/* Walks dst in rows; each source's row is contiguous (step 1) or one element repeated (step 0). */
typedef struct Broadcast {
    int32_t rank; /* after neighbours are merged; at least 1 */
    size_t source_count;
    int64_t dims[SHAPE_MAX_RANK], index[SHAPE_MAX_RANK];
    int64_t strides[BROADCAST_MAX][SHAPE_MAX_RANK];
    size_t row_count, rows_left;
    size_t dst; /* element offsets of the current row */
    size_t src[BROADCAST_MAX], step[BROADCAST_MAX];
} Broadcast;

/* @sources  NULL ones count as a scalar. INVALID_ARGUMENT when one does not broadcast to dst. */
Status broadcast_init(Broadcast *walk, const KernelCall *call, const Tensor *const *sources,
                      size_t source_count, const Shape *dst);
/* Moves to the first row, then the next; false at the end. */
bool broadcast_next(Broadcast *walk);

enum { COPY_MAX_RANK = 2 * SHAPE_MAX_RANK };

typedef struct StridedCopy {
    int32_t rank;
    int64_t dims[COPY_MAX_RANK];
    int64_t src_strides[COPY_MAX_RANK],
        dst_strides[COPY_MAX_RANK]; /* elements; may be 0 or negative */
} StridedCopy;

/* Copies elements of 1, 2, 4, 8 or 16 bytes. The caller has checked that all of it lies inside. */
void strided_copy(const StridedCopy *copy, void *dst, const void *src, size_t element_bytes);

/* Runs kernel with every 4- or 2-bit tensor as one byte an element (not sign-extended). For kernels
 * that only move elements and use no scratch. */
Status run_unpacked(const KernelCall *call, ReferenceKernel kernel);
/* Runs kernel with every f16 and bf16 tensor as float. The kernel uses no scratch. */
Status run_widened(const KernelCall *call, ReferenceKernel kernel);
