/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Threads with a role and a name, locks that know their holder, and conditions that wait to a
 * monotonic deadline. Roles are those of docs/THREADS.md; thread_assert_role makes "runs on the rpc
 * thread" an executable statement.
 */

#include "runtime/base/status.h"

#include <pthread.h>
#include <stdint.h>

typedef enum ThreadRole {
    THREAD_OTHER = 0, /* a thread that nobody named: tests, libraries' own */
    THREAD_MAIN,
    THREAD_RPC,
    THREAD_HTTP,
    THREAD_WORKER,
    THREAD_LOADER,
    THREAD_REPO,
    THREAD_TIMER,
    THREAD_DEVICE,
} ThreadRole;

typedef struct Thread {
    pthread_t handle;
    bool running;
} Thread;

typedef void (*ThreadMain)(void *user);

/* @name at most 15 bytes, shown by ps and in logs */
Status thread_start(Thread *thread, ThreadRole role, const char *name, ThreadMain run, void *user);
/* Waits for the end; a thread that was never started is fine. */
void thread_join(Thread *thread);

/* Lowers the calling thread's priority for the scheduler (loaders): best effort. */
void thread_set_low_priority(void);
/* Names the calling thread's role: for main, which nobody starts. */
void thread_set_role(ThreadRole role);
ThreadRole thread_role(void);
void thread_assert_role(ThreadRole role);
/* Cores this process may use: min(affinity mask, cgroup CPU quota rounded up), at least 1. */
size_t thread_core_count(void);

typedef struct Mutex {
    pthread_mutex_t handle;
    pthread_t holder; /* valid while held */
    bool held;
} Mutex;

void mutex_init(Mutex *mutex);
void mutex_deinit(Mutex *mutex);
void mutex_lock(Mutex *mutex);
void mutex_unlock(Mutex *mutex);
/* Aborts unless the calling thread holds it. */
void mutex_assert_held(const Mutex *mutex);

/* { LOCKED(&scheduler->mutex); ... } unlocks at the end of the scope. */
static inline void mutex_unlock_auto_(Mutex **mutex) {
    if (*mutex)
        mutex_unlock(*mutex);
}
static inline Mutex *mutex_lock_scope_(Mutex *mutex) {
    mutex_lock(mutex);
    return mutex;
}
#define LOCKED_NAME_(line) locked_##line##_
#define LOCKED_AT_(mutex, line)                                                                    \
    __attribute__((cleanup(mutex_unlock_auto_), unused)) Mutex *LOCKED_NAME_(line) =               \
        mutex_lock_scope_(mutex)
#define LOCKED_EXPAND_(mutex, line) LOCKED_AT_(mutex, line)
#define LOCKED(mutex)               LOCKED_EXPAND_(mutex, __LINE__)

typedef struct Cond {
    pthread_cond_t handle; /* on CLOCK_MONOTONIC */
} Cond;

void cond_init(Cond *cond);
void cond_deinit(Cond *cond);
void cond_signal(Cond *cond);
void cond_broadcast(Cond *cond);
/* The caller holds mutex and loops on its predicate. */
void cond_wait(Cond *cond, Mutex *mutex);
/* false when the deadline (monotonic ns, TIME_NEVER allowed) passed first. */
bool cond_wait_until(Cond *cond, Mutex *mutex, uint64_t deadline_ns);
