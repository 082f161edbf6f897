/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Floats of at most 16 bits, described by a row of numbers each. A finite value is mantissa *
 * 2^(exponent - bits), and the codes of a format count upwards with the value, so rounding the
 * mantissa to nearest even and adding it to the exponent field gives the code, carries included.
 * Encoding starts from double: one rounding only, whatever the source.
 *
 * Thread: any. Source: ONNX "Float stored in 8 bits", Cast 24; OCP microscaling formats for F4E2M1
 * and F8E8M0.
 */

#include "runtime/cpu/reference/element_io.h"

#include <math.h>

static const NarrowFormat FORMATS[DTYPE_COUNT] = {
    [DTYPE_F16] = { 5, 10, 15, 0x7BFF, 0x7C00, 0x7E00, false },
    [DTYPE_BF16] = { 8, 7, 127, 0x7F7F, 0x7F80, 0x7FC0, false },
    [DTYPE_F8E4M3FN] = { 4, 3, 7, 0x7E, 0, 0x7F, false },
    [DTYPE_F8E4M3FNUZ] = { 4, 3, 8, 0x7F, 0, 0x80, true },
    [DTYPE_F8E5M2] = { 5, 2, 15, 0x7B, 0x7C, 0x7E, false },
    [DTYPE_F8E5M2FNUZ] = { 5, 2, 16, 0x7F, 0, 0x80, true },
    [DTYPE_F4E2M1] = { 2, 1, 1, 0x7, 0, 0, false },
};

const NarrowFormat *narrow_format_find(DType dtype) {
    if ((unsigned)dtype >= DTYPE_COUNT || FORMATS[dtype].exponent_bits == 0)
        return NULL;
    return &FORMATS[dtype];
}

double narrow_decode(const NarrowFormat *format, uint16_t code) {
    unsigned value_bits = format->exponent_bits + format->mantissa_bits;
    uint16_t sign = (uint16_t)(code >> value_bits & 1);
    uint16_t magnitude = (uint16_t)(code & ((1u << value_bits) - 1));
    double value;

    if (format->unsigned_zero && code == format->nan_code)
        return (double)NAN;
    if (magnitude > format->max_code)
        value = format->inf_code && magnitude == format->inf_code ? (double)INFINITY : (double)NAN;
    else {
        int exponent = magnitude >> format->mantissa_bits;
        int mantissa = magnitude & ((1 << format->mantissa_bits) - 1);
        if (exponent > 0)
            mantissa |= 1 << format->mantissa_bits;
        else
            exponent = 1;
        value = ldexp(mantissa, exponent - format->bias - format->mantissa_bits);
    }
    return sign ? -value : value;
}

/* Code of a finite positive magnitude as if the exponent had no upper end. */
static uint32_t magnitude_code(const NarrowFormat *format, double magnitude) {
    int exponent = ilogb(magnitude);
    if (exponent < 1 - format->bias)
        exponent = 1 - format->bias;
    double mantissa = rint(ldexp(magnitude, format->mantissa_bits - exponent));
    return ((uint32_t)(exponent + format->bias - 1) << format->mantissa_bits) + (uint32_t)mantissa;
}

uint16_t narrow_encode(const NarrowFormat *format, double value, bool saturate) {
    uint16_t sign =
        signbit(value) ? (uint16_t)(1u << (format->exponent_bits + format->mantissa_bits)) : 0;
    double magnitude = fabs(value);

    if (isnan(value))
        return format->unsigned_zero ? format->nan_code : (uint16_t)(sign | format->nan_code);
    uint32_t code = UINT32_MAX;
    if (magnitude == 0.0)
        code = 0;
    else if (!isinf(magnitude))
        code = magnitude_code(format, magnitude);
    if (code > format->max_code) {
        if (saturate || !(format->inf_code || format->nan_code))
            code = format->max_code;
        else if (format->inf_code)
            code = format->inf_code;
        else
            return format->unsigned_zero ? format->nan_code : (uint16_t)(sign | format->nan_code);
    }
    if (code == 0 && format->unsigned_zero)
        return 0;
    return (uint16_t)(sign | code);
}

double e8m0_decode(uint8_t code) {
    return code == 0xFF ? (double)NAN : ldexp(1.0, (int)code - 127);
}

uint8_t e8m0_encode(double value, E8m0Round round, bool saturate) {
    if (isnan(value) || value < 0.0)
        return 0xFF;
    if (isinf(value))
        return saturate ? 0xFE : 0xFF;
    if (value == 0.0)
        return 0;
    int exponent;
    double fraction = frexp(value, &exponent); /* [0.5, 1) */
    exponent--;
    if (fraction > 0.5 && (round == E8M0_UP || (round == E8M0_NEAREST && fraction >= 0.75)))
        exponent++;
    if (exponent > 127)
        return saturate ? 0xFE : 0xFF;
    return exponent < -127 ? 0 : (uint8_t)(exponent + 127);
}
