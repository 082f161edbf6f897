/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Calls that wait, share, end early or outlive the server's will to serve. Waiting is made certain
 * by a model whose batches wait for company longer than the test lasts: what happens to a call in
 * that queue is decided by its deadline, its client or the drain, never by chance.
 */

#include "tests/support/ask.h"
#include "tests/support/check.h"
#include "tests/support/rpc_client.h"
#include "tests/support/samples.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_repository.h"
#include "tests/support/same_rows.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 4, DELAYED_ROWS = 4 };

/* Calls of a batched model wait up to ten minutes for a full batch of four rows. */
#define DELAYED_CONFIG                                                                             \
    "max_batch_size: 4 dynamic_batching { max_queue_delay_microseconds: 600000000 "                \
    "preferred_batch_size: [ 4 ] default_queue_policy { max_queue_size: 8 } }"

static uint64_t now_ns(void) {
    return clock_now_ns(clock_monotonic());
}

static void add_delayed_model(TempRepository *repository) {
    AUTO(wire_writer_deinit) WireWriter model = { 0 };
    model_write_add(&model, COLUMNS, 1);
    temp_repository_configure(repository, "delayed", DELAYED_CONFIG);
    temp_repository_add(repository, "delayed", 1, model.data, model.length);
}

static Client *connect_to(const ServerProcess *server, size_t connections) {
    Client *client;
    check_ok(client_new(
        &(ClientOptions){ .target = server_process_target(server), .connections = connections },
        &client));
    return client;
}

static const float ROW[COLUMNS] = { 1, 2, 3, 4 };
static const Ask DELAYED = { .model = "delayed",
                             .input = "x",
                             .rank = 2,
                             .dims = { 1, COLUMNS },
                             .data = ROW,
                             .bytes = sizeof ROW };

/* One call among many. */
typedef struct Sent {
    bool done;
    Status status;
    ClientReply reply;
} Sent;

static void note_end(void *user, const Status *status, size_t reply_bytes, ClientReply *reply) {
    Sent *sent = user;
    (void)reply_bytes;
    sent->done = true;
    sent->status = *status;
    sent->reply = *reply;
    *reply = (ClientReply){ 0 };
}

static void send_ask(Client *client, const Ask *ask, Protocol protocol, uint64_t timeout_ns,
                     Sent *sent) {
    AUTO(wire_writer_deinit) WireWriter request = { 0 };
    AUTO(client_message_free) ClientMessage *message = NULL;
    ask_write(ask, protocol, &request);
    check_ok(client_message_new(request.data, request.length, &message));
    check_ok(client_start(client, &(ClientCall){ .method = PROTOCOL_METHODS[protocol],
                                                 .message = message,
                                                 .timeout_ns = timeout_ns,
                                                 .want_reply = true,
                                                 .done = note_end,
                                                 .user = sent }));
}

static void wait_until_all_ended(Client *client) {
    uint64_t deadline_ns = now_ns() + 120 * NS_PER_S;
    while (client_outstanding(client) > 0 && now_ns() < deadline_ns)
        client_poll(client, deadline_ns);
    assert_int_equal(client_outstanding(client), 0);
}

/* --- one after the other --- */

static void test_a_deadline_ends_a_waiting_call(void **state) {
    (void)state;
    AUTO(temp_repository_deinit) TempRepository repository = { 0 };
    temp_repository_init(&repository);
    add_delayed_model(&repository);
    AUTO(server_process_free)
    ServerProcess *server = server_process_start((const char *[]){ repository.flag, NULL });
    AUTO(client_free) Client *client = connect_to(server, 1);
    for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        Sent sent = { 0 };
        uint64_t began_ns = now_ns();
        send_ask(client, &DELAYED, protocol, 300 * NS_PER_MS, &sent);
        wait_until_all_ended(client);
        assert_int_equal(sent.status.code, STATUS_DEADLINE_EXCEEDED);
        assert_true(now_ns() - began_ns >= 250 * NS_PER_MS);
    }
    client_free(TAKE(client));
    server_process_stop(TAKE(server)); /* nothing of them is left in the queue to wait for */
}

/* The server's own limit, so that the words are its own, not the client library's. */
static void test_the_models_timeout_ends_a_waiting_call(void **state) {
    (void)state;
    AUTO(temp_repository_deinit) TempRepository repository = { 0 };
    temp_repository_init(&repository);
    AUTO(wire_writer_deinit) WireWriter model = { 0 };
    model_write_add(&model, COLUMNS, 1);
    temp_repository_configure(
        &repository, "delayed",
        "max_batch_size: 4 dynamic_batching { max_queue_delay_microseconds: 600000000 "
        "preferred_batch_size: [ 4 ] "
        "default_queue_policy { default_timeout_microseconds: 100000 } }");
    temp_repository_add(&repository, "delayed", 1, model.data, model.length);
    AUTO(server_process_free)
    ServerProcess *server = server_process_start((const char *[]){ repository.flag, NULL });
    AUTO(client_free) Client *client = connect_to(server, 1);
    for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++)
        check_fails(ask_send(client, &DELAYED, protocol, NULL), STATUS_UNAVAILABLE,
                    "Request timeout expired");
    client_free(TAKE(client));
    server_process_stop(TAKE(server));
}

/* Full at 64 rows, which tests do not send, or at eight requests. */
#define QUEUE_OF_EIGHT                                                                             \
    "max_batch_size: 64 dynamic_batching { max_queue_delay_microseconds: 600000000 "               \
    "preferred_batch_size: [ 64 ] default_queue_policy { max_queue_size: 8 } }"

/* Nine calls: when one of them is refused, the other eight are queued. Returns which was. */
static size_t fill_queue_of_eight(Client *client, const Ask *ask, Sent sent[static 9]) {
    for (size_t i = 0; i < 9; i++)
        send_ask(client, ask, PROTOCOL_INFERENCE, TIME_NEVER, &sent[i]);
    while (client_outstanding(client) == 9)
        client_poll(client, now_ns() + 60 * NS_PER_S);
    size_t refused = 0;
    for (size_t i = 0; i < 9; i++)
        if (sent[i].done)
            refused = i;
    check_fails(sent[refused].status, STATUS_UNAVAILABLE, "Exceeds maximum queue size");
    return refused;
}

/* A full queue refuses; cancelling what waits makes room again. */
static void test_cancelled_calls_leave_the_queue(void **state) {
    (void)state;
    AUTO(temp_repository_deinit) TempRepository repository = { 0 };
    temp_repository_init(&repository);
    AUTO(wire_writer_deinit) WireWriter model = { 0 };
    model_write_add(&model, COLUMNS, 1);
    temp_repository_configure(&repository, "delayed", QUEUE_OF_EIGHT);
    temp_repository_add(&repository, "delayed", 1, model.data, model.length);
    AUTO(server_process_free)
    ServerProcess *server = server_process_start((const char *[]){ repository.flag, NULL });
    AUTO(client_free) Client *probe = connect_to(server, 1);
    for (int round = 0; round < 20; round++) {
        Client *client = connect_to(server, 1);
        Sent sent[9] = { 0 };
        size_t refused = fill_queue_of_eight(client, &DELAYED, sent);
        client_free(client); /* cancels the eight */
        for (size_t i = 0; i < ARRAY_LENGTH(sent); i++)
            if (i != refused)
                assert_int_equal(sent[i].status.code, STATUS_CANCELLED);
    }
    /* 64 rows at once are a full batch: it goes through at once if the queue has let go of all. */
    static float many[64 * COLUMNS];
    Ask ask = { .model = "delayed",
                .input = "x",
                .rank = 2,
                .dims = { 64, COLUMNS },
                .data = many,
                .bytes = sizeof many };
    check_ok(ask_send(probe, &ask, PROTOCOL_TENSORFLOW, NULL));
    client_free(TAKE(probe));
    server_process_stop(TAKE(server));
}

/* --- together --- */

static void test_a_full_batch_goes_at_once(void **state) {
    (void)state;
    AUTO(temp_repository_deinit) TempRepository repository = { 0 };
    temp_repository_init(&repository);
    add_delayed_model(&repository);
    AUTO(server_process_free)
    ServerProcess *server = server_process_start((const char *[]){ repository.flag, NULL });
    AUTO(client_free) Client *client = connect_to(server, DELAYED_ROWS);
    Sent sent[DELAYED_ROWS] = { 0 };
    for (size_t i = 0; i < DELAYED_ROWS; i++) /* both protocols in one batch */
        send_ask(client, &DELAYED, i % PROTOCOL_COUNT, TIME_NEVER, &sent[i]);
    wait_until_all_ended(client);
    for (size_t i = 0; i < DELAYED_ROWS; i++) {
        AUTO(answer_deinit) Answer answer = { 0 };
        check_ok(sent[i].status);
        answer_read(&sent[i].reply, i % PROTOCOL_COUNT, &answer);
        for (size_t k = 0; k < COLUMNS; k++)
            assert_true(answer.values[k] == ROW[k] + 1);
        client_reply_deinit(&sent[i].reply);
    }
    client_free(TAKE(client));
    server_process_stop(TAKE(server));
}

enum { CALLS = 400, IN_FLIGHT = 64 };

static Ask digit_ask(size_t digit, float images[10][DIGIT_PIXELS]) {
    return (Ask){ .model = "digits",
                  .input = "image",
                  .rank = 4,
                  .dims = { 1, 1, 8, 8 },
                  .data = images[digit],
                  .bytes = DIGIT_PIXELS * sizeof(float) };
}

/* Every call of many at once gets what the same call got alone. */
static void check_same(const Answer *answer, const Answer *alone) {
    assert_int_equal(answer->count, alone->count);
    assert_true(rows_are_same(answer->values, alone->values, answer->count));
}

static void test_company_does_not_change_an_answer(void **state) {
    (void)state;
    AUTO(server_process_free)
    ServerProcess *server =
        server_process_start((const char *[]){ "--model-repository=" SAMPLES "/models", NULL });
    AUTO(client_free) Client *client = connect_to(server, 8);
    float images[10][DIGIT_PIXELS], expected[DIGIT_CLASSES];
    Answer alone[10] = { 0 };
    for (size_t digit = 0; digit < 10; digit++) {
        sample_digit((int)digit, images[digit], expected);
        Ask ask = digit_ask(digit, images);
        check_ok(ask_send(client, &ask, PROTOCOL_TENSORFLOW, &alone[digit]));
    }
    static Sent sent[CALLS];
    for (size_t i = 0; i < CALLS; i++) {
        Ask ask = digit_ask(i % 10, images);
        sent[i] = (Sent){ 0 };
        send_ask(client, &ask, i / 10 % PROTOCOL_COUNT, TIME_NEVER, &sent[i]);
        while (client_outstanding(client) >= IN_FLIGHT)
            client_poll(client, TIME_NEVER);
    }
    wait_until_all_ended(client);
    for (size_t i = 0; i < CALLS; i++) {
        AUTO(answer_deinit) Answer answer = { 0 };
        check_ok(sent[i].status);
        answer_read(&sent[i].reply, i / 10 % PROTOCOL_COUNT, &answer);
        check_same(&answer, &alone[i % 10]);
        client_reply_deinit(&sent[i].reply);
    }
    for (size_t digit = 0; digit < 10; digit++)
        answer_deinit(&alone[digit]);
    client_free(TAKE(client));
    server_process_stop(TAKE(server));
}

/* --- drain --- */

/*
 * Eight calls, certainly accepted (the ninth finds the queue full), wait for company that will not
 * come: SIGTERM must send them off, take its time to run them, and lose none.
 */
static void test_drain_answers_what_waits(void **state) {
    (void)state;
    enum { ROWS = 7, WIDTH = 256, LAYERS = 100 };
    AUTO(temp_repository_deinit) TempRepository repository = { 0 };
    AUTO(wire_writer_deinit) WireWriter model = { 0 };
    temp_repository_init(&repository);
    model_write_slow(&model, WIDTH, LAYERS);
    temp_repository_configure(&repository, "delayed", QUEUE_OF_EIGHT);
    temp_repository_add(&repository, "delayed", 1, model.data, model.length);
    AUTO(server_process_free)
    ServerProcess *server = server_process_start((const char *[]){ repository.flag, NULL });
    AUTO(client_free) Client *client = connect_to(server, 1);
    float rows[ROWS * WIDTH];
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        rows[i] = (float)(i % 97);
    Ask ask = { .model = "delayed",
                .input = "x",
                .rank = 2,
                .dims = { ROWS, WIDTH },
                .data = rows,
                .bytes = sizeof rows };
    Sent sent[9] = { 0 };
    size_t refused = fill_queue_of_eight(client, &ask, sent);
    server_process_signal(server, SIGTERM);
    wait_until_all_ended(client);
    for (size_t i = 0; i < ARRAY_LENGTH(sent); i++) {
        if (i == refused)
            continue;
        AUTO(answer_deinit) Answer answer = { 0 };
        check_ok(sent[i].status);
        answer_read(&sent[i].reply, PROTOCOL_INFERENCE, &answer);
        assert_memory_equal(answer.values, rows, sizeof rows); /* the unit matrix changes no bit */
        client_reply_deinit(&sent[i].reply);
    }
    client_free(TAKE(client));
    server_process_join(TAKE(server));
}

/*
 * A steady stream of calls meets SIGTERM: each is answered rightly, or was refused and says so.
 */
static void test_drain_under_load_loses_no_call(void **state) {
    (void)state;
    AUTO(server_process_free)
    ServerProcess *server =
        server_process_start((const char *[]){ "--model-repository=" SAMPLES "/models", NULL });
    AUTO(client_free) Client *client = connect_to(server, 4);
    float images[10][DIGIT_PIXELS], expected[10][DIGIT_CLASSES];
    for (size_t digit = 0; digit < 10; digit++)
        sample_digit((int)digit, images[digit], expected[digit]);
    static Sent sent[CALLS];
    for (size_t i = 0; i < CALLS; i++) {
        Ask ask = digit_ask(i % 10, images);
        sent[i] = (Sent){ 0 };
        if (i == CALLS / 2)
            server_process_signal(server, SIGTERM);
        send_ask(client, &ask, i % PROTOCOL_COUNT, TIME_NEVER, &sent[i]);
        while (client_outstanding(client) >= IN_FLIGHT)
            client_poll(client, TIME_NEVER);
    }
    wait_until_all_ended(client);
    size_t answered = 0;
    for (size_t i = 0; i < CALLS; i++) {
        if (!status_is_ok(&sent[i].status)) {
            /* CANCELLED: the core's, for calls that reached it between its two GOAWAYs */
            if (sent[i].status.code != STATUS_UNAVAILABLE &&
                strcmp(sent[i].status.message, "CANCELLED") != 0)
                fail_msg("call %zu: %s %s", i, status_code_name(sent[i].status.code),
                         sent[i].status.message);
            continue;
        }
        AUTO(answer_deinit) Answer answer = { 0 };
        answer_read(&sent[i].reply, i % PROTOCOL_COUNT, &answer);
        for (size_t k = 0; k < DIGIT_CLASSES; k++)
            assert_float_equal(answer.values[k], expected[i % 10][k], 1e-5); /* samples' own */
        client_reply_deinit(&sent[i].reply);
        answered++;
    }
    /* Those that ended before the signal, and those the server had in its hands. */
    assert_true(answered >= CALLS / 2 - IN_FLIGHT);
    client_free(TAKE(client));
    server_process_join(TAKE(server));
}

/* Health says so before the listener closes, and new calls are still answered in the pause. */
static void test_drain_tells_balancers_first(void **state) {
    (void)state;
    AUTO(server_process_free)
    ServerProcess *server = server_process_start((const char *[]){
        "--model-repository=" SAMPLES "/models", "--drain-pause-millis=60000", NULL });
    RpcClient *rpc = rpc_client_new(server_process_port(server));
    AUTO(client_free) Client *client = connect_to(server, 1);
    RpcCall *watch = rpc_call_start(
        rpc, &(RpcAsk){ .path = "/grpc.health.v1.Health/Watch", .body = "", .length = 0 });
    RpcAnswer answer;
    assert_true(rpc_call_read(watch, &answer));
    assert_memory_equal(answer.bytes, "\x08\x01", 2); /* SERVING */
    rpc_answer_free(&answer);
    server_process_signal(server, SIGTERM);
    assert_true(rpc_call_read(watch, &answer));
    assert_memory_equal(answer.bytes, "\x08\x02", 2); /* NOT_SERVING */
    rpc_answer_free(&answer);
    float x[10], y[10];
    sample_two_layer(2, x, y);
    Ask ask = { .model = "two_layer",
                .input = "x",
                .rank = 2,
                .dims = { 1, 10 },
                .data = x,
                .bytes = sizeof x };
    check_ok(ask_send(client, &ask, PROTOCOL_TENSORFLOW, NULL));
    rpc_call_cancel(watch);
    rpc_call_finish(watch, &answer);
    rpc_answer_free(&answer);
    rpc_client_free(rpc);
    client_free(TAKE(client));
    server_process_stop(TAKE(server)); /* a second SIGTERM cuts the pause short */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_deadline_ends_a_waiting_call),
        cmocka_unit_test(test_the_models_timeout_ends_a_waiting_call),
        cmocka_unit_test(test_cancelled_calls_leave_the_queue),
        cmocka_unit_test(test_a_full_batch_goes_at_once),
        cmocka_unit_test(test_company_does_not_change_an_answer),
        cmocka_unit_test(test_drain_answers_what_waits),
        cmocka_unit_test(test_drain_under_load_loses_no_call),
        cmocka_unit_test(test_drain_tells_balancers_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
