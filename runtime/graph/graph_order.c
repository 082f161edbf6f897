/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Order and renumbering. graph_sort walks depth first from each node in the order that is there, so
 * that a sorted graph comes out unchanged and an unsorted one changes as little as it must. The
 * walk keeps its own stack: a model with a million nodes in one chain is no deeper for us than any
 * other.
 *
 * One owner at a time; ids held outside are void after a renumbering.
 */

#include "runtime/graph/graph_internal.h"
#include "runtime/graph/op_schema.h"

#include <assert.h>
#include <stdlib.h>

typedef enum Visit { VISIT_NEW = 0, VISIT_OPEN, VISIT_DONE } Visit;

typedef struct Frame {
    NodeId node;
    uint32_t next_input;
} Frame;

typedef struct Walk {
    const Graph *graph;
    Frame *stack;
    uint8_t *visits;
    NodeId *order;
    size_t order_count;
} Walk;

static Status out_of_memory(const Graph *graph) {
    return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory to sort %zu nodes",
                        graph->node_count);
}

/* Appends start to the order, after everything it needs that is not there yet. */
static Status walk_from(Walk *walk, NodeId start) {
    const Graph *graph = walk->graph;
    size_t depth = 0;
    walk->stack[depth++] = (Frame){ .node = start };
    walk->visits[start] = VISIT_OPEN;
    while (depth > 0) {
        Frame *frame = &walk->stack[depth - 1];
        const Node *node = &graph->nodes[frame->node];
        if (frame->next_input == node->input_count) {
            walk->visits[frame->node] = VISIT_DONE;
            walk->order[walk->order_count++] = frame->node;
            depth--;
            continue;
        }
        ValueId input = node->inputs[frame->next_input++];
        NodeId producer = input == VALUE_NONE ? NODE_NONE : graph->values[input].producer;
        if (producer == NODE_NONE || walk->visits[producer] == VISIT_DONE)
            continue;
        if (walk->visits[producer] == VISIT_OPEN)
            return status_error(STATUS_INVALID_ARGUMENT, "node '%s' (%s) is part of a cycle",
                                graph->nodes[producer].name, graph->nodes[producer].op->name);
        walk->visits[producer] = VISIT_OPEN;
        walk->stack[depth++] = (Frame){ .node = producer };
    }
    return status_ok();
}

/* Moves nodes to the places that order says: new index -> old index. */
static Status renumber_nodes(Graph *graph, const NodeId *order, size_t count) {
    Node *nodes = malloc(count * sizeof *nodes);
    if (!nodes)
        return out_of_memory(graph);
    for (size_t i = 0; i < count; i++)
        nodes[i] = graph->nodes[order[i]];
    free(graph->nodes);
    graph->nodes = nodes;
    graph->node_count = graph->node_capacity = count;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; !nodes[i].removed && k < nodes[i].output_count; k++)
            if (nodes[i].outputs[k] != VALUE_NONE)
                graph->values[nodes[i].outputs[k]].producer = (NodeId)i;
    graph_count_uses(graph);
    return status_ok();
}

Status graph_sort(Graph *graph) {
    size_t count = graph->node_count;
    if (count == 0)
        return status_ok();
    AUTO(free) Frame *stack = calloc(count, sizeof *stack);
    AUTO(free) uint8_t *visits = calloc(count, sizeof *visits);
    AUTO(free) NodeId *order = calloc(count, sizeof *order);
    if (!stack || !visits || !order)
        return out_of_memory(graph);

    Walk walk = { .graph = graph, .stack = stack, .visits = visits, .order = order };
    bool sorted = true;
    for (size_t i = 0; i < count; i++) {
        if (!graph->nodes[i].removed && visits[i] == VISIT_NEW)
            TRY(walk_from(&walk, (NodeId)i));
        sorted &= graph->nodes[i].removed || order[walk.order_count - 1] == i;
    }
    if (sorted)
        return status_ok();
    for (size_t i = 0; i < count; i++) /* removed ones keep no place of their own */
        if (graph->nodes[i].removed)
            order[walk.order_count++] = (NodeId)i;
    return renumber_nodes(graph, order, count);
}

/* Removes what nobody uses, users first. */
static void remove_dead_nodes(Graph *graph) {
    for (size_t i = graph->node_count; i-- > 0;) {
        const Node *node = &graph->nodes[i];
        bool used = false;
        for (size_t k = 0; k < node->output_count; k++)
            used |= node->outputs[k] != VALUE_NONE && graph_use_count(graph, node->outputs[k]) > 0;
        if (!used)
            graph_remove_node(graph, (NodeId)i);
    }
}

/* Where the number of outputs says nothing (unlike Split's), an optional one that nobody uses is
 * not worth computing. */
static void drop_unused_outputs(Graph *graph) {
    for (size_t i = 0; i < graph->node_count; i++) {
        const Node *node = &graph->nodes[i];
        if (node->removed || node->op->max_outputs == ARITY_ANY)
            continue;
        for (size_t k = node->op->min_outputs; k < node->output_count; k++) {
            ValueId output = node->outputs[k];
            if (output == VALUE_NONE || graph_use_count(graph, output) > 0)
                continue;
            graph->values[output].producer = NODE_NONE;
            node_output_slots(node)[k] = VALUE_NONE;
        }
    }
}

static void map_ids(ValueId *ids, size_t count, const ValueId *new_ids) {
    for (size_t i = 0; i < count; i++)
        if (ids[i] != VALUE_NONE)
            ids[i] = new_ids[ids[i]];
}

/* new_ids: zeroed, one a value */
static void renumber_values(Graph *graph, ValueId *new_ids) {
    for (size_t i = 0; i < graph->node_count; i++)
        for (size_t k = 0; k < graph->nodes[i].output_count; k++)
            if (graph->nodes[i].outputs[k] != VALUE_NONE)
                new_ids[graph->nodes[i].outputs[k]] = 1;
    size_t kept = 0;
    for (size_t i = 0; i < graph->value_count; i++) {
        if (!new_ids[i] && !graph->uses[i].is_input && graph_use_count(graph, (ValueId)i) == 0)
            continue;
        new_ids[i] = (ValueId)kept;
        graph->values[kept++] = graph->values[i];
    }
    graph->value_count = kept;

    for (size_t i = 0; i < graph->node_count; i++) {
        map_ids(node_input_slots(&graph->nodes[i]), graph->nodes[i].input_count, new_ids);
        map_ids(node_output_slots(&graph->nodes[i]), graph->nodes[i].output_count, new_ids);
    }
    for (size_t i = 0; i < graph->inputs.count; i++)
        map_ids(&graph->inputs.items[i].value, 1, new_ids);
    for (size_t i = 0; i < graph->outputs.count; i++)
        map_ids(&graph->outputs.items[i].value, 1, new_ids);
}

Status graph_compact(Graph *graph) {
    TRY(graph_sort(graph));
    AUTO(free) ValueId *new_ids = calloc(graph->value_count + 1, sizeof *new_ids);
    if (!new_ids)
        return out_of_memory(graph);
    remove_dead_nodes(graph);
    drop_unused_outputs(graph);

    size_t kept = 0;
    for (size_t i = 0; i < graph->node_count; i++)
        if (!graph->nodes[i].removed)
            graph->nodes[kept++] = graph->nodes[i];
    graph->node_count = kept;
    renumber_values(graph, new_ids);
    for (size_t i = 0; i < kept; i++)
        for (size_t k = 0; k < graph->nodes[i].output_count; k++)
            if (graph->nodes[i].outputs[k] != VALUE_NONE)
                graph->values[graph->nodes[i].outputs[k]].producer = (NodeId)i;
    graph_count_uses(graph);
    return status_ok();
}
