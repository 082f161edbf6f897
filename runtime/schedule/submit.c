/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The way in. A request is admitted, finds its shape queue, flow and lane, and lies down. Whatever
 * must be allocated for that (a shape or a tenant seen for the first time, a heap that is full) is
 * made outside the lock: place_locked says what it lacks, leaves the request as it was, and is
 * asked again with the spare part in hand. Once warm nothing is lacking, and a submit is one short
 * locked section. Threads: rpc, http; scheduler_cancel any.
 */

#include "runtime/schedule/scheduler_internal.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 16 };

typedef enum Lack { LACK_NOTHING, LACK_QUEUE, LACK_FLOW, LACK_LANE, LACK_ROOM } Lack;

typedef struct Spares {
    ShapeQueue *queue;
    Flow *flow;
    Lane *lane;
    void **items; /* for a heap */
    size_t capacity, wanted_capacity;
    uint64_t hash;    /* of the request's shapes */
    void **old_items; /* replaced: to be freed outside the lock */
    ShapeQueue *trimmed;
    Sequence *sequence;
    bool is_its_turn; /* told by accept_locked: else the request may be gone already */
} Spares;

/* Makes what is lacking. false: out of memory. */
static bool provide(Spares *spares, Lack lack, ModelQueue *model, const InferRequest *request) {
    free(TAKE(spares->old_items));
    if (lack == LACK_QUEUE)
        return (spares->queue = shape_queue_new(model, request)) != NULL;
    if (lack == LACK_FLOW)
        return (spares->flow = calloc(1, sizeof *spares->flow)) != NULL;
    if (lack == LACK_LANE)
        return (spares->lane = calloc(1, sizeof *spares->lane)) != NULL;
    if (lack == LACK_NOTHING)
        return true;
    free(spares->items);
    spares->capacity = spares->wanted_capacity;
    return (spares->items = calloc(spares->capacity, sizeof *spares->items)) != NULL;
}

static void spares_deinit(Spares *spares) {
    shape_queue_free(spares->queue);
    shape_queue_free(spares->trimmed);
    sequence_free(spares->sequence);
    free(spares->flow);
    free(spares->lane);
    free(spares->items);
    free(spares->old_items);
}

static bool has_room(Heap *heap, size_t needed, Spares *spares) {
    if (heap->capacity >= needed)
        return true;
    if (!spares->items || spares->capacity < needed || spares->old_items) {
        spares->wanted_capacity = MAX_OF(2 * needed, (size_t)ROOM_MIN);
        return false;
    }
    spares->old_items = heap_give_room(heap, TAKE(spares->items), spares->capacity);
    return true;
}

static Lane *pop_lane(Scheduler *scheduler, Spares *spares) {
    Lane *lane = scheduler->free_lanes;
    if (!lane)
        return TAKE(spares->lane);
    scheduler->free_lanes = lane->next;
    return lane;
}

static Flow *pop_flow(Scheduler *scheduler, Spares *spares) {
    Flow *flow = scheduler->free_flows;
    if (!flow)
        return TAKE(spares->flow);
    scheduler->free_flows = flow->next;
    return flow;
}

/* Of queues that nothing is known of, the guess that flows are charged with. */
static uint64_t promise_ns(const ShapeQueue *queue, size_t rows) {
    uint64_t promise = learned_time_promise(&queue->learned, rows);
    return promise ? promise : shape_queue_cost_ns(queue, rows);
}

/* What runs and what is ready, as far as one looks: many lanes only make the forecast too short. */
static ForecastView forecast_view_locked(const Scheduler *scheduler, ScheduleClass class,
                                         uint64_t now_ns) {
    enum { LANES_SEEN = 64 };
    ForecastView view = {
        .class = class,
        .workers = scheduler->options.pool ? pool_thread_count(scheduler->options.pool) : 1,
        .lanes = scheduler->ready[class].count,
    };
    LIST_FOR_EACH (node, &scheduler->running) {
        const BatchRun *run = LIST_ITEM(node, BatchRun, node);
        uint64_t end_ns = time_after(run->taken_ns, run->expected_ns);
        view.running_ns += end_ns > now_ns ? end_ns - now_ns : 0;
    }
    for (size_t i = 0; i < CLASS_COUNT; i++)
        for (size_t k = 0; k < MIN_OF(scheduler->ready[i].count, (size_t)LANES_SEEN); k++) {
            const Lane *lane = scheduler->ready[i].items[k];
            view.queued_ns[i] += promise_ns(lane->queue, lane->rows);
        }
    return view;
}

/* Forecasts only where somebody will not wait for ever. The batch that it will be part of is as
 * large as what waits makes it; those that fill other batches go before it. */
static void forecast_locked(const Scheduler *scheduler, const ShapeQueue *queue, const Lane *lane,
                            InferRequest *request, QueueGateView *gate) {
    if (request->deadline_ns == TIME_NEVER || !queue || !learned_time_is_known(&queue->learned))
        return;
    uint64_t now_ns = request->times.queued_ns;
    size_t batch_rows = queue->joinable ? MAX_OF(queue->model->policy.max_rows, (size_t)1) : 1;
    size_t before = 0;
    bool is_last = lane && LIST_ITEM(lane->requests.prev, InferRequest, queue_node)->urgent_ns <=
                               MIN_OF(request->deadline_ns, time_after(now_ns, PATIENCE_NS));
    if (is_last)
        before = lane->rows - lane->rows % batch_rows;
    ScheduleClass class = request_class(request);
    ForecastView view = forecast_view_locked(scheduler, class, now_ns);
    view.own_ns = before ? promise_ns(queue, before) : 0;
    size_t company = MIN_OF(queue->rows - MIN_OF(before, queue->rows), batch_rows - 1);
    gate->run_ns = promise_ns(queue, MIN_OF(request->rows + company, batch_rows));
    gate->ahead_ns = forecast_wait_ns(&view);
    gate->stretch_percent = scheduler->stretch_percent[class];
    request->forecast_ns = forecast_total_ns(gate->ahead_ns, gate->run_ns, gate->stretch_percent);
    request->forecast_class = class;
    request->forecast_run_ns = gate->run_ns;
    request->forecast_done_ns = time_after(now_ns, request->forecast_ns);
}

void forecast_seen_locked(Scheduler *scheduler, const InferRequest *request, uint64_t now_ns) {
    uint32_t *stretch = &scheduler->stretch_percent[request->forecast_class];
    uint64_t took_ns = now_ns - request->times.queued_ns;
    bool tells = request->ended_by != STATUS_CANCELLED || took_ns > request->forecast_ns;
    if (request->forecast_ns > 0 && tells)
        *stretch = forecast_learn(*stretch, request->forecast_ns, took_ns);
}

static QueueGate admit_locked(Scheduler *scheduler, ModelQueue *model, const ShapeQueue *queue,
                              const Lane *lane, InferRequest *request) {
    const QueueCounts *counts = &model->counts;
    const LevelPolicy *level = queue_policy_of(&model->policy, request->level);
    QueueGateView view = {
        .draining = scheduler->draining,
        .rows = request->rows,
        .max_rows = model->rows_limit,
        .payload_bytes = request->payload_bytes,
        .queued_requests = counts->queued_requests,
        .max_requests = model->max_requests,
        .level_requests = model->level_requests[request->level],
        .max_level_requests = request->level > 0 ? level->max_queue_requests : 0,
        .queued_bytes = counts->queued_bytes,
        .max_bytes = model->max_bytes,
        .deadline_ns = request->deadline_ns,
        .is_busy = counts->queued_requests > 0 || model->running > 0,
    };
    forecast_locked(scheduler, queue, lane, request, &view);
    return queue_gate_decide(&view, request->times.queued_ns);
}

/* Finds or makes the lane; what could not be had is told in ret_lack. */
static Lane *open_lane_locked(ModelQueue *model, uint64_t hash, const InferRequest *request,
                              Spares *spares, Lack *ret_lack) {
    Scheduler *scheduler = model->scheduler;
    ScheduleClass class = request_class(request);
    ShapeQueue *queue = model_queue_find_shape_locked(model, hash, request);
    *ret_lack = LACK_QUEUE;
    if (!queue && !spares->queue)
        return NULL;
    *ret_lack = LACK_ROOM;
    if (!queue && !has_room(&scheduler->delays, scheduler->shape_count + 1, spares))
        return NULL;
    if (!queue)
        model_queue_add_shape_locked(model, queue = TAKE(spares->queue));
    Flow *flow = model_queue_find_flow_locked(model, request);
    Lane *lane = flow ? shape_queue_find_lane(queue, flow) : NULL;
    if (request->expires_ns != TIME_NEVER &&
        !has_room(&scheduler->deadlines, scheduler->deadlines.count + 1, spares))
        return NULL;
    if (lane)
        return lane;
    if (!has_room(&queue->lanes, queue->lanes.count + 1, spares) ||
        !has_room(&scheduler->ready[class], scheduler->lane_count + 1, spares))
        return NULL;
    *ret_lack = LACK_FLOW;
    if (!flow) {
        flow = pop_flow(scheduler, spares);
        if (!flow)
            return NULL;
        model_queue_add_flow_locked(model, flow, request);
    }
    *ret_lack = LACK_LANE;
    lane = pop_lane(scheduler, spares);
    if (lane)
        lane_open_locked(scheduler, queue, flow, lane);
    return lane;
}

/* From here on it counts as queued. */
static void register_locked(Scheduler *scheduler, ModelQueue *model, InferRequest *request) {
    request->sequence = scheduler->sequence++;
    request->state = REQUEST_QUEUED;
    if (request->expires_ns != TIME_NEVER)
        heap_insert(&scheduler->deadlines, request);
    if (request->held)
        reply_order_add_locked(model->order, request);
    model->level_requests[request->level]++;
    scheduler->active++;
    model->counts.requests++;
    model->counts.queued_requests++;
    model->counts.queued_rows += request->rows;
    model->counts.queued_bytes += request->payload_bytes;
}

static void lie_down_locked(Scheduler *scheduler, Lane *lane, InferRequest *request) {
    uint64_t now_ns = request->times.queued_ns;
    request->urgent_ns = MIN_OF(request->deadline_ns, time_after(now_ns, PATIENCE_NS));
    request->flow = lane->flow;
    lane_add(lane, request);
    lane_changed_locked(scheduler, lane);
    queue_update_locked(scheduler, lane->queue, now_ns);
}

/* Admits and queues, or says what it lacks. */
static Lack place_locked(Scheduler *scheduler, InferRequest *request, uint64_t hash, Spares *spares,
                         QueueGate *ret_gate) {
    ModelQueue *model = request->lease.version->queue;
    if (!request->sequence_of) { /* those of sequences are in already */
        const ShapeQueue *queue = model_queue_find_shape_locked(model, hash, request);
        const Flow *flow = model_queue_find_flow_locked(model, request);
        const Lane *known_lane = queue && flow ? shape_queue_find_lane(queue, flow) : NULL;
        *ret_gate = admit_locked(scheduler, model, queue, known_lane, request);
        if (*ret_gate != ADMIT) {
            model->counts.rejected++;
            return LACK_NOTHING;
        }
    }
    if (scheduler->active == 0) /* a busy time begins: old debts are forgiven */
        memcpy(scheduler->virtual_ns, scheduler->virtual_max_ns, sizeof scheduler->virtual_ns);
    Lack lack = LACK_NOTHING;
    Lane *lane = open_lane_locked(model, hash, request, spares, &lack);
    if (!lane)
        return lack;
    if (!request->sequence_of)
        register_locked(scheduler, model, request);
    lie_down_locked(scheduler, lane, request);
    if (!spares->trimmed)
        spares->trimmed = model_queue_trim_locked(model);
    return LACK_NOTHING;
}

/* Admits a request of a sequence, or says what it lacks. */
static Lack accept_locked(Scheduler *scheduler, InferRequest *request, Spares *spares,
                          QueueGate *ret_gate) {
    static const QueueGate gates[] = { [SEQUENCE_PLACE] = ADMIT,
                                       [SEQUENCE_WAIT] = ADMIT,
                                       [SEQUENCE_UNKNOWN] = REFUSE_SEQUENCE_START,
                                       [SEQUENCE_FULL] = REFUSE_SEQUENCES };
    ModelQueue *model = request->lease.version->queue;
    if (request->expires_ns != TIME_NEVER &&
        !has_room(&scheduler->deadlines, scheduler->deadlines.count + 1, spares))
        return LACK_ROOM;
    *ret_gate = admit_locked(scheduler, model, NULL, NULL, request);
    if (*ret_gate == ADMIT) {
        SequenceAction action =
            sequence_accept_locked(model->sequences, request, &spares->sequence);
        *ret_gate = gates[action];
        spares->is_its_turn = action == SEQUENCE_PLACE;
        request->is_placed = request->is_placing = spares->is_its_turn;
    }
    if (*ret_gate == ADMIT)
        register_locked(scheduler, model, request);
    else
        model->counts.rejected++;
    return LACK_NOTHING;
}

/* When one that may wait as long as this one would be taken; of a full queue, when it moves on. */
static uint64_t retry_ns(QueueGate gate, const InferRequest *request) {
    enum { UNKNOWN_MS = 100 };
    if (gate != REFUSE_TOO_LATE)
        return UNKNOWN_MS * NS_PER_MS;
    return request->forecast_done_ns - MIN_OF(request->forecast_done_ns, request->deadline_ns);
}

static Status refuse(QueueGate gate, const InferRequest *request) {
    const ModelVersion *version = request->lease.version;
    static const StatusCode codes[] = {
        [REFUSE_DRAINING] = STATUS_UNAVAILABLE,
        [REFUSE_ROWS] = STATUS_INVALID_ARGUMENT,
        [REFUSE_EXPIRED] = STATUS_DEADLINE_EXCEEDED,
        [REFUSE_QUEUE_REQUESTS] = STATUS_RESOURCE_EXHAUSTED,
        [REFUSE_LEVEL_REQUESTS] = STATUS_RESOURCE_EXHAUSTED,
        [REFUSE_QUEUE_BYTES] = STATUS_RESOURCE_EXHAUSTED,
        [REFUSE_TOO_LATE] = STATUS_UNAVAILABLE,
        [REFUSE_SEQUENCES] = STATUS_RESOURCE_EXHAUSTED,
    };
    static const bool retries[REFUSE_SEQUENCES + 1] = {
        [REFUSE_QUEUE_REQUESTS] = true, [REFUSE_LEVEL_REQUESTS] = true, [REFUSE_QUEUE_BYTES] = true,
        [REFUSE_TOO_LATE] = true,       [REFUSE_SEQUENCES] = true,
    };
    static const char *const reasons[] = {
        [REFUSE_DRAINING] = "the server is shutting down",
        [REFUSE_EXPIRED] = "the deadline has passed",
        [REFUSE_QUEUE_REQUESTS] = "its queue is full (requests); try again later",
        [REFUSE_LEVEL_REQUESTS] = "its queue is full at this priority level; try again later",
        [REFUSE_QUEUE_BYTES] = "its queue is full (bytes); try again later",
        [REFUSE_SEQUENCES] = "too many sequences wait; try again later",
        [REFUSE_TOO_LATE] = "it is too busy to answer before the deadline",
    };
    if (gate == REFUSE_ROWS)
        return status_error(
            STATUS_INVALID_ARGUMENT,
            "Task size %zu is larger than maximum input batch size %zu of model '%s'",
            request->rows, version->queue->rows_limit, version->name);
    if (gate == REFUSE_SEQUENCE_START)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "inference request for sequence %s to model '%s' must specify the "
                            "START flag on the first request of the sequence",
                            SEQUENCE_ID_TEXT(&request->sequence_id), version->name);
    Status status = status_error(codes[gate], "model '%s': %s", version->name, reasons[gate]);
    return retries[gate] ? status_retry(status, retry_ns(gate, request)) : status;
}

/* What its model's priority levels make of it. */
static void set_level(InferRequest *request, const QueuePolicy *policy) {
    request->level = level_of(policy, request->priority);
    request->expires_ns = request->deadline_ns;
    request->waits_briefly = request->is_late = false;
    uint64_t wait_ns = level_wait_ns(queue_policy_of(policy, request->level), request->timeout_ns);
    uint64_t end_ns = time_after(request->times.queued_ns, wait_ns);
    if (wait_ns == 0 || end_ns >= request->deadline_ns)
        return;
    request->expires_ns = end_ns;
    request->waits_briefly = true;
}

static void init_request(const Scheduler *scheduler, InferRequest *request) {
    request->state = REQUEST_NEW;
    request->ended_by = STATUS_OK;
    request->deadline_slot = INDEX_NONE;
    request->forecast_ns = request->forecast_done_ns = 0;
    request->run = NULL;
    request->lane = NULL;
    request->shape_queue = NULL;
    request->held = NULL;
    request->sequence_of = NULL;
    request->cache_use = CACHE_NOT_ASKED;
    request->split = NULL;
    request->is_placed = request->is_placing = false;
    list_init(&request->queue_node);
    list_init(&request->arrival_node);
    request->times.queued_ns = clock_now_ns(scheduler->options.clock);
    set_level(request, &request->lease.version->queue->policy);
}

typedef Lack (*Attempt)(Scheduler *scheduler, InferRequest *request, Spares *spares,
                        QueueGate *ret_gate);

static Lack attempt_to_place(Scheduler *scheduler, InferRequest *request, Spares *spares,
                             QueueGate *ret_gate) {
    return place_locked(scheduler, request, spares->hash, spares, ret_gate);
}

/* Repeats the attempt with what it lacks; false: out of memory. The request may be gone after. */
static bool attempt_until_done(Scheduler *scheduler, InferRequest *request, Attempt attempt,
                               Spares *spares, QueueGate *ret_gate) {
    ModelQueue *model = request->lease.version->queue;
    bool wakes_timer = false, has_memory = true;
    for (Lack lack = LACK_LANE + 1; has_memory && lack != LACK_NOTHING;) {
        {
            LOCKED(&scheduler->mutex);
            lack = attempt(scheduler, request, spares, ret_gate);
            wakes_timer = lack == LACK_NOTHING && timer_needs_wake_locked(scheduler);
        }
        has_memory = provide(spares, lack, model, request);
    }
    spares_deinit(spares);
    if (wakes_timer)
        scheduler->timer_wake(scheduler->timer_user);
    return has_memory;
}

/* Of a model with sequences. */
static bool submit_in_turn(Scheduler *scheduler, InferRequest *request, QueueGate *ret_gate) {
    Spares spares = { .sequence = request->sequence_start ? sequence_new(request) : NULL };
    if (request->sequence_start && !spares.sequence)
        return false;
    if (!attempt_until_done(scheduler, request, accept_locked, &spares, ret_gate))
        return false;
    if (*ret_gate == ADMIT && spares.is_its_turn)
        request_place(request);
    return true;
}

Status scheduler_submit(Scheduler *scheduler, InferRequest *request) {
    ModelQueue *model = request->lease.version->queue;
    QueueGate gate = ADMIT;
    bool has_memory;
    init_request(scheduler, request);
    if (model->sequences)
        TRY(sequence_check(request));
    if (model->cache && cached_reply_send(scheduler, request))
        return status_ok();
    if (split_is_wanted(request))
        return split_submit(scheduler, request);
    if (model->order && !reply_order_prepare(request))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    if (model->sequences) {
        has_memory = submit_in_turn(scheduler, request, &gate);
    } else {
        Spares spares = { .hash = shape_queue_hash(request) };
        has_memory = attempt_until_done(scheduler, request, attempt_to_place, &spares, &gate);
    }
    /* From here on the request is its scheduler's: it may be done already. */
    if (has_memory && gate == ADMIT)
        return status_ok();
    reply_order_forget(request);
    return has_memory ? refuse(gate, request)
                      : status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
}

/* As attempt_to_place, for one that may have been cancelled, or expired, on its way. */
static Lack attempt_its_turn(Scheduler *scheduler, InferRequest *request, Spares *spares,
                             QueueGate *ret_gate) {
    if (request->ended_by != STATUS_OK) {
        *ret_gate = REFUSE_EXPIRED;
        return LACK_NOTHING;
    }
    Lack lack = place_locked(scheduler, request, spares->hash, spares, ret_gate);
    request->is_placing = lack != LACK_NOTHING;
    return lack;
}

void request_place(InferRequest *request) {
    Scheduler *scheduler = request->lease.version->queue->scheduler;
    QueueGate gate = ADMIT;
    sequence_fill_inputs(request);
    Spares spares = { .hash = shape_queue_hash(request) };
    bool has_memory = attempt_until_done(scheduler, request, attempt_its_turn, &spares, &gate);
    if (has_memory && gate == ADMIT)
        return;
    ListNode gone;
    list_init(&gone);
    {
        LOCKED(&scheduler->mutex);
        if (!has_memory && request->ended_by == STATUS_OK)
            request->ended_by = STATUS_RESOURCE_EXHAUSTED;
        end_queued_locked(scheduler, request, clock_now_ns(scheduler->options.clock), &gone);
    }
    scheduler_end(scheduler, &gone);
}

void scheduler_cancel(Scheduler *scheduler, InferRequest *request) {
    ListNode gone;
    list_init(&gone);
    if (split_cancel(scheduler, request))
        return;
    {
        LOCKED(&scheduler->mutex);
        if (request->state == REQUEST_RUNNING) {
            batch_run_drop_locked(request, STATUS_CANCELLED);
        } else if (request->state == REQUEST_QUEUED) {
            request->ended_by = STATUS_CANCELLED;
            if (!request->is_placing) /* else whoever places it will find out */
                end_queued_locked(scheduler, request, clock_now_ns(scheduler->options.clock),
                                  &gone);
        }
    }
    scheduler_end(scheduler, &gone);
}
