/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What every method may use: lent to the rpc layer for its whole life, fixed after start. No gRPC
 * in here, so that REST serves from the same.
 */

#include "runtime/repo/repo.h"
#include "runtime/schedule/scheduler.h"
#include "server/access/access.h"
#include "server/access/audit.h"
#include "server/memory_guard.h"
#include "server/overload.h"

#include <stdatomic.h>

/* What clients may change of what is served. */
typedef struct ManageRules {
    bool reload; /* the list of models, one of it too */
    bool load;   /* models of a repository, by name */
    bool label;
} ManageRules;

typedef struct ServerContext {
    Repo *repo;
    Scheduler *scheduler;
    Pool *pool;
    Access *access;          /* NULL: everybody may do everything */
    struct Metrics *metrics; /* server/observe/metrics.h; NULL: nothing is counted */
    /* All metrics as Prometheus' text, to be freed; NULL: they are not offered. */
    Status (*metrics_text)(void *user, char **ret_text, size_t *ret_length);
    void *metrics_user;
    const char *metrics_path; /* TensorFlow Serving's, beside /metrics; NULL: not offered there */
    const char *name;         /* ServerMetadata.name */
    const char *version;      /* of inferd */
    bool strict_readiness;
    bool console; /* at / over HTTP */
    ManageRules manage;
    struct SharedMemory *shared_memory; /* server/shared_memory.h; NULL: not allowed */
    struct Settings *settings;          /* server/settings.h; NULL: nothing is traced */
    size_t header_limit_bytes;          /* of a request, apart from tensor payloads */
    size_t request_arena_bytes; /* budget of one request's arena: names, shapes, copied small
                                   payloads, typed tensors */
    /* any thread */
    MemoryGuard memory;
    Overload overload;
    AuditLog audit;
    atomic_bool draining;
    atomic_bool measuring; /* a network, for the console: one at a time */
} ServerContext;

/* A control request is names and flags: INVALID_ARGUMENT above header_limit_bytes. Thread: any. */
static inline Status server_check_control(const ServerContext *server, const Spans *message) {
    if (message->bytes <= server->header_limit_bytes)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT,
                        "the request has %zu bytes, at most %zu are allowed", message->bytes,
                        server->header_limit_bytes);
}
