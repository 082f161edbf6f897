/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Requests as bytes, and answers of other servers: typed fields, repeated last values,
 * contradictions. */

#include "clients/c/predict_protocol.h"
#include "runtime/base/size.h"
#include "tests/support/check.h"

#include "inference/grpc_service.pb-c.h"
#include "tensorflow_serving/apis/predict.pb-c.h"

#include <string.h>

static Arena *new_arena(void) {
    Arena *arena = NULL;
    check_ok(arena_new(4096, 1 << 20, &arena));
    return arena;
}

static const float THREE[] = { 1, 2, 3 };

static ClientTensor three_floats(void) {
    return (ClientTensor){ .name = "x",
                           .type = client_type_by_name("float32"),
                           .rank = 2,
                           .dims = { 1, 3 },
                           .data = THREE,
                           .bytes = sizeof THREE };
}

static void test_an_inference_request_carries_raw_bytes(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = new_arena();
    ClientTensor tensor = three_floats();
    ClientPredict predict = {
        .protocol = CLIENT_INFERENCE, .model = { "m", 7 }, .inputs = &tensor, .input_count = 1
    };
    const void *data = NULL;
    size_t bytes = 0;
    check_ok(client_predict_encode(&predict, arena, &data, &bytes));
    Inference__ModelInferRequest *request =
        inference__model_infer_request__unpack(NULL, bytes, data);
    assert_non_null(request);
    assert_string_equal(request->model_version, "7");
    assert_string_equal(request->inputs[0]->datatype, "FP32");
    assert_int_equal(request->inputs[0]->shape[1], 3);
    assert_int_equal(request->raw_input_contents[0].len, sizeof THREE);
    assert_memory_equal(request->raw_input_contents[0].data, THREE, sizeof THREE);
    inference__model_infer_request__free_unpacked(request, NULL);
}

static void test_a_tensorflow_request_carries_strings_one_by_one(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = new_arena();
    ClientTensor tensor = { .name = "s",
                            .type = client_type_by_name("string"),
                            .rank = 1,
                            .dims = { 2 },
                            .data = "\2\0\0\0ab\0\0\0\0",
                            .bytes = 10 };
    ClientPredict predict = {
        .protocol = CLIENT_TENSORFLOW, .model = { .name = "m" }, .inputs = &tensor, .input_count = 1
    };
    const void *data = NULL;
    size_t bytes = 0;
    check_ok(client_predict_encode(&predict, arena, &data, &bytes));
    Tensorflow__Serving__PredictRequest *request =
        tensorflow__serving__predict_request__unpack(NULL, bytes, data);
    assert_non_null(request);
    assert_int_equal(request->model_spec->version_choice_case, 0);
    const Tensorflow__TensorProto *proto = request->inputs[0]->value;
    assert_int_equal(proto->n_string_val, 2);
    assert_int_equal(proto->string_val[0].len, 2);
    assert_memory_equal(proto->string_val[0].data, "ab", 2);
    tensorflow__serving__predict_request__free_unpacked(request, NULL);
}

static void test_data_that_does_not_fit_its_shape_is_not_sent(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = new_arena();
    ClientTensor wrong[] = { three_floats(), three_floats(), three_floats() };
    wrong[0].dims[1] = 4;
    wrong[1].dims[0] = INT64_MAX;
    wrong[2].dims[0] = -1;
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        ClientPredict predict = { .model = { .name = "m" }, .inputs = &wrong[i], .input_count = 1 };
        const void *data;
        size_t bytes;
        assert_int_equal(client_predict_encode(&predict, arena, &data, &bytes).code,
                         STATUS_INVALID_ARGUMENT);
    }
}

/* Packs an answer with one output "y" and decodes it. */
static Status decode_tensorflow(Tensorflow__TensorProto *proto, Arena *arena,
                                ClientPrediction *prediction) {
    Tensorflow__Serving__PredictResponse__OutputsEntry entry =
        TENSORFLOW__SERVING__PREDICT_RESPONSE__OUTPUTS_ENTRY__INIT;
    Tensorflow__Serving__PredictResponse__OutputsEntry *entries[] = { &entry };
    Tensorflow__Serving__PredictResponse response = TENSORFLOW__SERVING__PREDICT_RESPONSE__INIT;
    entry.key = message_text("y");
    entry.value = proto;
    response.n_outputs = 1;
    response.outputs = entries;
    ClientBytes bytes;
    TRY(message_pack(&response.base, arena, &bytes));
    return PREDICT_TENSORFLOW.decode(bytes, arena, prediction);
}

static void test_typed_values_of_tensorflow_repeat_the_last(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = new_arena();
    Tensorflow__TensorShapeProto__Dim dim = TENSORFLOW__TENSOR_SHAPE_PROTO__DIM__INIT;
    Tensorflow__TensorShapeProto__Dim *dims[] = { &dim };
    Tensorflow__TensorShapeProto shape = TENSORFLOW__TENSOR_SHAPE_PROTO__INIT;
    Tensorflow__TensorProto proto = TENSORFLOW__TENSOR_PROTO__INIT;
    int32_t values[] = { 5, -6 };
    dim.size = 4;
    shape.n_dim = 1;
    shape.dim = dims;
    proto.dtype = TENSORFLOW__DATA_TYPE__DT_INT8;
    proto.tensor_shape = &shape;
    proto.n_int_val = 2;
    proto.int_val = values;
    ClientPrediction prediction;
    check_ok(decode_tensorflow(&proto, arena, &prediction));
    static const int8_t EXPECTED[] = { 5, -6, -6, -6 };
    assert_string_equal(prediction.outputs[0].type->name, "int8");
    assert_int_equal(prediction.outputs[0].bytes, sizeof EXPECTED);
    assert_memory_equal(prediction.outputs[0].data, EXPECTED, sizeof EXPECTED);

    dim.size = 1; /* more values than elements */
    assert_int_equal(decode_tensorflow(&proto, arena, &prediction).code, STATUS_INTERNAL);
    dim.size = 4;
    proto.n_int_val = 0; /* nothing to repeat */
    assert_int_equal(decode_tensorflow(&proto, arena, &prediction).code, STATUS_INTERNAL);
    dim.size = INT64_MAX;
    proto.n_int_val = 2;
    assert_true(decode_tensorflow(&proto, arena, &prediction).code !=
                STATUS_OK); /* beyond the arena */
    proto.dtype = (Tensorflow__DataType)99;
    assert_int_equal(decode_tensorflow(&proto, arena, &prediction).code, STATUS_INTERNAL);
}

static void test_typed_contents_of_inference_are_read(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = new_arena();
    Inference__InferTensorContents contents = INFERENCE__INFER_TENSOR_CONTENTS__INIT;
    Inference__ModelInferResponse__InferOutputTensor output =
        INFERENCE__MODEL_INFER_RESPONSE__INFER_OUTPUT_TENSOR__INIT;
    Inference__ModelInferResponse__InferOutputTensor *outputs[] = { &output };
    Inference__ModelInferResponse response = INFERENCE__MODEL_INFER_RESPONSE__INIT;
    uint32_t values[] = { 1, 65535 };
    int64_t shape[] = { 2 };
    contents.n_uint_contents = 2;
    contents.uint_contents = values;
    output.name = message_text("y");
    output.datatype = message_text("UINT16");
    output.n_shape = 1;
    output.shape = shape;
    output.contents = &contents;
    response.model_version = message_text("3");
    response.n_outputs = 1;
    response.outputs = outputs;
    ClientBytes bytes;
    ClientPrediction prediction;
    check_ok(message_pack(&response.base, arena, &bytes));
    check_ok(PREDICT_INFERENCE.decode(bytes, arena, &prediction));
    assert_int_equal(prediction.version, 3);
    assert_memory_equal(prediction.outputs[0].data, "\1\0\xff\xff", 4);

    output.datatype = message_text("UINT1");
    check_ok(message_pack(&response.base, arena, &bytes));
    assert_int_equal(PREDICT_INFERENCE.decode(bytes, arena, &prediction).code, STATUS_INTERNAL);
    assert_int_equal(
        PREDICT_INFERENCE.decode((ClientBytes){ "\xff\xff", 2 }, arena, &prediction).code,
        STATUS_INTERNAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_inference_request_carries_raw_bytes),
        cmocka_unit_test(test_a_tensorflow_request_carries_strings_one_by_one),
        cmocka_unit_test(test_data_that_does_not_fit_its_shape_is_not_sent),
        cmocka_unit_test(test_typed_values_of_tensorflow_repeat_the_last),
        cmocka_unit_test(test_typed_contents_of_inference_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
