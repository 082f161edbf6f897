/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The command line as a table. */

#include "server/options.h"

#include "runtime/base/size.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

enum { ARGUMENTS_MAX = 8 };

static Status parse(const char *const *arguments, Options *ret_options) {
    static char storage[ARGUMENTS_MAX][128];
    char *argv[ARGUMENTS_MAX + 1];
    int argc = 0;
    for (; arguments[argc]; argc++) {
        snprintf(storage[argc], sizeof storage[argc], "%s", arguments[argc]);
        argv[argc] = storage[argc];
    }
    argv[argc] = NULL;
    return options_parse(argc, argv, ret_options);
}

#define PARSE(options_, ...) parse((const char *const[]){ __VA_ARGS__, NULL }, (options_))

static void must(Status status) {
    if (!status_is_ok(&status))
        fail_msg("%s", status.message);
}

static void test_all_spellings_mean_the_same(void **state) {
    (void)state;
    static const char *const spellings[][4] = {
        { "--grpc-port=9" },   { "--grpc_port=9" }, { "--grpc-port", "9" },
        { "-grpc-port", "9" }, { "--port=9" },      { "-port=9" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(spellings); i++) {
        AUTO(options_deinit) Options options = { 0 };
        const char *arguments[] = { "inferd", "dir", spellings[i][0], spellings[i][1], NULL };
        must(parse(arguments, &options));
        assert_int_equal(options.port, 9);
        assert_int_equal(options.repositories.count, 1);
    }
}

static void test_booleans(void **state) {
    (void)state;
    static const struct {
        const char *argument, *next;
        bool expected;
    } rows[] = {
        { "--exit-on-error", NULL, true },     { "--exit_on_error=true", NULL, true },
        { "--exit-on-error=1", NULL, true },   { "--exit-on-error=false", NULL, false },
        { "--exit-on-error", "false", false }, { "--exit-on-error", "true", true },
        { "--no-exit-on-error", NULL, false }, { "--exit-on-error", "--version", true },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        AUTO(options_deinit) Options options = { 0 };
        const char *arguments[] = { "tritonserver", "dir", rows[i].argument, rows[i].next, NULL };
        must(parse(arguments, &options));
        assert_int_equal(options.exit_on_error, rows[i].expected);
    }
}

static void test_the_name_chooses_defaults(void **state) {
    (void)state;
    static const struct {
        const char *program;
        int64_t port;
        bool exit_on_error;
    } rows[] = {
        { "inferd", 8500, false },
        { "/usr/bin/tensorflow_model_server", 8500, true },
        { "./tritonserver", 8001, true },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        AUTO(options_deinit) Options options = { 0 };
        must(PARSE(&options, rows[i].program, "dir"));
        assert_int_equal(options.port, rows[i].port);
        assert_int_equal(options.exit_on_error, rows[i].exit_on_error);
    }
}

static void test_repositories_add_up_and_a_file_stands_alone(void **state) {
    (void)state;
    AUTO(options_deinit) Options options = { 0 };
    must(PARSE(&options, "inferd", "--model-repository=a", "--model-store", "b", "c"));
    assert_int_equal(options.repositories.count, 3);
    assert_string_equal(options.repositories.items[0], "a");
    assert_string_equal(options.repositories.items[1], "b");
    assert_string_equal(options.repositories.items[2], "c");
    AUTO(options_deinit) Options single = { 0 };
    must(PARSE(&single, "inferd", "--", "-x.onnx"));
    assert_string_equal(single.single_file, "-x.onnx");
}

static void test_the_environment_says_what_to_serve(void **state) {
    (void)state;
    static const struct {
        const char *base, *name, *flag;
        const char *repository, *path, *model; /* NULL: not set */
    } rows[] = {
        { "/models", "digits", "--port=1", NULL, "/models/digits", "digits" },
        { "/models", NULL, "--port=1", "/models", NULL, NULL },
        { "/models", "digits", "--model-repository=/r", "/r", NULL, NULL },
        { "/models", "digits", "--model-base-path=/b", NULL, "/b", NULL },
        { "/models", "digits", "--model-name=other", NULL, "/models/digits", "other" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        setenv("MODEL_BASE_PATH", rows[i].base, 1);
        rows[i].name ? setenv("MODEL_NAME", rows[i].name, 1) : unsetenv("MODEL_NAME");
        AUTO(options_deinit) Options options = { 0 };
        must(PARSE(&options, "inferd", rows[i].flag));
        assert_int_equal(options.repositories.count, rows[i].repository != NULL);
        if (rows[i].repository)
            assert_string_equal(options.repositories.items[0], rows[i].repository);
        assert_string_equal(options.model_base_path ? options.model_base_path : "",
                            rows[i].path ? rows[i].path : "");
        assert_string_equal(options.model_name ? options.model_name : "",
                            rows[i].model ? rows[i].model : "");
    }
    unsetenv("MODEL_BASE_PATH");
    unsetenv("MODEL_NAME");
}

static void test_sizes_take_units(void **state) {
    (void)state;
    AUTO(options_deinit) Options options = { 0 };
    must(PARSE(&options, "inferd", "dir", "--max-message-bytes=64M", "--memory-bytes", "2g"));
    assert_int_equal(options.max_message_bytes, 64 << 20);
    assert_int_equal(options.memory_bytes, INT64_C(2) << 30);
}

static void test_both_cache_flags_mean_the_same(void **state) {
    (void)state;
    static const char *const flags[] = { "--cache-config=local,size=1048576",
                                         "--response-cache-byte-size=1M" };
    for (size_t i = 0; i < ARRAY_LENGTH(flags); i++) {
        AUTO(options_deinit) Options options = { 0 };
        must(PARSE(&options, "tritonserver", "dir", flags[i]));
        assert_int_equal(options.cache_bytes, 1 << 20);
    }
}

static void test_flags_to_come_are_told(void **state) {
    (void)state;
    AUTO(options_deinit) Options options = { 0 };
    must(PARSE(&options, "inferd", "dir", "--backend_config=x", "--allow-gpu-metrics"));
    assert_int_equal(options.without_effect.count, 2);
    assert_non_null(strstr(options.without_effect.items[0], "backend-config"));
}

static void test_http_is_off_until_a_port_is_named(void **state) {
    (void)state;
    static const struct {
        const char *program, *flag;
        int64_t port;
    } rows[] = { { "inferd", "--log-verbose=0", -1 },
                 { "inferd", "--rest_api_port=8501", 8501 },
                 { "inferd", "--http-port=0", 0 },
                 { "tensorflow_model_server", "--log-verbose=0", 0 },
                 { "tritonserver", "--log-verbose=0", 8000 } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        AUTO(options_deinit) Options options = { 0 };
        must(PARSE(&options, rows[i].program, "dir", rows[i].flag));
        assert_int_equal(options.http_port, rows[i].port);
    }
}

/* Every flag that the references list, numbers and switches. */
static const char NUMBERS[] =
    "--port --rest_api_port --rest_api_num_threads --rest_api_timeout_in_ms "
    "--model_config_file_poll_wait_seconds --num_load_threads --num_unload_threads "
    "--max_num_load_retries --load_retry_interval_micros --file_system_poll_wait_seconds "
    "--tensorflow_session_parallelism --tensorflow_intra_op_parallelism "
    "--tensorflow_inter_op_parallelism --per_process_gpu_memory_fraction "
    "--grpc_max_threads --num_request_iterations_for_warmup --num_tflite_pools "
    "--num_tflite_interpreters_per_pool --exit-timeout-secs --repository-poll-secs "
    "--model-load-thread-count --model-load-retry-count --http-port --http-thread-count "
    "--http-max-input-size --grpc-port --grpc-infer-thread-count "
    "--grpc-infer-allocation-pool-size --grpc-max-response-pool-size "
    "--grpc-keepalive-time --grpc-keepalive-timeout --grpc-http2-max-pings-without-data "
    "--grpc-http2-min-recv-ping-interval-without-data --grpc-http2-max-ping-strikes "
    "--grpc-max-connection-age --grpc-max-connection-age-grace --metrics-port "
    "--metrics-interval-ms --pinned-memory-pool-byte-size "
    "--min-supported-compute-capability --buffer-manager-thread-count --log-verbose";
static const char SWITCHES[] =
    "--rest_api_enable_cors_support --enable_batching "
    "--enable_per_model_batching_parameters "
    "--allow_version_labels_for_unavailable_models --flush_filesystem_caches "
    "--enable_model_warmup --remove_unused_fields_from_bundle_metagraph "
    "--prefer_tflite_model --enable_signature_method_name_check "
    "--xla_cpu_compilation_enabled --xla_gpu_compilation_enabled --enable_profiler "
    "--skip_initialize_tpu --enable_grpc_healthcheck_service "
    "--enable_serialization_as_tensor_content --use_alts_credentials --exit-on-error "
    "--disable-auto-complete-config --strict-model-config --strict-readiness "
    "--model-namespacing --enable-peer-access --allow-http --reuse-http-port "
    "--allow-grpc --reuse-grpc-port --grpc-use-ssl --grpc-use-ssl-mutual --allow-metrics "
    "--allow-gpu-metrics --allow-cpu-metrics --allow-client-shm --log-info --log-warning "
    "--log-error";

/* Not "unknown", whatever becomes of it. */
static void parse_each(const char *flags, const char *value) {
    while (*flags) {
        size_t length = strcspn(flags, " ");
        char argument[96];
        snprintf(argument, sizeof argument, "%.*s=%s", (int)length, flags, value);
        AUTO(options_deinit) Options options = { 0 };
        Status status = PARSE(&options, "inferd", "dir", argument);
        if (strstr(status.message, "unknown flag"))
            fail_msg("%s", status.message);
        flags += length + (flags[length] == ' ');
    }
}

static void test_both_families_are_known(void **state) {
    (void)state;
    parse_each(NUMBERS, "1000");
    parse_each(SWITCHES, "false");
}

static void test_errors_name_the_flag(void **state) {
    (void)state;
    static const struct {
        const char *argument, *next, *expected;
    } rows[] = {
        { "--grpc-prot=9", NULL, "did you mean --grpc-port" },
        { "--model_repositry", "d", "did you mean --model-repository" },
        { "--rate-limit=sometimes", NULL, "off or execution_count" },
        { "--rate-limit-resource=R", NULL, "expected NAME:COUNT" },
        { "--rate-limit-resource=R:x", NULL, "expected NAME:COUNT" },
        { "--cache-config=redis,size=1", NULL, "expected local,size=BYTES" },
        { "--cache-config=local,size=x", NULL, "expected a number" },
        { "--use_alts_credentials", NULL, "ALTS is not supported" },
        { "--platform_config_file=f", NULL, "one platform" },
        { "--zzzzzzzzzzzz", NULL, "--help lists all" },
        { "--port", NULL, "--port needs a value" },
        { "--port=70000", NULL, "expected 0 to 65535" },
        { "--port=-1", NULL, "expected 0 to 65535" },
        { "--port=8x", NULL, "expected a number" },
        { "--port=", NULL, "expected a number" },
        { "--port=99999999999999999999", NULL, "expected a number" },
        { "--memory-bytes=9999999999999T", NULL, "expected a number" },
        { "--exit-on-error=maybe", NULL, "expected true or false" },
        { "--model-control-mode=sometimes", NULL, "none, poll or explicit" },
        { "--batching-parameters-file=f", NULL, "needs --enable-batching" },
        { "--model-base-path=/m", NULL, "exclude each other" },
        { "x.onnx", NULL, "exclude each other" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        Options options;
        const char *arguments[] = { "inferd", "dir", rows[i].argument, rows[i].next, NULL };
        Status status = parse(arguments, &options);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        if (!strstr(status.message, rows[i].expected))
            fail_msg("%s: %s", rows[i].argument, status.message);
    }
    Options options;
    Status status = PARSE(&options, "inferd");
    assert_non_null(strstr(status.message, "what to serve?"));
}

static void test_help_is_complete_and_narrow(void **state) {
    (void)state;
    AUTO(options_deinit) Options options = { 0 };
    must(PARSE(&options, "inferd", "--help"));
    assert_true(options.help);
    AUTO(free) char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);
    options_print_help(&options, file);
    fclose(file);
    assert_non_null(strstr(text, "--grpc-port"));
    assert_non_null(strstr(text, "8500"));
    assert_non_null(strstr(text, "tritonserver"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strlen(line) > 110)
            fail_msg("%zu columns: %s", strlen(line), line);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_spellings_mean_the_same),
        cmocka_unit_test(test_booleans),
        cmocka_unit_test(test_the_name_chooses_defaults),
        cmocka_unit_test(test_repositories_add_up_and_a_file_stands_alone),
        cmocka_unit_test(test_the_environment_says_what_to_serve),
        cmocka_unit_test(test_sizes_take_units),
        cmocka_unit_test(test_both_cache_flags_mean_the_same),
        cmocka_unit_test(test_flags_to_come_are_told),
        cmocka_unit_test(test_http_is_off_until_a_port_is_named),
        cmocka_unit_test(test_both_families_are_known),
        cmocka_unit_test(test_errors_name_the_flag),
        cmocka_unit_test(test_help_is_complete_and_narrow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
