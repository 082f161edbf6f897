/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Is axis 0 of every input and output a batch whose entries do not see each other? Then rows of
 * many requests may travel together and a batch may be cut anywhere. A proof over the graph: an
 * operator that is not known to keep rows apart is not proven, and then the answer is no.
 */

#include "runtime/graph/graph.h"

/* @graph  sorted, shapes inferred as far as possible. RESOURCE_EXHAUSTED only. */
Status row_independence_prove(const Graph *graph, bool *ret_proven);
