/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A node's epilogue applied after its kernel, for kernels that do not know it: so a fused graph
 * runs whatever kernel a node ends up with, the reference ones included.
 */

#include "runtime/cpu/kernel.h"

/* One step of the scalar kinds (not ADD, MUL), on one element. */
float epilogue_scalar(const EpilogueStep *step, float x);

/* Nothing to do after the kernel? A MatMul with a bias counts as having something. */
bool epilogue_is_empty(const Node *node);
/* float32 result 0, residuals of its own shape and layout (MUL also [N,C,1,1] on plain layout). */
bool epilogue_can_apply(const Graph *graph, const Node *node);
/* All steps, in place, on dst[0]. */
Status epilogue_apply(const KernelCall *call);
