/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How operators become steps. Each operator that the device has is a row with a function that
 * appends the node's steps, or says that it does not take this node (a type, a mode, a form it
 * lacks), so that "can you run it" and "run it" are one piece of code: with program NULL nothing is
 * recorded. Functions give false for "not taken" and for failure; which of both is in status.
 */

#include "cuda/kernels/kernels.h"
#include "cuda/program.h"
#include "runtime/graph/op_schema.h"

typedef struct NodeBuild {
    const Graph *graph;
    const Node *node;
    Program *program; /* NULL: only asked */
    DeviceModel *model;
    PlaceId *place_of; /* by value */
    uint32_t step;     /* index of the next step: lifetimes of scratch begin here */
    Status status;
} NodeBuild;

typedef bool (*NodeBuilder)(NodeBuild *build);

typedef struct OpRow {
    const char *name; /* of ai.onnx, or inferd.Reorder */
    NodeBuilder build;
    bool channels_last; /* its spatial ports may be in that layout */
} OpRow;

/* NULL when the device lacks it. */
const OpRow *op_row_find(const OpSchema *op);
const OpRow *op_row_table(size_t *ret_count);

/* --- what a node has --- */

/* Input or output number index, NULL when it is left out. */
const Value *build_input(const NodeBuild *build, uint32_t index);
const Value *build_output(const NodeBuild *build, uint32_t index);
/* Elements; 0 when not known, empty, or 2^31 and more. */
uint32_t value_count(const Value *value);
/* Row-major strides of the logical dims, as they lie in memory in the value's layout. */
void value_strides(const Value *value, int32_t strides[static SHAPE_MAX_RANK]);
/* The logical dims in the order in which they lie in memory. */
void value_order(const Value *value, int32_t order[static SHAPE_MAX_RANK]);
bool value_is_plain(const Value *value);
/* Do both lie in the same layout? Only asked, always: while layouts are being assigned some ports
 * have theirs and some not yet, and when steps are made they agree. */
bool build_layouts_agree(const NodeBuild *build, const Value *a, const Value *b);
/* The content of a constant input; NULL when it is none. */
const Tensor *build_constant(const NodeBuild *build, uint32_t index);
/* [outer, axis, inner] of a plain value. */
AxisArgs axis_args(const Shape *shape, size_t axis);

/* --- steps --- */

typedef struct LaunchArg {
    PlaceId place;
    const void *bytes; /* copied; NULL: the place's address */
    size_t size;
} LaunchArg;

#define ARG(variable) ((LaunchArg){ .bytes = &(variable), .size = sizeof(variable) })
LaunchArg arg_input(const NodeBuild *build, uint32_t index);
LaunchArg arg_output(const NodeBuild *build, uint32_t index);
LaunchArg arg_place(PlaceId place);
#define ARG_NULL ((LaunchArg){ 0 })

typedef struct Grid {
    uint32_t grid[3], block[3];
} Grid;

/* A thread an element, as many blocks as keep a large GPU busy. */
Grid grid_elements(uint32_t count);
/* A block of KERNEL_ROW_BLOCK a row. */
Grid grid_rows(uint32_t rows);

bool build_launch(NodeBuild *build, const void *kernel, Grid grid, size_t count,
                  const LaunchArg *args);
#define BUILD_LAUNCH(build, kernel, grid, ...)                                                     \
    build_launch(build, kernel, grid, sizeof((LaunchArg[]){ __VA_ARGS__ }) / sizeof(LaunchArg),    \
                 (LaunchArg[]){ __VA_ARGS__ })
bool build_copy(NodeBuild *build, PlaceId dst, PlaceId src, size_t bytes);
/* Memory for the steps of this node alone. */
bool build_scratch(NodeBuild *build, size_t bytes, PlaceId *ret_place);
/* The step that was appended last, to be filled; NULL when nothing is recorded or memory is out. */
Step *build_step(NodeBuild *build, const StepType *type);
PlaceId build_place(const NodeBuild *build, ValueId value);
/* A constant input in another form. */
bool build_weights(NodeBuild *build, uint32_t input, WeightForm form, PlaceId *ret_place);
bool build_failed(NodeBuild *build, Status status);

extern const StepType launch_step, copy_step, gemm_step, conv_step;

/* --- products, for the operators made of them --- */

/* d[batch][m][n] = alpha * a[batch][m][k] b[batch][k][n] (+ c), all row-major */
typedef struct Product {
    DType dtype;
    uint32_t m, n, k, batch;
    int64_t stride_a, stride_b,
        stride_d;                /* from one of the batch to the next; 0: the same for all */
    int64_t row_a, row_b, row_d; /* elements from row to row of what lies in memory */
    bool turned_a, turned_b;     /* lies as [k][m], [n][k] */
    PlaceId a, b, d;
    PlaceId c;    /* a residual of d's form, or 0 */
    PlaceId bias; /* [n], or 0 */
    bool relu;
    float alpha;
} Product;
bool build_product(NodeBuild *build, const Product *product);

/* --- operators, a family a file --- */

#define OP_BUILDERS(BUILDER)                                                                       \
    BUILDER(unary)                                                                                 \
    BUILDER(clip)                                                                                  \
    BUILDER(binary)                                                                                \
    BUILDER(variadic)                                                                              \
    BUILDER(mod)                                                                                   \
    BUILDER(compare)                                                                               \
    BUILDER(where)                                                                                 \
    BUILDER(cast)                                                                                  \
    BUILDER(float_test)                                                                            \
    BUILDER(same_bytes)                                                                            \
    BUILDER(transpose)                                                                             \
    BUILDER(reorder)                                                                               \
    BUILDER(slice)                                                                                 \
    BUILDER(expand)                                                                                \
    BUILDER(tile)                                                                                  \
    BUILDER(concat)                                                                                \
    BUILDER(split)                                                                                 \
    BUILDER(depth_to_space)                                                                        \
    BUILDER(space_to_depth)                                                                        \
    BUILDER(pad)                                                                                   \
    BUILDER(gather)                                                                                \
    BUILDER(gather_elements)                                                                       \
    BUILDER(gather_nd)                                                                             \
    BUILDER(scatter_elements)                                                                      \
    BUILDER(scatter_nd)                                                                            \
    BUILDER(trilu)                                                                                 \
    BUILDER(cumsum)                                                                                \
    BUILDER(arg)                                                                                   \
    BUILDER(reduce)                                                                                \
    BUILDER(softmax)                                                                               \
    BUILDER(layer_norm)                                                                            \
    BUILDER(rms_norm)                                                                              \
    BUILDER(group_norm)                                                                            \
    BUILDER(instance_norm)                                                                         \
    BUILDER(batch_norm)                                                                            \
    BUILDER(lrn)                                                                                   \
    BUILDER(lp_norm)                                                                               \
    BUILDER(pool)                                                                                  \
    BUILDER(global_pool)                                                                           \
    BUILDER(conv)                                                                                  \
    BUILDER(resize)                                                                                \
    BUILDER(matmul)                                                                                \
    BUILDER(gemm)                                                                                  \
    BUILDER(attention)                                                                             \
    BUILDER(quantize)                                                                              \
    BUILDER(dequantize)
#define OP_BUILDER_DECLARE(name) bool build_##name(NodeBuild *build);
OP_BUILDERS(OP_BUILDER_DECLARE)
