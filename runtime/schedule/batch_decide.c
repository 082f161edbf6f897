/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * When a queue of equal shapes sends its next batch, and how large. Pure: no clock, no lock.
 *
 * With a delay of 0 nothing waits while a worker is idle, and a worker leaves the others their
 * share: as many waiting requests as idle workers run as one batch each, unless the model is known
 * to run all of them together in about the time that waking another worker takes. A delay says that
 * the model gains from company; what has gathered then leaves as one batch, undivided, as does a
 * preferred size. A batch never waits longer than lets its most urgent request finish in time.
 */

#include "runtime/schedule/batch_decide.h"

#include "runtime/base/size.h"

/* What it costs to wake a worker and have it begin. */
enum { WAKE_NS = 20000 };

static BatchDecision send(BatchReason reason, size_t max_rows) {
    return (BatchDecision){
        .action = BATCH_SEND, .reason = reason, .max_rows = max_rows, .wake_ns = TIME_NEVER
    };
}

/* The largest preferred size that is there; 0 if none. */
static size_t find_preferred(const QueuePolicy *policy, size_t rows) {
    size_t best = 0;
    for (size_t i = 0; i < policy->preferred_count; i++)
        if (policy->preferred_rows[i] <= rows && policy->preferred_rows[i] > best)
            best = policy->preferred_rows[i];
    return best;
}

/* Is a worker's share so much quicker than the whole that others should be woken for the rest? */
static bool is_worth_sharing(const BatchView *view, size_t share, size_t whole) {
    if (share >= whole || !view->learned)
        return share < whole;
    uint64_t whole_ns = learned_time_estimate(view->learned, whole);
    return whole_ns == 0 || learned_time_estimate(view->learned, share) + WAKE_NS < whole_ns;
}

BatchDecision batch_decide(const BatchView *view, const QueuePolicy *policy, uint64_t now_ns) {
    if (view->rows == 0)
        return (BatchDecision){ .action = BATCH_WAIT, .wake_ns = TIME_NEVER };
    if (!policy->batching)
        return send(BATCH_REASON_FULL, view->first_rows);

    size_t idle = MAX_OF(view->idle_workers, (size_t)1);
    size_t share = view->rows / idle + (view->rows % idle != 0);
    size_t most = MIN_OF(view->rows, policy->max_rows);
    if (policy->delay_ns == 0 && is_worth_sharing(view, share, most))
        most = share;
    most = MAX_OF(most, view->first_rows);
    if (view->rows >= policy->max_rows)
        return send(BATCH_REASON_FULL, most);
    size_t preferred = find_preferred(policy, view->rows);
    if (preferred)
        return send(BATCH_REASON_PREFERRED, MAX_OF(preferred, view->first_rows));
    if (policy->delay_ns == 0)
        return send(BATCH_REASON_IDLE, most);
    if (view->draining)
        return send(BATCH_REASON_DRAIN, most);

    uint64_t wake_ns = MIN_OF(time_after(view->oldest_ns, policy->delay_ns), view->start_by_ns);
    if (now_ns >= wake_ns)
        return send(BATCH_REASON_DELAY, most);
    return (BatchDecision){ .action = BATCH_WAIT, .wake_ns = wake_ns };
}
