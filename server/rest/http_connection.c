/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One connection: bytes to requests by http-parser, replies to bytes. A connection works on one
 * request at a time; what is pipelined behind it stays in the input buffer, so replies go out in
 * order and a client cannot queue more than that buffer holds. The head of a request decides
 * whether its body is read at all. Long bodies are read from the socket straight into place. A
 * client that closes, also its sending side alone, is gone, and what it asked for is cancelled.
 *
 *     IDLE -> HEAD -> BODY -> BUSY -> (WRITE) -> IDLE ...      refused, or the end: LINGER
 *
 * Thread: http.
 */

#include "server/rest/http_internal.h"

#include "runtime/base/size.h"
#include "server/rest/http_head.h"
#include "server/rest/http_status.h"

#include <event2/bufferevent_ssl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

enum {
    INPUT_BYTES_MAX = 256 << 10, /* what may be pipelined */
    UNSENT_BYTES_MAX = 1 << 20,  /* above it the next request waits */
    BODY_FIRST_BYTES = 64 << 10,
    BODY_READ_BYTES_MAX = 4 << 20, /* of one connection at a time */
    BODY_PADDING = 1,
};

static void read_more(HttpConnection *connection);

static uint64_t now(void) {
    return clock_now_ns(clock_monotonic());
}

/* --- the end of a connection --- */

static void drop_exchange(HttpConnection *connection) {
    HttpExchange *exchange = connection->exchange;
    if (!exchange)
        return;
    connection->exchange = NULL;
    exchange->connection = NULL;
    if (connection->state == CONNECTION_BUSY && exchange->on_gone)
        exchange->on_gone(exchange);
    http_exchange_unref(exchange);
}

void http_connection_close(HttpConnection *connection) {
    drop_exchange(connection);
    http_head_reset(connection);
    list_remove(&connection->node);
    connection->server->connection_count--;
    peers_release(connection->server->peers, connection->peer);
    bufferevent_free(connection->bev);
    free(connection);
}

/* Everything is written: the peer may read it before we are gone. */
static void linger(HttpConnection *connection) {
    connection->state = CONNECTION_LINGER;
    connection->deadline_ns = time_after(now(), HTTP_LINGER_NS);
    if (evbuffer_get_length(bufferevent_get_output(connection->bev)) > 0)
        return;
    if (connection->tls)
        (void)SSL_shutdown(connection->tls); /* our side's end, which tells it from a cut */
    (void)shutdown(bufferevent_getfd(connection->bev), SHUT_WR);
}

/* --- replies --- */

/* As much as the socket takes at once; the rest when it takes more. */
static void send_buffer(HttpConnection *connection, struct evbuffer *buffer) {
    struct evbuffer *output = bufferevent_get_output(connection->bev);
    if (evbuffer_get_length(output) == 0 && !connection->tls)
        (void)evbuffer_write(buffer, bufferevent_getfd(connection->bev));
    if (evbuffer_get_length(buffer) > 0) {
        bufferevent_write_buffer(connection->bev, buffer);
        connection->unsent_bytes = evbuffer_get_length(output);
        connection->progress_ns = now();
    }
}

static void next_request(HttpConnection *connection) {
    connection->state = CONNECTION_IDLE;
    connection->deadline_ns = time_after(now(), HTTP_IDLE_NS);
    http_parser_pause(&connection->parser, 0);
    if (!connection->in_read)
        read_more(connection);
}

static void send_reply(HttpConnection *connection, const HttpExchange *exchange, HttpReply *reply,
                       bool keep_alive) {
    struct evbuffer *buffer = evbuffer_new();
    if (!buffer) {
        connection->close_after = true;
        return;
    }
    http_reply_head(exchange, reply, keep_alive, buffer);
    if (reply->body && !exchange->is_head)
        evbuffer_add_buffer(buffer, reply->body);
    send_buffer(connection, buffer);
    evbuffer_free(buffer);
}

/* Its reply is on the way, whole. */
static void end_exchange(HttpConnection *connection, HttpExchange *exchange) {
    connection->exchange = NULL;
    exchange->connection = NULL;
    http_exchange_unref(exchange);
    if (connection->close_after)
        linger(connection);
    else if (evbuffer_get_length(bufferevent_get_output(connection->bev)) > UNSENT_BYTES_MAX)
        connection->state = CONNECTION_WRITE;
    else
        next_request(connection);
}

static void send_head(HttpConnection *connection, HttpExchange *exchange) {
    bool keep_alive = exchange->keep_alive && !connection->close_after &&
                      !atomic_load(&connection->server->stopping) &&
                      !(exchange->reply.is_open && exchange->is_old);
    connection->close_after = !keep_alive;
    send_reply(connection, exchange, &exchange->reply, keep_alive);
    exchange->head_sent = true;
}

/* What has come of a reply in pieces, as one chunk (of HTTP/1.0 the end of the connection is the
 * body's); the rest when the peer has taken this. An end that the maker of the pieces did not come
 * to means that nobody wants what he still does. */
static void send_pieces(HttpConnection *connection, HttpExchange *exchange) {
    if (evbuffer_get_length(bufferevent_get_output(connection->bev)) > UNSENT_BYTES_MAX)
        return;
    bool ended, is_chunked = !exchange->is_old;
    struct evbuffer *pieces = http_exchange_take(exchange, &ended);
    struct evbuffer *chunk = evbuffer_new();
    if (chunk && pieces && is_chunked)
        evbuffer_add_printf(chunk, "%zx\r\n", evbuffer_get_length(pieces));
    if (chunk && pieces)
        evbuffer_add_buffer(chunk, pieces);
    if (chunk && pieces && is_chunked)
        evbuffer_add(chunk, "\r\n", 2);
    if (chunk && ended && is_chunked)
        evbuffer_add(chunk, "0\r\n\r\n", 5);
    if (chunk)
        send_buffer(connection, chunk);
    connection->close_after = connection->close_after || !chunk;
    if (pieces)
        evbuffer_free(pieces);
    if (chunk)
        evbuffer_free(chunk);
    if (ended && exchange->on_gone)
        exchange->on_gone(exchange);
    if (ended || !chunk)
        end_exchange(connection, exchange);
}

void http_connection_answer(HttpConnection *connection, HttpExchange *exchange) {
    if (!exchange->head_sent)
        send_head(connection, exchange);
    if (exchange->reply.is_open)
        send_pieces(connection, exchange);
    else
        end_exchange(connection, exchange);
}

static void on_written(struct bufferevent *bev, void *user) {
    (void)bev;
    HttpConnection *connection = user;
    if (connection->state == CONNECTION_LINGER)
        linger(connection);
    else if (connection->state == CONNECTION_WRITE)
        next_request(connection);
    else if (connection->state == CONNECTION_BUSY && connection->exchange->head_sent)
        send_pieces(connection, connection->exchange);
}

/* --- what the parser finds --- */

static int on_begin(http_parser *parser) {
    HttpConnection *connection = parser->data;
    if (!http_head_begin(connection))
        return -1;
    connection->state = CONNECTION_HEAD;
    connection->arrived_ns = now();
    connection->deadline_ns = time_after(connection->arrived_ns, HTTP_HEADER_NS);
    return 0;
}

/* The head is refused: the reply comes now, and a body of any length is not waited for. */
static int refuse(HttpConnection *connection, HttpExchange *exchange) {
    const http_parser *parser = &connection->parser;
    bool has_body = (parser->flags & F_CHUNKED) ||
                    (parser->content_length != ULLONG_MAX && parser->content_length > 0);
    bool short_body = !(parser->flags & F_CHUNKED) && has_body &&
                      parser->content_length <= HTTP_DISCARD_BYTES_MAX &&
                      !exchange->headers[HEADER_EXPECT];
    if (has_body && !short_body)
        connection->close_after = true;
    return has_body && !short_body ? -1 : 0;
}

static int on_head(http_parser *parser) {
    HttpConnection *connection = parser->data;
    HttpExchange *exchange;
    Status status = http_exchange_new(connection, &exchange);
    if (!status_is_ok(&status))
        return -1;
    connection->exchange = exchange;
    connection->state = CONNECTION_BODY;
    connection->deadline_ns = time_after(now(), HTTP_BODY_NS);
    http_head_finish(connection, exchange);
    if (connection->refused)
        return refuse(connection, exchange);
    const char *expect = exchange->headers[HEADER_EXPECT];
    if (expect && parser->http_minor > 0) {
        static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        bufferevent_write(connection->bev, go_on, sizeof go_on - 1);
    }
    return 0;
}

/* Room for bytes more; false: too long, or out of memory. */
static bool grow_body(HttpConnection *connection, size_t bytes) {
    HttpExchange *exchange = connection->exchange;
    size_t limit = connection->server->limits.max_message_bytes;
    uint64_t announced = connection->parser.content_length; /* what is still to come */
    size_t needed;
    if (!size_add(exchange->body_bytes, bytes, &needed) || needed > limit)
        return false;
    if (needed + BODY_PADDING <= exchange->body_capacity)
        return true;
    size_t capacity = MAX_OF(2 * exchange->body_capacity, (size_t)BODY_FIRST_BYTES);
    if (announced != ULLONG_MAX && announced < BODY_FIRST_BYTES)
        capacity = needed + (size_t)announced + BODY_PADDING;
    capacity = MAX_OF(MIN_OF(capacity, limit + BODY_PADDING), needed + BODY_PADDING);
    char *body = realloc(exchange->body, capacity);
    if (!body)
        return false;
    exchange->body = body;
    exchange->body_capacity = capacity;
    size_t charge = MAX_OF(capacity, exchange->reserved_bytes);
    if (http_exchange_charge(exchange, charge) <= connection->server->limits.max_bytes)
        return true;
    http_head_refuse(connection, 429, "too many bytes of requests are in progress; retry later");
    return false;
}

static int on_body(http_parser *parser, const char *at, size_t bytes) {
    HttpConnection *connection = parser->data;
    HttpExchange *exchange = connection->exchange;
    if (connection->refused)
        return 0;
    bool in_place = exchange->body && at == exchange->body + exchange->body_bytes;
    if (!in_place) {
        if (!grow_body(connection, bytes)) {
            http_head_refuse(connection, 413, "the request body is above the limit");
            connection->close_after = true;
            return -1;
        }
        memcpy(exchange->body + exchange->body_bytes, at, bytes);
    }
    exchange->body_bytes += bytes;
    uint64_t earned_ns = exchange->body_bytes * (NS_PER_S / HTTP_BODY_RATE);
    connection->deadline_ns =
        time_after(time_after(connection->arrived_ns, HTTP_BODY_NS), earned_ns);
    return 0;
}

/* The request is whole. The parser stops here until it has been answered. */
static int on_complete(http_parser *parser) {
    HttpConnection *connection = parser->data;
    connection->state = CONNECTION_BUSY;
    connection->deadline_ns = TIME_NEVER;
    http_parser_pause(parser, 1);
    return 0;
}

static const http_parser_settings SETTINGS = {
    .on_message_begin = on_begin,
    .on_url = http_head_path,
    .on_header_field = http_head_field,
    .on_header_value = http_head_value,
    .on_headers_complete = on_head,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

/* --- reading --- */

/* The exchange is whole or refused: it is answered, now or later. */
static void serve(HttpConnection *connection) {
    HttpExchange *exchange = connection->exchange;
    connection->state = CONNECTION_BUSY;
    connection->deadline_ns = TIME_NEVER;
    http_exchange_ref(exchange); /* of this call: the reply may come and go meanwhile */
    if (exchange->body)
        exchange->body[exchange->body_bytes] = '\0';
    if (connection->refused)
        http_head_answer_refused(connection, exchange);
    else
        rest_dispatch(exchange);
    http_exchange_unref(exchange);
}

/* What the parser stopped at is not HTTP, or not for us. */
static void fail(HttpConnection *connection, enum http_errno error) {
    connection->close_after = true;
    if (!connection->exchange) {
        HttpExchange *exchange;
        Status status = http_exchange_new(connection, &exchange);
        if (!status_is_ok(&status)) {
            linger(connection);
            return;
        }
        connection->exchange = exchange;
        http_head_finish(connection, exchange);
    }
    connection->exchange->keep_alive = false;
    if (!connection->refused)
        http_head_refuse(connection, error == HPE_HEADER_OVERFLOW ? 431 : 400,
                         http_errno_description(error));
    serve(connection);
}

/* Hands bytes to the parser; how many it took. */
static size_t parse(HttpConnection *connection, const char *data, size_t bytes) {
    http_parser *parser = &connection->parser;
    size_t used = http_parser_execute(parser, &SETTINGS, data, bytes);
    enum http_errno error = HTTP_PARSER_ERRNO(parser);
    if (parser->upgrade && error == HPE_OK)
        error = HPE_INVALID_METHOD; /* CONNECT: there is nothing to connect to */
    if (error == HPE_PAUSED)
        serve(connection);
    else if (error != HPE_OK)
        fail(connection, error);
    return used;
}

/* A long body, from the socket to where it belongs. */
static void read_body(HttpConnection *connection) {
    size_t together = 0;
    while (!connection->tls && connection->state == CONNECTION_BODY &&
           together < BODY_READ_BYTES_MAX) {
        HttpExchange *exchange = connection->exchange;
        uint64_t announced = connection->parser.content_length;
        if (connection->refused || (connection->parser.flags & F_CHUNKED) ||
            announced == ULLONG_MAX || announced < BODY_FIRST_BYTES)
            return;
        if (exchange->body_capacity - exchange->body_bytes <= BODY_FIRST_BYTES &&
            !grow_body(connection, BODY_FIRST_BYTES))
            return; /* on_body will say so */
        size_t room = exchange->body_capacity - exchange->body_bytes - BODY_PADDING;
        size_t most = announced < room ? (size_t)announced : room;
        char *at = exchange->body + exchange->body_bytes;
        ssize_t got = recv(bufferevent_getfd(connection->bev), at, most, MSG_DONTWAIT);
        if (got <= 0)
            return; /* nothing yet, or the end, which libevent will see as well */
        together += (size_t)got;
        parse(connection, at, (size_t)got);
    }
}

static bool wants_bytes(const HttpConnection *connection) {
    return connection->state == CONNECTION_IDLE || connection->state == CONNECTION_HEAD ||
           connection->state == CONNECTION_BODY;
}

/* As long as there is input and nothing to wait for. */
static void read_more(HttpConnection *connection) {
    struct evbuffer *input = bufferevent_get_input(connection->bev);
    connection->in_read = true;
    while (wants_bytes(connection) && evbuffer_get_length(input) > 0) {
        struct evbuffer_iovec piece;
        if (evbuffer_peek(input, -1, NULL, &piece, 1) < 1)
            break;
        size_t used = parse(connection, piece.iov_base, piece.iov_len);
        evbuffer_drain(input, used);
    }
    if (connection->state == CONNECTION_BODY)
        read_body(connection);
    if (connection->state == CONNECTION_LINGER)
        evbuffer_drain(input, evbuffer_get_length(input));
    connection->in_read = false;
}

static void on_readable(struct bufferevent *bev, void *user) {
    (void)bev;
    read_more(user);
}

static void on_event(struct bufferevent *bev, short what, void *user) {
    (void)bev;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        http_connection_close(user);
}

/* --- time --- */

static bool is_stuck(HttpConnection *connection, uint64_t now_ns) {
    size_t unsent = evbuffer_get_length(bufferevent_get_output(connection->bev));
    if (unsent == 0 || unsent != connection->unsent_bytes) {
        connection->unsent_bytes = unsent;
        connection->progress_ns = now_ns;
        return false;
    }
    return now_ns > time_after(connection->progress_ns, HTTP_WRITE_NS);
}

void http_connection_sweep(HttpConnection *connection, uint64_t now_ns) {
    bool stopping = atomic_load(&connection->server->stopping);
    bool late = now_ns >= connection->deadline_ns;
    if (is_stuck(connection, now_ns) ||
        (late && connection->state == CONNECTION_LINGER && connection->unsent_bytes == 0) ||
        ((late || stopping) && connection->state == CONNECTION_IDLE)) {
        http_connection_close(connection);
    } else if (late &&
               (connection->state == CONNECTION_HEAD || connection->state == CONNECTION_BODY)) {
        http_head_refuse(connection, 408, "the request did not come in time");
        fail(connection, HPE_OK);
    }
}

/* What is current at this moment is what the connection has for its life. */
static struct bufferevent *open_tls(HttpServer *server, evutil_socket_t socket, SSL **ret_tls) {
    const TlsMaterial *material = tls_acquire(server->tls);
    SSL *tls = SSL_new(material->context);
    tls_release(material);
    struct bufferevent *bev =
        tls ? bufferevent_openssl_socket_new(server->base, socket, tls, BUFFEREVENT_SSL_ACCEPTING,
                                             BEV_OPT_CLOSE_ON_FREE)
            : NULL;
    if (!bev) {
        SSL_free(tls);
        return NULL;
    }
    bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    *ret_tls = tls;
    return bev;
}

static struct bufferevent *open_plain(HttpServer *server, evutil_socket_t socket) {
    return bufferevent_socket_new(server->base, socket, BEV_OPT_CLOSE_ON_FREE);
}

void http_connection_open(HttpServer *server, evutil_socket_t socket, Peer *peer) {
    SSL *tls = NULL;
    HttpConnection *connection = calloc(1, sizeof *connection);
    struct bufferevent *bev = NULL;
    if (connection)
        bev = server->tls ? open_tls(server, socket, &tls) : open_plain(server, socket);
    if (!bev) {
        free(connection);
        peers_release(server->peers, peer);
        evutil_closesocket(socket);
        return;
    }
    connection->server = server;
    connection->peer = peer;
    connection->number = ++server->opened;
    connection->bev = bev;
    connection->tls = tls;
    http_parser_init(&connection->parser, HTTP_REQUEST);
    connection->parser.data = connection;
    connection->deadline_ns = time_after(now(), HTTP_HEADER_NS);
    list_push_back(&server->connections, &connection->node);
    server->connection_count++;
    bufferevent_setcb(bev, on_readable, on_written, on_event, connection);
    bufferevent_setwatermark(bev, EV_READ, 0, INPUT_BYTES_MAX);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
}
