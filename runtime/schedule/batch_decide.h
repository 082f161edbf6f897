/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Send now, or wait for company? A pure function of what is queued, the policy and the time; used
 * by the scheduler and, with literal tables and a fake clock, by its tests.
 */

#include "runtime/base/clock.h"
#include "runtime/config/model_config.h"
#include "runtime/schedule/learned_time.h"

typedef enum BatchAction { BATCH_WAIT, BATCH_SEND } BatchAction;

typedef enum BatchReason {
    BATCH_REASON_NONE,
    BATCH_REASON_FULL,      /* max_rows reached, or the next request would not fit */
    BATCH_REASON_PREFERRED, /* a preferred size was met */
    BATCH_REASON_DELAY,     /* the oldest request has waited its delay */
    BATCH_REASON_IDLE,      /* delay 0 and a worker is idle */
    BATCH_REASON_DRAIN,     /* the queue is closing */
} BatchReason;

/* What batch_decide may know of one queue of equal shapes. */
typedef struct BatchView {
    size_t rows;          /* queued */
    size_t first_rows;    /* of the oldest request */
    uint64_t oldest_ns;   /* when it was queued */
    size_t idle_workers;  /* the asking one included */
    uint64_t start_by_ns; /* later than this the most urgent request would be late; TIME_NEVER */
    bool draining;
    const LearnedTime *learned; /* of the queue; NULL: nothing is known */
} BatchView;

typedef struct BatchDecision {
    BatchAction action;
    BatchReason reason;
    size_t max_rows;  /* SEND: take whole requests while their rows fit */
    uint64_t wake_ns; /* WAIT: ask again then; TIME_NEVER */
} BatchDecision;

BatchDecision batch_decide(const BatchView *view, const QueuePolicy *policy, uint64_t now_ns);
