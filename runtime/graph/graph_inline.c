/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A body's nodes, copied to where it stands: the branch that a constant condition chooses. Values
 * are renamed on the way: inputs are values that are there, constants are lent from the body (which
 * the graph keeps), the rest is new and has the body's names, for messages. Bodies of its nodes are
 * cloned, so that a body may be copied more than once.
 *
 * One owner at a time. After a failure the graph may hold copies that nobody uses.
 */

#include "runtime/graph/graph_internal.h"

#include <stdlib.h>
#include <string.h>

static Status map_values(Graph *graph, const Graph *body, const ValueId *inputs, ValueId *values) {
    for (ValueId id = 0; id < body->value_count; id++) {
        const Value *value = &body->values[id];
        values[id] = VALUE_NONE;
        if (body->uses[id].is_input)
            continue;
        if (value->constant)
            TRY(graph_add_constant(graph, value->name, value->constant, &values[id]));
        else
            TRY(graph_add_value(graph, value->name, value->dtype, &value->shape, &values[id]));
        graph->values[values[id]].is_lasting = value->is_lasting;
    }
    for (size_t i = 0; i < body->inputs.count; i++)
        values[body->inputs.items[i].value] = inputs[i];
    return status_ok();
}

static Status copy_attributes(Graph *graph, const Node *node, Attribute *attributes) {
    for (uint32_t i = 0; i < node->attribute_count; i++) {
        attributes[i] = node->attributes[i];
        if (attributes[i].kind != ATTRIBUTE_GRAPH)
            continue;
        AUTO(graph_free) Graph *body = NULL;
        TRY(graph_clone(attributes[i].graph, &body));
        TRY(graph_keep_body(graph, body));
        attributes[i].graph = TAKE(body);
    }
    return status_ok();
}

static Status copy_node(Graph *graph, const Node *node, const ValueId *values) {
    size_t ports = (size_t)node->input_count + node->output_count;
    AUTO(free) ValueId *ids = calloc(ports + 1, sizeof *ids);
    AUTO(free)
    Attribute *attributes = calloc((size_t)node->attribute_count + 1, sizeof *attributes);
    if (!ids || !attributes)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory for a node of %zu values",
                            ports);
    for (uint32_t i = 0; i < node->input_count; i++)
        ids[i] = node->inputs[i] == VALUE_NONE ? VALUE_NONE : values[node->inputs[i]];
    ValueId *outputs = ids + node->input_count;
    for (uint32_t i = 0; i < node->output_count; i++)
        outputs[i] = node->outputs[i] == VALUE_NONE ? VALUE_NONE : values[node->outputs[i]];
    TRY(copy_attributes(graph, node, attributes));
    NodeSpec spec = { .op = node->op,
                      .name = node->name,
                      .inputs = ids,
                      .outputs = outputs,
                      .attributes = attributes,
                      .input_count = node->input_count,
                      .output_count = node->output_count,
                      .attribute_count = node->attribute_count,
                      .capture_count = node->capture_count };
    NodeId id;
    TRY(graph_add_node(graph, &spec, &id));
    Node *copy = graph_node(graph, id);
    copy->epilogue_count = node->epilogue_count;
    memcpy(copy->epilogue, node->epilogue, sizeof copy->epilogue);
    return status_ok();
}

Status graph_inline(Graph *graph, const Graph *body, const ValueId *inputs, ValueId *outputs) {
    AUTO(free) ValueId *values = calloc(body->value_count + 1, sizeof *values);
    if (!values)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory to inline %zu values",
                            body->value_count);
    TRY(map_values(graph, body, inputs, values));
    for (size_t i = 0; i < body->node_count; i++)
        if (!body->nodes[i].removed)
            TRY(copy_node(graph, &body->nodes[i], values));
    for (size_t i = 0; i < body->outputs.count; i++)
        outputs[i] = values[body->outputs.items[i].value];
    return status_ok();
}
