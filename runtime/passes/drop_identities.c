/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Removes nodes that give back their input: Identity, Dropout outside training, Concat, Sum, Max,
 * Min and Mean of one input. Users read the input instead, graph outputs too.
 *
 * A Dropout whose mask is wanted stays, as does one in training mode or with a mode that is not
 * constant.
 */

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/passes/passes.h"

#include <string.h>

typedef struct Row {
    const char *name;
    bool (*drops)(const Graph *graph, const Node *node);
} Row;

static bool always(const Graph *graph, const Node *node) {
    (void)graph, (void)node;
    return true;
}

static bool has_one_input(const Graph *graph, const Node *node) {
    (void)graph;
    return node->input_count == 1;
}

static bool is_inference(const Graph *graph, const Node *node) {
    if (node->output_count > 1 && node->outputs[1] != VALUE_NONE &&
        graph_use_count(graph, node->outputs[1]) > 0)
        return false;
    if (node->input_count < 3 || node->inputs[2] == VALUE_NONE)
        return true;
    const Tensor *training = graph_value_const(graph, node->inputs[2])->constant;
    return training && tensor_elements(training) == 1 && tensor_get_int(training, 0) == 0;
}

static const Row rows[] = {
    { "Concat", has_one_input }, { "Dropout", is_inference }, { "Identity", always },
    { "Max", has_one_input },    { "Mean", has_one_input },   { "Min", has_one_input },
    { "Sum", has_one_input },
};

static bool drops(const Graph *graph, const Node *node) {
    if (node->op->domain[0] != '\0' || node->input_count == 0 || node->inputs[0] == VALUE_NONE ||
        node->outputs[0] == VALUE_NONE)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (strcmp(rows[i].name, node->op->name) == 0)
            return rows[i].drops(graph, node);
    return false;
}

Status pass_drop_identities(Graph *graph, const PassContext *context) {
    (void)context;
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        if (node->removed || !drops(graph, node))
            continue;
        graph_replace_value(graph, node->outputs[0], node->inputs[0]);
        graph_remove_node(graph, id);
    }
    return status_ok();
}
