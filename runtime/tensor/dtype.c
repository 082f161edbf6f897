/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What there is to say about element types, as one table, and the conversions of the two 16-bit
 * float types. The conversions are plain integer code: exact on every machine, and vectorised by
 * the compiler where they stand in loops. Pure functions, any thread.
 */

#include "runtime/tensor/dtype.h"

#include <string.h>

static const DTypeInfo DTYPES[DTYPE_COUNT] = {
    [DTYPE_INVALID] = { .name = "invalid" },
    [DTYPE_F32] = { .name = "float32", .bits = 32, .is_float = true, .is_signed = true },
    [DTYPE_U8] = { .name = "uint8", .bits = 8, .is_integer = true },
    [DTYPE_I8] = { .name = "int8", .bits = 8, .is_signed = true, .is_integer = true },
    [DTYPE_U16] = { .name = "uint16", .bits = 16, .is_integer = true },
    [DTYPE_I16] = { .name = "int16", .bits = 16, .is_signed = true, .is_integer = true },
    [DTYPE_I32] = { .name = "int32", .bits = 32, .is_signed = true, .is_integer = true },
    [DTYPE_I64] = { .name = "int64", .bits = 64, .is_signed = true, .is_integer = true },
    [DTYPE_STRING] = { .name = "string", .bits = 8 * sizeof(StringView) },
    [DTYPE_BOOL] = { .name = "bool", .bits = 8 },
    [DTYPE_F16] = { .name = "float16", .bits = 16, .is_float = true, .is_signed = true },
    [DTYPE_F64] = { .name = "float64", .bits = 64, .is_float = true, .is_signed = true },
    [DTYPE_U32] = { .name = "uint32", .bits = 32, .is_integer = true },
    [DTYPE_U64] = { .name = "uint64", .bits = 64, .is_integer = true },
    [DTYPE_C64] = { .name = "complex64", .bits = 64, .is_float = true, .is_signed = true },
    [DTYPE_C128] = { .name = "complex128", .bits = 128, .is_float = true, .is_signed = true },
    [DTYPE_BF16] = { .name = "bfloat16", .bits = 16, .is_float = true, .is_signed = true },
    [DTYPE_F8E4M3FN] = { .name = "float8e4m3fn", .bits = 8, .is_float = true, .is_signed = true },
    [DTYPE_F8E4M3FNUZ] = { .name = "float8e4m3fnuz",
                           .bits = 8,
                           .is_float = true,
                           .is_signed = true },
    [DTYPE_F8E5M2] = { .name = "float8e5m2", .bits = 8, .is_float = true, .is_signed = true },
    [DTYPE_F8E5M2FNUZ] = { .name = "float8e5m2fnuz",
                           .bits = 8,
                           .is_float = true,
                           .is_signed = true },
    [DTYPE_U4] = { .name = "uint4", .bits = 4, .is_integer = true },
    [DTYPE_I4] = { .name = "int4", .bits = 4, .is_signed = true, .is_integer = true },
    [DTYPE_F4E2M1] = { .name = "float4e2m1", .bits = 4, .is_float = true, .is_signed = true },
    [DTYPE_F8E8M0] = { .name = "float8e8m0", .bits = 8, .is_float = true },
    [DTYPE_U2] = { .name = "uint2", .bits = 2, .is_integer = true },
    [DTYPE_I2] = { .name = "int2", .bits = 2, .is_signed = true, .is_integer = true },
};

/* Lists are of no number that tables have. */
static const DTypeInfo SEQUENCE = { .name = "sequence", .bits = 8 * DTYPE_LIST_BYTES };
static const DTypeInfo OPTIONAL = { .name = "optional", .bits = 8 * DTYPE_LIST_BYTES };

const DTypeInfo *dtype_info(DType dtype) {
    if (dtype_is_list(dtype))
        return dtype == DTYPE_SEQUENCE ? &SEQUENCE : &OPTIONAL;
    return &DTYPES[(unsigned)dtype < DTYPE_COUNT ? (unsigned)dtype : DTYPE_INVALID];
}

size_t dtype_bytes(DType dtype) {
    return dtype_info(dtype)->bits / 8;
}

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float f16_to_f32(uint16_t bits) {
    uint32_t sign = (bits & 0x8000u) << 16;
    uint32_t exponent = bits >> 10 & 0x1Fu;
    uint32_t mantissa = bits & 0x3FFu;

    if (exponent == 0x1F)
        return float_of(sign | 0x7F800000u | mantissa << 13);
    if (exponent == 0)
        return float_of(sign | bits_of((float)mantissa * 0x1p-24f));
    return float_of(sign | (exponent + 112) << 23 | mantissa << 13);
}

uint16_t f32_to_f16(float value) {
    uint32_t bits = bits_of(value);
    uint32_t sign = bits >> 16 & 0x8000u;
    uint32_t magnitude = bits & 0x7FFFFFFFu;

    if (magnitude > 0x7F800000u) /* NaN: quiet, upper payload kept */
        return (uint16_t)(sign | 0x7E00u | (magnitude >> 13 & 0x3FFu));
    if (magnitude >= 0x477FF000u) /* 65520 and above round to infinity */
        return (uint16_t)(sign | 0x7C00u);
    if (magnitude <
        0x38800000u) { /* below 2^-14: adding 1/2 lets the adder round to a multiple of 2^-24 */
        float rounded = float_of(magnitude) + 0.5f;
        return (uint16_t)(sign | (bits_of(rounded) - bits_of(0.5f)));
    }
    uint32_t rounded = magnitude + 0xFFFu + (magnitude >> 13 & 1u);
    return (uint16_t)(sign | (rounded - (112u << 23)) >> 13);
}

float bf16_to_f32(uint16_t bits) {
    return float_of((uint32_t)bits << 16);
}

uint16_t f32_to_bf16(float value) {
    uint32_t bits = bits_of(value);
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
        return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}
