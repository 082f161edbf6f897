/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The walk under reductions. Dims are sorted into kept and reduced ones with their strides in the
 * source; both sides are then counted like an odometer. Where nothing is reduced the inner walk is
 * a single element.
 */

#include "runtime/cpu/reference/reduce_walk.h"

static void add_reduced(ReduceWalk *walk, int64_t dim, int64_t stride) {
    int32_t top = walk->reduced_rank - 1;
    walk->reduced_count *= (size_t)dim;
    if (top >= 0 && walk->reduced_strides[top] == stride * dim) {
        walk->reduced_dims[top] *= dim;
        walk->reduced_strides[top] = stride;
        return;
    }
    walk->reduced_dims[walk->reduced_rank] = dim;
    walk->reduced_strides[walk->reduced_rank++] = stride;
}

Status reduce_walk_init(ReduceWalk *walk, const KernelCall *call, const Tensor *src,
                        const bool reduced[static SHAPE_MAX_RANK], const Tensor *dst) {
    int64_t strides[SHAPE_MAX_RANK];
    bool keeps = node_get_int(call->node, "keepdims", 1) != 0;
    Shape expected = { .rank = 0 };
    *walk = (ReduceWalk){ .src = src, .reduced_count = 1 };
    shape_strides(&src->shape, strides);
    for (int32_t d = 0; d < src->shape.rank; d++) {
        int64_t dim = src->shape.dims[d];
        if (!reduced[d] || keeps)
            expected.dims[expected.rank++] = reduced[d] ? 1 : dim;
        if (reduced[d]) {
            add_reduced(walk, dim, strides[d]);
            continue;
        }
        walk->kept_dims[walk->kept_rank] = dim;
        walk->kept_strides[walk->kept_rank++] = strides[d];
    }
    TRY(call_check_shape(call, &expected, dst));
    if (walk->reduced_rank == 0)
        walk->reduced_dims[walk->reduced_rank++] = 1;
    walk->left = tensor_elements(dst);
    return status_ok();
}

bool reduce_walk_next(ReduceWalk *walk, size_t *ret_first) {
    if (walk->left == 0)
        return false;
    walk->left--;
    for (int32_t d = walk->kept_rank - 1; walk->started && d >= 0; d--) {
        walk->first += (size_t)walk->kept_strides[d];
        if (++walk->kept_index[d] < walk->kept_dims[d])
            break;
        walk->first -= (size_t)(walk->kept_strides[d] * walk->kept_dims[d]);
        walk->kept_index[d] = 0;
    }
    walk->started = true;
    *ret_first = walk->first;
    return true;
}

ReduceChunk reduce_chunk_begin(const ReduceWalk *walk, size_t first) {
    return (ReduceChunk){ .walk = walk,
                          .row = first,
                          .done = walk->reduced_count == 0,
                          .step = walk->reduced_strides[walk->reduced_rank - 1] };
}

static void next_row(ReduceChunk *chunk) {
    const ReduceWalk *walk = chunk->walk;
    chunk->row_position = 0;
    for (int32_t d = walk->reduced_rank - 2; d >= 0; d--) {
        chunk->row += (size_t)walk->reduced_strides[d];
        if (++chunk->index_of[d] < walk->reduced_dims[d])
            return;
        chunk->row -= (size_t)(walk->reduced_strides[d] * walk->reduced_dims[d]);
        chunk->index_of[d] = 0;
    }
    chunk->done = true;
}

bool reduce_chunk_next(ReduceChunk *chunk) {
    if (chunk->done)
        return false;
    int64_t left = chunk->walk->reduced_dims[chunk->walk->reduced_rank - 1] - chunk->row_position;
    chunk->index = chunk->row + (size_t)(chunk->row_position * chunk->step);
    chunk->count = (size_t)MIN_OF(left, (int64_t)ELEMENT_CHUNK);
    chunk->row_position += (int64_t)chunk->count;
    if ((int64_t)chunk->count == left)
        next_row(chunk);
    return true;
}
