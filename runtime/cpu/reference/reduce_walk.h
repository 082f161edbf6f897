/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The walk under reductions: for every element of the result, where its source elements lie. The
 * outer walk goes over the dims that are kept, the inner one over those reduced, in chunks along
 * the last of them.
 */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/reference_util.h"

typedef struct ReduceWalk {
    const Tensor *src;
    int32_t kept_rank, reduced_rank;
    int64_t kept_dims[SHAPE_MAX_RANK], kept_strides[SHAPE_MAX_RANK], kept_index[SHAPE_MAX_RANK];
    int64_t reduced_dims[SHAPE_MAX_RANK + 1], reduced_strides[SHAPE_MAX_RANK + 1];
    size_t reduced_count; /* elements per result */
    size_t left;          /* results still to come */
    size_t first;         /* source offset of the current result */
    bool started;
} ReduceWalk;

/* Checks dst's shape, kept dims as attribute keepdims says. */
Status reduce_walk_init(ReduceWalk *walk, const KernelCall *call, const Tensor *src,
                        const bool reduced[static SHAPE_MAX_RANK], const Tensor *dst);
/* Offset of the next result's first source element; false at the end. Results come in the order of
 * dst. */
bool reduce_walk_next(ReduceWalk *walk, size_t *ret_first);

typedef struct ReduceChunk {
    const ReduceWalk *walk;
    int64_t index_of[SHAPE_MAX_RANK + 1];
    size_t row;           /* offset of the current row */
    int64_t row_position; /* next element in it */
    bool done;
    size_t index, count; /* the chunk */
    int64_t step;
} ReduceChunk;

ReduceChunk reduce_chunk_begin(const ReduceWalk *walk, size_t first);
bool reduce_chunk_next(ReduceChunk *chunk);
