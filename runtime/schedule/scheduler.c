/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The scheduler as a whole: its beginning and end, versions, draining, counters. The way in is
 * submit.c, the way out take.c, execution batch_run.c. One mutex guards every queue, heap and
 * counter; what it protects is small and quick, and a request passes it three times: in, out, done.
 * Callbacks, allocation and execution happen outside of it.
 */

#include "runtime/schedule/scheduler_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool delay_before(const void *a, const void *b) {
    return ((const ShapeQueue *)a)->wake_ns < ((const ShapeQueue *)b)->wake_ns;
}

static bool deadline_before(const void *a, const void *b) {
    const InferRequest *request_a = a, *request_b = b;
    if (request_a->expires_ns != request_b->expires_ns)
        return request_a->expires_ns < request_b->expires_ns;
    return request_a->sequence < request_b->sequence;
}

Status scheduler_new(const SchedulerOptions *options, Scheduler **ret_scheduler) {
    AUTO(scheduler_free) Scheduler *scheduler = calloc(1, sizeof *scheduler);
    if (!scheduler)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    scheduler->options = *options;
    if (!scheduler->options.run)
        scheduler->options.run = executor_submit;
    scheduler->told_ns = TIME_NEVER;
    mutex_init(&scheduler->mutex);
    cond_init(&scheduler->idle);
    list_init(&scheduler->models);
    list_init(&scheduler->free_runs);
    list_init(&scheduler->handed);
    list_init(&scheduler->running);
    for (size_t i = 0; i < CLASS_COUNT; i++)
        scheduler->stretch_percent[i] = FORECAST_EXACT;
    list_init(&scheduler->sequence_models);
    for (size_t i = 0; i < CLASS_COUNT; i++)
        heap_init(&scheduler->ready[i], offsetof(Lane, ready_slot), lane_before_in_class);
    heap_init(&scheduler->delays, offsetof(ShapeQueue, delay_slot), delay_before);
    heap_init(&scheduler->deadlines, offsetof(InferRequest, deadline_slot), deadline_before);
    TRY(batch_memory_new(options->batch_memory_bytes, &scheduler->memory));
    *ret_scheduler = TAKE(scheduler);
    return status_ok();
}

void scheduler_free(Scheduler *scheduler) {
    if (!scheduler)
        return;
    assert(list_is_empty(&scheduler->models) && scheduler->active == 0);
    while (!list_is_empty(&scheduler->free_runs))
        batch_run_free(LIST_ITEM(list_pop_front(&scheduler->free_runs), BatchRun, node));
    while (scheduler->free_lanes) {
        Lane *lane = scheduler->free_lanes;
        scheduler->free_lanes = lane->next;
        free(lane);
    }
    while (scheduler->free_flows) {
        Flow *flow = scheduler->free_flows;
        scheduler->free_flows = flow->next;
        free(flow);
    }
    run_limits_free(scheduler);
    for (size_t i = 0; i < CLASS_COUNT; i++)
        heap_deinit(&scheduler->ready[i]);
    heap_deinit(&scheduler->delays);
    heap_deinit(&scheduler->deadlines);
    batch_memory_free(scheduler->memory);
    cond_deinit(&scheduler->idle);
    mutex_deinit(&scheduler->mutex);
    free(scheduler);
}

Status scheduler_add_version(Scheduler *scheduler, ModelVersion *version) {
    ModelQueue *model = NULL;
    TRY(model_queue_new(scheduler, version, &model));
    version->queue = model;
    LOCKED(&scheduler->mutex);
    list_push_back(&scheduler->models, &model->node);
    if (model->sequences)
        list_push_back(&scheduler->sequence_models, &model->sequence_node);
    return status_ok();
}

void scheduler_remove_version(Scheduler *scheduler, ModelVersion *version) {
    ModelQueue *model = TAKE(version->queue);
    if (!model)
        return;
    {
        LOCKED(&scheduler->mutex);
        list_remove(&model->node);
        list_remove(&model->sequence_node);
        scheduler->shape_count -= model->idle_count; /* all of them: nothing is queued */
    }
    model_queue_free(model);
}

void scheduler_set_timer_wake(Scheduler *scheduler, void (*wake)(void *user), void *user) {
    LOCKED(&scheduler->mutex);
    scheduler->timer_wake = wake;
    scheduler->timer_user = user;
}

static void hurry(Scheduler *scheduler, bool draining) {
    bool has_ready = false;
    uint64_t now_ns = clock_now_ns(scheduler->options.clock);
    {
        LOCKED(&scheduler->mutex);
        scheduler->hurrying = true;
        scheduler->draining = scheduler->draining || draining;
        ShapeQueue *queue = heap_first(&scheduler->delays);
        while (queue) {
            queue_update_locked(scheduler, queue, now_ns);
            assert(queue->delay_slot == INDEX_NONE);
            queue = heap_first(&scheduler->delays);
        }
        has_ready = scheduler_has_ready_locked(scheduler);
    }
    if (has_ready && scheduler->options.pool)
        pool_wake(scheduler->options.pool);
}

void scheduler_hurry(Scheduler *scheduler) {
    hurry(scheduler, false);
}

void scheduler_drain(Scheduler *scheduler) {
    hurry(scheduler, true);
}

bool scheduler_wait_idle(Scheduler *scheduler, uint64_t deadline_ns) {
    LOCKED(&scheduler->mutex);
    while (scheduler->active > 0)
        if (!cond_wait_until(&scheduler->idle, &scheduler->mutex, deadline_ns))
            return scheduler->active == 0;
    return true;
}

QueueCounts scheduler_counts(Scheduler *scheduler, const ModelVersion *version) {
    LOCKED(&scheduler->mutex);
    return version->queue->counts;
}

size_t scheduler_batch_bytes(Scheduler *scheduler) {
    return batch_memory_used_bytes(scheduler->memory);
}

size_t scheduler_batch_sizes(Scheduler *scheduler, const ModelVersion *version) {
    LOCKED(&scheduler->mutex);
    return version->queue->batches_of_used;
}

void scheduler_batches_of(Scheduler *scheduler, const ModelVersion *version, size_t count,
                          BatchCounts *ret_counts) {
    const ModelQueue *model = version->queue;
    memset(ret_counts, 0, count * sizeof *ret_counts);
    LOCKED(&scheduler->mutex);
    memcpy(ret_counts, model->batches_of,
           MIN_OF(count, model->batches_of_used) * sizeof *ret_counts);
}
