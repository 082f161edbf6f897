/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Builds small graphs for tests; see the header for how a test looks. Contents are given as
 * doubles, which hold every number that tests write down, and are stored in the wanted type by one
 * row of a table each.
 */

#include "tests/support/model_builder.h"

#include "runtime/base/size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODEL_BUDGET_BYTES = 64 << 20 };

void model_check(Status status) {
    if (status_is_ok(&status))
        return;
    fprintf(stderr, "model_builder: %s: %s\n", status_code_name(status.code), status.message);
    abort();
}

static void *copy_bytes(Graph *graph, const void *bytes, size_t length) {
    void *copy = arena_alloc(graph_arena(graph), length);
    if (!copy)
        model_check(arena_exhausted(graph_arena(graph)));
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

Graph *model_new(void) {
    Graph *graph = NULL;
    model_check(graph_new(MODEL_BUDGET_BYTES, &graph));
    return graph;
}

ValueId model_input(Graph *graph, const char *name, DType dtype, Shape shape) {
    ValueId value = VALUE_NONE;
    model_check(graph_add_value(graph, name, dtype, &shape, &value));
    model_check(graph_add_input(
        graph, &(Port){ .name = name, .value = value, .dtype = dtype, .shape = shape }));
    return value;
}

#define STORE(fn, Type)                                                                            \
    static void fn(void *data, size_t i, double value) {                                           \
        ((Type *)data)[i] = (Type)value;                                                           \
    }
STORE(store_f32, float)
STORE(store_f64, double)
STORE(store_u8, uint8_t)
STORE(store_i8, int8_t)
STORE(store_u16, uint16_t)
STORE(store_i16, int16_t)
STORE(store_u32, uint32_t)
STORE(store_i32, int32_t)
STORE(store_u64, uint64_t)
STORE(store_i64, int64_t)

static void store_bool(void *data, size_t i, double value) {
    ((uint8_t *)data)[i] = value != 0;
}
static void store_f16(void *data, size_t i, double value) {
    ((uint16_t *)data)[i] = f32_to_f16((float)value);
}
static void store_bf16(void *data, size_t i, double value) {
    ((uint16_t *)data)[i] = f32_to_bf16((float)value);
}

static void (*const STORES[DTYPE_COUNT])(void *data, size_t i, double value) = {
    [DTYPE_F32] = store_f32,   [DTYPE_F64] = store_f64,   [DTYPE_F16] = store_f16,
    [DTYPE_BF16] = store_bf16, [DTYPE_BOOL] = store_bool, [DTYPE_U8] = store_u8,
    [DTYPE_I8] = store_i8,     [DTYPE_U16] = store_u16,   [DTYPE_I16] = store_i16,
    [DTYPE_U32] = store_u32,   [DTYPE_I32] = store_i32,   [DTYPE_U64] = store_u64,
    [DTYPE_I64] = store_i64,
};

static void fill(Tensor *tensor, const double *values, size_t count) {
    if (tensor_elements(tensor) != count || !STORES[tensor->dtype])
        model_check(status_error(STATUS_INTERNAL, "%zu values cannot fill %s%s", count,
                                 dtype_name(tensor->dtype), SHAPE_TEXT(&tensor->shape)));
    for (size_t i = 0; i < count; i++)
        STORES[tensor->dtype](tensor->data, i, values[i]);
}

Tensor model_tensor(DType dtype, Shape shape, const double *values, size_t count) {
    Tensor tensor = { 0 };
    model_check(tensor_init(&tensor, dtype, &shape));
    fill(&tensor, values, count);
    return tensor;
}

ValueId model_constant(Graph *graph, DType dtype, Shape shape, const double *values, size_t count) {
    ValueId value = VALUE_NONE;
    Tensor *tensor = NULL;
    model_check(graph_add_constant_new(graph, dtype, &shape, &value, &tensor));
    fill(tensor, values, count);
    return value;
}

ValueId model_random_f32(Graph *graph, Shape shape, float scale, uint32_t seed) {
    ValueId value = VALUE_NONE;
    Tensor *tensor = NULL;
    model_check(graph_add_constant_new(graph, DTYPE_F32, &shape, &value, &tensor));
    float *data = tensor->data;
    uint64_t state = seed + UINT64_C(0x9E3779B97F4A7C15);
    for (size_t i = 0; i < tensor_elements(tensor); i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        data[i] = scale * ((float)(state >> 40) * 0x1p-23f - 1.0f);
    }
    return value;
}

static Attribute copy_attribute(Graph *graph, const Attribute *attribute) {
    Attribute copy = *attribute;
    copy.name = copy_bytes(graph, attribute->name, strlen(attribute->name) + 1);
    if (attribute->kind == ATTRIBUTE_STRING)
        copy.s.data = copy_bytes(graph, attribute->s.data, attribute->s.length);
    if (attribute->kind == ATTRIBUTE_INTS)
        copy.ints = copy_bytes(graph, attribute->ints, attribute->count * sizeof(int64_t));
    if (attribute->kind == ATTRIBUTE_FLOATS)
        copy.floats = copy_bytes(graph, attribute->floats, attribute->count * sizeof(float));
    if (attribute->kind == ATTRIBUTE_TENSOR) {
        Tensor tensor = *attribute->tensor;
        tensor.data = copy_bytes(graph, tensor.data, tensor.bytes);
        copy.tensor = copy_bytes(graph, &tensor, sizeof tensor);
    }
    return copy;
}

NodeId model_node_outputs(Graph *graph, const char *op, size_t input_count, const ValueId *inputs,
                          size_t attribute_count, const Attribute *attributes, size_t output_count,
                          ValueId *outputs) {
    const OpSchema *schema = op_schema_find("", op);
    if (!schema)
        schema = op_schema_find("inferd", op);
    if (!schema)
        schema = op_schema_find("ai.onnx.ml", op);
    if (!schema)
        model_check(status_error(STATUS_INTERNAL, "no operator %s", op));
    Attribute *copies = copy_bytes(graph, attributes, attribute_count * sizeof *copies);
    for (size_t i = 0; i < attribute_count; i++)
        copies[i] = copy_attribute(graph, &attributes[i]);
    for (size_t i = 0; i < output_count; i++)
        if (outputs[i] != VALUE_NONE)
            model_check(graph_add_value(graph, NULL, DTYPE_INVALID, &SHAPE_UNKNOWN, &outputs[i]));

    char name[64];
    snprintf(name, sizeof name, "%s_%zu", op, graph_node_count(graph));
    NodeId node = NODE_NONE;
    model_check(graph_add_node(graph,
                               &(NodeSpec){ .op = schema,
                                            .name = name,
                                            .inputs = inputs,
                                            .outputs = outputs,
                                            .attributes = copies,
                                            .input_count = input_count,
                                            .output_count = output_count,
                                            .attribute_count = attribute_count },
                               &node));
    model_check(graph_infer_node(graph, node));
    return node;
}

ValueId model_node(Graph *graph, const char *op, size_t input_count, const ValueId *inputs,
                   size_t attribute_count, const Attribute *attributes) {
    ValueId output = 0;
    model_node_outputs(graph, op, input_count, inputs, attribute_count, attributes, 1, &output);
    return output;
}

void model_output(Graph *graph, const char *name, ValueId value) {
    const Value *source = graph_value_const(graph, value);
    Port port = { .name = name, .value = value, .dtype = source->dtype, .shape = source->shape };
    model_check(graph_add_output(graph, &port));
}

void model_finish(Graph *graph) {
    model_check(graph_sort(graph));
    model_check(graph_infer(graph));
}
