/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What each operator makes of rows: the rules of row_independence.c.
 */

#include "runtime/graph/graph.h"

typedef enum RowKind {
    ROW_KIND_MIXED = 0, /* not known to be any of these */
    ROW_KIND_FIXED,     /* the same whatever the rows and their number */
    ROW_KIND_ROWS,      /* entry i of axis 0 depends on row i alone, and its shape on no row */
    ROW_KIND_COUNT,     /* integers, items tells which */
} RowKind;

/* Elements of COUNT and of small FIXED integers that are not plain numbers. */
#define ROW_ITEM_ROWS INT64_MIN /* the number of rows */
#define ROW_ITEM_UNKNOWN                                                                           \
    (INT64_MIN + 1) /* a number that is the same for all batches, not known yet */

typedef struct RowFacts {
    RowKind kind;
    int32_t count; /* of items; 0 when they are not followed */
    int64_t items[SHAPE_MAX_RANK];
} RowFacts;

/* Sets the facts of the node's outputs from those of its inputs. */
void row_rules_apply(const Graph *graph, const Node *node, RowFacts *facts);
