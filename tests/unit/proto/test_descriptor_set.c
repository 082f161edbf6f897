/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The descriptor set that reflection answers from: it splits into files, names each of them as
 * clients import it, holds every service of the server, and keeps proto3 `optional`, which the
 * generated C has lost.
 *
 * google.protobuf.FileDescriptorSet is not among the contracts, so a small reader of the wire
 * format walks it here: enough for length-delimited and varint fields, which is all a descriptor
 * is made of. It asserts on anything else, so a truncated array fails too.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <string.h>
#include <cmocka.h>

#include "proto/descriptor_set.h"
#include "grpc/health/v1/health.pb-c.h"
#include "inference/grpc_service.pb-c.h"
#include "tensorflow_serving/apis/predict.pb-c.h"

/* Field numbers in google/protobuf/descriptor.proto. */
enum {
    SET_FILE = 1,
    FILE_NAME = 1,
    FILE_PACKAGE = 2,
    FILE_DEPENDENCY = 3,
    FILE_MESSAGE = 4,
    FILE_SERVICE = 6,
    MESSAGE_NAME = 1,
    MESSAGE_FIELD = 2,
    FIELD_NAME = 1,
    FIELD_PROTO3_OPTIONAL = 17,
    SERVICE_NAME = 1,
    SERVICE_METHOD = 2,
    METHOD_NAME = 1,
};

enum { FILES_MAX = 128 };

/* Bytes of a message, or of one field's value. */
typedef struct Bytes {
    const unsigned char *data;
    size_t length;
} Bytes;

static uint64_t read_varint(Bytes *rest) {
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        assert_true(rest->length > 0);
        unsigned char byte = *rest->data++;
        rest->length--;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    fail_msg("varint of more than ten bytes");
    return 0;
}

/* Takes the next field off `rest`; false at its end. A varint's value is in `ret_varint`. */
static bool next_field(Bytes *rest, uint32_t *ret_number, Bytes *ret_value, uint64_t *ret_varint) {
    if (rest->length == 0)
        return false;

    uint64_t key = read_varint(rest);
    *ret_number = (uint32_t)(key >> 3);
    *ret_value = (Bytes){ 0 };
    *ret_varint = 0;
    if ((key & 7) == 0) {
        *ret_varint = read_varint(rest);
        return true;
    }

    assert_int_equal(key & 7, 2);
    uint64_t length = read_varint(rest);
    assert_true(length <= rest->length);
    *ret_value = (Bytes){ .data = rest->data, .length = (size_t)length };
    rest->data += length;
    rest->length -= (size_t)length;
    return true;
}

static bool bytes_equal(Bytes bytes, const char *text) {
    return bytes.length == strlen(text) && memcmp(bytes.data, text, bytes.length) == 0;
}

/* The first field `number` of `message`; empty when there is none. */
static Bytes get_field(Bytes message, uint32_t number) {
    uint32_t found;
    Bytes value;
    uint64_t varint;

    while (next_field(&message, &found, &value, &varint)) {
        if (found == number)
            return value;
    }
    return (Bytes){ 0 };
}

/* The submessage `number` whose own field 1 is `name`; empty when there is none. */
static Bytes find_named(Bytes message, uint32_t number, const char *name) {
    uint32_t found;
    Bytes value;
    uint64_t varint;

    while (next_field(&message, &found, &value, &varint)) {
        if (found == number && bytes_equal(get_field(value, 1), name))
            return value;
    }
    return (Bytes){ 0 };
}

static Bytes whole_set(void) {
    return (Bytes){ .data = descriptor_set_bytes, .length = descriptor_set_length };
}

static Bytes find_file(const char *name) {
    return find_named(whole_set(), SET_FILE, name);
}

static void test_set_splits_into_files_with_imports_first(void **state) {
    (void)state;
    Bytes names[FILES_MAX];
    size_t files = 0;
    Bytes set = whole_set();
    Bytes file;
    uint32_t number;
    uint64_t varint;

    while (next_field(&set, &number, &file, &varint)) {
        assert_int_equal(number, SET_FILE);
        assert_true(files < FILES_MAX);

        Bytes rest = file;
        Bytes value;
        while (next_field(&rest, &number, &value, &varint)) {
            if (number != FILE_DEPENDENCY)
                continue;
            bool seen = false;
            for (size_t i = 0; i < files && !seen; i++)
                seen = names[i].length == value.length &&
                       memcmp(names[i].data, value.data, value.length) == 0;
            assert_true(seen);
        }

        names[files] = get_field(file, FILE_NAME);
        assert_true(names[files].length > 0);
        assert_true(get_field(file, FILE_PACKAGE).length > 0);
        files++;
    }
    assert_true(files > 30);
}

static void test_files_are_named_as_clients_import_them(void **state) {
    (void)state;
    static const char *const names[] = {
        "google/protobuf/any.proto",
        "google/protobuf/wrappers.proto",
        "grpc/health/v1/health.proto",
        "grpc/reflection/v1/reflection.proto",
        "grpc/reflection/v1alpha/reflection.proto",
        "grpc_service.proto",
        "model_config.proto",
        "tensorflow/core/framework/tensor.proto",
        "tensorflow/core/protobuf/meta_graph.proto",
        "tensorflow_serving/apis/model_service.proto",
        "tensorflow_serving/apis/prediction_service.proto",
        "tensorflow_serving/config/model_server_config.proto",
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (find_file(names[i]).length == 0)
            fail_msg("no file %s", names[i]);
    }
}

static void test_set_holds_each_service_with_its_methods(void **state) {
    (void)state;
    static const struct {
        const char *file;
        const char *package;
        const char *service;
        const char *methods[7];
    } rows[] = {
        { "tensorflow_serving/apis/prediction_service.proto",
          "tensorflow.serving",
          "PredictionService",
          { "Predict", "Classify", "Regress", "MultiInference", "GetModelMetadata" } },
        { "tensorflow_serving/apis/model_service.proto",
          "tensorflow.serving",
          "ModelService",
          { "GetModelStatus", "HandleReloadConfigRequest" } },
        { "grpc_service.proto",
          "inference",
          "GRPCInferenceService",
          { "ServerLive", "ServerReady", "ModelReady", "ServerMetadata", "ModelMetadata",
            "ModelInfer", "ModelStreamInfer" } },
        { "grpc/health/v1/health.proto", "grpc.health.v1", "Health", { "Check", "Watch" } },
        { "grpc/reflection/v1/reflection.proto",
          "grpc.reflection.v1",
          "ServerReflection",
          { "ServerReflectionInfo" } },
        { "grpc/reflection/v1alpha/reflection.proto",
          "grpc.reflection.v1alpha",
          "ServerReflection",
          { "ServerReflectionInfo" } },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Bytes file = find_file(rows[i].file);
        assert_true(bytes_equal(get_field(file, FILE_PACKAGE), rows[i].package));
        Bytes service = find_named(file, FILE_SERVICE, rows[i].service);
        assert_true(service.length > 0);
        for (size_t k = 0; k < 7 && rows[i].methods[k]; k++) {
            if (find_named(service, SERVICE_METHOD, rows[i].methods[k]).length == 0)
                fail_msg("%s has no method %s", rows[i].service, rows[i].methods[k]);
        }
    }
}

static bool field_is_proto3_optional(const char *file, const char *message, const char *field) {
    Bytes rest =
        find_named(find_named(find_file(file), FILE_MESSAGE, message), MESSAGE_FIELD, field);
    uint32_t number;
    Bytes value;
    uint64_t varint;

    assert_true(rest.length > 0);
    while (next_field(&rest, &number, &value, &varint)) {
        if (number == FIELD_PROTO3_OPTIONAL)
            return varint == 1;
    }
    return false;
}

static void test_proto3_optional_is_kept(void **state) {
    (void)state;
    const char *predict = "tensorflow_serving/apis/predict.proto";
    const char *logging = "tensorflow_serving/config/logging_config.proto";

    assert_true(field_is_proto3_optional(predict, "PredictRequest", "client_id"));
    assert_true(field_is_proto3_optional(predict, "PredictRequest", "request_options"));
    assert_true(field_is_proto3_optional(logging, "PerTaskSamplingConfig", "task_index"));
    assert_false(field_is_proto3_optional(predict, "PredictRequest", "model_spec"));
    /* A field whose name is the keyword. */
    assert_false(field_is_proto3_optional("model_config.proto", "ModelInput", "optional"));
}

static void test_generated_c_agrees_with_the_set(void **state) {
    (void)state;

    assert_string_equal(tensorflow__serving__predict_request__descriptor.name,
                        "tensorflow.serving.PredictRequest");
    assert_string_equal(inference__model_infer_request__descriptor.name,
                        "inference.ModelInferRequest");
    assert_string_equal(grpc__health__v1__health_check_request__descriptor.name,
                        "grpc.health.v1.HealthCheckRequest");
    assert_non_null(protobuf_c_message_descriptor_get_field_by_name(
        &inference__model_input__descriptor, "optional"));
    assert_non_null(protobuf_c_message_descriptor_get_field_by_name(
        &tensorflow__serving__predict_request__descriptor, "client_id"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_splits_into_files_with_imports_first),
        cmocka_unit_test(test_files_are_named_as_clients_import_them),
        cmocka_unit_test(test_set_holds_each_service_with_its_methods),
        cmocka_unit_test(test_proto3_optional_is_kept),
        cmocka_unit_test(test_generated_c_agrees_with_the_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
