/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Protobuf wire format into memory that is known to suffice: sizes first, then bytes. For the few
 * messages that are on the hot path; the rest is packed by protobuf-c.
 */

#include "runtime/tensor/dtype.h"

#include <string.h>

static inline size_t varint_bytes(uint64_t value) {
    return value < 0x80 ? 1 : (size_t)(70 - __builtin_clzll(value)) / 7;
}

static inline unsigned char *put_varint(unsigned char *at, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        *at++ = (unsigned char)(value | 0x80);
    *at++ = (unsigned char)value;
    return at;
}

static inline uint64_t wire_key(uint32_t field, unsigned type) {
    return (uint64_t)field << 3 | type;
}

/* A length-delimited field's tag and length; its bytes follow. */
static inline size_t head_bytes(uint32_t field, size_t length) {
    return varint_bytes(wire_key(field, 2)) + varint_bytes(length);
}

static inline unsigned char *put_head(unsigned char *at, uint32_t field, size_t length) {
    return put_varint(put_varint(at, wire_key(field, 2)), length);
}

/* Absent when empty, as proto3 says. */
static inline size_t text_bytes(uint32_t field, StringView text) {
    return text.length ? head_bytes(field, text.length) + text.length : 0;
}

static inline unsigned char *put_text(unsigned char *at, uint32_t field, StringView text) {
    if (text.length == 0)
        return at;
    at = put_head(at, field, text.length);
    memcpy(at, text.data, text.length);
    return at + text.length;
}

static inline size_t number_bytes(uint32_t field, uint64_t value) {
    return value ? varint_bytes(wire_key(field, 0)) + varint_bytes(value) : 0;
}

static inline unsigned char *put_number(unsigned char *at, uint32_t field, uint64_t value) {
    return value ? put_varint(put_varint(at, wire_key(field, 0)), value) : at;
}
