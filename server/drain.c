/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Stopping so that no client notices: first health turns NOT_SERVING while everything still works,
 * so that balancers look elsewhere; after the pause the listeners close and connections are told to
 * go away, and only when they have gone, or at the limit, calls are refused; those in progress
 * finish, within the limit. What is left then is cancelled when the rpc
 * server is freed. Every wait is on descriptors: the signal's, so that a second signal is seen at
 * once, and the one that tells the end. Thread: main.
 */

#include "server/drain.h"

#include "runtime/base/log.h"
#include "runtime/base/size.h"
#include "runtime/repo/change.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

Status signals_open(int *ret_fd) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    int error = pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (error)
        return status_from_errno(error, "blocking signals");
    int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return status_from_errno(errno, "signalfd");
    *ret_fd = fd;
    return status_ok();
}

int signals_take(int signal_fd) {
    struct signalfd_siginfo info;
    if (read(signal_fd, &info, sizeof info) != sizeof info)
        return 0;
    return (int)info.ssi_signo;
}

typedef enum Waited { WAITED_TIME, WAITED_DONE, WAITED_SIGNAL } Waited;

/* done_fd -1: only the time and a second signal end the wait. */
static Waited wait_for(int signal_fd, int done_fd, uint64_t deadline_ns) {
    struct pollfd waits[] = { { .fd = signal_fd, .events = POLLIN },
                              { .fd = done_fd, .events = POLLIN } };
    for (;;) {
        uint64_t now_ns = clock_now_ns(clock_monotonic());
        if (now_ns >= deadline_ns)
            return WAITED_TIME;
        uint64_t left_ms = (deadline_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
        (void)poll(waits, done_fd < 0 ? 1 : 2, (int)MIN_OF(left_ms, (uint64_t)INT_MAX));
        if (done_fd >= 0 && waits[1].revents)
            return WAITED_DONE;
        int signal = waits[0].revents ? signals_take(signal_fd) : 0;
        if (signal == SIGTERM || signal == SIGINT)
            return WAITED_SIGNAL;
    }
}

void drain_run(Serving *serving, int signal_fd) {
    const Options *options = serving->options;
    uint64_t started_ns = clock_now_ns(clock_monotonic());
    log_event(LOG_INFO, "draining", "pause_ms=%lld timeout_s=%lld",
              (long long)options->drain_pause_ms, (long long)options->exit_timeout_s);
    atomic_store(&serving->context.draining, true);
    rpc_server_health_changed(serving->rpc);
    repo_end_changes(serving->repo); /* whoever waits for a load is told */
    uint64_t pause_end_ns = time_after(started_ns, (uint64_t)options->drain_pause_ms * NS_PER_MS);
    Waited waited = wait_for(signal_fd, -1, pause_end_ns);
    uint64_t limit_ns =
        time_after(clock_now_ns(clock_monotonic()), (uint64_t)options->exit_timeout_s * NS_PER_S);
    http_server_stop(serving->http);
    scheduler_hurry(serving->scheduler); /* company that batches wait for will not come */
    int gone_fd = rpc_server_retire(serving->rpc);
    if (waited != WAITED_SIGNAL && gone_fd >= 0)
        waited = wait_for(signal_fd, gone_fd, limit_ns);
    rpc_server_stop(serving->rpc);
    if (waited != WAITED_SIGNAL) {
        waited = wait_for(signal_fd, rpc_server_stopped_fd(serving->rpc), limit_ns);
        if (waited == WAITED_DONE && serving->http)
            waited = wait_for(signal_fd, http_server_stopped_fd(serving->http), limit_ns);
    }
    RpcCounts counts = rpc_server_counts(serving->rpc);
    static const char *const reasons[] = {
        [WAITED_TIME] = "timeout", [WAITED_DONE] = "done", [WAITED_SIGNAL] = "signal"
    };
    log_event(waited == WAITED_DONE ? LOG_INFO : LOG_WARN, "drained",
              "reason=%s calls_left=%zu ms=%llu", reasons[waited],
              counts.live_calls + http_server_live(serving->http),
              (unsigned long long)((clock_now_ns(clock_monotonic()) - started_ns) / NS_PER_MS));
    scheduler_drain(serving->scheduler);
}
