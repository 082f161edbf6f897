/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a confined process can still do, and what becomes of it when it tries more. Each case runs
 * in a process of its own, since there is no way back. Skipped where the kernel lacks a part.
 */

#include "tests/support/check.h"

#include "runtime/base/size.h"
#include "server/sandbox/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];  /* holds the three below */
static char models[96];  /* may be read */
static char scratch[96]; /* may be written */
static char outside[96]; /* a file elsewhere */

/* What a case tells: an errno, or 0. */
typedef int (*Try)(void);

static int opened(int descriptor) {
    if (descriptor < 0)
        return errno;
    close(descriptor);
    return 0;
}

static int try_read_model(void) {
    char path[160];
    snprintf(path, sizeof path, "%s/model.onnx", models);
    return opened(open(path, O_RDONLY | O_CLOEXEC));
}

static int try_write_model(void) {
    char path[160];
    snprintf(path, sizeof path, "%s/model.onnx", models);
    return opened(open(path, O_WRONLY | O_CLOEXEC));
}

static int try_read_outside(void) {
    return opened(open(outside, O_RDONLY | O_CLOEXEC));
}

static int try_make_file(void) {
    char path[160];
    snprintf(path, sizeof path, "%s/new", models);
    return opened(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int try_make_scratch(void) {
    char path[160];
    snprintf(path, sizeof path, "%s/new", scratch);
    return opened(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int try_execute(void) {
    execl("/bin/true", "true", (char *)NULL);
    return errno;
}

static int try_fork(void) {
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return child < 0 ? errno : 0;
}

static void *count_up(void *user) {
    ++*(int *)user;
    return NULL;
}

static int try_thread(void) {
    pthread_t thread;
    int count = 0, error = pthread_create(&thread, NULL, count_up, &count);
    if (error)
        return error;
    pthread_join(thread, NULL);
    return count == 1 ? 0 : EINVAL;
}

static int try_listen(void) {
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&any, sizeof any) || listen(listener, 1))
        return errno;
    return opened(listener);
}

static int try_connect(void) {
    struct sockaddr_in any = { .sin_family = AF_INET,
                               .sin_port = htons(9),
                               .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(client, (struct sockaddr *)&any, sizeof any) == 0)
        return 0;
    return errno == ECONNREFUSED ? 0 : errno; /* it was tried */
}

static int try_become_dumpable(void) {
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0 ? 0 : errno;
}

static int try_new_call(void) {
    return syscall(9999) < 0 ? errno : 0;
}

static int try_ptrace(void) {
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? errno : 0;
}

static int try_memory_of_others(void) {
    return syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0) < 0 ? errno : 0;
}

enum { DIES = -1, NO_SANDBOX = 199 };

/* Runs a case in a confined process: what it told, or DIES when the kernel ended it. */
static int confined(Try attempt, const SandboxRules *rules) {
    pid_t child = fork();
    if (child == 0) {
        Status status = sandbox_enter(SANDBOX_ON, rules);
        _exit(status_is_ok(&status) ? attempt() : NO_SANDBOX);
    }
    int ended = 0;
    assert_int_equal(waitpid(child, &ended, 0), child);
    if (WIFSIGNALED(ended)) {
        assert_int_equal(WTERMSIG(ended), SIGSYS);
        return DIES;
    }
    return WEXITSTATUS(ended);
}

static void test_what_is_left(void **state) {
    (void)state;
    const struct {
        const char *name;
        Try attempt;
        int server, writer, client; /* what each kind of rules gives */
    } rows[] = {
        { "read a model", try_read_model, 0, 0, 0 },
        { "write a model", try_write_model, EACCES, EACCES, EACCES },
        { "read elsewhere", try_read_outside, EACCES, EACCES, 0 },
        { "make a file", try_make_file, EACCES, EACCES, EACCES },
        { "make a scratch file", try_make_scratch, EACCES, 0, EACCES },
        { "execute", try_execute, EPERM, EPERM, EPERM },
        { "fork", try_fork, EPERM, EPERM, EPERM },
        { "start a thread", try_thread, 0, 0, 0 },
        { "listen", try_listen, 0, 0, 0 },
        { "connect", try_connect, ENOSYS, ENOSYS, 0 },
        { "allow core dumps", try_become_dumpable, EPERM, EPERM, EPERM },
        { "call what nobody knows", try_new_call, ENOSYS, ENOSYS, ENOSYS },
        { "ptrace", try_ptrace, DIES, DIES, DIES },
        { "read others' memory", try_memory_of_others, DIES, DIES, DIES },
    };
    SandboxRules server = { .readable = { models }, .readable_count = 1 };
    SandboxRules writer = server, client = server;
    writer.writable[writer.writable_count++] = scratch;
    client.reads_anything = client.connects = true;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        int found[] = { confined(rows[i].attempt, &server), confined(rows[i].attempt, &writer),
                        confined(rows[i].attempt, &client) };
        int wanted[] = { rows[i].server, rows[i].writer, rows[i].client };
        for (size_t k = 0; k < 3; k++)
            if (found[k] != wanted[k])
                fail_msg("%s, rules %zu: expected %d, got %d", rows[i].name, k, wanted[k],
                         found[k]);
    }
}

static int try_status(void) {
    char line[256];
    int found = 0;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file))
        found += !strcmp(line, "NoNewPrivs:\t1\n") + !strcmp(line, "Seccomp:\t2\n");
    if (file)
        fclose(file);
    return found == 2 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : EINVAL;
}

static void test_the_kernel_says_so(void **state) {
    (void)state;
    SandboxRules rules = { 0 };
    assert_int_equal(confined(try_status, &rules), 0);
}

/* Deploy tools replace folders, and point links elsewhere. */
static void test_what_comes_later_can_be_read(void **state) {
    (void)state;
    char later[160];
    snprintf(later, sizeof later, "%s/not/there/yet", models);
    SandboxRules rules = { .readable = { later }, .readable_count = 1 };
    assert_int_equal(confined(try_read_model, &rules), 0);
    assert_int_equal(confined(try_read_outside, &rules), EACCES);
}

static int set_up(void **state) {
    (void)state;
    char path[160];
    snprintf(folder, sizeof folder, "/tmp/inferd-sandbox-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/in", folder);
    mkdir(path, 0700);
    snprintf(models, sizeof models, "%s/in/models", folder);
    snprintf(scratch, sizeof scratch, "%s/scratch", folder);
    snprintf(outside, sizeof outside, "%s/outside", folder);
    mkdir(models, 0700);
    mkdir(scratch, 0700);
    snprintf(path, sizeof path, "%s/model.onnx", models);
    FILE *file = fopen(path, "we");
    if (file)
        fclose(file);
    file = fopen(outside, "we");
    if (file)
        fclose(file);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    static const char *const names[] = { "/in/models/model.onnx",
                                         "/in/models/new",
                                         "/scratch/new",
                                         "/outside",
                                         "/in/models",
                                         "/in",
                                         "/scratch",
                                         "" };
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        char path[160];
        snprintf(path, sizeof path, "%s%s", folder, names[i]);
        remove(path);
    }
    return 0;
}

int main(void) {
    enum { SKIPPED = 77 };
    SandboxRules nothing = { 0 };
    if (confined(try_thread, &nothing) == NO_SANDBOX)
        return SKIPPED; /* this kernel has no Landlock, or no filters */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_left),
        cmocka_unit_test(test_the_kernel_says_so),
        cmocka_unit_test(test_what_comes_later_can_be_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
