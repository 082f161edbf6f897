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
} ClientPrediction;

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

/* Everything in the answer lives in arena. INTERNAL for an answer that contradicts itself; else the
 * server's status. */
Status client_predict(Client *client, const ClientPredict *predict, uint64_t timeout_ns,
                      Arena *arena, ClientPrediction *ret_prediction);
