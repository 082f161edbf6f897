/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What both protocols' tensors share: text that is checked, payloads that stay where they are when
 * they are long, and typed repeated fields, packed or not, decoded into plain elements.
 */

#include "server/wire/span_reader.h"
#include "server/wire/wire_request.h"

#include <string.h>

enum { WIRE_INPUTS_MAX = 1024 }; /* inputs, outputs or raw entries of one request */

/* "malformed <what> message" */
Status wire_malformed(const char *what);

/* A copy in the arena. INVALID_ARGUMENT naming `what` on invalid UTF-8 or an embedded NUL. */
Status wire_text(SpanReader bytes, Arena *arena, const char *what, StringView *ret_text);

/* Up to WIRE_COPY_BYTES a copy, else spans into the message. */
Status wire_payload(SpanReader bytes, Arena *arena, Spans *ret_payload);
/* One span over memory in the arena. */
Status wire_payload_of(void *data, size_t bytes, Arena *arena, Spans *ret_payload);

/* How a typed repeated field carries elements. */
typedef enum TypedKind {
    TYPED_FIXED,  /* 4 or 8 bytes an item, the bytes of the element itself */
    TYPED_VARINT, /* one varint an element; its low bytes are the element */
    TYPED_BOOL,   /* one varint an element; not 0 is 1 */
    TYPED_BYTES,  /* one bytes entry an element: strings */
    TYPED_BLOB,   /* one bytes field, an element a byte; given twice, the last one counts */
} TypedKind;

typedef struct TypedField {
    uint32_t number; /* in the message */
    TypedKind kind;
    uint8_t items_per_element; /* 2 for complex */
} TypedField;

/* What a first walk over a message found of one typed field. */
typedef struct TypedFound {
    size_t items;    /* counted for TYPED_VARINT/BOOL by varints, else by length */
    size_t chunks;   /* fields on the wire */
    SpanReader only; /* payload of the only packed chunk, when chunks is 1 and packed */
    bool packed;
} TypedFound;

/* Walks the message for the field. `what` names the tensor in errors. */
Status typed_find(SpanReader message, const TypedField *field, size_t item_bytes,
                  TypedFound *ret_found);
/* Writes the first `count` items to dst, item_bytes each (StringViews for TYPED_BYTES, their text
 * in the arena). */
Status typed_read(SpanReader message, const TypedField *field, size_t item_bytes, size_t count,
                  Arena *arena, void *dst);

/* Whether every byte is 0 or 1, as bools are in memory. */
bool wire_bools_are_valid(SpanReader bytes);

/* Length-prefixed strings (OIP raw form): u32 little-endian length, then bytes. Counted before
 * memory is taken. */
Status wire_prefixed_strings(SpanReader bytes, size_t count, const char *name, Arena *arena,
                             StringView **ret_views);

/* Whether all of text is UTF-8 without NUL. */
bool wire_text_is_valid(const char *text, size_t length);
static inline StringView text_view(const char *text) {
    return (StringView){ .data = text, .length = strlen(text) };
}
/* The start of text, not above limit bytes, whole characters only: for messages. */
StringView text_cut(StringView text, size_t limit_bytes);
/* As shape_format, but -1 where unknown, as the Open Inference Protocol says it. */
enum { WIRE_SHAPE_TEXT_BYTES = SHAPE_TEXT_BYTES + SHAPE_MAX_RANK };
const char *wire_shape_format(const Shape *shape, char buffer[static WIRE_SHAPE_TEXT_BYTES]);
#define WIRE_SHAPE_TEXT(shape) wire_shape_format((shape), (char[WIRE_SHAPE_TEXT_BYTES]){ 0 })
static inline bool text_equal(StringView a, StringView b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}
#define TEXT_ARGS(view) (int)(view).length, (view).data
