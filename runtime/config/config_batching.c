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

static Status check_preferred(ConfigCheck *check, const Inference__ModelDynamicBatching *batching) {
    QueuePolicy *queue = &check->config->queue;
    if (batching->n_preferred_batch_size > PREFERRED_ROWS_MAX)
        return text_message_error(check->text, "dynamic_batching.preferred_batch_size",
                                  "more than %d sizes", (int)PREFERRED_ROWS_MAX);
    for (size_t i = 0; i < batching->n_preferred_batch_size; i++) {
        int32_t rows = batching->preferred_batch_size[i];
        bool too_large = check->config->has_max_batch_size && check->config->max_batch_size > 0 &&
                         rows > 0 && (size_t)rows > check->config->max_batch_size;
        if (rows < 1 || too_large) {
            char path[64];
            snprintf(path, sizeof path, "dynamic_batching.preferred_batch_size[%zu]", i);
            if (rows < 1)
                return text_message_error(check->text, path, "must be above 0, got %d", (int)rows);
            return text_message_error(check->text, path, "%d is above max_batch_size %zu",
                                      (int)rows, check->config->max_batch_size);
        }
        queue->preferred_rows[i] = (size_t)rows;
    }
    qsort(queue->preferred_rows, batching->n_preferred_batch_size, sizeof queue->preferred_rows[0],
          compare_rows);
    for (size_t i = 0; i < batching->n_preferred_batch_size; i++)
        if (queue->preferred_count == 0 ||
            queue->preferred_rows[queue->preferred_count - 1] != queue->preferred_rows[i])
            queue->preferred_rows[queue->preferred_count++] = queue->preferred_rows[i];
    return status_ok();
}

/* Microseconds from a file; saturates far beyond any deadline. */
static uint64_t ns_from_us(uint64_t us) {
    return us > (TIME_NEVER - 1) / NS_PER_US ? TIME_NEVER - 1 : us * NS_PER_US;
}

static Status check_priorities(ConfigCheck *check,
                               const Inference__ModelDynamicBatching *batching) {
    uint64_t levels = batching->priority_levels;
    if (levels == 0 && batching->n_priority_queue_policy == 0)
        return status_ok();
    if (batching->default_priority_level < 1 || batching->default_priority_level > levels)
        return text_message_error(check->text, "dynamic_batching.default_priority_level",
                                  "must be from 1 to priority_levels (%llu), got %llu",
                                  (unsigned long long)levels,
                                  (unsigned long long)batching->default_priority_level);
    if (levels > 1 && batching->preserve_ordering)
        return text_message_error(check->text, "dynamic_batching.preserve_ordering",
                                  "conflicts with priority_levels above 1");
    for (size_t i = 0; i < batching->n_priority_queue_policy; i++) {
        uint64_t key = batching->priority_queue_policy[i]->key;
        if (key < 1 || key > levels)
            return text_message_error(check->text, "dynamic_batching.priority_queue_policy",
                                      "key %llu is not from 1 to priority_levels (%llu)",
                                      (unsigned long long)key, (unsigned long long)levels);
    }
    config_ignore(check, "dynamic_batching.priority_levels");
    return status_ok();
}

static Status check_queue(ConfigCheck *check, const Inference__ModelDynamicBatching *batching) {
    QueuePolicy *queue = &check->config->queue;
    queue->delay_ns = ns_from_us(batching->max_queue_delay_microseconds);
    queue->preserve_ordering = batching->preserve_ordering;
    const Inference__ModelQueuePolicy *policy = batching->default_queue_policy;
    if (!policy)
        return status_ok();
    queue->max_queue_requests = policy->max_queue_size;
    queue->default_timeout_ns = ns_from_us(policy->default_timeout_microseconds);
    queue->allow_timeout_override = policy->allow_timeout_override;
    if (policy->timeout_action == INFERENCE__MODEL_QUEUE_POLICY__TIMEOUT_ACTION__DELAY) {
        if (batching->preserve_ordering)
            return text_message_error(check->text, "dynamic_batching.preserve_ordering",
                                      "conflicts with timeout_action DELAY");
        config_ignore(check, "dynamic_batching.default_queue_policy.timeout_action");
    }
    return status_ok();
}

Status config_check_batching(ConfigCheck *check) {
    ModelConfig *config = check->config;
    if (check->message->max_batch_size < 0)
        return text_message_error(check->text, "max_batch_size", "must not be negative, got %d",
                                  (int)check->message->max_batch_size);
    config->has_max_batch_size = text_message_position(check->text, "max_batch_size").line > 0;
    config->max_batch_size = (size_t)check->message->max_batch_size;
    if (check->message->scheduling_choice_case !=
        INFERENCE__MODEL_CONFIG__SCHEDULING_CHOICE_DYNAMIC_BATCHING)
        return status_ok();
    config->has_dynamic_batching = true;
    TRY(check_preferred(check, check->message->dynamic_batching));
    TRY(check_priorities(check, check->message->dynamic_batching));
    TRY(check_queue(check, check->message->dynamic_batching));
    if (config->has_max_batch_size && config->max_batch_size == 0) {
        config_ignore(check, "dynamic_batching"); /* nothing to join along */
        return status_ok();
    }
    config->queue.batching = true;
    config->queue.max_rows = config->has_max_batch_size ? config->max_batch_size : 1;
    return status_ok();
}
