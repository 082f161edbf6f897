/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators whose result holds the bytes of their source in the same order: Identity, Reshape and
 * kin, Dropout of inference. Whether such a node copies at all is the executor's business
 * (OP_VIEW); here it copies. Expand, Tile and Transpose are one strided copy each, and so is
 * Reorder, which changes the layout in memory alone.
 */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/move.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <string.h>

Status move_check_types(const KernelCall *call, size_t first_source, size_t source_count,
                        size_t *ret_bytes) {
    const Tensor *src;
    const Tensor *dst = call_find_dst(call, 0);
    if (!dst)
        return call_invalid(call, "output 0 is missing");
    for (size_t s = first_source; s < first_source + source_count; s++) {
        TRY(call_get_src(call, s, &src));
        TRY(call_check_dtype(call, dst->dtype, src));
    }
    *ret_bytes = dtype_bytes(dst->dtype);
    return *ret_bytes ? status_ok() : call_lacks_dtype(call, dst->dtype);
}

/* Packed types need no unpacking here: equal shapes or not, the bytes are the same. */
static Status copy_bytes(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_dtype(call, src->dtype, dst));
    if (tensor_elements(src) != tensor_elements(dst) || src->bytes != dst->bytes)
        return call_shape_mismatch(call, &dst->shape, &src->shape);
    if (src->bytes && src->data != dst->data)
        memmove(dst->data, src->data, src->bytes);
    return status_ok();
}

Status reference_identity(const KernelCall *call) {
    return copy_bytes(call);
}

Status reference_reshape(const KernelCall *call) {
    return copy_bytes(call);
}

static Status read_perm(const KernelCall *call, int32_t rank, int32_t perm[static SHAPE_MAX_RANK]) {
    size_t count;
    const int64_t *ints = node_get_ints(call->node, "perm", &count);
    bool seen[SHAPE_MAX_RANK] = { false };
    if (ints && count != (size_t)rank)
        return call_invalid(call, "perm has %zu entries for rank %d", count, rank);
    for (int32_t d = 0; d < rank; d++) {
        int64_t axis = ints ? ints[d] : rank - 1 - d;
        if (axis < 0 || axis >= rank || seen[axis])
            return call_invalid(call, "perm is no permutation of 0..%d", rank - 1);
        seen[axis] = true;
        perm[d] = (int32_t)axis;
    }
    return status_ok();
}

static Status transpose(const KernelCall *call) {
    size_t bytes;
    int32_t perm[SHAPE_MAX_RANK];
    int64_t strides[SHAPE_MAX_RANK];
    TRY(move_check_source(call, &bytes));
    const Tensor *src = call->src[0];
    Tensor *dst = &call->dst[0];
    TRY(read_perm(call, src->shape.rank, perm));

    Shape expected = { .rank = src->shape.rank };
    StridedCopy copy = { .rank = src->shape.rank };
    shape_strides(&src->shape, strides);
    for (int32_t d = 0; d < copy.rank; d++) {
        expected.dims[d] = copy.dims[d] = src->shape.dims[perm[d]];
        copy.src_strides[d] = strides[perm[d]];
    }
    TRY(call_check_shape(call, &expected, dst));
    shape_strides(&dst->shape, strides);
    memcpy(copy.dst_strides, strides, sizeof strides);
    strided_copy(&copy, dst->data, src->data, bytes);
    return status_ok();
}
MOVE_KERNEL(transpose)

static Status expand(const KernelCall *call) {
    size_t bytes;
    TRY(move_check_source(call, &bytes));
    const Tensor *src = call->src[0];
    Tensor *dst = &call->dst[0];
    Broadcast walk;
    TRY(broadcast_init(&walk, call, &src, 1, &dst->shape));
    StridedCopy copy = { .rank = walk.rank };
    int64_t stride = 1;
    for (int32_t d = walk.rank - 1; d >= 0; d--) {
        copy.dims[d] = walk.dims[d];
        copy.src_strides[d] = walk.strides[0][d];
        copy.dst_strides[d] = stride;
        stride *= walk.dims[d];
    }
    strided_copy(&copy, dst->data, src->data, bytes);
    return status_ok();
}
MOVE_KERNEL(expand)

/* Each dim becomes two: the repeats, which stand still in the source, and the dim itself. */
static Status tile(const KernelCall *call) {
    size_t bytes, count;
    const Tensor *repeats_tensor;
    int64_t repeats[SHAPE_MAX_RANK], src_strides[SHAPE_MAX_RANK], dst_strides[SHAPE_MAX_RANK];
    TRY(move_check_source(call, &bytes));
    TRY(call_get_src(call, 1, &repeats_tensor));
    TRY(call_get_ints(call, repeats_tensor, SHAPE_MAX_RANK, repeats, &count));
    const Tensor *src = call->src[0];
    Tensor *dst = &call->dst[0];
    if (count != (size_t)src->shape.rank)
        return call_invalid(call, "%zu repeats for rank %d", count, src->shape.rank);

    Shape expected = src->shape;
    StridedCopy copy = { .rank = 2 * src->shape.rank };
    for (int32_t d = 0; d < src->shape.rank; d++)
        if (repeats[d] < 0 ||
            __builtin_mul_overflow(src->shape.dims[d], repeats[d], &expected.dims[d]))
            return call_invalid(call, "repeat %lld is out of range", (long long)repeats[d]);
    TRY(call_check_shape(call, &expected, dst));
    shape_strides(&src->shape, src_strides);
    shape_strides(&dst->shape, dst_strides);
    for (int32_t d = 0; d < src->shape.rank; d++) {
        copy.dims[2 * d] = repeats[d];
        copy.dst_strides[2 * d] = dst_strides[d] * src->shape.dims[d];
        copy.dims[2 * d + 1] = src->shape.dims[d];
        copy.src_strides[2 * d + 1] = src_strides[d];
        copy.dst_strides[2 * d + 1] = dst_strides[d];
    }
    strided_copy(&copy, dst->data, src->data, bytes);
    return status_ok();
}
MOVE_KERNEL(tile)

/* Strides of the logical dims (N, C, spatial...) in memory. */
static void layout_strides(const Tensor *tensor, int64_t strides[static SHAPE_MAX_RANK]) {
    const Shape *shape = &tensor->shape;
    shape_strides(shape, strides);
    if (tensor->layout != LAYOUT_CHANNELS_LAST || shape->rank < 3)
        return;
    strides[1] = 1;
    int64_t stride = shape->dims[1];
    for (int32_t d = shape->rank - 1; d >= 2; d--) {
        strides[d] = stride;
        stride *= shape->dims[d];
    }
}

static Status reorder(const KernelCall *call) {
    size_t bytes;
    int64_t strides[SHAPE_MAX_RANK];
    TRY(move_check_source(call, &bytes));
    const Tensor *src = call->src[0];
    Tensor *dst = &call->dst[0];
    TRY(call_check_shape(call, &src->shape, dst));
    StridedCopy copy = { .rank = src->shape.rank };
    layout_strides(src, strides);
    memcpy(copy.src_strides, strides, sizeof strides);
    layout_strides(dst, strides);
    memcpy(copy.dst_strides, strides, sizeof strides);
    memcpy(copy.dims, src->shape.dims, sizeof src->shape.dims);
    strided_copy(&copy, dst->data, src->data, bytes);
    return status_ok();
}
MOVE_KERNEL(reorder)
