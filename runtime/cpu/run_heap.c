/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A list of aligned blocks, each with a header in its first TENSOR_ALIGNMENT bytes. Programs whose
 * shapes are all known never come here. The limit counts what was asked for plus headers, so that
 * many tiny values are bounded as well.
 */

#include "runtime/cpu/run_heap.h"

#include "runtime/base/size.h"
#include "runtime/tensor/tensor.h"

#include <stdlib.h>

typedef struct RunHeapBlock {
    struct RunHeapBlock *next;
} RunHeapBlock;

void *run_heap_alloc(RunHeap *heap, size_t bytes) {
    size_t total, used;
    if (!size_add(bytes, TENSOR_ALIGNMENT, &total) || !size_add(heap->used_bytes, total, &used) ||
        used > heap->limit_bytes)
        return NULL;
    char *memory = aligned_memory_new(total);
    if (!memory)
        return NULL;
    RunHeapBlock *block = (RunHeapBlock *)(void *)memory;
    block->next = heap->blocks;
    heap->blocks = block;
    heap->used_bytes = used;
    return memory + TENSOR_ALIGNMENT;
}

void run_heap_free(RunHeap *heap) {
    while (heap->blocks) {
        RunHeapBlock *block = heap->blocks;
        heap->blocks = block->next;
        free(block);
    }
    heap->used_bytes = 0;
}
