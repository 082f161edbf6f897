/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Placing intervals: literal tables for what is known by hand, seeded random histories for what
 * must always hold. */

#include "runtime/plan/memory_plan.h"

#include "runtime/base/size.h"
#include "runtime/tensor/tensor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { MANY = 200, SEEDS = 300 };

typedef struct Row {
    const char *name;
    MemoryInterval intervals[4];
    size_t count, expected_bytes;
    size_t expected_offsets[4];
} Row;

static const Row rows[] = {
    { .name = "none", .count = 0, .expected_bytes = 0 },
    { .name = "one is rounded up",
      .intervals = { { 0, 1, 100, 9 } },
      .count = 1,
      .expected_bytes = 128 },
    { .name = "apart in time share",
      .intervals = { { 0, 1, 64, 9 }, { 2, 3, 64, 9 } },
      .count = 2,
      .expected_bytes = 64,
      .expected_offsets = { 0, 0 } },
    { .name = "touching in time do not share",
      .intervals = { { 0, 1, 64, 9 }, { 1, 2, 64, 9 } },
      .count = 2,
      .expected_bytes = 128,
      .expected_offsets = { 0, 64 } },
    { .name = "a chain needs its two largest neighbours",
      .intervals = { { 0, 1, 64, 9 }, { 1, 2, 256, 9 }, { 2, 3, 128, 9 }, { 3, 4, 64, 9 } },
      .count = 4,
      .expected_bytes = 384,
      .expected_offsets = { 256, 0, 256, 0 } },
    { .name = "the smallest gap that fits is taken",
      /* placed by size at 0 (always), 320 (later than the second); the third leaves a gap below the
         fourth */
      .intervals = { { 0, 9, 320, 9 }, { 0, 3, 192, 9 }, { 2, 9, 128, 9 }, { 5, 9, 64, 9 } },
      .count = 4,
      .expected_bytes = 640,
      .expected_offsets = { 0, 320, 512, 320 } },
    { .name = "empty values take nothing",
      .intervals = { { 0, 9, 0, 9 }, { 0, 9, 64, 9 } },
      .count = 2,
      .expected_bytes = 64,
      .expected_offsets = { 0, 0 } },
};

static void test_tables(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        MemoryInterval intervals[4];
        for (size_t k = 0; k < 4; k++)
            intervals[k] = rows[i].intervals[k];
        size_t bytes = 1;
        Status status = memory_plan_assign(intervals, rows[i].count, SIZE_MAX, &bytes);
        assert_int_equal(status.code, STATUS_OK);
        if (bytes != rows[i].expected_bytes)
            fail_msg("%s: %zu bytes", rows[i].name, bytes);
        for (size_t k = 0; k < rows[i].count; k++)
            if (intervals[k].offset != rows[i].expected_offsets[k])
                fail_msg("%s: interval %zu at %zu", rows[i].name, k, intervals[k].offset);
    }
}

static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void check_no_overlap(const MemoryInterval *a, const MemoryInterval *b) {
    if (a->first > b->last || b->first > a->last || a->bytes == 0 || b->bytes == 0)
        return;
    assert_true(a->offset + a->bytes <= b->offset || b->offset + b->bytes <= a->offset);
}

static void test_random_intervals_never_overlap(void **state) {
    (void)state;
    static MemoryInterval intervals[MANY];
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15);
        size_t count = next_random(&random) % MANY, sum = 0, bytes, peak = 0;
        for (size_t i = 0; i < count; i++) {
            uint32_t first = (uint32_t)(next_random(&random) % 100);
            intervals[i] = (MemoryInterval){ .first = first,
                                             .last = first + (uint32_t)(next_random(&random) % 12),
                                             .bytes = next_random(&random) % 5000 };
            sum +=
                (intervals[i].bytes + TENSOR_ALIGNMENT - 1) / TENSOR_ALIGNMENT * TENSOR_ALIGNMENT;
        }
        Status status = memory_plan_assign(intervals, count, SIZE_MAX, &bytes);
        assert_int_equal(status.code, STATUS_OK);
        assert_true(bytes <= sum);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(intervals[i].offset % TENSOR_ALIGNMENT, 0);
            assert_true(intervals[i].offset + intervals[i].bytes <= bytes);
            for (size_t k = 0; k < i; k++)
                check_no_overlap(&intervals[i], &intervals[k]);
        }
        for (uint32_t time = 0; time < 120; time++) {
            size_t alive = 0;
            for (size_t i = 0; i < count; i++)
                alive += intervals[i].first <= time && time <= intervals[i].last
                             ? intervals[i].bytes
                             : 0;
            peak = MAX_OF(peak, alive);
        }
        assert_true(bytes >= peak);
        assert_true(bytes <= peak * 2 + 64 * MANY); /* greedy is never far off on such histories */
    }
}

static void test_limit_and_overflow_are_refused(void **state) {
    (void)state;
    size_t bytes = 7;
    MemoryInterval one = { 0, 1, 65, 0 };
    Status status = memory_plan_assign(&one, 1, 127, &bytes);
    assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
    MemoryInterval huge[2] = { { 0, 1, SIZE_MAX - 100, 0 }, { 0, 1, SIZE_MAX - 100, 0 } };
    status = memory_plan_assign(huge, 2, SIZE_MAX, &bytes);
    assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(bytes, 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_random_intervals_never_overlap),
        cmocka_unit_test(test_limit_and_overflow_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
