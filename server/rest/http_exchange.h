/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One request and its reply. Counted: the connection holds a reference until the reply is on its
 * way, whoever works on it another. Made on the http thread when the headers are there; answered
 * once, by any thread, with http_exchange_reply, which pieces of a body may follow.
 */

#include "runtime/base/list.h"
#include "server/rest/http_server.h"
#include "server/rest/routes.h"
#include "server/wire/wire_reply.h"

#include <event2/buffer.h>

typedef struct HttpConnection HttpConnection;
typedef struct HttpExchange HttpExchange;

/* Headers that mean something to us. */
typedef enum HttpHeader {
    HEADER_ACCEPT_ENCODING,
    HEADER_AUTHORIZATION,
    HEADER_CONTENT_ENCODING,
    HEADER_EXPECT,
    HEADER_HOST,
    HEADER_INFERENCE_LENGTH, /* Inference-Header-Content-Length */
    HEADER_ORIGIN,
    HEADER_TRACEPARENT,
    HEADER_COUNT
} HttpHeader;

typedef struct HttpReply {
    int code;
    const char *content_type; /* static; NULL: application/json */
    struct evbuffer *body;    /* taken; NULL: empty */
    size_t json_bytes;        /* of a body that goes on with binary tensors; 0: it does not */
    const char *extra;        /* static header lines, each ended by CRLF; NULL */
    bool is_open;             /* the body comes in pieces: http_exchange_continue */
    const char *coding;       /* likewise: set by http_exchange_reply when it compresses */
    unsigned retry_ms;        /* when to try again; 0: not said */
} HttpReply;

struct HttpExchange {
    /* fixed once the body is there */
    HttpServer *server;
    RouteMatch match;
    Caller caller;             /* settled on the headers, where access is limited */
    const char *method, *path; /* as sent, for messages; in the arena */
    bool is_head, keep_alive;
    bool is_old;                       /* HTTP/1.0 */
    const char *headers[HEADER_COUNT]; /* in the arena; NULL: not sent */
    Arena *arena;
    uint64_t arrived_ns, peer, foreseen;
    char *body; /* a NUL follows */
    size_t body_bytes, body_capacity;
    bool is_compressed; /* Content-Encoding is not identity: not inflated yet */
    /* The client is gone. Thread: http. NULL: nothing to do. */
    void (*on_gone)(HttpExchange *exchange);
    void *user;
    /* http thread */
    HttpConnection *connection; /* NULL: gone */
    size_t reserved_bytes;
    bool head_sent; /* of a reply in pieces */
    /* whoever answers, then http */
    HttpReply reply;
    /* under the server's mutex */
    ListNode node;           /* in HttpServer.answered */
    struct evbuffer *pieces; /* what the connection has not taken; NULL: nothing */
    bool pieces_ended;
    /* any thread */
    atomic_uint references;
};

HttpExchange *http_exchange_ref(HttpExchange *exchange);
void http_exchange_unref(HttpExchange *exchange);

/* What a handler needs of its server; all fixed after start. */
ServerContext *http_exchange_context(const HttpExchange *exchange);
/* What its body may inflate to. */
size_t http_exchange_inflate_limit(const HttpExchange *exchange);
uint64_t http_exchange_deadline_ns(const HttpExchange *exchange);
/* overload_peer of its connection. */
uint64_t http_exchange_peer(const HttpExchange *exchange);
/* The exchange holds so many bytes more. RESOURCE_EXHAUSTED: too much for all together. Thread:
 * whoever works on it. */
Status http_exchange_grow(HttpExchange *exchange, size_t bytes);
/* An inference was queued: the scheduler is kicked when the loop has nothing better to do. Thread:
 * http. */
void http_exchange_submitted(HttpExchange *exchange);

/* The reply; its body is compressed here when client and size ask for it. Thread: any; once. */
void http_exchange_reply(HttpExchange *exchange, HttpReply reply);
/* More of a reply that is_open: the client has it as soon as it reads. The piece is taken; NULL:
 * none. Gives the bytes that wait for the client. Thread: any, one at a time; not after the last.
 */
size_t http_exchange_continue(HttpExchange *exchange, struct evbuffer *piece, bool is_last);
/* {"error": message}. */
void http_exchange_fail(HttpExchange *exchange, int code, const char *message);
void http_exchange_refuse(HttpExchange *exchange, int code, const char *message, unsigned retry_ms);
/* A text of JSON, copied. */
void http_exchange_json(HttpExchange *exchange, int code, const char *text, size_t length);
