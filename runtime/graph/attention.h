/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Dims of the attention operators by name, for inference and kernels alike.
 *
 * Attention: b batch, h heads of queries, g heads of keys and values, s queries, k new keys,
 * p keys of the past, t keys in all, d size of a head, v size of a value.
 * LinearAttention: b batch, t time, g heads of queries, h heads of keys, k size of a key, v size of
 * a value.
 */

#include "runtime/graph/dim_names.h"
#include "runtime/graph/graph.h"

enum { ATTENTION_INPUTS = 7, LINEAR_ATTENTION_INPUTS = 6 };

/* @shapes  by input; NULL where it is left out. Errors: INVALID_ARGUMENT */
Status attention_bind(const Node *node, const Shape *const shapes[static ATTENTION_INPUTS],
                      DimNames *names);
Status linear_attention_bind(const Node *node,
                             const Shape *const shapes[static LINEAR_ATTENTION_INPUTS],
                             DimNames *names);
