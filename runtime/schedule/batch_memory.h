/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Memory for gathered inputs: TENSOR_ALIGNMENT-aligned blocks in size classes, kept and reused.
 * What is in use never exceeds the limit; what is only kept is given back first. Any thread; has a
 * lock of its own, held for a few loads.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"

#include <stddef.h>

typedef struct BatchMemory BatchMemory;

/* @limit_bytes  0: none */
Status batch_memory_new(size_t limit_bytes, BatchMemory **ret_memory);
void batch_memory_free(BatchMemory *memory); /* all blocks are back */
DEFINE_AUTO(BatchMemory, batch_memory_free);

/* NULL over the limit or out of memory. bytes > 0; give the same bytes back. */
void *batch_memory_take(BatchMemory *memory, size_t bytes);
void batch_memory_give(BatchMemory *memory, void *block, size_t bytes);
size_t batch_memory_used_bytes(BatchMemory *memory);
