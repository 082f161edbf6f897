/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The server's inside, shared by the files of this folder and by no other. */

#include "runtime/base/list.h"
#include "runtime/base/thread.h"
#include "server/rpc/core_compat.h"
#include "server/rpc/credentials.h"
#include "server/rpc/descriptor_index.h"
#include "server/rpc/listener.h"
#include "server/rpc/rpc_server.h"

/* One operation in flight: what grpc hands back as tag. Part of a longer-lived object. */
typedef struct RpcTag {
    void (*run)(void *user, bool ok); /* on the rpc thread */
    void *user;
} RpcTag;

typedef struct MethodState {
    /* fixed after start */
    RpcServer *server;
    const MethodRow *row; /* NULL: whatever nobody else serves */
    void *registered;
    const ActionRow *action; /* NULL: unknown */
    /* rpc thread */
    size_t typical_bytes; /* of recent requests: what admission reckons with */
} MethodState;

struct RpcServer {
    /* fixed after new */
    ServerContext *context;
    AdmissionLimits limits;
    grpc_server *server;
    grpc_completion_queue *queue;
    MethodState *methods;
    size_t method_count;
    MethodState unknown;
    CredentialsState credentials;
    DescriptorIndex *descriptors;
    int port;
    Listener *listener;                      /* NULL: the core listens */
    void *connection_takers[LISTENER_KINDS]; /* the core's, where it does not */
    int stopped_fd;                          /* eventfd */
    RpcTag stopped;
    Thread thread;
    bool started;
    /* main thread */
    bool stop_begun;
    /* rpc thread */
    bool submitted; /* since the last kick */
    /* any thread */
    atomic_bool stopping, retiring;
    atomic_size_t live_calls, reserved_bytes;
    /* under idle_mutex: Calls to be used again, the most recently used first, and how many are out
     */
    Mutex idle_mutex;
    Cond all_idle;
    ListNode idle_calls;
    size_t idle_count, calls_out;
    /* under stream_mutex: open streams, and each stream's own state */
    Mutex stream_mutex;
    ListNode streams;
};

/* loop.c: the rpc thread. */
void loop_run(void *server);
