/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files of the scheduler share: model_queue.c (what a model has), ready.c (who may run,
 * heaps), submit.c (in), take.c (out), batch_run.c (execution and replies), scheduler.c (the rest).
 * Functions ending in _locked want Scheduler.mutex held; no callback, allocation or log line
 * happens under it.
 */

#include "runtime/base/thread.h"
#include "runtime/schedule/forecast.h"
#include "runtime/schedule/level_policy.h"
#include "runtime/schedule/queue_gate.h"
#include "runtime/schedule/reply_order.h"
#include "runtime/schedule/response_cache.h"
#include "runtime/schedule/run_limit.h"
#include "runtime/schedule/sequence.h"
#include "runtime/schedule/batch_memory.h"
#include "runtime/schedule/batch_rows.h"
#include "runtime/schedule/batch_shape.h"
#include "runtime/schedule/scheduler.h"
#include "runtime/schedule/shape_queue.h"

enum { SHAPE_BUCKETS = 64, FLOW_BUCKETS = 64, IDLE_SHAPES_MAX = 64 };

struct ModelQueue {
    /* fixed after scheduler_add_version */
    Scheduler *scheduler;
    const ModelVersion *version;
    QueuePolicy policy;
    size_t rows_limit;              /* of one request */
    size_t max_requests, max_bytes; /* 0: no limit */
    size_t histogram_rows;          /* entries of batches_of */
    BatchCounts *batches_of;        /* under the scheduler's lock */
    size_t batches_of_used;         /* entries that may not be 0 */
    bool is_ordered;                /* levels or late requests: the queue's best lane goes first */
    ReplyOrder *order;              /* preserve_ordering; NULL */
    SequenceTable *sequences;       /* sequence_batching; NULL */
    ResponseCache *cache;           /* response_cache; NULL */
    uint64_t cache_owner;           /* our number there */
    /* under the scheduler's lock */
    ListNode node;          /* in Scheduler.models */
    ListNode sequence_node; /* in Scheduler.sequence_models */
    RunLimit limit;
    size_t level_requests[PRIORITY_LEVELS_MAX + 1]; /* queued */
    QueueCounts counts;
    size_t running; /* requests */
    ListNode shapes[SHAPE_BUCKETS];
    ListNode idle; /* shape queues without work, least recently used first */
    size_t idle_count;
    Flow *flows[FLOW_BUCKETS];
};

/* One batch from take to reply. Pooled; the arrays grow to the largest batch and signature seen. */
typedef struct BatchRun {
    Scheduler *scheduler;
    ModelQueue *model;
    ShapeQueue *queue;
    ListNode node;  /* in Scheduler.free_runs, Scheduler.handed or Scheduler.running */
    ListNode taken; /* its requests, in order */
    Batch batch;
    size_t request_capacity, tensor_capacity;
    Tensor *inputs, *outputs, *ordered; /* port order, port order, signature order */
    Shape *shapes;                      /* of inputs, for executor_is_planned */
    void **gathered; /* memory taken for inputs[i]; NULL where it is used in place or in block */
    uint64_t held_inputs; /* bit i: inputs[i] lies in block */
    bool in_place;        /* some input lies where its request has it */
    OutputBlock *block;
    RunArgs args;
    EngineRun engine_run; /* of models that an engine runs */
    atomic_bool stop;
    size_t live; /* requests that still want the answer; under the scheduler's lock */
    uint64_t taken_ns, gathered_ns, executed_ns;
    uint64_t expected_ns; /* learned time of it, from taken_ns */
    BatchReason reason;
    bool is_prepared; /* inputs are gathered */
    bool is_counted;  /* in its model's RunLimit */
} BatchRun;

struct Scheduler {
    /* fixed after new */
    SchedulerOptions options;
    BatchMemory *memory;
    /* fixed before the first submit */
    void (*timer_wake)(void *user);
    void *timer_user;

    Mutex mutex;
    /* under mutex */
    Cond idle;     /* active reached 0 */
    bool hurrying; /* no delays */
    bool draining; /* nothing is taken any more */
    size_t active; /* requests accepted whose on_done has not returned */
    uint64_t sequence;
    ListNode models;
    Heap ready[CLASS_COUNT]; /* lanes of ready queues */
    Heap delays;             /* shape queues that wait, by wake_ns */
    Heap deadlines;          /* requests queued or running */
    ScheduleView view;
    uint64_t virtual_ns[CLASS_COUNT];     /* of the lane taken last */
    uint64_t virtual_max_ns[CLASS_COUNT]; /* of any flow */
    uint64_t told_ns;                     /* when the next tick is due, as told to the timer */
    size_t shape_count, lane_count;       /* in being: what the heaps must have room for */
    ListNode sequence_models;
    Resource *resources;
    Lane *free_lanes;
    Flow *free_flows;
    ListNode free_runs, handed, running;
    uint32_t stretch_percent[CLASS_COUNT]; /* of forecasts */
};

/* cached_reply.c */
/* Answers the request from the cache if its model has one and the answer is there; then it is gone.
 * false: it is to be queued. No lock held. */
bool cached_reply_send(Scheduler *scheduler, InferRequest *request);
/* It is about to be answered well: keeps the answer if it was looked up before. */
void cached_reply_keep(InferRequest *request);

/* split_submit.c */
bool split_is_wanted(const InferRequest *request);
/* As scheduler_submit, in parts. */
Status split_submit(Scheduler *scheduler, InferRequest *request);
/* false: the request is not in parts. */
bool split_cancel(Scheduler *scheduler, InferRequest *request);

/* model_queue.c */
Status model_queue_new(Scheduler *scheduler, const ModelVersion *version, ModelQueue **ret_model);
void model_queue_free(ModelQueue *model);
ShapeQueue *model_queue_find_shape_locked(ModelQueue *model, uint64_t hash,
                                          const InferRequest *request);
void model_queue_add_shape_locked(ModelQueue *model, ShapeQueue *queue);
/* Unlinks an idle queue when there are too many; NULL. The caller frees it outside the lock. */
ShapeQueue *model_queue_trim_locked(ModelQueue *model);
/* The flow that the request belongs to; NULL. */
Flow *model_queue_find_flow_locked(ModelQueue *model, const InferRequest *request);
void model_queue_add_flow_locked(ModelQueue *model, Flow *flow, const InferRequest *request);
ScheduleClass request_class(const InferRequest *request);
/* The learned time to run that many rows of the queue now; a guess where nothing is known. */
uint64_t shape_queue_cost_ns(const ShapeQueue *queue, size_t rows);

/* ready.c */
/* The queue's content or the time has changed: puts it, and its lanes, where they belong. */
void queue_update_locked(Scheduler *scheduler, ShapeQueue *queue, uint64_t now_ns);
BatchView queue_view_locked(const Scheduler *scheduler, const ShapeQueue *queue,
                            size_t idle_workers);
/* batch_decide, and what a model with sequences knows beside. */
BatchDecision queue_decide_locked(const ShapeQueue *queue, const BatchView *view, uint64_t now_ns);
void lane_open_locked(Scheduler *scheduler, ShapeQueue *queue, Flow *flow, Lane *lane);
void lane_changed_locked(Scheduler *scheduler, Lane *lane);
/* Takes a queued request out of its lane. The caller calls queue_update_locked when done with the
 * queue. */
void request_detach_locked(Scheduler *scheduler, InferRequest *request);
/* Adds to a flow's virtual time, or takes away, and moves its lanes. */
void flow_charge_locked(Scheduler *scheduler, Flow *flow, int64_t cost_ns);
bool scheduler_has_ready_locked(const Scheduler *scheduler);
/* The timer must be woken, after the lock is let go. */
bool timer_needs_wake_locked(Scheduler *scheduler);
/* Moves every request whose deadline has passed out of its lane to `gone`, `limit` at most; marks
 * running ones. */
void scheduler_expire_locked(Scheduler *scheduler, uint64_t now_ns, size_t limit, ListNode *gone);
/* submit.c: puts a request of a sequence, whose turn it is, into its shape queue, or ends it. No
 * lock held. */
void request_place(InferRequest *request);
/* sequence_queue.c: the request has left its sequence; the next one is placed. No lock held. */
void sequence_leave(InferRequest *request, const Status *status);
/* Ends sequences that were idle too long. No lock held. */
void sequences_reap(Scheduler *scheduler, uint64_t now_ns);
uint64_t sequences_wake_ns_locked(const Scheduler *scheduler);
/* Answers, in order where the model wants that. Returns how many requests were answered. */
size_t request_end(InferRequest *request, const Status *status);
/* Takes a queued request, whose ended_by is set, out of everything, to `gone`. */
void end_queued_locked(Scheduler *scheduler, InferRequest *request, uint64_t now_ns,
                       ListNode *gone);
/* Ends requests that never ran, outside the lock. */
void scheduler_end(Scheduler *scheduler, ListNode *gone);

/* submit.c: it has ended, as forecast or not. */
void forecast_seen_locked(Scheduler *scheduler, const InferRequest *request, uint64_t now_ns);

/* take.c, batch_run.c */
Status batch_run_new(Scheduler *scheduler, BatchRun **ret_run);
void batch_run_free(BatchRun *run);
/* Gathers and submits: the run belongs to its completion from here on. false, with only_if_planned:
 * a plan would have to be built first; nothing was submitted. */
bool batch_run_start(BatchRun *run, bool only_if_planned);
/* engine_run.c: a batch on its version's engine. */
void engine_run_start(BatchRun *run, Engine *engine, ProgramDone done);
/* A decoupled request has had its last response. UNIMPLEMENTED when it wanted one and got another
 * number. */
Status engine_run_end(BatchRun *run);
/* Adds the request to a run that is about to start. */
void batch_run_add_locked(BatchRun *run, InferRequest *request);
/* A running request's client is gone or its time is over. */
void batch_run_drop_locked(InferRequest *request, StatusCode ended_by);
