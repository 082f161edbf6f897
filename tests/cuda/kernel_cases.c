/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Every own kernel in every type over shapes at the edges: one element, around a warp, around a
 * block, more than a block, broadcast, turned. A kernel that no case launches fails the run.
 *
 * Last line: kernels= kernel_cases= kernel_cases_failed=.
 */

#include "runtime/base/size.h"
#include "tests/cuda/kernel_case.h"
#include "tests/cuda/sim_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const DType floats[] = { DTYPE_F32, DTYPE_F16, DTYPE_BF16 };
static const DType numbers[] = { DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_I32, DTYPE_I64 };
static const DType items[] = { DTYPE_BOOL, DTYPE_F16, DTYPE_F32, DTYPE_I64 };
static const DType indices[] = { DTYPE_I32, DTYPE_I64 };

#define EACH(type, list)                                                                           \
    for (const DType *type = (list); type < (list) + ARRAY_LENGTH(list); type++)
#define IN(shape_, low_, high_)                                                                    \
    { .shape = shape_, .low = (low_), .high = (high_) }
#define LIST(...)                                                                                  \
    { .list = { __VA_ARGS__ }, .list_count = sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t) }
#define RUN(...) cuda_case_run(&(CudaCase){ __VA_ARGS__ })

/* --- one operand --- */

static const struct {
    const char *op;
    double low, high;
} unary[] = {
    { "Abs", -3, 3 },       { "Acos", -1, 1 },      { "Acosh", 1, 5 },
    { "Asin", -1, 1 },      { "Asinh", -5, 5 },     { "Atan", -9, 9 },
    { "Atanh", -.9, .9 },   { "Ceil", -3, 3 },      { "Celu", -3, 3 },
    { "Clip", -3, 3 },      { "Cos", -9, 9 },       { "Cosh", -3, 3 },
    { "Elu", -3, 3 },       { "Erf", -3, 3 },       { "Exp", -5, 3 },
    { "Floor", -3, 3 },     { "Gelu", -4, 4 },      { "HardSigmoid", -4, 4 },
    { "HardSwish", -5, 5 }, { "LeakyRelu", -3, 3 }, { "Log", .1, 9 },
    { "Mish", -5, 5 },      { "Neg", -3, 3 },       { "Reciprocal", .5, 4 },
    { "Relu", -3, 3 },      { "Round", -3, 3 },     { "Selu", -3, 3 },
    { "Shrink", -2, 2 },    { "Sigmoid", -9, 9 },   { "Sign", -2, 2 },
    { "Sin", -9, 9 },       { "Sinh", -3, 3 },      { "Softplus", -9, 9 },
    { "Softsign", -3, 3 },  { "Sqrt", 0, 9 },       { "Swish", -5, 5 },
    { "Tan", -1, 1 },       { "Tanh", -3, 3 },      { "ThresholdedRelu", -3, 3 },
};

static void unary_cases(void) {
    static const int64_t lengths[] = { 1, 33, 255, 257, 1025 };
    for (size_t i = 0; i < ARRAY_LENGTH(unary); i++)
        EACH(type, floats)
    for (size_t k = 0; k < ARRAY_LENGTH(lengths); k++)
        RUN(.op = unary[i].op, .dtype = *type, .input_count = 1,
            .inputs = { IN(SHAPE(lengths[k]), unary[i].low, unary[i].high) });
    EACH(type, floats) {
        RUN(.op = "Gelu", .dtype = *type, .input_count = 1, .inputs = { IN(SHAPE(3, 100), -4, 4) },
            .attribute_count = 1, .attributes = { ATTRIBUTE_OF_STRING("approximate", "tanh") });
        RUN(.op = "IsNaN", .dtype = *type, .input_count = 1, .inputs = { IN(SHAPE(40), -4, 4) });
        RUN(.op = "IsInf", .dtype = *type, .input_count = 1, .inputs = { IN(SHAPE(40), -4, 4) });
    }
}

static void whole_cases(void) {
    static const DType wholes[] = { DTYPE_I32, DTYPE_I64, DTYPE_I8, DTYPE_U8, DTYPE_I16 };
    static const char *const ops[] = { "Abs", "BitwiseNot", "Neg", "Relu", "Sign" };
    EACH(type, wholes)
    for (size_t i = 0; i < ARRAY_LENGTH(ops); i++) {
        bool is_signed = dtype_info(*type)->is_signed;
        if (!is_signed && (strcmp(ops[i], "Neg") == 0 || strcmp(ops[i], "Relu") == 0))
            continue;
        RUN(.op = ops[i], .dtype = *type, .input_count = 1,
            .inputs = { IN(SHAPE(7, 41), is_signed ? -100 : 0, 100) });
    }
    RUN(.op = "Not", .dtype = DTYPE_BOOL, .input_count = 1, .inputs = { IN(SHAPE(300), 0, 2) });
}

static void cast_cases(void) {
    static const DType types[] = { DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_F64, DTYPE_I32,
                                   DTYPE_I64, DTYPE_I8,  DTYPE_U8,   DTYPE_BOOL };
    EACH(from, types)
    EACH(to, types)
    if (*from != *to)
        RUN(.op = "Cast", .dtype = *from, .input_count = 1, .same_type = true,
            .inputs = { IN(SHAPE(300), 0, *from == DTYPE_BOOL ? 2 : 100) }, .attribute_count = 1,
            .attributes = { ATTRIBUTE_OF_INT("to", *to) });
}

/* --- two operands --- */

static const struct {
    Shape a, b;
} pairs[] = {
    { SHAPE(1), SHAPE(1) },
    { SHAPE(257), SHAPE(257) },
    { SHAPE(5, 31), SHAPE(1) },
    { SHAPE(4, 1, 6), SHAPE(3, 1) },
    { SHAPE(2, 3, 4, 5), SHAPE(3, 1, 5) },
    { SHAPE(7), SHAPE(6, 1) },
};

static void pair_cases(const char *op, DType type, double low, double high, bool same_type) {
    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++)
        RUN(.op = op, .dtype = type, .input_count = 2, .same_type = same_type,
            .inputs = { IN(pairs[i].a, low, high), IN(pairs[i].b, low, high) });
}

static void binary_cases(void) {
    static const char *const ops[] = { "Add", "Div", "Max", "Min", "Mul", "Sub" };
    static const char *const compares[] = { "Equal", "Greater", "GreaterOrEqual", "Less",
                                            "LessOrEqual" };
    static const char *const logic[] = { "And", "Or", "Xor" };
    EACH(type, numbers) {
        for (size_t i = 0; i < ARRAY_LENGTH(ops); i++)
            pair_cases(ops[i], *type, 1, 9, false);
        for (size_t i = 0; i < ARRAY_LENGTH(compares); i++)
            pair_cases(compares[i], *type, 0, 3, false);
        pair_cases("Pow", *type, 1, 4, false);
        RUN(.op = "PRelu", .dtype = *type, .input_count = 2,
            .inputs = { IN(SHAPE(2, 5, 9), -3, 3), IN(SHAPE(5, 1), 1, 3) });
    }
    for (size_t i = 0; i < ARRAY_LENGTH(logic); i++)
        pair_cases(logic[i], DTYPE_BOOL, 0, 2, false);
    pair_cases("Equal", DTYPE_BOOL, 0, 2, false);
    for (size_t i = 0; i < ARRAY_LENGTH(compares); i++)
        pair_cases(compares[i], DTYPE_U8, 0, 3, false);
}

static void bits_cases(void) {
    static const DType wholes[] = { DTYPE_I32, DTYPE_I64, DTYPE_I8, DTYPE_U8, DTYPE_I16 };
    static const char *const ops[] = { "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Mod" };
    EACH(type, wholes) {
        for (size_t i = 0; i < ARRAY_LENGTH(ops); i++)
            pair_cases(ops[i], *type, 1, 100, false);
        RUN(.op = "Mod", .dtype = *type, .input_count = 2,
            .inputs = { IN(SHAPE(90), dtype_info(*type)->is_signed ? -50 : 0, 50),
                        IN(SHAPE(90), 1, 9) },
            .attribute_count = 1, .attributes = { ATTRIBUTE_OF_INT("fmod", 1) });
    }
    EACH(type, floats)
    RUN(.op = "Mod", .dtype = *type, .input_count = 2, .same_type = true,
        .inputs = { { .shape = SHAPE(90), .low = -50, .high = 50, .whole = true },
                    { .shape = SHAPE(90), .low = 1, .high = 9, .whole = true } },
        .attribute_count = 1, .attributes = { ATTRIBUTE_OF_INT("fmod", 1) });
}

/* --- moves --- */

static void move_cases(void) {
    EACH(type, items) {
        double high = *type == DTYPE_BOOL ? 2 : 9;
        RUN(.op = "Transpose", .dtype = *type, .input_count = 1,
            .inputs = { IN(SHAPE(3, 4, 5), 0, high) }, .attribute_count = 1,
            .attributes = { ATTRIBUTE_OF_INTS("perm", 2, 0, 1) });
        RUN(.op = "Transpose", .dtype = *type, .input_count = 1,
            .inputs = { IN(SHAPE(2, 5, 3, 4), 0, high) }, .attribute_count = 1,
            .attributes = { ATTRIBUTE_OF_INTS("perm", 0, 3, 2, 1) });
        RUN(.op = "Transpose", .dtype = *type, .input_count = 1,
            .inputs = { IN(SHAPE(2, 33, 70), 0, high) }, .attribute_count = 1,
            .attributes = { ATTRIBUTE_OF_INTS("perm", 0, 2, 1) });
        RUN(.op = "Slice", .dtype = *type, .input_count = 5,
            .inputs = { IN(SHAPE(9, 8, 7), 0, high), LIST(7, 1), LIST(0, 99), LIST(0, 2),
                        LIST(-2, 3) });
        RUN(.op = "Expand", .dtype = *type, .input_count = 2,
            .inputs = { IN(SHAPE(3, 1), 0, high), LIST(2, 3, 50) });
        RUN(.op = "Pad", .dtype = *type, .input_count = 2,
            .inputs = { IN(SHAPE(4, 5), 0, high), LIST(1, 2, 0, 3) });
        RUN(.op = "Pad", .dtype = *type, .input_count = 2,
            .inputs = { IN(SHAPE(4, 5), 0, high), LIST(1, 2, 2, 3) }, .attribute_count = 1,
            .attributes = { ATTRIBUTE_OF_STRING("mode", "reflect") });
        RUN(.op = "Where", .dtype = *type, .input_count = 3,
            .inputs = { { .shape = SHAPE(4, 1), .dtype = DTYPE_BOOL, .high = 2 },
                        IN(SHAPE(70), 0, high),
                        IN(SHAPE(4, 70), 0, high) });
        RUN(.op = "Concat", .dtype = *type, .input_count = 3,
            .inputs = { IN(SHAPE(3, 4), 0, high), IN(SHAPE(3, 1), 0, high),
                        IN(SHAPE(3, 66), 0, high) },
            .attribute_count = 1, .attributes = { ATTRIBUTE_OF_INT("axis", 1) });
        RUN(.op = "Trilu", .dtype = *type, .input_count = 1,
            .inputs = { IN(SHAPE(2, 7, 9), 0, high) });
        RUN(.op = "Tile", .dtype = *type, .input_count = 2,
            .inputs = { IN(SHAPE(3, 4), 0, high), LIST(2, 3) });
    }
}

static void index_cases(void) {
    EACH(type, items)
    EACH(index, indices) {
        double high = *type == DTYPE_BOOL ? 2 : 9;
        RUN(.op = "Gather", .dtype = *type, .input_count = 2,
            .inputs = { IN(SHAPE(4, 9, 3), 0, high),
                        { .shape = SHAPE(5, 2), .dtype = *index, .low = -9, .high = 9 } },
            .attribute_count = 1, .attributes = { ATTRIBUTE_OF_INT("axis", 1) });
        RUN(.op = "GatherElements", .dtype = *type, .input_count = 2,
            .inputs = { IN(SHAPE(4, 9), 0, high),
                        { .shape = SHAPE(4, 70), .dtype = *index, .low = -9, .high = 9 } },
            .attribute_count = 1, .attributes = { ATTRIBUTE_OF_INT("axis", 1) });
        RUN(.op = "ScatterElements", .dtype = *type, .input_count = 3,
            .inputs = { IN(SHAPE(300, 4), 0, high),
                        { .shape = SHAPE(1, 4), .dtype = *index, .low = -300, .high = 300 },
                        IN(SHAPE(1, 4), 0, high) });
        if (*index == DTYPE_I64) {
            RUN(.op = "GatherND", .dtype = *type, .input_count = 2,
                .inputs = { IN(SHAPE(4, 4, 3), 0, high),
                            { .shape = SHAPE(6, 2), .dtype = *index, .low = -4, .high = 4 } });
            RUN(.op = "ScatterND", .dtype = *type, .input_count = 3,
                .inputs = { IN(SHAPE(8, 5), 0, high),
                            { .shape = SHAPE(1, 1), .dtype = *index, .low = -8, .high = 8 },
                            IN(SHAPE(1, 5), 0, high) });
        }
    }
    EACH(type, numbers) {
        RUN(.op = "CumSum", .dtype = *type, .input_count = 2,
            .inputs = { IN(SHAPE(3, 9, 4), -4, 4), LIST(1) });
        RUN(.op = "CumSum", .dtype = *type, .input_count = 2,
            .inputs = { IN(SHAPE(70, 5), -4, 4), LIST(1) }, .attribute_count = 2,
            .attributes = { ATTRIBUTE_OF_INT("exclusive", 1), ATTRIBUTE_OF_INT("reverse", 1) });
        RUN(.op = "ArgMax", .dtype = *type, .input_count = 1, .inputs = { IN(SHAPE(3, 40), -9, 9) },
            .attribute_count = 1, .attributes = { ATTRIBUTE_OF_INT("axis", 1) });
        RUN(.op = "ArgMin", .dtype = *type, .input_count = 1,
            .inputs = { IN(SHAPE(3, 4, 5), -3, 3) }, .attribute_count = 2,
            .attributes = { ATTRIBUTE_OF_INT("axis", 1),
                            ATTRIBUTE_OF_INT("select_last_index", 1) });
    }
}

/* --- reductions and normalisations --- */

static void reduce_cases(void) {
    static const char *const ops[] = { "ReduceL1",       "ReduceL2",   "ReduceLogSum",
                                       "ReduceMax",      "ReduceMean", "ReduceMin",
                                       "ReduceProd",     "ReduceSum",  "ReduceSumSquare",
                                       "ReduceLogSumExp" };
    EACH(type, numbers)
    for (size_t i = 0; i < ARRAY_LENGTH(ops); i++) {
        bool whole = dtype_info(*type)->is_integer;
        bool product = strcmp(ops[i], "ReduceProd") == 0;
        if (whole && strstr(ops[i], "Exp"))
            continue;
        double low = product ? .9 : 1, high = product ? 1.1 : 4;
        if (whole && product)
            low = 1, high = 3;
        RUN(.op = ops[i], .dtype = *type, .input_count = 2, .same_type = whole,
            .inputs = { IN(SHAPE(3, 200), low, whole && product ? 1 : high), LIST(1) });
        RUN(.op = ops[i], .dtype = *type, .input_count = 2, .same_type = whole,
            .inputs = { IN(SHAPE(5, 3, 7), low, high), LIST(1) });
        RUN(.op = ops[i], .dtype = *type, .input_count = 2, .same_type = whole,
            .inputs = { IN(SHAPE(2, 3, 4), low, high), LIST(0, 2) });
        RUN(.op = ops[i], .dtype = *type, .input_count = 2, .same_type = whole,
            .inputs = { IN(SHAPE(65), low, whole && product ? 1 : high), LIST(0) });
    }
}

static void softmax_cases(void) {
    static const char *const ops[] = { "Softmax", "LogSoftmax" };
    static const int64_t widths[] = { 1, 31, 129, 300 };
    EACH(type, floats)
    for (size_t i = 0; i < ARRAY_LENGTH(ops); i++) {
        for (size_t k = 0; k < ARRAY_LENGTH(widths); k++)
            RUN(.op = ops[i], .dtype = *type, .input_count = 1,
                .inputs = { IN(SHAPE(3, widths[k]), -9, 9) });
        RUN(.op = ops[i], .dtype = *type, .input_count = 1, .inputs = { IN(SHAPE(3, 7, 5), -9, 9) },
            .attribute_count = 1, .attributes = { ATTRIBUTE_OF_INT("axis", 1) });
    }
}

static void norm_cases(void) {
    static const int64_t widths[] = { 1, 33, 200 };
    EACH(type, floats) {
        for (size_t k = 0; k < ARRAY_LENGTH(widths); k++) {
            Shape row = SHAPE(widths[k]);
            RUN(.op = "LayerNormalization", .dtype = *type, .input_count = 3,
                .inputs = { IN(SHAPE(5, widths[k]), -3, 3), IN(row, .5, 2), IN(row, -1, 1) });
            RUN(.op = "RMSNormalization", .dtype = *type, .input_count = 2,
                .inputs = { IN(SHAPE(5, widths[k]), -3, 3), IN(row, .5, 2) });
        }
        RUN(.op = "InstanceNormalization", .dtype = *type, .input_count = 3,
            .inputs = { IN(SHAPE(2, 3, 4, 9), -3, 3), IN(SHAPE(3), .5, 2), IN(SHAPE(3), -1, 1) });
        RUN(.op = "GroupNormalization", .dtype = *type, .input_count = 3,
            .inputs = { IN(SHAPE(2, 6, 5, 4), -3, 3), IN(SHAPE(6), .5, 2), IN(SHAPE(6), -1, 1) },
            .attribute_count = 1, .attributes = { ATTRIBUTE_OF_INT("num_groups", 2) });
        RUN(.op = "BatchNormalization", .dtype = *type, .input_count = 5,
            .inputs = { IN(SHAPE(2, 3, 4, 5), -3, 3), IN(SHAPE(3), .5, 2), IN(SHAPE(3), -1, 1),
                        IN(SHAPE(3), -1, 1), IN(SHAPE(3), .5, 2) });
        RUN(.op = "LRN", .dtype = *type, .input_count = 1,
            .inputs = { IN(SHAPE(2, 7, 3, 3), -3, 3) }, .attribute_count = 1,
            .attributes = { ATTRIBUTE_OF_INT("size", 3) });
        RUN(.op = "LpNormalization", .dtype = *type, .input_count = 1,
            .inputs = { IN(SHAPE(4, 9), -3, 3) });
    }
}

/* --- windows and the rest --- */

static void window_cases(void) {
    static const char *const pools[] = { "MaxPool", "AveragePool", "LpPool" };
    EACH(type, floats) {
        for (size_t i = 0; i < ARRAY_LENGTH(pools); i++) {
            RUN(.op = pools[i], .dtype = *type, .input_count = 1,
                .inputs = { IN(SHAPE(2, 3, 9, 8), -3, 3) }, .attribute_count = 3,
                .attributes = { ATTRIBUTE_OF_INTS("kernel_shape", 3, 2),
                                ATTRIBUTE_OF_INTS("strides", 2, 2),
                                ATTRIBUTE_OF_INTS("pads", 1, 0, 1, 1) });
            RUN(.op = pools[i], .dtype = *type, .input_count = 1,
                .inputs = { IN(SHAPE(1, 2, 40), -3, 3) }, .attribute_count = 1,
                .attributes = { ATTRIBUTE_OF_INTS("kernel_shape", 4) });
        }
        RUN(.op = "GlobalAveragePool", .dtype = *type, .input_count = 1,
            .inputs = { IN(SHAPE(2, 5, 6, 7), -3, 3) });
        for (int optimise = 0; optimise < 2; optimise++) {
            RUN(.op = "Conv", .dtype = *type, .input_count = 3, .optimise = optimise,
                .inputs = { IN(SHAPE(2, 4, 7, 6), -1, 1), IN(SHAPE(6, 2, 3, 3), -1, 1),
                            IN(SHAPE(6), -1, 1) },
                .attribute_count = 3,
                .attributes = { ATTRIBUTE_OF_INTS("pads", 1, 0, 1, 2), ATTRIBUTE_OF_INT("group", 2),
                                ATTRIBUTE_OF_INTS("strides", 2, 1) });
            RUN(.op = "Conv", .dtype = *type, .input_count = 2, .optimise = optimise,
                .inputs = { IN(SHAPE(1, 3, 30), -1, 1), IN(SHAPE(4, 3, 5), -1, 1) },
                .attribute_count = 1, .attributes = { ATTRIBUTE_OF_INTS("dilations", 2) });
        }
    }
}

static void resize_cases(void) {
    static const Attribute modes[] = {
        { .name = "mode", .kind = ATTRIBUTE_STRING, .s = { "nearest", 7 } },
        { .name = "mode", .kind = ATTRIBUTE_STRING, .s = { "linear", 6 } },
        { .name = "mode", .kind = ATTRIBUTE_STRING, .s = { "cubic", 5 } },
    };
    static const Attribute coordinates[] = {
        { .name = "coordinate_transformation_mode",
          .kind = ATTRIBUTE_STRING,
          .s = { "half_pixel", 10 } },
        { .name = "coordinate_transformation_mode",
          .kind = ATTRIBUTE_STRING,
          .s = { "align_corners", 13 } },
        { .name = "coordinate_transformation_mode",
          .kind = ATTRIBUTE_STRING,
          .s = { "asymmetric", 10 } },
    };
    EACH(type, floats)
    for (size_t i = 0; i < ARRAY_LENGTH(modes); i++)
        for (size_t k = 0; k < ARRAY_LENGTH(coordinates); k++)
            RUN(.op = "Resize", .dtype = *type, .input_count = 4,
                .inputs = { IN(SHAPE(1, 2, 4, 5), -3, 3),
                            { .absent = true },
                            { .absent = true },
                            LIST(1, 2, 7, 9) },
                .attribute_count = 2, .attributes = { modes[i], coordinates[k] });
}

static void quantize_cases(void) {
    static const DType bytes[] = { DTYPE_U8, DTYPE_I8 };
    EACH(type, floats)
    EACH(byte, bytes) {
        CudaCaseInput zero = { .shape = SHAPE(3), .dtype = *byte, .low = 0, .high = 9 };
        RUN(.op = "QuantizeLinear", .dtype = *type, .input_count = 3, .same_type = true,
            .inputs = { IN(SHAPE(4, 3, 30), -9, 9), IN(SHAPE(3), .1, .2), zero });
        RUN(.op = "DequantizeLinear", .dtype = *type, .input_count = 3, .same_type = true,
            .inputs = { { .shape = SHAPE(4, 3, 30), .dtype = *byte, .low = 0, .high = 99 },
                        IN(SHAPE(3), .1, .2),
                        zero });
    }
    EACH(type, floats)
    RUN(.op = "DequantizeLinear", .dtype = *type, .input_count = 2, .same_type = true,
        .inputs = { { .shape = SHAPE(4, 30), .dtype = DTYPE_I32, .low = -99, .high = 99 },
                    { .shape = SHAPE_SCALAR, .low = .1, .high = .2 } });
}

static void product_cases(void) {
    EACH(type, floats) {
        RUN(.op = "MatMul", .dtype = *type, .input_count = 2,
            .inputs = { IN(SHAPE(3, 5, 7), -1, 1), IN(SHAPE(7, 4), -1, 1) });
        RUN(.op = "MatMul", .dtype = *type, .input_count = 2,
            .inputs = { IN(SHAPE(2, 3, 5, 7), -1, 1), IN(SHAPE(2, 3, 7, 4), -1, 1) });
        RUN(.op = "MatMul", .dtype = *type, .input_count = 2,
            .inputs = { IN(SHAPE(5, 7), -1, 1), IN(SHAPE(3, 7, 4), -1, 1) });
        RUN(.op = "Gemm", .dtype = *type, .input_count = 3,
            .inputs = { IN(SHAPE(7, 5), -1, 1), IN(SHAPE(4, 7), -1, 1), IN(SHAPE(4), -1, 1) },
            .attribute_count = 2,
            .attributes = { ATTRIBUTE_OF_INT("transA", 1), ATTRIBUTE_OF_INT("transB", 1) });
        Shape heads = SHAPE(2, 3, 6, 8);
        RUN(.op = "Attention", .dtype = *type, .input_count = 4,
            .tolerance = *type == DTYPE_BF16 ? 3e-2 : 0,
            .inputs = { IN(heads, -1, 1),
                        IN(heads, -1, 1),
                        IN(heads, -1, 1),
                        { .shape = SHAPE(6, 6), .low = -1, .high = 1 } });
        RUN(.op = "Attention", .dtype = *type, .input_count = 4,
            .tolerance = *type == DTYPE_BF16 ? 3e-2 : 0,
            .inputs = { IN(heads, -1, 1),
                        IN(heads, -1, 1),
                        IN(heads, -1, 1),
                        { .shape = SHAPE(2, 1, 6, 6), .dtype = DTYPE_BOOL, .low = 0, .high = 2 } },
            .attribute_count = 1, .attributes = { ATTRIBUTE_OF_INT("is_causal", 1) });
    }
}

static void tell_uncovered(const char *kernel) {
    printf("no case launches %s\n", kernel);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    cuda_case_start();
    unary_cases();
    whole_cases();
    cast_cases();
    binary_cases();
    bits_cases();
    move_cases();
    index_cases();
    reduce_cases();
    softmax_cases();
    norm_cases();
    window_cases();
    resize_cases();
    quantize_cases();
    product_cases();
    size_t kernels, uncovered = sim_client_uncovered(tell_uncovered, &kernels);
    cuda_case_end();
    printf("kernels=%zu kernel_cases=%zu kernel_cases_failed=%zu kernels_uncovered=%zu\n", kernels,
           cuda_case_count(), cuda_case_failed(), uncovered);
    return cuda_case_failed() + uncovered > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
