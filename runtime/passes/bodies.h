/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What folding does with a node that has bodies (If, Loop, Scan, SequenceMap).
 */

#include "runtime/graph/graph.h"

/* What a pass over a body came to, for the graph around it: a body that cannot take what is known
 * of its inputs fails when it is run, if it ever is. */
Status bodies_status(Status status);
/* Captures that have become constant become constants of the bodies; those that no body reads any
 * more are dropped. */
Status bodies_bind_constants(Graph *graph, NodeId node);
/* An If with a constant condition is replaced by the nodes of its branch, at the end of the graph,
 * which is not sorted then. */
Status bodies_inline_branch(Graph *graph, NodeId node, bool *ret_inlined);
