/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The real binary as a child of a test: started with flags, on a port that the kernel picks, its
 * log read all the time. What fails here ends the test with the log's last lines. INFERD_WRAP in
 * the environment is put before the command ("valgrind -q ..."), and stretches every limit.
 */

#include "runtime/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ServerProcess ServerProcess;

/* Starts it and waits until it listens and the first round of loads is over.
 * @arguments  flags, NULL at the end; --port=0 and a loopback address are added */
ServerProcess *server_process_start(const char *const *arguments);
/* The same without waiting for the models. */
ServerProcess *server_process_listen(const char *const *arguments);
/* SIGTERM, then server_process_join. */
void server_process_stop(ServerProcess *process);
/* Waits for the end and frees it: the exit status must be 0 and the log free of sanitizers'
 * reports, or the test program ends there. */
void server_process_join(ServerProcess *process);
void server_process_signal(const ServerProcess *process, int signal);
/* For a test that failed on its way: ends the child at once, checks nothing. NULL is fine. */
void server_process_free(ServerProcess *process);
DEFINE_AUTO(ServerProcess, server_process_free);

int server_process_port(const ServerProcess *process);
const char *server_process_target(const ServerProcess *process); /* "127.0.0.1:PORT" */
/* False once the child has ended. */
bool server_process_alive(const ServerProcess *process);
/* Memory the process has in RAM now, and at most so far. */
size_t server_process_rss_kib(const ServerProcess *process);
size_t server_process_peak_kib(const ServerProcess *process);
/* Open descriptors. */
size_t server_process_descriptors(const ServerProcess *process);

/* How long the log is now: where a later wait starts to look. */
size_t server_process_mark(const ServerProcess *process);
/* Waits for a line after mark that has all of the texts (NULL: none). Fails the test when it does
 * not come. */
void server_process_wait(ServerProcess *process, size_t mark, const char *first, const char *second,
                         const char *third);
/* Whether there is such a line now. */
bool server_process_logged(ServerProcess *process, size_t mark, const char *first,
                           const char *second);
