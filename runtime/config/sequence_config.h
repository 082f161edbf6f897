/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * sequence_batching of config.pbtxt: requests that belong together, told apart by a correlation
 * id, run in order, with control tensors that say where in the sequence each stands and state that
 * is carried from one to the next.
 */

#include "runtime/tensor/shape.h"

typedef enum SequenceControlKind {
    CONTROL_START,
    CONTROL_READY,
    CONTROL_END,
    CONTROL_CORRID,
} SequenceControlKind;

/* An input of the model that the server fills in. */
typedef struct SequenceControl {
    const char *input;
    SequenceControlKind kind;
    DType dtype;
    /* START, READY, END: the bytes of one element for no and yes */
    unsigned char values[2][8];
} SequenceControl;

/* An output that is the next request's input. */
typedef struct SequenceState {
    const char *input, *output;
    DType dtype;
    Shape dims; /* without the batch dim */
    /* What the first request of a sequence gets. */
    Shape initial_dims;       /* known */
    const char *initial_file; /* in initial_state/; NULL: zeros */
} SequenceState;

typedef enum SequenceStrategy { SEQUENCE_DIRECT, SEQUENCE_OLDEST } SequenceStrategy;

enum { SEQUENCE_TENSORS_MAX = 64 };

typedef struct SequenceConfig {
    SequenceStrategy strategy;
    uint64_t idle_ns; /* a sequence without a request for that long is ended */
    const SequenceControl *controls;
    size_t control_count;
    const SequenceState *states;
    size_t state_count;
    uint64_t delay_ns;
    float minimum_slot_utilization; /* DIRECT: run before the delay once that part is there */
    size_t max_candidates;          /* OLDEST: sequences in progress, others wait */
    bool iterative;
} SequenceConfig;
