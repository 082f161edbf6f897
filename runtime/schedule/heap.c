/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Binary heap with back references; serves the ready lanes, the deadlines and the delays.
 * Insertion, removal and change of order are logarithmic also in the worst case, which is why it is
 * not a pairing heap: it works under the scheduler's lock. Any thread that holds the lock of the
 * heap's owner.
 */

#include "runtime/schedule/heap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void heap_init(Heap *heap, size_t slot_offset, HeapBefore is_before) {
    *heap = (Heap){ .slot_offset = slot_offset, .is_before = is_before };
}

void heap_deinit(Heap *heap) {
    free(heap->items);
    heap->items = NULL;
    heap->count = heap->capacity = 0;
}

void **heap_give_room(Heap *heap, void **items, size_t capacity) {
    assert(capacity > heap->capacity);
    void **old = heap->items;
    if (heap->count > 0)
        memcpy(items, old, heap->count * sizeof *items);
    heap->items = items;
    heap->capacity = capacity;
    return old;
}

static size_t *slot_of(const Heap *heap, void *item) {
    return (size_t *)(void *)((char *)item + heap->slot_offset);
}

static void put(Heap *heap, size_t slot, void *item) {
    heap->items[slot] = item;
    *slot_of(heap, item) = slot;
}

static void move_up(Heap *heap, size_t slot) {
    void *item = heap->items[slot];
    while (slot > 0) {
        size_t parent = (slot - 1) / 2;
        if (!heap->is_before(item, heap->items[parent]))
            break;
        put(heap, slot, heap->items[parent]);
        slot = parent;
    }
    put(heap, slot, item);
}

static void move_down(Heap *heap, size_t slot) {
    void *item = heap->items[slot];
    for (;;) {
        size_t child = 2 * slot + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && heap->is_before(heap->items[child + 1], heap->items[child]))
            child++;
        if (!heap->is_before(heap->items[child], item))
            break;
        put(heap, slot, heap->items[child]);
        slot = child;
    }
    put(heap, slot, item);
}

void heap_insert(Heap *heap, void *item) {
    assert(heap->count < heap->capacity && *slot_of(heap, item) == INDEX_NONE);
    put(heap, heap->count++, item);
    move_up(heap, heap->count - 1);
}

void heap_remove(Heap *heap, void *item) {
    size_t slot = *slot_of(heap, item);
    assert(slot < heap->count && heap->items[slot] == item);
    void *last = heap->items[--heap->count];
    *slot_of(heap, item) = INDEX_NONE;
    if (last == item)
        return;
    put(heap, slot, last);
    heap_update(heap, last);
}

void heap_update(Heap *heap, void *item) {
    move_up(heap, *slot_of(heap, item));
    move_down(heap, *slot_of(heap, item));
}

void *heap_first(const Heap *heap) {
    return heap->count > 0 ? heap->items[0] : NULL;
}
