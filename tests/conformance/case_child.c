/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A test in a process of its own: what it does to memory, or how long it takes, is told as its
 * outcome and harms no other test. The outcome is one line through a pipe.
 */

#include "tests/conformance/case_child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: one line to the pipe, and gone. */
_Noreturn static void run_and_exit(CaseFn run, int pipe_end, const char *root, const char *name,
                                   unsigned seconds) {
    alarm(seconds);
    Status status = run(root, name);
    char outcome[OUTCOME_BYTES];
    if (status_is_ok(&status))
        snprintf(outcome, sizeof outcome, "pass");
    else
        snprintf(outcome, sizeof outcome, "%s: %s", status_code_name(status.code), status.message);
    for (char *c = outcome; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    ssize_t written = write(pipe_end, outcome, strlen(outcome));
    _exit(written < 0);
}

static void read_all(int pipe_end, char outcome[static OUTCOME_BYTES]) {
    size_t length = 0;
    ssize_t bytes;
    while (length < OUTCOME_BYTES - 1 &&
           (bytes = read(pipe_end, outcome + length, OUTCOME_BYTES - 1 - length)) > 0)
        length += (size_t)bytes;
    outcome[length] = '\0';
}

void case_run_child(CaseFn run, const char *root, const char *name, unsigned seconds,
                    char outcome[static OUTCOME_BYTES]) {
    int ends[2];
    if (pipe(ends) != 0)
        abort();
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        abort();
    if (child == 0) {
        close(ends[0]);
        run_and_exit(run, ends[1], root, name, seconds);
    }
    close(ends[1]);
    read_all(ends[0], outcome);
    close(ends[0]);
    int state = 0;
    waitpid(child, &state, 0);
    if (WIFSIGNALED(state))
        snprintf(outcome, OUTCOME_BYTES,
                 WTERMSIG(state) == SIGALRM ? "takes too long" : "ends by signal %d",
                 WTERMSIG(state));
    else if (outcome[0] == '\0')
        snprintf(outcome, OUTCOME_BYTES, "says nothing");
}
