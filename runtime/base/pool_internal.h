/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What pool.c (threads, tasks, parking) and pool_for.c (operators cut into chunks) share. Nobody
 * else includes it but their test. */

#include "runtime/base/list.h"
#include "runtime/base/pool.h"
#include "runtime/base/thread.h"

#include <stdatomic.h>
#include <stdbool.h>

enum { POOL_TASKS_MAX = 1024 };

/* One pool_for. Pooled and never freed before the pool, so that a helper that comes too late
 * touches valid memory. */
typedef struct PoolJob {
    /* fixed while it is open */
    PoolChunk chunk;
    void *user;
    size_t items,
        count; /* count pieces of items / count items, the first items % count have one more */
    unsigned float_mode; /* of the caller, for whoever helps */
    /* any thread */
    _Atomic uint64_t left; /* pieces not handed out: begin in the lower half, end in the upper */
    atomic_size_t pending; /* pieces not finished */
    atomic_bool sleeping;  /* the caller waits on done */
    Mutex mutex;           /* with done, for sleeping only */
    Cond done;
    /* under Pool.mutex */
    ListNode node;   /* in Pool.jobs while pieces are left */
    size_t visitors; /* the caller and whoever joined; 0: back to Pool.free_jobs */
    struct PoolJob *next_free;
} PoolJob;

typedef struct PoolWorker {
    Pool *pool;
    size_t index;
    Thread thread;
    Cond wake; /* with Pool.mutex */
    /* under Pool.mutex */
    bool parked;
    struct PoolWorker *next_parked;
} PoolWorker;

typedef struct PoolTaskItem {
    PoolTask run;
    void *user;
} PoolTaskItem;

struct Pool {
    /* fixed after new; source before the first wake */
    PoolWorker *workers;
    size_t thread_count;
    size_t helpers_max; /* cores beside a caller's, threads beside it at most */
    _Atomic(PoolSource) source;
    void *source_user;

    /* written under mutex, read anywhere */
    /* Workers that a wake must reach: parked ones and those about to park */
    atomic_size_t listening;
    atomic_size_t parked;
    /* Grows when a wake found nobody parked: who is about to park looks again */
    atomic_size_t wake_epoch;
    atomic_size_t task_count;
    atomic_size_t job_count; /* jobs in the list */
    atomic_size_t lingering;
    atomic_bool stopping;
    /* Helpers were late: until then nobody is asked to help. 0: they may be. */
    _Atomic uint64_t alone_until_ns;

    Mutex mutex;
    /* under mutex */
    PoolWorker *parked_top; /* last parked, first woken: its caches are warm */
    size_t lingering_claimed;
    PoolTaskItem tasks[POOL_TASKS_MAX];
    size_t task_first;
    ListNode jobs;
    PoolJob *free_jobs;
};

/* How long to do without help after a job of own_ns whose caller then waited for wait_ns; 0: help
 * was worth it. Pure. */
uint64_t pool_alone_ns(uint64_t own_ns, uint64_t wait_ns);
/* Helpers cost more than they brought, not long ago. */
bool pool_is_alone(Pool *pool);
/* Runs chunks of an open job until none is left. false: there was none. Thread: worker. */
bool pool_help(Pool *pool);
/* All jobs are back. */
void pool_free_jobs(Pool *pool);
/* NULL on threads that are no workers. */
PoolWorker *pool_current_worker(void);

/* Tells the core that this is a spin. */
#if defined(__x86_64__) || defined(__i386__)
static inline void pool_pause(void) {
    __builtin_ia32_pause();
}
#else
static inline void pool_pause(void) {
    atomic_signal_fence(memory_order_seq_cst);
}
#endif
