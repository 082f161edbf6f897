/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The HTTP server's inside, shared by http_*.c. */

#include "runtime/base/log.h"
#include "runtime/base/thread.h"
#include "server/rest/http_exchange.h"
#include "server/access/peers.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <http_parser.h>

enum {
    HTTP_HEADER_BYTES_MAX = 32 << 10, /* request line and headers together */
    HTTP_PATH_BYTES_MAX = 8 << 10,
    HTTP_FIELD_BYTES_MAX = 160,
    HTTP_VALUE_BYTES_MAX = 9 << 10,    /* of a header we read: a token and its scheme */
    HTTP_DISCARD_BYTES_MAX = 64 << 10, /* a refused body is read to its end, if not longer */
};

/* A peer's patience with us is his; this is ours with him. */
#define HTTP_HEADER_NS UINT64_C(10000000000) /* for a whole head, from its first byte */
#define HTTP_IDLE_NS   UINT64_C(75000000000) /* between requests */
#define HTTP_BODY_NS   UINT64_C(5000000000)  /* head start of a body ... */
#define HTTP_BODY_RATE 1024                  /* ... which then has to keep up this many bytes/s */
#define HTTP_WRITE_NS  UINT64_C(30000000000) /* without any byte of a reply taken */
#define HTTP_LINGER_NS UINT64_C(2000000000)  /* for a refused peer to read why */

struct HttpServer {
    /* fixed after new */
    ServerContext *context;
    AdmissionLimits limits;
    Tls *tls; /* NULL: none */
    size_t max_connections;
    uint64_t request_timeout_ns;
    bool allow_cors, only_metrics;
    int port;
    int stopped_fd, wake_fd; /* eventfds */
    Peers *peers;            /* http thread only */
    struct event_base *base;
    struct evconnlistener *listener;
    struct event *answered_event, *sweep_event, *kick_event;
    Thread thread;
    bool started, closed;
    /* http thread */
    ListNode connections;
    uint64_t opened;                /* connections */
    atomic_size_t connection_count; /* changed here alone, read by any */
    atomic_uint_fast64_t refused_connections;
    bool listening, told_stopped;
    /* any thread */
    atomic_bool stopping, ending;
    atomic_size_t live, reserved_bytes;
    /* under mutex */
    Mutex mutex;
    Cond changed;      /* while ending: a reply has come, or the last exchange has gone */
    ListNode answered; /* exchanges with a reply */
    size_t exchanges;
};

typedef enum ConnectionState {
    CONNECTION_IDLE,   /* between requests */
    CONNECTION_HEAD,   /* the head is coming */
    CONNECTION_BODY,   /* the body is coming */
    CONNECTION_BUSY,   /* the reply is being made */
    CONNECTION_WRITE,  /* too much of it waits to be written */
    CONNECTION_LINGER, /* answered for the last time: what comes is thrown away */
} ConnectionState;

/* A head as it comes: there only meanwhile, since connections are many and mostly idle. */
typedef struct HttpHead {
    char path[HTTP_PATH_BYTES_MAX];
    size_t path_length;
    char field[HTTP_FIELD_BYTES_MAX], value[HTTP_VALUE_BYTES_MAX];
    size_t field_length, value_length;
    bool in_value;
    uint32_t opened; /* restrictions whose header has come */
    char *headers[HEADER_COUNT];
} HttpHead;

/* http thread only. */
struct HttpConnection {
    HttpServer *server;
    ListNode node; /* in HttpServer.connections */
    Peer *peer;
    uint64_t number; /* of all that were ever opened */
    struct bufferevent *bev;
    SSL *tls; /* NULL: bytes go over the socket as they are; bev's */
    http_parser parser;
    ConnectionState state;
    uint64_t deadline_ns;
    size_t unsent_bytes; /* when last looked at, and when that changed */
    uint64_t progress_ns;
    HttpExchange *exchange;
    uint64_t arrived_ns;
    bool close_after; /* the reply */
    bool in_read;     /* in the read callback: it goes on itself */
    HttpHead *head;   /* NULL: none is coming */
    int refused;      /* HTTP status of a head we do not take; 0 */
    const char *refused_why;
    Status refused_status;
};

/* http_connection.c */
void http_connection_open(HttpServer *server, evutil_socket_t socket, Peer *peer);
/* Frees it; a request in progress is cancelled. */
void http_connection_close(HttpConnection *connection);
/* Its exchange has a reply. */
void http_connection_answer(HttpConnection *connection, HttpExchange *exchange);
/* Time has passed, or the server stops. May close it. */
void http_connection_sweep(HttpConnection *connection, uint64_t now_ns);

/* http_exchange.c */
Status http_exchange_new(HttpConnection *connection, HttpExchange **ret_exchange);
size_t http_exchange_charge(HttpExchange *exchange, size_t bytes);
/* What there is of a reply in pieces; NULL: nothing. The caller's then. Thread: http. */
struct evbuffer *http_exchange_take(HttpExchange *exchange, bool *ret_ended);
/* The head of a reply into head. */
void http_reply_head(const HttpExchange *exchange, const HttpReply *reply, bool keep_alive,
                     struct evbuffer *head);

/* routes' end: what is done with a request that is there. */
void rest_dispatch(HttpExchange *exchange);
