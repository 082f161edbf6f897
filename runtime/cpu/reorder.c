/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Between plain and channels-last: per entry of axis 0 a transpose of the matrix [channels,
 * positions]. In tiles, so that both sides stay in the first-level cache; rows of tiles are spread
 * over the pool.
 *
 * Thread: any. Fails only for a type of less than a byte, which no pass gives it.
 */

#include "runtime/cpu/reorder.h"

#include "runtime/base/size.h"

#include <string.h>

enum { TILE = 16, CHUNK_BYTES = 256 << 10 };

typedef struct Transpose {
    const char *src;
    char *dst;
    size_t rows, columns; /* of src; dst is [columns, rows] */
    size_t blocks;        /* of TILE rows, per matrix */
    size_t element_bytes;
} Transpose;

bool reorder_is(const OpSchema *op) {
    return strcmp(op->name, "Reorder") == 0 && strcmp(op->domain, "inferd") == 0;
}

static void transpose_words(const Transpose *job, const char *from, char *to, size_t begin,
                            size_t end) {
    const uint32_t *src = (const uint32_t *)(const void *)from;
    uint32_t *dst = (uint32_t *)(void *)to;
    for (size_t column = 0; column < job->columns; column++)
        for (size_t row = begin; row < end; row++)
            dst[column * job->rows + row] = src[row * job->columns + column];
}

static void transpose_bytes(const Transpose *job, const char *from, char *to, size_t begin,
                            size_t end) {
    size_t bytes = job->element_bytes;
    for (size_t column = 0; column < job->columns; column++)
        for (size_t row = begin; row < end; row++)
            memcpy(to + (column * job->rows + row) * bytes,
                   from + (row * job->columns + column) * bytes, bytes);
}

static bool is_word_aligned(const Transpose *job) {
    return job->element_bytes == sizeof(uint32_t) && (uintptr_t)job->src % sizeof(uint32_t) == 0 &&
           (uintptr_t)job->dst % sizeof(uint32_t) == 0;
}

static void transpose_blocks(void *user, size_t begin, size_t end) {
    const Transpose *job = user;
    size_t matrix_bytes = job->rows * job->columns * job->element_bytes;
    for (size_t i = begin; i < end; i++) {
        size_t matrix = i / job->blocks, first = i % job->blocks * TILE,
               last = MIN_OF(first + TILE, job->rows);
        const char *src = job->src + matrix * matrix_bytes;
        char *dst = job->dst + matrix * matrix_bytes;
        if (is_word_aligned(job))
            transpose_words(job, src, dst, first, last);
        else
            transpose_bytes(job, src, dst, first, last);
    }
}

Status reorder_kernel(const KernelCall *call) {
    const Tensor *src = call->src[0];
    Tensor *dst = &call->dst[0];
    size_t element_bytes = dtype_bytes(src->dtype);
    if (element_bytes == 0)
        return status_error(STATUS_UNIMPLEMENTED, "no reorder for type %s", dtype_name(src->dtype));
    if (src->bytes == 0)
        return status_ok();
    if (src->layout == dst->layout || src->shape.rank < 3) {
        memcpy(dst->data, src->data, src->bytes);
        return status_ok();
    }
    size_t channels = (size_t)src->shape.dims[1];
    size_t positions = shape_product(&src->shape, 2, (size_t)src->shape.rank);
    Transpose job = { .src = src->data, .dst = dst->data, .element_bytes = element_bytes };
    job.rows = src->layout == LAYOUT_PLAIN ? channels : positions;
    job.columns = src->layout == LAYOUT_PLAIN ? positions : channels;
    job.blocks = (job.rows + TILE - 1) / TILE;
    size_t block_bytes = TILE * job.columns * element_bytes;
    pool_for(call->pool, (size_t)src->shape.dims[0] * job.blocks, CHUNK_BYTES / block_bytes + 1,
             transpose_blocks, &job);
    return status_ok();
}
