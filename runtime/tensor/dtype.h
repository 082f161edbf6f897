/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Element types. The numbers are those of ONNX TensorProto.DataType, so that no table translates
 * them at import; the protocols' own numbers and names are translated in server/wire, by tables.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum DType {
    DTYPE_INVALID = 0,
    DTYPE_F32 = 1,
    DTYPE_U8 = 2,
    DTYPE_I8 = 3,
    DTYPE_U16 = 4,
    DTYPE_I16 = 5,
    DTYPE_I32 = 6,
    DTYPE_I64 = 7,
    DTYPE_STRING = 8, /* an element in memory is a StringView */
    DTYPE_BOOL = 9,   /* one byte, 0 or 1 */
    DTYPE_F16 = 10,
    DTYPE_F64 = 11,
    DTYPE_U32 = 12,
    DTYPE_U64 = 13,
    DTYPE_C64 = 14, /* two floats: re, im */
    DTYPE_C128 = 15,
    DTYPE_BF16 = 16,
    DTYPE_F8E4M3FN = 17,
    DTYPE_F8E4M3FNUZ = 18,
    DTYPE_F8E5M2 = 19,
    DTYPE_F8E5M2FNUZ = 20,
    DTYPE_U4 = 21, /* 4-bit: two a byte, low nibble first */
    DTYPE_I4 = 22,
    DTYPE_F4E2M1 = 23,
    DTYPE_F8E8M0 = 24,
    DTYPE_U2 = 25, /* 2-bit: four a byte, from the low bits */
    DTYPE_I2 = 26,
    DTYPE_COUNT,
    /* What is no tensor but holds some (runtime/tensor/list.h): an element in memory is a Tensor.
     * No file and no table has these. */
    DTYPE_SEQUENCE = 64,
    DTYPE_OPTIONAL = 65, /* one element, or none */
} DType;

enum { DTYPE_LIST_BYTES = 96 }; /* of a Tensor, asserted in tensor.c */

/* Text that is lent: of a string tensor, an attribute, a request. Not NUL-terminated. */
typedef struct StringView {
    const char *data;
    size_t length;
} StringView;

/* Row index is the DType; INVALID has 0 bits. */
typedef struct DTypeInfo {
    const char *name; /* "float32", as numpy and people say */
    uint16_t bits;    /* in memory, per element: 4 and 2 for the packed ones, 128 for STRING (a
                         StringView), a Tensor's for lists */
    bool is_float, is_signed, is_integer; /* all false for BOOL, STRING; complex ones: is_float */
} DTypeInfo;

/* Any number; unknown ones give the row of INVALID. */
const DTypeInfo *dtype_info(DType dtype);
static inline const char *dtype_name(DType dtype) {
    return dtype_info(dtype)->name;
}
static inline bool dtype_is_list(DType dtype) {
    return dtype == DTYPE_SEQUENCE || dtype == DTYPE_OPTIONAL;
}
/* Bytes an element takes; 0 for the packed 4- and 2-bit types and INVALID: use shape_bytes for
 * those. */
size_t dtype_bytes(DType dtype);

/* Numeric conversions of the narrow float types, IEEE round to nearest even; NaN stays NaN. Source:
 * ONNX Cast, 24. */
float f16_to_f32(uint16_t bits);
uint16_t f32_to_f16(float value);
float bf16_to_f32(uint16_t bits);
uint16_t f32_to_bf16(float value);
