/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The reader stands in one piece and knows how many bytes its message has left, so a sub-message is
 * the same struct with a smaller `left`. Empty pieces are stepped over when a byte is needed. Any
 * thread; pure.
 */

#include "server/wire/span_reader.h"

#include "runtime/base/size.h"

#include <string.h>

SpanReader span_reader_of(const Spans *spans) {
    SpanReader reader = { .left = spans->bytes };
    if (spans->count > 0) {
        reader.piece = spans->items;
        reader.at = spans->items[0].data;
        reader.in_piece = spans->items[0].bytes;
    }
    return reader;
}

/* Steps to a piece with bytes in it; left > 0 says that there is one. */
static void enter_piece(SpanReader *reader) {
    while (reader->in_piece == 0) {
        reader->piece++;
        reader->at = reader->piece->data;
        reader->in_piece = reader->piece->bytes;
    }
}

static bool read_byte(SpanReader *reader, unsigned char *ret_byte) {
    if (reader->left == 0)
        return false;
    enter_piece(reader);
    *ret_byte = *reader->at++;
    reader->in_piece--;
    reader->left--;
    return true;
}

bool span_reader_varint(SpanReader *reader, uint64_t *ret_value) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        unsigned char byte;
        if (!read_byte(reader, &byte))
            return false;
        value |= shift < 64 ? (uint64_t)(byte & 0x7F) << shift : 0;
        if (byte < 0x80) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

bool span_reader_copy(SpanReader *reader, size_t bytes, void *dst) {
    if (bytes > reader->left)
        return false;
    unsigned char *to = dst;
    while (bytes > 0) {
        enter_piece(reader);
        size_t part = MIN_OF(bytes, reader->in_piece);
        if (to) {
            memcpy(to, reader->at, part);
            to += part;
        }
        reader->at += part;
        reader->in_piece -= part;
        reader->left -= part;
        bytes -= part;
    }
    return true;
}

bool span_reader_sub(SpanReader *reader, size_t bytes, SpanReader *ret_sub) {
    if (bytes > reader->left)
        return false;
    *ret_sub = *reader;
    ret_sub->left = bytes;
    return span_reader_copy(reader, bytes, NULL);
}

static bool read_fixed(SpanReader *reader, size_t bytes, uint64_t *ret_value) {
    *ret_value = 0; /* little-endian on both sides */
    return span_reader_copy(reader, bytes, ret_value);
}

WireResult span_reader_next(SpanReader *reader, WireField *ret_field) {
    if (reader->left == 0)
        return WIRE_END;
    uint64_t key, length;
    if (!span_reader_varint(reader, &key) || key >> 3 == 0 || key >> 3 > (1U << 29) - 1)
        return WIRE_MALFORMED;
    ret_field->number = (uint32_t)(key >> 3);
    ret_field->type = (WireType)(key & 7);
    bool ok = false;
    switch (ret_field->type) {
    case WIRE_VARINT:
        ok = span_reader_varint(reader, &ret_field->scalar);
        break;
    case WIRE_FIXED64:
        ok = read_fixed(reader, 8, &ret_field->scalar);
        break;
    case WIRE_FIXED32:
        ok = read_fixed(reader, 4, &ret_field->scalar);
        break;
    case WIRE_BYTES:
        ok = span_reader_varint(reader, &length) && length <= reader->left &&
             span_reader_sub(reader, (size_t)length, &ret_field->bytes);
        break;
    }
    return ok ? WIRE_FIELD : WIRE_MALFORMED;
}

size_t span_reader_piece_count(SpanReader reader) {
    size_t count = 0;
    while (reader.left > 0) {
        enter_piece(&reader);
        size_t part = MIN_OF(reader.left, reader.in_piece);
        span_reader_copy(&reader, part, NULL);
        count++;
    }
    return count;
}

void span_reader_pieces(SpanReader reader, Span *pieces) {
    while (reader.left > 0) {
        enter_piece(&reader);
        size_t part = MIN_OF(reader.left, reader.in_piece);
        *pieces++ = (Span){ .data = reader.at, .bytes = part };
        span_reader_copy(&reader, part, NULL);
    }
}
