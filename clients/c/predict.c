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

#include <assert.h>
#include <string.h>

static const PredictProtocol *const PROTOCOLS[] = {
    [CLIENT_INFERENCE] = &PREDICT_INFERENCE,
    [CLIENT_TENSORFLOW] = &PREDICT_TENSORFLOW,
};

const char *client_predict_method(ClientProtocol protocol) {
    return PROTOCOLS[protocol]->method;
}

static Status encode(const ClientPredict *predict, Arena *arena,
                     const ProtobufCMessage **ret_message) {
    for (size_t i = 0; i < predict->input_count; i++)
        TRY(client_tensor_check(&predict->inputs[i]));
    return PROTOCOLS[predict->protocol]->encode(predict, arena, ret_message);
}

Status client_predict_encode(const ClientPredict *predict, Arena *arena, const void **ret_data,
                             size_t *ret_bytes) {
    const ProtobufCMessage *message = NULL;
    ClientBytes bytes = { 0 };
    TRY(encode(predict, arena, &message));
    TRY(message_pack(message, arena, &bytes));
    *ret_data = bytes.data;
    *ret_bytes = bytes.bytes;
    return status_ok();
}

/* --- pieces: protobuf-c hands each field's bytes to append, large ones from where they lie --- */

typedef struct Pieces {
    ProtobufCBuffer base;
    const ClientPredict *predict;
    ClientPiece *items;
    size_t count, most;
    char *small_end;    /* where what is copied goes */
    size_t small_bytes; /* that are left there */
    bool is_open;       /* the last piece is what lies before small_end */
} Pieces;

enum { LENT_BYTES_MIN = 4096 }; /* less is copied: a reference costs more */

/* TensorFlow's strings travel one by one. */
static bool travels_whole(const ClientPredict *predict, const ClientTensor *tensor) {
    return tensor->bytes >= LENT_BYTES_MIN &&
           (tensor->type->bytes > 0 || predict->protocol == CLIENT_INFERENCE);
}

static bool is_large(const ClientPredict *predict, const void *data, size_t bytes) {
    for (size_t i = 0; i < predict->input_count; i++)
        if (predict->inputs[i].data == data && predict->inputs[i].bytes == bytes &&
            travels_whole(predict, &predict->inputs[i]))
            return true;
    return false;
}

static void append(ProtobufCBuffer *buffer, size_t bytes, const uint8_t *data) {
    Pieces *pieces = (Pieces *)(void *)buffer;
    bool large = is_large(pieces->predict, data, bytes);
    assert(pieces->count < pieces->most || (pieces->is_open && !large));
    if (large) {
        pieces->items[pieces->count++] = (ClientPiece){ .data = data, .bytes = bytes };
        pieces->is_open = false;
        return;
    }
    assert(bytes <= pieces->small_bytes);
    if (!pieces->is_open)
        pieces->items[pieces->count++] = (ClientPiece){ .data = pieces->small_end };
    pieces->is_open = true;
    pieces->items[pieces->count - 1].bytes += bytes;
    if (bytes > 0)
        memcpy(pieces->small_end, data, bytes);
    pieces->small_end += bytes;
    pieces->small_bytes -= bytes;
}

/* Each large piece gets the release of the tensor it is of; each tensor's is given once. */
static void lend(const ClientPredict *predict, ClientPiece *pieces, size_t count) {
    for (size_t i = 0; i < predict->input_count; i++) {
        const ClientTensor *tensor = &predict->inputs[i];
        for (size_t j = 0; j < count && tensor->release; j++) {
            if (pieces[j].data != tensor->data || pieces[j].release)
                continue;
            pieces[j].release = tensor->release;
            pieces[j].user = tensor->release_user;
            break;
        }
    }
}

Status client_predict_message(const ClientPredict *predict, Arena *arena,
                              ClientMessage **ret_message) {
    const ProtobufCMessage *message = NULL;
    TRY(encode(predict, arena, &message));
    size_t small_bytes = protobuf_c_message_get_packed_size(message);
    for (size_t i = 0; i < predict->input_count; i++)
        if (travels_whole(predict, &predict->inputs[i]))
            small_bytes -= predict->inputs[i].bytes;
    size_t most = 2 * predict->input_count + 1;
    MESSAGE_ARRAY(ClientPiece, items, most, arena);
    MESSAGE_ARRAY(char, small, small_bytes, arena);
    Pieces pieces = { .base.append = append,
                      .predict = predict,
                      .items = items,
                      .most = most,
                      .small_end = small,
                      .small_bytes = small_bytes };
    protobuf_c_message_pack_to_buffer(message, &pieces.base);
    assert(pieces.small_bytes == 0);
    lend(predict, items, pieces.count);
    TRY(client_message_join(items, pieces.count, ret_message));
    for (size_t i = 0; i < predict->input_count; i++) {
        const ClientTensor *tensor = &predict->inputs[i];
        if (tensor->release && !travels_whole(predict, tensor))
            tensor->release(tensor->release_user); /* it was copied */
    }
    return status_ok();
}

void client_prediction_deinit(ClientPrediction *prediction) {
    client_reply_deinit(&prediction->reply);
}

Status client_predict_view(ClientProtocol protocol, ClientBytes bytes, Arena *arena,
                           ClientPrediction *ret_prediction) {
    TRY(PROTOCOLS[protocol]->decode(bytes, arena, ret_prediction));
    for (size_t i = 0; i < ret_prediction->output_count; i++) {
        Status fits = client_tensor_check(&ret_prediction->outputs[i]);
        if (!status_is_ok(&fits))
            return status_error(STATUS_INTERNAL, "the server's answer contradicts itself: %s",
                                fits.message);
    }
    return status_ok();
}

Status client_predict_decode(ClientProtocol protocol, ClientReply *reply, Arena *arena,
                             ClientPrediction *ret_prediction) {
    ClientPrediction prediction = { 0 };
    TRY(client_predict_view(protocol, (ClientBytes){ .data = reply->data, .bytes = reply->bytes },
                            arena, &prediction));
    prediction.reply = *reply;
    *reply = (ClientReply){ 0 };
    *ret_prediction = prediction;
    return status_ok();
}

Status client_predict(Client *client, const ClientPredict *predict, uint64_t timeout_ns,
                      Arena *arena, ClientPrediction *ret_prediction) {
    AUTO(client_message_free) ClientMessage *message = NULL;
    AUTO(client_reply_deinit) ClientReply reply = { 0 };
    TRY(client_predict_message(predict, arena, &message));
    TRY(client_call(client,
                    &(ClientCall){ .method = client_predict_method(predict->protocol),
                                   .message = message,
                                   .timeout_ns = timeout_ns,
                                   .may_hedge = true },
                    &reply));
    return client_predict_decode(predict->protocol, &reply, arena, ret_prediction);
}

Status client_tensor_from_bytes(ClientTensor *tensor, ClientBytes bytes, Arena *arena) {
    size_t alignment = MIN_OF(MAX_OF(tensor->type->bytes, (size_t)1), (size_t)8);
    tensor->bytes = bytes.bytes;
    tensor->data = bytes.data;
    if ((uintptr_t)bytes.data % alignment == 0)
        return status_ok();
    char *data = arena_alloc(arena, bytes.bytes);
    if (!data)
        return arena_exhausted(arena);
    memcpy(data, bytes.data, bytes.bytes);
    tensor->data = data;
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
