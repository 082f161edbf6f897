/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Before a request come: what runs, what more urgent classes have queued, its own lane, and of the
 * other lanes of its class as much as fairness gives them while its own is served. Less urgent
 * classes slow all of it down by their reserved share if they have anything ready. The stretch
 * rises quickly and falls slowly: an answer that is late costs its client more than a refusal.
 * Pure; called under the scheduler's lock.
 */

#include "runtime/schedule/forecast.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

enum { STRETCH_MAX = 400, LEAST_MS = 1, RISE = 3, FALL = 16 };

uint64_t forecast_wait_ns(const ForecastView *view) {
    uint64_t before_ns = view->running_ns, peers_ns = view->queued_ns[view->class];
    unsigned reserved = 0;
    for (ScheduleClass class = CLASS_URGENT; class < CLASS_COUNT; class ++) {
        if (class < view->class)
            before_ns += view->queued_ns[class];
        else if (class > view->class && view->queued_ns[class])
            reserved += schedule_reserved_percent(class);
    }
    before_ns += MIN_OF(peers_ns, view->own_ns * MAX_OF(view->lanes, (size_t)1));
    uint64_t wait_ns = before_ns / MAX_OF(view->workers, (size_t)1);
    return wait_ns * 100 / (100 - reserved);
}

uint64_t forecast_total_ns(uint64_t wait_ns, uint64_t run_ns, uint32_t stretch_percent) {
    return (wait_ns + run_ns) * stretch_percent / FORECAST_EXACT;
}

uint32_t forecast_learn(uint32_t stretch_percent, uint64_t forecast_ns, uint64_t took_ns) {
    if (forecast_ns < LEAST_MS * NS_PER_MS)
        return stretch_percent;
    uint64_t seen = took_ns * stretch_percent / forecast_ns;
    seen = MIN_OF(MAX_OF(seen, (uint64_t)FORECAST_EXACT), (uint64_t)STRETCH_MAX);
    if (seen > stretch_percent)
        return stretch_percent + (uint32_t)(seen - stretch_percent + RISE - 1) / RISE;
    return stretch_percent - (stretch_percent - (uint32_t)seen + FALL - 1) / FALL;
}
