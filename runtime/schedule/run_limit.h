/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How much of one model may run at once: its instances, and things that are counted across models
 * (rate_limiter.resources). A model that may not start has no queue that is ready; the end of any
 * limited batch looks at all limited models again. Under the scheduler's lock, but for new and
 * free. Private to runtime/schedule.
 */

#include "runtime/schedule/scheduler.h"

typedef struct Resource Resource;

typedef struct ResourceUse {
    Resource *resource;
    uint32_t count;
} ResourceUse;

/* Of one model. */
typedef struct RunLimit {
    bool is_limited;
    size_t most, running; /* batches; most 0: any number */
    ResourceUse *uses;
    size_t use_count;
    uint32_t cost_factor; /* at least 1: time counts that many times in its flows' accounts */
} RunLimit;

/* INVALID_ARGUMENT when the model needs more of a resource than there is. Takes the scheduler's
 * lock. Thread: loader. */
Status run_limit_init(Scheduler *scheduler, const ModelConfig *config, RunLimit *ret_limit);
void run_limit_deinit(RunLimit *limit);
void run_limits_free(Scheduler *scheduler); /* the resources */

bool run_limit_allows_locked(const RunLimit *limit);
/* A batch of the model starts or ends: limited queues are looked at again. */
void run_limit_start_locked(Scheduler *scheduler, RunLimit *limit, uint64_t now_ns);
void run_limit_end_locked(Scheduler *scheduler, RunLimit *limit, uint64_t now_ns);
