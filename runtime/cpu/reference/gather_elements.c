/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * GatherElements and ScatterElements. Indices are hostile: a chunk of them is turned into element
 * offsets, each checked against its dim, before anything is read or written through them.
 *
 * Source: ONNX GatherElements 13, ScatterElements 18. Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/move.h"
#include "runtime/cpu/reference/offsets.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <string.h>

/* Indices of x's rank, each naming a place along the axis: offsets of a chunk at a time, never
 * beyond a row. */
typedef struct ElementsWalk {
    const Tensor *indices;
    const ElementIo *io;
    Shape shape; /* of the data */
    int64_t strides[SHAPE_MAX_RANK], position[SHAPE_MAX_RANK];
    size_t axis;
    int32_t last;
    size_t first, count; /* of the chunk */
    size_t total, row_left;
    int64_t offsets[ELEMENT_CHUNK];
} ElementsWalk;

static Status elements_begin(ElementsWalk *walk, const KernelCall *call, const Tensor *data) {
    *walk = (ElementsWalk){ .shape = data->shape, .last = data->shape.rank - 1 };
    TRY(call_get_src(call, 1, &walk->indices));
    TRY(call_get_axis(call, 0, data->shape.rank, &walk->axis));
    const Shape *indices = &walk->indices->shape;
    if (indices->rank != data->shape.rank)
        return call_shape_mismatch(call, &data->shape, indices);
    if (!dtype_info(walk->indices->dtype)->is_integer)
        return call_invalid(call, "indices must be integers, not %s",
                            dtype_name(walk->indices->dtype));
    for (int32_t d = 0; d < indices->rank; d++)
        if ((size_t)d != walk->axis && indices->dims[d] > data->shape.dims[d])
            return call_invalid(call, "indices %s reach beyond %s", SHAPE_TEXT(indices),
                                SHAPE_TEXT(&data->shape));
    walk->io = element_io_find(walk->indices->dtype);
    walk->total = tensor_elements(walk->indices);
    walk->row_left = walk->total ? (size_t)indices->dims[walk->last] : 0;
    shape_strides(&data->shape, walk->strides);
    return status_ok();
}

static void elements_next_row(ElementsWalk *walk) {
    walk->row_left = (size_t)walk->indices->shape.dims[walk->last];
    walk->position[walk->last] = 0;
    for (int32_t d = walk->last - 1; d >= 0; d--) {
        if (++walk->position[d] < walk->indices->shape.dims[d])
            return;
        walk->position[d] = 0;
    }
}

static Status elements_next(ElementsWalk *walk, const KernelCall *call, bool *ret_more) {
    walk->first += walk->count;
    *ret_more = walk->first < walk->total;
    if (!*ret_more)
        return status_ok();
    if (walk->row_left == 0)
        elements_next_row(walk);
    walk->count = MIN_OF(walk->row_left, (size_t)ELEMENT_CHUNK);
    walk->io->load_i64(walk->indices->data, walk->first, 1, walk->count, walk->offsets);
    int64_t base = 0, step = walk->axis == (size_t)walk->last ? 0 : 1;
    for (int32_t d = 0; d <= walk->last; d++)
        if ((size_t)d != walk->axis)
            base += walk->position[d] * walk->strides[d];
    for (size_t i = 0; i < walk->count; i++) {
        TRY(offsets_check(call, walk->shape.dims[walk->axis], &walk->offsets[i]));
        walk->offsets[i] = base + (int64_t)i * step + walk->offsets[i] * walk->strides[walk->axis];
    }
    walk->position[walk->last] += (int64_t)walk->count;
    walk->row_left -= walk->count;
    return status_ok();
}

static Status gather_elements(const KernelCall *call) {
    size_t bytes;
    ElementsWalk walk;
    bool more = true;
    TRY(move_check_source(call, &bytes));
    TRY(elements_begin(&walk, call, call->src[0]));
    TRY(call_check_shape(call, &walk.indices->shape, &call->dst[0]));
    while (more) {
        TRY(elements_next(&walk, call, &more));
        if (more)
            gather_offsets((char *)call->dst[0].data + walk.first * bytes, call->src[0]->data,
                           walk.offsets, walk.count, bytes);
    }
    return status_ok();
}
MOVE_KERNEL(gather_elements)

static Status scatter_elements(const KernelCall *call) {
    size_t bytes;
    ElementsWalk walk;
    Reduction reduction;
    bool more = true;
    TRY(move_check_source(call, &bytes));
    TRY(move_check_types(call, 2, 1, &bytes));
    const Tensor *data = call->src[0], *updates = call->src[2];
    Tensor *dst = &call->dst[0];
    TRY(elements_begin(&walk, call, data));
    TRY(call_check_shape(call, &data->shape, dst));
    TRY(call_check_shape(call, &walk.indices->shape, updates));
    TRY(reduction_read(call, &reduction));
    TRY(reduction_check(call, reduction, dst->dtype));
    if (data->bytes)
        memcpy(dst->data, data->data, data->bytes);
    while (more) {
        TRY(elements_next(&walk, call, &more));
        if (more && reduction != REDUCE_NONE)
            reduce_offsets(reduction, dst, updates, walk.first, walk.offsets, walk.count);
        else if (more)
            scatter_offsets(dst->data, (const char *)updates->data + walk.first * bytes,
                            walk.offsets, walk.count, bytes);
    }
    return status_ok();
}
MOVE_KERNEL(scatter_elements)
