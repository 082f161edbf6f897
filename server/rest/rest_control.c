/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is not an inference: dispatch, probes, listings, and control methods, which are those of
 * gRPC: the path becomes their request message, their answer becomes JSON. Thread: http; nothing
 * blocks.
 */

#include "runtime/base/size.h"
#include "server/rest/http_encoding.h"
#include "server/rest/json_message.h"
#include "server/rest/rest.h"
#include "server/wire/wire_version.h"
#include "server/wire/wire_writer.h"

#include "server/rest/http_internal.h"

#include <stdio.h>

enum { NAME = 1, VERSION = 2, READY = 2, SPEC = 1, SPEC_LABEL = 4, METADATA_FIELD = 2, VALUE = 1 };

void rest_fail(HttpExchange *exchange, const Status *status, RestProtocol protocol) {
    http_exchange_refuse(exchange, http_status_of(status->code, protocol), status->message,
                         status->retry_ms);
}

void rest_reply_document(HttpExchange *exchange, json_t *document) {
    char *text = document ? json_dumps(document, JSON_COMPACT) : NULL;
    if (text)
        http_exchange_json(exchange, 200, text, strlen(text));
    else
        http_exchange_fail(exchange, 500, "the answer cannot be written as JSON");
    free(text);
    json_decref(document);
}

static void reply_empty(HttpExchange *exchange, int code) {
    http_exchange_reply(exchange, (HttpReply){ .code = code });
}

/* --- dispatch --- */

static void answer_unrouted(HttpExchange *exchange) {
    StringView path = route_path(exchange->path, strlen(exchange->path));
    const char *origin = exchange->headers[HEADER_ORIGIN];
    if (!strcmp(exchange->method, "OPTIONS") && route_is_tensorflow(path)) {
        bool known = origin && (strstr(origin, "http://") || strstr(origin, "https://"));
        reply_empty(exchange, known ? 200 : 400);
    } else if (!strcmp(exchange->method, "OPTIONS") && exchange->match.wrong_method) {
        http_exchange_reply(
            exchange, (HttpReply){ .code = 200, .extra = "Allow: GET, HEAD, POST, OPTIONS\r\n" });
    } else if (route_is_tensorflow(path)) {
        Status status = status_error(STATUS_INVALID_ARGUMENT, "Malformed request: %s %s",
                                     exchange->method, exchange->path);
        rest_fail(exchange, &status, REST_TENSORFLOW);
    } else if (exchange->match.wrong_method) {
        http_exchange_fail(exchange, 405, "Method Not Allowed");
    } else {
        http_exchange_fail(exchange, 404, "Not Found");
    }
}

Status rest_inflate(HttpExchange *exchange) {
    char *body;
    size_t bytes;
    HttpCoding coding = http_coding_find(exchange->headers[HEADER_CONTENT_ENCODING]);
    TRY(http_inflate(exchange->body ? exchange->body : "", exchange->body_bytes, coding,
                     http_exchange_inflate_limit(exchange), &body, &bytes));
    free(exchange->body);
    exchange->body = body;
    exchange->body_bytes = bytes;
    exchange->is_compressed = false;
    return status_ok();
}

void rest_dispatch(HttpExchange *exchange) {
    const RouteRow *row = exchange->match.row;
    if (!row) {
        answer_unrouted(exchange);
        return;
    }
    size_t limit = http_exchange_context(exchange)->header_limit_bytes;
    if (row->class != ROUTE_INFER && (exchange->is_compressed || exchange->body_bytes > limit))
        http_exchange_fail(exchange, 413, "this request takes no body of that length or coding");
    else
        row->serve(exchange);
}

/* --- requests as messages --- */

Status rest_version(const HttpExchange *exchange, VersionChoice *ret_version) {
    StringView text = exchange->match.version;
    *ret_version = (VersionChoice){ .label = exchange->match.label };
    int64_t number = 0;
    for (size_t i = 0; i < text.length; i++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text.data[i] - '0', &number))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "Failed to convert version: %.*s to numeric.",
                                TEXT_ARGS(text_cut(text, 64)));
    ret_version->has_number = text.length > 0;
    ret_version->number = number;
    return status_ok();
}

/* { ModelSpec model_spec = 1; repeated string metadata_field = 2 } */
static Status write_tensorflow(HttpExchange *exchange, const RestControl *control, Span *ret_span) {
    static const char signature[] = "signature_def";
    VersionChoice version;
    TRY(rest_version(exchange, &version));
    StringView name = exchange->match.model, label = exchange->match.label;
    StringView field = { .data = signature,
                         .length = control->tensorflow_metadata ? sizeof signature - 1 : 0 };
    if (!control->tensorflow_metadata)
        label.length = 0; /* the status of a label is that of its model */
    size_t wrapped = version.has_number ? 1 + varint_bytes((uint64_t)version.number) : 0;
    size_t spec = text_bytes(NAME, name) + text_bytes(SPEC_LABEL, label) +
                  (version.has_number ? head_bytes(VERSION, wrapped) + wrapped : 0);
    size_t bytes = head_bytes(SPEC, spec) + spec + text_bytes(METADATA_FIELD, field);
    unsigned char *data = arena_alloc(exchange->arena, bytes);
    if (!data)
        return arena_exhausted(exchange->arena);
    unsigned char *at = put_text(put_head(data, SPEC, spec), NAME, name);
    if (version.has_number)
        at = put_varint(put_varint(put_head(at, VERSION, wrapped), wire_key(VALUE, 0)),
                        (uint64_t)version.number);
    put_text(put_text(at, SPEC_LABEL, label), METADATA_FIELD, field);
    *ret_span = (Span){ data, bytes };
    return status_ok();
}

/* { string name = 1; string version = 2 }, or of the index { bool ready = 2 } */
static Status write_inference(HttpExchange *exchange, const RestControl *control, Span *ret_span) {
    StringView name = exchange->match.model, version = exchange->match.version;
    int64_t ready = 0;
    if (control->only && exchange->body_bytes > 0) {
        json_t *document = json_loadb(exchange->body, exchange->body_bytes, 0, NULL);
        bool good = json_is_object(document);
        ready = json_is_true(json_object_get(document, "ready"));
        json_decref(document);
        if (!good)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "failed to parse the request JSON buffer: expected an object");
    }
    size_t bytes = text_bytes(NAME, name) + text_bytes(VERSION, version) +
                   number_bytes(READY, (uint64_t)ready);
    unsigned char *data = arena_alloc(exchange->arena, bytes);
    if (!data)
        return arena_exhausted(exchange->arena);
    put_number(put_text(put_text(data, NAME, name), VERSION, version), READY, (uint64_t)ready);
    *ret_span = (Span){ data, bytes };
    return status_ok();
}

/* The pieces of an answer in one. */
static Status join(const WireReply *reply, Arena *arena, Span *ret_span) {
    unsigned char *data = arena_alloc(arena, reply->bytes), *at = data;
    if (!data)
        return arena_exhausted(arena);
    for (size_t i = 0; i < reply->count; i++) {
        memcpy(at, reply->pieces[i].data, reply->pieces[i].bytes);
        at += reply->pieces[i].bytes;
    }
    *ret_span = (Span){ data, reply->bytes };
    return status_ok();
}

static Status ask(HttpExchange *exchange, const RestControl *control, json_t **ret_document) {
    Span request, answer;
    if (control->write)
        TRY(control->write(exchange, &request));
    else if (control->protocol == REST_TENSORFLOW)
        TRY(write_tensorflow(exchange, control, &request));
    else
        TRY(write_inference(exchange, control, &request));
    Spans spans = { .items = &request, .count = 1, .bytes = request.bytes };
    WireReply reply;
    wire_reply_init(&reply, exchange->arena);
    TRY(control->serve(http_exchange_context(exchange), &spans, exchange->arena, &reply));
    TRY(join(&reply, exchange->arena, &answer));
    if (control->is_empty)
        return status_ok();
    ProtobufCMessage *message =
        protobuf_c_message_unpack(control->answer, NULL, answer.bytes, answer.data);
    if (!message)
        return status_error(STATUS_INTERNAL, "the answer cannot be read back");
    JsonMessageStyle style = { .int64_as_text = control->protocol == REST_TENSORFLOW,
                               .all_fields = control->all_fields };
    *ret_document = json_of_message(message, style);
    protobuf_c_message_free_unpacked(message, NULL);
    return status_ok();
}

void rest_control(HttpExchange *exchange) {
    const RestControl *control = exchange->match.row->argument;
    json_t *document = NULL;
    Status status = ask(exchange, control, &document);
    if (!status_is_ok(&status)) {
        rest_fail(exchange, &status, control->protocol);
        return;
    }
    if (control->is_empty) {
        reply_empty(exchange, 200);
        return;
    }
    if (control->shape && document)
        document = control->shape(document);
    if (control->only) {
        json_t *part = json_object_get(document, control->only);
        part = part ? json_incref(part) : json_array();
        json_decref(document);
        document = part;
    }
    rest_reply_document(exchange, document);
}

/* --- listings and probes --- */

void rest_models(HttpExchange *exchange) {
    const char **names = NULL;
    size_t count = 0;
    bool tensorflow =
        route_is_tensorflow((StringView){ .data = exchange->match.row->argument, .length = 3 });
    Status status =
        repo_model_names(http_exchange_context(exchange)->repo, exchange->arena, &names, &count);
    if (!status_is_ok(&status)) {
        rest_fail(exchange, &status, tensorflow ? REST_TENSORFLOW : REST_INFERENCE);
        return;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, tensorflow ? json_pack("{s:s}", "name", names[i])
                                               : json_string(names[i]));
    rest_reply_document(exchange, json_pack("{s:o}", "models", list));
}

static void free_page(const void *data, size_t bytes, void *user) {
    (void)data, (void)bytes;
    free(user);
}

void rest_metrics(HttpExchange *exchange) {
    ServerContext *server = http_exchange_context(exchange);
    char *text = NULL;
    size_t length = 0;
    if (!server->metrics_text) {
        http_exchange_fail(exchange, 404, "Not Found");
        return;
    }
    Status status = server->metrics_text(server->metrics_user, &text, &length);
    struct evbuffer *body = status_is_ok(&status) ? evbuffer_new() : NULL;
    if (!body || evbuffer_add_reference(body, text, length, free_page, text)) {
        if (body)
            evbuffer_free(body);
        free(text);
        http_exchange_fail(exchange, 503, status.message);
        return;
    }
    http_exchange_reply(exchange,
                        (HttpReply){ .code = 200,
                                     .content_type = "text/plain; version=0.0.4; charset=utf-8",
                                     .body = body });
}

/* Empty, or {"ready":true} where the row names the key. */
static void reply_probe(HttpExchange *exchange, int code) {
    const char *key = exchange->match.row->argument;
    char text[32];
    int length =
        key ? snprintf(text, sizeof text, "{\"%s\":%s}", key, code == 200 ? "true" : "false") : 0;
    if (key)
        http_exchange_json(exchange, code, text, (size_t)length);
    else
        reply_empty(exchange, code);
}

void rest_live(HttpExchange *exchange) {
    reply_probe(exchange, 200);
}

void rest_ready(HttpExchange *exchange) {
    ServerContext *server = http_exchange_context(exchange);
    if (atomic_load(&server->draining))
        reply_probe(exchange, 503);
    else if (server->strict_readiness && !repo_is_ready(server->repo))
        reply_probe(exchange, exchange->path[1] == 'v' ? 400 : 503);
    else
        reply_probe(exchange, 200);
}

void rest_model_ready(HttpExchange *exchange) {
    ServerContext *server = http_exchange_context(exchange);
    VersionChoice version;
    AUTO(lease_release) Lease lease = { 0 };
    Status status = rest_version(exchange, &version);
    if (status_is_ok(&status)) {
        status = repo_acquire(server->repo, exchange->match.model, &version, &lease);
        if (status.code == STATUS_NOT_FOUND)
            status = wire_version_error(&status, exchange->match.model, &version);
        else if (!status_is_ok(&status))
            status = status_error(STATUS_INVALID_ARGUMENT, "Model version not ready");
    }
    if (!status_is_ok(&status))
        rest_fail(exchange, &status, REST_INFERENCE);
    else
        reply_probe(exchange, atomic_load(&server->draining) ? 503 : 200);
}
