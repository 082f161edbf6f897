/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Settings and shared memory over HTTP: bodies become gRPC's messages, its answers the shorter
 * forms that Triton has here: a list of regions, settings without the wrapping of their values.
 * Thread: http; nothing blocks. Source: reference open_inference_triton.md 1.6, 2.1.
 */

#include "server/rest/rest.h"
#include "server/wire/wire_builder.h"

static const char PARSE_ERROR[] = "failed to parse the request JSON buffer: ";
enum {
    REGION_NAME = 1,
    REGION_KEY = 2,
    REGION_OFFSET = 3,
    REGION_BYTES = 4,
    SETTINGS_ENTRY = 1,
    SETTINGS_MODEL = 2,
    ENTRY_KEY = 1,
    ENTRY_VALUE = 2,
    TRACE_VALUES = 1,
    LOG_BOOL = 1,
    LOG_NUMBER = 2,
    LOG_TEXT_VALUE = 3,
    SHOWN_MAX = 64,
};

typedef struct Body {
    HttpExchange *exchange;
    JsonReader reader;
    WireBuilder wire;
} Body;

typedef Status (*PutMember)(Body *body, StringView key);

static Status json_error(const Body *body) {
    return rest_json_error(&body->reader, body->exchange->arena, PARSE_ERROR);
}

static Status wrong_value(StringView key) {
    return status_error(STATUS_INVALID_ARGUMENT, "%s'%.*s' has a value of another kind",
                        PARSE_ERROR, TEXT_ARGS(text_cut(key, SHOWN_MAX)));
}

static Status put_members(Body *body, PutMember put) {
    StringView key;
    if (json_peek(&body->reader) != JSON_KIND_OBJECT)
        return status_error(STATUS_INVALID_ARGUMENT, "%sexpected an object", PARSE_ERROR);
    json_open(&body->reader);
    while (json_next_member(&body->reader, body->exchange->arena, &key)) {
        TRY(put(body, key));
    }
    return body->reader.mistake ? json_error(body) : status_ok();
}

static Body body_of(HttpExchange *exchange) {
    return (Body){ .exchange = exchange,
                   .reader =
                       json_reader_of(exchange->body ? exchange->body : "", exchange->body_bytes),
                   .wire = { .arena = exchange->arena } };
}

static Status finish(const Body *body, Span *ret_span) {
    *ret_span = (Span){ body->wire.data, body->wire.length };
    return status_ok();
}

/* --- regions --- */

static Status put_region_member(Body *body, StringView key) {
    static const struct {
        const char *key;
        uint32_t field;
    } numbers[] = { { "offset", REGION_OFFSET }, { "byte_size", REGION_BYTES } };
    StringView text;
    int64_t number;
    if (text_equal(key, text_view("key"))) {
        if (json_peek(&body->reader) != JSON_KIND_STRING)
            return wrong_value(key);
        if (!json_read_string(&body->reader, body->exchange->arena, &text))
            return json_error(body);
        return wire_builder_bytes(&body->wire, REGION_KEY, text);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (!text_equal(key, text_view(numbers[i].key)))
            continue;
        if (json_peek(&body->reader) != JSON_KIND_NUMBER ||
            !json_read_int(&body->reader, &number) || number < 0)
            return wrong_value(key);
        return wire_builder_number(&body->wire, numbers[i].field, (uint64_t)number);
    }
    return json_skip(&body->reader, NULL) ? status_ok() : json_error(body);
}

Status rest_write_region(HttpExchange *exchange, Span *ret_span) {
    Body body = body_of(exchange);
    TRY(wire_builder_bytes(&body.wire, REGION_NAME, exchange->match.model));
    if (exchange->body_bytes > 0)
        TRY(put_members(&body, put_region_member));
    return finish(&body, ret_span);
}

/* {"regions": {name: region}} -> [region] */
json_t *rest_shape_regions(json_t *document) {
    json_t *list = json_array(), *region;
    const char *name;
    json_object_foreach(json_object_get(document, "regions"), name, region)
        json_array_append(list, region);
    json_decref(document);
    return list;
}

/* --- settings --- */

static Status put_log_value(Body *body, StringView key) {
    JsonReader *reader = &body->reader;
    StringView text;
    int64_t number;
    bool flag;
    switch (json_peek(reader)) {
    case JSON_KIND_BOOL:
        return json_read_bool(reader, &flag) ? wire_builder_number(&body->wire, LOG_BOOL, flag)
                                             : json_error(body);
    case JSON_KIND_NUMBER:
        if (!json_read_int(reader, &number))
            return json_error(body);
        return number < 0 ? wrong_value(key)
                          : wire_builder_number(&body->wire, LOG_NUMBER, (uint64_t)number);
    case JSON_KIND_STRING:
        return json_read_string(reader, body->exchange->arena, &text)
                   ? wire_builder_bytes(&body->wire, LOG_TEXT_VALUE, text)
                   : json_error(body);
    default:
        return wrong_value(key);
    }
}

static Status put_trace_text(Body *body, StringView key) {
    StringView text;
    if (json_peek(&body->reader) != JSON_KIND_STRING)
        return wrong_value(key);
    if (!json_read_string(&body->reader, body->exchange->arena, &text))
        return json_error(body);
    return wire_builder_bytes(&body->wire, TRACE_VALUES, text);
}

/* A text, a list of them, or null: as it was. */
static Status put_trace_value(Body *body, StringView key) {
    JsonKind kind = json_peek(&body->reader);
    if (kind == JSON_KIND_NULL)
        return json_skip(&body->reader, NULL) ? status_ok() : json_error(body);
    if (kind != JSON_KIND_ARRAY)
        return put_trace_text(body, key);
    json_open(&body->reader);
    while (json_next_element(&body->reader)) {
        TRY(put_trace_text(body, key));
    }
    return body->reader.mistake ? json_error(body) : status_ok();
}

static Status put_entry(Body *body, StringView key, PutMember put_value) {
    size_t entry, value;
    TRY(wire_builder_open(&body->wire, SETTINGS_ENTRY, &entry));
    TRY(wire_builder_bytes(&body->wire, ENTRY_KEY, key));
    TRY(wire_builder_open(&body->wire, ENTRY_VALUE, &value));
    TRY(put_value(body, key));
    TRY(wire_builder_close(&body->wire, value));
    return wire_builder_close(&body->wire, entry);
}

static Status put_log_entry(Body *body, StringView key) {
    return put_entry(body, key, put_log_value);
}

static Status put_trace_entry(Body *body, StringView key) {
    return put_entry(body, key, put_trace_value);
}

static Status write_settings(HttpExchange *exchange, PutMember put, Span *ret_span) {
    Body body = body_of(exchange);
    if (exchange->match.model.length > 0)
        TRY(wire_builder_bytes(&body.wire, SETTINGS_MODEL, exchange->match.model));
    if (exchange->body_bytes > 0)
        TRY(put_members(&body, put));
    return finish(&body, ret_span);
}

Status rest_write_log(HttpExchange *exchange, Span *ret_span) {
    return write_settings(exchange, put_log_entry, ret_span);
}

Status rest_write_trace(HttpExchange *exchange, Span *ret_span) {
    return write_settings(exchange, put_trace_entry, ret_span);
}

/* {"settings": {key: {kind: value}}} -> {key: value}; of a trace's values but its levels, the only
 * one. */
json_t *rest_shape_settings(json_t *document) {
    json_t *object = json_object(), *wrapped, *value;
    const char *key, *kind;
    json_object_foreach(json_object_get(document, "settings"), key, wrapped) {
        json_object_foreach(wrapped, kind, value) {
            bool is_one = json_is_array(value) && strcmp(key, "trace_level") != 0;
            json_object_set(object, key, is_one ? json_array_get(value, 0) : value);
        }
    }
    json_decref(document);
    return object;
}
