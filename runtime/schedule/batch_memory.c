/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Size classes are powers of two and the halves between them, so at most a third of a block is
 * unused. A free block holds the link to the next one of its class. Allocation and release happen
 * outside the lock: the accounting is done first, under it. Kept blocks count towards the limit but
 * yield to new needs: the largest classes go first.
 */

#include "runtime/schedule/batch_memory.h"

#include "runtime/base/size.h"
#include "runtime/base/thread.h"
#include "runtime/tensor/tensor.h"

#include <assert.h>
#include <stdlib.h>

enum { CLASS_MIN_BYTES = 4096, SIZE_CLASSES = 72 };

typedef struct FreeBlock {
    struct FreeBlock *next;
} FreeBlock;

struct BatchMemory {
    /* fixed after new */
    size_t limit_bytes;
    Mutex mutex;
    /* under mutex */
    size_t used_bytes, kept_bytes;
    FreeBlock *kept[SIZE_CLASSES];
};

/* 4096, 6144, 8192, 12288, ... */
static size_t class_bytes(size_t index) {
    size_t base = (size_t)CLASS_MIN_BYTES << (index / 2);
    return index % 2 ? base + base / 2 : base;
}

static size_t class_of(size_t bytes) {
    size_t index = 0;
    while (index < SIZE_CLASSES && class_bytes(index) < bytes)
        index++;
    return index;
}

Status batch_memory_new(size_t limit_bytes, BatchMemory **ret_memory) {
    BatchMemory *memory = calloc(1, sizeof *memory);
    if (!memory)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    mutex_init(&memory->mutex);
    memory->limit_bytes = limit_bytes ? limit_bytes : SIZE_MAX;
    *ret_memory = memory;
    return status_ok();
}

static void free_list(FreeBlock *block) {
    while (block) {
        FreeBlock *next = block->next;
        free(block);
        block = next;
    }
}

void batch_memory_free(BatchMemory *memory) {
    if (!memory)
        return;
    assert(memory->used_bytes == 0);
    for (size_t i = 0; i < SIZE_CLASSES; i++)
        free_list(memory->kept[i]);
    mutex_deinit(&memory->mutex);
    free(memory);
}

/* Unlinks kept blocks until `bytes` more fit; gives them to be freed. */
static FreeBlock *trim_locked(BatchMemory *memory, size_t bytes) {
    mutex_assert_held(&memory->mutex);
    FreeBlock *trimmed = NULL;
    for (size_t i = SIZE_CLASSES; i-- > 0;) {
        while (memory->kept[i] &&
               memory->kept_bytes > memory->limit_bytes - memory->used_bytes - bytes) {
            FreeBlock *block = memory->kept[i];
            memory->kept[i] = block->next;
            memory->kept_bytes -= class_bytes(i);
            block->next = trimmed;
            trimmed = block;
        }
    }
    return trimmed;
}

void *batch_memory_take(BatchMemory *memory, size_t bytes) {
    size_t index = class_of(bytes);
    if (index == SIZE_CLASSES)
        return NULL;
    size_t wanted = class_bytes(index);
    FreeBlock *trimmed = NULL;
    {
        LOCKED(&memory->mutex);
        if (wanted > memory->limit_bytes - memory->used_bytes)
            return NULL;
        FreeBlock *block = memory->kept[index];
        if (block) {
            memory->kept[index] = block->next;
            memory->kept_bytes -= wanted;
            memory->used_bytes += wanted;
            return block;
        }
        trimmed = trim_locked(memory, wanted);
        memory->used_bytes += wanted;
    }
    free_list(trimmed);
    void *block = aligned_alloc(TENSOR_ALIGNMENT, wanted);
    if (!block) {
        LOCKED(&memory->mutex);
        memory->used_bytes -= wanted;
    }
    return block;
}

void batch_memory_give(BatchMemory *memory, void *block, size_t bytes) {
    size_t index = class_of(bytes);
    FreeBlock *kept = block;
    LOCKED(&memory->mutex);
    memory->used_bytes -= class_bytes(index);
    kept->next = memory->kept[index];
    memory->kept[index] = kept;
    memory->kept_bytes += class_bytes(index);
}

size_t batch_memory_used_bytes(BatchMemory *memory) {
    LOCKED(&memory->mutex);
    return memory->used_bytes;
}
