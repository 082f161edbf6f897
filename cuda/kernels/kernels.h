/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The device's own kernels, as host code sees them: which there are, the structs they take by
 * value, and for each family a function that finds the instance for its types (NULL: there is
 * none). A kernel's address is launched with the runtime's cudaLaunchKernel; no kernel has code of
 * its own on the host. Shared by C and CUDA.
 *
 * All counts and strides are in elements and below 2^31, which callers check: 32-bit index
 * arithmetic is several times cheaper on a GPU. Kernels never use tensor cores or asynchronous
 * copies: those stay inside the libraries, so that the PTX interpreter covers all we write.
 */

#include "runtime/tensor/dtype.h"

#ifdef __cplusplus
#define KERNELS_C extern "C"
#else
#define KERNELS_C
#endif

enum { KERNEL_RANK = 8, KERNEL_BLOCK = 256, KERNEL_ROW_BLOCK = 128 };

/* UNARY(name, operator of ONNX): dst = f(src, alpha, beta), f32, f16 and bf16 in, computed in f32.
 */
#define UNARY_OPS(UNARY)                                                                           \
    UNARY(ABS, "Abs")                                                                              \
    UNARY(ACOS, "Acos")                                                                            \
    UNARY(ACOSH, "Acosh")                                                                          \
    UNARY(ASIN, "Asin")                                                                            \
    UNARY(ASINH, "Asinh")                                                                          \
    UNARY(ATAN, "Atan")                                                                            \
    UNARY(ATANH, "Atanh")                                                                          \
    UNARY(CEIL, "Ceil")                                                                            \
    UNARY(CELU, "Celu")                                                                            \
    UNARY(CLIP, "Clip")                                                                            \
    UNARY(COS, "Cos")                                                                              \
    UNARY(COSH, "Cosh")                                                                            \
    UNARY(ELU, "Elu")                                                                              \
    UNARY(ERF, "Erf")                                                                              \
    UNARY(EXP, "Exp")                                                                              \
    UNARY(FLOOR, "Floor")                                                                          \
    UNARY(GELU, "Gelu")                                                                            \
    UNARY(GELU_TANH, "Gelu:tanh")                                                                  \
    UNARY(HARD_SIGMOID, "HardSigmoid")                                                             \
    UNARY(HARD_SWISH, "HardSwish")                                                                 \
    UNARY(LEAKY_RELU, "LeakyRelu")                                                                 \
    UNARY(LOG, "Log")                                                                              \
    UNARY(MISH, "Mish")                                                                            \
    UNARY(NEG, "Neg")                                                                              \
    UNARY(RECIPROCAL, "Reciprocal")                                                                \
    UNARY(RELU, "Relu")                                                                            \
    UNARY(ROUND, "Round")                                                                          \
    UNARY(SELU, "Selu")                                                                            \
    UNARY(SHRINK, "Shrink")                                                                        \
    UNARY(SIGMOID, "Sigmoid")                                                                      \
    UNARY(SIGN, "Sign")                                                                            \
    UNARY(SIN, "Sin")                                                                              \
    UNARY(SINH, "Sinh")                                                                            \
    UNARY(SOFTPLUS, "Softplus")                                                                    \
    UNARY(SOFTSIGN, "Softsign")                                                                    \
    UNARY(SQRT, "Sqrt")                                                                            \
    UNARY(SWISH, "Swish")                                                                          \
    UNARY(TAN, "Tan")                                                                              \
    UNARY(TANH, "Tanh")                                                                            \
    UNARY(THRESHOLDED_RELU, "ThresholdedRelu")

/* The same over whole numbers and flags; src and dst of one type. */
#define WHOLE_OPS(WHOLE)                                                                           \
    WHOLE(ABS, "Abs")                                                                              \
    WHOLE(BITWISE_NOT, "BitwiseNot")                                                               \
    WHOLE(NEG, "Neg")                                                                              \
    WHOLE(NOT, "Not")                                                                              \
    WHOLE(RELU, "Relu")                                                                            \
    WHOLE(SIGN, "Sign")

/* BINARY(name, operator): dst = f(a, b), of one type. */
#define BINARY_OPS(BINARY)                                                                         \
    BINARY(ADD, "Add")                                                                             \
    BINARY(DIV, "Div")                                                                             \
    BINARY(MAX, "Max")                                                                             \
    BINARY(MIN, "Min")                                                                             \
    BINARY(MUL, "Mul")                                                                             \
    BINARY(POW, "Pow")                                                                             \
    BINARY(PRELU, "PRelu")                                                                         \
    BINARY(SUB, "Sub")

/* Remainder with the sign of b, and of a; bits. */
#define BITS_OPS(BITS)                                                                             \
    BITS(AND, "BitwiseAnd")                                                                        \
    BITS(FMOD, "Mod:fmod")                                                                         \
    BITS(MOD, "Mod")                                                                               \
    BITS(OR, "BitwiseOr")                                                                          \
    BITS(XOR, "BitwiseXor")

/* dst is one flag an element. */
#define COMPARE_OPS(COMPARE)                                                                       \
    COMPARE(EQUAL, "Equal")                                                                        \
    COMPARE(GREATER, "Greater")                                                                    \
    COMPARE(GREATER_OR_EQUAL, "GreaterOrEqual")                                                    \
    COMPARE(LESS, "Less")                                                                          \
    COMPARE(LESS_OR_EQUAL, "LessOrEqual")

/* Of two flags. */
#define LOGIC_OPS(LOGIC)                                                                           \
    LOGIC(AND, "And")                                                                              \
    LOGIC(OR, "Or")                                                                                \
    LOGIC(XOR, "Xor")

/* REDUCE(name, operator) */
#define REDUCE_OPS(REDUCE)                                                                         \
    REDUCE(L1, "ReduceL1")                                                                         \
    REDUCE(L2, "ReduceL2")                                                                         \
    REDUCE(LOG_SUM, "ReduceLogSum")                                                                \
    REDUCE(LOG_SUM_EXP, "ReduceLogSumExp")                                                         \
    REDUCE(MAX, "ReduceMax")                                                                       \
    REDUCE(MEAN, "ReduceMean")                                                                     \
    REDUCE(MIN, "ReduceMin")                                                                       \
    REDUCE(PROD, "ReduceProd")                                                                     \
    REDUCE(SUM, "ReduceSum")                                                                       \
    REDUCE(SUM_SQUARE, "ReduceSumSquare")

#define KERNEL_ENUM_UNARY(name, op)   UNARY_##name,
#define KERNEL_ENUM_WHOLE(name, op)   WHOLE_##name,
#define KERNEL_ENUM_BINARY(name, op)  BINARY_##name,
#define KERNEL_ENUM_BITS(name, op)    BITS_##name,
#define KERNEL_ENUM_COMPARE(name, op) COMPARE_##name,
#define KERNEL_ENUM_LOGIC(name, op)   LOGIC_##name,
#define KERNEL_ENUM_REDUCE(name, op)  REDUCE_##name,
typedef enum UnaryOp { UNARY_OPS(KERNEL_ENUM_UNARY) UNARY_COUNT } UnaryOp;
typedef enum WholeOp { WHOLE_OPS(KERNEL_ENUM_WHOLE) WHOLE_COUNT } WholeOp;
typedef enum BinaryOp { BINARY_OPS(KERNEL_ENUM_BINARY) BINARY_COUNT } BinaryOp;
typedef enum BitsOp { BITS_OPS(KERNEL_ENUM_BITS) BITS_COUNT } BitsOp;
typedef enum CompareOp { COMPARE_OPS(KERNEL_ENUM_COMPARE) COMPARE_COUNT } CompareOp;
typedef enum LogicOp { LOGIC_OPS(KERNEL_ENUM_LOGIC) LOGIC_COUNT } LogicOp;
typedef enum ReduceOp { REDUCE_OPS(KERNEL_ENUM_REDUCE) REDUCE_COUNT } ReduceOp;

/* Walks `count` elements of dims[0..rank) in row-major order; stride of each operand by dim. */
typedef struct Walk1 {
    uint32_t count;
    int32_t rank;
    uint32_t dims[KERNEL_RANK];
    int32_t src[KERNEL_RANK], dst[KERNEL_RANK];
    int32_t src_start, dst_start;
} Walk1;

typedef struct Walk2 {
    uint32_t count;
    int32_t rank;
    uint32_t dims[KERNEL_RANK];
    int32_t a[KERNEL_RANK], b[KERNEL_RANK];
} Walk2;

typedef struct Walk3 {
    uint32_t count;
    int32_t rank;
    uint32_t dims[KERNEL_RANK];
    int32_t a[KERNEL_RANK], b[KERNEL_RANK], c[KERNEL_RANK];
} Walk3;

typedef enum PadMode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP } PadMode;

typedef struct PadArgs {
    uint32_t count;
    int32_t rank;
    uint32_t dims[KERNEL_RANK]; /* of the result */
    int32_t in[KERNEL_RANK], begin[KERNEL_RANK], src[KERNEL_RANK];
    uint64_t value; /* the constant's bytes */
    PadMode mode;
} PadArgs;

/* dst [outer, indices, inner] from src [outer, axis, inner]; rows are outer. */
typedef struct GatherArgs {
    uint32_t count, indices, axis, inner;
} GatherArgs;

/* GatherElements: dst walks indices' shape; the axis' stride in src. */
typedef struct GatherElementsArgs {
    Walk1 walk; /* of src, the axis' stride being 0 */
    uint32_t axis;
    int32_t axis_stride;
} GatherElementsArgs;

typedef struct GatherNdArgs {
    uint32_t count, inner; /* elements of dst; of a slice */
    uint32_t tuples_per_batch, batch_stride;
    int32_t depth; /* numbers a tuple */
    uint32_t dims[KERNEL_RANK];
    int32_t strides[KERNEL_RANK];
} GatherNdArgs;

/* A reduction over `inner` walks of `reduced` for each of `kept` positions. */
typedef struct ReduceArgs {
    uint32_t kept, reduced;
    int32_t kept_rank, reduced_rank;
    uint32_t kept_dims[KERNEL_RANK], reduced_dims[KERNEL_RANK];
    int32_t kept_strides[KERNEL_RANK], reduced_strides[KERNEL_RANK];
} ReduceArgs;

/* Softmax and kin over axis of [outer, axis, inner]. */
typedef struct AxisArgs {
    uint32_t outer, axis, inner;
} AxisArgs;

typedef struct NormArgs {
    uint32_t rows, width;          /* each row has its own mean */
    uint32_t scale_div, scale_mod; /* scale of element i of row r: [(r * width + i) / div % mod] */
    float epsilon;
} NormArgs;

enum { POOL_RANK = 3 };
typedef enum PoolOp { POOL_MAX, POOL_AVERAGE, POOL_LP, POOL_COUNT } PoolOp;

/* Windows over up to three spatial dims, right-aligned; strides of src and dst in elements. */
typedef struct PoolArgs {
    uint32_t count, channels;
    uint32_t out[POOL_RANK];
    int32_t in[POOL_RANK], kernel[POOL_RANK], stride[POOL_RANK], dilation[POOL_RANK];
    int32_t pad_begin[POOL_RANK], pad_end[POOL_RANK];
    int32_t src_batch, src_channel, src_step[POOL_RANK];
    int32_t dst_batch, dst_channel, dst_step[POOL_RANK];
    int32_t count_include_pad;
    float p;
} PoolArgs;

typedef enum ResizeMode { RESIZE_NEAREST, RESIZE_LINEAR, RESIZE_CUBIC } ResizeMode;
typedef enum ResizeCoordinate {
    RESIZE_HALF_PIXEL,
    RESIZE_PYTORCH_HALF_PIXEL,
    RESIZE_ALIGN_CORNERS,
    RESIZE_ASYMMETRIC,
} ResizeCoordinate;
typedef enum ResizeRound {
    RESIZE_ROUND_PREFER_FLOOR,
    RESIZE_ROUND_PREFER_CEIL,
    RESIZE_FLOOR,
    RESIZE_CEIL,
} ResizeRound;

typedef struct ResizeArgs {
    uint32_t count;
    uint32_t out[4]; /* outer, channels as they lie, and two spatial dims */
    int32_t in[4], src[4];
    float scale[2];
    ResizeMode mode;
    ResizeCoordinate coordinate;
    ResizeRound round;
    float cubic;
} ResizeArgs;

typedef struct ConvArgs {
    uint32_t count, channels; /* of the result */
    uint32_t out[POOL_RANK];
    int32_t in[POOL_RANK], kernel[POOL_RANK], stride[POOL_RANK], dilation[POOL_RANK];
    int32_t pad_begin[POOL_RANK];
    uint32_t group_in, group_out; /* channels a group */
    int32_t src_batch, src_channel, src_step[POOL_RANK];
    int32_t dst_batch, dst_channel, dst_step[POOL_RANK];
    int32_t weight_out, weight_in, weight_step[POOL_RANK];
    int32_t relu;
} ConvArgs;

/* Scores of attention: [rows, keys], one row a block. */
typedef struct ScoresArgs {
    uint32_t rows, keys, queries; /* rows = batch * heads * queries */
    float scale, softcap;
    int32_t causal_past; /* query q may see keys up to q + causal_past; INT32_MAX: all */
    Walk1 mask;          /* over [batch, heads, queries, keys], strides of the mask */
} ScoresArgs;

typedef struct QuantizeArgs {
    uint32_t count, inner, axis; /* scale of element i: [i / inner % axis] */
    int32_t low, high;
} QuantizeArgs;

KERNELS_C const void *kernel_unary(UnaryOp op, DType dtype);
KERNELS_C const void *kernel_whole(WholeOp op, DType dtype);
KERNELS_C const void *kernel_float_test(bool infinite, DType dtype);
KERNELS_C const void *kernel_binary(BinaryOp op, DType dtype);
KERNELS_C const void *kernel_bits(BitsOp op, DType dtype);
KERNELS_C const void *kernel_compare(CompareOp op, DType dtype);
KERNELS_C const void *kernel_logic(LogicOp op);
KERNELS_C const void *kernel_cast(DType from, DType to);
/* By bytes an element: 1, 2, 4 or 8. */
KERNELS_C const void *kernel_where(size_t item_bytes);
KERNELS_C const void *kernel_copy(size_t item_bytes);
KERNELS_C const void *kernel_turn(
    size_t item_bytes); /* [batch, rows, columns] to [.., columns, rows] */
KERNELS_C const void *kernel_pad(size_t item_bytes);
KERNELS_C const void *kernel_gather(size_t item_bytes, DType index);
KERNELS_C const void *kernel_gather_elements(size_t item_bytes, DType index);
/* Indices of int64, as ONNX has them. */
KERNELS_C const void *kernel_gather_nd(size_t item_bytes);
KERNELS_C const void *kernel_scatter_nd(size_t item_bytes);
KERNELS_C const void *kernel_scatter_elements(size_t item_bytes, DType index);
KERNELS_C const void *kernel_trilu(size_t item_bytes);
KERNELS_C const void *kernel_cumsum(DType dtype);
KERNELS_C const void *kernel_arg(bool max, DType dtype);
KERNELS_C const void *kernel_reduce_row(ReduceOp op, DType dtype);
KERNELS_C const void *kernel_reduce_column(ReduceOp op, DType dtype);
KERNELS_C const void *kernel_softmax_row(bool log, DType dtype);
KERNELS_C const void *kernel_softmax_column(bool log, DType dtype);
KERNELS_C const void *kernel_norm(bool centred, DType dtype);
KERNELS_C const void *kernel_batch_norm(DType dtype);
KERNELS_C const void *kernel_lrn(DType dtype);
KERNELS_C const void *kernel_lp_norm(DType dtype);
KERNELS_C const void *kernel_pool(PoolOp op, DType dtype);
KERNELS_C const void *kernel_resize(DType dtype);
KERNELS_C const void *kernel_conv(DType dtype);
KERNELS_C const void *kernel_scores(DType dtype, bool flags);
KERNELS_C const void *kernel_quantize(DType from, DType to);
KERNELS_C const void *kernel_dequantize(DType from, DType to);
