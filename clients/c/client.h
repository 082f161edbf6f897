/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Unary gRPC calls from C: bytes in, bytes out. A Client has one or more channels to one target,
 * which may be a name with many servers behind it, and one completion queue, and belongs to one
 * thread: calls are started, and their ends handled, by whoever calls client_poll. The same code
 * serves libinferd-client, inferctl, the end-to-end tests and the load generator, so that every
 * measured server meets the same client.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"

#include <stdint.h>

typedef struct Client Client;

typedef struct ClientOptions {
    /* "127.0.0.1:8500", "unix:/run/inferd.sock", "ipv4:192.0.2.1:8500,192.0.2.2:8500"; names are
     * resolved by c-ares: "models:8500", "dns://192.0.2.53/models:8500" asks that DNS server */
    const char *target;
    size_t connections;       /* calls take turns over them; 0 means 1 */
    size_t max_message_bytes; /* of a reply; 0: 2 GiB - 1 */
    bool tls;                 /* implied by the files; alone: the system's CAs */
    /* PEM: who signs servers, and our own certificate with its key; NULL */
    const char *ca_file, *cert_file, *key_file;
    const char *token_file; /* its first line is sent as bearer token; NULL */
    bool round_robin;       /* calls take turns over all addresses of the name, not the first */
    bool wait_for_ready;    /* a call waits for a server until its timeout; else it fails at once */
    /* At most so many times, 5 at most, in all is a call sent that failed with UNAVAILABLE:
     * after a growing, random delay, or the one that the server asked for. 0 and 1: once. */
    uint32_t attempts;
    /* More than 1: a call that is not answered after the delay is sent again, to the server whose
     * turn it is, while it goes on; the first answer counts. Instead of attempts. For calls that
     * change nothing. */
    uint32_t hedges;
    uint64_t hedge_delay_ns;
} ClientOptions;

enum { CLIENT_ATTEMPTS_MAX = 5 };

/* Connects lazily; files are read here. INVALID_ARGUMENT for a target or file that cannot be
 * used. */
Status client_new(const ClientOptions *options, Client **ret_client);
/* Cancels what is outstanding and waits for it. */
void client_free(Client *client);
DEFINE_AUTO(Client, client_free);

/* A message to send, counted: one may be sent by many calls at once. */
typedef struct ClientMessage ClientMessage;
/* Bytes of a message; without release they are copied, with it they are sent from where they lie,
 * and it is called when nothing needs them any more: perhaps after the call, on any thread. */
typedef struct ClientPiece {
    const void *data;
    size_t bytes;
    void (*release)(void *user);
    void *user;
} ClientPiece;
/* Nothing is released on failure. */
Status client_message_join(const ClientPiece *pieces, size_t count, ClientMessage **ret_message);
/* bytes are copied. */
Status client_message_new(const void *bytes, size_t length, ClientMessage **ret_message);
void client_message_free(ClientMessage *message);
DEFINE_AUTO(ClientMessage, client_message_free);

/* A reply's bytes in one piece; freed with client_reply_deinit, before the client. */
typedef struct ClientReply {
    const void *data;
    size_t bytes;
    struct grpc_byte_buffer *slices; /* holds data; or */
    void *memory;                    /* this does */
} ClientReply;
void client_reply_deinit(ClientReply *reply);
DEFINE_AUTO_VALUE(ClientReply, client_reply_deinit);

/**
 * How a call ended.
 *
 * @status  gRPC's code and details
 * @reply_bytes  length of the reply, 0 on failure
 * @reply  its bytes when the call asked for them; the callee may take them by zeroing the struct
 */
typedef void (*ClientDone)(void *user, const Status *status, size_t reply_bytes,
                           ClientReply *reply);

typedef struct ClientCall {
    const char *method;     /* "/package.Service/Method", static */
    ClientMessage *message; /* lent until the call was started */
    uint64_t timeout_ns;    /* TIME_NEVER: none */
    bool want_reply;        /* hand over the reply's bytes */
    bool may_hedge;         /* it changes nothing: may be sent more than once if options say so */
    ClientDone done;        /* on the thread that polls */
    void *user;
} ClientCall;

Status client_start(Client *client, const ClientCall *call);
/* Handles what has ended until the deadline (monotonic ns), at least one event if any call is
 * outstanding and the deadline allows. Returns how many calls ended. */
size_t client_poll(Client *client, uint64_t deadline_ns);
size_t client_outstanding(const Client *client);

/* One call, waiting; its done and user are not used. Errors: the server's own status; UNAVAILABLE
 * when it cannot be reached. */
Status client_call(Client *client, const ClientCall *call, ClientReply *ret_reply);
/* The same of bytes, which are copied. */
Status client_unary(Client *client, const char *method, const void *request, size_t request_bytes,
                    uint64_t timeout_ns, ClientReply *ret_reply);
