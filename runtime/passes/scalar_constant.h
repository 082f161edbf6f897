/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/graph/graph.h"
#include "runtime/graph/op_schema.h"

#include <string.h>

/* Is the value a constant float32 of one element? Its number is then in *ret_number. */
static inline bool scalar_constant(const Graph *graph, ValueId value, float *ret_number) {
    if (value == VALUE_NONE)
        return false;
    const Tensor *constant = graph_value_const(graph, value)->constant;
    if (!constant || constant->dtype != DTYPE_F32 || tensor_elements(constant) != 1)
        return false;
    *ret_number = *(const float *)constant->data;
    return true;
}

/* Of ai.onnx and not removed. */
static inline bool node_is_op(const Node *node, const char *name) {
    return !node->removed && node->op->domain[0] == '\0' && strcmp(node->op->name, name) == 0;
}
