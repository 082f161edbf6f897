/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * See server_process.h. A thread reads the child's stderr into memory, so that the child never
 * waits for us, and wakes whoever waits for a line. The child dies with the test (PDEATHSIG), so
 * that no failure leaves one behind. INFERD, the binary, comes from the build.
 */

#include "tests/support/server_process.h"

#include "tests/support/check.h"

#include "runtime/base/clock.h"
#include "runtime/base/thread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 64, SHOWN_BYTES = 6000, WAIT_SECONDS = 60, WRAPPED_WAIT_SECONDS = 400 };

struct ServerProcess {
    /* fixed after start */
    pid_t pid;
    int output; /* read end of its stderr */
    int port;
    char target[32];
    Thread reader;
    Mutex mutex;
    Cond grown;
    /* under mutex */
    char *log; /* ended by NUL */
    size_t length, capacity;
    bool ended;
};

/* --- the log --- */

static void append(ServerProcess *process, const char *bytes, size_t count) {
    LOCKED(&process->mutex);
    if (process->length + count + 1 > process->capacity) {
        process->capacity = 2 * (process->length + count + 1);
        process->log = realloc(process->log, process->capacity);
        assert_non_null(process->log);
    }
    for (size_t i = 0; i < count; i++) /* a NUL would end the search for what follows */
        process->log[process->length + i] = bytes[i] ? bytes[i] : '?';
    process->length += count;
    process->log[process->length] = '\0';
    cond_broadcast(&process->grown);
}

static void read_log(void *user) {
    ServerProcess *process = user;
    char buffer[65536];
    for (;;) {
        ssize_t got = read(process->output, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        append(process, buffer, (size_t)got);
    }
    LOCKED(&process->mutex);
    process->ended = true;
    cond_broadcast(&process->grown);
}

static void show_log_locked(const ServerProcess *process) {
    size_t from = process->length > SHOWN_BYTES ? process->length - SHOWN_BYTES : 0;
    fprintf(stderr, "--- the server's log, its end ---\n%s---\n",
            process->log ? process->log + from : "");
}

/* A whole line at or after mark with all texts; NULL: none. */
static const char *find_line_locked(const ServerProcess *process, size_t mark,
                                    const char *const *texts, size_t count) {
    const char *line = process->log ? process->log + mark : "";
    for (const char *end; (end = strchr(line, '\n')); line = end + 1) {
        bool all = true;
        for (size_t i = 0; i < count && all; i++)
            all = !texts[i] || memmem(line, (size_t)(end - line), texts[i], strlen(texts[i]));
        if (all)
            return line;
    }
    return NULL;
}

static uint64_t limit_ns(void) {
    uint64_t seconds = getenv("INFERD_WRAP") ? WRAPPED_WAIT_SECONDS : WAIT_SECONDS;
    return time_after(clock_now_ns(clock_monotonic()), seconds * NS_PER_S);
}

size_t server_process_mark(const ServerProcess *process) {
    ServerProcess *changed = (ServerProcess *)(uintptr_t)process; /* its lock */
    LOCKED(&changed->mutex);
    return process->length;
}

void server_process_wait(ServerProcess *process, size_t mark, const char *first, const char *second,
                         const char *third) {
    const char *texts[] = { first, second, third };
    uint64_t deadline_ns = limit_ns();
    bool found = false;
    {
        LOCKED(&process->mutex);
        for (bool more = true; more;) {
            bool ended = process->ended;
            found = find_line_locked(process, mark, texts, 3) != NULL;
            more =
                !found && !ended && cond_wait_until(&process->grown, &process->mutex, deadline_ns);
        }
        if (!found)
            show_log_locked(process);
    }
    if (!found)
        fail_msg("no line of the log has '%s' '%s' '%s'", first, second ? second : "",
                 third ? third : "");
}

bool server_process_logged(ServerProcess *process, size_t mark, const char *first,
                           const char *second) {
    const char *texts[] = { first, second };
    LOCKED(&process->mutex);
    return find_line_locked(process, mark, texts, 2) != NULL;
}

/* --- start --- */

static void add_words(char *text, char **argv, size_t *count) {
    for (char *word; text && (word = strsep(&text, " "));)
        if (*word && *count < ARGUMENTS_MAX)
            argv[(*count)++] = word;
}

static _Noreturn void run_child(char **argv, int output, pid_t parent) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    (void)dup2(output, STDERR_FILENO);
    execvp(argv[0], argv);
    dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

ServerProcess *server_process_listen(const char *const *arguments) {
    ServerProcess *process = calloc(1, sizeof *process);
    assert_non_null(process);
    char *argv[2 * ARGUMENTS_MAX] = { 0 };
    size_t count = 0;
    const char *wrap = getenv("INFERD_WRAP");
    char *words = wrap ? strdup(wrap) : NULL;
    add_words(words, argv, &count);
    argv[count++] = (char *)(uintptr_t)INFERD;
    argv[count++] = (char *)(uintptr_t) "--port=0";
    argv[count++] = (char *)(uintptr_t) "--grpc-address=127.0.0.1";
    if (wrap) /* what it is wrapped in needs more system calls than it does */
        argv[count++] = (char *)(uintptr_t) "--sandbox=off";
    for (size_t i = 0; arguments[i] && i < ARGUMENTS_MAX; i++)
        argv[count++] = (char *)(uintptr_t)arguments[i];
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t parent = getpid();
    process->pid = fork();
    assert_true(process->pid >= 0);
    if (process->pid == 0)
        run_child(argv, ends[1], parent);
    free(words);
    close(ends[1]);
    process->output = ends[0];
    mutex_init(&process->mutex);
    cond_init(&process->grown);
    check_ok(thread_start(&process->reader, THREAD_OTHER, "log", read_log, process));
    server_process_wait(process, 0, "event=listening port=", NULL, NULL);
    LOCKED(&process->mutex);
    process->port = atoi(strstr(process->log, "event=listening port=") + 21);
    snprintf(process->target, sizeof process->target, "127.0.0.1:%d", process->port);
    return process;
}

ServerProcess *server_process_start(const char *const *arguments) {
    ServerProcess *process = server_process_listen(arguments);
    server_process_wait(process, 0, "event=ready", NULL, NULL);
    return process;
}

int server_process_port(const ServerProcess *process) {
    return process->port;
}

const char *server_process_target(const ServerProcess *process) {
    return process->target;
}

/* --- what /proc says --- */

static size_t status_kib(const ServerProcess *process, const char *key) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", (int)process->pid);
    FILE *file = fopen(path, "re");
    size_t kib = 0;
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, key, strlen(key)))
            kib = strtoull(line + strlen(key), NULL, 10);
    if (file)
        fclose(file);
    return kib;
}

size_t server_process_rss_kib(const ServerProcess *process) {
    return status_kib(process, "VmRSS:");
}

size_t server_process_peak_kib(const ServerProcess *process) {
    return status_kib(process, "VmHWM:");
}

size_t server_process_descriptors(const ServerProcess *process) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)process->pid);
    DIR *directory = opendir(path);
    size_t count = 0;
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

bool server_process_alive(const ServerProcess *process) {
    siginfo_t info = { 0 };
    int failed = waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    return !failed && info.si_pid == 0;
}

/* --- stop --- */

void server_process_signal(const ServerProcess *process, int signal) {
    assert_int_equal(kill(process->pid, signal), 0);
}

/* Everything but the child, which was waited for. */
static void release(ServerProcess *process) {
    thread_join(&process->reader);
    close(process->output);
    mutex_deinit(&process->mutex);
    cond_deinit(&process->grown);
    free(process->log);
    free(process);
}

void server_process_free(ServerProcess *process) {
    if (!process)
        return;
    kill(process->pid, SIGKILL);
    (void)waitpid(process->pid, NULL, 0);
    release(process);
}

static const char *find_report_locked(const ServerProcess *process) {
    static const char *const reports[] = { "ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                                           "runtime error:", "WARNING: ThreadSanitizer",
                                           "Assertion `" };
    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++)
        if (process->log && strstr(process->log, reports[i]))
            return reports[i];
    return NULL;
}

/* Most servers are joined in a group's teardown, whose failure cmocka tells but does not count. */
static _Noreturn void end_program(const char *why) {
    fprintf(stderr, "the server's end: %s\n", why);
    _exit(1);
}

void server_process_join(ServerProcess *process) {
    uint64_t deadline_ns = limit_ns();
    int status = 0;
    const char *report;
    bool ended = true;
    {
        /* The log ends when the last writer of the pipe is gone: the child. */
        LOCKED(&process->mutex);
        while (!process->ended && ended)
            ended = cond_wait_until(&process->grown, &process->mutex, deadline_ns);
        if (!ended)
            kill(process->pid, SIGKILL);
        (void)waitpid(process->pid, &status, 0);
        report = find_report_locked(process);
        if (!ended || report || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
            show_log_locked(process);
    }
    release(process);
    if (!ended)
        end_program("it did not stop in time");
    if (report)
        end_program(report);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        end_program("it did not end with 0; its log is above");
}

void server_process_stop(ServerProcess *process) {
    server_process_signal(process, SIGTERM);
    server_process_join(process);
}
