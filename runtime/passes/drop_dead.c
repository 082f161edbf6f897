/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Drops nodes that no output needs, and the values that nobody uses any more. */

#include "runtime/passes/passes.h"

Status pass_drop_dead(Graph *graph, const PassContext *context) {
    (void)context;
    return graph_compact(graph);
}
