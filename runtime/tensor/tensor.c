/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Values in memory. Most tensors are lent views; those made by tensor_init own aligned, zeroed
 * memory. Reading single elements as numbers goes through a table of readers and is meant for shape
 * arithmetic, attributes and tests, not for kernels. Any thread.
 */

#include "runtime/tensor/tensor.h"

#include "runtime/base/size.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(Tensor) == DTYPE_LIST_BYTES, "an element of a list is a Tensor");

void *aligned_memory_new(size_t bytes) {
    size_t rounded;
    if (!size_align(MAX_OF(bytes, 1u), TENSOR_ALIGNMENT, &rounded))
        return NULL;
    return aligned_alloc(TENSOR_ALIGNMENT, rounded);
}

static Status check_dtype(DType dtype) {
    if (dtype_info(dtype)->bits == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "element type %d does not exist", (int)dtype);
    return status_ok();
}

static Status find_bytes(DType dtype, const Shape *shape, size_t *ret_bytes) {
    TRY(check_dtype(dtype));
    if (!shape_is_known(shape))
        return status_error(STATUS_INVALID_ARGUMENT, "shape %s is not fully known",
                            SHAPE_TEXT(shape));
    if (!shape_bytes(shape, dtype, ret_bytes))
        return status_error(STATUS_INVALID_ARGUMENT, "shape %s of %s is too large to address",
                            SHAPE_TEXT(shape), dtype_name(dtype));
    return status_ok();
}

Status tensor_make(DType dtype, const Shape *shape, void *data, size_t bytes, Tensor *ret_tensor) {
    size_t expected;
    TRY(find_bytes(dtype, shape, &expected));
    if (bytes != expected || (bytes > 0 && !data))
        return status_error(STATUS_INVALID_ARGUMENT, "expected %zu bytes for %s%s, got %zu",
                            expected, dtype_name(dtype), SHAPE_TEXT(shape), data ? bytes : 0);
    *ret_tensor =
        (Tensor){ .dtype = dtype, .shape = *shape, .data = bytes ? data : NULL, .bytes = bytes };
    return status_ok();
}

Status tensor_init(Tensor *tensor, DType dtype, const Shape *shape) {
    size_t bytes;
    TRY(find_bytes(dtype, shape, &bytes));
    void *data = NULL;
    if (bytes > 0) {
        data = aligned_memory_new(bytes);
        if (!data)
            return status_error(STATUS_RESOURCE_EXHAUSTED,
                                "out of memory for a tensor of %zu bytes", bytes);
        memset(data, 0, bytes);
    }
    *tensor = (Tensor){ .dtype = dtype, .shape = *shape, .data = data, .bytes = bytes };
    return status_ok();
}

void tensor_deinit(Tensor *tensor) {
    free(tensor->data);
    *tensor = (Tensor){ 0 };
}

size_t tensor_elements(const Tensor *tensor) {
    size_t elements = 0;
    bool fits = shape_elements(&tensor->shape, &elements);
    assert(fits);
    return elements;
}

/* A float of 8 bits or fewer without its special values: sign, exponent, mantissa, in that order.
 */
static double decode_tiny(unsigned bits, unsigned exponent_bits, unsigned mantissa_bits, int bias) {
    unsigned mantissa = bits & ((1u << mantissa_bits) - 1);
    int exponent = (int)(bits >> mantissa_bits & ((1u << exponent_bits) - 1));
    bool negative = bits >> (mantissa_bits + exponent_bits) & 1u;
    double value =
        exponent == 0 ? ldexp(mantissa, 1 - bias - (int)mantissa_bits)
                      : ldexp(mantissa | 1u << mantissa_bits, exponent - bias - (int)mantissa_bits);
    return negative ? -value : value;
}

/* Element i of a type narrower than a byte. */
static unsigned packed_at(const void *data, size_t i, unsigned bits) {
    size_t a_byte = 8 / bits;
    return ((const uint8_t *)data)[i / a_byte] >> (i % a_byte * bits) & ((1u << bits) - 1);
}

#define BYTE(data, i) (((const uint8_t *)(data))[i])

static double read_f32(const void *data, size_t i) {
    return ((const float *)data)[i];
}
static double read_f64(const void *data, size_t i) {
    return ((const double *)data)[i];
}
static double read_f16(const void *data, size_t i) {
    return f16_to_f32(((const uint16_t *)data)[i]);
}
static double read_bf16(const void *data, size_t i) {
    return bf16_to_f32(((const uint16_t *)data)[i]);
}
static double read_f8e4m3fn(const void *data, size_t i) {
    return (BYTE(data, i) & 0x7F) == 0x7F ? (double)NAN : decode_tiny(BYTE(data, i), 4, 3, 7);
}
static double read_f8e4m3fnuz(const void *data, size_t i) {
    return BYTE(data, i) == 0x80 ? (double)NAN : decode_tiny(BYTE(data, i), 4, 3, 8);
}
static double read_f8e5m2(const void *data, size_t i) {
    return f16_to_f32((uint16_t)(BYTE(data, i) << 8)); /* the upper half of a float16 */
}
static double read_f8e5m2fnuz(const void *data, size_t i) {
    return BYTE(data, i) == 0x80 ? (double)NAN : decode_tiny(BYTE(data, i), 5, 2, 16);
}
static double read_f8e8m0(const void *data, size_t i) {
    return BYTE(data, i) == 0xFF ? (double)NAN : ldexp(1, BYTE(data, i) - 127);
}
static double read_f4e2m1(const void *data, size_t i) {
    return decode_tiny(packed_at(data, i, 4), 2, 1, 1);
}

static int64_t read_u8(const void *data, size_t i) {
    return BYTE(data, i);
}
static int64_t read_i8(const void *data, size_t i) {
    return ((const int8_t *)data)[i];
}
static int64_t read_u16(const void *data, size_t i) {
    return ((const uint16_t *)data)[i];
}
static int64_t read_i16(const void *data, size_t i) {
    return ((const int16_t *)data)[i];
}
static int64_t read_u32(const void *data, size_t i) {
    return ((const uint32_t *)data)[i];
}
static int64_t read_i32(const void *data, size_t i) {
    return ((const int32_t *)data)[i];
}
static int64_t read_u64(const void *data, size_t i) {
    uint64_t value = ((const uint64_t *)data)[i];
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}
static int64_t read_i64(const void *data, size_t i) {
    return ((const int64_t *)data)[i];
}
static int64_t read_u4(const void *data, size_t i) {
    return packed_at(data, i, 4);
}
static int64_t read_i4(const void *data, size_t i) {
    return (int64_t)(packed_at(data, i, 4) ^ 8u) - 8;
}
static int64_t read_u2(const void *data, size_t i) {
    return packed_at(data, i, 2);
}
static int64_t read_i2(const void *data, size_t i) {
    return (int64_t)(packed_at(data, i, 2) ^ 2u) - 2;
}

/* One of the two is set for every type that is a number. */
static const struct {
    double (*read_float)(const void *data, size_t index);
    int64_t (*read_int)(const void *data, size_t index);
} READERS[DTYPE_COUNT] = {
    [DTYPE_F32] = { .read_float = read_f32 },
    [DTYPE_F64] = { .read_float = read_f64 },
    [DTYPE_F16] = { .read_float = read_f16 },
    [DTYPE_BF16] = { .read_float = read_bf16 },
    [DTYPE_F8E4M3FN] = { .read_float = read_f8e4m3fn },
    [DTYPE_F8E4M3FNUZ] = { .read_float = read_f8e4m3fnuz },
    [DTYPE_F8E5M2] = { .read_float = read_f8e5m2 },
    [DTYPE_F8E5M2FNUZ] = { .read_float = read_f8e5m2fnuz },
    [DTYPE_F8E8M0] = { .read_float = read_f8e8m0 },
    [DTYPE_F4E2M1] = { .read_float = read_f4e2m1 },
    [DTYPE_BOOL] = { .read_int = read_u8 },
    [DTYPE_U8] = { .read_int = read_u8 },
    [DTYPE_I8] = { .read_int = read_i8 },
    [DTYPE_U16] = { .read_int = read_u16 },
    [DTYPE_I16] = { .read_int = read_i16 },
    [DTYPE_U32] = { .read_int = read_u32 },
    [DTYPE_I32] = { .read_int = read_i32 },
    [DTYPE_U64] = { .read_int = read_u64 },
    [DTYPE_I64] = { .read_int = read_i64 },
    [DTYPE_U4] = { .read_int = read_u4 },
    [DTYPE_I4] = { .read_int = read_i4 },
    [DTYPE_U2] = { .read_int = read_u2 },
    [DTYPE_I2] = { .read_int = read_i2 },
};

/* Towards zero; what does not fit becomes the nearest that does, NaN becomes 0. */
static int64_t to_int(double value) {
    if (isnan(value))
        return 0;
    if (value >= 0x1p63)
        return INT64_MAX;
    return value < -0x1p63 ? INT64_MIN : (int64_t)value;
}

int64_t tensor_get_int(const Tensor *tensor, size_t index) {
    assert(index < tensor_elements(tensor));
    if (READERS[tensor->dtype].read_int)
        return READERS[tensor->dtype].read_int(tensor->data, index);
    assert(READERS[tensor->dtype].read_float);
    return to_int(READERS[tensor->dtype].read_float(tensor->data, index));
}

double tensor_get_float(const Tensor *tensor, size_t index) {
    assert(index < tensor_elements(tensor));
    if (READERS[tensor->dtype].read_float)
        return READERS[tensor->dtype].read_float(tensor->data, index);
    if (tensor->dtype == DTYPE_U64)
        return (double)((const uint64_t *)tensor->data)[index];
    assert(READERS[tensor->dtype].read_int);
    return (double)READERS[tensor->dtype].read_int(tensor->data, index);
}
