/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The life of calls, seen from a client: a real server, small methods, fake parts behind them. */

#include "server/rpc/rpc_server.h"

#include "runtime/base/size.h"
#include "server/rpc/core_compat.h"
#include "server/rpc/health.h"
#include "server/rpc/stream.h"
#include "tests/support/fake_serving.h"
#include "tests/support/rpc_client.h"

#include <poll.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEALTH_CHECK "/grpc.health.v1.Health/Check"

enum { MESSAGE_LIMIT = 1 << 20, LIVE_LIMIT = 8 };

static atomic_bool decode_is_slow;

static Status echo_decode(const Spans *message, size_t header_limit_bytes, Arena *arena,
                          WireInfer *ret_infer) {
    (void)header_limit_bytes;
    *ret_infer = (WireInfer){ .model = { .data = "m", .length = 1 } };
    WireTensor *input = arena_calloc(arena, 1, sizeof *input);
    input->payload = *message;
    ret_infer->inputs = input;
    ret_infer->input_count = 1;
    if (message->bytes && *(const char *)message->items[0].data == 'X')
        ret_infer->model = (StringView){ .data = "x", .length = 1 };
    return status_ok();
}

static uint64_t echo_cost(const Spans *message) {
    (void)message;
    return atomic_load(&decode_is_slow) ? NS_PER_S : 0;
}

static Status echo_bind(WireInfer *infer, Arena *arena, InferRequest *request) {
    (void)infer, (void)arena;
    request->rows = 1;
    return status_ok();
}

static Status echo_encode(const WireInfer *infer, const InferRequest *request, WireReply *reply) {
    (void)request;
    const Spans *payload = &infer->inputs[0].payload;
    for (size_t i = 0; i < payload->count; i++)
        TRY(wire_reply_add(reply, payload->items[i].data, payload->items[i].bytes, NULL));
    return status_ok();
}

static Status echo_describe(const Status *status, const WireInfer *infer) {
    (void)infer;
    return status_prefix(status, "described");
}

static const InferProtocol ECHO = { .name = "echo",
                                    .decode = echo_decode,
                                    .decode_cost_ns = echo_cost,
                                    .bind = echo_bind,
                                    .encode = echo_encode,
                                    .describe = echo_describe };

static Status serve_empty(ServerContext *server, const Spans *request, Arena *arena,
                          WireReply *reply) {
    (void)server, (void)request, (void)arena, (void)reply;
    return status_ok();
}

static const MethodRow METHODS[] = {
    { .path = "/t.T/Infer", .kind = METHOD_INFER, .class = CLASS_INFER, .infer = &ECHO },
    { .path = "/t.T/Empty", .kind = METHOD_UNARY, .class = CLASS_PROBE, .serve = serve_empty },
    { .path = HEALTH_CHECK, .kind = METHOD_UNARY, .class = CLASS_PROBE, .serve = health_check },
    { .path = "/grpc.health.v1.Health/List",
      .kind = METHOD_UNARY,
      .class = CLASS_CONTROL,
      .serve = health_list },
    { .path = "/grpc.health.v1.Health/Watch",
      .kind = METHOD_STREAM,
      .class = CLASS_PROBE,
      .stream = &HEALTH_WATCH },
    { .path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      .kind = METHOD_STREAM,
      .class = CLASS_CONTROL,
      .stream = &REFLECTION },
};

typedef struct Fixture {
    ServerContext context;
    RpcServer *server;
    RpcClient *client;
} Fixture;

static void must(Status status) {
    if (!status_is_ok(&status))
        fail_msg("%s", status.message);
}

static Status start_server(Fixture *fixture, const char *address, RpcServer **ret_server) {
    const char *addresses[] = { address };
    RpcOptions options = {
        .addresses = addresses,
        .address_count = 1,
        .methods = METHODS,
        .method_count = ARRAY_LENGTH(METHODS),
        .limits = { .max_live_calls = LIVE_LIMIT,
                    .max_bytes = 64 << 20,
                    .max_message_bytes = MESSAGE_LIMIT },
        .core_memory_bytes = 256 << 20,
        .max_streams = 100,
        .handshake_timeout_ns = 5 * NS_PER_S,
        .keepalive_time_ns = 60 * NS_PER_S,
        .keepalive_timeout_ns = 20 * NS_PER_S,
        .channel_arguments = "grpc.max_connection_age_grace_ms=1000,a.text=b",
    };
    TRY(rpc_server_new(&options, &fixture->context, ret_server));
    return rpc_server_start(*ret_server);
}

static int set_up(void **state) {
    Fixture *fixture = *state = calloc(1, sizeof *fixture);
    fake_serving_reset();
    atomic_store(&decode_is_slow, false);
    fixture->context = (ServerContext){ .repo = FAKE_REPO,
                                        .scheduler = FAKE_SCHEDULER,
                                        .header_limit_bytes = 65536,
                                        .request_arena_bytes = 8 << 20 };
    must(metrics_new(&fixture->context.metrics));
    must(pool_new(2, &fixture->context.pool));
    must(start_server(fixture, "127.0.0.1:0", &fixture->server));
    fixture->client = rpc_client_new(rpc_server_port(fixture->server));
    return 0;
}

static int tear_down(void **state) {
    Fixture *fixture = *state;
    if (fixture->client)
        rpc_client_free(fixture->client);
    rpc_server_free(fixture->server);
    pool_free(fixture->context.pool);
    metrics_free(fixture->context.metrics);
    free(fixture);
    return 0;
}

static RpcAnswer ask(Fixture *fixture, const RpcAsk *question) {
    RpcAnswer answer;
    rpc_client_ask(fixture->client, question, &answer);
    return answer;
}

#define INFER_ASK(body_, length_, ...)                                                             \
    ((RpcAsk){ .path = "/t.T/Infer", .body = (body_), .length = (length_), __VA_ARGS__ })

static void expect(RpcAnswer answer, int code, const char *details) {
    if (answer.code != code || !strstr(answer.details, details))
        fail_msg("expected %d '%s', got %d '%s'", code, details, answer.code, answer.details);
    rpc_answer_free(&answer);
}

static void expect_echo(RpcAnswer answer, const void *body, size_t length) {
    if (answer.code)
        fail_msg("got %d '%s'", answer.code, answer.details);
    assert_int_equal(answer.length, length);
    assert_memory_equal(answer.bytes, body, length);
    rpc_answer_free(&answer);
}

static unsigned char *pattern(size_t length) {
    unsigned char *bytes = malloc(length);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (unsigned char)(i * 2654435761u >> 13);
    bytes[0] = 'a';
    return bytes;
}

static void test_small_and_large_messages_come_back(void **state) {
    static const size_t lengths[] = { 1, 100, 4096, 100000, MESSAGE_LIMIT };
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        unsigned char *body = pattern(lengths[i]);
        expect_echo(ask(*state, &INFER_ASK(body, lengths[i])), body, lengths[i]);
        free(body);
    }
}

static void test_slow_decodes_answer_from_a_worker(void **state) {
    atomic_store(&decode_is_slow, true);
    expect_echo(ask(*state, &INFER_ASK("abc", 3)), "abc", 3);
}

static void test_an_empty_reply_is_a_message(void **state) {
    RpcAnswer answer = ask(*state, &(RpcAsk){ .path = "/t.T/Empty", .body = "", .length = 0 });
    assert_non_null(answer.bytes);
    expect_echo(answer, "", 0);
}

static void test_many_calls_in_turn_reuse_their_memory(void **state) {
    for (size_t i = 0; i < 500; i++)
        expect_echo(ask(*state, &INFER_ASK("abc", 3)), "abc", 3);
    MetricsCalls calls;
    metrics_calls(((Fixture *)*state)->context.metrics, &calls);
    assert_int_equal(calls.calls[STATUS_OK], 500);
}

static void test_unknown_method_is_named(void **state) {
    expect(ask(*state, &(RpcAsk){ .path = "/t.T/Nope", .body = "x", .length = 1 }),
           STATUS_UNIMPLEMENTED, "/t.T/Nope");
}

static void test_missing_message_is_an_error(void **state) {
    expect(ask(*state, &(RpcAsk){ .path = "/t.T/Infer", .no_message = true }),
           STATUS_INVALID_ARGUMENT, "without a request message");
}

static void test_failures_are_described_by_the_protocol(void **state) {
    expect(ask(*state, &INFER_ASK("X", 1)), STATUS_NOT_FOUND, "described: no model 'x'");
    fake_repo_set_ready(false);
    expect(ask(*state, &INFER_ASK("abc", 3)), STATUS_FAILED_PRECONDITION, "described");
}

static void test_oversize_is_refused(void **state) {
    unsigned char *body = pattern(MESSAGE_LIMIT + 1);
    expect(ask(*state, &INFER_ASK(body, MESSAGE_LIMIT + 1)), STATUS_RESOURCE_EXHAUSTED, "");
    free(body);
    expect_echo(ask(*state, &INFER_ASK("abc", 3)), "abc", 3);
}

static void test_compressed_requests_are_inflated(void **state) {
    static const char *const encodings[] = { "gzip", "deflate" };
    unsigned char *body = calloc(1, MESSAGE_LIMIT);
    memset(body, 'a', MESSAGE_LIMIT);
    for (size_t i = 0; i < ARRAY_LENGTH(encodings); i++)
        expect_echo(ask(*state, &INFER_ASK(body, MESSAGE_LIMIT, .encoding = encodings[i])), body,
                    MESSAGE_LIMIT);
    free(body);
}

static void test_a_bomb_stops_at_the_limit(void **state) {
    size_t length = 32 * (size_t)MESSAGE_LIMIT;
    unsigned char *body = calloc(1, length);
    expect(ask(*state, &INFER_ASK(body, length, .encoding = "gzip")), STATUS_RESOURCE_EXHAUSTED,
           "inflates to more than");
    free(body);
}

static void test_cancelled_while_queued(void **state) {
    Fixture *fixture = *state;
    fake_scheduler_hold(true);
    RpcCall *call = rpc_call_start(fixture->client, &INFER_ASK("abc", 3));
    fake_scheduler_wait_queued(1);
    rpc_call_cancel(call);
    fake_scheduler_wait_cancelled(1);
    RpcAnswer answer;
    rpc_call_finish(call, &answer);
    expect(answer, STATUS_CANCELLED, "");
    fake_scheduler_hold(false);
    expect_echo(ask(fixture, &INFER_ASK("abc", 3)), "abc", 3);
}

/* On a slow machine a deadline may pass before the request is there: then a longer one. */
static void test_deadline_ends_the_call_and_its_request(void **state) {
    fake_scheduler_hold(true);
    for (int ms = 100; !fake_scheduler_submitted() && ms < 20000; ms *= 2)
        expect(ask(*state, &INFER_ASK("abc", 3, .timeout_ms = ms)), STATUS_DEADLINE_EXCEEDED, "");
    fake_scheduler_wait_cancelled(1);
}

static void test_live_calls_are_capped_but_probes_pass(void **state) {
    Fixture *fixture = *state;
    fake_scheduler_hold(true);
    RpcCall *calls[LIVE_LIMIT];
    for (size_t i = 0; i < LIVE_LIMIT; i++)
        calls[i] = rpc_call_start(fixture->client, &INFER_ASK("abc", 3));
    fake_scheduler_wait_queued(LIVE_LIMIT);
    expect(ask(fixture, &INFER_ASK("abc", 3)), STATUS_RESOURCE_EXHAUSTED, "calls in progress");
    expect(ask(fixture, &(RpcAsk){ .path = HEALTH_CHECK, .body = "", .length = 0 }), STATUS_OK, "");
    fake_scheduler_hold(false);
    fake_scheduler_release();
    for (size_t i = 0; i < LIVE_LIMIT; i++) {
        RpcAnswer answer;
        rpc_call_finish(calls[i], &answer);
        expect_echo(answer, "abc", 3);
    }
}

static void test_nothing_stays_reserved(void **state) {
    Fixture *fixture = *state;
    unsigned char *body = pattern(300000);
    for (size_t i = 0; i < 10; i++)
        expect_echo(ask(fixture, &INFER_ASK(body, 300000)), body, 300000);
    free(body);
    rpc_client_free(fixture->client);
    fixture->client = NULL;
    rpc_server_stop(fixture->server);
    struct pollfd stopped = { .fd = rpc_server_stopped_fd(fixture->server), .events = POLLIN };
    assert_int_equal(poll(&stopped, 1, 20000), 1);
    RpcCounts counts = rpc_server_counts(fixture->server);
    assert_int_equal(counts.live_calls, 0);
    assert_int_equal(counts.reserved_bytes, 0);
}

static void test_stop_lets_calls_in_progress_finish(void **state) {
    Fixture *fixture = *state;
    fake_scheduler_hold(true);
    RpcCall *call = rpc_call_start(fixture->client, &INFER_ASK("abc", 3));
    fake_scheduler_wait_queued(1);
    rpc_server_stop(fixture->server);
    struct pollfd stopped = { .fd = rpc_server_stopped_fd(fixture->server), .events = POLLIN };
    assert_int_equal(poll(&stopped, 1, 0), 0);
    fake_scheduler_release();
    RpcAnswer answer;
    rpc_call_finish(call, &answer);
    expect_echo(answer, "abc", 3);
    assert_int_equal(poll(&stopped, 1, 20000), 1);
}

static void test_free_cancels_what_is_in_progress(void **state) {
    Fixture *fixture = *state;
    fake_scheduler_hold(true);
    RpcCall *call = rpc_call_start(fixture->client, &INFER_ASK("abc", 3));
    fake_scheduler_wait_queued(1);
    rpc_server_free(fixture->server);
    fixture->server = NULL;
    RpcAnswer answer;
    rpc_call_finish(call, &answer);
    assert_true(answer.code == STATUS_CANCELLED || answer.code == STATUS_UNAVAILABLE);
    rpc_answer_free(&answer);
}

static void test_a_taken_port_is_an_error(void **state) {
    Fixture *fixture = *state;
    char address[64];
    snprintf(address, sizeof address, "127.0.0.1:%d", rpc_server_port(fixture->server));
    RpcServer *second = NULL;
    Status status = start_server(fixture, address, &second);
    assert_int_equal(status.code, STATUS_UNAVAILABLE);
    assert_non_null(strstr(status.message, address));
    assert_null(second);
}

/* --- health --- */

static int health_of(RpcAnswer *answer) {
    int status = answer->length == 2 && answer->bytes[0] == 8 ? answer->bytes[1] : -1;
    rpc_answer_free(answer);
    return status;
}

static int ask_health(Fixture *fixture, const char *request) {
    RpcAsk call = { .path = HEALTH_CHECK, .body = request, .length = strlen(request) };
    RpcAnswer answer = ask(fixture, &call);
    assert_int_equal(answer.code, STATUS_OK);
    return health_of(&answer);
}

static void test_health_check_follows_readiness(void **state) {
    Fixture *fixture = *state;
    static const char *const names[] = { "", "\x0a\x01m",
                                         "\x0a\x1einference.GRPCInferenceService" };
    for (int ready = 0; ready < 2; ready++) {
        fake_repo_set_ready(ready);
        for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
            assert_int_equal(ask_health(fixture, names[i]),
                             ready ? HEALTH_SERVING : HEALTH_NOT_SERVING);
        assert_int_equal(ask_health(fixture, "\x0a\x0finferd.Liveness"), HEALTH_SERVING);
    }
    expect(ask(fixture, &(RpcAsk){ .path = HEALTH_CHECK, .body = "\x0a\x02zz", .length = 4 }),
           STATUS_NOT_FOUND, "zz");
    expect(ask(fixture, &(RpcAsk){ .path = HEALTH_CHECK, .body = "\x0a\x7fzz", .length = 4 }),
           STATUS_INVALID_ARGUMENT, "malformed");
}

static void test_watch_tells_changes_only(void **state) {
    Fixture *fixture = *state;
    RpcCall *call = rpc_call_start(
        fixture->client,
        &(RpcAsk){ .path = "/grpc.health.v1.Health/Watch", .body = "\x0a\x01m", .length = 3 });
    RpcAnswer answer;
    assert_true(rpc_call_read(call, &answer));
    assert_int_equal(health_of(&answer), HEALTH_SERVING);
    rpc_server_health_changed(fixture->server); /* nothing did */
    fake_repo_set_ready(false);
    rpc_server_health_changed(fixture->server);
    assert_true(rpc_call_read(call, &answer));
    assert_int_equal(health_of(&answer), HEALTH_NOT_SERVING);
    fake_repo_set_ready(true);
    rpc_server_health_changed(fixture->server);
    assert_true(rpc_call_read(call, &answer));
    assert_int_equal(health_of(&answer), HEALTH_SERVING);
    atomic_store(&fixture->context.draining, true);
    rpc_server_health_changed(fixture->server);
    assert_true(rpc_call_read(call, &answer));
    assert_int_equal(health_of(&answer), HEALTH_NOT_SERVING);
    rpc_server_stop(fixture->server);
    rpc_call_finish(call, &answer);
    expect(answer, STATUS_UNAVAILABLE, "shutting down");
}

static void test_watch_of_an_unknown_name_goes_on(void **state) {
    Fixture *fixture = *state;
    RpcCall *call = rpc_call_start(
        fixture->client,
        &(RpcAsk){ .path = "/grpc.health.v1.Health/Watch", .body = "\x0a\x01q", .length = 3 });
    RpcAnswer answer;
    assert_true(rpc_call_read(call, &answer));
    assert_int_equal(health_of(&answer), HEALTH_SERVICE_UNKNOWN);
    rpc_call_cancel(call);
    rpc_call_finish(call, &answer);
    expect(answer, STATUS_CANCELLED, "");
}

static void test_watch_without_a_message_ends(void **state) {
    expect(ask(*state, &(RpcAsk){ .path = "/grpc.health.v1.Health/Watch", .no_message = true }),
           STATUS_INVALID_ARGUMENT, "");
}

/* --- reflection --- */

static bool has_text(const RpcAnswer *answer, const char *text) {
    return answer->bytes && memmem(answer->bytes, answer->length, text, strlen(text)) != NULL;
}

static void test_reflection_answers_in_one_stream(void **state) {
    Fixture *fixture = *state;
    static const struct {
        const char *question; /* one field, by hand */
        const char *expected;
    } rows[] = {
        { "\x3a\x00", "grpc.health.v1.Health" },
        { "\x22\x15grpc.health.v1.Health", "grpc/health/v1/health.proto" },
        { "\x22\x18grpc.health.v1.Health.Ch", "no symbol" },
        { "\x1a\x12grpc_service.proto", "model_config.proto" },
        { "\x1a\x02no", "no file 'no'" },
    };
    RpcCall *call = rpc_call_start(
        fixture->client,
        &(RpcAsk){ .path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                   .body = rows[0].question,
                   .length = 2,
                   .keep_open = true });
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        RpcAnswer answer;
        size_t length = i ? strlen(rows[i].question) : 2;
        if (i)
            rpc_call_send(call, rows[i].question, length);
        assert_true(rpc_call_read(call, &answer));
        if (!has_text(&answer, rows[i].expected))
            fail_msg("question %zu: '%s' is not in the answer", i, rows[i].expected);
        rpc_answer_free(&answer);
    }
    rpc_call_half_close(call);
    RpcAnswer end;
    rpc_call_finish(call, &end);
    expect(end, STATUS_OK, "");
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    static const struct CMUnitTest tests[] = {
        WITH_SERVER(test_small_and_large_messages_come_back),
        WITH_SERVER(test_slow_decodes_answer_from_a_worker),
        WITH_SERVER(test_an_empty_reply_is_a_message),
        WITH_SERVER(test_many_calls_in_turn_reuse_their_memory),
        WITH_SERVER(test_unknown_method_is_named),
        WITH_SERVER(test_missing_message_is_an_error),
        WITH_SERVER(test_failures_are_described_by_the_protocol),
        WITH_SERVER(test_oversize_is_refused),
        WITH_SERVER(test_compressed_requests_are_inflated),
        WITH_SERVER(test_a_bomb_stops_at_the_limit),
        WITH_SERVER(test_cancelled_while_queued),
        WITH_SERVER(test_deadline_ends_the_call_and_its_request),
        WITH_SERVER(test_live_calls_are_capped_but_probes_pass),
        WITH_SERVER(test_nothing_stays_reserved),
        WITH_SERVER(test_stop_lets_calls_in_progress_finish),
        WITH_SERVER(test_free_cancels_what_is_in_progress),
        WITH_SERVER(test_a_taken_port_is_an_error),
        WITH_SERVER(test_health_check_follows_readiness),
        WITH_SERVER(test_watch_tells_changes_only),
        WITH_SERVER(test_watch_of_an_unknown_name_goes_on),
        WITH_SERVER(test_watch_without_a_message_ends),
        WITH_SERVER(test_reflection_answers_in_one_stream),
    };
    core_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    core_deinit();
    return failed;
}
