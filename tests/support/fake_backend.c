/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * See fake_backend.h. One completion queue, one thread; a call is one batch: its answer, or, for
 * one that is held, the wait for its client to go. The body is not read.
 */

#include "tests/support/fake_backend.h"

#include "server/rpc/core_compat.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

typedef struct Call {
    grpc_call *call;
    grpc_call_details details;
    grpc_metadata_array metadata;
    int was_cancelled;
    bool is_answered;
} Call;

struct FakeBackend {
    const FakeReply *script;
    size_t count;
    grpc_server *server;
    grpc_completion_queue *queue;
    pthread_t thread;
    int port;
    atomic_size_t calls;
    _Atomic(const FakeReply *) always; /* NULL: the script */
};

static int SHUTDOWN_TAG;

static void die(const char *what) {
    fprintf(stderr, "fake_backend: %s\n", what);
    abort();
}

static void await_call(FakeBackend *backend) {
    Call *call = calloc(1, sizeof *call);
    if (!call)
        die("out of memory");
    grpc_call_details_init(&call->details);
    grpc_metadata_array_init(&call->metadata);
    if (grpc_server_request_call(backend->server, &call->call, &call->details, &call->metadata,
                                 backend->queue, backend->queue, call) != GRPC_CALL_OK)
        die("cannot request a call");
}

static void free_call(Call *call) {
    if (call->call)
        grpc_call_unref(call->call);
    grpc_call_details_destroy(&call->details);
    grpc_metadata_array_destroy(&call->metadata);
    free(call);
}

static void answer(Call *call, const FakeReply *reply) {
    grpc_slice details = grpc_slice_from_static_string(reply->code ? "as the script says" : "");
    grpc_slice body = grpc_slice_from_copied_string(reply->bytes ? reply->bytes : "");
    grpc_byte_buffer *message = grpc_raw_byte_buffer_create(&body, 1);
    grpc_metadata pushback = { .key = grpc_slice_from_static_string("grpc-retry-pushback-ms"),
                               .value = grpc_slice_from_static_string(
                                   reply->pushback ? reply->pushback : "") };
    grpc_op ops[4] = {
        { .op = GRPC_OP_RECV_CLOSE_ON_SERVER,
          .data.recv_close_on_server.cancelled = &call->was_cancelled },
        { .op = GRPC_OP_SEND_INITIAL_METADATA },
        { .op = GRPC_OP_SEND_STATUS_FROM_SERVER,
          .data.send_status_from_server = { .trailing_metadata_count = reply->pushback ? 1 : 0,
                                            .trailing_metadata = &pushback,
                                            .status = (grpc_status_code)reply->code,
                                            .status_details = &details } },
        { .op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = message },
    };
    size_t count = reply->hold ? 1 : reply->code ? 3 : 4;
    call->is_answered = true;
    if (grpc_call_start_batch(call->call, ops, count, call, NULL) != GRPC_CALL_OK)
        die("cannot answer");
    grpc_byte_buffer_destroy(message);
    grpc_slice_unref(body);
}

static void *serve(void *user) {
    FakeBackend *backend = user;
    for (;;) {
        grpc_event event =
            grpc_completion_queue_next(backend->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        Call *call = event.tag;
        if (event.tag == &SHUTDOWN_TAG) {
            grpc_completion_queue_shutdown(backend->queue);
        } else if (call->is_answered || !event.success) {
            free_call(call);
        } else {
            size_t number = atomic_fetch_add(&backend->calls, 1);
            const FakeReply *always = atomic_load(&backend->always);
            await_call(backend);
            answer(call, always                    ? always
                         : number < backend->count ? &backend->script[number]
                                                   : &backend->script[backend->count - 1]);
        }
    }
}

FakeBackend *fake_backend_start(const FakeReply *script, size_t count) {
    FakeBackend *backend = calloc(1, sizeof *backend);
    if (!backend)
        die("out of memory");
    grpc_init();
    backend->script = script;
    backend->count = count;
    backend->server = grpc_server_create(NULL, NULL);
    backend->queue = grpc_completion_queue_create_for_next(NULL);
    grpc_server_register_completion_queue(backend->server, backend->queue, NULL);
    grpc_server_credentials *credentials = grpc_insecure_server_credentials_create();
    backend->port = grpc_server_add_http2_port(backend->server, "127.0.0.1:0", credentials);
    grpc_server_credentials_release(credentials);
    grpc_server_start(backend->server);
    await_call(backend);
    if (backend->port == 0 || pthread_create(&backend->thread, NULL, serve, backend) != 0)
        die("cannot listen");
    return backend;
}

void fake_backend_free(FakeBackend *backend) {
    if (!backend)
        return;
    grpc_server_shutdown_and_notify(backend->server, backend->queue, &SHUTDOWN_TAG);
    grpc_server_cancel_all_calls(backend->server);
    pthread_join(backend->thread, NULL);
    grpc_server_destroy(backend->server);
    grpc_completion_queue_destroy(backend->queue);
    free(backend);
    grpc_shutdown();
}

void fake_backend_always(FakeBackend *backend, const FakeReply *reply) {
    atomic_store(&backend->always, reply);
}

int fake_backend_port(const FakeBackend *backend) {
    return backend->port;
}

size_t fake_backend_calls(const FakeBackend *backend) {
    return atomic_load(&backend->calls);
}
