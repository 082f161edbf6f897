/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * gRPC's listening sockets, where the core can adopt connections: bound here or inherited from
 * whoever started us, so that a restart need not close them. Connections are counted, all and by
 * address, and one that is too many is closed before the core hears of it.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"
#include "server/rpc/core_compat.h"

#include <stdint.h>

typedef struct Listener Listener;

/* How the core treats what comes in. */
typedef enum ListenerKind { LISTENER_NET, LISTENER_LOCAL, LISTENER_KINDS } ListenerKind;

typedef struct ListenerOptions {
    /* as RpcOptions.addresses; those of LISTENER_NET are passed by where a socket is inherited */
    const char *const *addresses;
    size_t address_count;
    int inherited_fd; /* listens already; taken; 0 or less: none */
    bool reuse_port;
    size_t max_connections, max_peer_connections; /* 0: no limit of all */
    uint64_t user_timeout_ns; /* after which unacknowledged bytes end a connection */
    grpc_server *server;      /* told to send GOAWAYs; lent */
} ListenerOptions;

/* Binds; nothing is accepted before listener_start. Errors: UNAVAILABLE names the address. Thread:
 * main, as all that follows. */
Status listener_new(const ListenerOptions *options, Listener **ret_listener);
/* @handlers  of each kind: core_adopt's; read from then on */
Status listener_start(Listener *listener, void *const handlers[LISTENER_KINDS]);
/* Of the first address with a port; 0. */
int listener_port(const Listener *listener);

/* Accepts no more, then tells connections to go away until there are none. What a socket of our own
 * had waiting is still accepted; what an inherited one has waiting is somebody else's. */
void listener_retire(Listener *listener);
/* Becomes readable when the last connection has gone after listener_retire. */
int listener_gone_fd(const Listener *listener);
/* Accepts no more; when it returns, the core is given no more connections. */
void listener_stop(Listener *listener);
/* Stops it if need be. NULL is fine. */
void listener_free(Listener *listener);
DEFINE_AUTO(Listener, listener_free);

typedef struct ListenerCounts {
    size_t connections;
    uint64_t accepted, refused_all, refused_peer, failed;
} ListenerCounts;
/* Thread: any. */
ListenerCounts listener_counts(const Listener *listener);
