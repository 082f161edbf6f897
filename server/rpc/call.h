/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One RPC, from its arrival to the last operation that comes back. Counted: one reference per
 * operation in flight or task that works on it, and one of the call itself, which the closing
 * operation (call_finish) takes over. At zero the Call goes back to the server's list with its
 * arena.
 *
 *     arrived --admitted--> receive the message --> unary: serve, finish; later: begin ... finish
 *        \                                       \-> infer: decode, acquire, bind, submit ...
 * on_done --> encode, finish
 *         \--refused--> finish                    \-> stream: see stream.h
 *
 * Cancellation is a flag beside this, raised by an operation of its own that was started on
 * arrival.
 */

#include "server/control.h"
#include "server/infer.h"
#include "server/rpc/rpc_state.h"
#include "server/rpc/slices.h"

typedef struct InferStream InferStream; /* inference_stream.c */

typedef struct CallStream {
    /* under stream_mutex */
    ListNode node;     /* in RpcServer.streams */
    struct Call *next; /* in a chain of those to be woken */
    bool busy;    /* somebody has the sender's role: a write is in flight or is being decided on */
    bool again;   /* somebody wanted to wake it meanwhile */
    bool closing; /* to be finished with finish_status as soon as it is not busy */
    bool drained; /* it was told that the server stops */
    Status finish_status;
    /* who has the sender's role */
    bool headers_sent;
    /* the health service's own: under stream_mutex what is watched, with the sender's role what was
     * told last */
    StringView name;
    bool has_name;
    int last_sent;
    InferStream *infer; /* ModelStreamInfer's own; NULL before its first message */
} CallStream;

typedef struct Call {
    /* fixed after arrival */
    RpcServer *server;
    MethodState *method;
    grpc_call *call;
    grpc_call_details details; /* of unknown methods only */
    grpc_metadata_array metadata;
    gpr_timespec core_deadline;
    uint64_t deadline_ns; /* TIME_NEVER */
    uint64_t arrived_ns;
    Caller caller; /* settled on arrival, where access is limited */
    RpcTag arrived, closed, received, written, finished;

    /* any thread */
    atomic_uint references;

    /* rpc thread; a worker while it decodes or answers */
    Arena *arena;
    grpc_byte_buffer *message;
    void *inflated; /* the message's own bytes, when it came compressed */
    Spans request;
    size_t reserved_bytes;
    int cancelled;   /* written by the core before `closed` comes back */
    InferCall infer; /* its flags: any thread */
    ControlCall control;
    WireInfer wire;
    CallStream stream;
    ListNode node; /* in RpcServer.idle_calls */
} Call;

/* Posts a slot: a Call that waits for an RPC to this method. Thread: main before the rpc thread
 * starts, then rpc. */
void call_post(MethodState *method);
/* Frees a Call that is not in use. */
void call_free(Call *call);

Call *call_ref(Call *call);
void call_unref(Call *call);

/* Starts operations; a refusal by the core is a bug of ours and fatal. Takes a reference for the
 * tag. */
void call_start(Call *call, const grpc_op *ops, size_t count, RpcTag *tag);
/* Asks for the next message; `received` comes back. */
void call_receive(Call *call);

/**
 * The one way out: answers, gives back what the request held, counts. The caller's own reference is
 * gone afterwards.
 *
 * @status  lent
 * @reply   lent, may be NULL; sent when status is OK
 *
 * Thread: whoever works on the call: rpc or worker
 */
void call_finish(Call *call, const Status *status, const WireReply *reply);

/* A stream's way out ends here too: counts only. */
void call_record(Call *call, const Status *status, size_t reply_bytes);
/* What a status op points to; it must live until the batch is started. */
typedef struct CallTrailer {
    grpc_slice details;
    grpc_metadata pushback;
} CallTrailer;
/* The operation that sends the status, and when to try again. */
grpc_op call_status_op(const Status *status, CallTrailer *trailer);
void call_trailer_deinit(CallTrailer *trailer);
/* Charges the call with that many bytes instead of what it had; returns what all calls have then.
 */
size_t call_charge(Call *call, size_t bytes);
void call_release_message(Call *call);

/* overload_peer of its connection; 0: they cannot be told apart (Unix sockets). Costs a copy. */
uint64_t call_peer(const Call *call);

/* infer.c. The message is there: decodes it, here or on a worker, and submits it. The caller holds
 * a reference besides the call's own. Thread: rpc. */
void call_infer_start(Call *call);
/* The client is gone. Thread: rpc. */
void call_infer_cancel(Call *call);
