/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Quantised operators. Scales and zero points come per tensor (one element), per axis (a list as
 * long as dim `axis`) or in blocks (the shape of x, but for dim `axis`, which counts blocks).
 * Convolution and matrix products are inferred as their plain kin, seen without scales, and only
 * the type of the result differs.
 *
 * Source: ONNX QuantizeLinear 10 to 25, DequantizeLinear 10 to 25, DynamicQuantizeLinear 11,
 * QLinearConv 10, ConvInteger 10, QLinearMatMul 21, MatMulInteger 10.
 */

#include "runtime/graph/infer.h"

#include <inttypes.h>

#define TYPES_SCALE (TYPES_REAL | DTYPE_BIT(DTYPE_I32) | DTYPE_BIT(DTYPE_F8E8M0))

static bool dims_agree(int64_t a, int64_t b) {
    return a == b || a == DIM_UNKNOWN || b == DIM_UNKNOWN;
}

static bool is_one_element(const Shape *shape) {
    return shape->rank == 0 || (shape->rank == 1 && shape->dims[0] == 1);
}

static Status check_blocks(const InferCall *call, const Shape *x, const Shape *scale, size_t axis,
                           int64_t block) {
    bool fits = scale->rank == x->rank;
    for (int32_t d = 0; fits && d < x->rank; d++) {
        int64_t dim = x->dims[d];
        if ((size_t)d == axis && dim != DIM_UNKNOWN)
            dim = dim / block + (dim % block != 0);
        fits = dims_agree(dim, scale->dims[d]);
    }
    if (fits)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT,
                        "input 1: shape %s does not hold blocks of %" PRId64
                        " along axis %zu of %s",
                        SHAPE_TEXT(scale), block, axis, SHAPE_TEXT(&call->inputs[0].shape));
}

/* Scale, and a zero point of the same shape. */
static Status check_scale(const InferCall *call) {
    const Shape *x = &call->inputs[0].shape, *scale = &call->inputs[1].shape;
    int64_t block = node_get_int(call->node, "block_size", 0);
    size_t axis;
    if (block < 0)
        return status_error(STATUS_INVALID_ARGUMENT, "block_size: expected 0 or more, got %" PRId64,
                            block);
    TRY(infer_check_types(call, 1, TYPES_SCALE));
    TRY(is_one_element(scale) ? infer_check_scalar(call, 2) : infer_check_shape(call, 2, scale));
    if (x->rank == SHAPE_UNRANKED || scale->rank == SHAPE_UNRANKED || is_one_element(scale))
        return status_ok();
    TRY(shape_axis(node_get_int(call->node, "axis", 1), x->rank, &axis));
    if (block > 0)
        return check_blocks(call, x, scale, axis, block);
    if (scale->rank == 1 && dims_agree(scale->dims[0], x->dims[axis]))
        return status_ok();
    return status_error(
        STATUS_INVALID_ARGUMENT,
        "input 1: expected one scale or one for each of dim %zu of %s, got shape %s", axis,
        SHAPE_TEXT(x), SHAPE_TEXT(scale));
}

/* Attribute of this name as a type, among types; 0 and absent: fallback. */
static Status dtype_attribute(const InferCall *call, const char *name, uint32_t types,
                              DType fallback, DType *ret_dtype) {
    int64_t value = node_get_int(call->node, name, 0);
    *ret_dtype = fallback;
    if (value == 0)
        return status_ok();
    if (value < 0 || value >= DTYPE_COUNT || !(types & DTYPE_BIT(value)))
        return status_error(STATUS_INVALID_ARGUMENT, "%s: element type %" PRId64 " does not fit",
                            name, value);
    *ret_dtype = (DType)value;
    return status_ok();
}

Status infer_quantize_linear(InferCall *call) {
    const InferPort *zero = infer_input(call, 2);
    DType zero_type = zero ? zero->dtype : DTYPE_U8, dtype, precision;
    TRY(check_scale(call));
    TRY(infer_check_types(call, 2, TYPES_QUANTIZED));
    TRY(dtype_attribute(call, "precision", TYPES_REAL | DTYPE_BIT(DTYPE_F64), DTYPE_F32,
                        &precision));
    TRY(dtype_attribute(call, "output_dtype", TYPES_QUANTIZED, zero_type, &dtype));
    if (zero && zero_type != DTYPE_INVALID && dtype != zero_type)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "output_dtype: expected %s like input 2, got %s", dtype_name(zero_type),
                            dtype_name(dtype));
    infer_set_output(call, 0, dtype, &call->inputs[0].shape);
    return status_ok();
}

Status infer_dequantize_linear(InferCall *call) {
    DType scale = call->inputs[1].dtype, dtype, same;
    TRY(check_scale(call));
    TRY(infer_check_types(call, 1, TYPES_REAL | DTYPE_BIT(DTYPE_F8E8M0)));
    if (infer_input(call, 2) && call->inputs[0].dtype != call->inputs[2].dtype &&
        call->inputs[0].dtype && call->inputs[2].dtype)
        return status_error(STATUS_INVALID_ARGUMENT, "input 2: expected %s like input 0, got %s",
                            dtype_name(call->inputs[0].dtype), dtype_name(call->inputs[2].dtype));
    same = scale == DTYPE_F8E8M0 ? DTYPE_F32 : scale;
    TRY(dtype_attribute(call, "output_dtype", TYPES_REAL, same, &dtype));
    infer_set_output(call, 0, dtype, &call->inputs[0].shape);
    return status_ok();
}

Status infer_dynamic_quantize_linear(InferCall *call) {
    infer_set_output(call, 0, DTYPE_U8, &call->inputs[0].shape);
    infer_set_output(call, 1, DTYPE_F32, &SHAPE_SCALAR);
    infer_set_output(call, 2, DTYPE_U8, &SHAPE_SCALAR);
    return status_ok();
}

/* Which inputs are x, weights and bias of the plain operator. */
typedef struct PlainPorts {
    size_t x, w, bias;
} PlainPorts;

/* The plain operator's inference on x, weights and bias, blind to their types. */
static Status infer_plain(const InferCall *call, InferFn infer, PlainPorts at, DType dtype) {
    const InferPort none = { .present = false };
    const InferPort *x = infer_input(call, at.x), *w = infer_input(call, at.w),
                    *bias = infer_input(call, at.bias);
    InferPort ports[3] = { x ? *x : none, w ? *w : none, bias ? *bias : none };
    Node node = *call->node;
    InferCall plain = { .node = &node, .inputs = ports, .outputs = call->outputs };
    for (size_t i = 0; i < 3; i++) {
        ports[i].dtype = DTYPE_INVALID;
        ports[i].value = NULL;
    }
    node.input_count = bias ? 3 : 2;
    TRY(infer(&plain));
    if (call->outputs[0].present)
        call->outputs[0].dtype = dtype;
    return status_ok();
}

static Status check_bytes(const InferCall *call, size_t index, bool with_float8) {
    return infer_check_types(call, index, TYPES_8_BITS | (with_float8 ? TYPES_FLOAT8 : 0));
}

/* zero point `index`, if given: the type of input `like` */
static Status check_zero(const InferCall *call, size_t index, size_t like) {
    const InferPort *zero = infer_input(call, index), *x = infer_input(call, like);
    if (!zero || !x || zero->dtype == DTYPE_INVALID || x->dtype == DTYPE_INVALID ||
        zero->dtype == x->dtype)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "input %zu: expected %s like input %zu, got %s",
                        index, dtype_name(x->dtype), like, dtype_name(zero->dtype));
}

/* A zero point or scale of weights: one element, or one for each of the first dim. */
static Status check_per_channel(const InferCall *call, size_t index, size_t weights) {
    const InferPort *port = infer_input(call, index), *w = infer_input(call, weights);
    if (!port || !w || port->shape.rank <= 0 || w->shape.rank <= 0)
        return status_ok();
    if (port->shape.rank == 1 &&
        (port->shape.dims[0] == 1 || dims_agree(port->shape.dims[0], w->shape.dims[0])))
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT,
                        "input %zu: expected one or one for each of %" PRId64
                        " channels, got shape %s",
                        index, w->shape.dims[0], SHAPE_TEXT(&port->shape));
}

Status infer_conv_integer(InferCall *call) {
    TRY(check_bytes(call, 1, false));
    TRY(check_zero(call, 2, 0));
    TRY(check_zero(call, 3, 1));
    TRY(infer_check_scalar(call, 2));
    TRY(check_per_channel(call, 3, 1));
    return infer_plain(call, infer_conv, (PlainPorts){ 0, 1, SIZE_MAX }, DTYPE_I32);
}

Status infer_qlinear_conv(InferCall *call) {
    static const size_t scales[] = { 1, 4, 6 };
    for (size_t i = 0; i < 3; i++)
        TRY(infer_check_types(call, scales[i], DTYPE_BIT(DTYPE_F32)));
    TRY(check_bytes(call, 3, false));
    TRY(check_bytes(call, 7, false));
    TRY(check_zero(call, 2, 0));
    TRY(check_zero(call, 5, 3));
    TRY(infer_check_types(call, 8, DTYPE_BIT(DTYPE_I32)));
    for (size_t i = 1; i < 8; i++) {
        if (i == 3)
            continue;
        bool of_weights = i == 4 || i == 5;
        TRY(of_weights ? check_per_channel(call, i, 3) : infer_check_scalar(call, i));
    }
    return infer_plain(call, infer_conv, (PlainPorts){ 0, 3, 8 }, call->inputs[7].dtype);
}

/* a, scale, zero; b, scale, zero; scale and zero of the sum: all of one type. */
Status infer_qlinear_add(InferCall *call) {
    static const size_t numbers[] = { 1, 2, 4, 5, 6, 7 };
    Shape shape;
    for (size_t i = 0; i < 6; i++)
        TRY(infer_check_scalar(call, numbers[i]));
    TRY(check_zero(call, 2, 0));
    TRY(check_zero(call, 5, 3));
    const InferPort *a = &call->inputs[0], *b = &call->inputs[3];
    if (a->shape.rank == SHAPE_UNRANKED || b->shape.rank == SHAPE_UNRANKED)
        shape = SHAPE_UNKNOWN;
    else
        TRY(shape_broadcast(&a->shape, &b->shape, &shape));
    infer_set_output(call, 0, call->inputs[7].dtype, &shape);
    return status_ok();
}

Status infer_matmul_integer(InferCall *call) {
    TRY(check_bytes(call, 1, false));
    TRY(check_zero(call, 2, 0));
    TRY(check_zero(call, 3, 1));
    return infer_plain(call, infer_matmul, (PlainPorts){ 0, 1, SIZE_MAX }, DTYPE_I32);
}

Status infer_qlinear_matmul(InferCall *call) {
    static const size_t scales[] = { 1, 4, 6 };
    for (size_t i = 0; i < 3; i++) {
        TRY(infer_check_types(call, scales[i], TYPES_REAL));
        if (call->inputs[scales[i]].dtype != call->inputs[1].dtype && call->inputs[1].dtype &&
            call->inputs[scales[i]].dtype)
            return status_error(
                STATUS_INVALID_ARGUMENT, "input %zu: expected %s like input 1, got %s", scales[i],
                dtype_name(call->inputs[1].dtype), dtype_name(call->inputs[scales[i]].dtype));
    }
    TRY(check_bytes(call, 3, true));
    TRY(check_bytes(call, 7, true));
    TRY(check_zero(call, 2, 0));
    TRY(check_zero(call, 5, 3));
    return infer_plain(call, infer_matmul, (PlainPorts){ 0, 3, SIZE_MAX }, call->inputs[7].dtype);
}
