/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the two protocols' files of this folder give to predict.c. */

#include "clients/c/message.h"
#include "clients/c/predict.h"

typedef struct PredictProtocol {
    const char *method;
    /* The request, in memory of arena; its tensors are lent. */
    Status (*encode)(const ClientPredict *predict, Arena *arena,
                     const ProtobufCMessage **ret_message);
    /* Tensors may be views into bytes. */
    Status (*decode)(ClientBytes bytes, Arena *arena, ClientPrediction *ret_prediction);
} PredictProtocol;

extern const PredictProtocol PREDICT_INFERENCE, PREDICT_TENSORFLOW;

/* The tensors of one answer, checked; views into bytes. */
Status client_predict_view(ClientProtocol protocol, ClientBytes bytes, Arena *arena,
                           ClientPrediction *ret_prediction);

/* Typed items as protobuf-c holds them. */
typedef struct TypedItems {
    const void *items;
    size_t count, item_bytes;
} TypedItems;

/* Makes the tensor's data of typed items: the low bytes of each (little-endian); the last one
 * stands for all that are missing, as TensorFlow has it, if may_repeat. INTERNAL when the count
 * does not fit the shape. */
Status client_tensor_from_items(ClientTensor *tensor, TypedItems typed, bool may_repeat,
                                Arena *arena);
/* The same for strings. */
Status client_tensor_from_strings(ClientTensor *tensor, const ProtobufCBinaryData *strings,
                                  size_t count, Arena *arena);
/* Raw data as it came: a view when it is aligned for its type, else a copy. */
Status client_tensor_from_bytes(ClientTensor *tensor, ClientBytes bytes, Arena *arena);
/* dims as a server sent them. INTERNAL for more than CLIENT_RANK_MAX. */
Status client_tensor_set_dims(ClientTensor *tensor, const int64_t *dims, size_t rank);
