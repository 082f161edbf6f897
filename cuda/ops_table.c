/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The operators that a GPU has: one row each, in name order. What is not here runs on the CPU.
 * Views (Reshape and kin) are no steps where they are only views; in the other cases they are
 * copies of their bytes.
 */

#include "cuda/build.h"

#include "runtime/base/size.h"

#include <stdlib.h>
#include <string.h>

#define EITHER true
static const OpRow rows[] = {
    { "Abs", build_unary, EITHER },
    { "Acos", build_unary, EITHER },
    { "Acosh", build_unary, EITHER },
    { "Add", build_binary, EITHER },
    { "And", build_compare, EITHER },
    { "ArgMax", build_arg, false },
    { "ArgMin", build_arg, false },
    { "Asin", build_unary, EITHER },
    { "Asinh", build_unary, EITHER },
    { "Atan", build_unary, EITHER },
    { "Atanh", build_unary, EITHER },
    { "Attention", build_attention, false },
    { "AveragePool", build_pool, EITHER },
    { "BatchNormalization", build_batch_norm, EITHER },
    { "BitwiseAnd", build_binary, EITHER },
    { "BitwiseNot", build_unary, EITHER },
    { "BitwiseOr", build_binary, EITHER },
    { "BitwiseXor", build_binary, EITHER },
    { "Cast", build_cast, EITHER },
    { "CastLike", build_cast, EITHER },
    { "Ceil", build_unary, EITHER },
    { "Celu", build_unary, EITHER },
    { "Clip", build_clip, EITHER },
    { "Concat", build_concat, EITHER },
    { "Conv", build_conv, EITHER },
    { "Cos", build_unary, EITHER },
    { "Cosh", build_unary, EITHER },
    { "CumSum", build_cumsum, false },
    { "DepthToSpace", build_depth_to_space, false },
    { "DequantizeLinear", build_dequantize, false },
    { "Div", build_binary, EITHER },
    { "Elu", build_unary, EITHER },
    { "Equal", build_compare, EITHER },
    { "Erf", build_unary, EITHER },
    { "Exp", build_unary, EITHER },
    { "Expand", build_expand, false },
    { "Flatten", build_same_bytes, false },
    { "Floor", build_unary, EITHER },
    { "Gather", build_gather, false },
    { "GatherElements", build_gather_elements, false },
    { "GatherND", build_gather_nd, false },
    { "Gelu", build_unary, EITHER },
    { "Gemm", build_gemm, false },
    { "GlobalAveragePool", build_global_pool, EITHER },
    { "GlobalLpPool", build_global_pool, EITHER },
    { "GlobalMaxPool", build_global_pool, EITHER },
    { "Greater", build_compare, EITHER },
    { "GreaterOrEqual", build_compare, EITHER },
    { "GroupNormalization", build_group_norm, false },
    { "HardSigmoid", build_unary, EITHER },
    { "HardSwish", build_unary, EITHER },
    { "Identity", build_same_bytes, EITHER },
    { "InstanceNormalization", build_instance_norm, false },
    { "IsInf", build_float_test, EITHER },
    { "IsNaN", build_float_test, EITHER },
    { "LRN", build_lrn, false },
    { "LayerNormalization", build_layer_norm, false },
    { "LeakyRelu", build_unary, EITHER },
    { "Less", build_compare, EITHER },
    { "LessOrEqual", build_compare, EITHER },
    { "Log", build_unary, EITHER },
    { "LogSoftmax", build_softmax, false },
    { "LpNormalization", build_lp_norm, false },
    { "LpPool", build_pool, EITHER },
    { "MatMul", build_matmul, false },
    { "Max", build_variadic, EITHER },
    { "MaxPool", build_pool, EITHER },
    { "Min", build_variadic, EITHER },
    { "Mish", build_unary, EITHER },
    { "Mod", build_mod, EITHER },
    { "Mul", build_binary, EITHER },
    { "Neg", build_unary, EITHER },
    { "Not", build_unary, EITHER },
    { "Or", build_compare, EITHER },
    { "PRelu", build_binary, EITHER },
    { "Pad", build_pad, false },
    { "Pow", build_binary, EITHER },
    { "QuantizeLinear", build_quantize, false },
    { "RMSNormalization", build_rms_norm, false },
    { "Reciprocal", build_unary, EITHER },
    { "ReduceL1", build_reduce, false },
    { "ReduceL2", build_reduce, false },
    { "ReduceLogSum", build_reduce, false },
    { "ReduceLogSumExp", build_reduce, false },
    { "ReduceMax", build_reduce, false },
    { "ReduceMean", build_reduce, false },
    { "ReduceMin", build_reduce, false },
    { "ReduceProd", build_reduce, false },
    { "ReduceSum", build_reduce, false },
    { "ReduceSumSquare", build_reduce, false },
    { "Relu", build_unary, EITHER },
    { "Reorder", build_reorder, EITHER },
    { "Reshape", build_same_bytes, false },
    { "Resize", build_resize, EITHER },
    { "Round", build_unary, EITHER },
    { "ScatterElements", build_scatter_elements, false },
    { "ScatterND", build_scatter_nd, false },
    { "Selu", build_unary, EITHER },
    { "Shrink", build_unary, EITHER },
    { "Sigmoid", build_unary, EITHER },
    { "Sign", build_unary, EITHER },
    { "Sin", build_unary, EITHER },
    { "Sinh", build_unary, EITHER },
    { "Slice", build_slice, false },
    { "Softmax", build_softmax, false },
    { "Softplus", build_unary, EITHER },
    { "Softsign", build_unary, EITHER },
    { "SpaceToDepth", build_space_to_depth, false },
    { "Split", build_split, EITHER },
    { "Sqrt", build_unary, EITHER },
    { "Squeeze", build_same_bytes, false },
    { "Sub", build_binary, EITHER },
    { "Sum", build_variadic, EITHER },
    { "Swish", build_unary, EITHER },
    { "Tan", build_unary, EITHER },
    { "Tanh", build_unary, EITHER },
    { "ThresholdedRelu", build_unary, EITHER },
    { "Tile", build_tile, false },
    { "Transpose", build_transpose, false },
    { "Trilu", build_trilu, false },
    { "Unsqueeze", build_same_bytes, false },
    { "Where", build_where, EITHER },
    { "Xor", build_compare, EITHER },
};

const OpRow *op_row_table(size_t *ret_count) {
    *ret_count = ARRAY_LENGTH(rows);
    return rows;
}

static int compare_name(const void *key, const void *row) {
    return strcmp(key, ((const OpRow *)row)->name);
}

const OpRow *op_row_find(const OpSchema *op) {
    bool ours = op->domain[0] == '\0' ||
                (strcmp(op->domain, "inferd") == 0 && strcmp(op->name, "Reorder") == 0);
    return ours ? bsearch(op->name, rows, ARRAY_LENGTH(rows), sizeof *rows, compare_name) : NULL;
}
