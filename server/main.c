/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The program: options, limits of the process, start, then nothing but waiting for signals until it
 * is time to drain. The order of starting is in serving.c; what must be done before the gRPC core
 * starts is here (descriptors, malloc, signals) and in core_compat.c.
 *
 * Events in the log that others may rely on: listening (port=...), ready, models_failed, draining,
 * drained, stopped. Exit status: 0 after an orderly stop, 1 when it could not start or a model
 * failed at start and that is not wanted, 2 for a wrong command line.
 */

#include "runtime/base/beneath.h"
#include "runtime/base/log.h"
#include "runtime/base/thread.h"
#include "server/check.h"
#include "server/drain.h"
#include "server/rpc/core_compat.h"
#include "runtime/device/plugin_loader.h"
#include "server/sandbox/sandbox_rules.h"
#include "server/trust_files.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef INFERD_VERSION
#error "INFERD_VERSION comes from the build"
#endif

/* Memory, certificates and policies are looked at this often: a few system calls, right on every
 * kind of file system. */
enum { EXIT_USAGE = 2, REFRESH_MS = 1000 };

/* Large blocks otherwise go back to the kernel after each request, and come back page by page. */
static void keep_memory(void) {
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, INT32_MAX); /* an int: as near to 4 GiB as it goes */
    mallopt(M_TOP_PAD, 64 << 20);
}

/* The core never accepts again once it has run out of descriptors. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Waits for the first round of loads, so that main can wait for signals at the same time. */
typedef struct FirstLoad {
    Serving *serving;
    Thread thread;
    int done_fd; /* eventfd */
    atomic_bool stop;
    uint64_t started_ns;
} FirstLoad;

static void first_load_run(void *user) {
    FirstLoad *load = user;
    const Clock *clock = clock_monotonic();
    while (!repo_wait_loaded(load->serving->repo, time_after(clock_now_ns(clock), NS_PER_S / 4)))
        if (atomic_load(&load->stop))
            return;
    uint64_t one = 1;
    (void)!write(load->done_fd, &one, sizeof one);
}

/* false: a model failed and that ends the program. */
static bool report_first_load(const FirstLoad *load) {
    size_t models, failed;
    repo_count_models(load->serving->repo, &models, &failed);
    uint64_t ms = (clock_now_ns(clock_monotonic()) - load->started_ns) / NS_PER_MS;
    if (failed)
        log_event(LOG_WARN, "models_failed", "count=%zu of=%zu", failed, models);
    if (failed && load->serving->options->exit_on_error)
        return false;
    log_event(LOG_INFO, "ready", "models=%zu failed=%zu load_ms=%llu", models, failed,
              (unsigned long long)ms);
    return true;
}

/* Until a signal asks to end. false: the first load failed. */
static bool wait_for_end(Serving *serving, FirstLoad *load, int signal_fd) {
    struct pollfd waits[] = { { .fd = signal_fd, .events = POLLIN },
                              { .fd = load->done_fd, .events = POLLIN } };
    for (;;) {
        int wait_ms = model_list_wait_ms(serving->list, clock_now_ns(clock_monotonic()));
        (void)poll(waits, 2, wait_ms < 0 || wait_ms > REFRESH_MS ? REFRESH_MS : wait_ms);
        serving_refresh(serving);
        model_list_look(serving->list, clock_now_ns(clock_monotonic()), false);
        if (waits[1].revents) {
            waits[1].fd = -1; /* once */
            if (!report_first_load(load))
                return false;
        }
        for (int signal; (signal = signals_take(signal_fd));) {
            if (signal != SIGHUP)
                return true;
            log_event(LOG_INFO, "repository_poked", "by=signal");
            repo_poke(serving->repo);
            model_list_look(serving->list, clock_now_ns(clock_monotonic()), true);
        }
    }
}

static Status load_and_wait(Serving *serving, int signal_fd, bool *ret_loaded) {
    FirstLoad load = { .serving = serving, .started_ns = clock_now_ns(clock_monotonic()) };
    load.done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (load.done_fd < 0)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cannot make an event descriptor");
    Status status = serving_load(serving);
    if (status_is_ok(&status))
        status = thread_start(&load.thread, THREAD_OTHER, "first-load", first_load_run, &load);
    if (status_is_ok(&status)) {
        *ret_loaded = wait_for_end(serving, &load, signal_fd);
        drain_run(serving, signal_fd);
    }
    atomic_store(&load.stop, true);
    thread_join(&load.thread);
    close(load.done_fd);
    return status;
}

/* What is read from anywhere, and then the sandbox, before there is a second thread. */
static Status confine(const Options *options, Serving *serving) {
    SandboxPlan plan;
    plugin_set_directory(options->plugin_directory);
    TRY(trust_files_read(options, &serving->trust));
    sandbox_plan(options, &plan);
    return sandbox_enter(plan.mode, &plan.rules);
}

/* --check: everything but the network. */
static int check(const Options *options) {
    Serving serving = { 0 };
    Status status = confine(options, &serving);
    bool good = false;
    if (status_is_ok(&status)) {
        core_init();
        status = serving_start(options, INFERD_VERSION, &serving);
        good = status_is_ok(&status) && check_run(&serving, stdout);
        serving_deinit(&serving);
        core_deinit();
    } else {
        trust_deinit(&serving.trust);
    }
    if (!status_is_ok(&status))
        fprintf(stderr, "inferd: %s\n", status.message);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int serve(const Options *options) {
    int signal_fd = -1;
    Serving serving = { 0 };
    bool loaded = false;
    Status status = signals_open(&signal_fd);
    if (status_is_ok(&status))
        status = confine(options, &serving);
    if (status_is_ok(&status)) {
        core_init();
        status = serving_start(options, INFERD_VERSION, &serving);
        if (status_is_ok(&status))
            status = load_and_wait(&serving, signal_fd, &loaded);
        serving_deinit(&serving);
        core_deinit();
    } else {
        trust_deinit(&serving.trust);
    }
    descriptor_close_auto_(&signal_fd);
    if (!status_is_ok(&status))
        log_event(LOG_ERROR, "start_failed", "code=%s reason=%s", status_code_name(status.code),
                  LOG_TEXT(status.message));
    bool good = status_is_ok(&status) && loaded;
    log_event(LOG_INFO, "stopped", "exit=%d", good ? EXIT_SUCCESS : EXIT_FAILURE);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The log's lines are written to standard error: that is the file from here on. */
static Status open_log(const char *path) {
    if (!path)
        return status_ok();
    AUTO(descriptor_close)
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
        return status_error(STATUS_INVALID_ARGUMENT, "--log-file=%s: %s", path, strerror(errno));
    return status_ok();
}

int main(int argc, char **argv) {
    AUTO(options_deinit) Options options = { 0 };
    Status status = options_parse(argc, argv, &options);
    if (!status_is_ok(&status)) {
        fprintf(stderr, "%s: %s\n", argc > 0 ? argv[0] : "inferd", status.message);
        return EXIT_USAGE;
    }
    if (options.help) {
        options_print_help(&options, stdout);
        return EXIT_SUCCESS;
    }
    if (options.version) {
        char core[128];
        core_name(core, sizeof core);
        printf("inferd %s\n%s\nbuilt with %s\n", INFERD_VERSION, core, INFERD_BUILT_WITH);
        return EXIT_SUCCESS;
    }
    thread_set_role(THREAD_MAIN);
    log_set_level(options.log_verbose > 0 ? LOG_DEBUG : LOG_INFO);
    status = open_log(options.log_file);
    if (!status_is_ok(&status)) {
        fprintf(stderr, "%s: %s\n", argc > 0 ? argv[0] : "inferd", status.message);
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < options.without_effect.count; i++)
        log_event(LOG_WARN, "flag_without_effect", "flag=%s",
                  LOG_TEXT(options.without_effect.items[i]));
    (void)signal(SIGPIPE, SIG_IGN); /* OpenSSL and libevent write to peers that may be gone */
    keep_memory();
    raise_descriptor_limit();
    return options.check ? check(&options) : serve(&options);
}
