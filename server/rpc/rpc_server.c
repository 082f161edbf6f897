/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Setting up the core, and taking it down again. Order matters and the core aborts on mistakes:
 * queue and methods before start, slots after; the shutdown tag before destroy; the queue drained
 * to its end before it is destroyed, and the server before the queue. Thread: main, but for
 * rpc_server_health_changed.
 */

#include "server/rpc/rpc_server.h"

#include "proto/descriptor_set.h"
#include "runtime/base/log.h"
#include "runtime/base/size.h"
#include "server/rpc/channel_args.h"
#include "server/rpc/core_adopt.h"
#include "server/rpc/stream.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Few: the core of Debian searches them linearly on every operation. They are posted again at once.
 */
static const struct {
    MethodKind kind;
    size_t slots;
} SLOTS[] = {
    { METHOD_UNARY, 4 }, { METHOD_INFER, 24 }, { METHOD_LATER, 2 }, { METHOD_STREAM, 2 }
};
enum { UNKNOWN_SLOTS = 4 };

static void on_stopped(void *user, bool ok) {
    (void)ok;
    RpcServer *server = user;
    uint64_t one = 1;
    if (write(server->stopped_fd, &one, sizeof one) != sizeof one)
        log_event(LOG_ERROR, "stop_signal_lost", "descriptor=%d", server->stopped_fd);
}

static Status register_methods(RpcServer *server, const RpcOptions *options) {
    server->methods = calloc(options->method_count, sizeof *server->methods);
    if (!server->methods)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    server->method_count = options->method_count;
    for (size_t i = 0; i < options->method_count; i++) {
        const MethodRow *row = &options->methods[i];
        MethodState *method = &server->methods[i];
        *method =
            (MethodState){ .server = server, .row = row, .action = action_row_find(row->path) };
        method->registered =
            grpc_server_register_method(server->server, row->path, NULL, GRPC_SRM_PAYLOAD_NONE, 0);
        if (!method->registered)
            return status_error(STATUS_INTERNAL, "method %s is there twice", row->path);
    }
    server->unknown = (MethodState){ .server = server };
    return status_ok();
}

/* Ports without a socket, one with TLS and one without; the sockets are our own. */
static Status bind_own(RpcServer *server, const RpcOptions *options) {
    for (size_t i = 0; i < LISTENER_KINDS; i++) {
        Tls *tls = i == LISTENER_NET ? options->tls : NULL;
        grpc_server_credentials *credentials = credentials_new(tls, &server->credentials);
        int good = grpc_server_add_http2_port(server->server, CHANNEL_ARG_TAKERS[i], credentials);
        grpc_server_credentials_release(credentials);
        if (!good)
            return status_error(STATUS_INTERNAL, "the core does not take connections");
    }
    ListenerOptions listener = { .addresses = options->addresses,
                                 .address_count = options->address_count,
                                 .inherited_fd = options->inherited_fd,
                                 .reuse_port = options->reuse_port,
                                 .max_connections = options->max_connections,
                                 .max_peer_connections = options->max_peer_connections,
                                 .user_timeout_ns = options->keepalive_timeout_ns,
                                 .server = server->server };
    TRY(listener_new(&listener, &server->listener));
    server->port = listener_port(server->listener);
    return status_ok();
}

static Status bind_addresses(RpcServer *server, const RpcOptions *options) {
    if (core_can_adopt())
        return bind_own(server, options);
    if (options->inherited_fd > 0)
        return status_error(STATUS_UNIMPLEMENTED,
                            "this gRPC core cannot use an inherited socket; build with "
                            "-Dgrpc=bundled");
    for (size_t i = 0; i < options->address_count; i++) {
        bool is_local = !strncmp(options->addresses[i], "unix", 4);
        grpc_server_credentials *credentials =
            credentials_new(is_local ? NULL : options->tls, &server->credentials);
        int port = grpc_server_add_http2_port(server->server, options->addresses[i], credentials);
        grpc_server_credentials_release(credentials);
        if (!port)
            return status_error(STATUS_UNAVAILABLE,
                                "cannot listen on %s: in use, not ours, or not an address",
                                options->addresses[i]);
        if (!server->port && !is_local)
            server->port = port;
    }
    return status_ok();
}

static Status create_core(RpcServer *server, const RpcOptions *options) {
    AUTO(channel_args_free) ChannelArgs *args = NULL;
    TRY(channel_args_new(options, server->connection_takers, &args));
    server->server = grpc_server_create(channel_args_get(args), NULL);
    server->queue = grpc_completion_queue_create_for_next(NULL);
    grpc_server_register_completion_queue(server->server, server->queue, NULL);
    return status_ok();
}

Status rpc_server_new(const RpcOptions *options, ServerContext *context, RpcServer **ret_server) {
    AUTO(rpc_server_free) RpcServer *server = calloc(1, sizeof *server);
    if (!server)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    server->context = context;
    server->limits = options->limits;
    server->stopped = (RpcTag){ on_stopped, server };
    mutex_init(&server->idle_mutex);
    cond_init(&server->all_idle);
    list_init(&server->idle_calls);
    mutex_init(&server->stream_mutex);
    list_init(&server->streams);
    server->stopped_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->stopped_fd < 0)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cannot make an event descriptor");
    TRY(descriptor_index_new(descriptor_set_bytes, descriptor_set_length, &server->descriptors));
    TRY(create_core(server, options));
    TRY(register_methods(server, options));
    TRY(bind_addresses(server, options));
    *ret_server = TAKE(server);
    return status_ok();
}

int rpc_server_port(const RpcServer *server) {
    return server->port;
}

static void post_slots(RpcServer *server) {
    for (size_t i = 0; i < server->method_count; i++)
        for (size_t k = 0; k < ARRAY_LENGTH(SLOTS); k++)
            for (size_t n = 0; SLOTS[k].kind == server->methods[i].row->kind && n < SLOTS[k].slots;
                 n++)
                call_post(&server->methods[i]);
    for (size_t n = 0; n < UNKNOWN_SLOTS; n++)
        call_post(&server->unknown);
}

Status rpc_server_start(RpcServer *server) {
    grpc_server_start(server->server);
    server->started = true;
    post_slots(server);
    TRY(thread_start(&server->thread, THREAD_RPC, "rpc", loop_run, server));
    return server->listener ? listener_start(server->listener, server->connection_takers)
                            : status_ok();
}

void rpc_server_health_changed(RpcServer *server) {
    stream_wake_all(server, &HEALTH_WATCH);
}

int rpc_server_retire(RpcServer *server) {
    if (!server->listener)
        return -1;
    atomic_store(&server->retiring, true);
    listener_retire(server->listener);
    stream_drain_all(server);
    return listener_gone_fd(server->listener);
}

void rpc_server_stop(RpcServer *server) {
    if (server->stop_begun)
        return;
    server->stop_begun = true;
    if (server->listener)
        listener_stop(server->listener);
    atomic_store(&server->stopping, true);
    grpc_server_shutdown_and_notify(server->server, server->queue, &server->stopped);
    stream_drain_all(server);
}

int rpc_server_stopped_fd(const RpcServer *server) {
    return server->stopped_fd;
}

void rpc_server_cancel_calls(RpcServer *server) {
    grpc_server_cancel_all_calls(server->server);
}

RpcCounts rpc_server_counts(RpcServer *server) {
    RpcCounts counts = {
        .live_calls = atomic_load(&server->live_calls),
        .reserved_bytes = atomic_load(&server->reserved_bytes),
    };
    if (!server->listener)
        return counts;
    ListenerCounts own = listener_counts(server->listener);
    counts.connections = own.connections;
    counts.accepted = own.accepted;
    counts.refused_all = own.refused_all;
    counts.refused_peer = own.refused_peer;
    return counts;
}

/* Without an rpc thread somebody has to hear that the server has stopped, and to empty the queue.
 */
static void drain_queue(RpcServer *server) {
    for (;;) {
        grpc_event event =
            grpc_completion_queue_next(server->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return;
        RpcTag *tag = event.tag;
        tag->run(tag->user, event.success);
    }
}

/* The core is done with a call when its connection is gone; we may still be working on it, and
 * would start its last operations. Only then may the queue be shut down. */
static void wait_idle(RpcServer *server) {
    LOCKED(&server->idle_mutex);
    while (server->calls_out)
        cond_wait(&server->all_idle, &server->idle_mutex);
}

static void wait_stopped(RpcServer *server) {
    rpc_server_stop(server);
    rpc_server_cancel_calls(server);
    if (server->thread.running) {
        uint64_t seen;
        struct pollfd wait = { .fd = server->stopped_fd, .events = POLLIN };
        while (read(server->stopped_fd, &seen, sizeof seen) != sizeof seen)
            (void)poll(&wait, 1, -1);
        wait_idle(server);
        grpc_completion_queue_shutdown(server->queue);
        thread_join(&server->thread);
        return;
    }
    grpc_completion_queue_shutdown(server->queue);
    drain_queue(server);
}

void rpc_server_close(RpcServer *server) {
    if (!server || !server->server)
        return;
    wait_stopped(server);
    listener_free(TAKE(server->listener));
    grpc_server_destroy(server->server);
    grpc_completion_queue_destroy(server->queue);
    server->server = NULL;
    server->queue = NULL;
}

void rpc_server_free(RpcServer *server) {
    if (!server)
        return;
    rpc_server_close(server);
    for (ListNode *node; (node = list_pop_front(&server->idle_calls));)
        call_free(LIST_ITEM(node, Call, node));
    if (server->stopped_fd >= 0)
        close(server->stopped_fd);
    mutex_deinit(&server->idle_mutex);
    cond_deinit(&server->all_idle);
    mutex_deinit(&server->stream_mutex);
    descriptor_index_free(server->descriptors);
    free(server->methods);
    free(server);
}
