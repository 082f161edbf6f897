/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Activations that exporters spell out become one node again:
 *
 *     x * HardSigmoid(x, 1/6, 1/2)          HardSwish
 *     x * Clip(x + 3, 0, 6) / 6             HardSwish; the division may also come first, or be
 *                                           a Mul by 1/6
 *
 * Inner values that others read as well are left to them. Rounding differs in the last bit. Source:
 * ONNX HardSwish 22.
 */

#include "runtime/passes/passes.h"
#include "runtime/passes/product.h"
#include "runtime/passes/scalar_constant.h"

#include <math.h>

static const float SIXTH = 1.0f / 6.0f;

static bool nearly(float a, float b) {
    return fabsf(a - b) <= 1e-6f;
}

/* Clip(x + 3, 0, 6) */
static bool is_clip_of(const Graph *graph, ValueId value, ValueId x) {
    const Node *clip = value_producer(graph, value);
    float low, high, three;
    if (!clip || !node_is_op(clip, "Clip") || clip->input_count < 3 ||
        !scalar_constant(graph, clip->inputs[1], &low) ||
        !scalar_constant(graph, clip->inputs[2], &high) || low != 0 || high != 6)
        return false;
    const Node *add = value_producer(graph, clip->inputs[0]);
    if (!add || !node_is_op(add, "Add"))
        return false;
    for (uint32_t i = 0; i < 2; i++)
        if (add->inputs[i] == x && scalar_constant(graph, add->inputs[1 - i], &three) && three == 3)
            return true;
    return false;
}

/* value = *ret_inner / 6 */
static bool is_sixth(const Graph *graph, ValueId value, ValueId *ret_inner) {
    const Node *node = value_producer(graph, value);
    float number;
    if (!node || node->input_count != 2)
        return false;
    if (node_is_op(node, "Div") && scalar_constant(graph, node->inputs[1], &number) &&
        number == 6) {
        *ret_inner = node->inputs[0];
        return true;
    }
    for (uint32_t i = 0; i < 2 && node_is_op(node, "Mul"); i++)
        if (scalar_constant(graph, node->inputs[i], &number) && nearly(number, SIXTH)) {
            *ret_inner = node->inputs[1 - i];
            return true;
        }
    return false;
}

static bool is_hard_gate_of(const Graph *graph, ValueId gate, ValueId x) {
    const Node *node = value_producer(graph, gate);
    if (node && node_is_op(node, "HardSigmoid"))
        return node->inputs[0] == x && nearly(node_get_float(node, "alpha", 0.2f), SIXTH) &&
               nearly(node_get_float(node, "beta", 0.5f), 0.5f);
    ValueId inner;
    return is_sixth(graph, gate, &inner) && is_clip_of(graph, inner, x);
}

/* The operator that value is of *ret_x; NULL when it is none. */
static const char *match(const Graph *graph, NodeId id, ValueId *ret_x) {
    const Node *node = graph_node_const(graph, id);
    ValueId inner;
    if (node->removed || node->output_count != 1 ||
        graph_value_const(graph, node->outputs[0])->dtype != DTYPE_F32)
        return NULL;
    for (uint32_t i = 0; i < 2 && node_is_op(node, "Mul"); i++) {
        *ret_x = node->inputs[i];
        if (is_hard_gate_of(graph, node->inputs[1 - i], *ret_x))
            return "HardSwish";
    }
    /* (x * Clip(x + 3, 0, 6)) / 6 */
    const Node *product =
        is_sixth(graph, node->outputs[0], &inner) ? value_producer(graph, inner) : NULL;
    for (uint32_t i = 0; product && i < 2 && node_is_op(product, "Mul"); i++) {
        *ret_x = product->inputs[i];
        if (is_clip_of(graph, product->inputs[1 - i], *ret_x))
            return "HardSwish";
    }
    return NULL;
}

static Status replace(Graph *graph, NodeId id, const char *name, ValueId x) {
    const Value value = *graph_value_const(graph, graph_node_const(graph, id)->outputs[0]);
    ValueId old = graph_node_const(graph, id)->outputs[0], result;
    TRY(graph_add_value(graph, NULL, value.dtype, &value.shape, &result));
    NodeSpec spec = { .op = op_schema_find("", name),
                      .name = graph_node_const(graph, id)->name,
                      .inputs = &x,
                      .outputs = &result,
                      .input_count = 1,
                      .output_count = 1 };
    TRY(graph_add_node(graph, &spec, NULL));
    graph_replace_value(graph, old, result);
    graph_remove_node(graph, id);
    return status_ok();
}

Status pass_match_activations(Graph *graph, const PassContext *context) {
    (void)context;
    size_t count = graph_node_count(graph);
    for (NodeId id = 0; id < count; id++) {
        ValueId x;
        const char *name = match(graph, id, &x);
        if (name)
            TRY(replace(graph, id, name, x));
    }
    return graph_compact(graph);
}
