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
    [HEADER_CONTENT_ENCODING] = "content-encoding",
    [HEADER_EXPECT] = "expect",
    [HEADER_HOST] = "host",
    [HEADER_INFERENCE_LENGTH] = "inference-header-content-length",
    [HEADER_ORIGIN] = "origin",
};

void http_head_refuse(HttpConnection *connection, int code, const char *why) {
    if (connection->refused)
        return;
    connection->refused = code;
    connection->refused_why = why;
}

void http_head_reset(HttpConnection *connection) {
    for (size_t i = 0; i < HEADER_COUNT; i++) {
        free(connection->headers[i]);
        connection->headers[i] = NULL;
    }
    connection->path_length = connection->field_length = connection->value_length = 0;
    connection->in_value = false;
    connection->refused = 0;
    connection->refused_why = NULL;
}

int http_head_path(http_parser *parser, const char *at, size_t bytes) {
    HttpConnection *connection = parser->data;
    if (bytes > sizeof connection->path - 1 - connection->path_length) {
        http_head_refuse(connection, 414, "the path is too long");
        return 0;
    }
    memcpy(connection->path + connection->path_length, at, bytes);
    connection->path_length += bytes;
    return 0;
}

/* A field and its value are whole. */
static void keep_header(HttpConnection *connection) {
    if (!connection->in_value)
        return;
    connection->in_value = false;
    connection->value[connection->value_length] = '\0';
    for (size_t i = 0; i < HEADER_COUNT; i++) {
        if (strlen(NAMES[i]) != connection->field_length ||
            strncasecmp(NAMES[i], connection->field, connection->field_length) != 0)
            continue;
        if (connection->headers[i] && (i == HEADER_INFERENCE_LENGTH || i == HEADER_HOST))
            http_head_refuse(connection, 400, "a header is given twice");
        free(connection->headers[i]);
        connection->headers[i] = strndup(connection->value, connection->value_length);
    }
    connection->field_length = connection->value_length = 0;
}

int http_head_field(http_parser *parser, const char *at, size_t bytes) {
    HttpConnection *connection = parser->data;
    keep_header(connection);
    /* Longer than any we know: cut, and no longer equal to one. */
    size_t kept = MIN_OF(bytes, sizeof connection->field - connection->field_length);
    memcpy(connection->field + connection->field_length, at, kept);
    connection->field_length += kept;
    return 0;
}

int http_head_value(http_parser *parser, const char *at, size_t bytes) {
    HttpConnection *connection = parser->data;
    size_t room = sizeof connection->value - 1 - connection->value_length;
    size_t kept = MIN_OF(bytes, room); /* one of ours that is cut there makes no sense either */
    connection->in_value = true;
    memcpy(connection->value + connection->value_length, at, kept);
    connection->value_length += kept;
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
        .reserved_bytes = atomic_load(&server->reserved_bytes),
        .estimate_bytes = announced ? (size_t)parser->content_length : 0,
    };
    size_t reserve = 0;
    Status status = admission_decide(&server->limits, &view, &reserve);
    if (status_is_ok(&status)) {
        http_exchange_charge(exchange, reserve);
        return;
    }
    StringView path = route_path(exchange->path, strlen(exchange->path));
    connection->refused_status = status;
    http_head_refuse(
        connection,
        http_status_of(status.code, route_is_tensorflow(path) ? REST_TENSORFLOW : REST_INFERENCE),
        connection->refused_status.message);
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
    keep_header(connection);
    for (size_t i = 0; i < HEADER_COUNT; i++)
        if (connection->headers[i])
            exchange->headers[i] =
                keep_text(exchange, connection->headers[i], strlen(connection->headers[i]));
    exchange->path = keep_text(exchange, connection->path, connection->path_length);
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
}

void http_head_answer_refused(HttpConnection *connection, HttpExchange *exchange) {
    http_exchange_fail(exchange, connection->refused, connection->refused_why);
}
