/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A load of unary calls of one message: closed loop (so many outstanding, a new one for each that
 * ends) or open loop (Poisson arrivals at a rate, latency counted from when a call was due, so that
 * a slow server cannot slow its own measurement). One thread.
 */

#include "clients/c/client.h"
#include "clients/load/histogram.h"

typedef struct LoadOptions {
    Client *client;
    const char *method;
    const void *message;
    size_t message_bytes;
    size_t outstanding;   /* closed loop; for the open loop the most that may be outstanding */
    double calls_per_s;   /* open loop; 0: closed loop */
    uint64_t duration_ns; /* measured part */
    uint64_t warm_up_ns;  /* before it, not counted */
    uint64_t timeout_ns;  /* per call */
    uint64_t seed;        /* of the arrivals */
    bool busy_poll;       /* never sleep, on a core of its own: over loopback the server would pay
                             for waking us, which no client on another machine makes it do */
    /* About four times a second; may be NULL. */
    void (*progress)(void *user, uint64_t elapsed_ns, uint64_t calls, uint64_t failed);
    void *user;
    bool (*stop)(void); /* asked often: whether to end early, with what was measured; NULL */
} LoadOptions;

typedef struct LoadResult {
    Histogram latency; /* of calls that succeeded */
    uint64_t failed;
    uint64_t failed_by_code[STATUS_UNAUTHENTICATED + 1];
    uint64_t missed; /* open loop: arrivals dropped because too many were outstanding */
    uint64_t elapsed_ns;
    uint64_t reply_bytes; /* of the last good reply */
    Status first_error;   /* OK when none failed */
} LoadResult;

Status load_run(const LoadOptions *options, LoadResult *ret_result);
