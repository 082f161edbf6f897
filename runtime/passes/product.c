/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A formula such as 0.5 * x * (1 + erf(x / sqrt(2))) reaches us in every order of its factors, with
 * divisions for products and powers for squares. Seen as a list of factors and one constant there
 * is one form left to compare with.
 *
 * Inner values may have other readers: whoever replaces the outermost value leaves them alone, and
 * drop_dead takes what nobody reads. Thread: loader, or a worker that plans.
 */

#include "runtime/passes/product.h"

#include "runtime/passes/scalar_constant.h"

#include <math.h>

enum { DEPTH_MAX = 6 };

const Node *value_producer(const Graph *graph, ValueId value) {
    NodeId id = value == VALUE_NONE ? NODE_NONE : graph_value_const(graph, value)->producer;
    return id == NODE_NONE ? NULL : graph_node_const(graph, id);
}

const Node *value_made_by(const Graph *graph, ValueId value, const char *op, uint32_t input_count) {
    const Node *node = value_producer(graph, value);
    if (!node || !node_is_op(node, op) || node->input_count < input_count ||
        node->epilogue_count > 0)
        return NULL;
    for (uint32_t i = 0; i < input_count; i++)
        if (node->inputs[i] == VALUE_NONE)
            return NULL;
    return node;
}

bool is_nearly(double number, double wanted) {
    return fabs(number - wanted) <= 1e-5 * fabs(wanted);
}

static bool add_factor(Product *product, ValueId value) {
    if (product->count == PRODUCT_FACTORS_MAX)
        return false;
    product->factors[product->count++] = value;
    return true;
}

static bool collect(const Graph *graph, ValueId value, int depth, Product *product) {
    float number;
    if (scalar_constant(graph, value, &number)) {
        product->constant *= (double)number;
        return true;
    }
    const Node *node = depth < DEPTH_MAX ? value_producer(graph, value) : NULL;
    if (!node || node->epilogue_count > 0)
        return add_factor(product, value);
    if (node_is_op(node, "Mul"))
        return collect(graph, node->inputs[0], depth + 1, product) &&
               collect(graph, node->inputs[1], depth + 1, product);
    if (node_is_op(node, "Neg")) {
        product->constant = -product->constant;
        return collect(graph, node->inputs[0], depth + 1, product);
    }
    if (node_is_op(node, "Div") && scalar_constant(graph, node->inputs[1], &number) &&
        number != 0) {
        product->constant /= (double)number;
        return collect(graph, node->inputs[0], depth + 1, product);
    }
    if (node_is_op(node, "Pow") && scalar_constant(graph, node->inputs[1], &number) &&
        (number == 2 || number == 3)) {
        for (int i = 0; i < (int)number; i++)
            if (!add_factor(product, node->inputs[0]))
                return false;
        return true;
    }
    return add_factor(product, value);
}

bool product_of(const Graph *graph, ValueId value, Product *ret_product) {
    *ret_product = (Product){ .constant = 1 };
    return value != VALUE_NONE && graph_value_const(graph, value)->dtype == DTYPE_F32 &&
           collect(graph, value, 0, ret_product);
}

bool product_remove(Product *product, ValueId factor) {
    for (size_t i = 0; i < product->count; i++)
        if (product->factors[i] == factor) {
            product->factors[i] = product->factors[--product->count];
            return true;
        }
    return false;
}

bool sum_with(const Graph *graph, ValueId value, double number, ValueId *ret_other) {
    const Node *node = value_made_by(graph, value, "Add", 2);
    float constant;
    for (uint32_t i = 0; node && i < 2; i++)
        if (scalar_constant(graph, node->inputs[i], &constant) &&
            is_nearly((double)constant, number)) {
            *ret_other = node->inputs[1 - i];
            return true;
        }
    return false;
}
