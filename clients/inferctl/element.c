/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A row per type: what kind of number it holds and its limits. Conversions never lose a whole
 * number's value; they round reals, since files hold doubles and models take floats. Pure.
 */

#include "clients/inferctl/element.h"

#include "runtime/base/size.h"
#include "runtime/tensor/dtype.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct ElementRow {
    DType dtype;
    NumberKind kind;
    int64_t least;
    uint64_t most;
} ElementRow;

static const ElementRow ROWS[] = {
    { DTYPE_F32, NUMBER_REAL, 0, 0 },
    { DTYPE_U8, NUMBER_UNSIGNED, 0, UINT8_MAX },
    { DTYPE_I8, NUMBER_SIGNED, INT8_MIN, INT8_MAX },
    { DTYPE_U16, NUMBER_UNSIGNED, 0, UINT16_MAX },
    { DTYPE_I16, NUMBER_SIGNED, INT16_MIN, INT16_MAX },
    { DTYPE_I32, NUMBER_SIGNED, INT32_MIN, INT32_MAX },
    { DTYPE_I64, NUMBER_SIGNED, INT64_MIN, INT64_MAX },
    { DTYPE_BOOL, NUMBER_BOOL, 0, 1 },
    { DTYPE_F16, NUMBER_REAL, 0, 0 },
    { DTYPE_F64, NUMBER_REAL, 0, 0 },
    { DTYPE_U32, NUMBER_UNSIGNED, 0, UINT32_MAX },
    { DTYPE_U64, NUMBER_UNSIGNED, 0, UINT64_MAX },
    { DTYPE_C64, NUMBER_REAL, 0, 0 },
    { DTYPE_C128, NUMBER_REAL, 0, 0 },
    { DTYPE_BF16, NUMBER_REAL, 0, 0 },
};

static const ElementRow *find_row(const ClientType *type) {
    for (size_t i = 0; i < ARRAY_LENGTH(ROWS); i++)
        if ((int32_t)ROWS[i].dtype == type->onnx_number)
            return &ROWS[i];
    return NULL;
}

static double read_real(DType dtype, const void *element) {
    uint16_t half;
    float single;
    double real;
    if (dtype == DTYPE_F16 || dtype == DTYPE_BF16) {
        memcpy(&half, element, sizeof half);
        return (double)(dtype == DTYPE_F16 ? f16_to_f32(half) : bf16_to_f32(half));
    }
    if (dtype == DTYPE_F32 || dtype == DTYPE_C64) {
        memcpy(&single, element, sizeof single);
        return (double)single;
    }
    memcpy(&real, element, sizeof real);
    return real;
}

static void write_real(DType dtype, double value, void *element) {
    if (dtype == DTYPE_F16 || dtype == DTYPE_BF16) {
        uint16_t half = dtype == DTYPE_F16 ? f32_to_f16((float)value) : f32_to_bf16((float)value);
        memcpy(element, &half, sizeof half);
    } else if (dtype == DTYPE_F32 || dtype == DTYPE_C64) {
        float single[2] = { (float)value, 0 };
        memcpy(element, single, dtype == DTYPE_C64 ? 8 : 4);
    } else {
        double both[2] = { value, 0 };
        memcpy(element, both, dtype == DTYPE_C128 ? 16 : 8);
    }
}

Number number_read(const ClientType *type, const void *element) {
    const ElementRow *row = find_row(type);
    Number number = { .kind = row ? row->kind : NUMBER_REAL };
    if (!row)
        return number;
    if (row->kind == NUMBER_REAL) {
        number.r = read_real(row->dtype, element);
        return number;
    }
    uint64_t bits = 0;
    memcpy(&bits, element, type->bytes); /* little-endian */
    if (row->kind == NUMBER_BOOL)
        number.b = bits != 0;
    else if (row->kind == NUMBER_UNSIGNED)
        number.u = bits;
    else
        number.i = (int64_t)(bits << (64 - 8 * type->bytes)) >> (64 - 8 * type->bytes);
    return number;
}

double number_as_real(Number number) {
    switch (number.kind) {
    case NUMBER_SIGNED:
        return (double)number.i;
    case NUMBER_UNSIGNED:
        return (double)number.u;
    case NUMBER_BOOL:
        return number.b ? 1 : 0;
    default:
        return number.r;
    }
}

static Status refuse(Number number, const ClientType *type, const char *why) {
    char text[NUMBER_TEXT_BYTES];
    return status_error(STATUS_INVALID_ARGUMENT, "%s does not fit %s%s",
                        number_format(number, 17, text), type->name, why);
}

/* A whole number is in the row's range; *ret_bits its two's complement. */
static bool whole_bits(Number number, const ElementRow *row, uint64_t *ret_bits) {
    bool negative = number.kind == NUMBER_SIGNED && number.i < 0;
    uint64_t magnitude = number.kind == NUMBER_BOOL ? number.b : number.u;
    if (negative ? number.i < row->least : magnitude > row->most)
        return false;
    *ret_bits = magnitude;
    return true;
}

Status number_write(Number number, const ClientType *type, void *element) {
    const ElementRow *row = find_row(type);
    if (!row)
        return refuse(number, type, "");
    if (row->kind == NUMBER_REAL) {
        if (number.kind == NUMBER_BOOL)
            return refuse(number, type, "");
        write_real(row->dtype, number_as_real(number), element);
        return status_ok();
    }
    if (number.kind == NUMBER_REAL)
        return refuse(number, type, ": it wants whole numbers");
    uint64_t bits = 0;
    if ((number.kind == NUMBER_BOOL && row->kind != NUMBER_BOOL) || !whole_bits(number, row, &bits))
        return refuse(number, type, "");
    memcpy(element, &bits, type->bytes);
    return status_ok();
}

const char *number_format(Number number, int digits, char buffer[static NUMBER_TEXT_BYTES]) {
    switch (number.kind) {
    case NUMBER_SIGNED:
        snprintf(buffer, NUMBER_TEXT_BYTES, "%lld", (long long)number.i);
        break;
    case NUMBER_UNSIGNED:
        snprintf(buffer, NUMBER_TEXT_BYTES, "%llu", (unsigned long long)number.u);
        break;
    case NUMBER_BOOL:
        snprintf(buffer, NUMBER_TEXT_BYTES, "%s", number.b ? "true" : "false");
        break;
    default:
        snprintf(buffer, NUMBER_TEXT_BYTES, "%.*g", digits, number.r);
        break;
    }
    return buffer;
}
