/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The sample models through the real binary, in both protocols: every method, with the answers
 * that deploy/samples recorded from another engine in double precision. One server for all tests;
 * it is stopped at the end and must have had nothing to complain about.
 */

#include "tests/support/ask.h"
#include "tests/support/check.h"
#include "tests/support/rpc_client.h"
#include "tests/support/samples.h"
#include "tests/support/server_process.h"

#include "runtime/base/size.h"

#include "grpc/health/v1/health.pb-c.h"
#include "inference/grpc_service.pb-c.h"
#include "tensorflow_serving/apis/get_model_metadata.pb-c.h"
#include "tensorflow_serving/apis/get_model_status.pb-c.h"

#include <string.h>

#define TENSORFLOW "/tensorflow.serving."
#define INFERENCE  "/inference.GRPCInferenceService/"
#define HEALTH     "/grpc.health.v1.Health/"

/* float32 against double precision over three small layers: the samples' own tolerance. */
static const float TOLERANCE = 1e-5F;

typedef struct Fixture {
    ServerProcess *server;
    Client *client;
} Fixture;

static Fixture fixture;

static int start(void **state) {
    (void)state;
    fixture.server = server_process_start((const char *[]){
        "--model-repository=" SAMPLES "/models", "--model-repository=" SAMPLES "/bench", NULL });
    check_ok(client_new(&(ClientOptions){ .target = server_process_target(fixture.server) },
                        &fixture.client));
    return 0;
}

static int stop(void **state) {
    (void)state;
    client_free(fixture.client);
    server_process_stop(fixture.server);
    return 0;
}

static void check_values(const Answer *answer, const float *expected, size_t count) {
    assert_int_equal(answer->count, count);
    for (size_t i = 0; i < count; i++)
        assert_float_equal(answer->values[i], expected[i], TOLERANCE);
}

/* --- inference --- */

static void test_digits_are_as_recorded(void **state) {
    (void)state;
    for (int digit = 0; digit < 10; digit++) {
        float image[DIGIT_PIXELS], expected[DIGIT_CLASSES];
        sample_digit(digit, image, expected);
        Ask ask = { .model = "digits",
                    .input = "image",
                    .rank = 4,
                    .dims = { 1, 1, 8, 8 },
                    .data = image,
                    .bytes = sizeof image };
        for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
            AUTO(answer_deinit) Answer answer = { 0 };
            check_ok(ask_send(fixture.client, &ask, protocol, &answer));
            check_values(&answer, expected, DIGIT_CLASSES);
            assert_string_equal(answer.model, "digits");
            assert_string_equal(answer.output, "probabilities");
            assert_int_equal(answer.version, 1);
            assert_int_equal(answer.rank, 2);
        }
    }
}

static void test_both_versions_of_two_layer_answer(void **state) {
    (void)state;
    for (int version = 0; version <= 2; version++) { /* 0: the newest */
        float x[10], expected[10];
        sample_two_layer(version ? version : 2, x, expected);
        Ask ask = { .model = "two_layer",
                    .version = version,
                    .signature = "serving_default",
                    .input = "x",
                    .rank = 2,
                    .dims = { 1, 10 },
                    .data = x,
                    .bytes = sizeof x,
                    .output = "y" };
        for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
            AUTO(answer_deinit) Answer answer = { 0 };
            check_ok(ask_send(fixture.client, &ask, protocol, &answer));
            check_values(&answer, expected, 10);
            assert_int_equal(answer.version, version ? version : 2);
        }
    }
}

static void test_identity_keeps_every_bit(void **state) {
    (void)state;
    uint32_t bits[3 * 16];
    for (size_t i = 0; i < ARRAY_LENGTH(bits); i++)
        bits[i] = (uint32_t)i * 2654435761U; /* NaNs and subnormals among them */
    Ask ask = { .model = "identity",
                .input = "x",
                .rank = 2,
                .dims = { 3, 16 },
                .data = bits,
                .bytes = sizeof bits };
    for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        AUTO(answer_deinit) Answer answer = { 0 };
        check_ok(ask_send(fixture.client, &ask, protocol, &answer));
        assert_int_equal(answer.count, ARRAY_LENGTH(bits));
        assert_memory_equal(answer.values, bits, sizeof bits);
    }
}

static void test_sixteen_mebibytes_go_and_come(void **state) {
    (void)state;
    enum { ROWS = 2048, COLUMNS = 2048 };
    size_t bytes = sizeof(float) * ROWS * COLUMNS;
    uint32_t *bits = malloc(bytes);
    assert_non_null(bits);
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        bits[i] = (uint32_t)(i ^ i << 11);
    Ask ask = { .model = "identity_any",
                .input = "x",
                .rank = 2,
                .dims = { ROWS, COLUMNS },
                .data = bits,
                .bytes = bytes };
    for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        AUTO(answer_deinit) Answer answer = { 0 };
        check_ok(ask_send(fixture.client, &ask, protocol, &answer));
        assert_int_equal(answer.count, ROWS * COLUMNS);
        assert_memory_equal(answer.values, bits, bytes);
    }
    free(bits);
}

/* --- what is there --- */

static void unary(const char *method, const WireWriter *request, ClientReply *reply) {
    check_ok(client_unary(fixture.client, method, request->data, request->length,
                          60 * UINT64_C(1000000000), reply));
}

static void write_spec(WireWriter *writer, const char *model) {
    size_t spec = wire_open(writer, 1);
    wire_put_text(writer, 1, model);
    wire_close(writer, spec);
}

static void test_model_status_lists_versions(void **state) {
    (void)state;
    AUTO(wire_writer_deinit) WireWriter request = { 0 };
    AUTO(client_reply_deinit) ClientReply reply = { 0 };
    write_spec(&request, "two_layer");
    unary(TENSORFLOW "ModelService/GetModelStatus", &request, &reply);
    Tensorflow__Serving__GetModelStatusResponse *response =
        tensorflow__serving__get_model_status_response__unpack(NULL, reply.bytes, reply.data);
    assert_non_null(response);
    assert_int_equal(response->n_model_version_status, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(response->model_version_status[i]->version, 2 - (int)i);
        assert_int_equal(response->model_version_status[i]->state,
                         TENSORFLOW__SERVING__MODEL_VERSION_STATUS__STATE__AVAILABLE);
        assert_int_equal(response->model_version_status[i]->status->error_code, 0);
    }
    tensorflow__serving__get_model_status_response__free_unpacked(response, NULL);
}

static void test_model_metadata_has_the_signature(void **state) {
    (void)state;
    AUTO(wire_writer_deinit) WireWriter request = { 0 };
    AUTO(client_reply_deinit) ClientReply reply = { 0 };
    write_spec(&request, "digits");
    wire_put_text(&request, 2, "signature_def");
    unary(TENSORFLOW "PredictionService/GetModelMetadata", &request, &reply);
    Tensorflow__Serving__GetModelMetadataResponse *response =
        tensorflow__serving__get_model_metadata_response__unpack(NULL, reply.bytes, reply.data);
    assert_non_null(response);
    assert_string_equal(response->model_spec->name, "digits");
    assert_int_equal(response->model_spec->version->value, 1);
    assert_int_equal(response->n_metadata, 1);
    assert_string_equal(response->metadata[0]->key, "signature_def");
    ProtobufCBinaryData value = response->metadata[0]->value->value;
    Tensorflow__Serving__SignatureDefMap *map =
        tensorflow__serving__signature_def_map__unpack(NULL, value.len, value.data);
    assert_non_null(map);
    assert_int_equal(map->n_signature_def, 2); /* rows of ten are scores, and no values */
    assert_string_equal(map->signature_def[0]->key, "serving_default");
    assert_string_equal(map->signature_def[1]->key, "tensorflow/serving/classify");
    assert_string_equal(map->signature_def[1]->value->inputs[0]->key, "inputs");
    const Tensorflow__SignatureDef *signature = map->signature_def[0]->value;
    assert_string_equal(signature->method_name, "tensorflow/serving/predict");
    assert_string_equal(signature->inputs[0]->key, "image");
    assert_int_equal(signature->inputs[0]->value->dtype, TENSORFLOW__DATA_TYPE__DT_FLOAT);
    assert_int_equal(signature->inputs[0]->value->tensor_shape->n_dim, 4);
    assert_string_equal(signature->outputs[0]->key, "probabilities");
    tensorflow__serving__signature_def_map__free_unpacked(map, NULL);
    tensorflow__serving__get_model_metadata_response__free_unpacked(response, NULL);
}

static void test_inference_metadata(void **state) {
    (void)state;
    AUTO(wire_writer_deinit) WireWriter request = { 0 }, nothing = { 0 };
    AUTO(client_reply_deinit) ClientReply reply = { 0 }, server = { 0 };
    wire_put_text(&request, 1, "two_layer");
    unary(INFERENCE "ModelMetadata", &request, &reply);
    Inference__ModelMetadataResponse *model =
        inference__model_metadata_response__unpack(NULL, reply.bytes, reply.data);
    assert_non_null(model);
    assert_string_equal(model->name, "two_layer");
    assert_int_equal(model->n_versions, 2);
    assert_string_equal(model->versions[0], "1");
    assert_string_equal(model->versions[1], "2");
    assert_string_equal(model->inputs[0]->name, "x");
    assert_string_equal(model->inputs[0]->datatype, "FP32");
    assert_int_equal(model->inputs[0]->n_shape, 2);
    assert_int_equal(model->inputs[0]->shape[0], -1);
    assert_int_equal(model->inputs[0]->shape[1], 10);
    inference__model_metadata_response__free_unpacked(model, NULL);

    unary(INFERENCE "ServerMetadata", &nothing, &server);
    Inference__ServerMetadataResponse *metadata =
        inference__server_metadata_response__unpack(NULL, server.bytes, server.data);
    assert_non_null(metadata);
    assert_string_equal(metadata->name, "inferd");
    assert_true(*metadata->version);
    inference__server_metadata_response__free_unpacked(metadata, NULL);
}

static void test_probes_say_yes(void **state) {
    (void)state;
    static const struct {
        const char *method, *name;
    } rows[] = {
        { INFERENCE "ServerLive", NULL },
        { INFERENCE "ServerReady", NULL },
        { INFERENCE "ModelReady", "digits" },
        { INFERENCE "ModelReady", "two_layer" },
        { HEALTH "Check", NULL },
        { HEALTH "Check", "digits" },
        { HEALTH "Check", "tensorflow.serving.PredictionService" },
        { HEALTH "Check", "inference.GRPCInferenceService" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        AUTO(wire_writer_deinit) WireWriter request = { 0 };
        AUTO(client_reply_deinit) ClientReply reply = { 0 };
        if (rows[i].name)
            wire_put_text(&request, 1, rows[i].name);
        unary(rows[i].method, &request, &reply);
        assert_int_equal(reply.bytes, 2); /* field 1: true, or SERVING */
        assert_memory_equal(reply.data, "\x08\x01", 2);
    }
}

static void test_health_lists_models_and_services(void **state) {
    (void)state;
    AUTO(wire_writer_deinit) WireWriter nothing = { 0 };
    AUTO(client_reply_deinit) ClientReply reply = { 0 };
    unary(HEALTH "List", &nothing, &reply);
    Grpc__Health__V1__HealthListResponse *list =
        grpc__health__v1__health_list_response__unpack(NULL, reply.bytes, reply.data);
    assert_non_null(list);
    bool digits = false, whole = false;
    for (size_t i = 0; i < list->n_statuses; i++) {
        digits = digits || !strcmp(list->statuses[i]->key, "digits");
        whole = whole || !*list->statuses[i]->key;
        assert_int_equal(list->statuses[i]->value->status,
                         GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING);
    }
    assert_true(digits && whole);
    grpc__health__v1__health_list_response__free_unpacked(list, NULL);
}

static void test_watch_says_the_state_at_once(void **state) {
    (void)state;
    RpcClient *client = rpc_client_new(server_process_port(fixture.server));
    static const struct {
        const char *name, *expected;
    } rows[] = { { "\x0a\x06"
                   "digits",
                   "\x08\x01" },
                 { "\x0a\x06"
                   "nobody",
                   "\x08\x03" } };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        RpcCall *call = rpc_call_start(
            client, &(RpcAsk){ .path = HEALTH "Watch", .body = rows[i].name, .length = 8 });
        RpcAnswer first, end;
        assert_true(rpc_call_read(call, &first));
        assert_int_equal(first.length, 2);
        assert_memory_equal(first.bytes, rows[i].expected, 2);
        rpc_call_cancel(call);
        rpc_call_finish(call, &end);
        assert_int_equal(end.code, STATUS_CANCELLED);
        rpc_answer_free(&first);
        rpc_answer_free(&end);
    }
    rpc_client_free(client);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digits_are_as_recorded),
        cmocka_unit_test(test_both_versions_of_two_layer_answer),
        cmocka_unit_test(test_identity_keeps_every_bit),
        cmocka_unit_test(test_sixteen_mebibytes_go_and_come),
        cmocka_unit_test(test_model_status_lists_versions),
        cmocka_unit_test(test_model_metadata_has_the_signature),
        cmocka_unit_test(test_inference_metadata),
        cmocka_unit_test(test_probes_say_yes),
        cmocka_unit_test(test_health_lists_models_and_services),
        cmocka_unit_test(test_watch_says_the_state_at_once),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
