/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Mul, Div, Add and Sub by a constant (one number, or one a channel) after a Conv, Gemm or MatMul
 * that nobody else reads go into its weights and bias. Exports of PaddleOCR have a chain of such
 * after every convolution. Repeated until nothing changes, so that chains go whole.
 *
 * Only what follows the node is folded: before a padded convolution an addition could not be, since
 * the border sees 0. Rounding: as in affine.h.
 */

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/passes/affine.h"
#include "runtime/passes/passes.h"

#include <string.h>

typedef struct ScalarOp {
    const char *name;
    bool commutes;   /* the constant may stand on the left */
    bool multiplies; /* else it adds */
    bool inverts;    /* Div, Sub */
} ScalarOp;

static const ScalarOp scalar_ops[] = {
    { "Add", true, false, false },
    { "Div", false, true, true },
    { "Mul", true, true, false },
    { "Sub", false, false, true },
};

static const ScalarOp *scalar_op_find(const Node *node) {
    for (size_t i = 0; i < ARRAY_LENGTH(scalar_ops); i++)
        if (node->op->domain[0] == '\0' && strcmp(node->op->name, scalar_ops[i].name) == 0)
            return &scalar_ops[i];
    return NULL;
}

/* The constant operand of the node, when the other is value. */
static const Tensor *operand_of(const Graph *graph, const Node *node, const ScalarOp *op,
                                ValueId value) {
    if (node->input_count != 2)
        return NULL;
    uint32_t index = node->inputs[0] == value ? 1 : 0;
    if (node->inputs[1 - index] != value || (index == 0 && !op->commutes))
        return NULL;
    return graph_value_const(graph, node->inputs[index])->constant;
}

/* numbers: scale first, then shift; count each. */
static void make_factors(const ScalarOp *op, double *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double number = numbers[i];
        numbers[i] = !op->multiplies ? 1.0 : op->inverts ? 1.0 / number : number;
        numbers[count + i] = op->multiplies ? 0.0 : op->inverts ? -number : number;
    }
}

/* Folds the only user of the node's result into it, if it is such. */
static Status fold_user(Graph *graph, NodeId id, bool *ret_folded) {
    *ret_folded = false;
    Affine affine;
    if (!affine_find(graph, id, &affine))
        return status_ok();
    ValueId value = graph_node_const(graph, id)->outputs[0];
    NodeId user_id = graph_single_user(graph, value);
    int32_t rank = graph_value_const(graph, value)->shape.rank;
    if (user_id == NODE_NONE || rank < 1)
        return status_ok();
    const Node *user = graph_node_const(graph, user_id);
    const ScalarOp *op = scalar_op_find(user);
    const Tensor *constant = op ? operand_of(graph, user, op, value) : NULL;
    if (!constant || (!op->multiplies && !affine.takes_shift))
        return status_ok();
    AUTO(free) double *numbers = calloc(affine.channels, 2 * sizeof *numbers);
    if (!numbers)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "fold_scalars: out of memory");
    if (!affine_operand(&affine, rank, constant, numbers))
        return status_ok();
    make_factors(op, numbers, affine.channels);
    ValueId result = user->outputs[0];
    TRY(affine_apply(graph, &affine, numbers, op->multiplies ? NULL : numbers + affine.channels));
    graph_replace_value(graph, result, value);
    graph_remove_node(graph, user_id);
    *ret_folded = true;
    return status_ok();
}

Status pass_fold_scalars(Graph *graph, const PassContext *context) {
    (void)context;
    for (NodeId id = 0; id < graph_node_count(graph); id++)
        for (bool folded = true; folded;)
            TRY(fold_user(graph, id, &folded));
    return status_ok();
}
