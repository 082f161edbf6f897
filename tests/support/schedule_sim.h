/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A scheduler without a model: versions whose executor is simulated, requests that carry their
 * number in every row, a device that copies rows to the output. A test decides when a run is done.
 * Nothing here reads a clock.
 */

#include "runtime/schedule/scheduler.h"

/* A version with one int64 input "x" [rows, width] and one output "y" of the same shape. */
typedef struct SimVersion {
    ModelVersion version;
    SignatureTensor input, output;
    size_t index;
} SimVersion;

/* @max_rows  0: axis 0 is not a batch */
void sim_version_init(SimVersion *sim, const char *name, size_t max_rows, QueuePolicy policy);

/* Payload of a request: every element is its number. */
typedef struct SimRequest {
    InferRequest request;
    RequestInput input;
    Tensor output;
    Span span;
    int64_t *payload;
    int64_t number;
    /* seen by on_done */
    unsigned endings;
    StatusCode code;
    bool is_right; /* every element of the output is its number, and the shape is its own */
} SimRequest;

void sim_request_init(SimRequest *sim, SimVersion *version, int64_t number, size_t rows,
                      size_t width);
void sim_request_deinit(SimRequest *sim);
/* For on_done: notes the ending and lets go of the outputs. */
void sim_request_end(SimRequest *sim, const Status *status);

/* Copies inputs[0] to outputs[0] in the block. */
Status sim_copy(const RunArgs *args);
