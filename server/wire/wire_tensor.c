/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Decoding that both protocols need. Two walks per tensor: the first counts, so that nothing is
 * allocated before the declared shape has been compared with what was really sent; the second
 * writes. Everything is bounded by the message and by the arena's budget. Thread: rpc or http, or a
 * worker for long typed payloads.
 */

#include "server/wire/wire_tensor.h"

#include "runtime/base/size.h"

Status wire_malformed(const char *what) {
    return status_error(STATUS_INVALID_ARGUMENT, "malformed %s message", what);
}

/* Bytes of the UTF-8 character at text, 0 if it is none or NUL. Overlong forms and surrogates are
 * none. */
static size_t character_bytes(const unsigned char *text, size_t length) {
    if (text[0] < 0x80)
        return text[0] != 0;
    size_t bytes = text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
    if (text[0] < 0xC2 || text[0] > 0xF4 || bytes > length)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xF0 && text[1] < 0x90);
    bool outside = (text[0] == 0xED && text[1] > 0x9F) || (text[0] == 0xF4 && text[1] > 0x8F);
    return overlong || outside ? 0 : bytes;
}

bool wire_text_is_valid(const char *text, size_t length) {
    for (size_t i = 0; i < length;) {
        size_t bytes = character_bytes((const unsigned char *)text + i, length - i);
        if (bytes == 0)
            return false;
        i += bytes;
    }
    return true;
}

StringView text_cut(StringView text, size_t limit_bytes) {
    if (text.length <= limit_bytes)
        return text;
    size_t end = limit_bytes;
    while (end > 0 && ((unsigned char)text.data[end] & 0xC0) == 0x80)
        end--;
    return (StringView){ .data = text.data, .length = end };
}

Status wire_text(SpanReader bytes, Arena *arena, const char *what, StringView *ret_text) {
    size_t length = bytes.left;
    char *text = arena_alloc(arena, length + 1);
    if (!text)
        return arena_exhausted(arena);
    span_reader_copy(&bytes, length, text);
    text[length] = '\0';
    if (!wire_text_is_valid(text, length))
        return status_error(STATUS_INVALID_ARGUMENT, "%s is not valid UTF-8 text without NUL",
                            what);
    *ret_text = (StringView){ .data = text, .length = length };
    return status_ok();
}

Status wire_payload_of(void *data, size_t bytes, Arena *arena, Spans *ret_payload) {
    Span *span = arena_alloc(arena, sizeof *span);
    if (!span)
        return arena_exhausted(arena);
    *span = (Span){ .data = data, .bytes = bytes };
    *ret_payload = (Spans){ .items = span, .count = 1, .bytes = bytes };
    return status_ok();
}

Status wire_payload(SpanReader bytes, Arena *arena, Spans *ret_payload) {
    size_t length = bytes.left;
    if (length <= WIRE_COPY_BYTES) {
        void *copy = arena_alloc(arena, length);
        if (!copy)
            return arena_exhausted(arena);
        span_reader_copy(&bytes, length, copy);
        return wire_payload_of(copy, length, arena, ret_payload);
    }
    size_t count = span_reader_piece_count(bytes);
    Span *pieces = arena_calloc(arena, count, sizeof *pieces);
    if (!pieces)
        return arena_exhausted(arena);
    span_reader_pieces(bytes, pieces);
    *ret_payload = (Spans){ .items = pieces, .count = count, .bytes = length };
    return status_ok();
}

const char *wire_shape_format(const Shape *shape, char buffer[static WIRE_SHAPE_TEXT_BYTES]) {
    char text[SHAPE_TEXT_BYTES];
    shape_format(shape, text);
    char *to = buffer;
    for (const char *from = text; *from; from++) {
        if (*from == '?')
            *to++ = '-';
        *to++ = *from == '?' ? '1' : *from;
    }
    *to = '\0';
    return buffer;
}

bool wire_bools_are_valid(SpanReader bytes) {
    while (bytes.left > 0) {
        unsigned char part[256], any = 0;
        size_t count = MIN_OF(bytes.left, sizeof part);
        span_reader_copy(&bytes, count, part);
        for (size_t i = 0; i < count; i++)
            any |= part[i];
        if (any > 1)
            return false;
    }
    return true;
}

/* Wire type of one unpacked item. */
static WireType item_type(const TypedField *field, size_t item_bytes) {
    if (field->kind == TYPED_BYTES || field->kind == TYPED_BLOB)
        return WIRE_BYTES;
    if (field->kind == TYPED_FIXED)
        return item_bytes == 8 ? WIRE_FIXED64 : WIRE_FIXED32;
    return WIRE_VARINT;
}

static bool count_varints(SpanReader chunk, size_t *items) {
    uint64_t value;
    while (chunk.left > 0) {
        if (!span_reader_varint(&chunk, &value))
            return false;
        (*items)++;
    }
    return true;
}

/* Adds the items of one occurrence; false when it does not parse as this field. */
static bool count_occurrence(const WireField *seen, const TypedField *field, size_t item_bytes,
                             TypedFound *found) {
    if (field->kind == TYPED_BLOB) {
        *found = (TypedFound){ .chunks = 1, .packed = true, .only = seen->bytes };
        found->items = seen->bytes.left;
        return seen->type == WIRE_BYTES;
    }
    found->chunks++;
    if (seen->type == item_type(field, item_bytes)) {
        found->packed = false;
        found->items++;
        return true;
    }
    if (seen->type != WIRE_BYTES)
        return false;
    found->packed = true;
    found->only = seen->bytes;
    if (field->kind != TYPED_FIXED)
        return count_varints(seen->bytes, &found->items);
    found->items += seen->bytes.left / item_bytes;
    return seen->bytes.left % item_bytes == 0;
}

Status typed_find(SpanReader message, const TypedField *field, size_t item_bytes,
                  TypedFound *ret_found) {
    *ret_found = (TypedFound){ 0 };
    WireField seen;
    WireResult result;
    while ((result = span_reader_next(&message, &seen)) == WIRE_FIELD)
        if (seen.number == field->number && !count_occurrence(&seen, field, item_bytes, ret_found))
            return wire_malformed("tensor");
    return result == WIRE_END ? status_ok() : wire_malformed("tensor");
}

typedef struct TypedSink {
    const TypedField *field;
    size_t item_bytes, wanted;
    Arena *arena;
    unsigned char *at;
} TypedSink;

static void put_scalar(TypedSink *sink, uint64_t value) {
    if (sink->field->kind == TYPED_BOOL)
        value = value != 0;
    memcpy(sink->at, &value, sink->item_bytes);
    sink->at += sink->item_bytes;
    sink->wanted--;
}

static bool put_string(TypedSink *sink, SpanReader bytes) {
    char *text = arena_alloc(sink->arena, bytes.left);
    if (!text)
        return false;
    StringView view = { .data = text, .length = bytes.left };
    span_reader_copy(&bytes, bytes.left, text);
    memcpy(sink->at, &view, sizeof view);
    sink->at += sizeof view;
    sink->wanted--;
    return true;
}

static void put_packed(TypedSink *sink, SpanReader chunk) {
    if (sink->field->kind == TYPED_FIXED) {
        size_t items = MIN_OF(chunk.left / sink->item_bytes, sink->wanted);
        span_reader_copy(&chunk, items * sink->item_bytes, sink->at);
        sink->at += items * sink->item_bytes;
        sink->wanted -= items;
        return;
    }
    uint64_t value;
    while (sink->wanted > 0 && chunk.left > 0 && span_reader_varint(&chunk, &value))
        put_scalar(sink, value);
}

Status typed_read(SpanReader message, const TypedField *field, size_t item_bytes, size_t count,
                  Arena *arena, void *dst) {
    TypedSink sink = {
        .field = field, .item_bytes = item_bytes, .wanted = count, .arena = arena, .at = dst
    };
    WireField seen;
    while (sink.wanted > 0 && span_reader_next(&message, &seen) == WIRE_FIELD) {
        if (seen.number != field->number)
            continue;
        if (field->kind == TYPED_BYTES) {
            if (!put_string(&sink, seen.bytes))
                return arena_exhausted(arena);
        } else if (seen.type == WIRE_BYTES) {
            put_packed(&sink, seen.bytes);
        } else {
            put_scalar(&sink, seen.scalar);
        }
    }
    return status_ok();
}

/* How many there are, and whether they are whole. */
static Status count_strings(SpanReader bytes, size_t count, const char *name) {
    size_t found = 0;
    for (; bytes.left > 0; found++) {
        uint32_t length;
        size_t left = bytes.left;
        if (!span_reader_copy(&bytes, sizeof length, &length))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "incomplete string length indicator for inference input '%s', "
                                "expecting 4 bytes but only %zu bytes available",
                                name, left);
        if (!span_reader_copy(&bytes, length, NULL))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "incomplete string data for inference input '%s', expecting string "
                                "of length %u but only %zu bytes available",
                                name, length, bytes.left);
        if (found >= count)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "unexpected number of string elements %zu for inference input "
                                "'%s', expecting %zu",
                                found + 1, name, count);
    }
    if (found != count)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "expected %zu string elements for inference input '%s', got %zu", count,
                            name, found);
    return status_ok();
}

Status wire_prefixed_strings(SpanReader bytes, size_t count, const char *name, Arena *arena,
                             StringView **ret_views) {
    TRY(count_strings(bytes, count, name));
    StringView *views = arena_calloc(arena, count, sizeof *views);
    if (!views)
        return arena_exhausted(arena);
    for (size_t i = 0; i < count; i++) {
        uint32_t length = 0;
        span_reader_copy(&bytes, sizeof length, &length);
        char *copy = arena_alloc(arena, length);
        if (!copy)
            return arena_exhausted(arena);
        span_reader_copy(&bytes, length, copy);
        views[i] = (StringView){ .data = copy, .length = length };
    }
    *ret_views = views;
    return status_ok();
}
