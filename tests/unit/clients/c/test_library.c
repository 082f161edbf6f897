/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * libinferd-client against servers that fail, are silent or push back, as a user of its header
 * meets them. Answers are those of the Open Inference Protocol: an empty one, from model "m".
 */

#include "clients/c/inferd_client.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"
#include "tests/support/check.h"
#include "tests/support/fake_backend.h"

#include <stdio.h>
#include <string.h>

#define ANSWER "\x0a\x01m" /* ModelInferResponse { model_name: "m" } */
enum { UNAVAILABLE = 14, RESOURCE_EXHAUSTED = 8, NOT_FOUND = 5 };

static const FakeReply GOOD = { .bytes = ANSWER };
static const FakeReply SILENT = { .hold = true };

static uint64_t now_ms(void) {
    return clock_now_ns(clock_monotonic()) / NS_PER_MS;
}

typedef struct Asked {
    InferdError error;
    bool has_result;
    uint64_t took_ms;
} Asked;

static InferdClient *open_client(FakeBackend *const *backends, size_t count,
                                 InferdClientOptions options) {
    char target[256] = "ipv4:";
    for (size_t i = 0; i < count; i++)
        snprintf(target + strlen(target), sizeof target - strlen(target), "%s127.0.0.1:%d",
                 i ? "," : "", fake_backend_port(backends[i]));
    InferdClient *client = NULL;
    InferdError error;
    options.target = target;
    if (inferd_client_new(&options, &client, &error) != INFERD_OK)
        fail_msg("%s", error.message);
    return client;
}

static Asked ask_with(InferdClient *client) {
    Asked asked = { 0 };
    InferdRequest request = INFERD_REQUEST_INIT;
    InferdResult *result = NULL;
    request.model = "m";
    uint64_t began_ms = now_ms();
    inferd_predict(client, &request, &result, &asked.error);
    asked.took_ms = now_ms() - began_ms;
    asked.has_result = result != NULL;
    if (result)
        assert_string_equal(inferd_result_model(result), "m");
    inferd_result_free(result);
    return asked;
}

/* One prediction of a client of its own. */
static Asked ask(FakeBackend *backend, InferdClientOptions options) {
    InferdClient *client = open_client(&backend, 1, options);
    Asked asked = ask_with(client);
    inferd_client_free(client);
    return asked;
}

static InferdClientOptions defaults(void) {
    return (InferdClientOptions)INFERD_CLIENT_OPTIONS_INIT;
}

static InferdClientOptions hedging(unsigned hedges, double delay_s) {
    InferdClientOptions options = defaults();
    options.hedges = hedges;
    options.hedge_delay_s = delay_s;
    return options;
}

/* --- retries --- */

static void test_a_call_is_sent_again_while_the_server_is_unavailable(void **state) {
    (void)state;
    const FakeReply script[] = { { .code = UNAVAILABLE }, { .code = UNAVAILABLE }, GOOD };
    AUTO(fake_backend_free) FakeBackend *backend = fake_backend_start(script, 3);
    Asked asked = ask(backend, defaults());
    assert_int_equal(asked.error.code, INFERD_OK);
    assert_true(asked.has_result);
    assert_int_equal(fake_backend_calls(backend), 3);
}

static void test_attempts_are_counted_and_other_failures_are_not_repeated(void **state) {
    (void)state;
    static const struct {
        int code;
        unsigned attempts;
        size_t calls;
    } CASES[] = { { UNAVAILABLE, 2, 2 }, { UNAVAILABLE, 1, 1 }, { NOT_FOUND, 4, 1 } };
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++) {
        const FakeReply script[] = { { .code = CASES[i].code } };
        AUTO(fake_backend_free) FakeBackend *backend = fake_backend_start(script, 1);
        InferdClientOptions options = defaults();
        options.attempts = CASES[i].attempts;
        Asked asked = ask(backend, options);
        assert_int_equal(asked.error.code, CASES[i].code);
        assert_string_equal(asked.error.message, "as the script says");
        assert_int_equal(fake_backend_calls(backend), CASES[i].calls);
    }
}

static void test_a_retry_waits_as_long_as_the_server_says(void **state) {
    (void)state;
    const FakeReply script[] = { { .code = UNAVAILABLE, .pushback = "400" }, GOOD };
    AUTO(fake_backend_free) FakeBackend *backend = fake_backend_start(script, 2);
    Asked asked = ask(backend, defaults());
    assert_int_equal(asked.error.code, INFERD_OK);
    assert_true(asked.took_ms >= 380);
}

static void test_a_negative_pushback_ends_retries_and_hedges(void **state) {
    (void)state;
    const FakeReply script[] = { { .code = UNAVAILABLE, .pushback = "-1" }, GOOD };
    for (int hedged = 0; hedged < 2; hedged++) {
        AUTO(fake_backend_free) FakeBackend *backend = fake_backend_start(script, 2);
        Asked asked = ask(backend, hedged ? hedging(3, 0.01) : defaults());
        assert_int_equal(asked.error.code, INFERD_UNAVAILABLE);
        assert_int_equal(fake_backend_calls(backend), 1);
    }
}

/* --- hedging --- */

/* One call at a time, and none before both servers are connected to: turns are certain then. */
static void test_a_silent_server_is_overtaken_by_the_next(void **state) {
    (void)state;
    AUTO(fake_backend_free) FakeBackend *silent = fake_backend_start(&GOOD, 1);
    AUTO(fake_backend_free) FakeBackend *good = fake_backend_start(&GOOD, 1);
    FakeBackend *backends[] = { silent, good };
    InferdClient *client = open_client(backends, 2, hedging(2, 0.02));
    while (fake_backend_calls(silent) == 0 || fake_backend_calls(good) == 0)
        assert_int_equal(ask_with(client).error.code, INFERD_OK);
    fake_backend_always(silent, &SILENT);
    size_t silent_calls = fake_backend_calls(silent);
    for (int i = 0; i < 6; i++)
        assert_int_equal(ask_with(client).error.code, INFERD_OK);
    assert_true(fake_backend_calls(silent) > silent_calls);
    inferd_client_free(client);
}

static void test_without_hedging_a_silent_server_is_waited_for(void **state) {
    (void)state;
    AUTO(fake_backend_free) FakeBackend *silent = fake_backend_start(&SILENT, 1);
    InferdClientOptions options = defaults();
    options.timeout_s = 0.2;
    Asked asked = ask(silent, options);
    assert_int_equal(asked.error.code, INFERD_DEADLINE_EXCEEDED);
    assert_int_equal(fake_backend_calls(silent), 1);
}

static void test_hedges_of_a_silent_server_are_bounded_and_end_with_the_deadline(void **state) {
    (void)state;
    AUTO(fake_backend_free) FakeBackend *silent = fake_backend_start(&SILENT, 1);
    InferdClientOptions options = hedging(3, 0.02);
    options.timeout_s = 0.5;
    Asked asked = ask(silent, options);
    assert_int_equal(asked.error.code, INFERD_DEADLINE_EXCEEDED);
    assert_int_equal(fake_backend_calls(silent), 3);
}

static void test_a_full_server_sends_a_hedge_at_once(void **state) {
    (void)state;
    const FakeReply script[] = { { .code = RESOURCE_EXHAUSTED }, GOOD };
    AUTO(fake_backend_free) FakeBackend *backend = fake_backend_start(script, 2);
    Asked asked = ask(backend, hedging(2, 10));
    assert_int_equal(asked.error.code, INFERD_OK);
    assert_true(asked.took_ms < 5000);
}

static void test_a_hedge_waits_as_long_as_the_server_says(void **state) {
    (void)state;
    const FakeReply script[] = { { .code = UNAVAILABLE, .pushback = "300" }, GOOD };
    AUTO(fake_backend_free) FakeBackend *backend = fake_backend_start(script, 2);
    Asked asked = ask(backend, hedging(2, 0.01));
    assert_int_equal(asked.error.code, INFERD_OK);
    assert_true(asked.took_ms >= 290);
}

/* --- ends --- */

static void note_end(void *user, InferdResult *result, const InferdError *error) {
    assert_null(result);
    *(InferdCode *)user = error->code;
}

static void test_a_client_that_is_freed_ends_its_calls(void **state) {
    (void)state;
    for (int hedged = 0; hedged < 2; hedged++) {
        AUTO(fake_backend_free) FakeBackend *silent = fake_backend_start(&SILENT, 1);
        InferdClientOptions options = hedged ? hedging(5, 0.001) : defaults();
        InferdClient *client = open_client(&silent, 1, options);
        InferdRequest request = INFERD_REQUEST_INIT;
        InferdCode ended = INFERD_OK;
        request.model = "m";
        assert_int_equal(inferd_predict_start(client, &request, note_end, &ended, NULL), INFERD_OK);
        assert_int_equal(inferd_client_poll(client, 0.05), 0);
        assert_true(inferd_client_outstanding(client) > 0);
        inferd_client_free(client);
        assert_int_equal(ended, INFERD_CANCELLED);
    }
}

static void count_release(void *user) {
    __atomic_fetch_add((int *)user, 1, __ATOMIC_SEQ_CST);
}

static void test_lent_tensors_are_given_back_once_and_none_after_a_refusal(void **state) {
    (void)state;
    enum { BYTES = 1 << 20 };
    int released = 0;
    AUTO(free) char *data = calloc(1, BYTES);
    AUTO(fake_backend_free) FakeBackend *backend = fake_backend_start(&GOOD, 1);
    InferdClient *client = open_client(&backend, 1, defaults());
    const int64_t dims[] = { BYTES }, few[] = { 8 };
    InferdTensor inputs[] = { { .name = "large",
                                .type = INFERD_UINT8,
                                .rank = 1,
                                .dims = dims,
                                .data = data,
                                .bytes = BYTES,
                                .release = count_release,
                                .release_user = &released },
                              { .name = "small",
                                .type = INFERD_UINT8,
                                .rank = 1,
                                .dims = few,
                                .data = data,
                                .bytes = 8,
                                .release = count_release,
                                .release_user = &released } };
    InferdRequest request = INFERD_REQUEST_INIT;
    InferdResult *result = NULL;
    InferdError error;
    request.model = "m";
    request.inputs = inputs;
    request.input_count = 2;
    inputs[1].bytes = 7;
    assert_int_equal(inferd_predict(client, &request, &result, &error), INFERD_INVALID_ARGUMENT);
    assert_int_equal(released, 0);
    inputs[1].bytes = 8;
    inferd_predict(client, &request, &result, &error); /* it may be answered before it is read */
    inferd_result_free(result);
    inferd_client_free(client);
    fake_backend_free(TAKE(backend));
    assert_int_equal(__atomic_load_n(&released, __ATOMIC_SEQ_CST), 2);
}

static void test_options_of_no_known_size_are_refused(void **state) {
    (void)state;
    InferdClientOptions options = defaults();
    InferdClient *client = NULL;
    InferdError error;
    options.struct_bytes = 1;
    assert_int_equal(inferd_client_new(&options, &client, &error), INFERD_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "INFERD_CLIENT_OPTIONS_INIT"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_is_sent_again_while_the_server_is_unavailable),
        cmocka_unit_test(test_attempts_are_counted_and_other_failures_are_not_repeated),
        cmocka_unit_test(test_a_retry_waits_as_long_as_the_server_says),
        cmocka_unit_test(test_a_negative_pushback_ends_retries_and_hedges),
        cmocka_unit_test(test_a_silent_server_is_overtaken_by_the_next),
        cmocka_unit_test(test_without_hedging_a_silent_server_is_waited_for),
        cmocka_unit_test(test_hedges_of_a_silent_server_are_bounded_and_end_with_the_deadline),
        cmocka_unit_test(test_a_full_server_sends_a_hedge_at_once),
        cmocka_unit_test(test_a_hedge_waits_as_long_as_the_server_says),
        cmocka_unit_test(test_a_client_that_is_freed_ends_its_calls),
        cmocka_unit_test(test_lent_tensors_are_given_back_once_and_none_after_a_refusal),
        cmocka_unit_test(test_options_of_no_known_size_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
