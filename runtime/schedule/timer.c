/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One thread that sleeps until the scheduler's next deadline or delay. It takes no part in
 * computing, so it is on time also while every worker is busy; the kernel's timer slack is turned
 * off for it. The scheduler wakes it when something earlier comes in: the flag is set under the
 * lock that the sleep lets go of, so no wake is lost. Thread: timer.
 */

#include "runtime/schedule/timer.h"

#include "runtime/base/thread.h"

#include <stdlib.h>
#include <sys/prctl.h>

struct Timer {
    /* fixed after new */
    Scheduler *scheduler;
    Thread thread;
    Mutex mutex;
    /* under mutex */
    Cond changed;
    bool is_woken, is_stopping;
};

static void wake(void *user) {
    Timer *timer = user;
    LOCKED(&timer->mutex);
    timer->is_woken = true;
    cond_signal(&timer->changed);
}

static void timer_main(void *user) {
    Timer *timer = user;
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); /* nanoseconds; best effort */
    for (;;) {
        uint64_t next_ns = scheduler_tick(timer->scheduler);
        LOCKED(&timer->mutex);
        bool is_due = false;
        while (!timer->is_woken && !timer->is_stopping && !is_due)
            is_due = !cond_wait_until(&timer->changed, &timer->mutex, next_ns);
        timer->is_woken = false;
        if (timer->is_stopping)
            return;
    }
}

Status timer_new(Scheduler *scheduler, Timer **ret_timer) {
    AUTO(timer_free) Timer *timer = calloc(1, sizeof *timer);
    if (!timer)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    timer->scheduler = scheduler;
    mutex_init(&timer->mutex);
    cond_init(&timer->changed);
    scheduler_set_timer_wake(scheduler, wake, timer);
    TRY(thread_start(&timer->thread, THREAD_TIMER, "timer", timer_main, timer));
    *ret_timer = TAKE(timer);
    return status_ok();
}

void timer_free(Timer *timer) {
    if (!timer)
        return;
    {
        LOCKED(&timer->mutex);
        timer->is_stopping = true;
        cond_signal(&timer->changed);
    }
    thread_join(&timer->thread);
    scheduler_set_timer_wake(timer->scheduler, NULL, NULL);
    cond_deinit(&timer->changed);
    mutex_deinit(&timer->mutex);
    free(timer);
}
