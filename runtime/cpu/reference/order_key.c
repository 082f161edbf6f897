/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sort keys and a heap of them. The bits of a double count upwards with the value for positive
 * numbers and downwards for negative ones; turning the latter around gives one order. A heap sorts
 * in place in bounded time whatever the data: requests choose them. Pure functions, any thread.
 */

#include "runtime/cpu/reference/order_key.h"

#include "runtime/base/size.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static int64_t float_key(double value) {
    int64_t bits;
    if (isnan(value))
        return INT64_MAX;
    value += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits >= 0 ? bits : bits ^ INT64_MAX;
}

void order_keys(DType dtype, const void *base, size_t index, int64_t step, size_t count,
                int64_t *keys) {
    const ElementIo *io = element_io_find(dtype);
    double values[ELEMENT_CHUNK];
    assert(count <= ELEMENT_CHUNK);
    if (dtype_info(dtype)->is_float) {
        io->load_f64(base, index, step, count, values);
        for (size_t i = 0; i < count; i++)
            keys[i] = float_key(values[i]);
        return;
    }
    io->load_i64(base, index, step, count, keys);
    for (size_t i = 0; dtype == DTYPE_U64 && i < count; i++)
        keys[i] ^= INT64_MIN;
}

void order_heap_sift(OrderItem *items, size_t count, size_t at) {
    OrderItem item = items[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && order_item_before(&items[child], &items[child + 1]))
            child++;
        if (order_item_before(&items[child], &item))
            break;
        items[at] = items[child];
    }
    items[at] = item;
}

void order_heap_build(OrderItem *items, size_t count) {
    for (size_t i = count / 2; i-- > 0;)
        order_heap_sift(items, count, i);
}

void order_heap_sort(OrderItem *items, size_t count) {
    for (size_t left = count; left > 1; left--) {
        OrderItem last = items[0];
        items[0] = items[left - 1];
        items[left - 1] = last;
        order_heap_sift(items, left - 1, 0);
    }
}
