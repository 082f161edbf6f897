/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Between the sequences and the queues: who has left makes room for the next, and whoever is idle
 * too long is ended. The tables decide under the scheduler's lock (sequence.c); placing, freeing
 * and answering happen here, outside of it. Threads: whoever ends a request; timer.
 */

#include "runtime/schedule/scheduler_internal.h"

static void place_next(InferRequest *next) {
    Pool *pool = next->lease.version->queue->scheduler->options.pool;
    request_place(next);
    if (pool)
        pool_wake(pool);
}

/* Its turn has come. */
static void call_up_locked(InferRequest *next) {
    if (next)
        next->is_placed = next->is_placing = true;
}

void sequence_leave(InferRequest *request, const Status *status) {
    Scheduler *scheduler = request->lease.version->queue->scheduler;
    uint64_t now_ns = clock_now_ns(scheduler->options.clock);
    InferRequest *next;
    Sequence *gone;
    bool wakes_timer;
    if (status_is_ok(status) && request->block)
        sequence_keep_states(request);
    {
        LOCKED(&scheduler->mutex);
        next = sequence_leave_locked(request, now_ns, &gone);
        call_up_locked(next);
        wakes_timer = timer_needs_wake_locked(scheduler);
    }
    sequence_free(gone);
    if (wakes_timer)
        scheduler->timer_wake(scheduler->timer_user);
    if (next)
        place_next(next);
}

static bool reap_one(Scheduler *scheduler, uint64_t now_ns, InferRequest **ret_next,
                     Sequence **ret_gone) {
    LOCKED(&scheduler->mutex);
    LIST_FOR_EACH (node, &scheduler->sequence_models) {
        SequenceTable *table = LIST_ITEM(node, ModelQueue, sequence_node)->sequences;
        if (!sequence_reap_locked(table, now_ns, ret_next, ret_gone))
            continue;
        call_up_locked(*ret_next);
        return true;
    }
    return false;
}

void sequences_reap(Scheduler *scheduler, uint64_t now_ns) {
    InferRequest *next = NULL;
    Sequence *gone = NULL;
    while (reap_one(scheduler, now_ns, &next, &gone)) {
        sequence_free(gone);
        if (next)
            place_next(next);
    }
}

uint64_t sequences_wake_ns_locked(const Scheduler *scheduler) {
    uint64_t wake_ns = TIME_NEVER;
    LIST_FOR_EACH (node, &scheduler->sequence_models)
        wake_ns =
            MIN_OF(wake_ns,
                   sequence_wake_ns_locked(LIST_ITEM(node, ModelQueue, sequence_node)->sequences));
    return wake_ns;
}
