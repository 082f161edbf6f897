/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The scheduling parts of config.pbtxt: priorities, sequences, ensembles, ragged batches,
 * instances, warm-up; and the message that the ModelConfig RPC tells. */

#include "runtime/config/model_config.h"

#include "runtime/base/clock.h"

#include "inference/model_config.pb-c.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static Arena *arena;

static int set_up(void **state) {
    (void)state;
    Status status = arena_new(4096, 16 << 20, &arena);
    return status_is_ok(&status) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static ModelConfig parse(const char *text) {
    ModelConfig config = model_config_default();
    Status status = model_config_parse(text, strlen(text), "m", arena, &config);
    assert_string_equal(status.message, "");
    return config;
}

static void test_priorities_have_policies_of_their_own(void **state) {
    (void)state;
    ModelConfig config =
        parse("max_batch_size: 8 dynamic_batching { priority_levels: 3 default_priority_level: 2\n"
              "  default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 7 }\n"
              "  priority_queue_policy { key: 1 value { max_queue_size: 5 } } }");
    assert_int_equal(config.queue.priority_levels, 3);
    assert_int_equal(queue_policy_level(&config.queue, 0), 2);
    assert_int_equal(queue_policy_level(&config.queue, 1), 1);
    assert_int_equal(queue_policy_level(&config.queue, 9), 2);
    assert_int_equal(queue_policy_of(&config.queue, 1)->max_queue_requests, 5);
    assert_int_equal(queue_policy_of(&config.queue, 1)->timeout_action, TIMEOUT_REJECT);
    assert_int_equal(queue_policy_of(&config.queue, 3)->timeout_action, TIMEOUT_DELAY);
    assert_int_equal(queue_policy_of(&config.queue, 3)->default_timeout_ns, 7 * NS_PER_US);
}

static void test_sequences(void **state) {
    (void)state;
    ModelConfig config = parse(
        "max_batch_size: 4 sequence_batching { oldest { max_candidate_sequences: 9 }\n"
        "  control_input { name: 'START' control { kind: CONTROL_SEQUENCE_START "
        "fp32_false_true: [ 0, 1 ] } }\n"
        "  control_input { name: 'ID' control { kind: CONTROL_SEQUENCE_CORRID data_type: "
        "TYPE_UINT64 } }\n"
        "  state { input_name: 's_in' output_name: 's_out' data_type: TYPE_INT32 dims: -1 } }");
    const SequenceConfig *sequence = config.sequence;
    assert_non_null(sequence);
    assert_int_equal(sequence->strategy, SEQUENCE_OLDEST);
    assert_int_equal(sequence->max_candidates, 9);
    assert_int_equal(sequence->idle_ns, NS_PER_S);
    assert_int_equal(sequence->control_count, 2);
    float yes;
    memcpy(&yes, sequence->controls[0].values[1], sizeof yes);
    assert_true(yes == 1.0F);
    assert_int_equal(sequence->controls[1].kind, CONTROL_CORRID);
    assert_int_equal(sequence->controls[1].dtype, DTYPE_U64);
    assert_int_equal(sequence->states[0].dtype, DTYPE_I32);
    assert_true(shape_equal(&sequence->states[0].initial_dims, &SHAPE(1)));
    assert_true(config.queue.batching);
}

static const char ENSEMBLE_TENSORS[] = "platform: 'ensemble' input { name: 'in' data_type: "
                                       "TYPE_FP32 dims: 2 } output { name: 'out' data_type: "
                                       "TYPE_FP32 dims: 2 }\n";

static void test_steps_of_an_ensemble_are_put_in_order(void **state) {
    (void)state;
    char text[1024];
    strcpy(text, ENSEMBLE_TENSORS);
    strcat(text, "ensemble_scheduling { step { model_name: 'second' model_version: -1\n"
                 "    input_map { key: 'x' value: 'mid' } output_map { key: 'y' value: 'out' } }\n"
                 "  step { model_name: 'first' model_version: 3\n"
                 "    input_map { key: 'x' value: 'in' } output_map { key: 'y' value: 'mid' } } }");
    ModelConfig config = parse(text);
    const EnsembleConfig *ensemble = config.ensemble;
    assert_non_null(ensemble);
    assert_int_equal(config.kind, MODEL_ENSEMBLE);
    assert_int_equal(ensemble->step_count, 2);
    assert_string_equal(ensemble->steps[0].model, "first");
    assert_int_equal(ensemble->steps[0].version, 3);
    assert_int_equal(ensemble->steps[1].version, -1);
    assert_int_equal(ensemble->tensor_count, 3);
    assert_int_equal(ensemble->steps[0].inputs[0].tensor, 0);
    assert_string_equal(ensemble->tensors[ensemble->outputs[0]], "out");
}

static void test_instances_warmup_and_the_rest(void **state) {
    (void)state;
    ModelConfig config = parse(
        "max_batch_size: 4 instance_group [ { count: 2 rate_limiter { resources { name: 'R' count: "
        "3 } priority: 2 } }, { kind: KIND_CPU } ]\n"
        "model_warmup { name: 'w' batch_size: 2 inputs { key: 'x' value { data_type: TYPE_FP32 "
        "dims: 3 random_data: true } } }\n"
        "input { name: 'x' data_type: TYPE_FP32 dims: 3 allow_ragged_batch: true }\n"
        "batch_input { kind: BATCH_ELEMENT_COUNT target_name: 'n' data_type: TYPE_FP32 "
        "source_input: 'x' }\n"
        "response_cache { enable: true }\n"
        "model_repository_agents { agents { name: 'checksum' parameters { key: 'MD5:1/model.onnx' "
        "value: '0123456789abcdef0123456789ABCDEF' } } }");
    assert_int_equal(config.instances.count, 3);
    assert_true(config.instances.limits);
    assert_string_equal(config.instances.needs[0].name, "R");
    assert_int_equal(config.instances.needs[0].count, 3);
    assert_int_equal(config.warmup_count, 1);
    assert_int_equal(config.warmups[0].rows, 2);
    assert_int_equal(config.warmups[0].repeat, 1);
    assert_int_equal(config.warmups[0].inputs[0].data, WARMUP_RANDOM);
    assert_true(config.inputs[0].ragged);
    assert_int_equal(config.batch_inputs[0].kind, BATCH_INPUT_ELEMENT_COUNT);
    assert_true(config.cached);
    assert_string_equal(config.checksums[0].key, "1/model.onnx");
}

static void test_the_identity_engine(void **state) {
    (void)state;
    ModelConfig config =
        parse("backend: 'identity' model_transaction_policy { decoupled: true }\n"
              "parameters { key: 'execute_delay_ms' value { string_value: '5' } }\n"
              "parameters { key: 'fail_every' value { string_value: '3' } }\n"
              "parameters { key: 'response_count' value { string_value: '4' } }");
    assert_int_equal(config.kind, MODEL_IDENTITY);
    assert_int_equal(config.identity.delay_ns, 5 * NS_PER_MS);
    assert_int_equal(config.identity.fail_every, 3);
    assert_int_equal(config.identity.responses, 4);
    assert_true(config.decoupled);
    assert_int_equal(config.ignored_count, 0);
}

static void test_refusals(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        { "dynamic_batching { priority_levels: 2 default_priority_level: 1 preserve_ordering: true "
          "}",
          "config.pbtxt:1:65: dynamic_batching.preserve_ordering: conflicts with priority_levels "
          "above 1" },
        { "dynamic_batching { preserve_ordering: true default_queue_policy { timeout_action: DELAY "
          "} }",
          "config.pbtxt:1:20: dynamic_batching.preserve_ordering: conflicts with timeout_action "
          "DELAY of the default_queue_policy" },
        { "sequence_batching { control_input { name: 'S' control { kind: CONTROL_SEQUENCE_START } "
          "} }",
          "config.pbtxt:1:21: sequence_batching.control_input[0]: expected exactly one of "
          "int32_false_true, fp32_false_true and bool_false_true, with two values" },
        { "sequence_batching { } response_cache { enable: true }",
          "config.pbtxt:1:23: response_cache: conflicts with sequence_batching" },
        { "platform: 'ensemble'", "config.pbtxt:1:1: platform: platform \"ensemble\" and "
                                  "ensemble_scheduling go together" },
        { "model_transaction_policy { decoupled: true }",
          "config.pbtxt:1:28: model_transaction_policy.decoupled: an ONNX model gives one response "
          "to a request" },
        { "model_repository_agents { agents { name: 'relocate' } }",
          "config.pbtxt:1:1: model_repository_agents: agent 'relocate' is not known; there is "
          "\"checksum\"" },
        { "platform: 'onnxruntime_onnx' backend: 'identity'",
          "config.pbtxt:1:30: backend: unexpected 'platform' and 'backend' pair, "
          "got:onnxruntime_onnx, identity" },
        { "instance_group { count: -2 }",
          "config.pbtxt:1:18: instance_group[0].count: must not be negative, got -2" },
        { "max_batch_size: 2 model_warmup { batch_size: 3 }",
          "config.pbtxt:1:19: model_warmup[0]: batch_size 3 is above max_batch_size 2" },
        { "batch_input { kind: BATCH_ITEM_SHAPE target_name: 'n' data_type: TYPE_FP32 "
          "source_input: 'x' }",
          "config.pbtxt:1:1: batch_input: wants max_batch_size above 0" },
        { "max_batch_size: 2 batch_input { kind: BATCH_ITEM_SHAPE target_name: 'n' data_type: "
          "TYPE_FP32 source_input: 'x' }",
          "config.pbtxt:1:19: batch_input[0]: source_input 'x' is not among the inputs" },
        { "max_batch_size: 2 input { name: 'x' data_type: TYPE_FP32 dims: 1 } batch_output { "
          "target_name: 'y' source_input: 'x' }",
          "config.pbtxt:1:68: batch_output[0]: target_name 'y' is not among the outputs" },
        { "max_batch_size: 2 input { name: 'x' data_type: TYPE_FP32 dims: 1 optional: true }",
          "config.pbtxt:1:19: input: 'x': optional wants max_batch_size 0 for an ONNX model" },
        { "parameters { key: 'shape_buckets' value { string_value: '8,4' } }",
          "config.pbtxt:1:1: parameters: shape_buckets: expected up to 64 increasing lengths as in "
          "\"32,64\", got '8,4'" },
        { "parameters { key: 'shape_buckets' value { string_value: '8' } } sequence_batching { }",
          "config.pbtxt:1:1: parameters: shape_buckets: conflicts with sequence_batching" },
        { "metric_tags { key: 'a-b' value: 'c' }",
          "config.pbtxt:1:1: metric_tags: 'a-b' cannot be the name of a label" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ModelConfig config;
        Status status = model_config_parse(rows[i].text, strlen(rows[i].text), "m", arena, &config);
        assert_string_equal(status.message, rows[i].message);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    }
}

static void test_ensembles_that_cannot_run(void **state) {
    (void)state;
    static const struct {
        const char *steps, *message;
    } rows[] = {
        { "step { model_name: 'a' input_map { key: 'x' value: 'b' } output_map { key: 'y' value: "
          "'a' } } step { model_name: 'b' input_map { key: 'x' value: 'a' } output_map { key: 'y' "
          "value: 'b' } }",
          "config.pbtxt:2:1: ensemble_scheduling: step of model 'a' can never run: it needs a "
          "tensor that is no input and that no earlier step makes" },
        { "step { model_name: 'a' input_map { key: 'x' value: 'in' } output_map { key: 'y' value: "
          "'z' } }",
          "config.pbtxt:2:1: ensemble_scheduling: no step produces output 'out'" },
        { "step { model_name: 'a' input_map { key: 'x' value: 'in' } output_map { key: 'y' value: "
          "'in' } }",
          "config.pbtxt:2:23: ensemble_scheduling.step[0]: ensemble tensor 'in' has more than one "
          "producer" },
        { "step { model_name: 'm' input_map { key: 'x' value: 'in' } output_map { key: 'y' value: "
          "'out' } }",
          "config.pbtxt:2:23: ensemble_scheduling.step[0]: an ensemble cannot be its own step" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%sensemble_scheduling { %s }", ENSEMBLE_TENSORS,
                 rows[i].steps);
        ModelConfig config;
        Status status = model_config_parse(text, strlen(text), "m", arena, &config);
        assert_string_equal(status.message, rows[i].message);
    }
}

static void test_the_message_is_completed(void **state) {
    (void)state;
    ModelConfig config = parse("");
    config.max_batch_size = 4;
    const ConfigTensor input = { .name = "x", .dtype = DTYPE_F32, .dims = SHAPE(3, 8) };
    const ConfigTensor output = { .name = "y", .dtype = DTYPE_STRING };
    ModelFacts facts = { &input, &output, 1, 1, true };
    Status status = model_config_complete(&config, &facts, arena);
    assert_string_equal(status.message, "");
    const Inference__ModelConfig *message = config.message;
    assert_string_equal(message->name, "m");
    assert_string_equal(message->platform, "onnxruntime_onnx");
    assert_string_equal(message->default_model_filename, "model.onnx");
    assert_int_equal(message->max_batch_size, 4);
    assert_int_equal(message->version_policy->latest->num_versions, 1);
    assert_int_equal(message->input[0]->n_dims, 2);
    assert_int_equal(message->input[0]->dims[1], 8);
    assert_int_equal(message->output[0]->data_type, INFERENCE__DATA_TYPE__TYPE_STRING);
    assert_int_equal(message->output[0]->n_dims, 1);
    assert_non_null(message->output[0]->reshape);
    assert_int_equal(message->instance_group[0]->count, 1);
    assert_string_equal(message->instance_group[0]->name, "m");
    assert_int_equal(message->dynamic_batching->preferred_batch_size[0], 4);
    assert_true(message->optimization->input_pinned_memory->enable);
    assert_true(inference__model_config__get_packed_size(message) > 0);
}

static void test_a_message_is_checked_like_a_file(void **state) {
    (void)state;
    Inference__ModelConfig message = INFERENCE__MODEL_CONFIG__INIT;
    ModelConfig config;
    Status status = model_config_check(&message, "m", arena, &config);
    assert_string_equal(status.message, "");
    assert_false(config.has_max_batch_size);
    message.max_batch_size = 8;
    status = model_config_check(&message, "m", arena, &config);
    assert_true(status_is_ok(&status) && config.has_max_batch_size);
    message.name = (char *)"other";
    status = model_config_check(&message, "m", arena, &config);
    assert_string_equal(status.message,
                        "config: name: 'other' is not the name of its directory, 'm'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_priorities_have_policies_of_their_own, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_sequences, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_steps_of_an_ensemble_are_put_in_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_instances_warmup_and_the_rest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_identity_engine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ensembles_that_cannot_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_message_is_completed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_message_is_checked_like_a_file, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
