/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * When each value lives, over the linear order of nodes. A view (Reshape and kin on plain layout)
 * is its root's bytes under another shape, so the whole family lives as one and is written once.
 *
 * What is not planned has its memory elsewhere: constants in the graph, inputs with the caller,
 * outputs in memory that the caller gives, values of unknown size in the run's own heap. A family
 * that holds a graph output is the output.
 *
 * A kernel may be able to write its result over an input (lifetime_share); the two families are one
 * from then on.
 *
 * Pure; any thread. A position is a node's index; removed nodes count but touch nothing.
 */

#include "runtime/plan/lifetime.h"

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/tensor/layout.h"

#include <string.h>

/* A Reorder of what looks the same in both layouts. */
static bool is_idle_reorder(const Node *node, const Value *src) {
    return strcmp(node->op->name, "Reorder") == 0 && strcmp(node->op->domain, "inferd") == 0 &&
           shape_is_known(&src->shape) && layout_same_bytes(&src->shape);
}

bool lifetime_is_view(const Graph *graph, const Node *node) {
    if (!(node->op->flags & (OP_VIEW | OP_INTERNAL)) || node->epilogue_count > 0 ||
        node->input_count == 0 || node->output_count == 0)
        return false;
    for (uint32_t i = 1; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE)
            return false;
    if (node->inputs[0] == VALUE_NONE || node->outputs[0] == VALUE_NONE)
        return false;
    const Value *src = graph_value_const(graph, node->inputs[0]);
    const Value *dst = graph_value_const(graph, node->outputs[0]);
    if (src->dtype == DTYPE_STRING) /* one that leaves is given memory only when it is made */
        return false;
    if (src->dtype != dst->dtype || !shape_is_known(&src->shape) || !shape_is_known(&dst->shape))
        return false;
    if (node->op->flags & OP_INTERNAL)
        return is_idle_reorder(node, src);
    bool both_plain = src->layout == LAYOUT_PLAIN && dst->layout == LAYOUT_PLAIN;
    return both_plain || (src->layout == dst->layout && shape_equal(&src->shape, &dst->shape));
}

static void find_roots(const Graph *graph, Lifetime *lifetimes) {
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        if (!node->removed && lifetime_is_view(graph, node))
            lifetimes[node->outputs[0]].root =
                lifetimes[node->inputs[0]].root; /* producers come first */
    }
}

static void touch(Lifetime *lifetimes, ValueId value, uint32_t position) {
    if (value == VALUE_NONE)
        return;
    Lifetime *root = &lifetimes[lifetimes[value].root];
    root->first = MIN_OF(root->first, position);
    root->last = MAX_OF(root->last, position);
}

static void exclude(Lifetime *lifetimes, ValueId value) {
    lifetimes[lifetimes[value].root].planned = false;
}

Status lifetime_compute(const Graph *graph, Arena *arena, Lifetime **ret_lifetimes) {
    size_t count = graph_value_count(graph);
    Lifetime *lifetimes = arena_calloc(arena, count, sizeof *lifetimes);
    if (!lifetimes)
        return arena_exhausted(arena);
    for (ValueId id = 0; id < count; id++) {
        const Value *value = graph_value_const(graph, id);
        Lifetime *lifetime = &lifetimes[id];
        *lifetime = (Lifetime){ .root = id, .first = UINT32_MAX };
        lifetime->planned = !value->constant && value->producer != NODE_NONE &&
                            value->dtype != DTYPE_INVALID && shape_is_known(&value->shape) &&
                            shape_bytes(&value->shape, value->dtype, &lifetime->bytes);
    }
    find_roots(graph, lifetimes);
    for (uint32_t position = 0; position < graph_node_count(graph); position++) {
        const Node *node = graph_node_const(graph, position);
        if (node->removed)
            continue;
        for (uint32_t i = 0; i < node->input_count; i++)
            touch(lifetimes, node->inputs[i], position);
        for (uint32_t i = 0; i < node->output_count; i++)
            touch(lifetimes, node->outputs[i], position);
    }
    for (size_t i = 0; i < graph_input_count(graph); i++)
        exclude(lifetimes, graph_input(graph, i)->value);
    for (size_t i = 0; i < graph_output_count(graph); i++)
        exclude(lifetimes, graph_output(graph, i)->value);
    for (ValueId id = 0; id < count; id++)
        if (lifetimes[id].root != id)
            lifetimes[id].planned = lifetimes[lifetimes[id].root].planned;
    *ret_lifetimes = lifetimes;
    return status_ok();
}

/* Does the node read the family through exactly one of its inputs? */
static bool is_read_once(const Node *node, const Lifetime *lifetimes, ValueId root) {
    size_t reads = 0;
    for (uint32_t i = 0; i < node->input_count; i++)
        reads += node->inputs[i] != VALUE_NONE && lifetimes[node->inputs[i]].root == root;
    return reads == 1;
}

bool lifetime_share(const Graph *graph, Lifetime *lifetimes, NodeId id, uint32_t input) {
    const Node *node = graph_node_const(graph, id);
    if (input >= node->input_count || node->inputs[input] == VALUE_NONE ||
        node->output_count == 0 || node->outputs[0] == VALUE_NONE)
        return false;
    ValueId to = lifetimes[node->inputs[input]].root, from = lifetimes[node->outputs[0]].root;
    Lifetime *place = &lifetimes[to];
    const Lifetime *moved = &lifetimes[from];
    if (!place->planned || !moved->planned || place->bytes != moved->bytes || place->last != id ||
        moved->first != id || !is_read_once(node, lifetimes, to))
        return false;
    place->last = moved->last;
    for (ValueId value = 0; value < graph_value_count(graph); value++)
        if (lifetimes[value].root == from)
            lifetimes[value].root = to;
    return true;
}
