/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear. A tensor is seen as [outer, axis,
 * inner]; a row of `inner` elements has one scale (per tensor, per axis) or a row of scales beside
 * it (blocked). Elements go through double: exact for every type, and a quotient that is rounded to
 * the type in which the text says the division is made is the one that type would give (double has
 * more than twice the digits).
 *
 * Thread: any that runs kernels. Source: ONNX QuantizeLinear 25, DequantizeLinear 25,
 * DynamicQuantizeLinear 11.
 */

#include "runtime/cpu/reference/quantize.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <math.h>

typedef struct Scales {
    const Tensor *scale, *zero; /* zero may be NULL */
    size_t outer, axis, inner;
    size_t block, blocks; /* block 0: not blocked */
    bool per_tensor;
} Scales;

double quantize_round(DType dtype, double value) {
    const NarrowFormat *format = narrow_format_find(dtype);
    if (dtype == DTYPE_F32)
        return (double)(float)value;
    return format ? narrow_decode(format, narrow_encode(format, value, false)) : value;
}

bool quantize_is_target(DType dtype) {
    const DTypeInfo *info = dtype_info(dtype);
    return (info->is_integer && info->bits <= 16) || (narrow_format_find(dtype) && info->bits <= 8);
}

static double saturate_integer(DType dtype, double value) {
    const DTypeInfo *info = dtype_info(dtype);
    double high = ldexp(1.0, info->bits - info->is_signed) - 1.0;
    double low = info->is_signed ? -high - 1.0 : 0.0;
    return value > high ? high : value >= low ? value : low; /* NaN: low */
}

void quantize_store(const Tensor *dst, size_t index, size_t count, const double *scaled,
                    const double *zeros, bool saturate) {
    double values[ELEMENT_CHUNK];
    DType dtype = dst->dtype;
    const NarrowFormat *format = narrow_format_find(dtype);
    for (size_t i = 0; i < count; i++)
        values[i] =
            format ? scaled[i] + zeros[i] : saturate_integer(dtype, rint(scaled[i]) + zeros[i]);
    if (!format || dtype == DTYPE_F4E2M1) {
        element_io_find(dtype)->store_f64(dst->data, index, count, values);
        return;
    }
    for (size_t i = 0; i < count; i++)
        ((uint8_t *)dst->data)[index + i] = (uint8_t)narrow_encode(format, values[i], saturate);
}

/* How many scales there must be, by the layout; false when it does not fit x. */
static bool scales_fit(const Scales *scales, int32_t rank, size_t count) {
    size_t expected = 1;
    if (scales->per_tensor)
        return count == 1;
    if (scales->block == 0)
        return count == scales->axis;
    return scales->scale->shape.rank == rank &&
           size_mul(scales->outer, scales->blocks, &expected) &&
           size_mul(expected, scales->inner, &expected) && count == expected;
}

static Status scales_init(const KernelCall *call, const Tensor *x, Scales *ret_scales) {
    Scales scales = { .zero = call_find_src(call, 2), .outer = 1, .axis = 1 };
    int64_t block = node_get_int(call->node, "block_size", 0);
    size_t axis, count;
    TRY(call_get_src(call, 1, &scales.scale));
    count = tensor_elements(scales.scale);
    scales.inner = tensor_elements(x);
    scales.per_tensor =
        scales.scale->shape.rank == 0 || (scales.scale->shape.rank == 1 && count == 1);
    if (block < 0)
        return call_invalid(call, "block_size: expected 0 or more, got %lld", (long long)block);
    if (!scales.per_tensor) {
        TRY(call_get_axis(call, 1, x->shape.rank, &axis));
        scales.outer = shape_product(&x->shape, 0, axis);
        scales.axis = (size_t)x->shape.dims[axis];
        scales.inner = shape_product(&x->shape, axis + 1, (size_t)x->shape.rank);
        scales.block = (size_t)block;
        scales.blocks = block ? scales.axis / scales.block + (scales.axis % scales.block != 0) : 0;
    }
    if (!scales_fit(&scales, x->shape.rank, count))
        return call_shape_mismatch(call, &x->shape, &scales.scale->shape);
    if (scales.zero && tensor_elements(scales.zero) != count)
        return call_shape_mismatch(call, &scales.scale->shape, &scales.zero->shape);
    if (!element_io_find(scales.scale->dtype))
        return call_lacks_dtype(call, scales.scale->dtype);
    if (scales.zero && !element_io_find(scales.zero->dtype))
        return call_lacks_dtype(call, scales.zero->dtype);
    *ret_scales = scales;
    return status_ok();
}

/* At most ELEMENT_CHUNK neighbours with what belongs to them. */
typedef struct ScaledChunk {
    size_t index, count;
    double x[ELEMENT_CHUNK], scale[ELEMENT_CHUNK], zero[ELEMENT_CHUNK];
} ScaledChunk;

typedef void (*ChunkFn)(void *user, ScaledChunk *chunk);

static void load_chunk(const Scales *scales, const Tensor *x, size_t row, size_t at,
                       ScaledChunk *chunk) {
    size_t first = 0, o = row / scales->axis, a = row % scales->axis;
    int64_t step = scales->block ? 1 : 0;
    if (scales->block)
        first = (o * scales->blocks + a / scales->block) * scales->inner + at;
    else if (!scales->per_tensor)
        first = a;
    chunk->index = row * scales->inner + at;
    chunk->count = MIN_OF((size_t)ELEMENT_CHUNK, scales->inner - at);
    element_io_find(x->dtype)->load_f64(x->data, chunk->index, 1, chunk->count, chunk->x);
    element_io_find(scales->scale->dtype)
        ->load_f64(scales->scale->data, first, step, chunk->count, chunk->scale);
    for (size_t i = 0; i < chunk->count && !scales->zero; i++)
        chunk->zero[i] = 0.0;
    if (scales->zero)
        element_io_find(scales->zero->dtype)
            ->load_f64(scales->zero->data, first, step, chunk->count, chunk->zero);
}

static void for_chunks(const Scales *scales, const Tensor *x, ChunkFn run, void *user) {
    ScaledChunk chunk;
    for (size_t row = 0; row < scales->outer * scales->axis; row++)
        for (size_t at = 0; at < scales->inner; at += ELEMENT_CHUNK) {
            load_chunk(scales, x, row, at, &chunk);
            run(user, &chunk);
        }
}

typedef struct Quantize {
    const Tensor *dst;
    DType precision; /* in which the division is made */
    bool saturate;
} Quantize;

static void quantize_chunk(void *user, ScaledChunk *chunk) {
    const Quantize *quantize = user;
    for (size_t i = 0; i < chunk->count; i++)
        chunk->x[i] = quantize_round(quantize->precision,
                                     quantize_round(quantize->precision, chunk->x[i]) /
                                         quantize_round(quantize->precision, chunk->scale[i]));
    quantize_store(quantize->dst, chunk->index, chunk->count, chunk->x, chunk->zero,
                   quantize->saturate);
}

static DType division_type(const KernelCall *call, DType x, DType scale) {
    int64_t given = node_get_int(call->node, "precision", 0);
    if (given > 0 && given < DTYPE_COUNT)
        return (DType)given;
    if (scale == DTYPE_F8E8M0)
        return dtype_info(x)->is_float ? x : DTYPE_F32;
    return dtype_info(scale)->is_float ? scale : DTYPE_F64;
}

Status reference_quantize_linear(const KernelCall *call) {
    const Tensor *x;
    Tensor *dst;
    Scales scales;
    TRY(call_get_first(call, &x, &dst));
    TRY(call_check_shape(call, &x->shape, dst));
    if (!element_io_find(x->dtype))
        return call_lacks_dtype(call, x->dtype);
    if (!quantize_is_target(dst->dtype))
        return call_lacks_dtype(call, dst->dtype);
    TRY(scales_init(call, x, &scales));
    Quantize quantize = { .dst = dst,
                          .precision = division_type(call, x->dtype, scales.scale->dtype),
                          .saturate = node_get_int(call->node, "saturate", 1) != 0 };
    for_chunks(&scales, x, quantize_chunk, &quantize);
    return status_ok();
}

static void dequantize_chunk(void *user, ScaledChunk *chunk) {
    const Tensor *dst = user;
    for (size_t i = 0; i < chunk->count; i++)
        chunk->x[i] = (double)((float)(chunk->x[i] - chunk->zero[i]) * (float)chunk->scale[i]);
    element_io_find(dst->dtype)->store_f64(dst->data, chunk->index, chunk->count, chunk->x);
}

Status reference_dequantize_linear(const KernelCall *call) {
    const Tensor *x;
    Tensor *dst;
    Scales scales;
    TRY(call_get_first(call, &x, &dst));
    TRY(call_check_shape(call, &x->shape, dst));
    if (!element_io_find(x->dtype))
        return call_lacks_dtype(call, x->dtype);
    if (!element_io_find(dst->dtype))
        return call_lacks_dtype(call, dst->dtype);
    TRY(scales_init(call, x, &scales));
    for_chunks(&scales, x, dequantize_chunk, dst);
    return status_ok();
}

Status reference_dynamic_quantize_linear(const KernelCall *call) {
    const Tensor *x;
    Tensor *dst, *scale_dst = call_find_dst(call, 1), *zero_dst = call_find_dst(call, 2);
    TRY(call_get_first(call, &x, &dst));
    TRY(call_check_dtype(call, DTYPE_F32, x));
    TRY(call_check_shape(call, &x->shape, dst));
    TRY(call_check_dtype(call, DTYPE_U8, dst));
    float low = 0.0f, high = 0.0f; /* zero is always in the range */
    const float *from = x->data;
    size_t count = tensor_elements(x);
    for (size_t i = 0; i < count; i++) {
        low = from[i] < low ? from[i] : low;
        high = from[i] > high ? from[i] : high;
    }
    float scale = (low < high ? high - low : 1.0f) / 255.0f;
    double zero = saturate_integer(DTYPE_U8, rint((double)(0.0f - low / scale)));
    for (size_t i = 0; i < count; i++)
        ((uint8_t *)dst->data)[i] =
            (uint8_t)saturate_integer(DTYPE_U8, rint((double)(from[i] / scale)) + zero);
    if (scale_dst)
        *(float *)scale_dst->data = scale;
    if (zero_dst)
        *(uint8_t *)zero_dst->data = (uint8_t)zero;
    return status_ok();
}

/* Inputs of QLinearAdd. */
enum { ADD_A, ADD_A_SCALE, ADD_A_ZERO, ADD_B, ADD_B_SCALE, ADD_B_ZERO, ADD_SCALE, ADD_ZERO };

Status reference_qlinear_add(const KernelCall *call) {
    const Tensor *ports[ADD_ZERO + 1];
    Tensor *dst = &call->dst[0];
    for (size_t i = 0; i <= ADD_ZERO; i++) {
        TRY(call_get_src(call, i, &ports[i]));
        if (i != ADD_A && i != ADD_B && tensor_elements(ports[i]) != 1)
            return call_invalid(call, "scales and zero points are one a tensor");
    }
    TRY(call_check_dtype(call, ports[ADD_ZERO]->dtype, dst));
    Broadcast walk;
    TRY(broadcast_init(&walk, call, (const Tensor *const[]){ ports[ADD_A], ports[ADD_B] }, 2,
                       &dst->shape));
    double a_zero = (double)tensor_get_int(ports[ADD_A_ZERO], 0);
    double b_zero = (double)tensor_get_int(ports[ADD_B_ZERO], 0);
    double a_scale = tensor_get_float(ports[ADD_A_SCALE], 0);
    double b_scale = tensor_get_float(ports[ADD_B_SCALE], 0);
    double scale = tensor_get_float(ports[ADD_SCALE], 0);
    double zero = (double)tensor_get_int(ports[ADD_ZERO], 0);
    while (broadcast_next(&walk))
        for (size_t i = 0; i < walk.row_count; i++) {
            double a = (double)tensor_get_int(ports[ADD_A], walk.src[0] + i * walk.step[0]);
            double b = (double)tensor_get_int(ports[ADD_B], walk.src[1] + i * walk.step[1]);
            double sum = ((a - a_zero) * a_scale + (b - b_zero) * b_scale) / scale;
            quantize_store(dst, walk.dst + i, 1, &sum, &zero, true);
        }
    return status_ok();
}
