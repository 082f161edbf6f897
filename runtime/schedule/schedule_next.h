/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What runs next, as pure decisions: which priority class, and which of two lanes of a class. A
 * lane is what one flow (a tenant of a model, at one class) has waiting in one shape queue.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ScheduleClass {
    CLASS_URGENT,     /* priority 1 */
    CLASS_NORMAL,     /* priority 0, the default, and 2 */
    CLASS_BACKGROUND, /* priority 3 and beyond */
    CLASS_COUNT,
    CLASS_NONE = CLASS_COUNT,
} ScheduleClass;

typedef struct ScheduleView {
    bool is_ready[CLASS_COUNT];     /* has a lane that can run now */
    int64_t credit_ns[CLASS_COUNT]; /* compute time owed to the class out of its reserved share */
} ScheduleView;

ScheduleClass schedule_class(uint32_t priority);

/* What it gets of the compute time at least, while it has work. */
unsigned schedule_reserved_percent(ScheduleClass class);

/* The class that is owed most, if any is owed; else the most urgent one that is ready. CLASS_NONE:
 * nothing is. */
ScheduleClass schedule_next(const ScheduleView *view);

/* Accounts compute time that `class` is about to use. While others are ready, each of them earns
 * its reserved share. */
void schedule_charge(ScheduleView *view, ScheduleClass class, uint64_t cost_ns);

/* A lane's place among those of its class: weighted fair queueing between flows, then the earliest
 * deadline. */
typedef struct LaneKey {
    uint64_t virtual_ns; /* compute time its flow has had, on the scheduler's virtual clock */
    uint64_t urgent_ns;  /* of its first request */
    uint64_t sequence;   /* of its first request: arrival */
} LaneKey;

bool lane_key_before(const LaneKey *a, const LaneKey *b);
