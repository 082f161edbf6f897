/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a model's graph costs, from shapes alone. */

#include "runtime/base/arena.h"
#include "runtime/graph/graph.h"

typedef struct Estimate {
    uint64_t operations;    /* multiplications and additions of one row */
    size_t uncounted_nodes; /* whose shapes depend on data, so that nothing is known of them */
    size_t working_bytes;   /* values between operators, laid out by lifetime */
    size_t parameters;      /* elements of constants that are used */
    size_t weight_bytes;    /* their bytes in the file's types */
} Estimate;

/* Multiplications and additions of one node for the shapes that its values have; false: one that it
 * needs is unknown. */
bool estimate_node(const Graph *graph, const Node *node, uint64_t *ret_operations);

/* Dims that the inputs leave open become 1; the graph is changed by that. */
Status estimate_make(Graph *graph, Arena *arena, Estimate *ret_estimate);
