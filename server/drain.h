/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The orderly stop, and signals as something to wait for. */

#include "server/serving.h"

/* Blocks SIGTERM, SIGINT, SIGHUP in the calling thread and all it starts later; the result is a
 * signalfd. */
Status signals_open(int *ret_fd);
/* The next signal that has come, 0 if none. */
int signals_take(int signal_fd);

/**
 * Says NOT_SERVING, pauses, stops listening, lets calls in progress finish up to the limit. Another
 * SIGTERM or SIGINT cuts all waiting short.
 *
 * Thread: main
 */
void drain_run(Serving *serving, int signal_fd);
