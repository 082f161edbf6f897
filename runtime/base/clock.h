/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Monotonic nanoseconds. What decides by time is handed a Clock, so that tests can hand it a fake
 * one. */

#include <stdint.h>

#define NS_PER_US  UINT64_C(1000)
#define NS_PER_MS  UINT64_C(1000000)
#define NS_PER_S   UINT64_C(1000000000)
#define TIME_NEVER UINT64_MAX

typedef struct Clock {
    uint64_t (*now_ns)(void *user);
    void *user;
} Clock;

/* CLOCK_MONOTONIC; static, never NULL. */
const Clock *clock_monotonic(void);

static inline uint64_t clock_now_ns(const Clock *clock) {
    return clock->now_ns(clock->user);
}

/* now + delay, TIME_NEVER on overflow or if delay is TIME_NEVER. */
static inline uint64_t time_after(uint64_t now_ns, uint64_t delay_ns) {
    return delay_ns > TIME_NEVER - now_ns ? TIME_NEVER : now_ns + delay_ns;
}

/* CPU time of the calling thread, for accounting. */
uint64_t clock_thread_cpu_ns(void);
