/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* When another attempt is sent, from literal histories. */

#include "clients/c/hedge_decide.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"
#include "tests/support/check.h"

#include <string.h>

static const HedgePolicy THREE = { .attempts = 3, .delay_ns = 10 };
static const HedgeBudget FULL = { .tenths = HEDGE_BUDGET_TENTHS };

static void test_silence_sends_the_next_after_the_delay(void **state) {
    (void)state;
    HedgeState hedge = { 0 };
    assert_int_equal(hedge_decide(&hedge, &THREE, &FULL, 0), HEDGE_SEND);
    hedge_note_sent(&hedge, &THREE, 0);
    assert_int_equal(hedge_decide(&hedge, &THREE, &FULL, 9), HEDGE_WAIT);
    assert_int_equal(hedge_decide(&hedge, &THREE, &FULL, 10), HEDGE_SEND);
    hedge_note_sent(&hedge, &THREE, 10);
    hedge_note_sent(&hedge, &THREE, 20);
    assert_int_equal(hedge_decide(&hedge, &THREE, &FULL, 1000), HEDGE_WAIT);
    assert_int_equal(hedge.next_ns, TIME_NEVER);
}

static void test_a_failure_that_may_pass_sends_the_next_at_once(void **state) {
    (void)state;
    HedgeState hedge = { 0 };
    hedge_note_sent(&hedge, &THREE, 0);
    hedge_note_end(&hedge, STATUS_UNAVAILABLE, (Pushback){ 0 }, 3);
    assert_int_equal(hedge_decide(&hedge, &THREE, &FULL, 3), HEDGE_SEND);
}

static void test_an_answer_and_a_lasting_failure_are_the_end(void **state) {
    (void)state;
    const StatusCode codes[] = { STATUS_OK, STATUS_INVALID_ARGUMENT, STATUS_NOT_FOUND,
                                 STATUS_DEADLINE_EXCEEDED };
    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        HedgeState hedge = { 0 };
        hedge_note_sent(&hedge, &THREE, 0);
        hedge_note_sent(&hedge, &THREE, 10);
        hedge_note_end(&hedge, codes[i], (Pushback){ 0 }, 12);
        assert_int_equal(hedge_decide(&hedge, &THREE, &FULL, 12), HEDGE_DELIVER);
    }
}

static void test_pushback_delays_the_next_or_stops_it(void **state) {
    (void)state;
    HedgeState hedge = { 0 };
    hedge_note_sent(&hedge, &THREE, 0);
    hedge_note_end(&hedge, STATUS_UNAVAILABLE, pushback_read("5", 1), 1);
    assert_int_equal(hedge_decide(&hedge, &THREE, &FULL, 5 * NS_PER_MS), HEDGE_WAIT);
    assert_int_equal(hedge_decide(&hedge, &THREE, &FULL, 5 * NS_PER_MS + 1), HEDGE_SEND);
    hedge_note_sent(&hedge, &THREE, 6 * NS_PER_MS);
    hedge_note_end(&hedge, STATUS_UNAVAILABLE, pushback_read("-1", 2), 7 * NS_PER_MS);
    assert_int_equal(hedge_decide(&hedge, &THREE, &FULL, NS_PER_S), HEDGE_DELIVER);
}

static void test_one_that_still_runs_is_waited_for_after_a_stop(void **state) {
    (void)state;
    HedgeState hedge = { 0 };
    hedge_note_sent(&hedge, &THREE, 0);
    hedge_note_sent(&hedge, &THREE, 10);
    hedge_note_end(&hedge, STATUS_RESOURCE_EXHAUSTED, pushback_read("-1", 2), 11);
    assert_int_equal(hedge_decide(&hedge, &THREE, &FULL, 1000), HEDGE_WAIT);
    hedge_note_end(&hedge, STATUS_UNAVAILABLE, (Pushback){ 0 }, 12);
    assert_int_equal(hedge_decide(&hedge, &THREE, &FULL, 1000), HEDGE_DELIVER);
}

static void test_servers_that_fail_get_first_attempts_only(void **state) {
    (void)state;
    HedgeBudget budget = FULL;
    for (int i = 0; i < 5; i++)
        hedge_budget_note(&budget, true);
    HedgeState hedge = { 0 };
    assert_int_equal(hedge_decide(&hedge, &THREE, &budget, 0), HEDGE_SEND);
    hedge_note_sent(&hedge, &THREE, 0);
    assert_int_equal(hedge_decide(&hedge, &THREE, &budget, 10), HEDGE_WAIT);
    hedge_budget_note(&budget, false);
    assert_int_equal(hedge_decide(&hedge, &THREE, &budget, 10), HEDGE_SEND);
}

static void test_a_pushback_that_is_no_number_stops(void **state) {
    (void)state;
    const char *const texts[] = { "", "-1", "1.5", "x", "9999999999" };
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        assert_int_equal(pushback_read(texts[i], strlen(texts[i])).kind, PUSHBACK_STOP);
    assert_int_equal(pushback_read("250", 3).delay_ns, 250 * NS_PER_MS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silence_sends_the_next_after_the_delay),
        cmocka_unit_test(test_a_failure_that_may_pass_sends_the_next_at_once),
        cmocka_unit_test(test_an_answer_and_a_lasting_failure_are_the_end),
        cmocka_unit_test(test_pushback_delays_the_next_or_stops_it),
        cmocka_unit_test(test_one_that_still_runs_is_waited_for_after_a_stop),
        cmocka_unit_test(test_servers_that_fail_get_first_attempts_only),
        cmocka_unit_test(test_a_pushback_that_is_no_number_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
