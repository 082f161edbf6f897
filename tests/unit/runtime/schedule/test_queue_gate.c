/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The second gate from a literal table, and what learned_time makes of samples. */

#include "runtime/base/size.h"
#include "runtime/schedule/queue_gate.h"
#include "runtime/schedule/learned_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define VIEW(row_count, deadline, ...)                                                             \
    {                                                                                              \
        .rows = (row_count), .max_rows = 8, .payload_bytes = 10, .deadline_ns = (deadline),        \
        .stretch_percent = 100, __VA_ARGS__                                                        \
    }

static const struct {
    const char *says;
    QueueGateView view;
    QueueGate expected;
} ROWS[] = {
    { "nothing stands against it", VIEW(1, TIME_NEVER), ADMIT },
    { "draining", VIEW(1, TIME_NEVER, .draining = true), REFUSE_DRAINING },
    { "all rows that fit", VIEW(8, TIME_NEVER), ADMIT },
    { "one row too many", VIEW(9, TIME_NEVER), REFUSE_ROWS },
    { "the deadline is now", VIEW(1, 1000), REFUSE_EXPIRED },
    { "a nanosecond is left and nothing known", VIEW(1, 1001), ADMIT },
    { "the last place", VIEW(1, TIME_NEVER, .queued_requests = 3, .max_requests = 4), ADMIT },
    { "no place", VIEW(1, TIME_NEVER, .queued_requests = 4, .max_requests = 4),
      REFUSE_QUEUE_REQUESTS },
    { "the last bytes", VIEW(1, TIME_NEVER, .queued_bytes = 90, .max_bytes = 100), ADMIT },
    { "a byte too many", VIEW(1, TIME_NEVER, .queued_bytes = 91, .max_bytes = 100),
      REFUSE_QUEUE_BYTES },
    { "larger than the limit, alone", VIEW(1, TIME_NEVER, .max_bytes = 5), ADMIT },
    { "larger than the limit, in company", VIEW(1, TIME_NEVER, .queued_bytes = 1, .max_bytes = 5),
      REFUSE_QUEUE_BYTES },
    { "just in time, with the margin",
      VIEW(1, 1168, .is_busy = true, .ahead_ns = 100, .run_ns = 50), ADMIT },
    { "too late", VIEW(1, 1167, .is_busy = true, .ahead_ns = 100, .run_ns = 50), REFUSE_TOO_LATE },
    { "an idle model tries", VIEW(1, 1149, .ahead_ns = 100, .run_ns = 50), ADMIT },
    { "what is not known is tried", VIEW(1, 1001, .is_busy = true, .ahead_ns = 100), ADMIT },
    { "no deadline is never late",
      VIEW(1, TIME_NEVER, .is_busy = true, .ahead_ns = TIME_NEVER, .run_ns = 1), ADMIT },
};

static void test_every_row_of_the_table(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(ROWS); i++) {
        QueueGate got = queue_gate_decide(&ROWS[i].view, 1000);
        if (got != ROWS[i].expected)
            fail_msg("%s: expected %d, got %d", ROWS[i].says, (int)ROWS[i].expected, (int)got);
    }
}

static void test_learned_time_knows_nothing_at_first(void **state) {
    (void)state;
    LearnedTime learned = { 0 };
    assert_int_equal(learned_time_estimate(&learned, 4), 0);
    learned_time_record(&learned, 4, 400);
    assert_int_equal(learned_time_estimate(&learned, 4), 400);
    assert_int_equal(learned_time_estimate(&learned, 3), 300);
    assert_int_equal(learned_time_estimate(&learned, 1), 100);
    assert_int_equal(learned_time_estimate(&learned, 8), 800);
    assert_int_equal(learned_time_samples(&learned, 3), 1);
    assert_int_equal(learned_time_samples(&learned, 1), 0);
}

static void test_learned_time_forgets_a_slow_first_run(void **state) {
    (void)state;
    LearnedTime learned = { 0 };
    learned_time_record(&learned, 1, 2 * NS_PER_S);
    learned_time_record(&learned, 1, 50 * NS_PER_US);
    assert_int_equal(learned_time_estimate(&learned, 1), 50 * NS_PER_US);
}

static void test_learned_time_is_moved_little_by_an_outlier(void **state) {
    (void)state;
    LearnedTime learned = { 0 };
    for (size_t i = 0; i < 10; i++)
        learned_time_record(&learned, 1, 1000);
    learned_time_record(&learned, 1, 1000000000);
    assert_in_range(learned_time_estimate(&learned, 1), 1000, 1375);
    for (size_t i = 0; i < 100; i++)
        learned_time_record(&learned, 1, 3000);
    assert_in_range(learned_time_estimate(&learned, 1), 2900, 3000);
    learned_time_record(&learned, 1, 0);
    assert_true(learned_time_estimate(&learned, SIZE_MAX) > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_of_the_table),
        cmocka_unit_test(test_learned_time_knows_nothing_at_first),
        cmocka_unit_test(test_learned_time_forgets_a_slow_first_run),
        cmocka_unit_test(test_learned_time_is_moved_little_by_an_outlier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
