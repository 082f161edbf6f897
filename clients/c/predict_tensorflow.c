/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Predict of TensorFlow Serving. Numbers travel as tensor_content, strings as string_val; answers
 * are read from either, with the repetition of a last typed value that TensorFlow allows. Outputs
 * are a map: they are put in name order, so that two answers look alike. Thread: the caller's.
 */

#include "clients/c/predict_protocol.h"
#include "clients/c/wire_split.h"
#include "runtime/base/size.h"

#include "google/protobuf/wrappers.pb-c.h"
#include "tensorflow_serving/apis/predict.pb-c.h"

#include <stdlib.h>
#include <string.h>

typedef Tensorflow__Serving__PredictRequest__InputsEntry InputsEntry;
typedef Tensorflow__TensorProto TensorProto;
typedef Tensorflow__TensorShapeProto__Dim DimProto;

static Status encode_dims(const ClientTensor *tensor, Arena *arena, TensorProto *proto) {
    MESSAGE_NEW(Tensorflow__TensorShapeProto, shape, TENSORFLOW__TENSOR_SHAPE_PROTO__INIT, arena);
    MESSAGE_ARRAY(DimProto *, dims, tensor->rank, arena);
    for (size_t i = 0; i < tensor->rank; i++) {
        MESSAGE_NEW(DimProto, dim, TENSORFLOW__TENSOR_SHAPE_PROTO__DIM__INIT, arena);
        dim->size = tensor->dims[i];
        dims[i] = dim;
    }
    shape->n_dim = tensor->rank;
    shape->dim = dims;
    proto->tensor_shape = shape;
    return status_ok();
}

static Status encode_data(const ClientTensor *tensor, Arena *arena, TensorProto *proto) {
    if (tensor->type->bytes > 0) {
        proto->tensor_content.data = (uint8_t *)(uintptr_t)tensor->data;
        proto->tensor_content.len = tensor->bytes;
        return status_ok();
    }
    size_t elements = 0, offset = 0;
    if (!client_tensor_elements(tensor, &elements))
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s' has an impossible shape",
                            tensor->name);
    MESSAGE_ARRAY(ProtobufCBinaryData, strings, elements, arena);
    for (size_t i = 0; i < elements; i++)
        strings[i].data =
            (uint8_t *)(uintptr_t)client_tensor_string(tensor, &offset, &strings[i].len);
    proto->n_string_val = elements;
    proto->string_val = strings;
    return status_ok();
}

static Status encode_spec(const ClientModelName *name, Arena *arena,
                          Tensorflow__Serving__ModelSpec **ret_spec) {
    MESSAGE_NEW(Tensorflow__Serving__ModelSpec, spec, TENSORFLOW__SERVING__MODEL_SPEC__INIT, arena);
    spec->name = message_text(name->name);
    if (name->version != 0) {
        MESSAGE_NEW(Google__Protobuf__Int64Value, version, GOOGLE__PROTOBUF__INT64_VALUE__INIT,
                    arena);
        version->value = name->version;
        spec->version_choice_case = TENSORFLOW__SERVING__MODEL_SPEC__VERSION_CHOICE_VERSION;
        spec->version = version;
    }
    *ret_spec = spec;
    return status_ok();
}

static Status encode(const ClientPredict *predict, Arena *arena,
                     const ProtobufCMessage **ret_message) {
    MESSAGE_NEW(Tensorflow__Serving__PredictRequest, request,
                TENSORFLOW__SERVING__PREDICT_REQUEST__INIT, arena);
    TRY(encode_spec(&predict->model, arena, &request->model_spec));
    MESSAGE_ARRAY(InputsEntry *, inputs, predict->input_count, arena);
    for (size_t i = 0; i < predict->input_count; i++) {
        MESSAGE_NEW(InputsEntry, entry, TENSORFLOW__SERVING__PREDICT_REQUEST__INPUTS_ENTRY__INIT,
                    arena);
        MESSAGE_NEW(TensorProto, proto, TENSORFLOW__TENSOR_PROTO__INIT, arena);
        proto->dtype = (Tensorflow__DataType)predict->inputs[i].type->tensorflow_number;
        TRY(encode_dims(&predict->inputs[i], arena, proto));
        TRY(encode_data(&predict->inputs[i], arena, proto));
        entry->key = message_text(predict->inputs[i].name);
        entry->value = proto;
        inputs[i] = entry;
    }
    request->n_inputs = predict->input_count;
    request->inputs = inputs;
    request->n_output_filter = predict->output_count;
    request->output_filter = (char **)(uintptr_t)predict->outputs;
    *ret_message = &request->base;
    return status_ok();
}

/* Where each type's typed values are. Complex ones lie as pairs of two reals. */
static TypedItems typed_items(const TensorProto *proto) {
    const struct {
        Tensorflow__DataType dtype;
        TypedItems typed;
    } fields[] = {
        { TENSORFLOW__DATA_TYPE__DT_FLOAT, { proto->float_val, proto->n_float_val, 4 } },
        { TENSORFLOW__DATA_TYPE__DT_DOUBLE, { proto->double_val, proto->n_double_val, 8 } },
        { TENSORFLOW__DATA_TYPE__DT_INT64, { proto->int64_val, proto->n_int64_val, 8 } },
        { TENSORFLOW__DATA_TYPE__DT_UINT32, { proto->uint32_val, proto->n_uint32_val, 4 } },
        { TENSORFLOW__DATA_TYPE__DT_UINT64, { proto->uint64_val, proto->n_uint64_val, 8 } },
        { TENSORFLOW__DATA_TYPE__DT_BOOL,
          { proto->bool_val, proto->n_bool_val, sizeof(protobuf_c_boolean) } },
        { TENSORFLOW__DATA_TYPE__DT_COMPLEX64,
          { proto->scomplex_val, proto->n_scomplex_val / 2, 8 } },
        { TENSORFLOW__DATA_TYPE__DT_COMPLEX128,
          { proto->dcomplex_val, proto->n_dcomplex_val / 2, 16 } },
        { TENSORFLOW__DATA_TYPE__DT_HALF, { proto->half_val, proto->n_half_val, 4 } },
        { TENSORFLOW__DATA_TYPE__DT_BFLOAT16, { proto->half_val, proto->n_half_val, 4 } },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++)
        if (fields[i].dtype == proto->dtype)
            return fields[i].typed;
    return (TypedItems){ proto->int_val, proto->n_int_val, 4 };
}

/* content: tensor_content, which was split off. */
static Status decode_tensor(const char *name, const TensorProto *proto, ClientBytes content,
                            Arena *arena, ClientTensor *tensor) {
    tensor->name = name;
    tensor->type = client_type_by_tensorflow_number((int32_t)proto->dtype);
    if (!tensor->type)
        return status_error(STATUS_INTERNAL, "output '%s' has the unknown type number %d", name,
                            (int)proto->dtype);
    size_t rank = proto->tensor_shape ? proto->tensor_shape->n_dim : 0;
    if (rank > CLIENT_RANK_MAX)
        return client_tensor_set_dims(tensor, NULL, rank);
    tensor->rank = rank;
    for (size_t i = 0; i < rank; i++)
        tensor->dims[i] = proto->tensor_shape->dim[i]->size;
    if (tensor->type->bytes == 0)
        return client_tensor_from_strings(tensor, proto->string_val, proto->n_string_val, arena);
    if (content.bytes == 0)
        return client_tensor_from_items(tensor, typed_items(proto), true, arena);
    return client_tensor_from_bytes(tensor, content, arena);
}

/* One entry of the map of outputs. */
static Status decode_entry(ClientBytes bytes, Arena *arena, ClientTensor *tensor) {
    enum { ENTRY_VALUE = 2, TENSOR_CONTENT = 4 };
    ClientBytes *values = NULL, *contents = NULL, head = { 0 };
    size_t value_count = 0, content_count = 0;
    Tensorflow__Serving__PredictResponse__OutputsEntry *entry = NULL;
    TensorProto *proto = NULL;
    TRY(wire_split(bytes, ENTRY_VALUE, arena, &values, &value_count, &head));
    TRY(message_unpack(&tensorflow__serving__predict_response__outputs_entry__descriptor, head,
                       PREDICT_TENSORFLOW.method, arena, &entry));
    if (value_count == 0)
        return status_error(STATUS_INTERNAL, "output '%s' has no tensor", entry->key);
    TRY(wire_split(values[value_count - 1], TENSOR_CONTENT, arena, &contents, &content_count,
                   &head));
    TRY(message_unpack(&tensorflow__tensor_proto__descriptor, head, PREDICT_TENSORFLOW.method,
                       arena, &proto));
    ClientBytes content = content_count > 0 ? contents[content_count - 1] : (ClientBytes){ 0 };
    return decode_tensor(entry->key, proto, content, arena, tensor);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const ClientTensor *)a)->name, ((const ClientTensor *)b)->name);
}

static Status decode(ClientBytes bytes, Arena *arena, ClientPrediction *ret_prediction) {
    enum { OUTPUTS = 1 };
    Tensorflow__Serving__PredictResponse *response = NULL;
    ClientBytes *entries = NULL, head = { 0 };
    size_t count = 0;
    TRY(wire_split(bytes, OUTPUTS, arena, &entries, &count, &head));
    TRY(message_unpack(&tensorflow__serving__predict_response__descriptor, head,
                       PREDICT_TENSORFLOW.method, arena, &response));
    MESSAGE_ARRAY(ClientTensor, outputs, count, arena);
    for (size_t i = 0; i < count; i++)
        TRY(decode_entry(entries[i], arena, &outputs[i]));
    if (count > 1)
        qsort(outputs, count, sizeof *outputs, by_name);
    const Tensorflow__Serving__ModelSpec *spec = response->model_spec;
    bool has_version = spec && spec->version_choice_case ==
                                   TENSORFLOW__SERVING__MODEL_SPEC__VERSION_CHOICE_VERSION;
    *ret_prediction = (ClientPrediction){ .model_name = spec ? spec->name : "",
                                          .version = has_version ? spec->version->value : 0,
                                          .outputs = outputs,
                                          .output_count = count };
    return status_ok();
}

const PredictProtocol PREDICT_TENSORFLOW = {
    .method = "/tensorflow.serving.PredictionService/Predict",
    .encode = encode,
    .decode = decode,
};
