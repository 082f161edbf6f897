/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Memory of one run for what no plan could foresee: values whose size depends on data, characters
 * of strings. Bounded, because a request chooses those sizes; freed whole when the run ends. One
 * thread.
 */

#include <stddef.h>

typedef struct RunHeap {
    struct RunHeapBlock *blocks;
    size_t used_bytes, limit_bytes;
} RunHeap;

/* TENSOR_ALIGNMENT-aligned, not zeroed; never NULL for 0 bytes. NULL: over the limit, or memory is
 * out. */
void *run_heap_alloc(RunHeap *heap, size_t bytes);
void run_heap_free(RunHeap *heap);
