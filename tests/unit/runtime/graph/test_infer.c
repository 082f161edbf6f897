/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Shape and type inference from literal tables, a family a test. An expectation is the outputs as
 * text, "float32[2,3] int64[2]", or "! words" that the error must hold. Hostile dims and attributes
 * stand among the others.
 */

#include "tests/unit/runtime/graph/infer_case.h"

static void test_elementwise(void **state) {
    (void)state;
    const Case cases[] = {
        { "Relu", "float32[?,3]", IN(F(U, 3)) },
        { "Relu", "! float32", IN(T(STRING, 3)) },
        { "Relu", "! expected 1 to 1 inputs, got 2", IN(F(3), F(3)) },
        { "Relu", "! input 0 is required", IN(NONE) },
        { "Add", "float32[2,3]", IN(F(2, 1), F(3)) },
        { "Add", "float32[?,3]", IN(F(U, 1), F(3)) },
        { "Add", "float32[...]", IN(UNRANKED(F32), F(3)) },
        { "Add", "float32[...]", IN(UNRANKED(INVALID), F(2)) },
        { "Add", "! expected float32 like input 0, got int64", IN(F(2), I(2)) },
        { "Add", "! [2] and [3]", IN(F(2), F(3)) },
        { "Add", "! too large to address", IN(F(INT64_C(1) << 40, 1), F(INT64_C(1) << 40)) },
        { "Sum", "float32[4,5,6]", IN(F(4, 1, 1), F(5, 1), F(6)) },
        { "Sum", "! left out", IN(F(4), NONE) },
        { "Max", "int32[2]", IN(T(I32, 2)) },
        { "Equal", "bool[2,3]", IN(F(2, 1), F(3)) },
        { "Less", "! expected one of", IN(T(BOOL, 2), T(BOOL, 2)) },
        { "Not", "bool[2]", IN(T(BOOL, 2)) },
        { "And", "! input 0", IN(F(2), F(2)) },
        { "Where", "float32[2,3]", IN(T(BOOL, 3), F(2, 1), SCALAR(F32)) },
        { "Where", "! input 0", IN(F(3), F(3), F(3)) },
        { "Pow", "float32[2]", IN(F(2), SCALAR(I64)) },
        { "Pow", "! input 1", IN(F(2), T(BOOL, 2)) },
        { "Mod", "! fmod", IN(F(2), F(2)) },
        { "Mod", "float32[2]", IN(F(2), F(2)), AT(INT("fmod", 1)) },
        { "PRelu", "float32[2,3,4]", IN(F(2, 3, 4), F(3, 1)) },
        { "PRelu", "! [4,1] cannot be broadcast to [2,3]", IN(F(2, 3), F(4, 1)) },
        { "Clip", "float32[2]", IN(F(2), NONE, SCALAR(F32)) },
        { "Clip", "! scalar", IN(F(2), F(2)) },
        { "Clip", "! input 2: expected float32", IN(F(2), NONE, SCALAR(I32)) },
        { "Cast", "int64[2]", IN(F(2)), AT(INT("to", DTYPE_I64)) },
        { "Cast", "! to:", IN(F(2)) },
        { "Cast", "! 99", IN(F(2)), AT(INT("to", 99)) },
        { "Cast", "! to:", IN(F(2)), AT(INT("to", INT64_MIN)) },
        { "CastLike", "int8[2]", IN(F(2), T(I8, 9)) },
        { "Dropout", "float32[2] bool[2]", IN(F(2), SCALAR(F32), SCALAR(BOOL)), .outputs = 2 },
        { "Softmax", "float32[2,3]", IN(F(2, 3)), AT(INT("axis", -2)) },
        { "Softmax", "! axis 2 is outside of rank 2", IN(F(2, 3)), AT(INT("axis", 2)) },
        { "IsNaN", "bool[2]", IN(F(2)) },
        { "BitShift", "uint8[2]", IN(T(U8, 2), T(U8, 1)) },
        { "Mean", "float32[2,2]", IN(F(2, 1), F(2)) },
    };
    CHECK_ALL(cases);
}

static void test_convolution(void **state) {
    (void)state;
    const Case cases[] = {
        { "Conv", "float32[1,8,30,30]", IN(F(1, 3, 32, 32), F(8, 3, 3, 3)) },
        { "Conv", "float32[?,8,16,16]", IN(F(U, 3, 32, 32), F(8, 3, 3, 3), F(8)),
          AT(INTS("pads", 1, 1, 1, 1), INTS("strides", 2, 2)) },
        { "Conv", "float32[1,8,?,16]", IN(F(1, 3, U, 32), F(8, 3, 3, 3)),
          AT(TEXT("auto_pad", "SAME_UPPER"), INTS("strides", 2, 2)) },
        { "Conv", "float32[1,8,15]", IN(F(1, 4, 32), F(8, 2, 3)),
          AT(INT("group", 2), INTS("strides", 2)) },
        { "Conv", "float32[1,4,28]", IN(F(1, 4, 32), F(4, 1, 3)),
          AT(INT("group", 4), INTS("dilations", 2)) },
        { "Conv", "float32[1,8,?]", IN(F(1, 4, 32), F(8, 4, U)) },
        { "Conv", "float32[...]", IN(UNRANKED(F32), F(8, 4, 3)) },
        { "Conv", "! group: expected 1 or more, got 0", IN(F(1, 4, 32), F(8, 4, 3)),
          AT(INT("group", 0)) },
        { "Conv", "! group", IN(F(1, 4, 32), F(8, 4, 3)), AT(INT("group", INT64_MIN)) },
        { "Conv", "! do not go with 5 channels", IN(F(1, 5, 32), F(8, 4, 3)) },
        { "Conv", "! does not divide", IN(F(1, 6, 32), F(8, 2, 3)), AT(INT("group", 3)) },
        { "Conv", "! strides: expected 1", IN(F(1, 4, 32), F(8, 4, 3)), AT(INTS("strides", 0)) },
        { "Conv", "! dilations", IN(F(1, 4, 32), F(8, 4, 3)), AT(INTS("dilations", BIG)) },
        { "Conv", "! pads", IN(F(1, 4, 32), F(8, 4, 3)), AT(INTS("pads", -1, 0)) },
        { "Conv", "! pads: expected 2 numbers, got 4", IN(F(1, 4, 32), F(8, 4, 3)),
          AT(INTS("pads", 0, 0, 0, 0)) },
        { "Conv", "! auto_pad", IN(F(1, 4, 32), F(8, 4, 3)), AT(TEXT("auto_pad", "SAME")) },
        { "Conv", "! kernel_shape: expected 3", IN(F(1, 4, 32), F(8, 4, 3)),
          AT(INTS("kernel_shape", 5)) },
        { "Conv", "! a window of 3 does not fit into 2", IN(F(1, 4, 2), F(8, 4, 3)) },
        { "Conv", "! rank 3", IN(F(1, 4, 32), F(8, 4, 3, 3)) },
        { "Conv", "! rank 3 to 8", IN(F(4, 32), F(8, 4)) },
        { "Conv", "! too large", IN(F(1, 4, BIG), F(8, 4, 3)) },
        { "Conv", "! kernel of", IN(F(1, 4, 8), F(8, 4, BIG)) },
        { "Conv", "! input 2: expected shape [8], got [7]", IN(F(1, 4, 32), F(8, 4, 3), F(7)) },
    };
    CHECK_ALL(cases);
}

static void test_pooling_and_normalisation(void **state) {
    (void)state;
    const Case cases[] = {
        { "MaxPool", "float32[1,3,4] int64[1,3,4]", IN(F(1, 3, 8)),
          AT(INTS("kernel_shape", 2), INTS("strides", 2)), .outputs = 2 },
        { "MaxPool", "float32[1,3,3]", IN(F(1, 3, 7)),
          AT(INTS("kernel_shape", 2), INTS("strides", 2)) },
        { "MaxPool", "float32[1,3,4]", IN(F(1, 3, 7)),
          AT(INTS("kernel_shape", 2), INTS("strides", 2), INT("ceil_mode", 1)) },
        { "MaxPool", "float32[1,3,1]",
          IN(F(1, 3, 2)), /* the second window would start in the padding */
          AT(INTS("kernel_shape", 1), INTS("strides", 2), INTS("pads", 0, 1),
             INT("ceil_mode", 1)) },
        { "MaxPool", "float32[1,3,4]", IN(F(1, 3, 7)),
          AT(INTS("kernel_shape", 3), INTS("strides", 2), TEXT("auto_pad", "SAME_LOWER")) },
        { "MaxPool", "float32[1,3,3]", IN(F(1, 3, 7)),
          AT(INTS("kernel_shape", 3), INTS("strides", 2), TEXT("auto_pad", "VALID")) },
        { "MaxPool", "! kernel_shape", IN(F(1, 3, 7)) },
        { "AveragePool", "! kernel_shape: expected 1 to", IN(F(1, 3, 7)),
          AT(INTS("kernel_shape", 0)) },
        { "GlobalAveragePool", "float32[?,3,1,1]", IN(F(U, 3, U, 7)) },
        { "GlobalMaxPool", "! rank 2", IN(F(3)) },
        { "LRN", "! size", IN(F(1, 3, 7)) },
        { "LRN", "float32[1,3,7]", IN(F(1, 3, 7)), AT(INT("size", 3)) },
        { "BatchNormalization", "float32[2,3,4]", IN(F(2, 3, 4), F(3), F(3), F(3), F(3)) },
        { "BatchNormalization", "float32[2,3] float64[3] float64[3]",
          IN(F(2, 3), F(3), F(3), T(F64, 3), T(F64, 3)), .outputs = 3 },
        { "BatchNormalization", "! input 3: expected shape [3], got [4]",
          IN(F(2, 3), F(3), F(3), F(4), F(3)) },
    };
    CHECK_ALL(cases);
}

static void test_matrix_products(void **state) {
    (void)state;
    const Case cases[] = {
        { "MatMul", "float32[2,4]", IN(F(2, 3), F(3, 4)) },
        { "MatMul", "float32[]", IN(F(3), F(3)) },
        { "MatMul", "float32[5,2]", IN(F(5, 2, 3), F(3)) },
        { "MatMul", "float32[5,4]", IN(F(3), F(5, 3, 4)) },
        { "MatMul", "float32[6,5,2,4]", IN(F(6, 1, 2, 3), F(5, 3, 4)) },
        { "MatMul", "float32[?,4]", IN(F(U, U), F(3, 4)) },
        { "MatMul", "! [2,3] and [4,3] cannot be multiplied", IN(F(2, 3), F(4, 3)) },
        { "MatMul", "! cannot be multiplied", IN(SCALAR(F32), F(4, 3)) },
        { "MatMul", "! broadcast", IN(F(2, 2, 3), F(3, 3, 4)) },
        { "Gemm", "float32[?,4]", IN(F(U, 3), F(4, 3), F(4)), AT(INT("transB", 1)) },
        { "Gemm", "float32[3,4]", IN(F(2, 3), F(2, 4)), AT(INT("transA", 1)) },
        { "Gemm", "! cannot be multiplied", IN(F(2, 3), F(2, 4)) },
        { "Gemm", "! matrix", IN(F(2, 3, 1), F(3, 4)) },
        { "Gemm", "! input 2: shape [5] cannot be broadcast to [2,4]", IN(F(2, 3), F(3, 4), F(5)) },
    };
    CHECK_ALL(cases);
}

static void test_shape_operators(void **state) {
    (void)state;
    const Case cases[] = {
        { "Reshape", "float32[2,12]", IN(F(2, 3, 4), LIST(0, -1)) },
        { "Reshape", "float32[?,12]", IN(F(U, 3, 4), LIST(0, -1)) },
        { "Reshape", "float32[?,12]", IN(F(U, 3, 4), LIST(-1, 12)) },
        { "Reshape", "float32[0,12]", IN(F(0, 3, 4), LIST(0, -1)) },
        { "Reshape", "float32[1,0]", IN(F(0, 3), LIST(1, 0)), AT(INT("allowzero", 1)) },
        { "Reshape", "float32[]", IN(F(1, 1), EMPTY_LIST) },
        { "Reshape", "float32[?,?]", IN(F(2, 3), I(2)) },
        { "Reshape", "float32[...]", IN(F(2, 3), I(U)) },
        { "Reshape", "! [2,3] cannot be reshaped to [7]", IN(F(2, 3), LIST(7)) },
        { "Reshape", "! cannot be reshaped", IN(F(2, 3), LIST(4, -1)) },
        { "Reshape", "! -1 once", IN(F(2, 3), LIST(-1, -1)) },
        { "Reshape", "! got -2", IN(F(2, 3), LIST(-2, 3)) },
        { "Reshape", "! which has none", IN(F(2, 3), LIST(1, 1, 0)) },
        { "Reshape", "! too large", IN(F(2, 3), LIST(BIG, BIG)) },
        { "Reshape", "! at most 8", IN(F(1), LIST(1, 1, 1, 1, 1, 1, 1, 1, 1)) },
        { "Reshape", "! input 1: expected one of int32, int64, got float32", IN(F(1), F(1)) },
        { "Flatten", "float32[?,12]", IN(F(U, 3, 4)) },
        { "Flatten", "float32[1,24]", IN(F(2, 3, 4)), AT(INT("axis", 0)) },
        { "Flatten", "float32[24,1]", IN(F(2, 3, 4)), AT(INT("axis", 3)) },
        { "Flatten", "! axis 4", IN(F(2, 3, 4)), AT(INT("axis", 4)) },
        { "Squeeze", "float32[3]", IN(F(1, 3, 1)) },
        { "Squeeze", "float32[1,3]", IN(F(1, 3, 1), LIST(-1)) },
        { "Squeeze", "float32[...]", IN(F(U, 3, 1)) },
        { "Squeeze", "float32[?]", IN(F(2, 1), I(1)) },
        { "Squeeze", "! only 1 can be squeezed", IN(F(1, 3, 1), LIST(1)) },
        { "Squeeze", "! axis 3", IN(F(1, 3, 1), LIST(3)) },
        { "Squeeze", "! given twice", IN(F(1, 3, 1), LIST(0, -3)) },
        { "Unsqueeze", "float32[1,2,3,1]", IN(F(2, 3), LIST(0, -1)) },
        { "Unsqueeze", "float32[?,?,?]", IN(F(2, 3), I(1)) },
        { "Unsqueeze", "! above the limit of 8", IN(F(1, 1, 1, 1, 1, 1, 1, 1), LIST(0)) },
        { "Unsqueeze", "! given twice", IN(F(2, 3), LIST(0, 0)) },
        { "Transpose", "float32[4,3,2]", IN(F(2, 3, 4)) },
        { "Transpose", "float32[?,4,3]", IN(F(U, 3, 4)), AT(INTS("perm", 0, 2, 1)) },
        { "Transpose", "! perm: expected 3 axes, got 2", IN(F(2, 3, 4)), AT(INTS("perm", 0, 1)) },
        { "Transpose", "! given twice", IN(F(2, 3, 4)), AT(INTS("perm", 0, 1, 1)) },
        { "Transpose", "! outside", IN(F(2, 3, 4)), AT(INTS("perm", 0, 1, BIG)) },
    };
    CHECK_ALL(cases);
}

static void test_shape_makers(void **state) {
    (void)state;
    const Case cases[] = {
        { "ConstantOfShape", "float32[2,3]", IN(LIST(2, 3)) },
        { "ConstantOfShape", "float32[]", IN(EMPTY_LIST) },
        { "ConstantOfShape", "! got -1", IN(LIST(2, -1)) },
        { "ConstantOfShape", "! too large", IN(LIST(BIG, BIG)) },
        { "Expand", "float32[2,3]", IN(F(3), LIST(2, 1)) },
        { "Expand", "float32[?,3]", IN(F(U, 3), LIST(1, 3)) },
        { "Expand", "float32[?,?]", IN(F(3), I(2)) },
        { "Expand", "! [3] and [2]", IN(F(3), LIST(2)) },
        { "Expand", "! got -1", IN(F(3), LIST(-1)) },
        { "Expand", "! too large to address", IN(F(3, 1), LIST(3, BIG)) },
        { "Shape", "int64[3]", IN(F(2, U, 4)) },
        { "Shape", "int64[1]", IN(F(2, U, 4)), AT(INT("start", -2), INT("end", -1)) },
        { "Shape", "int64[0]", IN(F(2, 3)), AT(INT("start", INT64_MAX), INT("end", INT64_MIN)) },
        { "Size", "int64[]", IN(F(2, 3)) },
        { "Identity", "string[2]", IN(T(STRING, 2)) },
        { "Constant", "int64[3]", AT(INTS("value_ints", 1, 2, 3)) },
        { "Constant", "float32[]", AT(ATTRIBUTE_OF_FLOAT("value_float", 1)) },
        { "Constant", "! got none", .outputs = 1 },
        { "Range", "int64[4]",
          IN(NUMBER(I64, int64_t, 1), NUMBER(I64, int64_t, 8), NUMBER(I64, int64_t, 2)) },
        { "Range", "int64[2]",
          IN(NUMBER(I64, int64_t, 5), NUMBER(I64, int64_t, 1), NUMBER(I64, int64_t, -3)) },
        { "Range", "int64[0]",
          IN(NUMBER(I64, int64_t, 5), NUMBER(I64, int64_t, 1), NUMBER(I64, int64_t, 3)) },
        { "Range", "float32[3]",
          IN(NUMBER(F32, float, 0), NUMBER(F32, float, 1), NUMBER(F32, float, 0.4f)) },
        { "Range", "int64[?]", IN(SCALAR(I64), SCALAR(I64), SCALAR(I64)) },
        { "Range", "! other than 0",
          IN(NUMBER(I64, int64_t, 1), NUMBER(I64, int64_t, 8), NUMBER(I64, int64_t, 0)) },
        { "Range", "! too long",
          IN(NUMBER(I64, int64_t, INT64_MIN), NUMBER(I64, int64_t, INT64_MAX),
             NUMBER(I64, int64_t, 1)) },
        { "Range", "int64[1]",
          IN(NUMBER(I64, int64_t, 0), NUMBER(I64, int64_t, INT64_MIN + 1),
             NUMBER(I64, int64_t, INT64_MIN)) },
        { "Range", "! no length",
          IN(NUMBER(F32, float, 0), NUMBER(F32, float, 1e30f), NUMBER(F32, float, 1)) },
    };
    CHECK_ALL(cases);
}

static void test_moves(void **state) {
    (void)state;
    const Case cases[] = {
        { "Concat", "float32[2,7]", IN(F(2, 3), F(2, 4)), AT(INT("axis", 1)) },
        { "Concat", "float32[2,?]", IN(F(U, 3), F(2, U)), AT(INT("axis", -1)) },
        { "Concat", "! axis is required", IN(F(2, 3)) },
        { "Concat", "! [3,4] cannot be joined to [2,3]", IN(F(2, 3), F(3, 4)), AT(INT("axis", 1)) },
        { "Concat", "! cannot be joined", IN(F(2, 3), F(2)), AT(INT("axis", 0)) },
        { "Concat", "! too long", IN(F(BIG, 0), F(BIG, 0)), AT(INT("axis", 0)) },
        { "Concat", "! outside of rank 0", IN(SCALAR(F32)), AT(INT("axis", 0)) },
        { "Split", "float32[2] float32[4]", IN(F(6), LIST(2, 4)), .outputs = 2 },
        { "Split", "float32[3] float32[3] float32[1]", IN(F(7)), AT(INT("num_outputs", 3)),
          .outputs = 3 },
        { "Split", "float32[?,2] float32[?,2]", IN(F(U, 4)), AT(INT("axis", 1)), .outputs = 2 },
        { "Split", "float32[?] float32[?]", IN(F(6), I(2)), .outputs = 2 },
        { "Split", "! 7 together do not make up axis 0 of [6]", IN(F(6), LIST(3, 4)),
          .outputs = 2 },
        { "Split", "! got -1", IN(F(6), LIST(-1, 7)), .outputs = 2 },
        { "Split", "! input 1: expected shape [2], got [3]", IN(F(6), LIST(2, 2, 2)),
          .outputs = 2 },
        { "Split", "! num_outputs", IN(F(6)), AT(INT("num_outputs", 3)), .outputs = 2 },
        { "Split", "! cannot be cut into 4", IN(F(5)), .outputs = 4 },
        { "Split", "! got 9223372036854775807", IN(F(6), LIST(BIG, BIG)), .outputs = 2 },
        { "Slice", "float32[2,2]", IN(F(4, 5), LIST(1, 0), LIST(3, 5), LIST(0, 1), LIST(1, 3)) },
        { "Slice", "float32[4]", IN(F(4), LIST(-1), LIST(INT64_MIN), LIST(0), LIST(-1)) },
        { "Slice", "float32[1]", IN(F(4), LIST(-100), LIST(INT64_MIN), LIST(0), LIST(-1)) },
        { "Slice", "float32[0]", IN(F(0), LIST(-1), LIST(INT64_MIN), LIST(0), LIST(INT64_MIN)) },
        { "Slice", "float32[3,5]", IN(F(4, 5), LIST(1), LIST(BIG)) },
        { "Slice", "float32[0]", IN(F(4), LIST(3), LIST(1)) },
        { "Slice", "float32[?,3]", IN(F(U, 5), LIST(1, 2), LIST(3, 5)) },
        { "Slice", "float32[?,5]", IN(F(4, 5), I(1), I(1), LIST(0)) },
        { "Slice", "float32[?,?]", IN(F(4, 5), I(1), I(1), I(1)) },
        { "Slice", "! the step of axis 0 is 0", IN(F(4), LIST(0), LIST(4), LIST(0), LIST(0)) },
        { "Slice", "! expected 1 numbers like input 1, got 2", IN(F(4), LIST(0), LIST(4, 4)) },
        { "Slice", "! axis 1", IN(F(4), LIST(0), LIST(4), LIST(1)) },
        { "Gather", "float32[2,5,6,4]", IN(F(2, 3, 4), I(5, 6)), AT(INT("axis", 1)) },
        { "Gather", "int64[]", IN(I(3), SCALAR(I64)) },
        { "Gather", "! rank limit", IN(F(1, 1, 1, 1, 1), I(1, 1, 1, 1, 1)) },
        { "Gather", "! rank 0", IN(SCALAR(F32), I(1)) },
        { "Gather", "! input 1", IN(F(2), F(1)) },
        { "Pad", "float32[5,3]", IN(F(2, 3), LIST(1, 0, 2, 0)) },
        { "Pad", "float32[2,4]", IN(F(2, 3), LIST(-1, 2), NONE, LIST(-1)) },
        { "Pad", "float32[?,?]", IN(F(2, 3), I(4)) },
        { "Pad", "! expected 4 pads, got 2", IN(F(2, 3), LIST(1, 1)) },
        { "Pad", "! cannot be padded", IN(F(2), LIST(-2, -1)) },
        { "Pad", "! cannot be padded", IN(F(2), LIST(BIG, BIG)) },
        { "Pad", "! mode", IN(F(2), LIST(1, 1)), AT(TEXT("mode", "odd")) },
        { "Pad", "! input 2", IN(F(2), LIST(1, 1), SCALAR(I64)) },
        { "Tile", "float32[4,9]", IN(F(2, 3), LIST(2, 3)) },
        { "Tile", "float32[?,0]", IN(F(U, 3), LIST(2, 0)) },
        { "Tile", "! cannot be repeated -1 times", IN(F(2), LIST(-1)) },
        { "Tile", "! cannot be repeated", IN(F(2), LIST(BIG)) },
        { "Tile", "! expected 2 repeats, got 1", IN(F(2, 3), LIST(1)) },
    };
    CHECK_ALL(cases);
}

static void test_reductions(void **state) {
    (void)state;
    const Case cases[] = {
        { "ReduceSum", "float32[2,1,4]", IN(F(2, 3, 4), LIST(1)) },
        { "ReduceSum", "float32[2]", IN(F(2, 3, 4), LIST(-1, 1)), AT(INT("keepdims", 0)) },
        { "ReduceSum", "float32[1,1]", IN(F(2, 3)) },
        { "ReduceSum", "float32[1,1]", IN(F(2, 3), EMPTY_LIST) },
        { "ReduceSum", "float32[2,3]", IN(F(2, 3), EMPTY_LIST),
          AT(INT("noop_with_empty_axes", 1)) },
        { "ReduceSum", "float32[2,3]", IN(F(2, 3)), AT(INT("noop_with_empty_axes", 1)) },
        { "ReduceMean", "float32[]", IN(UNRANKED(F32)), AT(INT("keepdims", 0)) },
        { "ReduceMean", "float32[?,1]", IN(F(U, 3), LIST(1)) },
        { "ReduceMax", "float32[?,?]", IN(F(2, 3), I(1)) },
        { "ReduceMax", "float32[?]", IN(F(2, 3), I(1)), AT(INT("keepdims", 0)) },
        { "ReduceMax", "bool[1]", IN(T(BOOL, 2)) },
        { "ReduceMin", "! given twice", IN(F(2, 3), LIST(1, -1)) },
        { "ReduceProd", "! axis 2", IN(F(2, 3), LIST(2)) },
        { "ReduceProd", "! input 0", IN(T(STRING, 3)) },
        { "ArgMax", "int64[1,3]", IN(F(2, 3)) },
        { "ArgMin", "int64[?]", IN(F(U, 3)), AT(INT("axis", -1), INT("keepdims", 0)) },
        { "ArgMax", "! has no elements", IN(F(0, 3)) },
        { "ArgMax", "! axis 0 is outside of rank 0", IN(SCALAR(F32)) },
    };
    CHECK_ALL(cases);
}

static void test_rows_are_ordered_and_found(void **state) {
    (void)state;
    size_t count;
    const OpSchema *rows = op_schema_table_ml(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(rows[i - 1].name, rows[i].name) < 0);
        assert_ptr_equal(op_schema_find("ai.onnx.ml", rows[i].name), &rows[i]);
    }
    rows = op_schema_table(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(rows[i - 1].name, rows[i].name) < 0);
        assert_ptr_equal(op_schema_find(rows[i].domain, rows[i].name), &rows[i]);
        assert_non_null(rows[i].infer);
        assert_true(rows[i].oldest_opset <= rows[i].newest_opset);
        assert_true(rows[i].min_inputs <= rows[i].max_inputs &&
                    rows[i].min_outputs <= rows[i].max_outputs);
        assert_int_equal(*rows[i].domain != '\0', (rows[i].flags & OP_INTERNAL) != 0);
    }
    assert_non_null(op_schema_find("ai.onnx", "Add"));
    assert_null(op_schema_find("com.microsoft", "Add"));
    assert_null(op_schema_find("", "Reorder"));
    assert_null(op_schema_find("", "NoSuchOperator"));
}

/* Every row, given every kind of nonsense as inputs: an error or an answer, never a crash or a
 * negative dim. */
static void check_rows_on_nonsense(const OpSchema *rows, size_t count) {
    const InferPort nonsense[] = {
        NONE,
        UNRANKED(INVALID),
        UNRANKED(F32),
        SCALAR(F32),
        SCALAR(I64),
        F(0),
        F(U),
        F(BIG),
        F(BIG, BIG, BIG, BIG),
        F(2, 3),
        F(1, 1, 1, 1, 1, 1, 1, 1),
        T(STRING, 2),
        T(BOOL, 2),
        LIST(BIG, BIG),
        LIST(INT64_MIN, INT64_MIN),
        LIST(-1, 0),
        EMPTY_LIST,
        LIST(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17),
        NUMBER(I64, int64_t, INT64_MIN),
    };
    const Attribute attributes[] = {
        INT("axis", INT64_MIN),
        INT("group", -1),
        INT("to", 200),
        INT("num_outputs", INT64_MIN),
        INTS("perm", INT64_MAX, INT64_MIN),
        INTS("kernel_shape", 1, 1),
        INTS("strides", INT64_MAX, 1),
    };
    size_t kinds = ARRAY_LENGTH(nonsense);
    for (size_t row = 0; row < count; row++) {
        for (size_t mix = 0; mix < 2 * kinds * kinds; mix++) {
            InferPort inputs[5], outputs[2];
            for (size_t i = 0; i < 5; i++)
                inputs[i] = nonsense[i % 2 ? mix % kinds : mix / kinds % kinds];
            for (size_t i = 0; i < 2; i++)
                outputs[i] = (InferPort){ .present = true, .shape = SHAPE_UNKNOWN };
            const ValueId ids[5] = { 0 };
            Node node = { .op = &rows[row],
                          .name = "",
                          .inputs = ids,
                          .outputs = ids,
                          .attributes = attributes,
                          .input_count = MIN_OF(rows[row].max_inputs, 5),
                          .output_count = MIN_OF(rows[row].max_outputs, 2),
                          .attribute_count = mix < kinds * kinds ? 0 : ARRAY_LENGTH(attributes) };
            Status status =
                op_infer(&(InferCall){ .node = &node, .inputs = inputs, .outputs = outputs });
            for (size_t i = 0; status_is_ok(&status) && i < node.output_count; i++)
                for (int32_t dim = 0; dim < outputs[i].shape.rank; dim++)
                    assert_true(outputs[i].shape.dims[dim] >= DIM_UNKNOWN);
        }
    }
}

static void test_no_row_trusts_its_inputs(void **state) {
    (void)state;
    size_t count;
    const OpSchema *rows = op_schema_table(&count);
    check_rows_on_nonsense(rows, count);
    rows = op_schema_table_ml(&count);
    check_rows_on_nonsense(rows, count);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elementwise),
        cmocka_unit_test(test_convolution),
        cmocka_unit_test(test_pooling_and_normalisation),
        cmocka_unit_test(test_matrix_products),
        cmocka_unit_test(test_shape_operators),
        cmocka_unit_test(test_shape_makers),
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_reductions),
        cmocka_unit_test(test_rows_are_ordered_and_found),
        cmocka_unit_test(test_no_row_trusts_its_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
