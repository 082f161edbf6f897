/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Which class and which lane goes first, and what the reserved shares come to. */

#include "runtime/base/size.h"
#include "runtime/schedule/schedule_next.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_priorities_map_to_classes(void **state) {
    (void)state;
    assert_int_equal(schedule_class(0), CLASS_NORMAL);
    assert_int_equal(schedule_class(1), CLASS_URGENT);
    assert_int_equal(schedule_class(2), CLASS_NORMAL);
    assert_int_equal(schedule_class(3), CLASS_BACKGROUND);
    assert_int_equal(schedule_class(UINT32_MAX), CLASS_BACKGROUND);
}

static void test_class_choice_table(void **state) {
    (void)state;
    static const struct {
        ScheduleView view;
        ScheduleClass expected;
    } rows[] = {
        { { { false, false, false }, { 0, 0, 0 } }, CLASS_NONE },
        { { { false, false, false }, { 0, 9, 9 } }, CLASS_NONE },
        { { { true, true, true }, { 0, 0, 0 } }, CLASS_URGENT },
        { { { false, true, true }, { 0, 0, 0 } }, CLASS_NORMAL },
        { { { false, false, true }, { 0, 0, -5 } }, CLASS_BACKGROUND },
        { { { true, true, true }, { 0, 1, 0 } }, CLASS_NORMAL },
        { { { true, true, true }, { 0, 1, 2 } }, CLASS_BACKGROUND },
        { { { true, true, true }, { 0, -1, -2 } }, CLASS_URGENT },
        { { { true, false, true }, { 0, 7, 2 } }, CLASS_BACKGROUND },
        { { { false, true, true }, { 0, 0, 2 } }, CLASS_BACKGROUND },
        { { { false, true, true }, { 0, 5, 2 } }, CLASS_BACKGROUND },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        assert_int_equal(schedule_next(&rows[i].view), rows[i].expected);
}

/* All three classes always have work: shares of compute time settle at what is reserved. */
static void test_reserved_shares_are_kept_under_load(void **state) {
    (void)state;
    ScheduleView view = { .is_ready = { true, true, true } };
    uint64_t used[CLASS_COUNT] = { 0 }, total = 0;
    for (size_t i = 0; i < 100000; i++) {
        ScheduleClass class = schedule_next(&view);
        uint64_t cost = 1000 + (i * 7919) % 5000;
        schedule_charge(&view, class, cost);
        used[class] += cost;
        total += cost;
    }
    assert_in_range(used[CLASS_URGENT] * 1000 / total, 740, 760);
    assert_in_range(used[CLASS_NORMAL] * 1000 / total, 190, 210);
    assert_in_range(used[CLASS_BACKGROUND] * 1000 / total, 45, 55);
}

static void test_time_without_contention_is_free(void **state) {
    (void)state;
    ScheduleView view = { .is_ready = { false, true, false } };
    for (size_t i = 0; i < 1000; i++)
        schedule_charge(&view, CLASS_NORMAL, 1000000);
    assert_int_equal(view.credit_ns[CLASS_NORMAL], 0);
    assert_int_equal(view.credit_ns[CLASS_BACKGROUND], 0);
}

static void test_lane_order_table(void **state) {
    (void)state;
    static const LaneKey ascending[] = {
        { 1, 9, 9 }, { 2, 3, 8 }, { 2, 4, 1 }, { 2, 4, 2 }, { 3, 0, 0 }
    };
    for (size_t a = 0; a < ARRAY_LENGTH(ascending); a++)
        for (size_t b = 0; b < ARRAY_LENGTH(ascending); b++)
            assert_int_equal(lane_key_before(&ascending[a], &ascending[b]), a < b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_priorities_map_to_classes),
        cmocka_unit_test(test_class_choice_table),
        cmocka_unit_test(test_reserved_shares_are_kept_under_load),
        cmocka_unit_test(test_time_without_contention_is_free),
        cmocka_unit_test(test_lane_order_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
