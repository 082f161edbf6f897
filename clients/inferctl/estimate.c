/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A row per operator whose work is not one operation for each element of its result. Where a shape
 * is not known without running the model the node is counted as uncounted, never guessed. Pure but
 * for the graph's shapes.
 */

#include "clients/inferctl/estimate.h"

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/plan/lifetime.h"
#include "runtime/plan/memory_plan.h"

#include <string.h>

/* false: a shape it needs is unknown. */
typedef bool (*CountFn)(const Graph *graph, const Node *node, uint64_t *ret_operations);

static const Shape *input_shape(const Graph *graph, const Node *node, size_t index) {
    if (index >= node->input_count || node->inputs[index] == VALUE_NONE)
        return NULL;
    const Shape *shape = &graph_value_const(graph, node->inputs[index])->shape;
    return shape_is_known(shape) ? shape : NULL;
}

static bool count_elements(const Graph *graph, ValueId value, uint64_t *ret_elements) {
    const Shape *shape = value == VALUE_NONE ? NULL : &graph_value_const(graph, value)->shape;
    size_t elements;
    if (!shape || !shape_is_known(shape) || !shape_elements(shape, &elements))
        return false;
    *ret_elements = elements;
    return true;
}

static bool count_output(const Graph *graph, const Node *node, uint64_t *ret_operations) {
    return node->output_count > 0 && count_elements(graph, node->outputs[0], ret_operations);
}

static bool count_input(const Graph *graph, const Node *node, uint64_t *ret_operations) {
    return node->input_count > 0 && count_elements(graph, node->inputs[0], ret_operations);
}

static bool count_nothing(const Graph *graph, const Node *node, uint64_t *ret_operations) {
    (void)graph, (void)node;
    *ret_operations = 0;
    return true;
}

/* Each element of the result is a sum over one filter. */
static bool count_filters(const Graph *graph, const Node *node, size_t filters,
                          uint64_t *ret_operations) {
    const Shape *weights = input_shape(graph, node, filters);
    uint64_t elements;
    if (!weights || !count_output(graph, node, &elements))
        return false;
    *ret_operations = 2 * elements * shape_product(weights, 1, (size_t)weights->rank);
    return true;
}

static bool count_conv(const Graph *graph, const Node *node, uint64_t *ret_operations) {
    return count_filters(graph, node, 1, ret_operations);
}

static bool count_qlinear_conv(const Graph *graph, const Node *node, uint64_t *ret_operations) {
    return count_filters(graph, node, 3, ret_operations);
}

/* Each element of the input is spread by one filter. */
static bool count_conv_transpose(const Graph *graph, const Node *node, uint64_t *ret_operations) {
    const Shape *weights = input_shape(graph, node, 1);
    uint64_t elements;
    if (!weights || !count_input(graph, node, &elements))
        return false;
    *ret_operations = 2 * elements * shape_product(weights, 1, (size_t)weights->rank);
    return true;
}

static bool count_matmul(const Graph *graph, const Node *node, uint64_t *ret_operations) {
    const Shape *a = input_shape(graph, node, 0);
    uint64_t elements;
    if (!a || a->rank == 0 || !count_output(graph, node, &elements))
        return false;
    bool transposed = node_get_int(node, "transA", 0) != 0 && a->rank == 2; /* of Gemm */
    *ret_operations = 2 * elements * (uint64_t)a->dims[transposed ? 0 : a->rank - 1];
    return true;
}

static bool count_pool(const Graph *graph, const Node *node, uint64_t *ret_operations) {
    size_t rank = 0;
    const int64_t *kernel = node_get_ints(node, "kernel_shape", &rank);
    uint64_t elements, taps = 1;
    if (!count_output(graph, node, &elements))
        return false;
    for (size_t i = 0; i < rank; i++)
        taps *= (uint64_t)MAX_OF(kernel[i], (int64_t)1);
    *ret_operations = elements * taps;
    return true;
}

/* Greatest, difference, exponential, sum, quotient. */
static bool count_softmax(const Graph *graph, const Node *node, uint64_t *ret_operations) {
    if (!count_output(graph, node, ret_operations))
        return false;
    *ret_operations *= 5;
    return true;
}

static const struct {
    const char *name; /* a '*' at its end: all that begin so */
    CountFn count;
} COUNTS[] = {
    { "Conv", count_conv },          { "ConvTranspose", count_conv_transpose },
    { "ConvInteger", count_conv },   { "QLinearConv", count_qlinear_conv },
    { "Gemm", count_matmul },        { "MatMul", count_matmul },
    { "AveragePool", count_pool },   { "MaxPool", count_pool },
    { "LpPool", count_pool },        { "Global*", count_input },
    { "Reduce*", count_input },      { "ArgMax", count_input },
    { "ArgMin", count_input },       { "Softmax", count_softmax },
    { "LogSoftmax", count_softmax }, { "BatchNormalization", count_output },
};

static CountFn find_count(const OpSchema *op) {
    for (size_t i = 0; i < ARRAY_LENGTH(COUNTS); i++) {
        size_t length = strlen(COUNTS[i].name);
        bool prefix = COUNTS[i].name[length - 1] == '*';
        if (prefix ? strncmp(op->name, COUNTS[i].name, length - 1) == 0
                   : strcmp(op->name, COUNTS[i].name) == 0)
            return COUNTS[i].count;
    }
    return op->flags & OP_ELEMENTWISE ? count_output
                                      : count_nothing; /* what only moves is no arithmetic */
}

bool estimate_node(const Graph *graph, const Node *node, uint64_t *ret_operations) {
    return find_count(node->op)(graph, node, ret_operations);
}

static void count_operations(const Graph *graph, Estimate *estimate) {
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        uint64_t operations = 0;
        if (node->removed)
            continue;
        if (estimate_node(graph, node, &operations))
            estimate->operations += operations;
        else
            estimate->uncounted_nodes++;
    }
}

static void count_weights(const Graph *graph, Estimate *estimate) {
    for (ValueId id = 0; id < graph_value_count(graph); id++) {
        const Tensor *constant = graph_value_const(graph, id)->constant;
        if (!constant || graph_use_count(graph, id) == 0)
            continue;
        estimate->parameters += tensor_elements(constant);
        estimate->weight_bytes += constant->bytes;
    }
}

static Status plan_memory(const Graph *graph, Arena *arena, Estimate *estimate) {
    Lifetime *lifetimes = NULL;
    TRY(lifetime_compute(graph, arena, &lifetimes));
    size_t values = graph_value_count(graph), count = 0;
    MemoryInterval *intervals = arena_calloc(arena, values, sizeof *intervals);
    if (!intervals)
        return arena_exhausted(arena);
    for (ValueId id = 0; id < values; id++)
        if (lifetimes[id].planned && lifetimes[id].root == id)
            intervals[count++] = (MemoryInterval){ .first = lifetimes[id].first,
                                                   .last = lifetimes[id].last,
                                                   .bytes = lifetimes[id].bytes };
    return memory_plan_assign(intervals, count, SIZE_MAX / 2, &estimate->working_bytes);
}

Status estimate_make(Graph *graph, Arena *arena, Estimate *ret_estimate) {
    Estimate estimate = { 0 };
    for (size_t i = 0; i < graph_input_count(graph); i++) {
        Value *value = graph_value(graph, graph_input(graph, i)->value);
        for (int32_t d = 0; d < value->shape.rank; d++)
            if (value->shape.dims[d] == DIM_UNKNOWN)
                value->shape.dims[d] = 1;
    }
    TRY(graph_infer(graph));
    count_operations(graph, &estimate);
    count_weights(graph, &estimate);
    TRY(plan_memory(graph, arena, &estimate));
    *ret_estimate = estimate;
    return status_ok();
}
