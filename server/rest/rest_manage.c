/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Loading and unloading over HTTP: the path and the JSON body become gRPC's request, the answer is
 * an empty 200. A body may be as long as a model, so a long one is read on a worker; what waits for
 * the load is nobody. Thread: http to begin, a worker to read, repo to answer. Source: reference
 * open_inference_triton.md 2.1.
 */

#include "runtime/base/size.h"
#include "runtime/json/base64.h"
#include "runtime/json/decimal_read.h"
#include "server/rest/rest.h"
#include "server/wire/wire_builder.h"

static const char PARSE_ERROR[] = "failed to parse the request JSON buffer: ";
static const char FILE_KEY[] = "file:";
enum {
    READ_IN_PLACE_BYTES = 64 << 10,
    SHOWN_MAX = 64,
    REQUEST_MODEL = 2,
    REQUEST_PARAMETERS = 3,
    ENTRY_KEY = 1,
    ENTRY_VALUE = 2,
    VALUE_BOOL = 1,
    VALUE_INT64 = 2,
    VALUE_STRING = 3,
    VALUE_BYTES = 4,
};

typedef struct RestManage {
    ControlCall call;
    HttpExchange *exchange;
    ControlBegin begin;
} RestManage;

/* --- the body as a message --- */

typedef struct Body {
    Arena *arena;
    JsonReader reader;
    WireBuilder wire;
} Body;

static Status json_error(const Body *body) {
    return rest_json_error(&body->reader, body->arena, PARSE_ERROR);
}

static bool is_file(StringView key) {
    return key.length >= sizeof FILE_KEY - 1 && !memcmp(key.data, FILE_KEY, sizeof FILE_KEY - 1);
}

/* A file comes in Base64. */
static Status put_text(Body *body, StringView key) {
    StringView text;
    if (!json_read_string(&body->reader, body->arena, &text))
        return json_error(body);
    if (!is_file(key))
        return wire_builder_bytes(&body->wire, VALUE_STRING, text);
    StringView bytes;
    char *data = arena_alloc(body->arena, base64_bytes_max(text.length));
    if (!data)
        return arena_exhausted(body->arena);
    if (!base64_decode(text.data, text.length, data, &bytes.length))
        return status_error(STATUS_INVALID_ARGUMENT, "load parameter '%.*s' is not base64",
                            TEXT_ARGS(text_cut(key, SHOWN_MAX)));
    bytes.data = data;
    return wire_builder_bytes(&body->wire, VALUE_BYTES, bytes);
}

static Status put_value(Body *body, StringView key) {
    bool flag;
    int64_t number;
    switch (json_peek(&body->reader)) {
    case JSON_KIND_STRING:
        return put_text(body, key);
    case JSON_KIND_BOOL:
        if (!json_read_bool(&body->reader, &flag))
            return json_error(body);
        return wire_builder_number(&body->wire, VALUE_BOOL, flag);
    case JSON_KIND_NUMBER:
        if (!json_read_int(&body->reader, &number))
            return json_error(body);
        return wire_builder_number(&body->wire, VALUE_INT64, (uint64_t)number);
    default:
        return status_error(STATUS_INVALID_ARGUMENT,
                            "parameter '%.*s' must be a string, a bool or an integer",
                            TEXT_ARGS(text_cut(key, SHOWN_MAX)));
    }
}

static Status put_parameters(Body *body) {
    StringView key;
    size_t entry, value;
    if (json_peek(&body->reader) != JSON_KIND_OBJECT)
        return status_error(STATUS_INVALID_ARGUMENT, "%s'parameters' must be an object",
                            PARSE_ERROR);
    json_open(&body->reader);
    while (json_next_member(&body->reader, body->arena, &key)) {
        TRY(wire_builder_open(&body->wire, REQUEST_PARAMETERS, &entry));
        TRY(wire_builder_bytes(&body->wire, ENTRY_KEY, key));
        TRY(wire_builder_open(&body->wire, ENTRY_VALUE, &value));
        TRY(put_value(body, key));
        TRY(wire_builder_close(&body->wire, value));
        TRY(wire_builder_close(&body->wire, entry));
    }
    return body->reader.mistake ? json_error(body) : status_ok();
}

static Status put_body(Body *body) {
    StringView key;
    if (json_peek(&body->reader) != JSON_KIND_OBJECT)
        return status_error(STATUS_INVALID_ARGUMENT, "%sexpected an object", PARSE_ERROR);
    json_open(&body->reader);
    while (json_next_member(&body->reader, body->arena, &key)) {
        if (text_equal(key, text_view("parameters")))
            TRY(put_parameters(body));
        else
            json_skip(&body->reader, NULL);
    }
    return body->reader.mistake ? json_error(body) : status_ok();
}

static Status make_message(RestManage *manage) {
    HttpExchange *exchange = manage->exchange;
    Body body = { .arena = exchange->arena,
                  .reader =
                      json_reader_of(exchange->body ? exchange->body : "", exchange->body_bytes),
                  .wire = { .arena = exchange->arena } };
    TRY(wire_builder_bytes(&body.wire, REQUEST_MODEL, exchange->match.model));
    if (exchange->body_bytes > 0)
        TRY(put_body(&body));
    return wire_builder_finish(&body.wire, &manage->call.message);
}

/* --- the call --- */

static void finish(ControlCall *call, const Status *status, const WireReply *reply) {
    (void)reply;
    RestManage *manage = LIST_ITEM(call, RestManage, call);
    HttpExchange *exchange = manage->exchange;
    if (status_is_ok(status))
        http_exchange_reply(exchange, (HttpReply){ .code = 200 });
    else
        rest_fail(exchange, status, REST_INFERENCE);
    http_exchange_unref(exchange);
}

static void read_and_begin(void *user) {
    RestManage *manage = user;
    Status status = make_message(manage);
    if (status_is_ok(&status))
        manage->begin(&manage->call);
    else
        finish(&manage->call, &status, NULL);
}

static void start(HttpExchange *exchange, ControlBegin begin) {
    RestManage *manage = arena_calloc(exchange->arena, 1, sizeof *manage);
    if (!manage || exchange->is_compressed) {
        http_exchange_fail(exchange, manage ? 415 : 503,
                           manage ? "this request must not be compressed" : "out of memory");
        return;
    }
    manage->exchange = http_exchange_ref(exchange);
    manage->begin = begin;
    manage->call = (ControlCall){ .context = http_exchange_context(exchange),
                                  .arena = exchange->arena,
                                  .deadline_ns = TIME_NEVER,
                                  .finish = finish };
    if (exchange->body_bytes <= READ_IN_PLACE_BYTES) {
        read_and_begin(manage);
        return;
    }
    Status busy = status_error(STATUS_UNAVAILABLE, "too many requests wait; retry later");
    if (!pool_try_task(manage->call.context->pool, read_and_begin, manage))
        finish(&manage->call, &busy, NULL);
}

void rest_load(HttpExchange *exchange) {
    start(exchange, inference_repository_load);
}

void rest_unload(HttpExchange *exchange) {
    start(exchange, inference_repository_unload);
}

/* As its RPCs with a repository_name. */
void rest_named_repository(HttpExchange *exchange) {
    Status status =
        status_error(STATUS_UNIMPLEMENTED, "'repository_name' specification is not supported");
    rest_fail(exchange, &status, REST_INFERENCE);
}
