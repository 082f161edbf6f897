/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The gRPC server: one completion queue, one thread. It listens from rpc_server_start on, and
 * answers health and readiness truthfully while models load. An orderly stop is three steps, so
 * that main can watch for a second signal between them: rpc_server_stop, wait on
 * rpc_server_stopped_fd, rpc_server_free.
 */

#include "runtime/base/cleanup.h"
#include "server/access/tls.h"
#include "server/rpc/admission.h"
#include "server/rpc/method_table.h"

typedef struct RpcServer RpcServer;

typedef struct RpcOptions {
    const char *const
        *addresses; /* "0.0.0.0:8500" (port 0: the kernel picks one), "unix:/path"; at least one */
    size_t address_count;
    const MethodRow *methods;
    size_t method_count;
    AdmissionLimits limits;
    size_t core_memory_bytes; /* the core's resource quota: what it may buffer for all connections;
                                 0: no quota */
    size_t max_streams;       /* concurrent calls a connection may have */
    size_t max_connections;   /* where they can be counted; 0: no limit */
    size_t max_peer_connections; /* of one address, where we listen ourselves */
    int inherited_fd; /* a socket that listens, instead of the addresses that have a port; taken;
                         0 or less: none */
    uint64_t connection_idle_ns, connection_age_ns, connection_age_grace_ns; /* 0: none */
    uint64_t handshake_timeout_ns;
    uint64_t keepalive_time_ns, keepalive_timeout_ns;
    bool keepalive_without_calls;
    uint64_t max_pings_without_data, min_ping_interval_ms, max_ping_strikes;
    const char *reply_compression; /* "low", "medium", "high"; else or NULL: none */
    bool reuse_port;               /* several processes on one port */
    Tls *tls; /* of addresses with a port; NULL: none. Lent for the server's life. */
    /* "k=v,...": integers where they parse, else strings; set last; NULL */
    const char *channel_arguments;
} RpcOptions;

/**
 * Binds the addresses; calls are not served before rpc_server_start. core_init has been called.
 *
 * @options  lent for the call, but for methods, which are kept
 * @context  lent for the server's life
 *
 * Errors: INVALID_ARGUMENT (channel arguments), UNAVAILABLE (an address cannot be bound; names it)
 * Thread: main
 */
Status rpc_server_new(const RpcOptions *options, ServerContext *context, RpcServer **ret_server);
/* Ends everything: calls in progress are cancelled, threads that work on them waited for.
 * Afterwards rpc_server_health_changed has no effect, and only it, rpc_server_counts and
 * rpc_server_free may be called. Thread: main. */
void rpc_server_close(RpcServer *server);
/* Closes it if that has not been done. Thread: main. */
void rpc_server_free(RpcServer *server);
DEFINE_AUTO(RpcServer, rpc_server_free);

/* Of the first address with a port; 0 if there are only sockets. */
int rpc_server_port(const RpcServer *server);
Status rpc_server_start(RpcServer *server);

/* Readiness of something changed: Watch streams are told. Thread: any, no lock held. */
void rpc_server_health_changed(RpcServer *server);

/**
 * No new connections; those that are there are told to go, while their calls, also those that come
 * until they have heard it, are served. Streams are ended.
 *
 * Returns what becomes readable when all are gone; -1: this core cannot do it.
 * Thread: main
 */
int rpc_server_retire(RpcServer *server);
/* No new connections and calls; streams are ended; calls in progress go on. Thread: main. */
void rpc_server_stop(RpcServer *server);
/* Becomes readable when the last call has ended after rpc_server_stop. */
int rpc_server_stopped_fd(const RpcServer *server);
/* Ends what is in progress: its clients see CANCELLED or UNAVAILABLE. Thread: main, after
 * rpc_server_stop. */
void rpc_server_cancel_calls(RpcServer *server);

typedef struct RpcCounts {
    size_t live_calls, reserved_bytes; /* now */
    /* where we listen ourselves: now, ever, and closed unserved */
    uint64_t connections, accepted, refused_all, refused_peer;
} RpcCounts;
/* Thread: any. */
RpcCounts rpc_server_counts(RpcServer *server);
