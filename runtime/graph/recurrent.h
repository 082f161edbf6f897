/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Dims of LSTM, GRU and RNN by name, for inference and kernels: n directions, s steps, b batch,
 * i input size, h hidden size, G gates * h, B both biases, P peepholes.
 */

#include "runtime/graph/dim_names.h"
#include "runtime/graph/graph.h"

enum { RECURRENT_INPUTS = 8 };

typedef enum RecurrentDirection {
    RECURRENT_FORWARD,
    RECURRENT_REVERSE,
    RECURRENT_BIDIRECTIONAL,
} RecurrentDirection;

/* Gates in W and R by the operator's name: 4, 3 or 1. */
int64_t recurrent_gates(const Node *node);
/* Errors: INVALID_ARGUMENT naming the attribute */
Status recurrent_direction(const Node *node, RecurrentDirection *ret_direction);
/* Is the batch the first dim of X, the states and the results? */
bool recurrent_batch_first(const Node *node);
/* @shapes  by input; NULL where it is left out. Errors: INVALID_ARGUMENT */
Status recurrent_bind(const Node *node, const Shape *const shapes[static RECURRENT_INPUTS],
                      DimNames *names);
/* Of output 0, and of those behind it. */
const char *recurrent_result_pattern(const Node *node, size_t output);
