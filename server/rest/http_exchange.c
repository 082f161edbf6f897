/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Exchanges, and how replies come back to the loop. libevent is built without locks here: only the
 * http thread touches its base and bufferevents. A worker makes a reply's evbuffer on its own,
 * puts the exchange on a list under the server's mutex and, if the list was empty, writes to an
 * eventfd that the loop waits for; on the http thread itself the event is activated without the
 * system call. The last reference may go on any thread.
 */

#include "server/rest/http_internal.h"

#include "runtime/base/size.h"
#include "server/observe/metrics.h"
#include "server/rest/http_encoding.h"
#include "server/rest/http_status.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_FIRST_BYTES = 4096, COMPRESS_LEAST_BYTES = 1024 };

Status http_exchange_new(HttpConnection *connection, HttpExchange **ret_exchange) {
    HttpServer *server = connection->server;
    AUTO(free) HttpExchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    TRY(arena_new(ARENA_FIRST_BYTES,
                  MAX_OF(server->context->request_arena_bytes, (size_t)ARENA_FIRST_BYTES),
                  &exchange->arena));
    exchange->server = server;
    exchange->connection = connection;
    exchange->arrived_ns = connection->arrived_ns;
    exchange->peer = overload_peer(&connection->number, sizeof connection->number);
    atomic_init(&exchange->references, 1);
    list_init(&exchange->node);
    atomic_fetch_add(&server->live, 1);
    mutex_lock(&server->mutex);
    server->exchanges++;
    mutex_unlock(&server->mutex);
    *ret_exchange = TAKE(exchange);
    return status_ok();
}

HttpExchange *http_exchange_ref(HttpExchange *exchange) {
    atomic_fetch_add_explicit(&exchange->references, 1, memory_order_relaxed);
    return exchange;
}

void http_exchange_unref(HttpExchange *exchange) {
    if (atomic_fetch_sub_explicit(&exchange->references, 1, memory_order_acq_rel) != 1)
        return;
    HttpServer *server = exchange->server;
    overload_arrived(&server->context->overload, exchange->foreseen);
    http_exchange_charge(exchange, 0);
    if (exchange->reply.body)
        evbuffer_free(exchange->reply.body);
    if (exchange->pieces)
        evbuffer_free(exchange->pieces);
    free(exchange->body);
    caller_deinit(&exchange->caller);
    arena_free(exchange->arena);
    free(exchange);
    atomic_fetch_sub(&server->live, 1);
    /* Under the lock to the end: whoever waits for the last one frees the server right after. */
    LOCKED(&server->mutex);
    if (--server->exchanges == 0)
        cond_signal(&server->changed);
}

size_t http_exchange_charge(HttpExchange *exchange, size_t bytes) {
    size_t change = bytes - exchange->reserved_bytes; /* may wrap: it is added */
    exchange->reserved_bytes = bytes;
    return atomic_fetch_add(&exchange->server->reserved_bytes, change) + change;
}

ServerContext *http_exchange_context(const HttpExchange *exchange) {
    return exchange->server->context;
}

size_t http_exchange_inflate_limit(const HttpExchange *exchange) {
    return admission_inflate_limit(&exchange->server->limits, exchange->body_bytes);
}

uint64_t http_exchange_deadline_ns(const HttpExchange *exchange) {
    return time_after(exchange->arrived_ns, exchange->server->request_timeout_ns);
}

uint64_t http_exchange_peer(const HttpExchange *exchange) {
    return exchange->peer;
}

Status http_exchange_grow(HttpExchange *exchange, size_t bytes) {
    enum { FREE_BYTES = 8192 }; /* what every exchange has */
    if (bytes <= FREE_BYTES)
        return status_ok();
    size_t together = http_exchange_charge(exchange, exchange->reserved_bytes + bytes);
    return admission_body(&exchange->server->limits, together, exchange->body_bytes);
}

void http_exchange_submitted(HttpExchange *exchange) {
    event_active(exchange->server->kick_event, EV_TIMEOUT, 0);
}

/* --- replies --- */

/* A body with binary tensors is compressed too; its JSON length is that before compression. */
static const char *compress_reply(HttpExchange *exchange, HttpReply *reply) {
    const char *accept = exchange->headers[HEADER_ACCEPT_ENCODING];
    if (!accept || !reply->body || evbuffer_get_length(reply->body) < COMPRESS_LEAST_BYTES)
        return NULL;
    HttpCoding coding = http_coding_choose(accept);
    struct evbuffer *smaller = coding == CODING_IDENTITY ? NULL : http_deflate(reply->body, coding);
    if (!smaller)
        return NULL;
    evbuffer_free(reply->body);
    reply->body = smaller;
    return coding == CODING_GZIP ? "Content-Encoding: gzip\r\n" : "Content-Encoding: deflate\r\n";
}

/* Onto the list, where it stands once; true: the loop has to be told. Called under the lock. */
static bool announce_locked(HttpServer *server, HttpExchange *exchange) {
    if (!list_is_empty(&exchange->node))
        return false;
    bool first = list_is_empty(&server->answered);
    http_exchange_ref(exchange); /* the list's */
    list_push_back(&server->answered, &exchange->node);
    if (atomic_load(&server->ending))
        cond_signal(&server->changed);
    return first;
}

static void tell_loop(HttpServer *server) {
    if (thread_role() == THREAD_HTTP) {
        event_active(server->answered_event, EV_READ, 0);
        return;
    }
    uint64_t one = 1;
    (void)!write(server->wake_fd, &one, sizeof one);
}

static void audit(const HttpExchange *exchange, const HttpReply *reply) {
    const RouteRow *row = exchange->match.row;
    const char *trace = exchange->headers[HEADER_TRACEPARENT];
    Action action = row ? action_of_route(row->pattern) : ACTION_UNKNOWN;
    bool sampled;
    if (!audit_wants(&exchange->server->context->audit, action, &sampled))
        return;
    AuditEntry entry = { .transport = "http",
                         .method = row ? row->pattern : NULL,
                         .action = action,
                         .caller = &exchange->caller,
                         .model = exchange->match.model,
                         .http_code = reply->code,
                         .arrived_ns = exchange->arrived_ns,
                         .request_bytes = exchange->body_bytes,
                         .reply_bytes = reply->body ? evbuffer_get_length(reply->body) : 0,
                         .traceparent = { trace ? trace : "", trace ? strlen(trace) : 0 } };
    audit_write(&entry, sampled);
}

void http_exchange_reply(HttpExchange *exchange, HttpReply reply) {
    HttpServer *server = exchange->server;
    reply.coding = compress_reply(exchange, &reply);
    exchange->reply = reply;
    metrics_record_http(server->context->metrics, reply.code);
    audit(exchange, &reply);
    if (reply.retry_ms)
        metrics_record_refusal(server->context->metrics, exchange->arrived_ns);
    bool first;
    {
        LOCKED(&server->mutex);
        first = announce_locked(server, exchange);
    }
    if (first)
        tell_loop(server);
}

size_t http_exchange_continue(HttpExchange *exchange, struct evbuffer *piece, bool is_last) {
    HttpServer *server = exchange->server;
    struct evbuffer *rest = piece;
    size_t waiting;
    bool first;
    {
        LOCKED(&server->mutex);
        if (piece && exchange->pieces)
            (void)evbuffer_add_buffer(exchange->pieces, piece); /* moves what it holds */
        else if (piece)
            exchange->pieces = TAKE(rest);
        exchange->pieces_ended = is_last;
        waiting = exchange->pieces ? evbuffer_get_length(exchange->pieces) : 0;
        first = announce_locked(server, exchange);
    }
    if (rest)
        evbuffer_free(rest);
    if (first)
        tell_loop(server);
    return waiting;
}

struct evbuffer *http_exchange_take(HttpExchange *exchange, bool *ret_ended) {
    LOCKED(&exchange->server->mutex);
    *ret_ended = exchange->pieces_ended;
    return TAKE(exchange->pieces);
}

void http_exchange_json(HttpExchange *exchange, int code, const char *text, size_t length) {
    struct evbuffer *body = evbuffer_new();
    if (body)
        evbuffer_add(body, text, length);
    http_exchange_reply(exchange, (HttpReply){ .code = code, .body = body });
}

void http_exchange_refuse(HttpExchange *exchange, int code, const char *message,
                          unsigned retry_ms) {
    json_t *object = json_pack("{s:s%}", "error", message, strlen(message));
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    struct evbuffer *body = text ? evbuffer_new() : NULL;
    if (body)
        evbuffer_add(body, text, strlen(text));
    http_exchange_reply(exchange, (HttpReply){ .code = code, .body = body, .retry_ms = retry_ms });
    free(text);
    json_decref(object);
}

void http_exchange_fail(HttpExchange *exchange, int code, const char *message) {
    http_exchange_refuse(exchange, code, message, 0);
}

void http_reply_head(const HttpExchange *exchange, const HttpReply *reply, bool keep_alive,
                     struct evbuffer *head) {
    size_t bytes = reply->body ? evbuffer_get_length(reply->body) : 0;
    const char *type = reply->content_type ? reply->content_type : "application/json";
    evbuffer_add_printf(head, "HTTP/1.1 %d %s\r\n", reply->code, http_status_text(reply->code));
    if (!reply->is_open)
        evbuffer_add_printf(head, "Content-Length: %zu\r\n", bytes);
    else if (!exchange->is_old)
        evbuffer_add(head, "Transfer-Encoding: chunked\r\n", 28);
    if (bytes > 0 || reply->is_open)
        evbuffer_add_printf(head, "Content-Type: %s\r\n", type);
    if (reply->json_bytes)
        evbuffer_add_printf(head, "Inference-Header-Content-Length: %zu\r\n", reply->json_bytes);
    const char *const extras[] = { reply->extra, reply->coding };
    for (size_t i = 0; i < ARRAY_LENGTH(extras); i++)
        if (extras[i])
            evbuffer_add(head, extras[i], strlen(extras[i]));
    static const char cors[] = "Access-Control-Allow-Origin: *\r\n"
                               "Access-Control-Allow-Methods: POST, GET\r\n"
                               "Access-Control-Allow-Headers: Content-Type\r\n";
    if (exchange->server->allow_cors)
        evbuffer_add(head, cors, sizeof cors - 1);
    if (reply->code == 401)
        evbuffer_add(head, "WWW-Authenticate: Bearer\r\n", 26);
    if (reply->retry_ms) /* in whole seconds, as HTTP has it */
        evbuffer_add_printf(head, "Retry-After: %u\r\n", (reply->retry_ms + 999) / 1000);
    if (!keep_alive)
        evbuffer_add(head, "Connection: close\r\n", 19);
    else if (exchange->is_old)
        evbuffer_add(head, "Connection: keep-alive\r\n", 24);
    evbuffer_add(head, "\r\n", 2);
}
