/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who may run. A shape queue is empty, waits for company (in the delay heap) or is ready: then each
 * of its lanes stands in the ready heap of its class. Every change of a queue ends in
 * queue_update_locked, every change of a flow in flow_charge_locked, so that the heaps are always
 * in order and picking what is next is a look at three roots.
 *
 * A flow that was idle starts at the virtual clock: it gets no credit for the time it did not use
 * (start-time fair queueing). When a class has nothing left to do, its clock moves past all debts.
 * Under the scheduler's lock.
 */

#include "runtime/schedule/scheduler_internal.h"

#include <assert.h>

static void set_ready(Scheduler *scheduler, ShapeQueue *queue, bool is_ready) {
    queue->is_ready = is_ready;
    for (size_t i = 0; i < queue->lanes.count; i++) {
        Lane *lane = queue->lanes.items[i];
        Heap *heap = &scheduler->ready[lane->flow->class];
        if (is_ready && lane->ready_slot == INDEX_NONE)
            heap_insert(heap, lane);
        else if (!is_ready && lane->ready_slot != INDEX_NONE)
            heap_remove(heap, lane);
    }
}

static void set_delay(Scheduler *scheduler, ShapeQueue *queue, uint64_t wake_ns) {
    queue->wake_ns = wake_ns;
    bool is_in = queue->delay_slot != INDEX_NONE;
    if (wake_ns == TIME_NEVER && is_in)
        heap_remove(&scheduler->delays, queue);
    else if (wake_ns != TIME_NEVER && is_in)
        heap_update(&scheduler->delays, queue);
    else if (wake_ns != TIME_NEVER)
        heap_insert(&scheduler->delays, queue);
}

static void set_idle(ShapeQueue *queue) {
    ModelQueue *model = queue->model;
    bool is_idle = queue->requests == 0 && queue->running == 0;
    if (is_idle != list_is_empty(&queue->idle_node))
        return;
    if (is_idle) {
        list_push_back(&model->idle, &queue->idle_node);
        model->idle_count++;
    } else {
        list_remove(&queue->idle_node);
        model->idle_count--;
    }
}

BatchView queue_view_locked(const Scheduler *scheduler, const ShapeQueue *queue,
                            size_t idle_workers) {
    mutex_assert_held(&scheduler->mutex);
    BatchView view = { .rows = queue->rows,
                       .idle_workers = idle_workers,
                       .draining = scheduler->hurrying,
                       .start_by_ns = TIME_NEVER,
                       .learned = &queue->learned };
    if (queue->requests == 0)
        return view;
    const QueuePolicy *policy = &queue->model->policy;
    const InferRequest *oldest = LIST_ITEM(queue->arrivals.next, InferRequest, arrival_node);
    const InferRequest *first = lane_first(heap_first(&queue->lanes));
    view.rows = MAX_OF(queue->rows, (size_t)1);
    view.first_rows = MAX_OF(first->rows, (size_t)1);
    view.oldest_ns = oldest->times.queued_ns;
    if (policy->delay_ns == 0)
        return view;
    uint64_t deadline_ns = shape_queue_deadline(queue);
    uint64_t run_ns = learned_time_estimate(&queue->learned, MIN_OF(view.rows, policy->max_rows));
    if (deadline_ns != TIME_NEVER)
        view.start_by_ns = deadline_ns - MIN_OF(run_ns, deadline_ns);
    return view;
}

BatchDecision queue_decide_locked(const ShapeQueue *queue, const BatchView *view, uint64_t now_ns) {
    const ModelQueue *model = queue->model;
    bool is_full = model->sequences && queue->requests > 0 &&
                   view->rows >= sequence_full_rows_locked(model->sequences);
    if (!is_full)
        return batch_decide(view, &model->policy, now_ns);
    return (BatchDecision){ .action = BATCH_SEND, /* nobody is left to wait for */
                            .reason = BATCH_REASON_FULL,
                            .max_rows = MIN_OF(view->rows, model->policy.max_rows),
                            .wake_ns = TIME_NEVER };
}

void queue_update_locked(Scheduler *scheduler, ShapeQueue *queue, uint64_t now_ns) {
    mutex_assert_held(&scheduler->mutex);
    const QueuePolicy *policy = &queue->model->policy;
    BatchDecision decision = { .action = BATCH_SEND, .wake_ns = TIME_NEVER };
    if (queue->requests == 0) {
        decision.action = BATCH_WAIT;
    } else if (policy->batching && policy->delay_ns > 0) {
        BatchView view = queue_view_locked(scheduler, queue, 1);
        decision = queue_decide_locked(queue, &view, now_ns);
    }
    bool is_ready = decision.action == BATCH_SEND;
    if (is_ready && queue->model->limit.is_limited)
        is_ready = run_limit_allows_locked(&queue->model->limit);
    set_ready(scheduler, queue, is_ready);
    set_delay(scheduler, queue, decision.wake_ns);
    set_idle(queue);
}

void lane_open_locked(Scheduler *scheduler, ShapeQueue *queue, Flow *flow, Lane *lane) {
    mutex_assert_held(&scheduler->mutex);
    *lane =
        (Lane){ .queue = queue, .flow = flow, .queue_slot = INDEX_NONE, .ready_slot = INDEX_NONE };
    list_init(&lane->requests);
    scheduler->lane_count++;
    if (list_is_empty(&flow->lanes))
        flow->virtual_ns = MAX_OF(flow->virtual_ns, scheduler->virtual_ns[flow->class]);
    list_push_back(&flow->lanes, &lane->flow_node);
}

static void lane_close(Scheduler *scheduler, Lane *lane) {
    if (lane->ready_slot != INDEX_NONE)
        heap_remove(&scheduler->ready[lane->flow->class], lane);
    heap_remove(&lane->queue->lanes, lane);
    list_remove(&lane->flow_node);
    scheduler->lane_count--;
    lane->next = scheduler->free_lanes;
    scheduler->free_lanes = lane;
}

void lane_changed_locked(Scheduler *scheduler, Lane *lane) {
    mutex_assert_held(&scheduler->mutex);
    if (lane->queue_slot == INDEX_NONE)
        heap_insert(&lane->queue->lanes, lane);
    else
        heap_update(&lane->queue->lanes, lane);
    if (lane->ready_slot != INDEX_NONE)
        heap_update(&scheduler->ready[lane->flow->class], lane);
}

static void request_uncount_locked(const InferRequest *request) {
    ModelQueue *model = request->lease.version->queue;
    model->counts.queued_requests--;
    model->level_requests[request->level]--;
    model->counts.queued_rows -= request->rows;
    model->counts.queued_bytes -= request->payload_bytes;
}

void request_detach_locked(Scheduler *scheduler, InferRequest *request) {
    mutex_assert_held(&scheduler->mutex);
    Lane *lane = request->lane;
    request_uncount_locked(request);
    if (!lane) { /* it waits for its turn in a sequence */
        list_remove(&request->queue_node);
        return;
    }
    if (lane_first(lane) == request && lane->requests.prev == &request->queue_node) {
        /* The last one: the lane leaves its heaps while it still has an order. */
        lane_close(scheduler, lane);
        lane_remove(lane, request);
        return;
    }
    lane_remove(lane, request);
    lane_changed_locked(scheduler, lane);
}

static uint64_t add_signed(uint64_t value, int64_t change) {
    return change < 0 ? value - MIN_OF((uint64_t)-change, value) : value + (uint64_t)change;
}

/* Several lanes of one heap change their order at once: a heap mends one at a time, so they leave
 * it meanwhile. */
void flow_charge_locked(Scheduler *scheduler, Flow *flow, int64_t cost_ns) {
    mutex_assert_held(&scheduler->mutex);
    Heap *ready = &scheduler->ready[flow->class];
    LIST_FOR_EACH (node, &flow->lanes) {
        Lane *lane = LIST_ITEM(node, Lane, flow_node);
        if (lane->ready_slot != INDEX_NONE)
            heap_remove(ready, lane);
    }
    flow->virtual_ns = add_signed(flow->virtual_ns, cost_ns);
    uint64_t *max_ns = &scheduler->virtual_max_ns[flow->class];
    *max_ns = MAX_OF(*max_ns, flow->virtual_ns);
    LIST_FOR_EACH (node, &flow->lanes) {
        Lane *lane = LIST_ITEM(node, Lane, flow_node);
        heap_update(&lane->queue->lanes, lane);
        if (lane->queue->is_ready)
            heap_insert(ready, lane);
    }
}

bool scheduler_has_ready_locked(const Scheduler *scheduler) {
    for (size_t i = 0; i < CLASS_COUNT; i++)
        if (scheduler->ready[i].count > 0)
            return true;
    return !list_is_empty(&scheduler->handed);
}

bool timer_needs_wake_locked(Scheduler *scheduler) {
    mutex_assert_held(&scheduler->mutex);
    const ShapeQueue *queue = heap_first(&scheduler->delays);
    const InferRequest *request = heap_first(&scheduler->deadlines);
    uint64_t next_ns =
        MIN_OF(queue ? queue->wake_ns : TIME_NEVER, request ? request->expires_ns : TIME_NEVER);
    if (!list_is_empty(&scheduler->sequence_models))
        next_ns = MIN_OF(next_ns, sequences_wake_ns_locked(scheduler));
    if (next_ns >= scheduler->told_ns)
        return false;
    scheduler->told_ns = next_ns;
    return scheduler->timer_wake != NULL;
}

/* Behind all that are not late, with its own deadline alone. It keeps its place in the heap of
 * deadlines, or has none. */
static void put_behind_locked(Scheduler *scheduler, InferRequest *request) {
    request->is_late = true;
    request->waits_briefly = false;
    request->urgent_ns = TIME_NEVER;
    request->expires_ns = request->deadline_ns;
    if (request->deadline_ns != TIME_NEVER)
        heap_insert(&scheduler->deadlines, request); /* there is room: it has just left */
    list_remove(&request->queue_node);
    list_push_back(&request->lane->requests, &request->queue_node);
    lane_changed_locked(scheduler, request->lane);
}

static bool is_put_behind(const InferRequest *request, uint64_t now_ns) {
    const QueuePolicy *policy = &request->lease.version->queue->policy;
    return request->waits_briefly && request->lane && request->deadline_ns > now_ns &&
           queue_policy_of(policy, request->level)->timeout_action == TIMEOUT_DELAY;
}

void scheduler_expire_locked(Scheduler *scheduler, uint64_t now_ns, size_t limit, ListNode *gone) {
    mutex_assert_held(&scheduler->mutex);
    for (size_t i = 0; i < limit; i++) {
        InferRequest *request = heap_first(&scheduler->deadlines);
        if (!request || request->expires_ns > now_ns)
            return;
        heap_remove(&scheduler->deadlines, request);
        if (request->state == REQUEST_RUNNING) {
            batch_run_drop_locked(request, STATUS_DEADLINE_EXCEEDED);
            continue;
        }
        if (request->is_placing) { /* whoever places it will find out */
            request->ended_by = STATUS_DEADLINE_EXCEEDED;
            continue;
        }
        if (is_put_behind(request, now_ns)) {
            put_behind_locked(scheduler, request);
            continue;
        }
        request->ended_by =
            request->deadline_ns <= now_ns ? STATUS_DEADLINE_EXCEEDED : STATUS_UNAVAILABLE;
        end_queued_locked(scheduler, request, now_ns, gone);
    }
}

void end_queued_locked(Scheduler *scheduler, InferRequest *request, uint64_t now_ns,
                       ListNode *gone) {
    mutex_assert_held(&scheduler->mutex);
    ShapeQueue *queue = request->lane ? request->shape_queue : NULL;
    QueueCounts *counts = &request->lease.version->queue->counts;
    if (request->deadline_slot != INDEX_NONE)
        heap_remove(&scheduler->deadlines, request);
    request_detach_locked(scheduler, request);
    forecast_seen_locked(scheduler, request, now_ns);
    if (queue)
        queue_update_locked(scheduler, queue, now_ns);
    counts->cancelled += request->ended_by == STATUS_CANCELLED;
    counts->expired += request->ended_by != STATUS_CANCELLED;
    request->state = REQUEST_DONE;
    list_push_back(gone, &request->queue_node);
}

static Status end_status(StatusCode ended_by) {
    if (ended_by == STATUS_CANCELLED)
        return status_error(STATUS_CANCELLED, "cancelled while waiting in the queue");
    if (ended_by == STATUS_RESOURCE_EXHAUSTED)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    if (ended_by == STATUS_UNAVAILABLE)
        return status_error(STATUS_UNAVAILABLE, "Request timeout expired");
    return status_error(STATUS_DEADLINE_EXCEEDED, "the deadline passed while waiting in the queue");
}

size_t request_end(InferRequest *request, const Status *status) {
    if (request->sequence_of)
        sequence_leave(request, status);
    ReplyOrder *order = request->held ? request->lease.version->queue->order : NULL;
    if (order)
        return reply_order_end(order, request, status);
    request->on_done(request, status);
    return 1;
}

void scheduler_end(Scheduler *scheduler, ListNode *gone) {
    size_t count = 0;
    while (!list_is_empty(gone)) {
        InferRequest *request = LIST_ITEM(list_pop_front(gone), InferRequest, queue_node);
        Status status = end_status(request->ended_by);
        count += request_end(request, &status);
    }
    if (count == 0)
        return;
    LOCKED(&scheduler->mutex);
    scheduler->active -= count;
    if (scheduler->active == 0)
        cond_broadcast(&scheduler->idle);
}
