/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/graph/graph.h"

/* Of a node with bodies, after op_infer: types go into its bodies, bodies are inferred, and their
 * outputs tell the node's. Errors name body ports. */
Status graph_infer_bodies(Graph *graph, NodeId node);
