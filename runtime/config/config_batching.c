/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * max_batch_size and dynamic_batching of config.pbtxt. A model that says neither may still be
 * batched: the model itself decides that when it is loaded (runtime/model), so absence is kept
 * apart from zero here.
 *
 * Thread: any.
 */

#include "runtime/config/config_check.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <stdio.h>

static int compare_rows(const void *a, const void *b) {
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    return (left > right) - (left < right);
}

Status config_check_preferred(ConfigCheck *check, const char *list, const int32_t *sizes,
                              size_t count) {
    QueuePolicy *queue = &check->config->queue;
    if (count > PREFERRED_ROWS_MAX)
        return text_message_error(check->text, list, "more than %d sizes", (int)PREFERRED_ROWS_MAX);
    for (size_t i = 0; i < count; i++) {
        int32_t rows = sizes[i];
        bool too_large = check->config->has_max_batch_size && check->config->max_batch_size > 0 &&
                         rows > 0 && (size_t)rows > check->config->max_batch_size;
        if (rows < 1 || too_large) {
            char path[96];
            snprintf(path, sizeof path, "%s[%zu]", list, i);
            if (rows < 1)
                return text_message_error(check->text, path, "must be above 0, got %d", (int)rows);
            return text_message_error(check->text, path, "%d is above max_batch_size %zu",
                                      (int)rows, check->config->max_batch_size);
        }
        queue->preferred_rows[i] = (size_t)rows;
    }
    qsort(queue->preferred_rows, count, sizeof queue->preferred_rows[0], compare_rows);
    for (size_t i = 0; i < count; i++)
        if (queue->preferred_count == 0 ||
            queue->preferred_rows[queue->preferred_count - 1] != queue->preferred_rows[i])
            queue->preferred_rows[queue->preferred_count++] = queue->preferred_rows[i];
    return status_ok();
}

uint64_t config_ns_from_us(uint64_t us) {
    return us > (TIME_NEVER - 1) / NS_PER_US ? TIME_NEVER - 1 : us * NS_PER_US;
}

static Status check_level(ConfigCheck *check, const char *path,
                          const Inference__ModelQueuePolicy *policy, LevelPolicy *level) {
    level->timeout_action =
        policy->timeout_action == INFERENCE__MODEL_QUEUE_POLICY__TIMEOUT_ACTION__DELAY
            ? TIMEOUT_DELAY
            : TIMEOUT_REJECT;
    level->default_timeout_ns = config_ns_from_us(policy->default_timeout_microseconds);
    level->allow_timeout_override = policy->allow_timeout_override;
    level->max_queue_requests = policy->max_queue_size;
    if (level->timeout_action == TIMEOUT_DELAY && check->config->queue.preserve_ordering)
        return text_message_error(check->text, "dynamic_batching.preserve_ordering",
                                  "conflicts with timeout_action DELAY of %s", path);
    return status_ok();
}

/* Levels 1 to n: the policy of their own, or the default. */
static Status check_levels(ConfigCheck *check, const Inference__ModelDynamicBatching *batching) {
    QueuePolicy *queue = &check->config->queue;
    LevelPolicy *levels = arena_calloc(check->arena, queue->priority_levels, sizeof *levels);
    if (!levels)
        return arena_exhausted(check->arena);
    for (size_t i = 0; i < queue->priority_levels; i++)
        levels[i] = queue->level;
    for (size_t i = 0; i < batching->n_priority_queue_policy; i++) {
        uint64_t key = batching->priority_queue_policy[i]->key;
        const Inference__ModelQueuePolicy *policy = batching->priority_queue_policy[i]->value;
        if (key < 1 || key > queue->priority_levels)
            return text_message_error(check->text, "dynamic_batching.priority_queue_policy",
                                      "key %llu is not from 1 to priority_levels (%u)",
                                      (unsigned long long)key, queue->priority_levels);
        levels[key - 1] = (LevelPolicy){ 0 };
        if (policy)
            TRY(check_level(check, "a priority_queue_policy", policy, &levels[key - 1]));
    }
    queue->levels = levels;
    return status_ok();
}

static Status check_priorities(ConfigCheck *check,
                               const Inference__ModelDynamicBatching *batching) {
    uint64_t levels = batching->priority_levels;
    if (levels == 0 && batching->n_priority_queue_policy == 0)
        return status_ok();
    if (levels > PRIORITY_LEVELS_MAX)
        return text_message_error(check->text, "dynamic_batching.priority_levels",
                                  "at most %d levels, got %llu", (int)PRIORITY_LEVELS_MAX,
                                  (unsigned long long)levels);
    if (batching->default_priority_level < 1 || batching->default_priority_level > levels)
        return text_message_error(check->text, "dynamic_batching.default_priority_level",
                                  "must be from 1 to priority_levels (%llu), got %llu",
                                  (unsigned long long)levels,
                                  (unsigned long long)batching->default_priority_level);
    if (levels > 1 && batching->preserve_ordering)
        return text_message_error(check->text, "dynamic_batching.preserve_ordering",
                                  "conflicts with priority_levels above 1");
    check->config->queue.priority_levels = (uint32_t)levels;
    check->config->queue.default_level = (uint32_t)batching->default_priority_level;
    return check_levels(check, batching);
}

static Status check_queue(ConfigCheck *check, const Inference__ModelDynamicBatching *batching) {
    QueuePolicy *queue = &check->config->queue;
    queue->delay_ns = config_ns_from_us(batching->max_queue_delay_microseconds);
    queue->preserve_ordering = batching->preserve_ordering;
    if (!batching->default_queue_policy)
        return status_ok();
    if (batching->priority_levels == 0) /* the one level is the model */
        queue->max_queue_requests = batching->default_queue_policy->max_queue_size;
    return check_level(check, "the default_queue_policy", batching->default_queue_policy,
                       &queue->level);
}

uint32_t queue_policy_level(const QueuePolicy *policy, uint32_t priority) {
    return priority == 0 || priority > policy->priority_levels ? policy->default_level : priority;
}

const LevelPolicy *queue_policy_of(const QueuePolicy *policy, uint32_t level) {
    return level > 0 && level <= policy->priority_levels ? &policy->levels[level - 1]
                                                         : &policy->level;
}

Status config_check_batching(ConfigCheck *check) {
    ModelConfig *config = check->config;
    if (check->message->max_batch_size < 0)
        return text_message_error(check->text, "max_batch_size", "must not be negative, got %d",
                                  (int)check->message->max_batch_size);
    config->has_max_batch_size = text_message_has(check->text, "max_batch_size");
    config->max_batch_size = (size_t)check->message->max_batch_size;
    if (check->message->scheduling_choice_case !=
        INFERENCE__MODEL_CONFIG__SCHEDULING_CHOICE_DYNAMIC_BATCHING)
        return status_ok();
    config->has_dynamic_batching = true;
    const Inference__ModelDynamicBatching *batching = check->message->dynamic_batching;
    TRY(config_check_preferred(check, "dynamic_batching.preferred_batch_size",
                               batching->preferred_batch_size, batching->n_preferred_batch_size));
    TRY(check_queue(check, batching));
    TRY(check_priorities(check, batching));
    if (config->has_max_batch_size && config->max_batch_size == 0) {
        config_ignore(check, "dynamic_batching"); /* nothing to join along */
        return status_ok();
    }
    config->queue.batching = true;
    config->queue.max_rows = config->has_max_batch_size ? config->max_batch_size : 1;
    return status_ok();
}
