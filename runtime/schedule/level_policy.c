/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Priority levels of one model (dynamic_batching.priority_levels). Level 1 goes first, strictly: a
 * batch is filled from the most urgent level that has anything. Between models levels only choose
 * the class. Pure. Source: reference open_inference_triton.md 3.2, 4.2, 4.3.
 */

#include "runtime/schedule/level_policy.h"

uint32_t level_of(const QueuePolicy *policy, uint32_t priority) {
    return policy->priority_levels > 0 ? queue_policy_level(policy, priority) : 0;
}

ScheduleClass level_class(const QueuePolicy *policy, uint32_t priority) {
    if (policy->priority_levels == 0)
        return schedule_class(priority);
    uint32_t level = queue_policy_level(policy, priority);
    if (level == policy->default_level)
        return CLASS_NORMAL;
    return level < policy->default_level ? CLASS_URGENT : CLASS_BACKGROUND;
}

uint64_t level_wait_ns(const LevelPolicy *policy, uint64_t timeout_ns) {
    bool is_heard =
        policy->allow_timeout_override && timeout_ns > 0 && timeout_ns < policy->default_timeout_ns;
    return is_heard ? timeout_ns : policy->default_timeout_ns;
}

bool level_is_ordered(const QueuePolicy *policy) {
    return policy->priority_levels > 0 || policy->level.timeout_action == TIMEOUT_DELAY;
}
