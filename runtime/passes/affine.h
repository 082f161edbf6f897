/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Nodes that are a linear map of their input with constant float32 weights, and what may be
 * multiplied into them: Conv and ConvTranspose (per output channel), Gemm and MatMul (per column).
 */

#include "runtime/graph/graph.h"

typedef struct Affine {
    NodeId node;
    size_t channels;      /* of the result: axis 1 for convolutions, the last for products */
    int32_t channel_axis; /* from the end of the result's shape: -1 is the last */
    bool takes_shift;     /* MatMul has no bias */
} Affine;

/* false: the node is none, or its weights or bias are not constant float32. */
bool affine_find(const Graph *graph, NodeId node, Affine *ret_affine);

/**
 * Makes the node give scale[c] * y + shift[c] instead of y, by new weights and bias. Rounds once
 * more than the operations it replaces, or once less.
 *
 * @shift  NULL for none
 */
Status affine_apply(Graph *graph, const Affine *affine, const double *scale, const double *shift);

/* A constant operand as one number a channel (broadcast over all other axes of a result of that
 * rank). false: it is not that. @ret_numbers has affine->channels entries. */
bool affine_operand(const Affine *affine, int32_t rank, const Tensor *constant,
                    double *ret_numbers);
