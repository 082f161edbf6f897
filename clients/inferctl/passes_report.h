/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What each pass of the optimiser does to a graph, told as counts of operators. */

#include "runtime/base/arena.h"
#include "runtime/graph/graph.h"

typedef struct OpChange {
    const char *name; /* an operator, or "(epilogue steps)" */
    int64_t change;   /* how many more there are after the pass */
} OpChange;

typedef struct PassChange {
    const char *pass;
    bool on_plan; /* runs for every tuple of input shapes; else once, when the model is loaded */
    size_t nodes_before, nodes_after;
    OpChange *changes; /* largest first */
    size_t change_count;
} PassChange;

/* Runs all passes for the CPU; what is left open in the inputs' shapes becomes 1 before those that
 * want shapes. The graph is optimised by that. */
Status passes_report(Graph *graph, Arena *arena, PassChange **ret_passes, size_t *ret_count);
