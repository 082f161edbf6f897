/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Blocks of output memory. A piece is a power of two in size with a header before it; freed pieces
 * wait in a list per size, so that a warm server does not call malloc for replies. Retained pieces
 * are bounded too: beyond a quarter of the limit they go back to the system, because traffic may
 * have moved to other sizes.
 *
 * Threads: any. The pool's mutex is held for a few pointer moves; malloc and free happen outside
 * it. Live bytes count whole pieces as soon as they are handed out, so that the limit is what
 * memory is really taken.
 */

#include "runtime/exec/output_block.h"

#include "runtime/base/size.h"
#include "runtime/base/thread.h"

#include <assert.h>
#include <stdatomic.h>

enum { PIECE_SHIFT_MIN = 8, PIECE_SHIFT_COUNT = 40, RETAINED_FRACTION = 4, BLOCKS_RETAINED = 64 };

/* In the first TENSOR_ALIGNMENT bytes of a piece. */
typedef struct Piece {
    struct Piece *next;
    size_t shift; /* size is 1 << shift, this header included */
} Piece;

struct OutputBlock {
    OutputPool *pool;
    atomic_size_t references;
    void (*release)(void *owner); /* fixed after new; NULL */
    void *owner;
    /* under pool->mutex */
    Piece *pieces;
    OutputBlock *next; /* in the free list */
};

struct OutputPool {
    size_t limit_bytes; /* fixed after new */
    Mutex mutex;
    /* under mutex */
    size_t live_bytes, retained_bytes, live_blocks, retained_blocks;
    Piece *pieces[PIECE_SHIFT_COUNT];
    OutputBlock *blocks;
};

Status output_pool_new(size_t limit_bytes, OutputPool **ret_pool) {
    OutputPool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "output pool: out of memory");
    pool->limit_bytes = limit_bytes;
    mutex_init(&pool->mutex);
    *ret_pool = pool;
    return status_ok();
}

static void free_pieces(Piece *piece) {
    while (piece) {
        Piece *next = piece->next;
        free(piece);
        piece = next;
    }
}

void output_pool_free(OutputPool *pool) {
    if (!pool)
        return;
    assert(pool->live_blocks == 0);
    for (size_t i = 0; i < PIECE_SHIFT_COUNT; i++)
        free_pieces(pool->pieces[i]);
    while (pool->blocks) {
        OutputBlock *block = pool->blocks;
        pool->blocks = block->next;
        free(block);
    }
    mutex_deinit(&pool->mutex);
    free(pool);
}

size_t output_pool_live_bytes(OutputPool *pool) {
    LOCKED(&pool->mutex);
    return pool->live_bytes;
}

Status output_block_new(OutputPool *pool, OutputBlock **ret_block) {
    OutputBlock *block;
    {
        LOCKED(&pool->mutex);
        pool->live_blocks++;
        block = pool->blocks;
        if (block) {
            pool->blocks = block->next;
            pool->retained_blocks--;
        }
    }
    if (!block) {
        block = malloc(sizeof *block);
        if (!block) {
            LOCKED(&pool->mutex);
            pool->live_blocks--;
            return status_error(STATUS_RESOURCE_EXHAUSTED, "output block: out of memory");
        }
    }
    *block = (OutputBlock){ .pool = pool, .references = 1 };
    *ret_block = block;
    return status_ok();
}

Status output_block_new_beside(const OutputBlock *block, OutputBlock **ret_block) {
    return output_block_new(block->pool, ret_block);
}

void output_block_hold(OutputBlock *block, void (*release)(void *owner), void *owner) {
    block->release = release;
    block->owner = owner;
}

/* false when no piece is that large. */
static bool piece_shift(size_t bytes, size_t *ret_shift) {
    size_t total, shift = PIECE_SHIFT_MIN;
    if (!size_add(bytes, TENSOR_ALIGNMENT, &total))
        return false;
    while (shift < PIECE_SHIFT_COUNT && (size_t)1 << shift < total)
        shift++;
    *ret_shift = shift;
    return shift < PIECE_SHIFT_COUNT;
}

/* Counts the piece as live and takes a retained one if there is one. */
static bool reserve(OutputPool *pool, size_t shift, Piece **ret_piece) {
    size_t bytes = (size_t)1 << shift, live;
    LOCKED(&pool->mutex);
    if (!size_add(pool->live_bytes, bytes, &live) || live > pool->limit_bytes)
        return false;
    pool->live_bytes = live;
    *ret_piece = pool->pieces[shift];
    if (*ret_piece) {
        pool->pieces[shift] = (*ret_piece)->next;
        pool->retained_bytes -= bytes;
    }
    return true;
}

void *output_block_alloc(OutputBlock *block, size_t bytes) {
    OutputPool *pool = block->pool;
    Piece *piece;
    size_t shift;
    if (!piece_shift(bytes, &shift) || !reserve(pool, shift, &piece))
        return NULL;
    if (!piece)
        piece = aligned_memory_new((size_t)1 << shift);
    LOCKED(&pool->mutex);
    if (!piece) {
        pool->live_bytes -= (size_t)1 << shift;
        return NULL;
    }
    piece->shift = shift;
    piece->next = block->pieces;
    block->pieces = piece;
    return (char *)piece + TENSOR_ALIGNMENT;
}

OutputBlock *output_block_ref(OutputBlock *block) {
    atomic_fetch_add_explicit(&block->references, 1, memory_order_relaxed);
    return block;
}

/* Keeps what the pool may keep; the rest is the caller's to free. */
static Piece *retain_pieces_locked(OutputPool *pool, Piece *pieces) {
    mutex_assert_held(&pool->mutex);
    Piece *surplus = NULL;
    while (pieces) {
        Piece *piece = pieces;
        pieces = piece->next;
        size_t bytes = (size_t)1 << piece->shift;
        bool keep =
            bytes <= pool->limit_bytes / RETAINED_FRACTION -
                         MIN_OF(pool->retained_bytes, pool->limit_bytes / RETAINED_FRACTION);
        Piece **list = keep ? &pool->pieces[piece->shift] : &surplus;
        pool->retained_bytes += keep ? bytes : 0;
        pool->live_bytes -= bytes;
        piece->next = *list;
        *list = piece;
    }
    return surplus;
}

void output_block_unref(OutputBlock *block) {
    if (!block || atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel) != 1)
        return;
    if (block->release)
        block->release(block->owner);
    OutputPool *pool = block->pool;
    OutputBlock *surplus_block = NULL;
    Piece *surplus;
    {
        LOCKED(&pool->mutex);
        surplus = retain_pieces_locked(pool, block->pieces);
        pool->live_blocks--;
        if (pool->retained_blocks < BLOCKS_RETAINED) {
            block->next = pool->blocks;
            pool->blocks = block;
            pool->retained_blocks++;
        } else {
            surplus_block = block;
        }
    }
    free_pieces(surplus);
    free(surplus_block);
}
