/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ModelInfer of the Open Inference Protocol. Inputs travel in raw_input_contents, one entry each;
 * outputs are read from raw_output_contents, or from the typed contents of servers that send no raw
 * ones. Thread: the caller's.
 */

#include "clients/c/predict_protocol.h"
#include "clients/c/wire_split.h"
#include "runtime/base/size.h"

#include "inference/grpc_service.pb-c.h"

#include <string.h>

typedef Inference__ModelInferRequest__InferInputTensor InputTensor;
typedef Inference__ModelInferRequest__InferRequestedOutputTensor WantedTensor;
typedef Inference__ModelInferResponse__InferOutputTensor OutputTensor;
typedef Inference__InferTensorContents Contents;

static Status encode_inputs(const ClientPredict *predict, Arena *arena,
                            Inference__ModelInferRequest *request) {
    MESSAGE_ARRAY(InputTensor *, inputs, predict->input_count, arena);
    MESSAGE_ARRAY(ProtobufCBinaryData, raw, predict->input_count, arena);
    for (size_t i = 0; i < predict->input_count; i++) {
        const ClientTensor *tensor = &predict->inputs[i];
        if (!tensor->type->inference_name)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "input '%s': the Open Inference Protocol has no type %s",
                                tensor->name, tensor->type->name);
        MESSAGE_NEW(InputTensor, input, INFERENCE__MODEL_INFER_REQUEST__INFER_INPUT_TENSOR__INIT,
                    arena);
        input->name = message_text(tensor->name);
        input->datatype = message_text(tensor->type->inference_name);
        input->n_shape = tensor->rank;
        input->shape = (int64_t *)(uintptr_t)tensor->dims;
        inputs[i] = input;
        raw[i] = (ProtobufCBinaryData){ .len = tensor->bytes,
                                        .data = (uint8_t *)(uintptr_t)tensor->data };
    }
    request->n_inputs = request->n_raw_input_contents = predict->input_count;
    request->inputs = inputs;
    request->raw_input_contents = raw;
    return status_ok();
}

static Status encode(const ClientPredict *predict, Arena *arena,
                     const ProtobufCMessage **ret_message) {
    MESSAGE_NEW(Inference__ModelInferRequest, request, INFERENCE__MODEL_INFER_REQUEST__INIT, arena);
    request->model_name = message_text(predict->model.name);
    MESSAGE_ARRAY(char, version, MESSAGE_VERSION_BYTES, arena);
    request->model_version = message_version(predict->model.version, version);
    TRY(encode_inputs(predict, arena, request));
    MESSAGE_ARRAY(WantedTensor *, wanted, predict->output_count, arena);
    for (size_t i = 0; i < predict->output_count; i++) {
        MESSAGE_NEW(WantedTensor, output,
                    INFERENCE__MODEL_INFER_REQUEST__INFER_REQUESTED_OUTPUT_TENSOR__INIT, arena);
        output->name = message_text(predict->outputs[i]);
        wanted[i] = output;
    }
    request->n_outputs = predict->output_count;
    request->outputs = wanted;
    *ret_message = &request->base;
    return status_ok();
}

static TypedItems typed_items(const Contents *contents, const ClientType *type) {
    const struct {
        const char *names; /* of the datatypes it holds */
        TypedItems typed;
    } fields[] = {
        { "BOOL",
          { contents->bool_contents, contents->n_bool_contents, sizeof(protobuf_c_boolean) } },
        { "INT8 INT16 INT32", { contents->int_contents, contents->n_int_contents, 4 } },
        { "INT64", { contents->int64_contents, contents->n_int64_contents, 8 } },
        { "UINT8 UINT16 UINT32", { contents->uint_contents, contents->n_uint_contents, 4 } },
        { "UINT64", { contents->uint64_contents, contents->n_uint64_contents, 8 } },
        { "FP32", { contents->fp32_contents, contents->n_fp32_contents, 4 } },
        { "FP64", { contents->fp64_contents, contents->n_fp64_contents, 8 } },
    };
    size_t length = strlen(type->inference_name);
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++)
        for (const char *at = fields[i].names; (at = strstr(at, type->inference_name));
             at += length)
            if ((at == fields[i].names || at[-1] == ' ') &&
                (at[length] == ' ' || at[length] == '\0'))
                return fields[i].typed;
    return (TypedItems){ 0 };
}

static Status decode_output(const OutputTensor *output, const ClientBytes *raw, Arena *arena,
                            ClientTensor *tensor) {
    tensor->name = output->name;
    tensor->type = client_type_by_inference_name(output->datatype);
    if (!tensor->type)
        return status_error(STATUS_INTERNAL, "output '%s' has the unknown type '%s'", output->name,
                            output->datatype);
    TRY(client_tensor_set_dims(tensor, output->shape, output->n_shape));
    if (raw)
        return client_tensor_from_bytes(tensor, *raw, arena);
    Contents empty = INFERENCE__INFER_TENSOR_CONTENTS__INIT;
    const Contents *contents = output->contents ? output->contents : &empty;
    if (tensor->type->bytes == 0)
        return client_tensor_from_strings(tensor, contents->bytes_contents,
                                          contents->n_bytes_contents, arena);
    return client_tensor_from_items(tensor, typed_items(contents, tensor->type), false, arena);
}

static Status decode(ClientBytes bytes, Arena *arena, ClientPrediction *ret_prediction) {
    enum { RAW_OUTPUT_CONTENTS = 6 };
    Inference__ModelInferResponse *response = NULL;
    ClientBytes *raw = NULL, head = { 0 };
    size_t raw_count = 0;
    TRY(wire_split(bytes, RAW_OUTPUT_CONTENTS, arena, &raw, &raw_count, &head));
    TRY(message_unpack(&inference__model_infer_response__descriptor, head, PREDICT_INFERENCE.method,
                       arena, &response));
    if (raw_count > 0 && raw_count != response->n_outputs)
        return status_error(STATUS_INTERNAL, "the answer has %zu outputs but %zu raw contents",
                            response->n_outputs, raw_count);
    MESSAGE_ARRAY(ClientTensor, outputs, response->n_outputs, arena);
    for (size_t i = 0; i < response->n_outputs; i++)
        TRY(decode_output(response->outputs[i], raw_count > 0 ? &raw[i] : NULL, arena,
                          &outputs[i]));
    *ret_prediction = (ClientPrediction){ .model_name = response->model_name,
                                          .version = strtoll(response->model_version, NULL, 10),
                                          .outputs = outputs,
                                          .output_count = response->n_outputs };
    return status_ok();
}

const PredictProtocol PREDICT_INFERENCE = {
    .method = "/inference.GRPCInferenceService/ModelInfer",
    .encode = encode,
    .decode = decode,
};
