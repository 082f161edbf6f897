/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * libinferd-client against real servers: two of them behind one DNS name, on one port of two
 * loopback addresses; one dies. Predictions, metadata, readiness and streams in the library's own
 * words.
 */

#include "clients/c/inferd_client.h"
#include "clients/c/resolve.h"
#include "runtime/base/clock.h"
#include "tests/support/check.h"
#include "tests/support/fake_dns.h"
#include "tests/support/samples.h"
#include "tests/support/server_process.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char *const SERVE_SAMPLES[] = { "--model-repository=" SAMPLES "/models", NULL };

static void check_code(InferdCode code, const InferdError *error) {
    if (code != INFERD_OK)
        fail_msg("%s: %s", inferd_code_name(code), error->message);
}

static InferdClient *open_client(const char *target, InferdProtocol protocol) {
    InferdClientOptions options = INFERD_CLIENT_OPTIONS_INIT;
    InferdClient *client = NULL;
    InferdError error;
    options.target = target;
    options.protocol = protocol;
    check_code(inferd_client_new(&options, &client, &error), &error);
    return client;
}

typedef struct Digit {
    float image[DIGIT_PIXELS], expected[DIGIT_CLASSES];
    InferdTensor input;
    InferdRequest request;
} Digit;

static void make_digit(int number, Digit *digit) {
    static const int64_t DIMS[] = { 1, 1, 8, 8 };
    sample_digit(number, digit->image, digit->expected);
    digit->input = (InferdTensor){ .name = "image",
                                   .type = INFERD_FLOAT32,
                                   .rank = 4,
                                   .dims = DIMS,
                                   .data = digit->image,
                                   .bytes = sizeof digit->image };
    digit->request = (InferdRequest)INFERD_REQUEST_INIT;
    digit->request.model = "digits";
    digit->request.inputs = &digit->input;
    digit->request.input_count = 1;
}

static void check_scores(const InferdResult *result, const float expected[DIGIT_CLASSES]) {
    const InferdTensor *scores = inferd_result_tensor(result, 0);
    assert_non_null(scores);
    assert_int_equal(scores->bytes, DIGIT_CLASSES * sizeof(float));
    const float *values = scores->data;
    for (size_t i = 0; i < DIGIT_CLASSES; i++)
        assert_true(fabsf(values[i] - expected[i]) < 1e-5f); /* as e2e/serving compares */
}

/* --- one server --- */

static void test_both_protocols_predict_describe_and_are_ready(void **state) {
    (void)state;
    AUTO(server_process_free) ServerProcess *server = server_process_start(SERVE_SAMPLES);
    for (int protocol = INFERD_INFERENCE; protocol <= INFERD_TENSORFLOW; protocol++) {
        InferdClient *client = open_client(server_process_target(server), (InferdProtocol)protocol);
        Digit digit;
        InferdResult *result = NULL;
        InferdModel *model = NULL;
        InferdError error;
        bool ready = false;
        make_digit(3, &digit);
        check_code(inferd_predict(client, &digit.request, &result, &error), &error);
        check_scores(result, digit.expected);
        assert_ptr_equal(inferd_result_find(result, inferd_result_tensor(result, 0)->name),
                         inferd_result_tensor(result, 0));
        assert_true(inferd_result_version(result) >= 1);
        inferd_result_free(result);

        check_code(inferd_metadata(client, "digits", 0, &model, &error), &error);
        assert_int_equal(model->input_count, 1);
        assert_string_equal(model->inputs[0].name, "image");
        assert_int_equal(model->inputs[0].type, INFERD_FLOAT32);
        inferd_model_free(model);

        check_code(inferd_ready(client, NULL, 0, &ready, &error), &error);
        assert_true(ready);
        check_code(inferd_ready(client, "digits", 0, &ready, &error), &error);
        assert_true(ready);
        check_code(inferd_ready(client, "nobody", 0, &ready, &error), &error);
        assert_false(ready);

        digit.request.model = "nobody";
        assert_int_equal(inferd_predict(client, &digit.request, &result, &error), INFERD_NOT_FOUND);
        inferd_client_free(client);
    }
    server_process_stop(TAKE(server));
}

static void test_a_stream_answers_in_order_and_tells_of_single_failures(void **state) {
    (void)state;
    enum { COUNT = 10 };
    AUTO(server_process_free) ServerProcess *server = server_process_start(SERVE_SAMPLES);
    InferdClient *client = open_client(server_process_target(server), INFERD_INFERENCE);
    InferdStream *stream = NULL;
    InferdResult *result = NULL;
    InferdError error;
    bool is_open = false;
    Digit digits[COUNT];
    check_code(inferd_stream_new(client, 30, &stream, &error), &error);
    for (int i = 0; i < COUNT; i++) {
        make_digit(i, &digits[i]);
        check_code(inferd_stream_send(stream, &digits[i].request, &error), &error);
    }
    for (int i = 0; i < COUNT; i++) {
        check_code(inferd_stream_receive(stream, &result, &is_open, &error), &error);
        assert_non_null(result);
        check_scores(result, digits[i].expected);
        inferd_result_free(result);
    }
    digits[0].request.model = "nobody";
    check_code(inferd_stream_send(stream, &digits[0].request, &error), &error);
    assert_int_not_equal(inferd_stream_receive(stream, &result, &is_open, &error), INFERD_OK);
    assert_non_null(strstr(error.message, "nobody"));
    assert_true(is_open);
    check_code(inferd_stream_finish(stream, &error), &error);
    check_code(inferd_stream_receive(stream, &result, &is_open, &error), &error);
    assert_null(result);
    inferd_stream_free(stream);

    check_code(inferd_stream_new(client, 30, &stream, &error), &error);
    check_code(inferd_stream_send(stream, &digits[1].request, &error), &error);
    inferd_stream_free(stream); /* in its middle */
    inferd_client_free(client);
    server_process_stop(TAKE(server));
}

/* --- two behind one name --- */

typedef struct Pair {
    ServerProcess *servers[2];
    FakeDns *dns;
    char target[96];
} Pair;

/* The second server takes the first one's port of another address. */
static void start_pair(Pair *pair) {
    static const uint8_t LAST_BYTES[] = { 1, 2 };
    char port[32];
    *pair = (Pair){ .servers = { server_process_start(SERVE_SAMPLES) } };
    snprintf(port, sizeof port, "--port=%d", server_process_port(pair->servers[0]));
    pair->servers[1] = server_process_start(
        (const char *[]){ SERVE_SAMPLES[0], "--grpc-address=127.0.0.2", port, NULL });
    pair->dns = fake_dns_start(LAST_BYTES, 2);
    snprintf(pair->target, sizeof pair->target, "dns://127.0.0.1:%d/models.example:%d",
             fake_dns_port(pair->dns), server_process_port(pair->servers[0]));
}

static void pair_deinit(Pair *pair) {
    server_process_free(pair->servers[0]);
    server_process_free(pair->servers[1]);
    fake_dns_free(pair->dns);
}
DEFINE_AUTO_VALUE(Pair, pair_deinit);

static void test_a_name_is_resolved_to_all_its_addresses(void **state) {
    (void)state;
    static const uint8_t LAST_BYTES[] = { 9, 3 };
    AUTO(fake_dns_free) FakeDns *dns = fake_dns_start(LAST_BYTES, 2);
    AUTO(fake_dns_free) FakeDns *empty = fake_dns_start(NULL, 0);
    AUTO(arena_free) Arena *arena = NULL;
    const char **targets = NULL;
    size_t count = 0;
    char name[96];
    check_ok(arena_new(4096, 1 << 20, &arena));
    snprintf(name, sizeof name, "dns://127.0.0.1:%d/models.example:8500", fake_dns_port(dns));
    check_ok(client_resolve(name, 10 * NS_PER_S, arena, &targets, &count));
    assert_int_equal(count, 2);
    assert_string_equal(targets[0], "127.0.0.3:8500");
    assert_string_equal(targets[1], "127.0.0.9:8500");
    snprintf(name, sizeof name, "dns://127.0.0.1:%d/nobody.example:8500", fake_dns_port(empty));
    Status failed = client_resolve(name, 10 * NS_PER_S, arena, &targets, &count);
    assert_int_equal(failed.code, STATUS_NOT_FOUND);
    check_ok(client_resolve("[::1]:85", NS_PER_S, arena, &targets, &count));
    assert_string_equal(targets[0], "[::1]:85");
    failed = client_resolve("models", NS_PER_S, arena, &targets, &count);
    assert_int_equal(failed.code, STATUS_INVALID_ARGUMENT);
}

/* How many calls a server says it served, by its shutdown line or statistics, is not asked: that
 * one of two may be killed without a failed call says more. */
static void test_two_servers_share_the_calls_and_one_may_die(void **state) {
    (void)state;
    enum { CALLS = 60, DIES_AT = 20 };
    AUTO(pair_deinit) Pair pair = { 0 };
    start_pair(&pair);
    InferdClient *client = open_client(pair.target, INFERD_INFERENCE);
    Digit digit;
    make_digit(7, &digit);
    for (int i = 0; i < CALLS; i++) {
        InferdResult *result = NULL;
        InferdError error;
        if (i == DIES_AT)
            server_process_free(TAKE(pair.servers[0])); /* SIGKILL */
        check_code(inferd_predict(client, &digit.request, &result, &error), &error);
        check_scores(result, digit.expected);
        inferd_result_free(result);
    }
    inferd_client_free(client);
    server_process_stop(TAKE(pair.servers[1]));
}

/* Turns alternate once both servers are connected to; until then there are attempts to spare. */
static void test_a_stopped_server_costs_a_hedged_call_only_the_delay(void **state) {
    (void)state;
    enum { CALLS = 14, STOPS_AT = 4 };
    AUTO(pair_deinit) Pair pair = { 0 };
    start_pair(&pair);
    InferdClientOptions options = INFERD_CLIENT_OPTIONS_INIT;
    InferdClient *client = NULL;
    options.target = pair.target;
    options.hedges = 5;
    options.hedge_delay_s = 0.05;
    assert_int_equal(inferd_client_new(&options, &client, NULL), INFERD_OK);
    Digit digit;
    make_digit(7, &digit);
    for (int i = 0; i < CALLS; i++) {
        InferdResult *result = NULL;
        InferdError error;
        if (i == STOPS_AT) /* both are connected to */
            server_process_signal(pair.servers[0], SIGSTOP);
        check_code(inferd_predict(client, &digit.request, &result, &error), &error);
        check_scores(result, digit.expected);
        inferd_result_free(result);
    }
    server_process_signal(pair.servers[0], SIGCONT);
    inferd_client_free(client);
    server_process_stop(TAKE(pair.servers[0]));
    server_process_stop(TAKE(pair.servers[1]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_protocols_predict_describe_and_are_ready),
        cmocka_unit_test(test_a_stream_answers_in_order_and_tells_of_single_failures),
        cmocka_unit_test(test_a_name_is_resolved_to_all_its_addresses),
        cmocka_unit_test(test_two_servers_share_the_calls_and_one_may_die),
        cmocka_unit_test(test_a_stopped_server_costs_a_hedged_call_only_the_delay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
