/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* TensorFlow's own table of types, written a second time, and three elements of each. */

#include "server/wire/tensorflow_tensor.h"

typedef enum Kind { FIXED, VARINT, BLOB, STRINGS, NIBBLE } Kind;

typedef struct TypeCase {
    uint32_t number;
    DType dtype;
    const char *name;
    uint32_t field;
    Kind kind;
    size_t bytes; /* an element on the wire and, but for NIBBLE, in memory */
    size_t items; /* of the field, per element */
} TypeCase;

static const TypeCase TYPES[] = {
    { 1, DTYPE_F32, "float", 5, FIXED, 4, 1 },
    { 2, DTYPE_F64, "double", 6, FIXED, 8, 1 },
    { 3, DTYPE_I32, "int32", 7, VARINT, 4, 1 },
    { 4, DTYPE_U8, "uint8", 7, VARINT, 1, 1 },
    { 5, DTYPE_I16, "int16", 7, VARINT, 2, 1 },
    { 6, DTYPE_I8, "int8", 7, VARINT, 1, 1 },
    { 8, DTYPE_C64, "complex64", 9, FIXED, 8, 2 },
    { 9, DTYPE_I64, "int64", 10, VARINT, 8, 1 },
    { 10, DTYPE_BOOL, "bool", 11, VARINT, 1, 1 },
    { 11, DTYPE_I8, NULL, 7, VARINT, 1, 1 },
    { 12, DTYPE_U8, NULL, 7, VARINT, 1, 1 },
    { 13, DTYPE_I32, NULL, 7, VARINT, 4, 1 },
    { 14, DTYPE_BF16, "bfloat16", 13, VARINT, 2, 1 },
    { 15, DTYPE_I16, NULL, 7, VARINT, 2, 1 },
    { 16, DTYPE_U16, NULL, 7, VARINT, 2, 1 },
    { 17, DTYPE_U16, "uint16", 7, VARINT, 2, 1 },
    { 18, DTYPE_C128, "complex128", 12, FIXED, 16, 2 },
    { 19, DTYPE_F16, "half", 13, VARINT, 2, 1 },
    { 22, DTYPE_U32, "uint32", 16, VARINT, 4, 1 },
    { 23, DTYPE_U64, "uint64", 17, VARINT, 8, 1 },
    { 24, DTYPE_F8E5M2, "float8_e5m2", 18, BLOB, 1, 1 },
    { 25, DTYPE_F8E4M3FN, "float8_e4m3fn", 18, BLOB, 1, 1 },
    { 26, DTYPE_F8E4M3FNUZ, "float8_e4m3fnuz", 18, BLOB, 1, 1 },
    { 28, DTYPE_F8E5M2FNUZ, "float8_e5m2fnuz", 18, BLOB, 1, 1 },
    { 29, DTYPE_I4, "int4", 7, NIBBLE, 1, 1 },
    { 30, DTYPE_U4, "uint4", 7, NIBBLE, 1, 1 },
    { 31, DTYPE_I2, "int2", 7, NIBBLE, 1, 1 },
    { 32, DTYPE_U2, "uint2", 7, NIBBLE, 1, 1 },
};

/* Three elements' bytes. Not more than a bool or two bits can hold where that is what the type is.
 */
static inline void make_elements(const TypeCase *type, unsigned char *elements) {
    size_t count = 3 * type->bytes;
    for (size_t i = 0; i < count; i++)
        elements[i] = (unsigned char)(37 * i + 11);
    if (type->dtype == DTYPE_BOOL || type->kind == NIBBLE)
        for (size_t i = 0; i < count; i++)
            elements[i] = (unsigned char)(i != 1);
}

/* What the elements are in memory. */
static inline size_t make_expected(const TypeCase *type, const unsigned char *elements,
                                   unsigned char *expected) {
    if (type->kind != NIBBLE) {
        memcpy(expected, elements, 3 * type->bytes);
        return 3 * type->bytes;
    }
    if (type->number < 31) { /* two a byte, low nibble first */
        expected[0] = (unsigned char)(elements[0] | elements[1] << 4);
        expected[1] = elements[2];
        return 2;
    }
    expected[0] = (unsigned char)(elements[0] | elements[1] << 2 | elements[2] << 4);
    return 1;
}
