/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Every address behind a target, as the core's own resolver would find them. */

#include "runtime/base/arena.h"
#include "runtime/base/status.h"

#include <stdint.h>

enum { RESOLVE_ADDRESSES_MAX = 1024 };

/**
 * @target  "models:8500", "dns:///models:8500", "dns://192.0.2.53:5353/models:8500" (that DNS
 *          server), "192.0.2.1:8500", "ipv4:192.0.2.1:8500,192.0.2.2:8500", "unix:PATH"
 * @ret_targets  "192.0.2.1:8500", "[::1]:8500", ascending, each once; in memory of arena
 *
 * Errors: NOT_FOUND (no such name), UNAVAILABLE (the DNS server does not answer), INVALID_ARGUMENT
 */
Status client_resolve(const char *target, uint64_t timeout_ns, Arena *arena,
                      const char ***ret_targets, size_t *ret_count);
