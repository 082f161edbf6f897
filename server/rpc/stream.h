/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Calls of many messages: one read and one write in flight at most. Reads are asked for by the
 * method when it has use for the next message, so a client that does not read its answers is not
 * read from either.
 *
 * Writes need the sender's role (CallStream.busy). Whoever gets it runs the method's `wake`, which
 * either writes (stream_write: the role stays with the write until it is done) or lets go
 * (stream_rest). That makes it safe to wake a stream from any thread: of several wakes that meet,
 * one runs and the others only ask for another round.
 */

#include "server/rpc/call.h"

struct StreamMethod {
    /* message takes call->message and its charge along; it may be compressed. */
    bool takes_messages;
    /* The stream begins; it ends with what this says, if not OK. Thread: rpc. May be NULL. */
    Status (*open)(Call *call);
    /* A message from the client, lent; NULL: it will send no more. Thread: rpc. */
    void (*message)(Call *call, const Spans *message);
    /* There may be something to write; the caller has the sender's role. Must end in stream_write
     * or stream_rest. Thread: any (rpc, or who called stream_wake). NULL: this stream is never
     * woken from outside. */
    void (*wake)(Call *call);
    /* A write is done and the role is free again. Thread: rpc. May be NULL. */
    void (*written)(Call *call);
    /* The server stops: the stream asks for no more, and ends with status once it has answered what
     * it has. Thread: main, rpc. NULL: it ends at once. */
    void (*drain)(Call *call, const Status *status);
    /* The stream has ended, one way or the other. Thread: rpc. May be NULL. */
    void (*gone)(Call *call);
    /* The last reference to the call is gone. Thread: any. May be NULL. */
    void (*release)(Call *call);
};

extern const StreamMethod HEALTH_WATCH; /* health.c */
extern const StreamMethod REFLECTION;   /* reflection.c */
extern const StreamMethod INFERENCE_STREAM;

/* For server/rpc/call.c: the life of a stream. Thread: rpc. */
void stream_open(Call *call);
void stream_message(Call *call, const Spans *message);
void stream_written(Call *call, bool ok); /* the caller holds a reference */
void stream_closed(Call *call);

/* Takes the role if it is free and runs wake; otherwise whoever has it will do so again. Thread:
 * any. */
void stream_wake(Call *call);
/* Wakes all streams of one method. Thread: any, no lock held. */
void stream_wake_all(RpcServer *server, const StreamMethod *method);
/* Sends reply (lent). The caller has the role and gives it to the write. */
void stream_write(Call *call, const WireReply *reply);
/* The same for bytes that are ready; the buffer is taken. */
void stream_write_buffer(Call *call, grpc_byte_buffer *message);
/* Gives the role back; runs wake again if that was asked for meanwhile. */
void stream_rest(Call *call);
/* The role, for methods that only answer what they read. false: somebody has it. */
bool stream_try_claim(Call *call);
/* Ends the stream as soon as nobody is sending; later calls have no effect. status is copied.
 * Thread: any. */
void stream_finish(Call *call, const Status *status);
/* The server stops. Thread: main, rpc. */
void stream_drain_all(RpcServer *server);
