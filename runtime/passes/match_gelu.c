/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * GELU, spelled out, becomes one node again, in any order of factors:
 *
 *     x * 0.5 * (1 + Erf(x / sqrt(2)))                                   Gelu
 *     x * 0.5 * (1 + Tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))          Gelu, approximate = "tanh"
 *     ... Tanh(sqrt(2 / pi) * x * (1 + 0.044715 * x^2))                  the same
 *     x * Sigmoid(alpha * x)                                             Swish (QuickGelu: 1.702)
 *
 * Constants may differ by 1e-5, as they do between exporters. Rounding differs in the last bits.
 * Source: ONNX Gelu 20, Swish 24.
 */

#include "runtime/passes/passes.h"
#include "runtime/passes/product.h"
#include "runtime/passes/scalar_constant.h"

#define SQRT_HALF   0.70710678118654752
#define SQRT_2_PI   0.79788456080286536
#define CUBE_FACTOR 0.044715

/* Of the function that stands for the product. */
typedef struct Found {
    const char *op;
    ValueId x;
    bool is_tanh;
    float alpha;
} Found;

/* value = factor * x^power */
static bool is_power_of(const Graph *graph, ValueId value, double factor, ValueId x, size_t power) {
    Product product;
    if (!product_of(graph, value, &product) || !is_nearly(product.constant, factor) ||
        product.count != power)
        return false;
    for (size_t i = 0; i < power; i++)
        if (product.factors[i] != x)
            return false;
    return true;
}

/* value = x + 0.044715 * x^3 */
static bool is_cubic_of(const Graph *graph, ValueId value, ValueId x) {
    const Node *add = value_made_by(graph, value, "Add", 2);
    for (uint32_t i = 0; add && i < 2; i++)
        if (add->inputs[i] == x && is_power_of(graph, add->inputs[1 - i], CUBE_FACTOR, x, 3))
            return true;
    return false;
}

static bool is_tanh_argument_of(const Graph *graph, ValueId value, ValueId x) {
    Product product;
    ValueId square;
    if (!product_of(graph, value, &product) || !is_nearly(product.constant, SQRT_2_PI))
        return false;
    if (product.count == 1)
        return is_cubic_of(graph, product.factors[0], x);
    return product_remove(&product, x) && product.count == 1 &&
           sum_with(graph, product.factors[0], 1, &square) &&
           is_power_of(graph, square, CUBE_FACTOR, x, 2);
}

/* gate = 1 + Erf(...) or 1 + Tanh(...) of x */
static bool match_gate(const Graph *graph, ValueId gate, ValueId x, Found *ret_found) {
    ValueId inner;
    if (!sum_with(graph, gate, 1, &inner))
        return false;
    *ret_found = (Found){ .op = "Gelu", .x = x };
    const Node *node = value_made_by(graph, inner, "Erf", 1);
    if (node)
        return is_power_of(graph, node->inputs[0], SQRT_HALF, x, 1);
    node = value_made_by(graph, inner, "Tanh", 1);
    ret_found->is_tanh = true;
    return node && is_tanh_argument_of(graph, node->inputs[0], x);
}

static bool match_sigmoid(const Graph *graph, ValueId gate, ValueId x, Found *ret_found) {
    const Node *node = value_made_by(graph, gate, "Sigmoid", 1);
    Product product;
    if (!node || !product_of(graph, node->inputs[0], &product) || product.count != 1 ||
        product.factors[0] != x || product.constant == 0)
        return false;
    *ret_found = (Found){ .op = "Swish", .x = x, .alpha = (float)product.constant };
    return true;
}

static bool match(const Graph *graph, const Node *node, Found *ret_found) {
    Product product;
    if (!(node_is_op(node, "Mul") || node_is_op(node, "Div")) ||
        !product_of(graph, node->outputs[0], &product) || product.count != 2)
        return false;
    for (size_t i = 0; i < 2; i++) {
        ValueId x = product.factors[i], gate = product.factors[1 - i];
        if (is_nearly(product.constant, 0.5) && match_gate(graph, gate, x, ret_found))
            return true;
        if (product.constant == 1 && match_sigmoid(graph, gate, x, ret_found))
            return true;
    }
    return false;
}

static Status replace(Graph *graph, NodeId id, const Found *found) {
    const Node *node = graph_node_const(graph, id);
    const char *name = node->name;
    ValueId old = node->outputs[0], result;
    const Value value = *graph_value_const(graph, old);
    TRY(graph_add_value(graph, NULL, value.dtype, &value.shape, &result));
    Attribute tanh = { .name = "approximate", .kind = ATTRIBUTE_STRING, .s = { "tanh", 4 } };
    Attribute alpha = { .name = "alpha", .kind = ATTRIBUTE_FLOAT, .f = found->alpha };
    bool is_swish = found->alpha != 0;
    NodeSpec spec = { .op = op_schema_find("", found->op),
                      .name = name,
                      .inputs = &found->x,
                      .outputs = &result,
                      .attributes = is_swish ? &alpha : &tanh,
                      .input_count = 1,
                      .output_count = 1,
                      .attribute_count = is_swish || found->is_tanh };
    TRY(graph_add_node(graph, &spec, NULL));
    graph_replace_value(graph, old, result);
    graph_remove_node(graph, id);
    return status_ok();
}

Status pass_match_gelu(Graph *graph, const PassContext *context) {
    (void)context;
    size_t count = graph_node_count(graph);
    for (NodeId id = 0; id < count; id++) {
        Found found;
        if (match(graph, graph_node_const(graph, id), &found))
            TRY(replace(graph, id, &found));
    }
    return graph_compact(graph);
}
