/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Placing intervals in one arena. The problem is two-dimensional packing (time by address); greedy
 * by decreasing size with the best fitting gap comes within a few percent of the lower bound on
 * convolutional networks, where a handful of large values decides (reference cpu_engine.md 3.2).
 *
 * For each interval, those already placed that are alive at the same time are walked in address
 * order; the smallest gap between them that is large enough wins, else the end. Quadratic in the
 * number of values, which is hundreds.
 *
 * Pure: no clock, lock or disk. Any thread. Fails only when memory is out or the total exceeds the
 * limit.
 */

#include "runtime/plan/memory_plan.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/size.h"
#include "runtime/tensor/tensor.h"

static int compare_larger_first(const void *left, const void *right) {
    const MemoryInterval *a = *(const MemoryInterval *const *)left;
    const MemoryInterval *b = *(const MemoryInterval *const *)right;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return a < b ? -1 : a > b; /* the same result for the same input */
}

static bool overlap_in_time(const MemoryInterval *a, const MemoryInterval *b) {
    return a->first <= b->last && b->first <= a->last;
}

/* Bytes taken, a multiple of the alignment; the caller has checked that it does not overflow. */
static size_t padded_bytes(const MemoryInterval *interval) {
    return (interval->bytes + TENSOR_ALIGNMENT - 1) & ~(size_t)(TENSOR_ALIGNMENT - 1);
}

/* @placed  in address order. The offset of the smallest gap that is free during interval's life. */
static size_t find_gap(const MemoryInterval *interval, MemoryInterval *const *placed,
                       size_t count) {
    size_t wanted = padded_bytes(interval), best_gap = SIZE_MAX, best_offset = 0, end = 0;
    for (size_t i = 0; i < count; i++) {
        if (!overlap_in_time(interval, placed[i]))
            continue;
        if (placed[i]->offset > end) {
            size_t gap = placed[i]->offset - end;
            if (gap >= wanted && gap < best_gap) {
                best_gap = gap;
                best_offset = end;
            }
        }
        end = MAX_OF(end, placed[i]->offset + padded_bytes(placed[i]));
    }
    return best_gap == SIZE_MAX ? end : best_offset;
}

static void insert_by_offset(MemoryInterval **placed, size_t count, MemoryInterval *interval) {
    size_t position = count;
    while (position > 0 && placed[position - 1]->offset > interval->offset) {
        placed[position] = placed[position - 1];
        position--;
    }
    placed[position] = interval;
}

Status memory_plan_assign(MemoryInterval *intervals, size_t count, size_t limit_bytes,
                          size_t *ret_bytes) {
    if (count == 0) {
        *ret_bytes = 0;
        return status_ok();
    }
    AUTO(free) MemoryInterval **order = calloc(count, 2 * sizeof *order);
    if (!order)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "memory plan: out of memory");
    MemoryInterval **placed = order + count;
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        size_t bytes;
        if (!size_align(intervals[i].bytes, TENSOR_ALIGNMENT, &bytes) ||
            !size_add(sum, bytes, &sum))
            return status_error(STATUS_RESOURCE_EXHAUSTED, "memory plan: sizes overflow");
        order[i] = &intervals[i];
    }
    qsort(order, count, sizeof *order, compare_larger_first);

    size_t total = 0, placed_count = 0;
    for (size_t i = 0; i < count; i++) {
        MemoryInterval *interval = order[i];
        if (interval->bytes == 0) {
            interval->offset = 0;
            continue;
        }
        interval->offset = find_gap(interval, placed, placed_count);
        insert_by_offset(placed, placed_count++, interval);
        total = MAX_OF(total, interval->offset + padded_bytes(interval));
    }
    if (total > limit_bytes)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "memory plan: needs %zu bytes, limit is %zu",
                            total, limit_bytes);
    *ret_bytes = total;
    return status_ok();
}
