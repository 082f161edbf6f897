/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A Client from inside: what client.c, hedge.c, message_bytes.c and stream.c share. */

#include "clients/c/client.h"
#include "clients/c/hedge_decide.h"
#include "runtime/base/list.h"

#include <grpc/grpc.h>

enum { METHODS_MAX = 32 };

struct ClientMessage {
    grpc_byte_buffer *buffer;
};

/* What a completion queue's tag points to. */
typedef struct ClientTag {
    void (*run)(struct ClientTag *tag, bool ok);
} ClientTag;

typedef struct Method {
    const char *path;
    void **handles; /* one a channel */
} Method;

struct Client {
    size_t channel_count, next_channel, outstanding, method_count;
    grpc_channel **channels;
    char *authorization; /* header; NULL */
    bool wait_for_ready;
    HedgePolicy hedge; /* attempts 1: none */
    HedgeBudget budget;
    grpc_completion_queue *queue;
    Method methods[METHODS_MAX];
    ListNode idle, busy; /* Call */
    ListNode hedges;     /* Hedge, all that are not free */
};

/* One RPC on the wire. */
typedef struct Call Call;
/* How it ended; pushback: what the server said of another attempt. */
typedef void (*CallEnded)(void *user, const Status *status, Pushback pushback, size_t reply_bytes,
                          ClientReply *reply);
typedef struct CallSpec {
    const char *method;
    grpc_byte_buffer *message; /* lent for the call of call_start */
    uint64_t deadline_ns;      /* monotonic; TIME_NEVER */
    bool want_reply;
    CallEnded ended;
    void *user;
} CallSpec;

Status call_start(Client *client, const CallSpec *spec, Call **ret_call);
void call_cancel(Call *call);

/* clock_monotonic's time in the core's own: newer cores count from another origin. */
gpr_timespec client_timespec(uint64_t deadline_ns);
/* The metadata that every call carries; room for one. Returns how many. */
size_t client_metadata(const Client *client, grpc_metadata *ret_metadata);
/* Text of a status that gRPC gave; OK for its OK. */
Status client_status(grpc_status_code code, grpc_slice details);
/* Takes the buffer. */
void client_reply_take(grpc_byte_buffer *buffer, ClientReply *ret_reply);

/* hedge.c */
Status hedge_start(Client *client, const ClientCall *spec);
/* Sends what is due; returns when the next is. */
uint64_t hedge_run_due(Client *client, uint64_t now_ns);
/* Ends those that wait for their next attempt; no other attempt is sent. */
void hedge_stop_all(Client *client);
