/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One scalar: token(s) -> the field's C type, checked for range. Private to runtime/config.
 */

#include "runtime/config/text_lexer.h"

typedef union TextValue {
    int32_t i32; /* enums too */
    uint32_t u32;
    int64_t i64;
    uint64_t u64;
    float f32;
    double f64;
    protobuf_c_boolean boolean;
    char *string;
    ProtobufCBinaryData bytes;
    ProtobufCMessage *message;
} TextValue;

/**
 * Takes the value that starts at the current token, adjacent strings included, and moves behind it.
 *
 * @field  not a message
 *
 * Errors: INVALID_ARGUMENT "line:column: field 'x' ..."
 */
Status text_value_read(TextLexer *lexer, const ProtobufCFieldDescriptor *field,
                       TextValue *ret_value);

/* Bytes that a value of this type takes in a message. */
size_t text_value_bytes(ProtobufCType type);
