/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The way out. A worker (or the rpc thread, for models that finish in microseconds) asks for work:
 * expired requests are ended, schedule_next and the ready heaps say which lane goes first,
 * batch_decide how many rows, and the batch is filled with whole requests from the queue's lanes in
 * order of fairness. Every request is charged to its own flow and class when it is taken, with the
 * learned time, and corrected with the measured one when the batch is done.
 *
 * If ready work is left, one more worker is woken before this one starts to compute: a wave, not a
 * herd.
 */

#include "runtime/schedule/scheduler_internal.h"

enum { EXPIRE_AT_ONCE = 64, INLINE_SAMPLES = 2, INLINE_BURST = 4 };

static ScheduleClass next_class_locked(Scheduler *scheduler) {
    for (size_t i = 0; i < CLASS_COUNT; i++)
        scheduler->view.is_ready[i] = scheduler->ready[i].count > 0;
    return schedule_next(&scheduler->view);
}

/* Its level's word is about waiting alone: from now on only its own deadline holds. */
static void stop_waiting_locked(Scheduler *scheduler, InferRequest *request) {
    request->waits_briefly = false;
    request->expires_ns = request->deadline_ns;
    if (request->expires_ns == TIME_NEVER)
        heap_remove(&scheduler->deadlines, request);
    else
        heap_update(&scheduler->deadlines, request);
}

static void take_request_locked(Scheduler *scheduler, BatchRun *run, InferRequest *request,
                                uint64_t charge_ns) {
    ModelQueue *model = run->model;
    Flow *flow = request->flow;
    request_detach_locked(scheduler, request);
    batch_run_add_locked(run, request);
    request->charged_ns = charge_ns;
    flow->in_flight++;
    model->running++;
    run->queue->running++;
    model->counts.executed++;
    model->counts.rows += request->rows;
    schedule_charge(&scheduler->view, flow->class, charge_ns);
    flow_charge_locked(scheduler, flow, (int64_t)(charge_ns * model->limit.cost_factor));
    if (request->waits_briefly)
        stop_waiting_locked(scheduler, request);
}

/* Company that would make somebody of the batch late is left for the next one. */
static bool delays_nobody(const BatchRun *run, size_t rows, uint64_t due_ns) {
    return due_ns == TIME_NEVER ||
           time_after(run->taken_ns, learned_time_promise(&run->queue->learned, rows)) <= due_ns;
}

/* Whole requests, the given lane's first, then of whichever lane is next in fairness, while they
 * fit. */
static void fill_locked(Scheduler *scheduler, BatchRun *run, Lane *lane,
                        const BatchDecision *decision) {
    ShapeQueue *queue = run->queue;
    size_t likely_rows = MAX_OF(MIN_OF(decision->max_rows, queue->rows), (size_t)1);
    uint64_t cost_ns = shape_queue_cost_ns(queue, likely_rows);
    size_t rows = 0;
    uint64_t due_ns = TIME_NEVER;
    while (lane) {
        InferRequest *request = lane_first(lane);
        size_t request_rows = MAX_OF(request->rows, (size_t)1);
        if (rows > 0 && (!queue->joinable || rows + request_rows > decision->max_rows))
            break;
        if (rows > 0 &&
            !delays_nobody(run, rows + request_rows, MIN_OF(due_ns, request->deadline_ns)))
            break;
        due_ns = MIN_OF(due_ns, request->deadline_ns);
        rows += request_rows;
        take_request_locked(scheduler, run, request,
                            MAX_OF(cost_ns / likely_rows * request_rows, (uint64_t)1));
        if (rows >= decision->max_rows)
            break;
        lane = heap_first(&queue->lanes);
    }
    run->expected_ns = MAX_OF(learned_time_promise(&queue->learned, rows), cost_ns);
    QueueCounts *counts = &run->model->counts;
    counts->batches++;
    counts->batches_by_reason[run->reason]++;
    counts->last_taken_ns = run->taken_ns;
}

static bool is_tiny(const ShapeQueue *queue, const BatchDecision *decision, uint64_t limit_ns) {
    size_t rows = MAX_OF(MIN_OF(decision->max_rows, queue->rows), (size_t)1);
    return queue->model->policy.delay_ns == 0 &&
           learned_time_samples(&queue->learned, rows) >= INLINE_SAMPLES &&
           learned_time_estimate(&queue->learned, rows) < limit_ns;
}

/* @limit_ns  learned time the batch must stay below, TIME_NEVER for any */
static BatchRun *pick_locked(Scheduler *scheduler, uint64_t now_ns, size_t idle_workers,
                             uint64_t limit_ns) {
    if (limit_ns == TIME_NEVER && !list_is_empty(&scheduler->handed)) {
        BatchRun *handed = LIST_ITEM(list_pop_front(&scheduler->handed), BatchRun, node);
        handed->taken_ns = handed->gathered_ns = now_ns; /* inputs may be gathered already */
        list_push_back(&scheduler->running, &handed->node);
        return handed;
    }
    for (;;) {
        ScheduleClass class = next_class_locked(scheduler);
        if (class == CLASS_NONE)
            return NULL;
        Lane *lane = heap_first(&scheduler->ready[class]);
        ShapeQueue *queue = lane->queue;
        if (queue->model->is_ordered)
            lane = heap_first(&queue->lanes);
        BatchView view = queue_view_locked(scheduler, queue, idle_workers);
        view.first_rows = MAX_OF(lane_first(lane)->rows, (size_t)1);
        BatchDecision decision = queue_decide_locked(queue, &view, now_ns);
        if (decision.action == BATCH_WAIT) { /* a cancelled request was what made it ready */
            queue_update_locked(scheduler, queue, now_ns);
            continue;
        }
        if (limit_ns != TIME_NEVER && !is_tiny(queue, &decision, limit_ns))
            return NULL;
        BatchRun *run = LIST_ITEM(list_pop_front(&scheduler->free_runs), BatchRun, node);
        run->model = queue->model;
        run->queue = queue;
        run->taken_ns = now_ns;
        run->reason = decision.reason;
        scheduler->virtual_ns[class] = MAX_OF(scheduler->virtual_ns[class], lane->flow->virtual_ns);
        fill_locked(scheduler, run, lane, &decision);
        queue_update_locked(scheduler, queue, now_ns);
        list_push_back(&scheduler->running, &run->node);
        run->is_counted = run->model->limit.is_limited;
        if (run->is_counted)
            run_limit_start_locked(scheduler, &run->model->limit, now_ns);
        return run;
    }
}

/* So that pick_locked need not allocate. */
static bool provide_run(Scheduler *scheduler) {
    {
        LOCKED(&scheduler->mutex);
        if (!list_is_empty(&scheduler->free_runs))
            return true;
    }
    BatchRun *run = NULL;
    Status status = batch_run_new(scheduler, &run);
    if (!status_is_ok(&status))
        return false;
    LOCKED(&scheduler->mutex);
    list_push_back(&scheduler->free_runs, &run->node);
    return true;
}

static BatchRun *take(Scheduler *scheduler, uint64_t limit_ns, bool *ret_has_more) {
    Pool *pool = scheduler->options.pool;
    BatchRun *run = NULL;
    bool wakes_timer = false, has_run = true;
    ListNode gone;
    list_init(&gone);
    do {
        uint64_t now_ns = clock_now_ns(scheduler->options.clock);
        size_t idle_workers = 1 + (pool ? pool_idle_count(pool) : 0);
        {
            LOCKED(&scheduler->mutex);
            scheduler_expire_locked(scheduler, now_ns, EXPIRE_AT_ONCE, &gone);
            const InferRequest *due = heap_first(&scheduler->deadlines);
            bool is_clear = !due || due->expires_ns > now_ns;
            has_run = !list_is_empty(&scheduler->free_runs);
            if (is_clear && has_run)
                run = pick_locked(scheduler, now_ns, idle_workers, limit_ns);
            *ret_has_more = scheduler_has_ready_locked(scheduler);
            wakes_timer |= timer_needs_wake_locked(scheduler);
            has_run = has_run || !*ret_has_more;
            if (is_clear && has_run)
                break;
        }
        scheduler_end(scheduler, &gone);
    } while (has_run || provide_run(scheduler));
    scheduler_end(scheduler, &gone);
    if (wakes_timer)
        scheduler->timer_wake(scheduler->timer_user);
    return run;
}

bool scheduler_take(Scheduler *scheduler, size_t worker_index) {
    (void)worker_index;
    bool has_more = false;
    BatchRun *run = take(scheduler, TIME_NEVER, &has_more);
    if (!run)
        return false;
    if (has_more && scheduler->options.pool)
        pool_wake(scheduler->options.pool);
    batch_run_start(run, false);
    return true;
}

bool scheduler_run_inline(Scheduler *scheduler) {
    const Clock *clock = scheduler->options.clock;
    uint64_t limit_ns = scheduler->options.inline_limit_ns;
    if (limit_ns == 0)
        return false;
    uint64_t end_ns = time_after(clock_now_ns(clock), INLINE_BURST * limit_ns);
    bool has_more = true;
    while (has_more && clock_now_ns(clock) < end_ns) {
        BatchRun *run = take(scheduler, limit_ns, &has_more);
        if (!run)
            return false;
        if (batch_run_start(run, true))
            continue;
        LOCKED(&scheduler->mutex);
        list_remove(&run->node);
        list_push_back(&scheduler->handed, &run->node);
        return false;
    }
    return has_more && scheduler->options.has_lone_core;
}

bool scheduler_has_lone_core(const Scheduler *scheduler) {
    return scheduler->options.has_lone_core;
}

void scheduler_kick(Scheduler *scheduler) {
    bool has_ready = false;
    {
        LOCKED(&scheduler->mutex);
        has_ready = scheduler_has_ready_locked(scheduler);
    }
    if (has_ready && scheduler->options.pool)
        pool_wake(scheduler->options.pool);
}

uint64_t scheduler_tick(Scheduler *scheduler) {
    for (;;) {
        ListNode gone;
        list_init(&gone);
        bool has_ready = false, is_clear = false;
        uint64_t now_ns = clock_now_ns(scheduler->options.clock), next_ns;
        sequences_reap(scheduler, now_ns);
        {
            LOCKED(&scheduler->mutex);
            scheduler_expire_locked(scheduler, now_ns, EXPIRE_AT_ONCE, &gone);
            ShapeQueue *queue = heap_first(&scheduler->delays);
            while (queue && queue->wake_ns <= now_ns) {
                queue_update_locked(scheduler, queue, now_ns);
                queue = heap_first(&scheduler->delays);
            }
            const InferRequest *request = heap_first(&scheduler->deadlines);
            is_clear = !request || request->expires_ns > now_ns;
            scheduler->told_ns = TIME_NEVER;
            (void)timer_needs_wake_locked(scheduler);
            next_ns = scheduler->told_ns;
            has_ready = scheduler_has_ready_locked(scheduler);
        }
        scheduler_end(scheduler, &gone);
        if (has_ready && scheduler->options.pool)
            pool_wake(scheduler->options.pool);
        if (is_clear)
            return next_ns;
    }
}
