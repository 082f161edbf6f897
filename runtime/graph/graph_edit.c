/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Nodes and their edges. Each value counts its uses and keeps the exclusive-or of the ids of its
 * users: adding or removing an edge is two operations, and where one use is left the word is that
 * user. So passes may ask for use counts and single users as often as they like. Only
 * graph_replace_value of a value with many users walks all nodes.
 *
 * One owner at a time while a graph changes.
 */

#include "runtime/graph/graph_internal.h"
#include "runtime/graph/op_schema.h"

#include <assert.h>
#include <string.h>

size_t graph_node_count(const Graph *graph) {
    return graph->node_count;
}

Node *graph_node(Graph *graph, NodeId node) {
    assert(node < graph->node_count);
    return &graph->nodes[node];
}

const Node *graph_node_const(const Graph *graph, NodeId node) {
    assert(node < graph->node_count);
    return &graph->nodes[node];
}

static void add_use(Graph *graph, ValueId value, NodeId node) {
    if (value == VALUE_NONE)
        return;
    graph->uses[value].by_nodes++;
    graph->uses[value].user_xor ^= node;
}

static void drop_use(Graph *graph, ValueId value, NodeId node) {
    if (value == VALUE_NONE)
        return;
    assert(graph->uses[value].by_nodes > 0);
    graph->uses[value].by_nodes--;
    graph->uses[value].user_xor ^= node;
}

void graph_count_uses(Graph *graph) {
    for (size_t i = 0; i < graph->value_count; i++)
        graph->uses[i] = (ValueUses){ 0 };
    for (size_t i = 0; i < graph->inputs.count; i++)
        graph->uses[graph->inputs.items[i].value].is_input = true;
    for (size_t i = 0; i < graph->outputs.count; i++)
        graph->uses[graph->outputs.items[i].value].by_outputs++;
    for (size_t i = 0; i < graph->node_count; i++) {
        const Node *node = &graph->nodes[i];
        for (size_t k = 0; !node->removed && k < node->input_count; k++)
            add_use(graph, node->inputs[k], (NodeId)i);
    }
}

static Status check_outputs(const Graph *graph, const NodeSpec *spec) {
    for (size_t i = 0; i < spec->output_count; i++) {
        if (spec->outputs[i] == VALUE_NONE)
            continue;
        assert(spec->outputs[i] < graph->value_count);
        const Value *value = &graph->values[spec->outputs[i]];
        bool twice = value->producer != NODE_NONE;
        for (size_t k = 0; k < i; k++)
            twice |= spec->outputs[k] == spec->outputs[i];
        if (twice || value->constant || graph->uses[spec->outputs[i]].is_input)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "output %zu of node '%s': value '%s' is %s already", i,
                                spec->name ? spec->name : "", value->name,
                                twice             ? "the output of a node"
                                : value->constant ? "a constant"
                                                  : "a graph input");
    }
    return status_ok();
}

static Status copy_ids(Graph *graph, const ValueId *ids, size_t count, const ValueId **ret_ids) {
    ValueId *copy = arena_calloc(graph->arena, count, sizeof *copy);
    if (!copy)
        return arena_exhausted(graph->arena);
    for (size_t i = 0; i < count; i++) {
        assert(ids[i] == VALUE_NONE || ids[i] < graph->value_count);
        copy[i] = ids[i];
    }
    *ret_ids = copy;
    return status_ok();
}

Status graph_add_node(Graph *graph, const NodeSpec *spec, NodeId *ret_node) {
    assert(spec->op);
    if (graph->node_count >= NODE_NONE || spec->input_count > UINT32_MAX ||
        spec->output_count > UINT32_MAX || spec->attribute_count > UINT32_MAX)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "a graph holds at most %u nodes",
                            NODE_NONE - 1);
    TRY(check_outputs(graph, spec));
    TRY(graph_grow((void **)&graph->nodes, graph->node_count, &graph->node_capacity,
                   sizeof *graph->nodes));

    Node node = {
        .op = spec->op,
        .name = "",
        .input_count = (uint32_t)spec->input_count,
        .output_count = (uint32_t)spec->output_count,
        .attribute_count = (uint32_t)spec->attribute_count,
        .capture_count = (uint32_t)spec->capture_count,
    };
    assert(node.capture_count <= node.input_count);
    TRY(copy_ids(graph, spec->inputs, spec->input_count, &node.inputs));
    TRY(copy_ids(graph, spec->outputs, spec->output_count, &node.outputs));
    Attribute *attributes = arena_calloc(graph->arena, spec->attribute_count, sizeof *attributes);
    const char *name = spec->name && *spec->name
                           ? arena_strndup(graph->arena, spec->name, strlen(spec->name))
                           : "";
    if (!attributes || !name)
        return arena_exhausted(graph->arena);
    if (spec->attribute_count > 0)
        memcpy(attributes, spec->attributes, spec->attribute_count * sizeof *attributes);
    node.attributes = attributes;
    node.name = name;

    NodeId id = (NodeId)graph->node_count++;
    graph->nodes[id] = node;
    for (size_t i = 0; i < node.input_count; i++)
        add_use(graph, node.inputs[i], id);
    for (size_t i = 0; i < node.output_count; i++)
        if (node.outputs[i] != VALUE_NONE)
            graph->values[node.outputs[i]].producer = id;
    if (ret_node)
        *ret_node = id;
    return status_ok();
}

void graph_set_input(Graph *graph, NodeId node, size_t index, ValueId value) {
    Node *target = graph_node(graph, node);
    assert(index < target->input_count && !target->removed);
    assert(value == VALUE_NONE || value < graph->value_count);
    drop_use(graph, target->inputs[index], node);
    node_input_slots(target)[index] = value;
    add_use(graph, value, node);
}

Status graph_set_inputs(Graph *graph, NodeId node, const ValueId *inputs, size_t count) {
    Node *target = graph_node(graph, node);
    assert(!target->removed && count <= UINT32_MAX);
    const ValueId *copy = NULL;
    TRY(copy_ids(graph, inputs, count, &copy));
    for (size_t i = 0; i < target->input_count; i++)
        drop_use(graph, target->inputs[i], node);
    target->inputs = copy;
    target->input_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++)
        add_use(graph, copy[i], node);
    return status_ok();
}

/* The value stays, without a use. */
static void remove_input(Graph *graph, size_t index) {
    assert(index < graph->inputs.count);
    ValueId value = graph->inputs.items[index].value;
    assert(graph_use_count(graph, value) == 0);
    graph->uses[value].is_input = false;
    graph->inputs.count--;
    memmove(&graph->inputs.items[index], &graph->inputs.items[index + 1],
            (graph->inputs.count - index) * sizeof *graph->inputs.items);
}

Status graph_drop_capture(Graph *graph, NodeId id, uint32_t index) {
    const Node *node = graph_node(graph, id);
    assert(index < node->capture_count);
    uint32_t at = node_own_inputs(node) + index, count = node->input_count - 1;
    ValueId *inputs = arena_calloc(graph->arena, (size_t)count + 1, sizeof *inputs);
    if (!inputs)
        return arena_exhausted(graph->arena);
    for (uint32_t i = 0; i < count; i++)
        inputs[i] = node->inputs[i + (i >= at)];
    for (size_t i = 0; node_body(node, i); i++) {
        Graph *body = node_body(node, i);
        remove_input(body, body->inputs.count - node->capture_count + index);
    }
    graph_node(graph, id)->capture_count--;
    return graph_set_inputs(graph, id, inputs, count);
}

void graph_remove_node(Graph *graph, NodeId node) {
    Node *target = graph_node(graph, node);
    if (target->removed)
        return;
    for (size_t i = 0; i < target->input_count; i++)
        drop_use(graph, target->inputs[i], node);
    for (size_t i = 0; i < target->output_count; i++)
        if (target->outputs[i] != VALUE_NONE)
            graph->values[target->outputs[i]].producer = NODE_NONE;
    target->removed = true;
}

static void replace_in_node(Graph *graph, NodeId node, ValueId from, ValueId to) {
    const Node *user = &graph->nodes[node];
    for (size_t i = 0; i < user->input_count; i++)
        if (user->inputs[i] == from)
            graph_set_input(graph, node, i, to);
}

void graph_replace_value(Graph *graph, ValueId from, ValueId to) {
    assert(from < graph->value_count && to < graph->value_count);
    if (from == to)
        return;
    const ValueUses *uses = &graph->uses[from];
    if (uses->by_nodes == 1)
        replace_in_node(graph, uses->user_xor, from, to);
    for (size_t i = 0; uses->by_nodes > 0 && i < graph->node_count; i++)
        if (!graph->nodes[i].removed)
            replace_in_node(graph, (NodeId)i, from, to);
    for (size_t i = 0; uses->by_outputs > 0 && i < graph->outputs.count; i++)
        if (graph->outputs.items[i].value == from)
            graph_set_output_value(graph, i, to);
}

size_t graph_use_count(const Graph *graph, ValueId value) {
    assert(value < graph->value_count);
    return (size_t)graph->uses[value].by_nodes + graph->uses[value].by_outputs;
}

NodeId graph_single_user(const Graph *graph, ValueId value) {
    assert(value < graph->value_count);
    const ValueUses *uses = &graph->uses[value];
    return uses->by_nodes == 1 && uses->by_outputs == 0 ? uses->user_xor : NODE_NONE;
}
