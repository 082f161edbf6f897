/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bodies and the graph around them: a constant of the outside becomes the body's own, over the same
 * bytes, so that folding goes on inside; a branch that is known to be taken becomes part of the
 * outside, so that everything goes on across it. optimise_bodies then runs all load passes on what
 * bodies are left: a body is a graph like any other, and its plans are made like any other's.
 *
 * Thread: loader, or a worker that plans.
 */

#include "runtime/passes/bodies.h"

#include "runtime/graph/op_schema.h"
#include "runtime/passes/passes.h"

#include <stdlib.h>
#include <string.h>

Status bodies_status(Status status) {
    return status.code == STATUS_INVALID_ARGUMENT ? status_ok() : status;
}

static size_t input_index(const Graph *body, const Node *node, uint32_t capture) {
    return graph_input_count(body) - node->capture_count + capture;
}

static bool is_read(const Node *node, uint32_t capture) {
    for (size_t i = 0; node_body(node, i); i++) {
        const Graph *body = node_body(node, i);
        if (graph_use_count(body, graph_input(body, input_index(body, node, capture))->value) > 0)
            return true;
    }
    return false;
}

static Status bind_constant(const Node *node, uint32_t capture, const Value *outer) {
    for (size_t i = 0; node_body(node, i); i++) {
        Graph *body = node_body(node, i);
        ValueId inner = graph_input(body, input_index(body, node, capture))->value, constant;
        if (graph_use_count(body, inner) == 0)
            continue;
        TRY(graph_add_constant(body, graph_value_const(body, inner)->name, outer->constant,
                               &constant));
        graph_value(body, constant)->is_lasting = outer->is_lasting;
        graph_replace_value(body, inner, constant);
    }
    return status_ok();
}

Status bodies_bind_constants(Graph *graph, NodeId id) {
    for (uint32_t i = graph_node_const(graph, id)->capture_count; i-- > 0;) {
        const Node *node = graph_node_const(graph, id);
        const Value *outer = graph_value_const(graph, node->inputs[node_own_inputs(node) + i]);
        if (outer->constant && !outer->is_weights)
            TRY(bind_constant(node, i, outer));
        if (!is_read(node, i))
            TRY(graph_drop_capture(graph, id, i));
    }
    return status_ok();
}

/* The branch that is always taken, or NULL. */
static const Graph *find_branch(const Graph *graph, const Node *node) {
    if (strcmp(node->op->name, "If") != 0 || node->op->domain[0] != '\0')
        return NULL;
    const Tensor *condition = graph_value_const(graph, node->inputs[0])->constant;
    if (!condition || condition->dtype != DTYPE_BOOL || tensor_elements(condition) != 1)
        return NULL;
    return node_find_body(node, tensor_get_int(condition, 0) ? "then_branch" : "else_branch");
}

Status bodies_inline_branch(Graph *graph, NodeId id, bool *ret_inlined) {
    const Node node = *graph_node_const(graph, id); /* by value: nodes are added */
    const Graph *branch = find_branch(graph, &node);
    *ret_inlined = false;
    if (!branch)
        return status_ok();
    AUTO(free) ValueId *outputs = calloc(graph_output_count(branch) + 1, sizeof *outputs);
    if (!outputs)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "inlining a branch: out of memory");
    TRY(graph_inline(graph, branch, node.inputs + node_own_inputs(&node), outputs));
    for (uint32_t i = 0; i < node.output_count; i++)
        if (node.outputs[i] != VALUE_NONE)
            graph_replace_value(graph, node.outputs[i], outputs[i]);
    graph_remove_node(graph, id);
    *ret_inlined = true;
    return status_ok();
}

Status pass_optimise_bodies(Graph *graph, const PassContext *context) {
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        if (node->removed || !node_body(node, 0))
            continue;
        for (size_t i = 0; node_body(node, i); i++)
            TRY(bodies_status(pipeline_run(node_body(node, i), PASS_ON_LOAD, context)));
    }
    return status_ok();
}
