/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Queues of requests and the choice of what runs next. There is no batcher thread: the pool's
 * workers ask scheduler_take, which picks a batch, gathers, executes, scatters and answers. One
 * queue per (version, shape signature), so that requests of other shapes queue beside, not behind.
 * Deadlines and cancellation remove a request at once; it is never executed afterwards.
 */

#include "runtime/base/pool.h"
#include "runtime/schedule/batch_decide.h"
#include "runtime/schedule/request.h"

typedef struct Scheduler Scheduler;

typedef struct ResponseCache ResponseCache; /* response_cache.h */

typedef struct SchedulerOptions {
    const Clock *clock;
    Pool *pool; /* woken by scheduler_kick; NULL in simulated tests */
    OutputPool *outputs;
    size_t max_queue_requests; /* per model, where its policy says 0 */
    size_t max_queue_bytes;
    uint64_t inline_limit_ns;      /* run on the rpc thread below this learned time; 0: never */
    bool has_lone_core;            /* then all tiny batches are run in place */
    bool limits_rate;              /* --rate-limit=execution_count */
    const ResourceNeed *resources; /* totals that are given; of others: the most that one needs */
    size_t resource_count;
    ResponseCache *cache;      /* of models that ask for one; NULL: they get none; lent */
    size_t batch_memory_bytes; /* gathered inputs in flight, all together; 0: no limit */
    /* What executes a batch. NULL: executor_submit; another one (a simulated device) is taken to
     * have its plans ready. */
    void (*run)(Executor *executor, const RunArgs *args, ProgramDone done, void *user);
} SchedulerOptions;

Status scheduler_new(const SchedulerOptions *options, Scheduler **ret_scheduler);
/* All queues removed, nothing running. */
void scheduler_free(Scheduler *scheduler);
DEFINE_AUTO(Scheduler, scheduler_free);

/* Gives the version its queue (version->queue). Thread: loader, before the version is published. */
Status scheduler_add_version(Scheduler *scheduler, ModelVersion *version);
/* Called when the last lease is gone: the queue is empty. Thread: any. */
void scheduler_remove_version(Scheduler *scheduler, ModelVersion *version);

/**
 * Queues it. Refuses at once what cannot be served: queue full in requests or bytes, rows above
 * max_batch_size, deadline passed or nearer than the learned time to serve.
 *
 * @request  taken on success (on_done will be called), untouched on failure
 *
 * Errors: RESOURCE_EXHAUSTED (queue full), INVALID_ARGUMENT (too many rows), DEADLINE_EXCEEDED,
 * UNAVAILABLE (draining) Thread: rpc, http
 */
Status scheduler_submit(Scheduler *scheduler, InferRequest *request);

/* Whether submitting it takes long: it is hashed first, for the cache. Thread: any. */
bool scheduler_submit_is_slow(const InferRequest *request);

/* The client is gone. If it is still queued, on_done(CANCELLED) is called before this returns; if
 * it runs already, the answer is dropped when it is done. Thread: any; the caller knows that
 * on_done has not been called. */
void scheduler_cancel(Scheduler *scheduler, InferRequest *request);

/* After a drain of the network queue. Thread: rpc, http. */
/* Runs tiny batches in place for a while. true: there are more and no other core to run them on, so
 * the caller looks at its network and calls again; else scheduler_kick follows. */
bool scheduler_run_inline(Scheduler *scheduler);
bool scheduler_has_lone_core(const Scheduler *scheduler);
/* Wakes at most one worker if work is left. */
void scheduler_kick(Scheduler *scheduler);

/* Runs the best batch that can run now. false: none. Thread: worker (the pool's source). */
bool scheduler_take(Scheduler *scheduler, size_t worker_index);

/* Expires deadlines and finds queues whose delay is over (wakes a worker). Returns when to call
 * again, TIME_NEVER if not before the next submit; scheduler_wake_time tells others. Thread: timer,
 * or the test's own. */
uint64_t scheduler_tick(Scheduler *scheduler);
/* Called, without a lock, whenever the next tick is needed earlier than was told: wakes the timer
 * thread. Fixed before the first submit. */
void scheduler_set_timer_wake(Scheduler *scheduler, void (*wake)(void *user), void *user);

/* From now on nothing waits for company; requests are still taken. Thread: main. */
void scheduler_hurry(Scheduler *scheduler);
/* The same, and no new requests. */
void scheduler_drain(Scheduler *scheduler);
/* Waits until nothing is queued or running, or the deadline. Thread: main. */
bool scheduler_wait_idle(Scheduler *scheduler, uint64_t deadline_ns);

/* What a model's queue has seen; monotonic counters. Durations in ns. */
typedef struct QueueCounts {
    uint64_t requests;                   /* accepted */
    uint64_t executed, rows, batches;    /* that were started: requests, their rows, executions */
    uint64_t done_rows, done_batches;    /* executions that gave a result, and their rows */
    uint64_t last_taken_ns;              /* when the last execution was started; 0: never */
    uint64_t rejected;                   /* by scheduler_submit */
    uint64_t expired, cancelled, failed; /* ended so, while queued or running */
    uint64_t batches_by_reason[BATCH_REASON_DRAIN + 1];
    uint64_t compute_ns;                               /* summed over batches, gather included */
    size_t queued_requests, queued_rows, queued_bytes; /* now */
} QueueCounts;
QueueCounts scheduler_counts(Scheduler *scheduler, const ModelVersion *version);

/* Gathered inputs in memory now, all models together. */
size_t scheduler_batch_bytes(Scheduler *scheduler);
/* Executions of exactly so many rows that gave a result; each charged once. */
typedef struct BatchCounts {
    uint64_t batches;
    uint64_t input_ns, infer_ns, output_ns; /* gathering, running, scattering */
} BatchCounts;
/* How many rows a batch has had at most, plus 1; and what is known of those below `count`. */
size_t scheduler_batch_sizes(Scheduler *scheduler, const ModelVersion *version);
void scheduler_batches_of(Scheduler *scheduler, const ModelVersion *version, size_t count,
                          BatchCounts *ret_counts);
