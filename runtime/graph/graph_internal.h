/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files of this folder know of a Graph. Nodes, values and uses are grown arrays on the
 * heap; what they point to lies in the arena, or in `kept` for large constants.
 */

#include "runtime/graph/graph.h"

/* One a value. A use by a node counts once for each input slot. */
typedef struct ValueUses {
    uint32_t by_nodes, by_outputs;
    NodeId user_xor; /* of all using nodes, a slot each: with one use it is that node */
    bool is_input;
} ValueUses;

typedef struct PortList {
    Port *items;
    size_t count, capacity;
} PortList;

/* Memory that is freed with the graph. */
typedef struct KeptBytes {
    void *data;
    void (*free)(void *data);
    bool is_constant; /* made by graph_add_constant_new: one value's, and its clones' */
} KeptBytes;

struct Graph {
    Arena *arena;
    size_t budget_bytes;
    const void *origin;

    Node *nodes;
    size_t node_count, node_capacity;
    Value *values;
    ValueUses *uses; /* same count and capacity as values */
    size_t value_count, value_capacity;

    PortList inputs, outputs;
    KeptBytes *kept;
    size_t kept_count, kept_capacity;
    Graph **bodies; /* of its nodes, those that are removed too */
    size_t body_count, body_capacity;
    uint32_t height; /* of bodies in bodies */
};

/* Makes room for one more item; items is reallocated. */
Status graph_grow(void **items, size_t count, size_t *capacity, size_t item_bytes);
/* uses from nothing, after renumbering. */
void graph_count_uses(Graph *graph);
/* The arrays that a node's const pointers show; they belong to this graph. */
static inline ValueId *node_input_slots(const Node *node) {
    return (ValueId *)node->inputs;
}
static inline ValueId *node_output_slots(const Node *node) {
    return (ValueId *)node->outputs;
}
