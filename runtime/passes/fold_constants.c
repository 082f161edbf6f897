/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Infers shapes and folds, in one sweep over the sorted nodes: Shape and Size of a value whose
 * shape is known become constants, and so does every node whose inputs are all constant; what
 * follows sees the result, so whole chains (Shape, Gather, Concat, Reshape) go at once. On load
 * this folds what does not depend on the batch; on plan, when input shapes are bound, all shape
 * arithmetic.
 *
 * An If whose condition is constant becomes the nodes of its branch. Other bodies are folded where
 * they are met, with what is known of their inputs, constants among them: what they say of their
 * results is known before the nodes behind are looked at.
 *
 * Random operators are never folded. Errors are those of shape inference: a model that cannot take
 * these shapes.
 */

#include "runtime/graph/op_schema.h"
#include "runtime/passes/bodies.h"
#include "runtime/passes/fold_call.h"
#include "runtime/passes/passes.h"

#include <string.h>

static bool all_inputs_constant(const Graph *graph, const Node *node) {
    for (uint32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != VALUE_NONE &&
            (!graph_value_const(graph, node->inputs[i])->constant ||
             graph_value_const(graph, node->inputs[i])->is_weights))
            return false; /* computed, or not to be had here */
    return true;
}

static bool is_unused(const Graph *graph, const Node *node) {
    for (uint32_t i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE && graph_use_count(graph, node->outputs[i]) > 0)
            return false;
    return true; /* nobody asks */
}

/* [*ret_begin, *ret_end) of the dims that Shape gives. */
static void shape_range(const Node *node, int32_t rank, int64_t *ret_begin, int64_t *ret_end) {
    int64_t begin = node_get_int(node, "start", 0), end = node_get_int(node, "end", rank);
    begin += begin < 0 ? rank : 0;
    end += end < 0 ? rank : 0;
    *ret_begin = begin < 0 ? 0 : begin > rank ? rank : begin;
    *ret_end = end < *ret_begin ? *ret_begin : end > rank ? rank : end;
}

static Status fold_shape(Graph *graph, NodeId id, bool *ret_folded) {
    const Node node = *graph_node_const(graph, id);
    const Shape shape = graph_value_const(graph, node.inputs[0])->shape;
    if (shape.rank == SHAPE_UNRANKED)
        return status_ok();
    int64_t begin, end;
    shape_range(&node, shape.rank, &begin, &end);
    for (int64_t i = begin; i < end; i++)
        if (shape.dims[i] == DIM_UNKNOWN)
            return status_ok();
    ValueId value;
    Tensor *tensor;
    TRY(graph_add_constant_new(graph, DTYPE_I64, &SHAPE(end - begin), &value, &tensor));
    if (end > begin)
        memcpy(tensor->data, shape.dims + begin, (size_t)(end - begin) * sizeof *shape.dims);
    graph_replace_value(graph, node.outputs[0], value);
    graph_remove_node(graph, id);
    *ret_folded = true;
    return status_ok();
}

static Status fold_size(Graph *graph, NodeId id, bool *ret_folded) {
    const Node node = *graph_node_const(graph, id);
    const Shape shape = graph_value_const(graph, node.inputs[0])->shape;
    size_t elements;
    if (!shape_is_known(&shape) || !shape_elements(&shape, &elements))
        return status_ok();
    ValueId value;
    Tensor *tensor;
    TRY(graph_add_constant_new(graph, DTYPE_I64, &SHAPE_SCALAR, &value, &tensor));
    *(int64_t *)tensor->data = (int64_t)elements;
    graph_replace_value(graph, node.outputs[0], value);
    graph_remove_node(graph, id);
    *ret_folded = true;
    return status_ok();
}

static Status fold_by_shape(Graph *graph, NodeId id, bool *ret_folded) {
    const Node *node = graph_node_const(graph, id);
    *ret_folded = false;
    if (node->op->domain[0] != '\0' || node->input_count < 1 || node->inputs[0] == VALUE_NONE ||
        node->outputs[0] == VALUE_NONE)
        return status_ok();
    if (strcmp(node->op->name, "Shape") == 0)
        return fold_shape(graph, id, ret_folded);
    if (strcmp(node->op->name, "Size") == 0)
        return fold_size(graph, id, ret_folded);
    return status_ok();
}

static Status fold_graph(FoldCall *call, Graph *graph);

static Status fold_bodies(FoldCall *call, Graph *graph, NodeId id) {
    TRY(bodies_bind_constants(graph, id));
    for (size_t i = 0; node_body(graph_node_const(graph, id), i); i++)
        TRY(bodies_status(fold_graph(call, node_body(graph_node_const(graph, id), i))));
    TRY(bodies_bind_constants(graph, id));
    return graph_infer_node(graph, id); /* bodies know more of their results now */
}

static Status fold_graph(FoldCall *call, Graph *graph) {
    TRY(graph_sort(graph));
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        if (graph_node_const(graph, id)->removed)
            continue;
        TRY(graph_infer_node(graph, id));
        if (node_body(graph_node_const(graph, id), 0)) {
            bool inlined;
            TRY(bodies_inline_branch(graph, id, &inlined));
            if (!inlined) {
                TRY(fold_bodies(call, graph, id));
                continue;
            }
            TRY(graph_sort(graph)); /* puts what was inlined here, or behind */
            id--;
            continue;
        }
        bool folded;
        TRY(fold_by_shape(graph, id, &folded));
        const Node *node = graph_node_const(graph, id);
        if (!folded && !(node->op->flags & OP_RANDOM) && !is_unused(graph, node) &&
            all_inputs_constant(graph, node))
            fold_call_node(call, graph, id);
    }
    return status_ok();
}

Status pass_fold_constants(Graph *graph, const PassContext *context) {
    AUTO(fold_call_deinit) FoldCall call = { 0 };
    TRY(fold_call_init(&call, context->fold_limit_bytes));
    return fold_graph(&call, graph);
}
