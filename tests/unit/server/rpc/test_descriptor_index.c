/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The index over our own descriptors, and over broken ones. */

#include "server/rpc/descriptor_index.h"

#include "proto/descriptor_set.h"
#include "runtime/base/size.h"

#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static StringView view(const char *text) {
    return (StringView){ .data = text, .length = strlen(text) };
}

static int set_up(void **state) {
    DescriptorIndex *index;
    Status status = descriptor_index_new(descriptor_set_bytes, descriptor_set_length, &index);
    *state = status_is_ok(&status) ? index : NULL;
    return *state ? 0 : -1;
}

static int tear_down(void **state) {
    descriptor_index_free(*state);
    return 0;
}

static void test_symbols_are_found_in_their_files(void **state) {
    static const struct {
        const char *symbol, *file;
    } rows[] = {
        { "grpc.health.v1.Health", "grpc/health/v1/health.proto" },
        { "grpc.health.v1.Health.Check", "grpc/health/v1/health.proto" },
        { "grpc.health.v1.HealthCheckResponse.ServingStatus", "grpc/health/v1/health.proto" },
        { "inference.GRPCInferenceService", "grpc_service.proto" },
        { "inference.ModelInferRequest.InferInputTensor", "grpc_service.proto" },
        { "inference.ModelInferRequest.InferInputTensor.ParametersEntry", "grpc_service.proto" },
        { "tensorflow.serving.PredictionService.Predict",
          "tensorflow_serving/apis/prediction_service.proto" },
        { "tensorflow.DataType", "tensorflow/core/framework/types.proto" },
        { "grpc.reflection.v1alpha.ServerReflection", "grpc/reflection/v1alpha/reflection.proto" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        size_t file = descriptor_index_find_symbol(*state, view(rows[i].symbol));
        if (file == INDEX_NONE)
            fail_msg("%s is not found", rows[i].symbol);
        StringView name = descriptor_index_file(*state, file)->name;
        assert_int_equal(name.length, strlen(rows[i].file));
        assert_memory_equal(name.data, rows[i].file, name.length);
        assert_int_equal(descriptor_index_find_file(*state, view(rows[i].file)), file);
    }
}

static void test_what_is_not_there_is_not_found(void **state) {
    static const char *const names[] = { "",          ".",
                                         "inference", "inference.GRPCInferenceServic",
                                         "zzz",       "grpc.health.v1.Health." };
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        assert_int_equal(descriptor_index_find_symbol(*state, view(names[i])), INDEX_NONE);
        assert_int_equal(descriptor_index_find_file(*state, view(names[i])), INDEX_NONE);
    }
}

static void test_imports_come_before_their_importers(void **state) {
    size_t imports = 0;
    for (size_t i = 0; i < descriptor_index_file_count(*state); i++) {
        const DescriptorFile *file = descriptor_index_file(*state, i);
        for (size_t k = 0; k < file->import_count; k++)
            assert_true(file->imports[k] < i);
        imports += file->import_count;
    }
    assert_true(imports > 10);
}

static void test_cut_or_flipped_sets_never_hurt(void **state) {
    (void)state;
    size_t length = MIN_OF(descriptor_set_length, (size_t)4000);
    unsigned char *bytes = malloc(length);
    for (size_t i = 0; i < length; i++) {
        memcpy(bytes, descriptor_set_bytes, length);
        bytes[i] ^= (unsigned char)(1u << i % 8);
        size_t cut = i % 3 ? length : i;
        DescriptorIndex *index = NULL;
        Status status = descriptor_index_new(bytes, cut, &index);
        assert_true(status_is_ok(&status) == (index != NULL));
        descriptor_index_free(index);
    }
    free(bytes);
}

static void test_nesting_is_bounded(void **state) {
    (void)state;
    /* file { message { nested { nested { ... } } } }, built from the inside */
    enum { DEPTH = 60, CAPACITY = 4 * DEPTH + 64 };
    unsigned char bytes[CAPACITY];
    size_t at = CAPACITY;
    for (size_t depth = 0; depth < DEPTH; depth++) {
        size_t length = CAPACITY - at;
        if (length >= 128)
            bytes[--at] = (unsigned char)(length >> 7);
        bytes[--at] = (unsigned char)(length >= 128 ? (length & 127) | 128 : length);
        bytes[--at] = depth == DEPTH - 1 ? 0x0a : depth == DEPTH - 2 ? 0x22 : 0x1a;
    }
    DescriptorIndex *index = NULL;
    Status status = descriptor_index_new(bytes + at, CAPACITY - at, &index);
    assert_int_equal(status.code, STATUS_INTERNAL);
    assert_null(index);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbols_are_found_in_their_files),
        cmocka_unit_test(test_what_is_not_there_is_not_found),
        cmocka_unit_test(test_imports_come_before_their_importers),
        cmocka_unit_test(test_cut_or_flipped_sets_never_hurt),
        cmocka_unit_test(test_nesting_is_bounded),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
