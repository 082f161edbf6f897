/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The second gate: may this request join its model's queue? A pure function of what is queued, the
 * limits and the time.
 */

#include "runtime/base/clock.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum QueueGate {
    ADMIT = 0,
    REFUSE_DRAINING,
    REFUSE_ROWS,    /* more than the model takes in one batch */
    REFUSE_EXPIRED, /* the deadline has passed */
    REFUSE_QUEUE_REQUESTS,
    REFUSE_LEVEL_REQUESTS, /* of its priority level */
    REFUSE_QUEUE_BYTES,
    REFUSE_TOO_LATE,       /* would not be done in time */
    REFUSE_SEQUENCE_START, /* the sequence is not known, and it does not start one */
    REFUSE_SEQUENCES,      /* too many of them */
} QueueGate;

typedef struct QueueGateView {
    bool draining;
    size_t rows, max_rows;
    size_t payload_bytes;
    size_t queued_requests, max_requests; /* of the model; a limit of 0 is none */
    size_t level_requests, max_level_requests;
    size_t queued_bytes, max_bytes;
    uint64_t deadline_ns;
    bool is_busy;      /* something of the model is queued or runs */
    uint64_t ahead_ns; /* learned time of what is certain to run before it, over all workers */
    uint64_t run_ns;   /* its own; 0: not known */
    uint32_t stretch_percent; /* of both, as seen lately */
} QueueGateView;

QueueGate queue_gate_decide(const QueueGateView *view, uint64_t now_ns);
