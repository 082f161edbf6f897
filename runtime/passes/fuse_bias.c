/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * MatMul and Add of one constant row become MatMul with a third input, its bias. ONNX's own MatMul
 * has two inputs; the third exists in our graphs alone, made here, once shapes are known (fast
 * kernels add it inside, the device adds it after a reference kernel). Only on devices that fuse an
 * addition there.
 */

#include "runtime/graph/op_schema.h"
#include "runtime/passes/passes.h"

#include <string.h>

static bool is_plain_matmul(const Graph *graph, const Node *node) {
    return !node->removed && node->op->domain[0] == '\0' && strcmp(node->op->name, "MatMul") == 0 &&
           node->input_count == 2 && node->epilogue_count == 0 &&
           graph_value_const(graph, node->outputs[0])->dtype == DTYPE_F32;
}

/* One number a column and nothing else, so that the shape of the result stays. */
static bool is_row(const Graph *graph, ValueId value, const Shape *result) {
    const Value *bias = graph_value_const(graph, value);
    if (!bias->constant || bias->dtype != DTYPE_F32 || result->rank < 1 || bias->shape.rank < 1 ||
        bias->shape.rank > result->rank)
        return false;
    int64_t columns = result->dims[result->rank - 1];
    return columns > 0 && bias->shape.dims[bias->shape.rank - 1] == columns &&
           tensor_elements(bias->constant) == (size_t)columns;
}

static Status fuse_one(Graph *graph, NodeId id) {
    const Node *node = graph_node_const(graph, id);
    ValueId value = node->outputs[0];
    NodeId user_id = graph_single_user(graph, value);
    if (user_id == NODE_NONE)
        return status_ok();
    const Node *user = graph_node_const(graph, user_id);
    if (user->op->domain[0] != '\0' || strcmp(user->op->name, "Add") != 0 ||
        user->epilogue_count > 0)
        return status_ok();
    ValueId bias = user->inputs[0] == value ? user->inputs[1] : user->inputs[0];
    if (!is_row(graph, bias, &graph_value_const(graph, value)->shape))
        return status_ok();
    ValueId result = user->outputs[0];
    TRY(graph_set_inputs(graph, id, (ValueId[]){ node->inputs[0], node->inputs[1], bias }, 3));
    graph_replace_value(graph, result, value);
    graph_remove_node(graph, user_id);
    return status_ok();
}

Status pass_fuse_bias(Graph *graph, const PassContext *context) {
    for (NodeId id = 0; id < graph_node_count(graph); id++)
        if (is_plain_matmul(graph, graph_node_const(graph, id)) &&
            context->device->api->fuses(context->device, graph, id, EPILOGUE_ADD))
            TRY(fuse_one(graph, id));
    return status_ok();
}
