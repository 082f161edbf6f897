/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Everything that waits and is not yet executing counts against the limits, exactly; nothing else
 * does. What is known to miss its deadline is refused at once, while its client can still ask
 * elsewhere. An idle model always tries: its learned time may be out of date, and only a run can
 * correct it. Pure; called under the scheduler's lock.
 */

#include "runtime/schedule/queue_gate.h"

#include "runtime/schedule/forecast.h"

/* Times vary, and the answer has a way to go. */
enum { MARGIN = 8 };

static bool would_exceed(size_t used, size_t more, size_t limit) {
    return limit > 0 && (used >= limit || more > limit - used);
}

QueueGate queue_gate_decide(const QueueGateView *view, uint64_t now_ns) {
    if (view->draining)
        return REFUSE_DRAINING;
    if (view->rows > view->max_rows)
        return REFUSE_ROWS;
    if (view->deadline_ns <= now_ns)
        return REFUSE_EXPIRED;
    if (would_exceed(view->queued_requests, 1, view->max_requests))
        return REFUSE_QUEUE_REQUESTS;
    if (would_exceed(view->level_requests, 1, view->max_level_requests))
        return REFUSE_LEVEL_REQUESTS;
    /* A payload above the whole limit could never run: it may pass when nothing waits. */
    if (view->queued_bytes > 0 &&
        would_exceed(view->queued_bytes, view->payload_bytes, view->max_bytes))
        return REFUSE_QUEUE_BYTES;
    bool is_known = view->run_ns > 0 && view->is_busy && view->deadline_ns != TIME_NEVER;
    uint64_t needed_ns =
        is_known ? forecast_total_ns(view->ahead_ns, view->run_ns, view->stretch_percent) : 0;
    needed_ns += needed_ns / MARGIN;
    if (is_known && time_after(now_ns, needed_ns) > view->deadline_ns)
        return REFUSE_TOO_LATE;
    return ADMIT;
}
