/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One small thing over HTTP, in the open: a server's /metrics. */

#include "runtime/base/arena.h"
#include "runtime/base/status.h"

#include <stdint.h>

enum { HTTP_BYTES_MAX = 16 << 20 };

/**
 * @server    "HOST:PORT"
 * @ret_body  NUL-terminated, in memory of arena
 *
 * Errors: UNAVAILABLE (nobody is there, no answer in time), INVALID_ARGUMENT, UNKNOWN (another
 * status than 200), RESOURCE_EXHAUSTED (longer than HTTP_BYTES_MAX)
 */
Status http_get(const char *server, const char *path, uint64_t timeout_ns, Arena *arena,
                const char **ret_body);
