/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Metrics as text: series that are known, in any order of labels; percentiles between two looks. */

#include "clients/inferctl/exposition_read.h"
#include "tests/support/check.h"

#include <math.h>

static const char TEXT[] =
    "# HELP inferd_live_calls x\n"
    "inferd_live_calls 3\n"
    "other_series{model=\"a\",version=\"1\"} 9\n"
    "inferd_request_duration_seconds_bucket{model=\"a\",version=\"1\",le=\"0.1\"} 10\n"
    "inferd_request_duration_seconds_bucket{version=\"1\",le=\"0.2\",model=\"a\"} 30\n"
    "inferd_request_duration_seconds_bucket{model=\"a\",version=\"1\",le=\"+Inf\"} 40\n"
    "inferd_request_duration_seconds_count{model=\"a\",version=\"1\"} 40\n"
    "nv_inference_request_failure{model=\"a\",version=\"1\",reason=\"OTHER\"} 2\n"
    "nv_inference_request_failure{model=\"a\",version=\"1\",reason=\"CANCELED\"} 1\n"
    "inferd_queue_requests{model=\"b\",version=\"2\"} 5\n"
    "no number here\n"
    "unclosed{model=\"a";

static Arena *new_arena(void) {
    Arena *arena = NULL;
    check_ok(arena_new(4096, 64 << 20, &arena));
    return arena;
}

static void test_known_series_are_kept_by_version(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = new_arena();
    Exposition exposition;
    check_ok(exposition_read(TEXT, arena, &exposition));
    assert_int_equal(exposition.count, 2);
    assert_float_equal(exposition.live_calls, 3, 0);
    const VersionSample *a = exposition_find(&exposition, "a", "1");
    assert_non_null(a);
    assert_float_equal(a->requests, 40, 0);
    assert_float_equal(a->failures, 3, 0);
    assert_int_equal(a->bucket_count, 3);
    assert_float_equal(exposition_find(&exposition, "b", "2")->queued, 5, 0);
    assert_null(exposition_find(&exposition, "b", "1"));
}

static void test_percentiles_are_of_what_came_between(void **state) {
    (void)state;
    VersionSample before = { .bucket_count = 3,
                             .bounds_s = { 0.1, 0.2, INFINITY },
                             .cumulative = { 10, 10, 10 } };
    VersionSample now = { .bucket_count = 3,
                          .bounds_s = { 0.1, 0.2, INFINITY },
                          .cumulative = { 10, 30, 40 } };
    assert_float_equal(exposition_percentile(&now, NULL, 0.25), 0.1, 1e-9);
    assert_float_equal(exposition_percentile(&now, &before, 0.5), 0.175, 1e-9);
    assert_float_equal(exposition_percentile(&now, &before, 0.99), 0.2, 1e-9);
    assert_true(isnan(exposition_percentile(&now, &now, 0.5)));
}

static void test_other_texts_are_refused(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = new_arena();
    Exposition exposition;
    assert_int_equal(exposition_read("<html>\nup 1\n", arena, &exposition).code,
                     STATUS_INVALID_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_series_are_kept_by_version),
        cmocka_unit_test(test_percentiles_are_of_what_came_between),
        cmocka_unit_test(test_other_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
