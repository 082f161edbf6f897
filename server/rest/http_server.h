/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * HTTP/1.1 on one port and one thread. Like the gRPC server it listens from start on, and stops in
 * steps: http_server_stop, wait on http_server_stopped_fd, http_server_close. Built without HTTP
 * (-Dhttp=disabled) http_server_new fails with UNIMPLEMENTED.
 */

#include "runtime/base/cleanup.h"
#include "server/access/tls.h"
#include "server/rpc/admission.h"
#include "server/server_context.h"

typedef struct HttpServer HttpServer;

typedef struct HttpOptions {
    const char *address; /* "0.0.0.0", "::1", "localhost" */
    int port;            /* 0: the kernel picks one */
    int inherited_fd;    /* a socket that listens, instead of the address; taken; 0 or less: none */
    bool reuse_port;
    Tls *tls;               /* NULL: none. Lent for the server's life. */
    AdmissionLimits limits; /* max_message_bytes: of a body, inflated or not */
    size_t max_connections, max_peer_connections; /* together, and of one address */
    uint64_t request_timeout_ns; /* of an inference, from its arrival; TIME_NEVER */
    bool allow_cors;
    bool only_metrics; /* GET /metrics and nothing else */
} HttpOptions;

/**
 * Binds the address; requests are not served before http_server_start.
 *
 * @options  lent for the call
 * @context  lent for the server's life
 *
 * Errors: INVALID_ARGUMENT (address), UNAVAILABLE (it cannot be bound; names it), UNIMPLEMENTED
 * Thread: main
 */
Status http_server_new(const HttpOptions *options, ServerContext *context, HttpServer **ret_server);
Status http_server_start(HttpServer *server);
int http_server_port(const HttpServer *server);

/* No new connections; idle ones are closed, others after their reply. Thread: main. NULL is fine,
 * for this and what follows. */
void http_server_stop(HttpServer *server);
/* Becomes readable when the last connection has gone after http_server_stop; -1 without server. */
int http_server_stopped_fd(const HttpServer *server);
/* Ends everything: requests in progress are cancelled and waited for. Thread: main. */
void http_server_close(HttpServer *server);
/* Closes it if that has not been done. Thread: main. */
void http_server_free(HttpServer *server);
DEFINE_AUTO(HttpServer, http_server_free);

/* Requests in progress. Thread: any. */
size_t http_server_live(const HttpServer *server);
typedef struct HttpCounts {
    size_t connections;
    uint64_t refused_connections; /* of addresses that had as many as they may */
} HttpCounts;
/* Thread: any. */
HttpCounts http_server_counts(HttpServer *server);
