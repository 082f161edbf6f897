/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The part of predictions that both protocols share, and tensors from the typed fields that other
 * servers answer with. Answers are checked before they are handed on: data fits shape. Thread: the
 * caller's.
 */

#include "clients/c/predict.h"

#include "clients/c/predict_protocol.h"
#include "runtime/base/size.h"

#include <string.h>

static const PredictProtocol *const PROTOCOLS[] = {
    [CLIENT_INFERENCE] = &PREDICT_INFERENCE,
    [CLIENT_TENSORFLOW] = &PREDICT_TENSORFLOW,
};

const char *client_predict_method(ClientProtocol protocol) {
    return PROTOCOLS[protocol]->method;
}

static Status encode(const ClientPredict *predict, Arena *arena, ClientBytes *ret_bytes) {
    for (size_t i = 0; i < predict->input_count; i++)
        TRY(client_tensor_check(&predict->inputs[i]));
    return PROTOCOLS[predict->protocol]->encode(predict, arena, ret_bytes);
}

Status client_predict_encode(const ClientPredict *predict, Arena *arena, const void **ret_data,
                             size_t *ret_bytes) {
    ClientBytes bytes = { 0 };
    TRY(encode(predict, arena, &bytes));
    *ret_data = bytes.data;
    *ret_bytes = bytes.bytes;
    return status_ok();
}

Status client_predict(Client *client, const ClientPredict *predict, uint64_t timeout_ns,
                      Arena *arena, ClientPrediction *ret_prediction) {
    const PredictProtocol *protocol = PROTOCOLS[predict->protocol];
    ClientBytes request = { 0 };
    TRY(encode(predict, arena, &request));
    AUTO(client_reply_deinit) ClientReply reply = { 0 };
    TRY(client_unary(client, protocol->method, request.data, request.bytes, timeout_ns, &reply));
    TRY(protocol->decode((ClientBytes){ .data = reply.data, .bytes = reply.bytes }, arena,
                         ret_prediction));
    for (size_t i = 0; i < ret_prediction->output_count; i++) {
        Status fits = client_tensor_check(&ret_prediction->outputs[i]);
        if (!status_is_ok(&fits))
            return status_error(STATUS_INTERNAL, "the server's answer contradicts itself: %s",
                                fits.message);
    }
    return status_ok();
}

Status client_tensor_set_dims(ClientTensor *tensor, const int64_t *dims, size_t rank) {
    if (rank > CLIENT_RANK_MAX)
        return status_error(STATUS_INTERNAL, "tensor '%s' has %zu dims, at most %d are understood",
                            tensor->name, rank, CLIENT_RANK_MAX);
    tensor->rank = rank;
    if (rank > 0)
        memcpy(tensor->dims, dims, rank * sizeof *dims);
    return status_ok();
}

Status client_tensor_from_items(ClientTensor *tensor, TypedItems typed, bool may_repeat,
                                Arena *arena) {
    size_t elements, bytes;
    if (!client_tensor_elements(tensor, &elements) ||
        !size_mul(elements, tensor->type->bytes, &bytes))
        return status_error(STATUS_INTERNAL, "tensor '%s' has the impossible shape %s",
                            tensor->name, CLIENT_DIMS_TEXT(tensor->dims, tensor->rank));
    bool repeats = may_repeat && typed.count > 0 && typed.count < elements;
    if (typed.count != elements && !repeats)
        return status_error(STATUS_INTERNAL, "tensor '%s' is %s but carries %zu values",
                            tensor->name, CLIENT_DIMS_TEXT(tensor->dims, tensor->rank),
                            typed.count);
    char *data = arena_alloc(arena, bytes);
    if (!data)
        return arena_exhausted(arena);
    size_t width = tensor->type->bytes;
    for (size_t i = 0; i < elements; i++)
        memcpy(data + i * width,
               (const char *)typed.items + MIN_OF(i, typed.count - 1) * typed.item_bytes, width);
    tensor->data = data;
    tensor->bytes = bytes;
    return status_ok();
}

Status client_tensor_from_strings(ClientTensor *tensor, const ProtobufCBinaryData *strings,
                                  size_t count, Arena *arena) {
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        if (strings[i].len > UINT32_MAX ||
            !size_add(bytes, sizeof(uint32_t) + strings[i].len, &bytes))
            return status_error(STATUS_INTERNAL, "tensor '%s' is too large", tensor->name);
    char *data = arena_alloc(arena, bytes);
    if (!data)
        return arena_exhausted(arena);
    tensor->data = data;
    tensor->bytes = bytes;
    for (size_t i = 0; i < count; i++) {
        uint32_t length = (uint32_t)strings[i].len;
        memcpy(data, &length, sizeof length);
        data += sizeof length;
        if (length > 0)
            memcpy(data, strings[i].data, length);
        data += length;
    }
    return status_ok();
}
