/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Protobuf's wire format, read in place: fields of one message in order, nothing copied, nothing
 * allocated. A nested message is a reader of its own that cannot leave its parent and may only be
 * so many levels deep. Rests on runtime/base alone.
 */

#include "runtime/base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct WireBytes {
    const uint8_t *data;
    size_t length;
} WireBytes;

typedef enum WireType {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2, /* length-delimited: text, bytes, message, packed scalars */
    WIRE_FIXED32 = 5,
} WireType;

typedef struct WireReader {
    const uint8_t *origin; /* start of the outermost message: errors give the distance from it */
    const uint8_t *cursor, *end;
    size_t depth_left; /* messages that may still be entered below this one */
} WireReader;

typedef struct WireField {
    uint32_t number;
    WireType type;
    uint64_t value;  /* VARINT, FIXED64, FIXED32: the bits */
    WireBytes bytes; /* BYTES: the payload; else the encoded scalar itself, so that repeated scalars
                        are packed or not alike */
} WireField;

/* bytes are lent and must outlive the reader and all it gives out. */
WireReader wire_reader(const void *bytes, size_t length, size_t depth);

/* false at the end of the message and on error; *status tells which. Groups are errors: "byte 17:
 * ...". */
bool wire_next(WireReader *reader, WireField *ret_field, Status *status);

/* INVALID_ARGUMENT naming the field unless it has this wire type. */
Status wire_expect(const WireReader *reader, const WireField *field, WireType type,
                   const char *what);
/* The message in a field. Errors: INVALID_ARGUMENT (not length-delimited, too deep) */
Status wire_enter(const WireReader *parent, const WireField *field, const char *what,
                  WireReader *ret_child);

/* How many scalars of type `item` the field holds, packed or single. Errors: INVALID_ARGUMENT */
Status wire_count_scalars(const WireReader *reader, const WireField *field, WireType item,
                          const char *what, size_t *ret_count);
/* The next of them; false at the end. For bytes that wire_count_scalars accepted. */
bool wire_next_scalar(WireBytes *bytes, WireType item, uint64_t *ret_value);

/* UTF-8 without NUL: fit for a C string and for a protobuf string field. */
bool wire_is_text(WireBytes bytes);
