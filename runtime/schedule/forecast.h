/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How long a request that joins now would wait: pure arithmetic over what is queued, what runs and
 * the shares of classes and flows. What it cannot know (urgent work that is still to come, a core
 * that others use) it learns: what took longer than forecast stretches later forecasts.
 */

#include "runtime/schedule/schedule_next.h"

typedef struct ForecastView {
    ScheduleClass class;
    size_t workers;
    uint64_t running_ns;             /* left of what runs, summed over runs */
    uint64_t queued_ns[CLASS_COUNT]; /* learned time of what is ready, by class */
    uint64_t own_ns;                 /* of it, what goes before within the request's own lane */
    size_t lanes;                    /* of its class, its own among them: each has its share */
} ForecastView;

enum { FORECAST_EXACT = 100 };

/* 0: it would be taken at once. */
uint64_t forecast_wait_ns(const ForecastView *view);

/* From joining to the end, with the stretch. */
uint64_t forecast_total_ns(uint64_t wait_ns, uint64_t run_ns, uint32_t stretch_percent);

/* The new stretch, after a request that was to take forecast_ns with the old one. It settles where
 * few are late. */
uint32_t forecast_learn(uint32_t stretch_percent, uint64_t forecast_ns, uint64_t took_ns);
