/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Resize with axes, scales, sizes and keep_aspect_ratio_policy resolved to plain numbers for every
 * dim: what inference and the kernel work with. Source: ONNX Resize 19.
 */

#include "runtime/graph/graph.h"

typedef struct ResizeDims {
    int64_t out[SHAPE_MAX_RANK];
    double scale[SHAPE_MAX_RANK];
    double width[SHAPE_MAX_RANK]; /* in * scale before rounding; out itself where sizes are given */
    double roi_begin[SHAPE_MAX_RANK], roi_end[SHAPE_MAX_RANK]; /* 0 and 1 where not given */
} ResizeDims;

/* Marks the axes that attribute "axes" names, all without it. INVALID_ARGUMENT. */
Status resize_axes(const Node *node, int32_t rank, size_t axes[static SHAPE_MAX_RANK],
                   size_t *ret_count);

/**
 * @x      known
 * @roi    NULL or empty: none
 * @scales float32, NULL or empty: none; exactly one of scales and sizes must be there
 * @sizes  integers, NULL or empty: none
 *
 * Errors: INVALID_ARGUMENT naming the input and both sides
 */
Status resize_resolve(const Node *node, const Shape *x, const Tensor *roi, const Tensor *scales,
                      const Tensor *sizes, ResizeDims *ret_dims);
