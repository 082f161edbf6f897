/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * gRPC's C headers and the few things that differ between its releases: every file that speaks to
 * the core includes this one and no <grpc/...> of its own. Known to compile from 1.51 on.
 */

#include <stdbool.h>
#include <stddef.h>

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#if __has_include(<grpc/credentials.h>)
#include <grpc/credentials.h> /* split out of grpc_security.h in 1.64 */
#endif
#include <grpc/byte_buffer.h>
#include <grpc/compression.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>

/* grpc_init with the core's log lines in ours, its lock graph off and its in-line poller on.
 * Thread: main, before any other use of the core and before other threads are started (it may set
 * an environment variable). */
void core_init(void);
void core_deinit(void);

/* Whether the known ways to bring a core down from outside are closed in this one. */
bool core_is_mended(void);
/* "gRPC core 58.0.0 (bundled, release 1.85.1)". Before core_init too. */
void core_name(char *buffer, size_t bytes);

/* At most that many streams over all connections, where the core can (core_streams.c). */
void core_limit_streams(grpc_resource_quota *quota, size_t most);

/* Sends the core's log lines to log_event; does nothing on cores without a hook (1.65 on: they
 * write to standard error themselves). core_log.c or core_log_none.c. */
void core_log_hook(void);
