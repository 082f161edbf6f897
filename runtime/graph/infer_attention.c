/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Attention in its forms, and what serves it: rotary embedding, cache updates, causal convolution.
 * Source: ONNX Attention 24, LinearAttention 27, CausalConvWithState 27, TensorScatter 24.
 */

#include "runtime/graph/attention.h"
#include "runtime/graph/infer.h"

#include "runtime/base/size.h"

#include <inttypes.h>

static void collect_shapes(const InferCall *call, const Shape **shapes, size_t count) {
    for (size_t i = 0; i < count; i++)
        shapes[i] = infer_input(call, i) ? &call->inputs[i].shape : NULL;
}

Status infer_attention(InferCall *call) {
    const Shape *shapes[ATTENTION_INPUTS];
    DimNames names;
    DType dtype;
    TRY(infer_same_dtype(call, 0, 2, &dtype));
    TRY(infer_check_types(call, 2, TYPES_FLOAT));
    TRY(infer_check_types(call, 3, TYPES_NUMERIC | TYPES_BOOL));
    TRY(infer_check_types(call, 4, TYPES_FLOAT));
    TRY(infer_check_types(call, 5, TYPES_FLOAT));
    TRY(infer_check_types(call, 6, TYPES_INDEX));
    int64_t mode = node_get_int(call->node, "qk_matmul_output_mode", 0);
    if (mode < 0 || mode > 3)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "qk_matmul_output_mode: expected 0 to 3, got %" PRId64, mode);
    collect_shapes(call, shapes, ATTENTION_INPUTS);
    TRY(attention_bind(call->node, shapes, &names));
    DType value_dtype = call->inputs[2].dtype;
    Shape y = SHAPE_UNKNOWN, key = dim_names_shape(&names, "bgtd"),
          value = dim_names_shape(&names, "bgtv"), scores = dim_names_shape(&names, "bhst");
    if (shapes[0]->rank != SHAPE_UNRANKED)
        y = dim_names_shape(&names, shapes[0]->rank == 3 ? "bsO" : "bhsv");
    infer_set_output(call, 0, dtype, &y);
    infer_set_output(call, 1, dtype, &key);
    infer_set_output(call, 2, value_dtype, &value);
    infer_set_output(call, 3, dtype, &scores);
    return status_ok();
}

Status infer_linear_attention(InferCall *call) {
    const Shape *shapes[LINEAR_ATTENTION_INPUTS];
    DimNames names;
    TRY(infer_check_types(call, 1, TYPES_FLOAT));
    TRY(infer_check_types(call, 2, TYPES_FLOAT));
    TRY(infer_check_types(call, 3, TYPES_FLOAT));
    TRY(infer_check_types(call, 4, TYPES_FLOAT));
    TRY(infer_check_types(call, 5, TYPES_FLOAT));
    collect_shapes(call, shapes, LINEAR_ATTENTION_INPUTS);
    TRY(linear_attention_bind(call->node, shapes, &names));
    Shape y = dim_names_shape(&names, "btO"), state = dim_names_shape(&names, "bhkv");
    DType state_dtype = call->inputs[infer_input(call, 3) ? 3 : 0].dtype;
    infer_set_output(call, 0, call->inputs[0].dtype, &y);
    infer_set_output(call, 1, state_dtype, &state);
    return status_ok();
}

Status infer_causal_conv(InferCall *call) {
    static const char *const patterns[] = { "bcl", "c1k", "c", "bcm" };
    const Shape *shapes[ARRAY_LENGTH(patterns)];
    DimNames names;
    DType dtype;
    TRY(infer_same_dtype(call, 0, 4, &dtype));
    collect_shapes(call, shapes, ARRAY_LENGTH(patterns));
    dim_names_init(&names);
    for (size_t i = 0; i + 1 < ARRAY_LENGTH(patterns); i++)
        TRY(dim_names_bind(&names, shapes[i], patterns[i], i));
    int64_t taps = *dim_name(&names, 'k');
    if (taps == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "input 1: the kernel has no taps");
    TRY(dim_names_set(&names, 'm', taps == DIM_UNKNOWN ? DIM_UNKNOWN : taps - 1, "past_state"));
    TRY(dim_names_bind(&names, shapes[3], patterns[3], 3));
    Shape y = dim_names_shape(&names, "bcl"), state = dim_names_shape(&names, "bcm");
    infer_set_output(call, 0, dtype, &y);
    infer_set_output(call, 1, dtype, &state);
    return status_ok();
}

Status infer_tensor_scatter(InferCall *call) {
    const Shape *cache = &call->inputs[0].shape;
    DType dtype;
    size_t axis;
    TRY(infer_same_dtype(call, 0, 2, &dtype));
    TRY(infer_check_types(call, 2, TYPES_INDEX));
    if (cache->rank != SHAPE_UNRANKED) {
        TRY(shape_axis(node_get_int(call->node, "axis", -2), cache->rank, &axis));
        if (axis == 0)
            return status_error(STATUS_INVALID_ARGUMENT, "axis: 0 is the batch");
        Shape update = *cache;
        update.dims[axis] = DIM_UNKNOWN;
        TRY(infer_check_shape(call, 1, &update));
        TRY(infer_check_shape(call, 2, &SHAPE(cache->dims[0])));
    }
    infer_set_output(call, 0, dtype, cache);
    return status_ok();
}

Status infer_bit_cast(InferCall *call) {
    DType from = call->inputs[0].dtype;
    int64_t to = node_get_int(call->node, "to", DTYPE_INVALID);
    if (to <= DTYPE_INVALID || to >= DTYPE_COUNT || to == DTYPE_STRING || from == DTYPE_STRING)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "to: expected an element type of fixed size, got %" PRId64, to);
    if (from != DTYPE_INVALID && dtype_info(from)->bits != dtype_info((DType)to)->bits)
        return status_error(STATUS_INVALID_ARGUMENT, "to: %s is not as wide as %s",
                            dtype_name((DType)to), dtype_name(from));
    infer_set_output(call, 0, (DType)to, &call->inputs[0].shape);
    return status_ok();
}
