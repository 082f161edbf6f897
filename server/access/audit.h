/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who did what, in the log: every act that manages (event=audit), and one in so many of all
 * requests (event=access). Names, sizes and codes; never a payload, a token or a header as it came
 * but the trace's id. Refusals are access.c's (event=access_denied, access_unauthenticated).
 */

#include "server/access/access.h"

#include <stdatomic.h>

typedef struct AuditEntry {
    const char *transport; /* "grpc", "http" */
    const char *method;    /* path of a method, pattern of a route; NULL: unknown */
    Action action;
    const Caller *caller; /* NULL or not begun: anonymous */
    StringView model;     /* empty: none, or all */
    StatusCode code;
    int http_code; /* 0: over gRPC */
    uint64_t arrived_ns;
    size_t request_bytes, reply_bytes;
    StringView traceparent; /* W3C's, as it came; empty: none */
} AuditEntry;

typedef struct AuditLog {
    uint64_t every; /* fixed after start; 0: no access log */
    atomic_uint_fast64_t count;
} AuditLog;

/* Whether anything would be written: else the entry need not be made. Counts the request. Thread:
 * any. */
bool audit_wants(AuditLog *log, Action action, bool *ret_sampled);
/* @sampled  as audit_wants has it */
void audit_write(const AuditEntry *entry, bool sampled);

/* The 32 hex digits of a well-formed traceparent; false: it is none. */
bool audit_trace_id(StringView traceparent, char id[static 33]);
