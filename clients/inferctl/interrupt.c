/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A flag that the handler sets, and the default for the second signal. Both signals are
 * blocked between the look at the flag and the sleep in ppoll, so that none is lost. Thread: main,
 * before others are started.
 */

#include "clients/inferctl/interrupt.h"

#include "runtime/base/clock.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

static volatile sig_atomic_t came;

static void note(int number) {
    (void)number;
    came = 1;
}

void interrupt_catch(void) {
    struct sigaction action = { .sa_handler = note, .sa_flags = (int)SA_RESETHAND };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool interrupt_came(void) {
    return came;
}

void interrupt_sleep(uint64_t ns) {
    sigset_t both, before;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    sigprocmask(SIG_BLOCK, &both, &before);
    struct timespec limit = { .tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S) };
    if (!came)
        ppoll(NULL, 0, &limit, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);
}
