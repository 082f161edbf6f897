/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Ensembles through the scheduler: chains, branches, ensembles in ensembles, steps that end on
 * another thread, steps that fail, and what does not fit together. */

#include "tests/support/check.h"
#include "tests/support/rig.h"

#include "runtime/base/size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ECHO                                                                                       \
    "backend: 'identity' max_batch_size: 8 input { name: 'x' data_type: TYPE_INT64 dims: -1 } "    \
    "output { name: 'y' data_type: TYPE_INT64 dims: -1 } "
#define WHOLE                                                                                      \
    "platform: 'ensemble' max_batch_size: 8 input { name: 'in' data_type: TYPE_INT64 dims: -1 } "  \
    "output { name: 'out' data_type: TYPE_INT64 dims: -1 } "
#define STEP(model, input, output)                                                                 \
    "step { model_name: '" model "' model_version: -1 input_map { key: 'x' value: '" input         \
    "' } output_map { key: 'y' value: '" output "' } } "
#define CHAIN "ensemble_scheduling { " STEP("b", "mid", "out") STEP("a", "in", "mid") "}"

static void check_answers(Rig *rig, ModelVersion *version) {
    RigRequest requests[6];
    for (int i = 0; i < 6; i++) {
        rig_request_init(&requests[i], rig, version, 1 + (size_t)i % 2, 3, i);
        check_ok(rig_submit(&requests[i]));
    }
    for (int i = 0; i < 6; i++) {
        rig_wait(&requests[i]);
        check_ok(requests[i].status);
        assert_int_equal(requests[i].counts[0], 3 * (1 + i % 2));
        assert_int_equal(requests[i].values[0][2], i);
    }
}

static void test_a_chain(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *a = rig_load(rig, "a", ECHO), *b = rig_load(rig, "b", ECHO);
    ModelVersion *whole = rig_load(rig, "whole", WHOLE CHAIN);
    check_answers(rig, whole);
    QueueCounts counts = scheduler_counts(rig->scheduler, whole);
    assert_int_equal(counts.executed, 6);
    rig_unload(rig, whole);
    rig_unload(rig, a);
    rig_unload(rig, b);
    rig_close(rig);
}

static void test_steps_that_end_later(void **state) {
    (void)state;
    Rig *rig = rig_open();
    static const char slow[] =
        ECHO "parameters { key: 'execute_delay_ms' value { string_value: '2' } }";
    ModelVersion *a = rig_load(rig, "a", slow), *b = rig_load(rig, "b", slow);
    ModelVersion *whole = rig_load(rig, "whole", WHOLE CHAIN);
    check_answers(rig, whole);
    rig_unload(rig, whole);
    rig_unload(rig, a);
    rig_unload(rig, b);
    rig_close(rig);
}

/* One after another they take as long as all their delays. */
static void test_no_more_are_in_flight_than_allowed(void **state) {
    (void)state;
    enum { COUNT = 4, DELAY_MS = 10 };
    Rig *rig = rig_open();
    ModelVersion *a = rig_load(
        rig, "a", ECHO "parameters { key: 'execute_delay_ms' value { string_value: '10' } }");
    ModelVersion *whole =
        rig_load(rig, "whole",
                 "platform: 'ensemble' max_batch_size: 1 input { name: 'in' data_type: TYPE_INT64 "
                 "dims: -1 } "
                 "output { name: 'out' data_type: TYPE_INT64 dims: -1 } ensemble_scheduling { "
                 "max_inflight_requests: 1 " STEP("a", "in", "out") "}");
    uint64_t begun_ns = clock_now_ns(clock_monotonic());
    RigRequest requests[COUNT];
    for (int i = 0; i < COUNT; i++) {
        rig_request_init(&requests[i], rig, whole, 1, 1, i);
        check_ok(rig_submit(&requests[i]));
    }
    for (int i = 0; i < COUNT; i++) {
        rig_wait(&requests[i]);
        check_ok(requests[i].status);
    }
    uint64_t elapsed_ns = clock_now_ns(clock_monotonic()) - begun_ns;
    assert_true(elapsed_ns >= COUNT * DELAY_MS * NS_PER_MS);
    rig_unload(rig, whole);
    rig_unload(rig, a);
    rig_close(rig);
}

static void test_an_ensemble_in_an_ensemble(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *a = rig_load(rig, "a", ECHO), *b = rig_load(rig, "b", ECHO);
    ModelVersion *inner = rig_load(rig, "inner", WHOLE CHAIN);
    ModelVersion *outer = rig_load(
        rig, "outer",
        WHOLE
        "ensemble_scheduling { step { model_name: 'inner' input_map { key: 'in' value: 'in' } "
        "output_map { key: 'out' value: 't' } } " STEP("a", "t", "out") "}");
    check_answers(rig, outer);
    rig_unload(rig, outer);
    rig_unload(rig, inner);
    rig_unload(rig, a);
    rig_unload(rig, b);
    rig_close(rig);
}

static void test_branches_and_inputs_that_are_outputs(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *a = rig_load(rig, "a", ECHO);
    ModelVersion *whole = rig_load(
        rig, "whole",
        "platform: 'ensemble' max_batch_size: 8 input { name: 'in' data_type: TYPE_INT64 dims: -1 "
        "} "
        "output [ { name: 'left' data_type: TYPE_INT64 dims: -1 }, { name: 'in' data_type: "
        "TYPE_INT64 dims: -1 }, { name: 'right' data_type: TYPE_INT64 dims: -1 } ] "
        "ensemble_scheduling { " STEP("a", "in", "left") STEP("a", "in", "right") "}");
    RigRequest request;
    rig_request_init(&request, rig, whole, 2, 2, 9);
    check_ok(rig_run(&request));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(request.counts[i], 4);
        assert_int_equal(request.values[i][3], 9);
    }
    rig_unload(rig, whole);
    rig_unload(rig, a);
    rig_close(rig);
}

static void test_a_step_that_fails_ends_it(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *a = rig_load(rig, "a", ECHO);
    ModelVersion *b =
        rig_load(rig, "b", ECHO "parameters { key: 'fail_every' value { string_value: '1' } }");
    ModelVersion *whole = rig_load(rig, "whole", WHOLE CHAIN);
    RigRequest request;
    rig_request_init(&request, rig, whole, 1, 1, 1);
    Status status = rig_run(&request);
    assert_int_equal(status.code, STATUS_INTERNAL);
    assert_string_equal(status.message, "in ensemble 'whole', model 'b': the identity engine fails "
                                        "every 1. time");
    rig_unload(rig, whole);
    rig_unload(rig, a);
    rig_unload(rig, b);
    rig_close(rig);
}

static void test_what_does_not_fit(void **state) {
    (void)state;
    static const struct {
        const char *config, *message;
    } rows[] = {
        { WHOLE "ensemble_scheduling { " STEP("gone", "in", "out") "}",
          "model 'gone' is not there" },
        { WHOLE "ensemble_scheduling { " STEP("floats", "in", "out") "}",
          "ensemble 'whole': tensor 'in' is int64 [?,?], input 'x' of model 'floats' is float32 "
          "[?,?]" },
        { WHOLE "ensemble_scheduling { " STEP("flat", "in", "out") "}",
          "ensemble 'whole': tensor 'in' is int64 [?,?], input 'x' of model 'flat' is int64 [?]" },
        { WHOLE "ensemble_scheduling { step { model_name: 'a' input_map { key: 'z' value: 'in' } "
                "output_map { key: 'y' value: 'out' } } }",
          "ensemble 'whole': model 'a' has no input 'z' that the input_map names" },
    };
    Rig *rig = rig_open();
    ModelVersion *loaded[] = {
        rig_load(rig, "a", ECHO),
        rig_load(rig, "floats",
                 "backend: 'identity' max_batch_size: 8 input { name: 'x' data_type: TYPE_FP32 "
                 "dims: -1 } output { name: 'y' data_type: TYPE_FP32 dims: -1 }"),
        rig_load(rig, "flat",
                 "backend: 'identity' input { name: 'x' data_type: TYPE_INT64 dims: -1 } output { "
                 "name: 'y' data_type: TYPE_INT64 dims: -1 }"),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        ModelVersion *version = NULL;
        Status status = rig_try_load(rig, "whole", rows[i].config, &version);
        assert_string_equal(status.message, rows[i].message);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(loaded); i++)
        rig_unload(rig, loaded[i]);
    rig_close(rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_chain),
        cmocka_unit_test(test_steps_that_end_later),
        cmocka_unit_test(test_no_more_are_in_flight_than_allowed),
        cmocka_unit_test(test_an_ensemble_in_an_ensemble),
        cmocka_unit_test(test_branches_and_inputs_that_are_outputs),
        cmocka_unit_test(test_a_step_that_fails_ends_it),
        cmocka_unit_test(test_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
