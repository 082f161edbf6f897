/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The identity engine through the scheduler: what it answers, when, how often, and that a model
 * with one instance runs one batch at a time. */

#include "tests/support/check.h"
#include "tests/support/rig.h"

#include <stdlib.h>
#include <string.h>

#define TENSORS                                                                                    \
    "backend: 'identity' max_batch_size: 4 input { name: 'x' data_type: TYPE_INT64 dims: -1 } "    \
    "output { name: 'y' data_type: TYPE_INT64 dims: -1 } "

static void test_outputs_are_the_inputs(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version = rig_load(rig, "echo", TENSORS);
    RigRequest request;
    rig_request_init(&request, rig, version, 2, 3, 42);
    check_ok(rig_run(&request));
    assert_int_equal(request.counts[0], 6);
    assert_int_equal(request.values[0][5], 42);
    rig_unload(rig, version);
    rig_close(rig);
}

static void test_every_nth_batch_fails(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version = rig_load(
        rig, "echo", TENSORS "parameters { key: 'fail_every' value { string_value: '3' } }");
    for (int i = 1; i <= 6; i++) {
        RigRequest request;
        rig_request_init(&request, rig, version, 1, 1, i);
        Status status = rig_run(&request);
        assert_int_equal(status.code, i % 3 == 0 ? STATUS_INTERNAL : STATUS_OK);
    }
    rig_unload(rig, version);
    rig_close(rig);
}

static void test_a_busy_instance_lets_requests_gather(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version = rig_load(
        rig, "slow",
        TENSORS "dynamic_batching { } parameters { key: 'execute_delay_ms' value { string_value: "
                "'20' } }");
    RigRequest requests[5];
    for (int i = 0; i < 5; i++) {
        rig_request_init(&requests[i], rig, version, 1, 1, i);
        check_ok(rig_submit(&requests[i]));
    }
    for (int i = 0; i < 5; i++) {
        rig_wait(&requests[i]);
        check_ok(requests[i].status);
        assert_int_equal(requests[i].values[0][0], i);
    }
    QueueCounts counts = scheduler_counts(rig->scheduler, version);
    assert_true(counts.batches < 5); /* the first was alone at most; the rest met behind it */
    rig_unload(rig, version);
    rig_close(rig);
}

static const char DECOUPLED[] =
    TENSORS "model_transaction_policy { decoupled: true } "
            "parameters { key: 'response_count' value { string_value: 'input' } }";

static void test_a_decoupled_request_gets_as_many_as_it_asks_for(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version = rig_load(rig, "stream", DECOUPLED);
    for (int64_t count = 0; count < 4; count++) {
        RigRequest request;
        rig_request_init(&request, rig, version, 1, 1, count);
        check_ok(rig_run(&request));
        assert_int_equal(request.responses, count);
        assert_int_equal(request.counts[0], 0); /* nothing comes with the end */
        for (int64_t i = 0; i < count; i++)
            assert_int_equal(request.response_values[i], count);
    }
    rig_unload(rig, version);
    rig_close(rig);
}

static void test_a_single_answer_of_a_decoupled_model(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version = rig_load(rig, "stream", DECOUPLED);
    for (int64_t count = 0; count < 4; count++) {
        RigRequest request;
        rig_request_init(&request, rig, version, 1, 1, count);
        request.request.on_response = NULL;
        Status status = rig_run(&request);
        assert_int_equal(status.code, count == 1 ? STATUS_OK : STATUS_UNIMPLEMENTED);
        assert_int_equal(request.counts[0], count == 1 ? 1 : 0);
    }
    rig_unload(rig, version);
    rig_close(rig);
}

static void test_waiting_ends_as_its_level_says(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version = rig_load(
        rig, "slow",
        TENSORS "dynamic_batching { priority_levels: 1 default_priority_level: 1 "
                "default_queue_policy { default_timeout_microseconds: 3000 } } parameters { key: "
                "'execute_delay_ms' value { string_value: '60' } }");
    RigRequest first, second;
    rig_request_init(&first, rig, version, 4, 1, 1);
    rig_request_init(&second, rig, version, 4, 1, 2);
    check_ok(rig_submit(&first));
    while (scheduler_counts(rig->scheduler, version).executed == 0)
        (void)sched_yield();
    check_ok(rig_submit(&second));
    rig_wait(&second);
    assert_int_equal(second.status.code, STATUS_UNAVAILABLE);
    assert_string_equal(second.status.message, "Request timeout expired");
    rig_wait(&first);
    check_ok(first.status); /* what runs is not waiting */
    rig_unload(rig, version);
    rig_close(rig);
}

static void test_pairs_must_match(void **state) {
    (void)state;
    static const char config[] =
        "backend: 'identity' input { name: 'x' data_type: TYPE_INT64 dims: 2 } output { name: 'y' "
        "data_type: TYPE_INT32 dims: 2 }";
    FileSource none = file_source_plain(-1);
    ModelLoad load = { .name = "m",
                       .files = &none,
                       .model_directory = -1,
                       .config_text = config,
                       .config_length = strlen(config) };
    Rig *rig = rig_open();
    load.device = rig->device;
    ModelVersion *version = NULL;
    Status status = model_version_load(&load, &version);
    assert_string_equal(status.message,
                        "model 'm': input 'x' is int64 [2], its output 'y' is int32 [2]");
    rig_close(rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outputs_are_the_inputs),
        cmocka_unit_test(test_every_nth_batch_fails),
        cmocka_unit_test(test_a_busy_instance_lets_requests_gather),
        cmocka_unit_test(test_a_decoupled_request_gets_as_many_as_it_asks_for),
        cmocka_unit_test(test_a_single_answer_of_a_decoupled_model),
        cmocka_unit_test(test_waiting_ends_as_its_level_says),
        cmocka_unit_test(test_pairs_must_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
