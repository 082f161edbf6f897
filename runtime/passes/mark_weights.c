/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Says of the model's constants what plans and devices may count on. All of them outlive every
 * plan, which are clones of this graph. Those that are read as the weights of a product and as
 * nothing else are told apart, since a device packs them and then need not keep them as they are.
 *
 * The last on load: a constant that a plan makes is neither.
 */

#include "runtime/base/size.h"
#include "runtime/passes/passes.h"
#include "runtime/passes/scalar_constant.h"

enum { INPUT_WEIGHTS = 1 };

static const char *const products[] = { "Conv", "Gemm", "MatMul" };

static bool is_product(const Node *node) {
    for (size_t i = 0; i < ARRAY_LENGTH(products); i++)
        if (node_is_op(node, products[i]))
            return node->input_count > INPUT_WEIGHTS;
    return false;
}

Status pass_mark_weights(Graph *graph, const PassContext *context) {
    (void)context;
    size_t count = graph_value_count(graph);
    AUTO(free) size_t *as_weights = calloc(count + 1, sizeof *as_weights);
    if (!as_weights)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "mark_weights: out of memory");
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        if (is_product(node) && node->inputs[INPUT_WEIGHTS] != VALUE_NONE)
            as_weights[node->inputs[INPUT_WEIGHTS]]++;
    }
    for (ValueId id = 0; id < count; id++) {
        Value *value = graph_value(graph, id);
        value->is_lasting = value->constant != NULL;
        value->is_weights =
            value->is_lasting && as_weights[id] > 0 && as_weights[id] == graph_use_count(graph, id);
    }
    return status_ok();
}
