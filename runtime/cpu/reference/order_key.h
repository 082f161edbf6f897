/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Elements of any numeric type as int64 keys in the same order, for what sorts: -0 equals 0, NaNs
 * are equal and greater than every number, as numpy has them.
 */

#include "runtime/cpu/reference/element_io.h"

/* At most ELEMENT_CHUNK keys of elements index, index + step, ...; the type has an ElementIo. */
void order_keys(DType dtype, const void *base, size_t index, int64_t step, size_t count,
                int64_t *keys);

typedef struct OrderItem {
    int64_t key, index;
} OrderItem;

/* Greater keys first, then lower indices. */
static inline bool order_item_before(const OrderItem *a, const OrderItem *b) {
    return a->key != b->key ? a->key > b->key : a->index < b->index;
}

/* A heap with the last item on top: replacing the top keeps the first `count` of a stream. */
void order_heap_sift(OrderItem *items, size_t count, size_t at);
/* Makes an unordered array a heap, or a heap an array in order. */
void order_heap_build(OrderItem *items, size_t count);
void order_heap_sort(OrderItem *items, size_t count);
