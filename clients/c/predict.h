/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Predictions in either protocol: tensorflow.serving.PredictionService/Predict or
 * inference.GRPCInferenceService/ModelInfer. Tensors go and come as raw bytes; typed fields in an
 * answer are read too, since other servers send them.
 */

#include "clients/c/client.h"
#include "clients/c/tensor.h"

typedef struct ClientModelName {
    const char *name;
    int64_t version; /* 0: the server's choice */
} ClientModelName;

typedef struct ClientPredict {
    ClientProtocol protocol;
    ClientModelName model;
    const ClientTensor *inputs;
    size_t input_count;
    const char *const *outputs; /* wanted; none: all */
    size_t output_count;
} ClientPredict;

typedef struct ClientPrediction {
    const char *model_name;
    int64_t version; /* 0 when the server did not tell */
    ClientTensor *outputs;
    size_t output_count;
    ClientReply reply; /* what outputs may be views into */
} ClientPrediction;
void client_prediction_deinit(ClientPrediction *prediction);
DEFINE_AUTO_VALUE(ClientPrediction, client_prediction_deinit);

/* "/package.Service/Method", static */
const char *client_predict_method(ClientProtocol protocol);

/**
 * The request's bytes, for who sends them many times.
 *
 * @arena  keeps the bytes
 *
 * Errors: INVALID_ARGUMENT (a type that the protocol lacks; data that does not fit its shape),
 * RESOURCE_EXHAUSTED
 */
Status client_predict_encode(const ClientPredict *predict, Arena *arena, const void **ret_data,
                             size_t *ret_bytes);

/* The same as a message: tensors with a release are sent from where they lie, and theirs to the
 * message on success. @arena is needed until this returns. */
Status client_predict_message(const ClientPredict *predict, Arena *arena,
                              ClientMessage **ret_message);

/* A reply's tensors, checked; the prediction keeps the reply on success. The rest lives in arena.
 * INTERNAL for an answer that contradicts itself. */
Status client_predict_decode(ClientProtocol protocol, ClientReply *reply, Arena *arena,
                             ClientPrediction *ret_prediction);

/* Both, with the call between. Else the server's status. */
Status client_predict(Client *client, const ClientPredict *predict, uint64_t timeout_ns,
                      Arena *arena, ClientPrediction *ret_prediction);
