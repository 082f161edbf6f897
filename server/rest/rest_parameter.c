/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A JSON member becomes the map entry that gRPC would have brought, so that one table
 * (wire_parameter.c) says what parameters mean. Pure but for the arena.
 */

#include "server/rest/rest_parameter.h"

#include "runtime/json/decimal_read.h"
#include "server/wire/wire_writer.h"

enum { KEY = 1, VALUE = 2, BOOL = 1, INT64 = 2, STRING = 3, DOUBLE = 4, UINT64 = 5, ROOM = 48 };

/* The InferParameter itself, of at most ROOM bytes beside a text. */
static Status write_value(JsonReader *reader, StringView key, Arena *arena, unsigned char *value,
                          size_t *ret_bytes, StringView *ret_text) {
    unsigned char *at = value;
    bool flag;
    Decimal decimal;
    int64_t number;
    uint64_t large;
    JsonKind kind = json_peek(reader);
    if (kind == JSON_KIND_STRING && json_read_string(reader, arena, ret_text)) {
        at = put_head(at, STRING, ret_text->length);
    } else if (kind == JSON_KIND_BOOL && json_read_bool(reader, &flag)) {
        at = put_varint(put_varint(at, wire_key(BOOL, 0)), flag);
    } else if (kind == JSON_KIND_NUMBER && decimal_scan(reader->at, reader->end, &decimal)) {
        reader->at = decimal.end;
        if (decimal_to_i64(&decimal, &number)) {
            at = put_varint(put_varint(at, wire_key(INT64, 0)), (uint64_t)number);
        } else if (decimal_to_u64(&decimal, &large)) {
            at = put_varint(put_varint(at, wire_key(UINT64, 0)), large);
        } else {
            double real = decimal_to_f64(&decimal);
            at = put_varint(at, wire_key(DOUBLE, 1));
            memcpy(at, &real, sizeof real);
            at += sizeof real;
        }
    } else {
        return status_error(STATUS_INVALID_ARGUMENT,
                            "parameter '%.*s' must be a bool, a number or a string",
                            TEXT_ARGS(text_cut(key, 64)));
    }
    *ret_bytes = (size_t)(at - value);
    return status_ok();
}

Status rest_parameter_check(JsonReader *reader, StringView key, ParameterPlace place,
                            const ParameterTarget *target, Arena *arena) {
    unsigned char value[ROOM];
    size_t bytes;
    StringView text = { .data = "" };
    TRY(write_value(reader, key, arena, value, &bytes, &text));
    size_t together = bytes + text.length;
    size_t entry_bytes = text_bytes(KEY, key) + head_bytes(VALUE, together) + together;
    unsigned char *entry = arena_alloc(arena, entry_bytes);
    if (!entry)
        return arena_exhausted(arena);
    unsigned char *at = put_head(put_text(entry, KEY, key), VALUE, together);
    memcpy(at, value, bytes);
    if (text.length > 0)
        memcpy(at + bytes, text.data, text.length);
    Span span = { entry, entry_bytes };
    Spans spans = { .items = &span, .count = 1, .bytes = entry_bytes };
    return wire_parameter_check(span_reader_of(&spans), arena, place, target);
}
