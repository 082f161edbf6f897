/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A bounded walk over protobuf's wire format where it lies, in the pieces it arrived in. Nothing is
 * copied or allocated; every length is checked against what is left of its parent; groups are
 * malformed. A field that is a message or bytes is given as a reader of its own, so nesting is the
 * caller's loop, as deep as the contract it reads and no deeper.
 */

#include "runtime/tensor/spans.h"

#include <stdint.h>

typedef struct SpanReader {
    const Span *piece; /* where `at` stands; lent */
    const unsigned char *at;
    size_t in_piece; /* bytes left in this piece */
    size_t left;     /* bytes left of the message */
} SpanReader;

typedef enum WireType {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5
} WireType;

typedef struct WireField {
    uint32_t number;
    WireType type;
    uint64_t scalar;  /* VARINT, FIXED64, FIXED32 */
    SpanReader bytes; /* BYTES */
} WireField;

typedef enum WireResult { WIRE_FIELD, WIRE_END, WIRE_MALFORMED } WireResult;

SpanReader span_reader_of(const Spans *spans);
/* The next field; the reader then stands behind it. */
WireResult span_reader_next(SpanReader *reader, WireField *ret_field);
/* false when malformed or at the end. For packed scalars. */
bool span_reader_varint(SpanReader *reader, uint64_t *ret_value);
/* Copies and advances; false when fewer are left. dst NULL: skips. */
bool span_reader_copy(SpanReader *reader, size_t bytes, void *dst);
/* Reader of the next bytes; advances. false when fewer are left. */
bool span_reader_sub(SpanReader *reader, size_t bytes, SpanReader *ret_sub);
/* Pieces that hold the rest: how many, and (second) those pieces themselves. */
size_t span_reader_piece_count(SpanReader reader);
void span_reader_pieces(SpanReader reader, Span *pieces);
