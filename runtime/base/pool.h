/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The one process-wide pool: one worker thread a core. A worker asks its source (the scheduler) for
 * a batch; when there is none it helps with an operator that another thread has cut into chunks;
 * else it parks. Never a pool per model.
 *
 * pool_for cuts work into chunks handed out dynamically. Any thread may call it: it runs chunks
 * itself, idle workers join, and a caller that is alone runs them all, in one piece on a lone core.
 * Nobody waits for a thread that has not started a chunk, and nobody spins for one that lost its
 * core: the wait for chunks still running is a short spin, then a sleep.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct Pool Pool;

/* Takes one piece of work and runs it to its end. false: nothing was ready. Thread: worker. */
typedef bool (*PoolSource)(void *user, size_t worker_index);
/* A task of its own: a decode that is too long for the rpc thread. Thread: worker. */
typedef void (*PoolTask)(void *user);
/* One chunk, [begin, end) of the items. Thread: any of those that joined, in the caller's
 * floating-point mode. */
typedef void (*PoolChunk)(void *user, size_t begin, size_t end);

/* @threads 0 means one per core that the cgroup allows */
Status pool_new(size_t threads, Pool **ret_pool);
/* Workers finish what they run and end; the source is not asked again. */
void pool_free(Pool *pool);
DEFINE_AUTO(Pool, pool_free);

/* Fixed before the first pool_wake. */
void pool_set_source(Pool *pool, PoolSource source, void *user);
/* Wakes at most one parked worker. Cheap when none is parked. Thread: any. */
void pool_wake(Pool *pool);
/* Workers that have nothing to do now: parked, or about to; a hint. */
size_t pool_idle_count(const Pool *pool);
/* Of them those that would have a core beside the caller's; a hint. Always 0 on a lone core: there
 * cut work only costs switches; and for a while after helpers came so late that the caller would
 * have been done sooner alone. NULL has none. */
size_t pool_helper_count(Pool *pool);
size_t pool_thread_count(const Pool *pool);

/* false: too many tasks wait (1024); the caller runs it or refuses. */
bool pool_try_task(Pool *pool, PoolTask run, void *user);

/**
 * Runs chunk over [0, items) in pieces of at least grain items and returns when all are done.
 *
 * @pool   NULL: everything on the calling thread
 * @grain  items a chunk at least; pieces are sized for 4 to 8 a thread
 *
 * Thread: any; may be called from inside a chunk (then it runs on the calling thread alone)
 */
void pool_for(Pool *pool, size_t items, size_t grain, PoolChunk chunk, void *user);

/* Memory of the calling thread for the length of one chunk or kernel: 64-byte aligned,
 * uninitialised, at least bytes, kept and reused; NULL when memory is out. A second call in the
 * same kernel gives the same memory. */
void *thread_scratch(size_t bytes);
