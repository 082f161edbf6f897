/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Tallies: sums are exact whoever adds, also with more threads than have cells of their own. */

#include "runtime/base/tally.h"

#include "runtime/base/thread.h"

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

enum { CELLS = 5, ADDS = 1000, AT_ONCE = 8, ROUNDS = 40 };

static void add_many(void *user) {
    TallyCells mine = tally_mine(user);
    for (size_t i = 0; i < ADDS; i++) {
        tally_add(mine, i % CELLS, 1);
        tally_add(mine, CELLS - 1, i);
    }
}

static void check_sums(Tally *tally, uint64_t threads) {
    uint64_t totals[CELLS] = { 7 }; /* what is there stays */
    tally_sums(tally, totals);
    assert_int_equal(totals[0], 7 + threads * ADDS / CELLS);
    for (size_t i = 1; i + 1 < CELLS; i++)
        assert_int_equal(totals[i], threads * ADDS / CELLS);
    assert_int_equal(totals[CELLS - 1], threads * (ADDS / CELLS + (uint64_t)ADDS * (ADDS - 1) / 2));
}

static void test_a_thread_finds_its_cells_again(void **state) {
    (void)state;
    AUTO(tally_free) Tally *tally = NULL;
    Status status = tally_new(CELLS, &tally);
    assert_true(status_is_ok(&status));
    TallyCells first = tally_mine(tally), second = tally_mine(tally);
    assert_ptr_equal(first.cells, second.cells);
    assert_false(first.shared);
    add_many(tally);
    check_sums(tally, 1);
}

/* 320 threads, eight at a time: the last of them share cells. */
static void test_sums_are_exact_over_many_threads(void **state) {
    (void)state;
    AUTO(tally_free) Tally *tally = NULL;
    Status status = tally_new(CELLS, &tally);
    assert_true(status_is_ok(&status));
    for (size_t round = 0; round < ROUNDS; round++) {
        Thread threads[AT_ONCE] = { 0 };
        for (size_t i = 0; i < AT_ONCE; i++) {
            status = thread_start(&threads[i], THREAD_OTHER, "adder", add_many, tally);
            assert_true(status_is_ok(&status));
        }
        for (size_t i = 0; i < AT_ONCE; i++)
            thread_join(&threads[i]);
    }
    check_sums(tally, AT_ONCE * ROUNDS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_thread_finds_its_cells_again),
        cmocka_unit_test(test_sums_are_exact_over_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
