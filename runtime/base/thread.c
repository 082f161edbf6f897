/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Thin cover over pthreads. Failures of pthread calls on our own objects are bugs and abort; only
 * starting a thread can fail for outside reasons. Worker stacks are 1 MiB: kernels and protobuf-c
 * need less, and 64 cores must not reserve half a gigabyte. The core count honours cgroup v2 and v1
 * CPU quotas, so a container with cpu: 2 gets two workers.
 */

#include "runtime/base/thread.h"

#include "runtime/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STACK_BYTES = 1 << 20, LOW_PRIORITY_NICE = 10 };

typedef struct Start {
    ThreadMain run;
    void *user;
    ThreadRole role;
    char name[16];
} Start;

static _Thread_local ThreadRole current_role = THREAD_OTHER;

static void *thread_entry(void *argument) {
    Start start = *(Start *)argument;
    free(argument);
    current_role = start.role;
    pthread_setname_np(pthread_self(), start.name);
    start.run(start.user);
    return NULL;
}

Status thread_start(Thread *thread, ThreadRole role, const char *name, ThreadMain run, void *user) {
    assert(!thread->running);
    Start *start = malloc(sizeof *start);
    if (!start)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    *start = (Start){ .run = run, .user = user, .role = role };
    snprintf(start->name, sizeof start->name, "%s", name);

    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    int error = pthread_create(&thread->handle, &attributes, thread_entry, start);
    pthread_attr_destroy(&attributes);
    if (error) {
        free(start);
        return status_from_errno(error, "cannot start a thread");
    }
    thread->running = true;
    return status_ok();
}

void thread_join(Thread *thread) {
    if (!thread->running)
        return;
    int error = pthread_join(thread->handle, NULL);
    assert(error == 0);
    thread->running = false;
}

void thread_set_low_priority(void) {
    /* On Linux the nice value belongs to the thread. Refusal does not matter. */
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), LOW_PRIORITY_NICE);
}

void thread_set_role(ThreadRole role) {
    current_role = role;
}

ThreadRole thread_role(void) {
    return current_role;
}

void thread_assert_role(ThreadRole role) {
    assert(current_role == role);
}

/* Cores that a CPU quota allows, rounded up; 0 if there is none. */
static size_t read_cgroup_cores(void) {
    long long quota = 0, period = 0;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (file) {
        int fields = fscanf(file, "%lld %lld", &quota, &period); /* "max 100000" reads no number */
        fclose(file);
        return fields == 2 && quota > 0 && period > 0 ? (size_t)((quota + period - 1) / period) : 0;
    }
    static const char *const v1_paths[] = { "/sys/fs/cgroup/cpu/cpu.cfs_quota_us",
                                            "/sys/fs/cgroup/cpu/cpu.cfs_period_us" };
    long long values[2] = { 0, 0 };
    for (size_t i = 0; i < 2; i++) {
        file = fopen(v1_paths[i], "re");
        if (!file)
            return 0;
        int fields = fscanf(file, "%lld", &values[i]);
        fclose(file);
        if (fields != 1 || values[i] <= 0)
            return 0;
    }
    return (size_t)((values[0] + values[1] - 1) / values[1]);
}

size_t thread_core_count(void) {
    cpu_set_t set;
    CPU_ZERO(&set);
    size_t cores = sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
    size_t allowed = read_cgroup_cores();
    if (allowed && allowed < cores)
        cores = allowed;
    return cores ? cores : 1;
}

void mutex_init(Mutex *mutex) {
    pthread_mutex_init(&mutex->handle, NULL);
    mutex->held = false;
}

void mutex_deinit(Mutex *mutex) {
    assert(!mutex->held);
    pthread_mutex_destroy(&mutex->handle);
}

static void note_held(Mutex *mutex) {
    mutex->holder = pthread_self();
    mutex->held = true;
}

void mutex_lock(Mutex *mutex) {
    int error = pthread_mutex_lock(&mutex->handle);
    assert(error == 0);
    note_held(mutex);
}

void mutex_unlock(Mutex *mutex) {
    mutex_assert_held(mutex);
    mutex->held = false;
    pthread_mutex_unlock(&mutex->handle);
}

void mutex_assert_held(const Mutex *mutex) {
    assert(mutex->held && pthread_equal(mutex->holder, pthread_self()));
}

void cond_init(Cond *cond) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&cond->handle, &attributes);
    pthread_condattr_destroy(&attributes);
}

void cond_deinit(Cond *cond) {
    pthread_cond_destroy(&cond->handle);
}

void cond_signal(Cond *cond) {
    pthread_cond_signal(&cond->handle);
}

void cond_broadcast(Cond *cond) {
    pthread_cond_broadcast(&cond->handle);
}

void cond_wait(Cond *cond, Mutex *mutex) {
    mutex_assert_held(mutex);
    mutex->held = false;
    pthread_cond_wait(&cond->handle, &mutex->handle);
    note_held(mutex);
}

bool cond_wait_until(Cond *cond, Mutex *mutex, uint64_t deadline_ns) {
    if (deadline_ns == TIME_NEVER) {
        cond_wait(cond, mutex);
        return true;
    }
    mutex_assert_held(mutex);
    struct timespec deadline = { .tv_sec = (time_t)(deadline_ns / NS_PER_S),
                                 .tv_nsec = (long)(deadline_ns % NS_PER_S) };
    mutex->held = false;
    int error = pthread_cond_timedwait(&cond->handle, &mutex->handle, &deadline);
    note_held(mutex);
    return error != ETIMEDOUT;
}
