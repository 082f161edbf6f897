/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What clients get for questions that cannot be answered, word for word where they match on it:
 * one table of asks with the code and text of both protocols, one of messages to the other methods.
 * After each the same server answers a good one. Source: the sections on errors of TensorFlow
 * Serving's and Triton's behaviour, as recorded in docs.
 */

#include "tests/support/ask.h"
#include "tests/support/check.h"
#include "tests/support/rpc_client.h"
#include "tests/support/samples.h"
#include "tests/support/server_process.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <string.h>

typedef struct Fixture {
    ServerProcess *server;
    Client *client;
    RpcClient *rpc;
} Fixture;

static Fixture fixture;
static float image[DIGIT_PIXELS], expected[DIGIT_CLASSES];

static int start(void **state) {
    (void)state;
    fixture.server =
        server_process_start((const char *[]){ "--model-repository=" SAMPLES "/models", NULL });
    check_ok(client_new(&(ClientOptions){ .target = server_process_target(fixture.server) },
                        &fixture.client));
    fixture.rpc = rpc_client_new(server_process_port(fixture.server));
    sample_digit(7, image, expected);
    return 0;
}

static int stop(void **state) {
    (void)state;
    client_free(fixture.client);
    rpc_client_free(fixture.rpc);
    server_process_stop(fixture.server);
    return 0;
}

#define IMAGE  .rank = 4, .dims = { 1, 1, 8, 8 }, .data = image, .bytes = sizeof image
#define DIGITS .model = "digits", .input = "image"

static void check_still_right(void) {
    Ask ask = { DIGITS, IMAGE };
    for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        AUTO(answer_deinit) Answer answer = { 0 };
        check_ok(ask_send(fixture.client, &ask, protocol, &answer));
        assert_int_equal(answer.count, DIGIT_CLASSES);
        for (size_t i = 0; i < DIGIT_CLASSES; i++)
            assert_float_equal(answer.values[i], expected[i], 1e-5); /* as the samples say */
    }
}

typedef struct Expected {
    StatusCode code;
    const char *text; /* NULL: this protocol cannot say that */
} Expected;

typedef struct Row {
    Ask ask;
    Expected expected[PROTOCOL_COUNT]; /* Predict, ModelInfer */
} Row;

static const Row ROWS[] = {
    { { .input = "image", IMAGE },
      { { STATUS_INVALID_ARGUMENT, "ModelSpec has no name specified." },
        { STATUS_NOT_FOUND, "Request for unknown model: '' is not found" } } },
    { { .model = "nobody", .input = "image", IMAGE },
      { { STATUS_NOT_FOUND, "Servable not found for request: Latest(nobody)" },
        { STATUS_NOT_FOUND, "Request for unknown model: 'nobody' is not found" } } },
    { { DIGITS, .version = 7, IMAGE },
      { { STATUS_NOT_FOUND, "Servable not found for request: Specific(digits, 7)" },
        { STATUS_NOT_FOUND, "Request for unknown model: 'digits' version 7 is not found" } } },
    { { DIGITS, .version = -1, IMAGE },
      { { STATUS_NOT_FOUND, "Servable not found for request: Specific(digits, -1)" },
        { STATUS_INVALID_ARGUMENT,
          "failed to get model version from specified version string "
          "'-1' (details: not a number), version should be an integral value > 0" } } },
    { { DIGITS, .label = "stable", IMAGE },
      { { STATUS_INVALID_ARGUMENT, "Unrecognized servable version label: stable" }, { 0 } } },
    { { DIGITS, .signature = "classify", IMAGE },
      { { STATUS_FAILED_PRECONDITION, "Serving signature key \"classify\" not found." }, { 0 } } },
    { { .model = "digits", .input = "picture", IMAGE },
      { { STATUS_INVALID_ARGUMENT, "not found in request and no default value provided" },
        { STATUS_INVALID_ARGUMENT, "unexpected inference input 'picture' for model 'digits'" } } },
    { { .model = "digits" },
      { { STATUS_INVALID_ARGUMENT, "input size does not match signature: 0!=1" },
        { STATUS_INVALID_ARGUMENT, "expected 1 inputs but got 0 inputs for model 'digits'" } } },
    { { DIGITS, .second_input = "more", IMAGE },
      { { STATUS_INVALID_ARGUMENT, "input size does not match signature: 2!=1" },
        { STATUS_INVALID_ARGUMENT, "expected 1 inputs but got 2 inputs for model 'digits'" } } },
    { { DIGITS, .second_input = "image", IMAGE }, /* a map: there the last one holds */
      { { STATUS_OK, "" },
        { STATUS_INVALID_ARGUMENT, "input 'image' already exists in request" } } },
    { { DIGITS, .output = "labels", IMAGE },
      { { STATUS_INVALID_ARGUMENT, "output tensor alias not found in signature: labels" },
        { STATUS_INVALID_ARGUMENT, "unexpected inference output 'labels' for model 'digits'" } } },
    { { DIGITS, .tensorflow_dtype = 3, .datatype = "INT32", IMAGE },
      { { STATUS_INVALID_ARGUMENT, "Expects arg[0] to be float but int32 is provided" },
        { STATUS_INVALID_ARGUMENT,
          "inference input 'image' data-type is 'INT32', but model 'digits' expects 'FP32'" } } },
    { { DIGITS, .tensorflow_dtype = 99, .datatype = "FLOAT", IMAGE },
      { { STATUS_INVALID_ARGUMENT, "" },
        { STATUS_INVALID_ARGUMENT, "input 'image' has the unknown datatype 'FLOAT'" } } },
    { { DIGITS, .rank = 4, .dims = { 1, 1, 8, 7 }, .data = image, .bytes = 224 },
      { { STATUS_INVALID_ARGUMENT, "image" },
        { STATUS_INVALID_ARGUMENT, "1,8,8], got [1,1,8,7]" } } },
    { { DIGITS, .rank = 3, .dims = { 1, 8, 8 }, .data = image, .bytes = sizeof image },
      { { STATUS_INVALID_ARGUMENT, "image" },
        { STATUS_INVALID_ARGUMENT, "unexpected shape for input 'image' for model 'digits'" } } },
    { { DIGITS, .rank = 4, .dims = { 1, 1, 8, 8 }, .data = image, .bytes = 252 },
      { { STATUS_INVALID_ARGUMENT, "252 bytes" }, { STATUS_INVALID_ARGUMENT, "256, got 252" } } },
    { { DIGITS, .rank = 4, .dims = { 2, 1, 8, 8 }, .data = image, .bytes = sizeof image },
      { { STATUS_INVALID_ARGUMENT, "512" }, { STATUS_INVALID_ARGUMENT, "512, got 256" } } },
    { { DIGITS, .rank = 4, .dims = { -1, 1, 8, 8 }, .data = image, .bytes = sizeof image },
      { { STATUS_INVALID_ARGUMENT, "" },
        { STATUS_INVALID_ARGUMENT,
          "All input dimensions should be specified for input 'image'" } } },
    { { DIGITS, .rank = 4, .dims = { INT64_MAX, INT64_MAX, 8, 8 }, .data = image,
        .bytes = sizeof image },
      { { STATUS_INVALID_ARGUMENT, "" }, { STATUS_INVALID_ARGUMENT, "" } } },
};

static void test_each_mistake_has_its_code_and_text(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(ROWS); i++) {
        for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
            const Expected *want = &ROWS[i].expected[protocol];
            if (!want->text)
                continue;
            Status status = ask_send(fixture.client, &ROWS[i].ask, protocol, NULL);
            if (status.code != want->code || !strstr(status.message, want->text))
                fail_msg("row %zu, %s: expected %s '%s', got %s '%s'", i,
                         PROTOCOL_METHODS[protocol], status_code_name(want->code), want->text,
                         status_code_name(status.code), status.message);
        }
        check_still_right();
    }
}

static void test_too_many_rows_are_refused(void **state) {
    (void)state;
    static float many[65 * DIGIT_PIXELS];
    Ask ask = { DIGITS, .rank = 4, .dims = { 65, 1, 8, 8 }, .data = many, .bytes = sizeof many };
    for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++)
        check_fails(ask_send(fixture.client, &ask, protocol, NULL), STATUS_INVALID_ARGUMENT, "64");
    check_still_right();
}

/* --- the other methods --- */

typedef struct Raw {
    const char *path;
    const char *body;
    size_t length;
    int code;
    const char *text;
} Raw;

#define BODY(text_) .body = (text_), .length = sizeof(text_) - 1

static const Raw RAW[] = {
    { "/tensorflow.serving.PredictionService/Predict", BODY(""), STATUS_INVALID_ARGUMENT,
      "Missing ModelSpec" },
    { "/tensorflow.serving.PredictionService/Predict", BODY("\x0a\x7f"), STATUS_INVALID_ARGUMENT,
      "malformed" },
    { "/tensorflow.serving.PredictionService/Predict", BODY("\x0a\x04\x0a\x02\xff\xfe"),
      STATUS_INVALID_ARGUMENT, "UTF-8" },
    { "/tensorflow.serving.PredictionService/Predict",
      BODY("\x0a\x04\x0a\x02"
           "a\0"),
      STATUS_INVALID_ARGUMENT, "NUL" },
    { "/tensorflow.serving.PredictionService/Classify", BODY(""), STATUS_INVALID_ARGUMENT,
      "Missing ModelSpec" },
    { "/tensorflow.serving.SessionService/SessionRun", BODY(""), STATUS_UNIMPLEMENTED,
      "/tensorflow.serving.SessionService/SessionRun" },
    { "/inference.GRPCInferenceService/Nothing", BODY("x"), STATUS_UNIMPLEMENTED,
      "reflection lists what it has" },
    { "/nobody", BODY(""), STATUS_UNIMPLEMENTED, "no method '/nobody'" },
    { "/tensorflow.serving.PredictionService/GetModelMetadata",
      BODY("\x0a\x08\x0a\x06"
           "digits"),
      STATUS_INVALID_ARGUMENT, "must specify at least one metadata_field" },
    { "/tensorflow.serving.PredictionService/GetModelMetadata",
      BODY("\x0a\x08\x0a\x06"
           "digits"
           "\x12\x03"
           "abc"),
      STATUS_INVALID_ARGUMENT, "Metadata field abc is not supported" },
    { "/tensorflow.serving.PredictionService/GetModelMetadata",
      BODY("\x0a\x08\x0a\x06"
           "nobody"
           "\x12\x0d"
           "signature_def"),
      STATUS_NOT_FOUND, "Latest(nobody)" },
    { "/tensorflow.serving.ModelService/GetModelStatus",
      BODY("\x0a\x08\x0a\x06"
           "nobody"),
      STATUS_NOT_FOUND, "Could not find any versions of model nobody" },
    { "/tensorflow.serving.ModelService/GetModelStatus",
      BODY("\x0a\x0c\x0a\x06"
           "digits"
           "\x12\x02\x08\x09"),
      STATUS_NOT_FOUND, "Could not find version 9 of model digits" },
    { "/tensorflow.serving.ModelService/GetModelStatus", BODY(""), STATUS_INVALID_ARGUMENT,
      "Missing ModelSpec" },
    { "/inference.GRPCInferenceService/ModelReady",
      BODY("\x0a\x06"
           "nobody"),
      STATUS_NOT_FOUND, "unknown model: 'nobody' is not found" },
    { "/inference.GRPCInferenceService/ModelMetadata",
      BODY("\x0a\x06"
           "nobody"),
      STATUS_NOT_FOUND, "unknown model: 'nobody' is not found" },
    { "/inference.GRPCInferenceService/ModelMetadata",
      BODY("\x0a\x06"
           "digits"
           "\x12\x01"
           "x"),
      STATUS_INVALID_ARGUMENT, "version should be an integral value > 0" },
    { "/grpc.health.v1.Health/Check",
      BODY("\x0a\x06"
           "nobody"),
      STATUS_NOT_FOUND, "unknown service 'nobody'" },
};

static void test_other_methods_refuse_with_reasons(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(RAW); i++) {
        RpcAsk ask = { .path = RAW[i].path, .body = RAW[i].body, .length = RAW[i].length };
        RpcAnswer answer;
        rpc_client_ask(fixture.rpc, &ask, &answer);
        if (answer.code != RAW[i].code || !strstr(answer.details, RAW[i].text))
            fail_msg("row %zu, %s: expected %d '%s', got %d '%s'", i, RAW[i].path, RAW[i].code,
                     RAW[i].text, answer.code, answer.details);
        rpc_answer_free(&answer);
    }
    check_still_right();
}

static void test_a_call_without_its_message_is_refused(void **state) {
    (void)state;
    for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        RpcAsk ask = { .path = PROTOCOL_METHODS[protocol], .no_message = true };
        RpcAnswer answer;
        rpc_client_ask(fixture.rpc, &ask, &answer);
        assert_int_equal(answer.code, STATUS_INVALID_ARGUMENT);
        assert_string_equal(answer.details, "the call ended without a request message");
        rpc_answer_free(&answer);
    }
    check_still_right();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_mistake_has_its_code_and_text),
        cmocka_unit_test(test_too_many_rows_are_refused),
        cmocka_unit_test(test_other_methods_refuse_with_reasons),
        cmocka_unit_test(test_a_call_without_its_message_is_refused),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
