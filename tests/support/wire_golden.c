/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Golden requests. Every field that the decoders know is in one of them, so that damage reaches
 * every line. Aborts when out of memory.
 */

#include "tests/support/wire_golden.h"

#include "runtime/base/size.h"

#include "google/protobuf/wrappers.pb-c.h"
#include "inference/grpc_service.pb-c.h"
#include "tensorflow_serving/apis/predict.pb-c.h"

#include <stdlib.h>

static float numbers[] = { 1, 2, 3, 4 };
static int64_t whole[] = { -1, 5 };
static ProtobufCBinaryData strings[] = { { 2, (uint8_t *)"ab" }, { 1, (uint8_t *)"c" } };

/* protobuf-c's strings are not const; packing does not write to them. */
static char *text_of(const char *text) {
    return (char *)(uintptr_t)text;
}

static Bytes pack(const ProtobufCMessage *message) {
    Bytes bytes = { 0 };
    bytes.count = bytes.capacity = protobuf_c_message_get_packed_size(message);
    bytes.data = malloc(bytes.capacity);
    if (!bytes.data)
        abort();
    protobuf_c_message_pack(message, bytes.data);
    return bytes;
}

/* --- Predict --- */

typedef struct PredictTensor {
    Tensorflow__Serving__PredictRequest__InputsEntry entry;
    Tensorflow__TensorProto proto;
    Tensorflow__TensorShapeProto shape;
    Tensorflow__TensorShapeProto__Dim dims[2], *dim_list[2];
} PredictTensor;

static void fill_predict(PredictTensor *tensor, const char *name, Tensorflow__DataType dtype,
                         size_t rank) {
    tensor->entry = (Tensorflow__Serving__PredictRequest__InputsEntry)
        TENSORFLOW__SERVING__PREDICT_REQUEST__INPUTS_ENTRY__INIT;
    tensor->proto = (Tensorflow__TensorProto)TENSORFLOW__TENSOR_PROTO__INIT;
    tensor->shape = (Tensorflow__TensorShapeProto)TENSORFLOW__TENSOR_SHAPE_PROTO__INIT;
    for (size_t i = 0; i < rank; i++) {
        tensor->dims[i] =
            (Tensorflow__TensorShapeProto__Dim)TENSORFLOW__TENSOR_SHAPE_PROTO__DIM__INIT;
        tensor->dims[i].size = 2;
        tensor->dim_list[i] = &tensor->dims[i];
    }
    tensor->shape.n_dim = rank;
    tensor->shape.dim = tensor->dim_list;
    tensor->proto.dtype = dtype;
    tensor->proto.tensor_shape = &tensor->shape;
    tensor->entry.key = text_of(name);
    tensor->entry.value = &tensor->proto;
}

static Bytes predict_request(bool content) {
    PredictTensor x, s, o;
    fill_predict(&x, "x", 1, 2);
    fill_predict(&s, "s", 7, 1);
    fill_predict(&o, "o", 9, 1);
    if (content) {
        x.proto.tensor_content = (ProtobufCBinaryData){ sizeof numbers, (uint8_t *)numbers };
        s.proto.tensor_content = (ProtobufCBinaryData){ 5, (uint8_t *)"\2\1abc" };
        o.proto.tensor_content = (ProtobufCBinaryData){ sizeof whole, (uint8_t *)whole };
    } else {
        x.proto.float_val = numbers, x.proto.n_float_val = ARRAY_LENGTH(numbers);
        s.proto.string_val = strings, s.proto.n_string_val = ARRAY_LENGTH(strings);
        o.proto.int64_val = whole, o.proto.n_int64_val = ARRAY_LENGTH(whole);
    }
    Tensorflow__Serving__PredictRequest__InputsEntry *inputs[] = { &x.entry, &s.entry, &o.entry };
    Google__Protobuf__Int64Value version = GOOGLE__PROTOBUF__INT64_VALUE__INIT;
    Tensorflow__Serving__ModelSpec spec = TENSORFLOW__SERVING__MODEL_SPEC__INIT;
    Tensorflow__Serving__PredictRequest request = TENSORFLOW__SERVING__PREDICT_REQUEST__INIT;
    char *outputs[] = { text_of("t"), text_of("y") };
    version.value = 3;
    spec.name = text_of("m");
    spec.signature_name = text_of("serving_default");
    if (content) {
        spec.version_choice_case = TENSORFLOW__SERVING__MODEL_SPEC__VERSION_CHOICE_VERSION;
        spec.version = &version;
    } else {
        spec.version_choice_case = TENSORFLOW__SERVING__MODEL_SPEC__VERSION_CHOICE_VERSION_LABEL;
        spec.version_label = text_of("stable");
    }
    request.model_spec = &spec;
    request.inputs = inputs, request.n_inputs = ARRAY_LENGTH(inputs);
    request.output_filter = outputs, request.n_output_filter = content ? 2 : 0;
    return pack(&request.base);
}

/* --- ModelInfer --- */

typedef Inference__ModelInferRequest__InferInputTensor InferInput;
typedef Inference__ModelInferRequest__ParametersEntry Parameter;

static void fill_infer(InferInput *input, const char *name, const char *datatype, size_t rank) {
    static int64_t twos[] = { 2, 2 };
    *input = (InferInput)INFERENCE__MODEL_INFER_REQUEST__INFER_INPUT_TENSOR__INIT;
    input->name = text_of(name);
    input->datatype = text_of(datatype);
    input->shape = twos;
    input->n_shape = rank;
}

static Bytes infer_request(bool raw) {
    InferInput x, s, o, *inputs[] = { &x, &s, &o };
    Inference__InferTensorContents contents[3];
    Inference__ModelInferRequest request = INFERENCE__MODEL_INFER_REQUEST__INIT;
    Inference__InferParameter timeout = INFERENCE__INFER_PARAMETER__INIT;
    Parameter parameter = INFERENCE__MODEL_INFER_REQUEST__PARAMETERS_ENTRY__INIT,
              *parameters[] = { &parameter };
    Inference__ModelInferRequest__InferRequestedOutputTensor y =
        INFERENCE__MODEL_INFER_REQUEST__INFER_REQUESTED_OUTPUT_TENSOR__INIT;
    Inference__ModelInferRequest__InferRequestedOutputTensor *outputs[] = { &y };
    ProtobufCBinaryData raws[] = { { sizeof numbers, (uint8_t *)numbers },
                                   { 11, (uint8_t *)"\2\0\0\0ab\1\0\0\0c" },
                                   { sizeof whole, (uint8_t *)whole } };
    fill_infer(&x, "x", "FP32", 2);
    fill_infer(&s, "s", "BYTES", 1);
    fill_infer(&o, "o", "INT64", 1);
    for (size_t i = 0; i < ARRAY_LENGTH(contents); i++) {
        contents[i] = (Inference__InferTensorContents)INFERENCE__INFER_TENSOR_CONTENTS__INIT;
        inputs[i]->contents = raw ? NULL : &contents[i];
    }
    contents[0].fp32_contents = numbers, contents[0].n_fp32_contents = ARRAY_LENGTH(numbers);
    contents[1].bytes_contents = strings, contents[1].n_bytes_contents = ARRAY_LENGTH(strings);
    contents[2].int64_contents = whole, contents[2].n_int64_contents = ARRAY_LENGTH(whole);
    timeout.parameter_choice_case = INFERENCE__INFER_PARAMETER__PARAMETER_CHOICE_INT64_PARAM;
    timeout.int64_param = 1000;
    parameter.key = text_of("timeout");
    parameter.value = &timeout;
    y.name = text_of("y");
    request.model_name = text_of("m");
    request.model_version = text_of("3");
    request.id = text_of("id");
    request.parameters = parameters, request.n_parameters = 1;
    request.inputs = inputs, request.n_inputs = ARRAY_LENGTH(inputs);
    request.outputs = outputs, request.n_outputs = raw ? 1 : 0;
    request.raw_input_contents = raws, request.n_raw_input_contents = raw ? ARRAY_LENGTH(raws) : 0;
    return pack(&request.base);
}

Bytes golden_request(size_t index) {
    return index < 2 ? predict_request(index == 1) : infer_request(index == 3);
}

const InferProtocol *golden_protocol(size_t index) {
    return index < 2 ? &TENSORFLOW_PREDICT : &INFERENCE_INFER;
}
