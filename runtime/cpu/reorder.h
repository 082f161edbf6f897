/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * inferd.Reorder: the same logical tensor in another layout. The layout pass puts it at the edges
 * of spatial chains.
 */

#include "runtime/cpu/kernel.h"

bool reorder_is(const OpSchema *op);

/* Any dtype of whole bytes; src and dst of the same shape, layouts as their tensors say. A
 * ReferenceKernel. */
Status reorder_kernel(const KernelCall *call);
