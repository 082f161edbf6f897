/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Workers, tasks and parking. A worker looks for a task, a batch from the source or a job to help
 * with; when there is none it announces that it listens, looks once more, and parks.
 *
 * No wake-up is lost, and pool_wake is one load when nobody listens: work is published under some
 * lock (the source's or ours) before pool_wake reads `listening`; a worker raises `listening`
 * before its last look, which takes the same lock. Whichever was second sees the other. A source
 * without a lock must use sequentially consistent atomics. The last look may run a batch for a long
 * time, so a wake never counts on a worker that is between announcing and parking: it takes a
 * parked one first, and otherwise raises wake_epoch, which that worker compares before it parks.
 *
 * A worker that has just helped lingers for LINGER_NS before it parks: the next operator of the
 * same model follows in microseconds, and a futex wake for each would cost more than it brings. It
 * never lingers after a batch of its own.
 */

#include "runtime/base/clock.h"
#include "runtime/base/pool_internal.h"
#include "runtime/base/size.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINGER_NS = 50000, LINGER_PAUSES = 16 };

typedef enum Found { FOUND_NOTHING, FOUND_WORK, FOUND_HELP } Found;

static _Thread_local PoolWorker *current_worker;

PoolWorker *pool_current_worker(void) {
    return current_worker;
}

static bool run_task(Pool *pool) {
    if (atomic_load(&pool->task_count) == 0)
        return false;
    PoolTaskItem task = { 0 };
    {
        LOCKED(&pool->mutex);
        size_t count = atomic_load(&pool->task_count);
        if (count == 0)
            return false;
        task = pool->tasks[pool->task_first];
        pool->task_first = (pool->task_first + 1) % POOL_TASKS_MAX;
        atomic_store(&pool->task_count, count - 1);
    }
    task.run(task.user);
    return true;
}

static bool run_source(PoolWorker *worker) {
    Pool *pool = worker->pool;
    PoolSource source = atomic_load(&pool->source);
    return source && !atomic_load(&pool->stopping) && source(pool->source_user, worker->index);
}

/* Tasks and batches take turns to be looked at first, so that neither starves the other. */
static Found find_work(PoolWorker *worker, bool task_first) {
    Pool *pool = worker->pool;
    if (task_first && run_task(pool))
        return FOUND_WORK;
    if (run_source(worker) || (!task_first && run_task(pool)))
        return FOUND_WORK;
    return pool_help(pool) ? FOUND_HELP : FOUND_NOTHING;
}

/* Spins until a wake, a job or the end of LINGER_NS. Returns false when the time is over. */
static bool linger(Pool *pool, size_t epoch) {
    uint64_t end_ns = clock_now_ns(clock_monotonic()) + LINGER_NS;
    do {
        for (size_t i = 0; i < LINGER_PAUSES; i++) {
            if (atomic_load(&pool->wake_epoch) != epoch || atomic_load(&pool->job_count) > 0)
                return true;
            pool_pause();
        }
    } while (clock_now_ns(clock_monotonic()) < end_ns);
    return false;
}

static void park_locked(PoolWorker *worker) {
    Pool *pool = worker->pool;
    mutex_assert_held(&pool->mutex);
    worker->parked = true;
    worker->next_parked = pool->parked_top;
    pool->parked_top = worker;
    atomic_fetch_add(&pool->parked, 1);
    while (worker->parked)
        cond_wait(&worker->wake, &pool->mutex);
}

/* Takes the worker parked last off the stack and wakes it. false: none is parked. */
static bool unpark_locked(Pool *pool) {
    mutex_assert_held(&pool->mutex);
    PoolWorker *worker = pool->parked_top;
    if (!worker)
        return false;
    pool->parked_top = worker->next_parked;
    worker->parked = false;
    atomic_fetch_sub(&pool->parked, 1);
    atomic_fetch_sub(&pool->listening, 1);
    cond_signal(&worker->wake);
    return true;
}

/* Announces, looks once more, lingers if worth it, parks. Returns when there may be work. */
static void wait_for_work(PoolWorker *worker, bool has_helped, bool task_first) {
    Pool *pool = worker->pool;
    size_t epoch;
    {
        LOCKED(&pool->mutex);
        atomic_fetch_add(&pool->listening, 1);
        epoch = atomic_load(&pool->wake_epoch);
    }
    bool look_again = find_work(worker, task_first) != FOUND_NOTHING;
    if (!look_again && has_helped) {
        {
            LOCKED(&pool->mutex);
            atomic_fetch_add(&pool->lingering, 1);
        }
        look_again = linger(pool, epoch);
        LOCKED(&pool->mutex);
        atomic_fetch_sub(&pool->lingering, 1);
        if (pool->lingering_claimed > 0) {
            pool->lingering_claimed--;
            look_again = true;
        }
    }
    LOCKED(&pool->mutex);
    if (look_again || atomic_load(&pool->wake_epoch) != epoch || atomic_load(&pool->stopping))
        atomic_fetch_sub(&pool->listening, 1);
    else
        park_locked(worker); /* whoever wakes it lowers listening */
}

static void worker_main(void *user) {
    PoolWorker *worker = user;
    Pool *pool = worker->pool;
    current_worker = worker;
    bool has_helped = false, task_first = false;
    for (;;) {
        task_first = !task_first;
        Found found = find_work(worker, task_first);
        has_helped = found == FOUND_HELP || (found == FOUND_NOTHING && has_helped);
        if (found != FOUND_NOTHING)
            continue;
        if (atomic_load(&pool->stopping) && atomic_load(&pool->task_count) == 0)
            break;
        wait_for_work(worker, has_helped, task_first);
        has_helped = false;
    }
    current_worker = NULL;
}

Status pool_new(size_t threads, Pool **ret_pool) {
    AUTO(pool_free) Pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    mutex_init(&pool->mutex);
    list_init(&pool->jobs);
    size_t cores = thread_core_count(), count = threads ? threads : cores;
    pool->workers = calloc(count, sizeof *pool->workers);
    if (!pool->workers)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    /* Everything that workers read is set before the first of them starts. */
    pool->thread_count = count;
    pool->helpers_max = MIN_OF(cores - 1, count);
    for (size_t i = 0; i < count; i++) {
        pool->workers[i] = (PoolWorker){ .pool = pool, .index = i };
        cond_init(&pool->workers[i].wake);
    }
    for (size_t i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "worker-%u", (unsigned)i % 100000);
        TRY(thread_start(&pool->workers[i].thread, THREAD_WORKER, name, worker_main,
                         &pool->workers[i]));
    }
    *ret_pool = TAKE(pool);
    return status_ok();
}

void pool_free(Pool *pool) {
    if (!pool)
        return;
    assert(!current_worker || current_worker->pool != pool);
    {
        LOCKED(&pool->mutex);
        atomic_store(&pool->stopping, true);
        atomic_fetch_add(&pool->wake_epoch, 1);
        while (unpark_locked(pool)) {
        }
    }
    for (size_t i = 0; i < pool->thread_count; i++)
        thread_join(&pool->workers[i].thread);
    for (size_t i = 0; i < pool->thread_count; i++)
        cond_deinit(&pool->workers[i].wake);
    pool_free_jobs(pool);
    mutex_deinit(&pool->mutex);
    free(pool->workers);
    free(pool);
}

void pool_set_source(Pool *pool, PoolSource source, void *user) {
    pool->source_user = user;
    atomic_store(&pool->source, source);
}

void pool_wake(Pool *pool) {
    if (atomic_load(&pool->listening) == 0)
        return;
    LOCKED(&pool->mutex);
    if (atomic_load(&pool->lingering) > pool->lingering_claimed) {
        pool->lingering_claimed++;
        atomic_fetch_add(&pool->wake_epoch, 1);
        return;
    }
    if (!unpark_locked(pool))
        atomic_fetch_add(&pool->wake_epoch, 1);
}

size_t pool_idle_count(const Pool *pool) {
    return atomic_load(&pool->parked) + atomic_load(&pool->lingering);
}

size_t pool_helper_count(Pool *pool) {
    return !pool || pool_is_alone(pool) ? 0 : MIN_OF(pool_idle_count(pool), pool->helpers_max);
}

size_t pool_thread_count(const Pool *pool) {
    return pool->thread_count;
}

bool pool_try_task(Pool *pool, PoolTask run, void *user) {
    {
        LOCKED(&pool->mutex);
        size_t count = atomic_load(&pool->task_count);
        if (count == POOL_TASKS_MAX || atomic_load(&pool->stopping))
            return false;
        pool->tasks[(pool->task_first + count) % POOL_TASKS_MAX] =
            (PoolTaskItem){ .run = run, .user = user };
        atomic_store(&pool->task_count, count + 1);
    }
    pool_wake(pool);
    return true;
}
