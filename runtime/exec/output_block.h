/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The memory a batch's outputs lie in: counted, pooled, one per run. Each output is one piece; rows
 * are views. Replies hold references until the bytes have left, so the last unref may come on any
 * thread and must stay short.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"
#include "runtime/tensor/tensor.h"

typedef struct OutputBlock OutputBlock;
typedef struct OutputPool OutputPool;

/* @limit_bytes  all live blocks together; beyond it output_block_alloc gives NULL */
Status output_pool_new(size_t limit_bytes, OutputPool **ret_pool);
void output_pool_free(OutputPool *pool); /* all blocks must be back */
DEFINE_AUTO(OutputPool, output_pool_free);
size_t output_pool_live_bytes(OutputPool *pool);

/* One reference; no memory yet. */
Status output_block_new(OutputPool *pool, OutputBlock **ret_block);
/* Another one of the same pool. */
Status output_block_new_beside(const OutputBlock *block, OutputBlock **ret_block);
/* Has the block hold memory of somebody else's as well: release is called with its last reference,
 * on any thread, and must stay short. Once, before others have a reference. */
void output_block_hold(OutputBlock *block, void (*release)(void *owner), void *owner);
/* A piece of TENSOR_ALIGNMENT-aligned memory that lives with the block; from the pool's free list
 * when warm. */
void *output_block_alloc(OutputBlock *block, size_t bytes);
OutputBlock *output_block_ref(OutputBlock *block);
void output_block_unref(OutputBlock *block);
DEFINE_AUTO(OutputBlock, output_block_unref);
