/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Requests that lie, through real calls: cut off, flipped, deeply nested, too large, compressed
 * beyond measure, never finished. Each must be answered with a code that puts the fault where it
 * belongs, memory must stay within a bound, and a good request must still be answered rightly.
 */

#include "tests/support/ask.h"
#include "tests/support/check.h"
#include "tests/support/rpc_client.h"
#include "tests/support/samples.h"
#include "tests/support/server_process.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MESSAGE_LIMIT = 4 << 20 };

/*
 * What all of this may add to the memory of the server: a few requests at their limit (4 MiB each
 * on the wire, decoded, and in gRPC's buffers), and what malloc keeps. The address sanitizer keeps
 * 256 MiB of freed memory in quarantine and shadows the rest; the thread sanitizer has four to six
 * bytes beside each that was ever touched.
 */
#ifdef __SANITIZE_ADDRESS__
enum { GROWTH_KIB = 700 << 10 };
#elif defined(__SANITIZE_THREAD__)
enum { GROWTH_KIB = 1100 << 10 };
#else
enum { GROWTH_KIB = 160 << 10 };
#endif

typedef struct Fixture {
    ServerProcess *server;
    Client *client;
    RpcClient *rpc;
    size_t start_kib;
} Fixture;

static Fixture fixture;
static float image[DIGIT_PIXELS], expected[DIGIT_CLASSES];
static const Ask GOOD = { .model = "digits",
                          .input = "image",
                          .rank = 4,
                          .dims = { 1, 1, 8, 8 },
                          .data = image,
                          .bytes = sizeof image };

static void check_still_right(void) {
    for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        AUTO(answer_deinit) Answer answer = { 0 };
        check_ok(ask_send(fixture.client, &GOOD, protocol, &answer));
        assert_int_equal(answer.count, DIGIT_CLASSES);
        for (size_t i = 0; i < DIGIT_CLASSES; i++)
            assert_float_equal(answer.values[i], expected[i], 1e-5); /* as the samples say */
    }
    assert_true(server_process_alive(fixture.server));
    size_t peak_kib = server_process_peak_kib(fixture.server);
    if (peak_kib > fixture.start_kib + GROWTH_KIB)
        fail_msg("memory grew from %zu to %zu KiB", fixture.start_kib, peak_kib);
}

static int start(void **state) {
    (void)state;
    fixture.server = server_process_start((const char *[]){ "--model-repository=" SAMPLES "/models",
                                                            "--model-repository=" SAMPLES "/bench",
                                                            "--max-message-bytes=4M", NULL });
    check_ok(client_new(&(ClientOptions){ .target = server_process_target(fixture.server) },
                        &fixture.client));
    fixture.rpc = rpc_client_new(server_process_port(fixture.server));
    sample_digit(5, image, expected);
    fixture.start_kib = server_process_peak_kib(fixture.server);
    check_still_right();
    return 0;
}

static int stop(void **state) {
    (void)state;
    client_free(fixture.client);
    rpc_client_free(fixture.rpc);
    server_process_stop(fixture.server);
    return 0;
}

static int ask_bytes(Protocol protocol, const void *bytes, size_t length, char ret_text[512]) {
    RpcAnswer answer;
    rpc_client_ask(fixture.rpc,
                   &(RpcAsk){ .path = PROTOCOL_METHODS[protocol],
                              .body = length ? bytes : "",
                              .length = length,
                              .timeout_ms = 60000 },
                   &answer);
    int code = answer.code;
    if (ret_text)
        memcpy(ret_text, answer.details, sizeof answer.details);
    rpc_answer_free(&answer);
    return code;
}

static void check_refused(Protocol protocol, const WireWriter *request, int code,
                          const char *text) {
    char details[512];
    int got = ask_bytes(protocol, request->data, request->length, details);
    if (got != code || !strstr(details, text))
        fail_msg("expected %d '%s', got %d '%s'", code, text, got, details);
}

/* --- damage --- */

static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* What a damaged request may be told: its own fault, or by chance nothing is wrong with it. */
static void check_blames_the_request(int code, const char *text, size_t round) {
    static const int allowed[] = { STATUS_OK, STATUS_INVALID_ARGUMENT, STATUS_NOT_FOUND,
                                   STATUS_FAILED_PRECONDITION, STATUS_UNIMPLEMENTED };
    for (size_t i = 0; i < ARRAY_LENGTH(allowed); i++)
        if (code == allowed[i])
            return;
    fail_msg("round %zu: code %d '%s'", round, code, text);
}

static void test_damaged_requests(void **state) {
    (void)state;
    enum { ROUNDS = 1000 };
    uint64_t seed = 20260924;
    for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        AUTO(wire_writer_deinit) WireWriter good = { 0 };
        ask_write(&GOOD, protocol, &good);
        uint8_t *damaged = malloc(good.length);
        assert_non_null(damaged);
        for (size_t round = 0; round < ROUNDS; round++) {
            char text[512];
            size_t length = good.length;
            memcpy(damaged, good.data, length);
            if (round % 4 == 0)
                length = next_random(&seed) % length;
            size_t flips = round % 4 == 0 ? 0 : 1 + next_random(&seed) % 4;
            /* The 256 bytes of the image cannot be wrong: aim at the rest. */
            for (size_t i = 0; i < flips; i++)
                damaged[next_random(&seed) % (good.length - sizeof image)] ^=
                    (uint8_t)(1 << next_random(&seed) % 8);
            int code = ask_bytes(protocol, damaged, length, text);
            check_blames_the_request(code, text, round);
        }
        free(damaged);
    }
    check_still_right();
}

/* --- lies about sizes --- */

static void test_huge_dimensions(void **state) {
    (void)state;
    static const int64_t lies[][4] = {
        { INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX },
        { INT64_MAX, 1, 8, 8 },
        { INT64_C(1) << 32, INT64_C(1) << 32, 1, 1 },
        { INT64_MIN, 1, 8, 8 },
        { 1000000000, 1, 8, 8 },
        { -1, -1, -1, -1 },
        { 0, INT64_MAX, INT64_MAX, 8 },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(lies); i++) {
        for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
            Ask ask = GOOD;
            memcpy(ask.dims, lies[i], sizeof lies[i]);
            Status status = ask_send(fixture.client, &ask, protocol, NULL);
            if (status.code != STATUS_INVALID_ARGUMENT)
                fail_msg("row %zu: %s %s", i, status_code_name(status.code), status.message);
        }
    }
    check_still_right();
}

/* One typed value stands for a whole tensor in TensorFlow's form: 2^40 elements from ten bytes. */
static void test_one_value_for_a_huge_tensor(void **state) {
    (void)state;
    AUTO(wire_writer_deinit) WireWriter writer = { 0 };
    size_t spec = wire_open(&writer, 1);
    wire_put_text(&writer, 1, "identity_any");
    wire_close(&writer, spec);
    size_t entry = wire_open(&writer, 2);
    wire_put_text(&writer, 1, "x");
    size_t tensor = wire_open(&writer, 2);
    wire_put_int(&writer, 1, 1);
    size_t shape = wire_open(&writer, 2);
    for (int i = 0; i < 2; i++) {
        size_t dim = wire_open(&writer, 2);
        wire_put_int(&writer, 1, 1 << 20);
        wire_close(&writer, dim);
    }
    wire_close(&writer, shape);
    wire_put_float(&writer, 5, 1.0F);
    wire_close(&writer, tensor);
    wire_close(&writer, entry);
    char text[512];
    int code = ask_bytes(PROTOCOL_TENSORFLOW, writer.data, writer.length, text);
    if (code != STATUS_INVALID_ARGUMENT && code != STATUS_RESOURCE_EXHAUSTED)
        fail_msg("code %d '%s'", code, text);
    check_still_right();
}

static void test_deep_nesting(void **state) {
    (void)state;
    enum { DEPTH = 200000 };
    /* Field 9 does not exist; then groups, then TensorProto inside TensorProto's variants. */
    AUTO(wire_writer_deinit) WireWriter groups = { 0 };
    for (size_t i = 0; i < DEPTH; i++)
        wire_put_varint(&groups, 9 << 3 | 3);
    for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++)
        check_refused(protocol, &groups, STATUS_INVALID_ARGUMENT, "malformed");

    AUTO(wire_writer_deinit) WireWriter nested = { 0 };
    static const uint32_t fields[] = { 2, 2, 15, 3 }; /* inputs, value, variant_val, tensors */
    enum { LEVELS = 600 };
    static size_t open[LEVELS];
    size_t spec = wire_open(&nested, 1);
    wire_put_text(&nested, 1, "digits");
    wire_close(&nested, spec);
    size_t entry = wire_open(&nested, 2);
    wire_put_text(&nested, 1, "image");
    for (size_t i = 0; i < LEVELS; i++)
        open[i] = wire_open(&nested, fields[i == 0 ? 1 : 2 + i % 2]);
    for (size_t i = LEVELS; i-- > 0;)
        wire_close(&nested, open[i]);
    wire_close(&nested, entry);
    check_refused(PROTOCOL_TENSORFLOW, &nested, STATUS_INVALID_ARGUMENT, "");
    check_still_right();
}

static void test_too_many_inputs(void **state) {
    (void)state;
    AUTO(wire_writer_deinit) WireWriter predict = { 0 }, infer = { 0 };
    size_t spec = wire_open(&predict, 1);
    wire_put_text(&predict, 1, "digits");
    wire_close(&predict, spec);
    wire_put_text(&infer, 1, "digits");
    for (size_t i = 0; i < 100000; i++) {
        wire_put_bytes(&predict, 2, NULL, 0);
        wire_put_bytes(&infer, 5, NULL, 0);
    }
    check_refused(PROTOCOL_TENSORFLOW, &predict, STATUS_INVALID_ARGUMENT, "may name at most");
    check_refused(PROTOCOL_INFERENCE, &infer, STATUS_INVALID_ARGUMENT, "");
    check_still_right();
}

static void test_messages_above_the_limit(void **state) {
    (void)state;
    static char zeros[MESSAGE_LIMIT + (1 << 20)];
    Ask ask = { .model = "identity_any",
                .input = "x",
                .rank = 2,
                .dims = { 1, (int64_t)sizeof zeros / 4 },
                .data = zeros,
                .bytes = sizeof zeros };
    for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++)
        for (int i = 0; i < 5; i++) {
            Status status = ask_send(fixture.client, &ask, protocol, NULL);
            assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
        }
    /* Methods that only ask get far less. */
    RpcAnswer answer;
    rpc_client_ask(fixture.rpc,
                   &(RpcAsk){ .path = "/tensorflow.serving.ModelService/GetModelStatus",
                              .body = zeros,
                              .length = 2 << 20 },
                   &answer);
    assert_int_equal(answer.code, STATUS_RESOURCE_EXHAUSTED);
    rpc_answer_free(&answer);
    check_still_right();
}

/* --- compressed --- */

static size_t gzip(const void *bytes, size_t length, uint8_t **ret_data) {
    z_stream stream = { 0 };
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&stream, length);
    *ret_data = malloc(room);
    assert_non_null(*ret_data);
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)length;
    stream.next_out = *ret_data;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t used = stream.total_out;
    deflateEnd(&stream);
    return used;
}

/* The client's core compresses what it is given, so a bomb needs only the flag of the encoding. */
static void test_a_gzip_bomb(void **state) {
    (void)state;
    enum { BOMB = 512 << 20 };
    char *zeros = calloc(1, BOMB);
    assert_non_null(zeros);
    for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        RpcAnswer answer;
        rpc_client_ask(fixture.rpc,
                       &(RpcAsk){ .path = PROTOCOL_METHODS[protocol],
                                  .body = zeros,
                                  .length = BOMB,
                                  .encoding = "gzip",
                                  .timeout_ms = 120000 },
                       &answer);
        assert_int_equal(answer.code, STATUS_RESOURCE_EXHAUSTED);
        assert_non_null(strstr(answer.details, "inflates to more than the limit"));
        rpc_answer_free(&answer);
    }
    free(zeros);
    check_still_right();
}

static void test_a_good_compressed_request_is_answered(void **state) {
    (void)state;
    for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        AUTO(wire_writer_deinit) WireWriter good = { 0 };
        ask_write(&GOOD, protocol, &good);
        RpcAnswer answer;
        rpc_client_ask(fixture.rpc,
                       &(RpcAsk){ .path = PROTOCOL_METHODS[protocol],
                                  .body = good.data,
                                  .length = good.length,
                                  .encoding = "gzip" },
                       &answer);
        assert_int_equal(answer.code, STATUS_OK);
        rpc_answer_free(&answer);
    }
    /* Twice compressed is not what it says it is: the outer layer goes, the inner is no message. */
    uint8_t *inner;
    size_t length = gzip(image, sizeof image, &inner);
    RpcAnswer answer;
    rpc_client_ask(
        fixture.rpc,
        &(RpcAsk){
            .path = PROTOCOL_METHODS[0], .body = inner, .length = length, .encoding = "gzip" },
        &answer);
    assert_int_equal(answer.code, STATUS_INVALID_ARGUMENT);
    rpc_answer_free(&answer);
    free(inner);
    check_still_right();
}

/* --- clients that do not finish --- */

static void test_calls_without_a_body_then_cancelled(void **state) {
    (void)state;
    enum { CALLS = 10000, AT_ONCE = 500 };
    static RpcCall *calls[AT_ONCE];
    for (size_t done = 0; done < CALLS; done += AT_ONCE) {
        for (size_t i = 0; i < AT_ONCE; i++)
            calls[i] = rpc_call_start(fixture.rpc, &(RpcAsk){ .path = PROTOCOL_METHODS[i % 2],
                                                              .no_message = true,
                                                              .keep_open = true,
                                                              .timeout_ms = 120000 });
        if (done == 0)
            check_still_right(); /* while 500 of them hold on */
        for (size_t i = 0; i < AT_ONCE; i++)
            rpc_call_cancel(calls[i]);
        for (size_t i = 0; i < AT_ONCE; i++) {
            RpcAnswer answer;
            rpc_call_finish(calls[i], &answer);
            assert_int_equal(answer.code, STATUS_CANCELLED);
            rpc_answer_free(&answer);
        }
    }
    check_still_right();
}

/* Many large replies that nobody reads, then the client goes away. */
static void test_replies_that_are_not_read(void **state) {
    (void)state;
    enum { CALLS = 16, COLUMNS = 800 << 10 };
    float *values = calloc(COLUMNS, sizeof *values);
    assert_non_null(values);
    Ask ask = { .model = "identity_any",
                .input = "x",
                .rank = 2,
                .dims = { 1, COLUMNS },
                .data = values,
                .bytes = COLUMNS * sizeof *values };
    AUTO(wire_writer_deinit) WireWriter request = { 0 };
    ask_write(&ask, PROTOCOL_INFERENCE, &request);
    RpcCall *calls[CALLS];
    for (size_t i = 0; i < CALLS; i++)
        calls[i] = rpc_call_start(fixture.rpc, &(RpcAsk){ .path = PROTOCOL_METHODS[1],
                                                          .body = request.data,
                                                          .length = request.length,
                                                          .timeout_ms = 120000 });
    check_still_right(); /* on another connection */
    for (size_t i = 0; i < CALLS; i++)
        rpc_call_cancel(calls[i]);
    for (size_t i = 0; i < CALLS; i++) {
        RpcAnswer answer;
        rpc_call_finish(calls[i], &answer);
        rpc_answer_free(&answer);
    }
    free(values);
    check_still_right();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_requests),
        cmocka_unit_test(test_huge_dimensions),
        cmocka_unit_test(test_one_value_for_a_huge_tensor),
        cmocka_unit_test(test_deep_nesting),
        cmocka_unit_test(test_too_many_inputs),
        cmocka_unit_test(test_messages_above_the_limit),
        cmocka_unit_test(test_a_gzip_bomb),
        cmocka_unit_test(test_a_good_compressed_request_is_answered),
        cmocka_unit_test(test_calls_without_a_body_then_cancelled),
        cmocka_unit_test(test_replies_that_are_not_read),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
