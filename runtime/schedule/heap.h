/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A binary heap of pointers whose items know their slot, so that any of them can move or leave in
 * logarithmic time. It never allocates: room is given from outside, which lets it work under a
 * lock. Not thread-safe.
 */

#include "runtime/base/size.h"

typedef bool (*HeapBefore)(const void *a, const void *b);

typedef struct Heap {
    void **items;
    size_t count, capacity;
    size_t slot_offset; /* of a size_t in the item: its slot, INDEX_NONE while it is in no heap */
    HeapBefore is_before;
} Heap;

void heap_init(Heap *heap, size_t slot_offset, HeapBefore is_before);
/* Frees the room; items are their owners'. */
void heap_deinit(Heap *heap);

/* Moves to a larger array from malloc, taken; gives the old one, to be freed outside the lock. */
void **heap_give_room(Heap *heap, void **items, size_t capacity);

/* There must be room: count < capacity. */
void heap_insert(Heap *heap, void *item);
void heap_remove(Heap *heap, void *item);
/* The item's order has changed. */
void heap_update(Heap *heap, void *item);
/* NULL when empty. */
void *heap_first(const Heap *heap);
