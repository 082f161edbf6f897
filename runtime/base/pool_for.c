/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One operator over several cores. The items are cut into PIECES_PER_THREAD pieces a thread;
 * whoever is free takes the next piece with one atomic exchange: the caller from the front, helpers
 * from the back, so that a core meets the same pieces again, of weights or of what it made itself.
 * A caller that is alone does it all, and it waits for pieces that others have begun, never for
 * threads that have joined without beginning one: the job is pooled memory that outlives the call
 * while such a latecomer still looks at it.
 *
 * Helpers take over the caller's floating-point mode for as long as they help.
 *
 * The wait at the end is a short spin (the last pieces are about equally long), then a sleep: a
 * helper that lost its core does not cost the caller's core too. Where the wait was longer than the
 * caller's own work, the job would have been done sooner alone: then nobody is asked to help for
 * LATE_FACTOR times what was lost. So a busy neighbour on another core takes 3 % at most. Wakes
 * spread as a tree: the caller and each helper wake two more.
 */

#include "runtime/base/clock.h"
#include "runtime/base/float_mode.h"
#include "runtime/base/pool_internal.h"
#include "runtime/base/size.h"

#include <stdlib.h>

enum { PIECES_PER_THREAD = 6, SPIN_PAUSES = 400, WAKES_EACH = 2 };
enum { LATE_FACTOR = 32, LATE_NS_MIN = 20 * 1000, ALONE_NS_MAX = 1000 * 1000 * 1000 };

static _Thread_local bool is_in_chunk;

/* NULL when memory is out: the caller then works alone. */
static PoolJob *job_open(Pool *pool, const PoolJob *described) {
    PoolJob *job = NULL;
    {
        LOCKED(&pool->mutex);
        job = pool->free_jobs;
        if (job)
            pool->free_jobs = job->next_free;
    }
    if (!job) {
        job = calloc(1, sizeof *job);
        if (!job)
            return NULL;
        mutex_init(&job->mutex);
        cond_init(&job->done);
        list_init(&job->node);
    }
    job->chunk = described->chunk;
    job->user = described->user;
    job->items = described->items;
    job->count = described->count;
    job->float_mode = float_mode_get();
    atomic_store(&job->left, (uint64_t)job->count << 32);
    atomic_store(&job->pending, job->count);
    atomic_store(&job->sleeping, false);
    LOCKED(&pool->mutex);
    job->visitors = 1;
    list_push_back(&pool->jobs, &job->node);
    atomic_fetch_add(&pool->job_count, 1);
    return job;
}

/* No piece is left to hand out: nobody else need join. */
static void job_close_locked(Pool *pool, PoolJob *job) {
    mutex_assert_held(&pool->mutex);
    if (list_is_empty(&job->node))
        return;
    list_remove(&job->node);
    atomic_fetch_sub(&pool->job_count, 1);
}

static void job_leave(Pool *pool, PoolJob *job) {
    LOCKED(&pool->mutex);
    job_close_locked(pool, job);
    if (--job->visitors > 0)
        return;
    job->next_free = pool->free_jobs;
    pool->free_jobs = job;
}

static void finish_piece(PoolJob *job) {
    if (atomic_fetch_sub(&job->pending, 1) != 1 || !atomic_load(&job->sleeping))
        return;
    LOCKED(&job->mutex);
    cond_signal(&job->done);
}

/* Takes a piece from either end. false: none is left. ret_left: how many are after it. */
static bool take_piece(PoolJob *job, bool from_back, size_t *ret_piece, size_t *ret_left) {
    uint64_t left = atomic_load(&job->left), taken;
    size_t begin, end;
    do {
        begin = (size_t)(left & UINT32_MAX);
        end = (size_t)(left >> 32);
        if (begin == end)
            return false;
        taken = from_back ? left - (UINT64_C(1) << 32) : left + 1;
    } while (!atomic_compare_exchange_weak(&job->left, &left, taken));
    *ret_piece = from_back ? end - 1 : begin;
    *ret_left = end - begin - 1;
    return true;
}

/* Runs pieces until none is left to begin; true if it ran any. */
static bool job_run(Pool *pool, PoolJob *job, bool helps) {
    size_t each = job->items / job->count, longer = job->items % job->count, piece, left;
    bool has_run = false;
    is_in_chunk = true;
    while (take_piece(job, helps, &piece, &left)) {
        for (size_t i = 0; !has_run && i < MIN_OF(left, (size_t)WAKES_EACH); i++)
            pool_wake(pool);
        has_run = true;
        size_t begin = piece * each + MIN_OF(piece, longer);
        job->chunk(job->user, begin, begin + each + (piece < longer));
        finish_piece(job);
    }
    is_in_chunk = false;
    return has_run;
}

/* true: it slept */
static bool job_wait(PoolJob *job) {
    for (size_t i = 0; i < SPIN_PAUSES; i++) {
        if (atomic_load(&job->pending) == 0)
            return false;
        pool_pause();
    }
    LOCKED(&job->mutex);
    atomic_store(&job->sleeping, true);
    while (atomic_load(&job->pending) > 0)
        cond_wait(&job->done, &job->mutex);
    return true;
}

uint64_t pool_alone_ns(uint64_t own_ns, uint64_t wait_ns) {
    if (wait_ns <= own_ns + LATE_NS_MIN)
        return 0;
    return MIN_OF((wait_ns - own_ns) * LATE_FACTOR, (uint64_t)ALONE_NS_MAX);
}

bool pool_is_alone(Pool *pool) {
    uint64_t until_ns = atomic_load_explicit(&pool->alone_until_ns, memory_order_relaxed);
    if (until_ns == 0)
        return false;
    if (clock_now_ns(clock_monotonic()) < until_ns)
        return true;
    atomic_compare_exchange_strong(&pool->alone_until_ns, &until_ns, 0);
    return false;
}

/* The caller's part of a job: pieces, then waiting for those of others. */
static void job_attend(Pool *pool, PoolJob *job) {
    const Clock *clock = clock_monotonic();
    uint64_t begin_ns = clock_now_ns(clock);
    job_run(pool, job, false);
    uint64_t done_ns = clock_now_ns(clock);
    if (!job_wait(job))
        return;
    uint64_t end_ns = clock_now_ns(clock);
    uint64_t alone_ns = pool_alone_ns(done_ns - begin_ns, end_ns - done_ns);
    if (alone_ns > 0)
        atomic_store(&pool->alone_until_ns, end_ns + alone_ns);
}

bool pool_help(Pool *pool) {
    if (atomic_load(&pool->job_count) == 0)
        return false;
    PoolJob *job = NULL;
    {
        LOCKED(&pool->mutex);
        if (list_is_empty(&pool->jobs))
            return false;
        job = LIST_ITEM(pool->jobs.next, PoolJob, node);
        job->visitors++;
    }
    unsigned own_mode = float_mode_get();
    float_mode_set(job->float_mode);
    bool has_run = job_run(pool, job, true);
    float_mode_set(own_mode);
    job_leave(pool, job);
    return has_run;
}

static void run_alone(size_t items, PoolChunk chunk, void *user) {
    bool was_in_chunk = is_in_chunk;
    is_in_chunk = true;
    chunk(user, 0, items);
    is_in_chunk = was_in_chunk;
}

void pool_for(Pool *pool, size_t items, size_t grain, PoolChunk chunk, void *user) {
    if (items == 0)
        return;
    size_t threads = 1 + (pool ? pool->helpers_max : 0);
    size_t count = MIN_OF(items / MAX_OF(grain, (size_t)1), threads * PIECES_PER_THREAD);
    if (threads == 1 || count <= 1 || is_in_chunk || pool_is_alone(pool)) {
        run_alone(items, chunk, user);
        return;
    }
    PoolJob *job =
        job_open(pool, &(PoolJob){ .chunk = chunk, .user = user, .items = items, .count = count });
    if (!job) {
        run_alone(items, chunk, user);
        return;
    }
    job_attend(pool, job);
    job_leave(pool, job);
}

void pool_free_jobs(Pool *pool) {
    while (pool->free_jobs) {
        PoolJob *job = pool->free_jobs;
        pool->free_jobs = job->next_free;
        cond_deinit(&job->done);
        mutex_deinit(&job->mutex);
        free(job);
    }
}
