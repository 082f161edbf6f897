/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the scheduler keeps of one version: policy, counters, its shape queues and its flows. Shape
 * queues outlive their requests, for what they have learned, up to IDLE_SHAPES_MAX of them. A flow
 * outlives its requests only while it is ahead of the virtual clock: forgetting it then would
 * forgive what it has used. Under the scheduler's lock, but for new and free.
 */

#include "runtime/schedule/scheduler_internal.h"

#include <assert.h>
#include <stdlib.h>

enum { HISTOGRAM_ROWS_MAX = 65536 };

/* Charged for a batch of which nothing is known yet. */
static const uint64_t UNKNOWN_COST_NS = 100 * NS_PER_US;

Status model_queue_new(Scheduler *scheduler, const ModelVersion *version, ModelQueue **ret_model) {
    ModelQueue *model = calloc(1, sizeof *model);
    if (!model)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    model->scheduler = scheduler;
    model->version = version;
    model->policy = version->queue_policy;
    model->policy.max_rows = MAX_OF(model->policy.max_rows, (size_t)1);
    size_t most = version->signature.batched ? version->signature.max_batch_size : SIZE_MAX;
    model->rows_limit = model_version_rows_limit(version);
    if (!version->signature.batched)
        model->policy.batching = false;
    if (model->policy.batching)
        model->policy.max_rows = MIN_OF(model->policy.max_rows, most);
    const SchedulerOptions *options = &scheduler->options;
    model->max_requests = model->policy.max_queue_requests ? model->policy.max_queue_requests
                                                           : options->max_queue_requests;
    model->max_bytes =
        model->policy.max_queue_bytes ? model->policy.max_queue_bytes : options->max_queue_bytes;
    model->histogram_rows =
        1 + MIN_OF(version->signature.batched ? most : (size_t)1, (size_t)HISTOGRAM_ROWS_MAX);
    model->batches_of = calloc(model->histogram_rows, sizeof *model->batches_of);
    model->is_ordered = level_is_ordered(&model->policy);
    model->order = model->policy.preserve_ordering ? reply_order_new(&scheduler->mutex) : NULL;
    model->sequences = version->config.sequence ? sequence_table_new(version) : NULL;
    bool has_memory = model->batches_of && (model->order || !model->policy.preserve_ordering) &&
                      (model->sequences || !version->config.sequence);
    Status status = has_memory ? run_limit_init(scheduler, &version->config, &model->limit)
                               : status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    if (!status_is_ok(&status)) {
        sequence_table_free(model->sequences);
        reply_order_unref(model->order);
        free(model->batches_of);
        free(model);
        return status;
    }
    if (version->config.cached && options->cache) {
        model->cache = options->cache;
        model->cache_owner = response_cache_new_owner(options->cache);
    }
    list_init(&model->node);
    list_init(&model->sequence_node);
    list_init(&model->idle);
    for (size_t i = 0; i < SHAPE_BUCKETS; i++)
        list_init(&model->shapes[i]);
    *ret_model = model;
    return status_ok();
}

void model_queue_free(ModelQueue *model) {
    if (!model)
        return;
    assert(model->counts.queued_requests == 0 && model->running == 0);
    for (size_t i = 0; i < SHAPE_BUCKETS; i++) {
        LIST_FOR_EACH (node, &model->shapes[i])
            shape_queue_free(LIST_ITEM(node, ShapeQueue, bucket_node));
    }
    for (size_t i = 0; i < FLOW_BUCKETS; i++) {
        while (model->flows[i]) {
            Flow *flow = model->flows[i];
            model->flows[i] = flow->next;
            free(flow);
        }
    }
    if (model->cache)
        response_cache_forget(model->cache, model->cache_owner);
    sequence_table_free(model->sequences);
    run_limit_deinit(&model->limit);
    reply_order_unref(model->order);
    free(model->batches_of);
    free(model);
}

ShapeQueue *model_queue_find_shape_locked(ModelQueue *model, uint64_t hash,
                                          const InferRequest *request) {
    mutex_assert_held(&model->scheduler->mutex);
    LIST_FOR_EACH (node, &model->shapes[hash % SHAPE_BUCKETS]) {
        ShapeQueue *queue = LIST_ITEM(node, ShapeQueue, bucket_node);
        if (queue->hash == hash && shape_queue_fits(queue, request))
            return queue;
    }
    return NULL;
}

void model_queue_add_shape_locked(ModelQueue *model, ShapeQueue *queue) {
    mutex_assert_held(&model->scheduler->mutex);
    list_push_front(&model->shapes[queue->hash % SHAPE_BUCKETS], &queue->bucket_node);
    list_push_back(&model->idle, &queue->idle_node);
    model->idle_count++;
    model->scheduler->shape_count++;
}

ShapeQueue *model_queue_trim_locked(ModelQueue *model) {
    mutex_assert_held(&model->scheduler->mutex);
    if (model->idle_count <= IDLE_SHAPES_MAX)
        return NULL;
    ShapeQueue *queue = LIST_ITEM(list_pop_front(&model->idle), ShapeQueue, idle_node);
    model->idle_count--;
    list_remove(&queue->bucket_node);
    model->scheduler->shape_count--;
    return queue;
}

static bool may_forget(const Scheduler *scheduler, const Flow *flow) {
    return flow->in_flight == 0 && list_is_empty(&flow->lanes) &&
           flow->virtual_ns <= scheduler->virtual_ns[flow->class];
}

ScheduleClass request_class(const InferRequest *request) {
    return level_class(&request->lease.version->queue->policy, request->priority);
}

Flow *model_queue_find_flow_locked(ModelQueue *model, const InferRequest *request) {
    Scheduler *scheduler = model->scheduler;
    uint64_t tenant = request->tenant;
    ScheduleClass class = request_class(request);
    mutex_assert_held(&scheduler->mutex);
    Flow **link = &model->flows[(tenant ^ tenant >> 32) % FLOW_BUCKETS];
    while (*link) {
        Flow *flow = *link;
        if (flow->tenant == tenant && flow->class == class && flow->level == request->level)
            return flow;
        if (may_forget(scheduler, flow)) {
            *link = flow->next;
            flow->next = scheduler->free_flows;
            scheduler->free_flows = flow;
        } else {
            link = &flow->next;
        }
    }
    return NULL;
}

void model_queue_add_flow_locked(ModelQueue *model, Flow *flow, const InferRequest *request) {
    uint64_t tenant = request->tenant;
    mutex_assert_held(&model->scheduler->mutex);
    *flow = (Flow){ .tenant = tenant, .class = request_class(request), .level = request->level };
    list_init(&flow->lanes);
    Flow **bucket = &model->flows[(tenant ^ tenant >> 32) % FLOW_BUCKETS];
    flow->next = *bucket;
    *bucket = flow;
}

uint64_t shape_queue_cost_ns(const ShapeQueue *queue, size_t rows) {
    uint64_t learned = learned_time_estimate(&queue->learned, rows);
    return learned ? learned : UNKNOWN_COST_NS;
}
