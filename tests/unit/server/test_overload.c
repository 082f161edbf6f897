/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Who is refused on his headers, and who never is. */

#include "runtime/base/clock.h"
#include "server/overload.h"
#include "tests/support/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NOW = 1000000, RUN = 100, PEER = 7, OTHER_PEER = 8 };

static Overload overload;
static const int models[2];

static int start(void **state) {
    (void)state;
    overload = (Overload){ 0 };
    overload_init(&overload);
    return 0;
}

static int stop(void **state) {
    (void)state;
    overload_deinit(&overload);
    return 0;
}

/* A request of that model was read, and one that joins after it is done in done_ns. */
static void note(uint64_t peer, size_t model, uint64_t done_ns, bool was_late) {
    InferRequest request = { .forecast_done_ns = NOW + done_ns,
                             .forecast_run_ns = RUN,
                             .forecast_class = 1 };
    overload_note(&overload, peer, &models[model], &request, was_late, NOW);
}

/* What a call with so much time left gets. */
static Status ask(uint64_t peer, uint64_t left_ns, uint64_t *ret_kind) {
    *ret_kind = 0;
    return overload_decide(&overload, peer, NOW + left_ns, NOW, ret_kind);
}

static void test_like_the_last_one(void **state) {
    (void)state;
    uint64_t kind;
    assert_false(overload_is_on(&overload, NOW));
    note(PEER, 0, 1000, true);
    assert_true(overload_is_on(&overload, NOW));
    Status status = ask(PEER, 1000, &kind);
    assert_int_equal(status.code, STATUS_UNAVAILABLE);
    assert_true(status.retry_ms > 0);
    check_ok(ask(PEER, 1250, &kind));
    assert_true(kind != 0);
}

static void test_those_on_their_way_count(void **state) {
    (void)state;
    uint64_t first, second;
    note(PEER, 0, 1000, true);
    check_ok(ask(PEER, 1250, &first));
    assert_int_equal(ask(PEER, 1250, &second).code, STATUS_UNAVAILABLE);
    overload_arrived(&overload, first);
    check_ok(ask(PEER, 1250, &second));
}

static void test_strangers_and_the_patient_are_let_in(void **state) {
    (void)state;
    uint64_t kind;
    note(PEER, 0, 1000, true);
    check_ok(ask(OTHER_PEER, 10, &kind));
    check_ok(overload_decide(&overload, PEER, TIME_NEVER, NOW, &kind));
    check_ok(ask(0, 10, &kind));
}

static void test_a_mixed_connection_is_not_guessed_at(void **state) {
    (void)state;
    uint64_t kind;
    note(PEER, 0, 1000, true);
    note(PEER, 1, 1000, true);
    check_ok(ask(PEER, 10, &kind));
}

static void test_one_in_many_is_read(void **state) {
    (void)state;
    size_t let_in = 0, calls = 2000;
    note(PEER, 0, 1000, true);
    for (size_t i = 0; i < calls; i++) {
        uint64_t kind;
        Status status = ask(PEER, 10, &kind);
        let_in += status_is_ok(&status);
        overload_arrived(&overload, kind);
    }
    assert_in_range(let_in, 2, calls / 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_like_the_last_one, start, stop),
        cmocka_unit_test_setup_teardown(test_those_on_their_way_count, start, stop),
        cmocka_unit_test_setup_teardown(test_strangers_and_the_patient_are_let_in, start, stop),
        cmocka_unit_test_setup_teardown(test_a_mixed_connection_is_not_guessed_at, start, stop),
        cmocka_unit_test_setup_teardown(test_one_in_many_is_read, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
