/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * When each value lives: from the step that writes it to the last that reads it. Views share their
 * root's life. Pure.
 */

#include "runtime/graph/graph.h"

typedef struct Lifetime {
    ValueId root;         /* itself, or the value whose bytes it is a view of */
    uint32_t first, last; /* node positions, inclusive; only meaningful for roots */
    bool planned;         /* false: constant, graph input or output, or of unknown size */
    size_t bytes;         /* of the root, when planned */
} Lifetime;

/* Is the node nothing but its input's bytes under another shape? */
bool lifetime_is_view(const Graph *graph, const Node *node);

/* One entry per value, in arena memory. */
Status lifetime_compute(const Graph *graph, Arena *arena, Lifetime **ret_lifetimes);
/**
 * Lets the first output of a node take the place of one of its inputs, where that is possible: both
 * planned, of equal size, and the input's bytes are read by this node for the last time and through
 * this input alone. Both then live as one, with the input's root. The node's kernel must be content
 * with it. false: nothing is changed.
 */
bool lifetime_share(const Graph *graph, Lifetime *lifetimes, NodeId node, uint32_t input);
