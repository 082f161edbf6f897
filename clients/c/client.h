/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Unary gRPC calls from C: bytes in, bytes out. A Client has one or more connections to one server
 * and one completion queue, and belongs to one thread: calls are started, and their ends handled,
 * by whoever calls client_poll. The same code serves inferctl, the end-to-end tests and the load
 * generator, so that every measured server meets the same client.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"

#include <stdint.h>

typedef struct Client Client;

typedef struct ClientOptions {
    const char *target;       /* "127.0.0.1:8500", "unix:/run/inferd.sock" */
    size_t connections;       /* calls take turns over them; 0 means 1 */
    size_t max_message_bytes; /* of a reply; 0: 2 GiB - 1 */
    bool tls;                 /* implied by the files; alone: the system's CAs */
    /* PEM: who signs servers, and our own certificate with its key; NULL */
    const char *ca_file, *cert_file, *key_file;
    const char *token_file; /* its first line is sent as bearer token; NULL */
} ClientOptions;

/* Connects lazily; files are read here. INVALID_ARGUMENT for a target or file that cannot be
 * used. */
Status client_new(const ClientOptions *options, Client **ret_client);
/* Cancels what is outstanding and waits for it. */
void client_free(Client *client);
DEFINE_AUTO(Client, client_free);

/* A message to send, counted: one may be sent by many calls at once. */
typedef struct ClientMessage ClientMessage;
/* bytes are copied. */
Status client_message_new(const void *bytes, size_t length, ClientMessage **ret_message);
void client_message_free(ClientMessage *message);
DEFINE_AUTO(ClientMessage, client_message_free);

/* A reply's bytes, joined; freed with client_reply_deinit. */
typedef struct ClientReply {
    void *data;
    size_t bytes;
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
    bool want_reply;        /* join and hand over the reply's bytes */
    ClientDone done;        /* on the thread that polls */
    void *user;
} ClientCall;

Status client_start(Client *client, const ClientCall *call);
/* Handles what has ended until the deadline (monotonic ns), at least one event if any call is
 * outstanding and the deadline allows. Returns how many calls ended. */
size_t client_poll(Client *client, uint64_t deadline_ns);
size_t client_outstanding(const Client *client);

/* One call, waiting. Errors: the server's own status; UNAVAILABLE when it cannot be reached. */
Status client_unary(Client *client, const char *method, const void *request, size_t request_bytes,
                    uint64_t timeout_ns, ClientReply *ret_reply);
