/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Graphs in a few lines, for tests. Everything aborts with a message instead of failing: a test
 * that cannot build its model has nothing to test. Names, attributes and contents are copied into
 * the graph.
 *
 *     Graph *graph = model_new();
 *     ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 3, 8, 8));
 *     ValueId w = MODEL_F32(graph, SHAPE(1, 3, 1, 1), 1, 2, 3);
 *     ValueId y = model_node(graph, "Conv", INPUTS(x, w), ATTRIBUTES(ATTRIBUTE_OF_INTS("strides",
 * 2, 2))); model_output(graph, "y", model_node(graph, "Relu", INPUTS(y), NO_ATTRIBUTES));
 *     model_finish(graph);
 *     ...
 *     graph_free(graph);
 */

#include "runtime/graph/graph.h"
#include "runtime/graph/op_schema.h"

/* Arguments of model_node. Inputs that are left out are VALUE_NONE. */
#define INPUTS(...)                                                                                \
    sizeof((const ValueId[]){ __VA_ARGS__ }) / sizeof(ValueId), (const ValueId[]) {                \
        __VA_ARGS__                                                                                \
    }
#define NO_INPUTS 0, NULL
#define ATTRIBUTES(...)                                                                            \
    sizeof((Attribute[]){ __VA_ARGS__ }) / sizeof(Attribute), (const Attribute[]) {                \
        __VA_ARGS__                                                                                \
    }
#define NO_ATTRIBUTES 0, NULL

#define ATTRIBUTE_OF_INT(text, value)                                                              \
    ((Attribute){ .name = (text), .kind = ATTRIBUTE_INT, .i = (value) })
#define ATTRIBUTE_OF_FLOAT(text, value)                                                            \
    ((Attribute){ .name = (text), .kind = ATTRIBUTE_FLOAT, .f = (value) })
#define ATTRIBUTE_OF_STRING(text, value)                                                           \
    ((Attribute){ .name = (text), .kind = ATTRIBUTE_STRING, .s = { (value), sizeof(value) - 1 } })
#define ATTRIBUTE_OF_INTS(text, ...)                                                               \
    ((Attribute){ .name = (text),                                                                  \
                  .kind = ATTRIBUTE_INTS,                                                          \
                  .count = sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t),                   \
                  .ints = (const int64_t[]){ __VA_ARGS__ } })
#define ATTRIBUTE_OF_FLOATS(text, ...)                                                             \
    ((Attribute){ .name = (text),                                                                  \
                  .kind = ATTRIBUTE_FLOATS,                                                        \
                  .count = sizeof((float[]){ __VA_ARGS__ }) / sizeof(float),                       \
                  .floats = (const float[]){ __VA_ARGS__ } })
#define ATTRIBUTE_OF_TENSOR(text, value)                                                           \
    ((Attribute){ .name = (text), .kind = ATTRIBUTE_TENSOR, .tensor = (value) })

Graph *model_new(void); /* graph_free */

ValueId model_input(Graph *graph, const char *name, DType dtype, Shape shape);

/* Content given as numbers, converted to dtype: f32, f64, f16, bf16, bool and all integers of 8
 * bits and more. The count must be that of the shape. */
ValueId model_constant(Graph *graph, DType dtype, Shape shape, const double *values, size_t count);
#define MODEL_CONSTANT(graph, dtype, shape, ...)                                                   \
    model_constant((graph), (dtype), (shape), (const double[]){ __VA_ARGS__ },                     \
                   sizeof((double[]){ __VA_ARGS__ }) / sizeof(double))
#define MODEL_F32(graph, shape, ...) MODEL_CONSTANT(graph, DTYPE_F32, shape, __VA_ARGS__)
/* A list: MODEL_I64(graph, 1, -1) is the shape to reshape to. */
#define MODEL_I64(graph, ...)                                                                      \
    MODEL_CONSTANT(graph, DTYPE_I64, SHAPE(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double)),    \
                   __VA_ARGS__)
/* Like weights: uniform in [-scale, scale], the same for the same seed on every machine. */
ValueId model_random_f32(Graph *graph, Shape shape, float scale, uint32_t seed);

/* Appends a node and gives its first output. op of ai.onnx, else of inferd. Shapes are inferred at
 * once. */
ValueId model_node(Graph *graph, const char *op, size_t input_count, const ValueId *inputs,
                   size_t attribute_count, const Attribute *attributes);
/* The same with several outputs; outputs is filled. An entry that is VALUE_NONE before the call
 * stays left out. */
NodeId model_node_outputs(Graph *graph, const char *op, size_t input_count, const ValueId *inputs,
                          size_t attribute_count, const Attribute *attributes, size_t output_count,
                          ValueId *outputs);

/* Declared with the inferred type and shape. */
void model_output(Graph *graph, const char *name, ValueId value);
/* Sorts and infers all; aborts where that fails. */
void model_finish(Graph *graph);

/* Aborts, printing the message, unless it is OK. */
void model_check(Status status);
/* A tensor of the caller's (tensor_deinit) with content as for model_constant. */
Tensor model_tensor(DType dtype, Shape shape, const double *values, size_t count);
#define MODEL_TENSOR(dtype, shape, ...)                                                            \
    model_tensor((dtype), (shape), (const double[]){ __VA_ARGS__ },                                \
                 sizeof((double[]){ __VA_ARGS__ }) / sizeof(double))
