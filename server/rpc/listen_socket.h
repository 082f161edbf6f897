/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A socket that listens. */

#include "runtime/base/status.h"

/**
 * @address  "127.0.0.1:8500", "[::1]:0", "unix:/path", "unix-abstract:name"
 *
 * Errors: UNAVAILABLE (in use, not ours, or not an address). Thread: main
 */
Status listen_socket_open(const char *address, bool reuse_port, int *ret_fd);
/* 0: it has none. */
int listen_socket_port(int fd);
