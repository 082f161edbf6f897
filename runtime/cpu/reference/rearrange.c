/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * DepthToSpace, SpaceToDepth, CenterCropPad, ReverseSequence, Trilu, EyeLike: blocks of elements in
 * other places, each of them one strided copy or rows of plain ones.
 *
 * Source: ONNX DepthToSpace 13, SpaceToDepth 13, CenterCropPad 18, ReverseSequence 10, Trilu 14,
 * EyeLike 22. Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/move.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <string.h>

enum { BLOCK_MAX = 1 << 20 };

/* [N,C*b*b,H,W], the deep side, and [N,C,H*b,W*b], the wide side, must go with each other. */
static Status check_blocks(const KernelCall *call, const Shape *deep, const Shape *wide,
                           int64_t *ret_block) {
    int64_t block = node_get_int(call->node, "blocksize", 0);
    if (block < 1 || block > BLOCK_MAX)
        return call_invalid(call, "blocksize %lld is out of range", (long long)block);
    bool fits = deep->rank == 4 && wide->rank == 4 && deep->dims[0] == wide->dims[0] &&
                deep->dims[1] % (block * block) == 0 &&
                deep->dims[1] / (block * block) == wide->dims[1];
    for (int32_t d = 2; fits && d < 4; d++)
        fits = wide->dims[d] % block == 0 && wide->dims[d] / block == deep->dims[d];
    if (!fits)
        return call_invalid(call, "%s and %s do not go with blocks of %lld", SHAPE_TEXT(deep),
                            SHAPE_TEXT(wide), (long long)block);
    *ret_block = block;
    return status_ok();
}

/* Strides of N, C, row in block, column in block, H, W on both sides. */
static void block_strides(const Shape *deep, const Shape *wide, int64_t block, bool depth_first,
                          int64_t deep_strides[6], int64_t wide_strides[6]) {
    int64_t channels = wide->dims[1], plane = deep->dims[2] * deep->dims[3];
    int64_t of_deep[] = { deep->dims[1] * plane,
                          (depth_first ? 1 : block * block) * plane,
                          (depth_first ? channels * block : block) * plane,
                          (depth_first ? channels : 1) * plane,
                          deep->dims[3],
                          1 };
    int64_t row = wide->dims[3], image = wide->dims[2] * row;
    int64_t of_wide[] = { channels * image, image, row, 1, row * block, block };
    memcpy(deep_strides, of_deep, sizeof of_deep);
    memcpy(wide_strides, of_wide, sizeof of_wide);
}

static StridedCopy block_dims(const Shape *deep, const Shape *wide, int64_t block) {
    return (StridedCopy){ .rank = 6,
                          .dims = { deep->dims[0], wide->dims[1], block, block, deep->dims[2],
                                    deep->dims[3] } };
}

static Status depth_to_space(const KernelCall *call) {
    size_t bytes;
    int64_t block;
    StringView mode = node_get_string(call->node, "mode", "DCR");
    TRY(move_check_source(call, &bytes));
    const Shape *src = &call->src[0]->shape, *dst = &call->dst[0].shape;
    TRY(check_blocks(call, src, dst, &block));
    StridedCopy copy = block_dims(src, dst, block);
    block_strides(src, dst, block, mode.length > 0 && mode.data[0] == 'D', copy.src_strides,
                  copy.dst_strides);
    strided_copy(&copy, call->dst[0].data, call->src[0]->data, bytes);
    return status_ok();
}
MOVE_KERNEL(depth_to_space)

static Status space_to_depth(const KernelCall *call) {
    size_t bytes;
    int64_t block;
    TRY(move_check_source(call, &bytes));
    const Shape *src = &call->src[0]->shape, *dst = &call->dst[0].shape;
    TRY(check_blocks(call, dst, src, &block));
    StridedCopy copy = block_dims(dst, src, block);
    block_strides(dst, src, block, true, copy.dst_strides, copy.src_strides);
    strided_copy(&copy, call->dst[0].data, call->src[0]->data, bytes);
    return status_ok();
}
MOVE_KERNEL(space_to_depth)

/* Inference has read the wanted dims: dst's shape holds them. */
static Status center_crop_pad(const KernelCall *call) {
    size_t bytes;
    const Tensor *wanted;
    int64_t src_strides[SHAPE_MAX_RANK], dst_strides[SHAPE_MAX_RANK];
    TRY(move_check_source(call, &bytes));
    TRY(call_get_src(call, 1, &wanted));
    const Tensor *src = call->src[0];
    Tensor *dst = &call->dst[0];
    if (src->shape.rank != dst->shape.rank)
        return call_shape_mismatch(call, &src->shape, &dst->shape);
    if (dst->bytes)
        memset(dst->data, 0, dst->bytes);
    if (tensor_elements(src) == 0 || tensor_elements(dst) == 0) /* other dims may be anything */
        return status_ok();
    shape_strides(&src->shape, src_strides);
    shape_strides(&dst->shape, dst_strides);
    StridedCopy copy = { .rank = src->shape.rank };
    int64_t from = 0, to = 0;
    for (int32_t d = 0; d < copy.rank; d++) {
        int64_t have = src->shape.dims[d], want = dst->shape.dims[d];
        copy.dims[d] = MIN_OF(have, want);
        copy.src_strides[d] = src_strides[d];
        copy.dst_strides[d] = dst_strides[d];
        from += have > want ? (have - want) / 2 * src_strides[d] : 0;
        to += want > have ? (want - have) / 2 * dst_strides[d] : 0;
    }
    strided_copy(&copy, (char *)dst->data + (size_t)to * bytes,
                 (const char *)src->data + (size_t)from * bytes, bytes);
    return status_ok();
}
MOVE_KERNEL(center_crop_pad)

static Status reverse_sequence(const KernelCall *call) {
    size_t bytes;
    const Tensor *lengths;
    int64_t batch_axis = node_get_int(call->node, "batch_axis", 1);
    TRY(move_check_source(call, &bytes));
    TRY(call_get_src(call, 1, &lengths));
    const Tensor *src = call->src[0];
    Tensor *dst = &call->dst[0];
    TRY(call_check_shape(call, &src->shape, dst));
    TRY(call_check_dtype(call, DTYPE_I64, lengths));
    if (src->shape.rank < 2 || batch_axis < 0 || batch_axis > 1 ||
        node_get_int(call->node, "time_axis", 0) != 1 - batch_axis)
        return call_invalid(call, "batch_axis %lld for shape %s", (long long)batch_axis,
                            SHAPE_TEXT(&src->shape));
    TRY(call_check_shape(call, &SHAPE(src->shape.dims[batch_axis]), lengths));
    int64_t steps = src->shape.dims[1 - batch_axis], count = src->shape.dims[batch_axis];
    size_t width = shape_product(&src->shape, 2, (size_t)src->shape.rank) * bytes;
    size_t batch_stride = batch_axis == 0 ? (size_t)steps : 1;
    size_t time_stride = batch_axis == 0 ? 1 : (size_t)count;
    for (int64_t b = 0; b < count; b++) {
        int64_t length = ((const int64_t *)lengths->data)[b];
        if (length < 0 || length > steps)
            return call_invalid(call, "length %lld of sequence %lld is outside of 0 to %lld",
                                (long long)length, (long long)b, (long long)steps);
        for (int64_t t = 0; t < steps && width > 0; t++) {
            size_t from = (size_t)(t < length ? length - 1 - t : t) * time_stride;
            memcpy((char *)dst->data + ((size_t)b * batch_stride + (size_t)t * time_stride) * width,
                   (const char *)src->data + ((size_t)b * batch_stride + from) * width, width);
        }
    }
    return status_ok();
}
MOVE_KERNEL(reverse_sequence)

static int64_t limit(int64_t value, int64_t low, int64_t high) {
    return value < low ? low : value > high ? high : value;
}

static Status trilu(const KernelCall *call) {
    size_t bytes;
    TRY(move_check_source(call, &bytes));
    const Tensor *src = call->src[0], *k = call_find_src(call, 1);
    Tensor *dst = &call->dst[0];
    TRY(call_check_shape(call, &src->shape, dst));
    if (src->shape.rank < 2)
        return call_invalid(call, "expected matrices, got shape %s", SHAPE_TEXT(&src->shape));
    if (k && (k->dtype != DTYPE_I64 || tensor_elements(k) != 1))
        return call_invalid(call, "k must be one int64");
    bool upper = node_get_int(call->node, "upper", 1) != 0;
    int64_t rows = src->shape.dims[src->shape.rank - 2];
    int64_t columns = src->shape.dims[src->shape.rank - 1];
    int64_t diagonal = k ? limit(tensor_get_int(k, 0), -rows, columns) : 0;
    size_t lines = columns > 0 ? tensor_elements(src) / (size_t)columns : 0;
    for (size_t line = 0; line < lines; line++) {
        int64_t at = (int64_t)(line % (size_t)rows) + diagonal;
        int64_t first = upper ? limit(at, 0, columns) : 0;
        int64_t end = upper ? columns : limit(at + 1, 0, columns);
        char *to = (char *)dst->data + line * (size_t)columns * bytes;
        const char *from = (const char *)src->data + line * (size_t)columns * bytes;
        memset(to, 0, (size_t)columns * bytes);
        memcpy(to + (size_t)first * bytes, from + (size_t)first * bytes,
               (size_t)(end - first) * bytes);
    }
    return status_ok();
}
MOVE_KERNEL(trilu)

Status reference_eye_like(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    const double one = 1.0;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_shape(call, &src->shape, dst));
    const ElementIo *io = element_io_find(dst->dtype);
    if (!io || dtype_is_packed(dst->dtype))
        return call_lacks_dtype(call, dst->dtype);
    if (dst->shape.rank != 2)
        return call_invalid(call, "expected a matrix, got shape %s", SHAPE_TEXT(&dst->shape));
    int64_t rows = dst->shape.dims[0], columns = dst->shape.dims[1];
    int64_t k = limit(node_get_int(call->node, "k", 0), -rows, columns);
    if (dst->bytes)
        memset(dst->data, 0, dst->bytes);
    for (int64_t row = MAX_OF(-k, 0); row < rows && row + k < columns; row++)
        io->store_f64(dst->data, (size_t)(row * columns + row + k), 1, &one);
    return status_ok();
}
