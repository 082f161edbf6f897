/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Streams: who may send, and how they end. All states that decide it lie under the server's
 * stream_mutex (streams are few and their messages short), and the core is called with no lock
 * held: the role, once taken, needs none. A stream is in the server's list from its opening until
 * its `closed` operation came back, which holds a reference, so whoever finds it there can take
 * one.
 */

#include "server/rpc/stream.h"

#include <assert.h>

static const StreamMethod *stream_method(const Call *call) {
    return call->method->row->stream;
}

void stream_open(Call *call) {
    RpcServer *server = call->server;
    const StreamMethod *method = stream_method(call);
    Status status = method->open ? method->open(call) : status_ok();
    mutex_lock(&server->stream_mutex);
    list_push_back(&server->streams, &call->stream.node);
    mutex_unlock(&server->stream_mutex);
    if (!status_is_ok(&status))
        stream_finish(call, &status);
    else if (atomic_load(&server->stopping))
        stream_drain_all(server); /* who did it before may not have seen this one */
    call_receive(call);
}

void stream_message(Call *call, const Spans *message) {
    stream_method(call)->message(call, message);
}

/* The caller has the role and keeps it for good. */
static void send_status(Call *call) {
    Status status = call->stream.finish_status;
    call_record(call, &status, 0);
    grpc_op ops[2];
    size_t count = 0;
    if (!call->stream.headers_sent)
        ops[count++] = (grpc_op){ .op = GRPC_OP_SEND_INITIAL_METADATA };
    CallTrailer trailer;
    ops[count++] = call_status_op(&status, &trailer);
    call_start(call, ops, count, &call->finished);
    call_unref(call); /* the call's own */
    call_trailer_deinit(&trailer);
}

bool stream_try_claim(Call *call) {
    CallStream *stream = &call->stream;
    LOCKED(&call->server->stream_mutex);
    if (stream->busy) {
        stream->again = true;
        return false;
    }
    stream->busy = true;
    return true;
}

void stream_wake(Call *call) {
    if (stream_try_claim(call))
        stream_method(call)->wake(call);
}

typedef enum Rest { REST_FREE, REST_FINISH, REST_AGAIN } Rest;

static Rest let_go(Call *call) {
    CallStream *stream = &call->stream;
    LOCKED(&call->server->stream_mutex);
    assert(stream->busy);
    if (stream->closing)
        return REST_FINISH;
    if (stream->again && stream_method(call)->wake) {
        stream->again = false;
        return REST_AGAIN;
    }
    stream->busy = false;
    return REST_FREE;
}

/* true: the role is free now and the stream goes on. */
static bool rest(Call *call) {
    Rest next = let_go(call);
    if (next == REST_FINISH)
        send_status(call);
    else if (next == REST_AGAIN)
        stream_method(call)->wake(call); /* at most one deeper a change from outside */
    return next == REST_FREE;
}

void stream_rest(Call *call) {
    (void)rest(call);
}

/* Whether they have yet to be sent; now they are. Senders take turns, and the lock is what tells
 * one of the other. */
static bool take_headers(Call *call) {
    LOCKED(&call->server->stream_mutex);
    bool first = !call->stream.headers_sent;
    call->stream.headers_sent = true;
    return first;
}

void stream_write(Call *call, const WireReply *reply) {
    grpc_byte_buffer *message;
    Status status = slices_encode(reply, &message);
    if (!status_is_ok(&status)) {
        stream_finish(call, &status);
        stream_rest(call);
        return;
    }
    stream_write_buffer(call, message);
}

void stream_write_buffer(Call *call, grpc_byte_buffer *message) {
    grpc_op ops[2];
    size_t count = 0;
    if (take_headers(call))
        ops[count++] = (grpc_op){ .op = GRPC_OP_SEND_INITIAL_METADATA };
    ops[count] = (grpc_op){ .op = GRPC_OP_SEND_MESSAGE };
    ops[count++].data.send_message.send_message = message;
    call_start(call, ops, count, &call->written);
    grpc_byte_buffer_destroy(message); /* the shell */
}

void stream_written(Call *call, bool ok) {
    if (!ok) {
        Status gone = status_error(STATUS_CANCELLED, "the client is gone");
        stream_finish(call, &gone);
    }
    if (rest(call) && stream_method(call)->written)
        stream_method(call)->written(call);
}

void stream_finish(Call *call, const Status *status) {
    CallStream *stream = &call->stream;
    mutex_lock(&call->server->stream_mutex);
    bool first = !stream->closing;
    bool mine = first && !stream->busy;
    if (first)
        stream->finish_status = *status;
    stream->closing = true;
    stream->busy = stream->busy || mine;
    mutex_unlock(&call->server->stream_mutex);
    if (mine)
        send_status(call);
}

void stream_closed(Call *call) {
    RpcServer *server = call->server;
    mutex_lock(&server->stream_mutex);
    list_remove(&call->stream.node);
    mutex_unlock(&server->stream_mutex);
    Status gone = status_error(STATUS_CANCELLED, "the client is gone");
    stream_finish(call, &gone);
    if (stream_method(call)->gone)
        stream_method(call)->gone(call);
}

void stream_wake_all(RpcServer *server, const StreamMethod *method) {
    Call *chain = NULL;
    mutex_lock(&server->stream_mutex);
    LIST_FOR_EACH (node, &server->streams) {
        Call *call = LIST_ITEM(node, Call, stream.node);
        if (stream_method(call) != method)
            continue;
        if (call->stream.busy) {
            call->stream.again = true;
            continue;
        }
        call->stream.busy = true;
        call->stream.next = chain;
        chain = call_ref(call);
    }
    mutex_unlock(&server->stream_mutex);
    while (chain) {
        Call *call = chain;
        chain = call->stream.next;
        method->wake(call);
        call_unref(call);
    }
}

void stream_drain_all(RpcServer *server) {
    Status status = status_error(STATUS_UNAVAILABLE, "the server is shutting down");
    for (;;) {
        Call *open = NULL;
        mutex_lock(&server->stream_mutex);
        LIST_FOR_EACH (node, &server->streams) {
            Call *call = LIST_ITEM(node, Call, stream.node);
            if (open || call->stream.closing || call->stream.drained)
                continue;
            call->stream.drained = true;
            open = call_ref(call);
        }
        mutex_unlock(&server->stream_mutex);
        if (!open)
            return;
        if (stream_method(open)->drain)
            stream_method(open)->drain(open, &status);
        else
            stream_finish(open, &status);
        call_unref(open);
    }
}
