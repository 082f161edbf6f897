/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Of a head only what means something is kept; the rest passes by. Whether a request is taken is
 * decided here, before its body is read: framing, length, route, then the same admission that gRPC
 * has. A refusal is answered in the words of the protocol that the path belongs to. Thread: http.
 */

#include "server/rest/http_head.h"

#include "runtime/base/size.h"
#include "server/rest/http_encoding.h"
#include "server/rest/http_status.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

static const char *const NAMES[HEADER_COUNT] = {
    [HEADER_ACCEPT_ENCODING] = "accept-encoding",
    [HEADER_AUTHORIZATION] = "authorization",
    [HEADER_CONTENT_ENCODING] = "content-encoding",
    [HEADER_EXPECT] = "expect",
    [HEADER_HOST] = "host",
    [HEADER_INFERENCE_LENGTH] = "inference-header-content-length",
    [HEADER_ORIGIN] = "origin",
    [HEADER_TRACEPARENT] = "traceparent",
};

void http_head_refuse(HttpConnection *connection, int code, const char *why) {
    if (connection->refused)
        return;
    connection->refused = code;
    connection->refused_why = why;
}

static void free_head(HttpConnection *connection) {
    HttpHead *head = connection->head;
    if (!head)
        return;
    for (size_t i = 0; i < HEADER_COUNT; i++)
        free(head->headers[i]);
    free(head);
    connection->head = NULL;
}

void http_head_reset(HttpConnection *connection) {
    free_head(connection);
    connection->refused = 0;
    connection->refused_why = NULL;
}

bool http_head_begin(HttpConnection *connection) {
    http_head_reset(connection);
    connection->head = malloc(sizeof *connection->head);
    connection->refused_status = status_ok();
    if (!connection->head)
        return false;
    HttpHead *head = connection->head;
    head->path_length = head->field_length = head->value_length = 0;
    head->in_value = false;
    head->opened = 0;
    memset(head->headers, 0, sizeof head->headers);
    return true;
}

int http_head_path(http_parser *parser, const char *at, size_t bytes) {
    HttpConnection *connection = parser->data;
    HttpHead *head = connection->head;
    if (bytes > sizeof head->path - 1 - head->path_length) {
        http_head_refuse(connection, 414, "the path is too long");
        return 0;
    }
    memcpy(head->path + head->path_length, at, bytes);
    head->path_length += bytes;
    return 0;
}

/* A field and its value are whole. */
static void keep_header(HttpConnection *connection) {
    HttpHead *head = connection->head;
    const Access *access = connection->server->context->access;
    if (!head->in_value)
        return;
    head->in_value = false;
    head->value[head->value_length] = '\0';
    if (access)
        head->opened |=
            access_opened(access, ACCESS_HTTP, (StringView){ head->field, head->field_length },
                          (StringView){ head->value, head->value_length });
    for (size_t i = 0; i < HEADER_COUNT; i++) {
        if (strlen(NAMES[i]) != head->field_length ||
            strncasecmp(NAMES[i], head->field, head->field_length) != 0)
            continue;
        bool once = i == HEADER_INFERENCE_LENGTH || i == HEADER_HOST || i == HEADER_AUTHORIZATION;
        if (head->headers[i] && once)
            http_head_refuse(connection, 400, "a header is given twice");
        free(head->headers[i]);
        head->headers[i] = strndup(head->value, head->value_length);
    }
    head->field_length = head->value_length = 0;
}

int http_head_field(http_parser *parser, const char *at, size_t bytes) {
    HttpConnection *connection = parser->data;
    HttpHead *head = connection->head;
    if (!head)
        return 0; /* a trailer, behind a chunked body: none means anything to us */
    keep_header(connection);
    /* Longer than any we know: cut, and no longer equal to one. */
    size_t kept = MIN_OF(bytes, sizeof head->field - head->field_length);
    memcpy(head->field + head->field_length, at, kept);
    head->field_length += kept;
    return 0;
}

int http_head_value(http_parser *parser, const char *at, size_t bytes) {
    HttpConnection *connection = parser->data;
    HttpHead *head = connection->head;
    if (!head)
        return 0;
    size_t room = sizeof head->value - 1 - head->value_length;
    size_t kept = MIN_OF(bytes, room); /* one of ours that is cut there makes no sense either */
    head->in_value = true;
    memcpy(head->value + head->value_length, at, kept);
    head->value_length += kept;
    return 0;
}

/* --- the whole head --- */

static const char *keep_text(HttpExchange *exchange, const char *text, size_t length) {
    const char *kept = arena_strndup(exchange->arena, text, length);
    return kept ? kept : "";
}

static void check_framing(HttpConnection *connection, const HttpExchange *exchange) {
    const http_parser *parser = &connection->parser;
    const char *expect = exchange->headers[HEADER_EXPECT];
    size_t limit = connection->server->limits.max_message_bytes;
    bool is_new = parser->http_major == 1 && parser->http_minor >= 1;
    if (parser->http_major != 1)
        http_head_refuse(connection, 400, "this server speaks HTTP/1.1 only");
    if (is_new && !exchange->headers[HEADER_HOST])
        http_head_refuse(connection, 400, "an HTTP/1.1 request needs a Host header");
    if (expect && strcasecmp(expect, "100-continue") != 0)
        http_head_refuse(connection, 417, "the only expectation known is 100-continue");
    if (!(parser->flags & F_CHUNKED) && parser->content_length != ULLONG_MAX &&
        parser->content_length > limit)
        http_head_refuse(connection, 413, "the request body is above the limit");
    if (http_coding_find(exchange->headers[HEADER_CONTENT_ENCODING]) == CODING_UNKNOWN)
        http_head_refuse(connection, 415, "Content-Encoding may be gzip, deflate or identity");
}

/* Refuses in the words of the protocol that the path belongs to. */
static void refuse_with(HttpConnection *connection, const HttpExchange *exchange,
                        const Status *status) {
    StringView path = route_path(exchange->path, strlen(exchange->path));
    RestProtocol protocol = route_is_tensorflow(path) ? REST_TENSORFLOW : REST_INFERENCE;
    connection->refused_status = *status;
    http_head_refuse(connection, http_status_of(status->code, protocol),
                     connection->refused_status.message);
}

static void admit(HttpConnection *connection, HttpExchange *exchange) {
    static const AdmissionClass classes[] = {
        [ROUTE_PROBE] = ADMIT_PROBE, [ROUTE_CONTROL] = ADMIT_CONTROL, [ROUTE_INFER] = ADMIT_INFER
    };
    HttpServer *server = connection->server;
    const http_parser *parser = &connection->parser;
    bool announced = !(parser->flags & F_CHUNKED) && parser->content_length != ULLONG_MAX;
    AdmissionView view = {
        .class = exchange->match.row ? classes[exchange->match.row->class] : ADMIT_CONTROL,
        .live_calls = atomic_load(&server->live) - 1,
        .memory_full = memory_guard_is_full(&server->context->memory),
        .reserved_bytes = atomic_load(&server->reserved_bytes),
        .estimate_bytes = announced ? (size_t)parser->content_length : 0,
    };
    size_t reserve = 0;
    Status status = admission_decide(&server->limits, &view, &reserve);
    if (status_is_ok(&status) && view.class == ADMIT_INFER &&
        overload_is_on(&server->context->overload, exchange->arrived_ns))
        status = overload_decide(&server->context->overload, exchange->peer,
                                 http_exchange_deadline_ns(exchange), exchange->arrived_ns,
                                 &exchange->foreseen);
    if (status_is_ok(&status)) {
        http_exchange_charge(exchange, reserve);
        return;
    }
    refuse_with(connection, exchange, &status);
}

/* Who asks, and whether he may: action and model stand in the path. */
static void decide(HttpConnection *connection, HttpExchange *exchange, uint32_t opened) {
    Access *access = connection->server->context->access;
    const char *text = exchange->headers[HEADER_AUTHORIZATION];
    const RouteRow *row = exchange->match.row;
    StringView authorization = { .data = text ? text : "", .length = text ? strlen(text) : 0 };
    char certificate[TLS_NAME_BYTES] = "";
    if (!access)
        return;
    if (connection->tls && access_wants_certificate(access))
        tls_peer_name(connection->tls, certificate);
    caller_init(access, ACCESS_HTTP, &exchange->caller);
    exchange->caller.opened = opened;
    Status status =
        access_identify(access, authorization, certificate, exchange->arena, &exchange->caller);
    if (status_is_ok(&status))
        status = access_decide(access, &exchange->caller,
                               row ? action_of_route(row->pattern) : ACTION_UNKNOWN,
                               exchange->match.model);
    if (!status_is_ok(&status))
        refuse_with(connection, exchange, &status);
}

/* What the head said, to where it lives as long as the request. */
static uint32_t take_head(HttpConnection *connection, HttpExchange *exchange) {
    HttpHead *head = connection->head;
    exchange->path = "";
    if (!head)
        return 0;
    keep_header(connection);
    for (size_t i = 0; i < HEADER_COUNT; i++)
        if (head->headers[i])
            exchange->headers[i] = keep_text(exchange, head->headers[i], strlen(head->headers[i]));
    exchange->path = keep_text(exchange, head->path, head->path_length);
    uint32_t opened = head->opened;
    free_head(connection);
    return opened;
}

static Status find_route(HttpExchange *exchange, StringView path) {
    const HttpServer *server = exchange->server;
    const char *metrics_path = server->context->metrics_path;
    if (metrics_path && path.length == strlen(metrics_path) &&
        !memcmp(path.data, metrics_path, path.length))
        path =
            (StringView){ .data = METRICS_ROUTE.pattern, .length = strlen(METRICS_ROUTE.pattern) };
    return route_find(server->only_metrics ? &METRICS_ROUTE : ROUTES,
                      server->only_metrics ? 1 : ROUTE_COUNT, exchange->method, path,
                      exchange->arena, &exchange->match);
}

void http_head_finish(HttpConnection *connection, HttpExchange *exchange) {
    const http_parser *parser = &connection->parser;
    uint32_t opened = take_head(connection, exchange);
    exchange->method = http_method_str(parser->method);
    exchange->is_head = parser->method == HTTP_HEAD;
    exchange->is_old = parser->http_minor == 0;
    exchange->keep_alive = http_should_keep_alive(parser);
    exchange->is_compressed =
        http_coding_find(exchange->headers[HEADER_CONTENT_ENCODING]) != CODING_IDENTITY;
    StringView path = route_path(exchange->path, strlen(exchange->path));
    Status found = find_route(exchange, path);
    if (!status_is_ok(&found))
        http_head_refuse(connection, 400, "bad percent-encoding in the path");
    check_framing(connection, exchange);
    if (!connection->refused)
        admit(connection, exchange);
    if (!connection->refused)
        decide(connection, exchange, opened);
}

void http_head_answer_refused(HttpConnection *connection, HttpExchange *exchange) {
    http_exchange_refuse(exchange, connection->refused, connection->refused_why,
                         connection->refused_status.retry_ms);
}
