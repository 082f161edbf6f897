/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* config.pbtxt, models.config and the batching file: what is accepted, what it becomes, what is
 * refused and how. */

#include "runtime/config/model_config.h"
#include "runtime/config/server_config.h"

#include "runtime/base/clock.h"

#include <setjmp.h>
#include <stdint.h>
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

static void test_an_empty_file_is_all_defaults(void **state) {
    (void)state;
    ModelConfig config = parse("");
    assert_false(config.has_max_batch_size);
    assert_int_equal(config.version_policy.kind, VERSIONS_LATEST);
    assert_int_equal(config.version_policy.latest_count, 1);
    assert_string_equal(config.model_filename, "model.onnx");
    assert_string_equal(config.device, "auto");
    assert_int_equal(config.ignored_count, 0);
}

static void test_the_digits_sample(void **state) {
    (void)state;
    ModelConfig config = parse(
        "name: \"m\"\nplatform: \"onnxruntime_onnx\"\nmax_batch_size: 64\n"
        "input [ { name: \"image\" data_type: TYPE_FP32 dims: [ 1, 8, 8 ] } ]\n"
        "output [ { name: \"probabilities\" data_type: TYPE_FP32 dims: [ 10 ] label_filename: "
        "\"labels.txt\" } ]\n"
        "dynamic_batching { preferred_batch_size: [ 32, 8, 8 ] max_queue_delay_microseconds: 100\n"
        "  default_queue_policy { max_queue_size: 7 default_timeout_microseconds: 5 } }\n"
        "parameters { key: 'deterministic' value { string_value: 'true' } }\n"
        "parameters { key: 'precision' value { string_value: 'bf16' } }\n");
    assert_true(config.has_max_batch_size);
    assert_int_equal(config.max_batch_size, 64);
    assert_int_equal(config.input_count, 1);
    assert_int_equal(config.inputs[0].dtype, DTYPE_F32);
    assert_true(shape_equal(&config.inputs[0].dims, &SHAPE(1, 8, 8)));
    assert_string_equal(config.outputs[0].label_filename, "labels.txt");
    assert_true(config.queue.batching);
    assert_int_equal(config.queue.max_rows, 64);
    assert_int_equal(config.queue.preferred_count, 2);
    assert_int_equal(config.queue.preferred_rows[0], 8);
    assert_int_equal(config.queue.delay_ns, 100 * NS_PER_US);
    assert_int_equal(config.queue.max_queue_requests, 7);
    assert_int_equal(config.queue.level.default_timeout_ns, 5 * NS_PER_US);
    assert_false(config.queue.level.allow_timeout_override);
    assert_true(config.deterministic);
    assert_true(config.bf16);
}

static void test_versions_are_sorted_and_unique(void **state) {
    (void)state;
    ModelConfig config = parse("version_policy { specific { versions: [ 7, 3, 7 ] } }");
    assert_int_equal(config.version_policy.kind, VERSIONS_SPECIFIC);
    assert_int_equal(config.version_policy.specific_count, 2);
    assert_int_equal(config.version_policy.specific[0], 3);
    assert_int_equal(parse("version_policy: { all { } }").version_policy.kind, VERSIONS_ALL);
    assert_int_equal(parse("version_policy { latest { } }").version_policy.latest_count, 1);
}

static void test_devices(void **state) {
    (void)state;
    static const struct {
        const char *text, *device;
    } rows[] = {
        { "instance_group { kind: KIND_CPU count: 2 }", "cpu" },
        { "instance_group { kind: KIND_AUTO }", "auto" },
        { "instance_group { kind: KIND_GPU }", "cuda" },
        { "instance_group { kind: KIND_GPU gpus: [ 1 ] }", "cuda:1" },
        { "parameters { key: 'device' value { string_value: 'cuda:0' } }", "cuda:0" },
        { "instance_group { kind: KIND_GPU } parameters { key: 'device' value { string_value: "
          "'cpu' } }",
          "cpu" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(parse(rows[i].text).device, rows[i].device);
}

static void test_what_has_no_effect_is_listed(void **state) {
    (void)state;
    ModelConfig config =
        parse("optimization { graph { level: 1 } } metric_tags { key: 'a' value: 'b' }\n"
              "parameters { key: 'intra_op_thread_count' value { string_value: '4' } }");
    assert_int_equal(config.ignored_count, 2);
    assert_string_equal(config.ignored[0], "optimization");
    assert_string_equal(config.ignored[1], "parameters[intra_op_thread_count]");
    assert_int_equal(config.metric_tag_count, 1);
    assert_string_equal(config.metric_tags[0].key, "a");
}

static void test_refusals(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        { "name: 'other'",
          "config.pbtxt:1:1: name: 'other' is not the name of its directory, 'm'" },
        { "platform: 'tensorrt_plan'", "config.pbtxt:1:1: platform: 'tensorrt_plan' models need "
                                       "tensorrt; this server runs ONNX models "
                                       "(\"onnxruntime_onnx\"): export the model to ONNX" },
        { "backend: 'pytorch'",
          "config.pbtxt:1:1: backend: 'pytorch' models need pytorch; this server runs ONNX models "
          "(\"onnxruntime\"): export the model to ONNX" },
        { "max_batch_size: -1", "config.pbtxt:1:1: max_batch_size: must not be negative, got -1" },
        { "input { name: 'x' dims: 1 }", "config.pbtxt:1:1: input[0].data_type: is missing" },
        { "input { name: 'x' data_type: TYPE_FP32 }",
          "config.pbtxt:1:1: input[0].dims: at least one dim is wanted" },
        { "input { name: 'x' data_type: TYPE_FP32 dims: [ 3, 0 ] }",
          "config.pbtxt:1:51: input[0].dims[1]: a dim is 1 or more, or -1 for any size; got 0" },
        { "input { data_type: TYPE_FP32 dims: 3 }", "config.pbtxt:1:1: input[0].name: is missing" },
        { "input [ { name: 'x' data_type: TYPE_FP32 dims: 3 },\n { name: 'x' data_type: TYPE_FP32 "
          "dims: 3 } ]",
          "config.pbtxt:2:4: input[1].name: 'x' is there twice" },
        { "input { name: 'x' data_type: TYPE_FP32 dims: [ 2, 3 ] reshape { shape: [ 5 ] } }",
          "config.pbtxt:1:55: input[0].reshape: must have as many elements as dims" },
        { "output { name: 'y' data_type: TYPE_FP32 dims: 3 label_filename: '../x' }",
          "config.pbtxt:1:49: output[0].label_filename: must be the name of a file in the model's "
          "directory" },
        { "default_model_filename: '/etc/passwd'",
          "config.pbtxt:1:1: default_model_filename: '/etc/passwd' must be the name of a file "
          "beneath the version's "
          "directory" },
        { "max_batch_size: 4 dynamic_batching { preferred_batch_size: [ 2, 8 ] }",
          "config.pbtxt:1:65: dynamic_batching.preferred_batch_size[1]: 8 is above max_batch_size "
          "4" },
        { "dynamic_batching { preferred_batch_size: 0 }",
          "config.pbtxt:1:20: dynamic_batching.preferred_batch_size[0]: must be above 0, got 0" },
        { "dynamic_batching { priority_levels: 2 }",
          "config.pbtxt:1:1: dynamic_batching.default_priority_level: must be from 1 to "
          "priority_levels (2), got 0" },
        { "instance_group { kind: KIND_CPU gpus: 0 }",
          "config.pbtxt:1:33: instance_group[0].gpus: KIND_CPU must not list GPUs" },
        { "sequence_batching { iterative_sequence: true }",
          "config.pbtxt:1:21: sequence_batching.iterative_sequence: iterative sequences are not "
          "supported: only a backend of Triton's can ask to be run again" },
        { "version_policy { specific { versions: -3 } }",
          "config.pbtxt:1:29: version_policy.specific.versions[0]: a version is not negative, got "
          "-3" },
        { "nme: 'x'", "config.pbtxt:1:1: ModelConfig has no field 'nme'; did you mean 'name'?" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ModelConfig config;
        Status status = model_config_parse(rows[i].text, strlen(rows[i].text), "m", arena, &config);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        assert_string_equal(status.message, rows[i].message);
    }
}

static void test_models_config(void **state) {
    (void)state;
    static const char text[] =
        "model_config_list {\n"
        "  config { name: 'a' base_path: '/models/a' model_platform: 'tensorflow'\n"
        "    model_version_policy { specific { versions: 2 versions: 1 } }\n"
        "    version_labels { key: 'stable' value: 1 } version_labels { key: 'canary' value: 2 } "
        "}\n"
        "  config { name: 'b', base_path: '/models/b' }\n"
        "}\n";
    const ServedModel *models;
    size_t count;
    Status status = served_models_parse(text, strlen(text), arena, &models, &count);
    assert_string_equal(status.message, "");
    assert_int_equal(count, 2);
    assert_true(models[0].has_version_policy);
    assert_int_equal(models[0].version_policy.specific[1], 2);
    assert_int_equal(models[0].version_label_count, 2);
    assert_string_equal(models[0].version_labels[1].label, "canary");
    assert_int_equal(models[0].version_labels[1].number, 2);
    assert_false(models[1].has_version_policy);
    status = served_models_parse("", 0, arena, &models, &count);
    assert_true(status_is_ok(&status));
    assert_int_equal(count, 0);
}

static void test_models_config_refusals(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        { "model_config_list { config { name: 'a' base_path: 'x' } }",
          "1:40: model_config_list.config[0].base_path: expected an absolute path, got 'x'" },
        { "model_config_list { config { name: 'a' base_path: '/x' } config { name: 'a' base_path: "
          "'/y' } }",
          "1:67: model_config_list.config[1].name: 'a' is there twice" },
        { "model_config_list { config { name: 'a' base_path: '/x' model_platform: 'caffe' } }",
          "1:56: model_config_list.config[0].model_platform: 'caffe' is not known; this server "
          "runs ONNX models "
          "(\"onnx\")" },
        { "custom_model_config { }",
          "1:1: custom_model_config: is not supported; use model_config_list" },
        { "model_config_list { config { name: 'a' base_path: '/x' version_labels { key: 'l' value: "
          "1 } "
          "version_labels { key: 'l' value: 2 } } }",
          "1:56: model_config_list.config[0].version_labels: 'l' is there twice" },
        { "model_config_lst { }", "1:1: ModelServerConfig has no field 'model_config_lst'; did you "
                                  "mean 'model_config_list'?" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const ServedModel *models;
        size_t count;
        Status status =
            served_models_parse(rows[i].text, strlen(rows[i].text), arena, &models, &count);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        assert_string_equal(status.message, rows[i].message);
    }
}

static void test_batching_file(void **state) {
    (void)state;
    static const char text[] =
        "max_batch_size { value: 128 }\nbatch_timeout_micros { value: 1000 }\n"
        "max_enqueued_batches { value: 4 }\nnum_batch_threads { value: 8 }\n"
        "thread_pool_name { value: 'p' }\nallowed_batch_sizes: [ 64, 128 ]\n";
    QueuePolicy policy;
    Status status = batching_parameters_parse(text, strlen(text), arena, &policy);
    assert_string_equal(status.message, "");
    assert_true(policy.batching);
    assert_int_equal(policy.max_rows, 128);
    assert_int_equal(policy.delay_ns, NS_PER_MS);
    assert_int_equal(policy.max_queue_requests, 512);
    assert_int_equal(policy.preferred_count, 0);
    status = batching_parameters_parse("", 0, arena, &policy);
    assert_true(status_is_ok(&status));
    assert_int_equal(policy.max_rows, 1000);
    static const char wrong[] = "max_batch_size { value: 8 } allowed_batch_sizes: [ 4 ]";
    status = batching_parameters_parse(wrong, strlen(wrong), arena, &policy);
    assert_string_equal(status.message,
                        "1:52: allowed_batch_sizes: the last, 4, must equal max_batch_size, 8");
    static const char splits[] =
        "max_batch_size { value: 64 } max_execution_batch_size { value: 16 } "
        "enable_large_batch_splitting { value: true } pad_variable_length_inputs: true "
        "allowed_batch_sizes: [ 4, 16 ]";
    status = batching_parameters_parse(splits, strlen(splits), arena, &policy);
    assert_string_equal(status.message, "");
    assert_int_equal(policy.request_rows, 64);
    assert_int_equal(policy.split_rows, 16);
    assert_int_equal(policy.max_rows, 16);
    assert_int_equal(policy.padding, PADDING_FIRST);
    assert_int_equal(policy.allowed_rows[1], 16);
    static const char bare[] = "max_batch_size: 8";
    status = batching_parameters_parse(bare, strlen(bare), arena, &policy);
    assert_string_equal(status.message,
                        "1:17: field 'max_batch_size' is a message and wants '{', got '8'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_empty_file_is_all_defaults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_digits_sample, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_versions_are_sorted_and_unique, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_devices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_has_no_effect_is_listed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_models_config, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_models_config_refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_batching_file, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
