/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What must be done before grpc_init, and why:
 * - Debian's core is built with debug code in it: Abseil keeps a graph of all locks ever held
 * together, 8 % of the instructions of a call. It is switched off by its mangled name, looked up at
 * run time because that name changes with each Abseil; where it is not found there is nothing to
 * switch off.
 * - From the 1.6x series on, sockets are served by the core's own threads, which costs each call
 * two hand-overs. The experiment named below brings the in-line poller back; cores that do not know
 * it say so in their log and go on. What an operator has set in GRPC_EXPERIMENTS stays. Thread:
 * main, once.
 */

#include "server/rpc/core_compat.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef CORE_ORIGIN
#error "CORE_ORIGIN comes from the build"
#endif

/* 1.63: rapid reset, CONTINUATION floods and the listener that stops for good are mended. */
enum { MENDED_MAJOR = 40 };

static const char *const LOCK_GRAPH_SWITCHES[] = {
    "_ZN4absl7debian329SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE", /* Debian 12: 20220623
                                                                               */
    "_ZN4absl12lts_2022062329SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE",
    "_ZN4absl29SetMutexDeadlockDetectionModeENS_15OnDeadlockCycleE",
};

static void lock_graph_off(void) {
    for (size_t i = 0; i < sizeof LOCK_GRAPH_SWITCHES / sizeof LOCK_GRAPH_SWITCHES[0]; i++) {
        void *symbol = dlsym(RTLD_DEFAULT, LOCK_GRAPH_SWITCHES[i]);
        if (!symbol)
            continue;
        void (*set_mode)(int mode);
        memcpy(&set_mode, &symbol,
               sizeof set_mode); /* no cast between object and function pointers in ISO C */
        set_mode(0);             /* kIgnore */
        return;
    }
}

/* grpc_version_string is the core's version: 29 is release 1.51, where the experiment does not
 * exist. */
static int core_major(void) {
    return atoi(grpc_version_string());
}

bool core_is_mended(void) {
    return core_major() >= MENDED_MAJOR;
}

void core_name(char *buffer, size_t bytes) {
    snprintf(buffer, bytes, "gRPC core %s (%s)", grpc_version_string(), CORE_ORIGIN);
}

void core_init(void) {
    lock_graph_off();
    if (core_is_mended())
        setenv("GRPC_EXPERIMENTS", "-event_engine_listener", 0);
    core_log_hook();
    grpc_init();
}

void core_deinit(void) {
    grpc_shutdown();
}
