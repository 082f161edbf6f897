/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * See ask.h. Requests are written by hand (so that they can also be wrong), answers read by the
 * generated code. Source: the contracts in proto/.
 */

#include "tests/support/ask.h"

#include "tests/support/check.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include "inference/grpc_service.pb-c.h"
#include "tensorflow_serving/apis/predict.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const PROTOCOL_METHODS[PROTOCOL_COUNT] = {
    [PROTOCOL_TENSORFLOW] = "/tensorflow.serving.PredictionService/Predict",
    [PROTOCOL_INFERENCE] = "/inference.GRPCInferenceService/ModelInfer",
};

enum { ANSWER_SECONDS = 60 };

/* --- requests --- */

static void write_map_entry(const Ask *ask, const char *name, WireWriter *writer) {
    size_t entry = wire_open(writer, 2);
    wire_put_text(writer, 1, name);
    size_t tensor = wire_open(writer, 2);
    wire_put_int(writer, 1, ask->tensorflow_dtype ? ask->tensorflow_dtype : 1);
    size_t shape = wire_open(writer, 2);
    for (int i = 0; i < ask->rank; i++) {
        size_t dim = wire_open(writer, 2);
        wire_put_int(writer, 1, ask->dims[i]);
        wire_close(writer, dim);
    }
    wire_close(writer, shape);
    if (ask->data)
        wire_put_bytes(writer, 4, ask->data, ask->bytes);
    wire_close(writer, tensor);
    wire_close(writer, entry);
}

static void write_predict(const Ask *ask, WireWriter *writer) {
    size_t spec = wire_open(writer, 1);
    if (ask->model)
        wire_put_text(writer, 1, ask->model);
    if (ask->version) {
        size_t value = wire_open(writer, 2);
        wire_put_int(writer, 1, ask->version);
        wire_close(writer, value);
    }
    if (ask->signature)
        wire_put_text(writer, 3, ask->signature);
    if (ask->label)
        wire_put_text(writer, 4, ask->label);
    wire_close(writer, spec);
    if (ask->input)
        write_map_entry(ask, ask->input, writer);
    if (ask->second_input)
        write_map_entry(ask, ask->second_input, writer);
    if (ask->output)
        wire_put_text(writer, 3, ask->output);
}

static void write_input(const Ask *ask, const char *name, WireWriter *writer) {
    size_t input = wire_open(writer, 5);
    wire_put_text(writer, 1, name);
    wire_put_text(writer, 2, ask->datatype ? ask->datatype : "FP32");
    for (int i = 0; i < ask->rank; i++)
        wire_put_int(writer, 3, ask->dims[i]);
    wire_close(writer, input);
}

static void write_infer(const Ask *ask, WireWriter *writer) {
    if (ask->model)
        wire_put_text(writer, 1, ask->model);
    if (ask->version) {
        char text[24];
        snprintf(text, sizeof text, "%lld", (long long)ask->version);
        wire_put_text(writer, 2, text);
    }
    if (ask->input)
        write_input(ask, ask->input, writer);
    if (ask->second_input)
        write_input(ask, ask->second_input, writer);
    if (ask->output) {
        size_t output = wire_open(writer, 6);
        wire_put_text(writer, 1, ask->output);
        wire_close(writer, output);
    }
    if (ask->data)
        wire_put_bytes(writer, 7, ask->data, ask->bytes);
    if (ask->data && ask->second_input)
        wire_put_bytes(writer, 7, ask->data, ask->bytes);
}

void ask_write(const Ask *ask, Protocol protocol, WireWriter *writer) {
    if (protocol == PROTOCOL_TENSORFLOW)
        write_predict(ask, writer);
    else
        write_infer(ask, writer);
}

/* --- answers --- */

static void keep_values(Answer *answer, const float *values, size_t count) {
    answer->count = count;
    answer->values = calloc(count ? count : 1, sizeof *values);
    assert_non_null(answer->values);
    memcpy(answer->values, values, count * sizeof *values);
}

static void read_predict(const ClientReply *reply, Answer *answer) {
    Tensorflow__Serving__PredictResponse *response =
        tensorflow__serving__predict_response__unpack(NULL, reply->bytes, reply->data);
    assert_non_null(response);
    assert_true(response->n_outputs >= 1);
    const Tensorflow__TensorProto *tensor = response->outputs[0]->value;
    assert_int_equal(tensor->dtype, TENSORFLOW__DATA_TYPE__DT_FLOAT);
    snprintf(answer->model, sizeof answer->model, "%s", response->model_spec->name);
    snprintf(answer->output, sizeof answer->output, "%s", response->outputs[0]->key);
    answer->version = response->model_spec->version->value;
    assert_string_equal(response->model_spec->signature_name, "serving_default");
    answer->rank = tensor->tensor_shape->n_dim;
    assert_true(answer->rank <= ARRAY_LENGTH(answer->dims));
    for (size_t i = 0; i < answer->rank; i++)
        answer->dims[i] = tensor->tensor_shape->dim[i]->size;
    keep_values(answer, tensor->float_val, tensor->n_float_val);
    tensorflow__serving__predict_response__free_unpacked(response, NULL);
}

static void read_infer(const ClientReply *reply, Answer *answer) {
    Inference__ModelInferResponse *response =
        inference__model_infer_response__unpack(NULL, reply->bytes, reply->data);
    assert_non_null(response);
    assert_true(response->n_outputs >= 1);
    assert_int_equal(response->n_raw_output_contents, response->n_outputs);
    const Inference__ModelInferResponse__InferOutputTensor *tensor = response->outputs[0];
    assert_string_equal(tensor->datatype, "FP32");
    snprintf(answer->model, sizeof answer->model, "%s", response->model_name);
    snprintf(answer->output, sizeof answer->output, "%s", tensor->name);
    answer->version = strtoll(response->model_version, NULL, 10);
    answer->rank = tensor->n_shape;
    assert_true(answer->rank <= ARRAY_LENGTH(answer->dims));
    memcpy(answer->dims, tensor->shape, answer->rank * sizeof *answer->dims);
    ProtobufCBinaryData raw = response->raw_output_contents[0];
    assert_int_equal(raw.len % sizeof(float), 0);
    keep_values(answer, (const float *)(const void *)raw.data, raw.len / sizeof(float));
    inference__model_infer_response__free_unpacked(response, NULL);
}

void answer_read(const ClientReply *reply, Protocol protocol, Answer *ret_answer) {
    *ret_answer = (Answer){ 0 };
    if (protocol == PROTOCOL_TENSORFLOW)
        read_predict(reply, ret_answer);
    else
        read_infer(reply, ret_answer);
    size_t elements = 1;
    for (size_t i = 0; i < ret_answer->rank; i++)
        elements *= (size_t)ret_answer->dims[i];
    assert_int_equal(elements, ret_answer->count);
}

void answer_deinit(Answer *answer) {
    free(answer->values);
    *answer = (Answer){ 0 };
}

Status ask_send(Client *client, const Ask *ask, Protocol protocol, Answer *ret_answer) {
    AUTO(wire_writer_deinit) WireWriter writer = { 0 };
    ask_write(ask, protocol, &writer);
    AUTO(client_reply_deinit) ClientReply reply = { 0 };
    TRY(client_unary(client, PROTOCOL_METHODS[protocol], writer.data, writer.length,
                     time_after(0, ANSWER_SECONDS * NS_PER_S), &reply));
    if (ret_answer)
        answer_read(&reply, protocol, ret_answer);
    return status_ok();
}
