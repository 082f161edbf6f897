/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Follows the number of rows through shape arithmetic: Shape, Gather, Slice, Concat, Squeeze,
 * Unsqueeze, Cast.
 */

#include "runtime/exec/row_rules.h"

/* Is this node shape arithmetic that is understood? Then *ret_result tells its integers. */
bool row_counts_follow(const Graph *graph, const Node *node, const RowFacts *facts,
                       RowFacts *ret_result);

/* Does Reshape to target leave axis 0 of a value of shape src as it is? */
bool row_counts_keep_rows(const RowFacts *target, const Shape *src, bool allow_zero);
