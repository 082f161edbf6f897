/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Computes one node of a graph whose inputs are all constant, on the built-in CPU device and
 * through its public table, whatever device the model is for: what is folded is mostly integers of
 * shape arithmetic.
 */

#include "runtime/device/device.h"

typedef struct FoldCall {
    Device *device; /* the CPU */
    DeviceModel *model;
    size_t budget_bytes; /* left; lowered by what was made */
} FoldCall;

Status fold_call_init(FoldCall *call, size_t budget_bytes);
void fold_call_deinit(FoldCall *call);
DEFINE_AUTO_VALUE(FoldCall, fold_call_deinit);

/* Puts constants in place of the node's outputs and removes it. false: it could not be computed
 * within the budget or at all, and is left as it was. */
bool fold_call_node(FoldCall *call, Graph *graph, NodeId node);
