/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a model's priority levels mean for one request, as pure decisions: its level, how long it
 * may wait, and with which class of the whole server it competes.
 */

#include "runtime/config/queue_policy.h"
#include "runtime/schedule/schedule_next.h"

/* 0 where the model has no levels. */
uint32_t level_of(const QueuePolicy *policy, uint32_t priority);

/* The more urgent levels than the default are urgent, the less urgent ones background; without
 * levels the priority itself says. */
ScheduleClass level_class(const QueuePolicy *policy, uint32_t priority);

/**
 * How long a request may wait in its queue; 0: as long as its client does.
 *
 * @timeout_ns  the request's own word; 0: none. Heard only if the level allows it and only to
 *              shorten, as in Triton
 */
uint64_t level_wait_ns(const LevelPolicy *policy, uint64_t timeout_ns);

/* Do its requests have another order than that of their arrival? */
bool level_is_ordered(const QueuePolicy *policy);
