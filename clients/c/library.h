/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of the public library share: inferd_client.h over client.h. */

#include "clients/c/inferd_client.h"
#include "clients/c/predict.h"

struct InferdClient {
    Client *client;
    ClientProtocol protocol;
    double timeout_s;
};

/* The most memory an answer's decoded head may take; tensors lie in the reply itself. */
enum { LIBRARY_ARENA_BYTES = 1 << 12 };
#define LIBRARY_BUDGET_BYTES ((size_t)4 << 30)

/* Fills *error if it is not NULL; returns the code. */
InferdCode library_error(const Status *status, InferdError *error);
/* 0 or less: TIME_NEVER. */
uint64_t library_ns(double seconds);
/* The request, its tensors and dims in memory of arena. */
Status library_request(ClientProtocol protocol, const InferdRequest *request, Arena *arena,
                       ClientPredict *ret_predict);
/* The result of a prediction, which it keeps with the arena on success; both are taken. */
Status library_result(ClientPrediction *prediction, Arena **arena, InferdResult **ret_result);
