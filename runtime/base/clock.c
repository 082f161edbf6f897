/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The real clock. Everything that decides by time takes a Clock; this is the one the server hands
 * out. Any thread. */

#include "runtime/base/clock.h"

#include <time.h>

static uint64_t read_clock(clockid_t id) {
    struct timespec time;
    clock_gettime(id, &time);
    return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

static uint64_t monotonic_now_ns(void *user) {
    (void)user;
    return read_clock(CLOCK_MONOTONIC);
}

const Clock *clock_monotonic(void) {
    static const Clock clock = { .now_ns = monotonic_now_ns };
    return &clock;
}

uint64_t clock_thread_cpu_ns(void) {
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}
