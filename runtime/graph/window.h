/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The sliding window of convolution and pooling, with auto_pad, ceil_mode and defaults resolved to
 * plain numbers: what inference and every kernel work with. Source: ONNX Conv 22, MaxPool 22,
 * AveragePool 22.
 */

#include "runtime/graph/graph.h"

enum { WINDOW_MAX_RANK = SHAPE_MAX_RANK - 2 };

typedef struct Window {
    size_t rank; /* of the spatial dims, 1 to WINDOW_MAX_RANK */
    int64_t kernel[WINDOW_MAX_RANK], stride[WINDOW_MAX_RANK], dilation[WINDOW_MAX_RANK];
    /* 0 or more. With ceil_mode the last window may reach beyond the end's padding. */
    int64_t pad_begin[WINDOW_MAX_RANK], pad_end[WINDOW_MAX_RANK];
    int64_t in[WINDOW_MAX_RANK],
        out[WINDOW_MAX_RANK]; /* DIM_UNKNOWN where not known; pads of SAME_* are then 0 */
} Window;

/**
 * Reads kernel_shape, strides, dilations, pads, auto_pad and (for pooling) ceil_mode of a node.
 *
 * @x       [N,C,spatial...], ranked; dims may be unknown
 * @kernel  of the weights, x->rank - 2 of them, DIM_UNKNOWN where not known; NULL: attribute
 * kernel_shape is required
 *
 * Errors: INVALID_ARGUMENT naming the attribute or dim and both sides
 */
Status window_resolve(const Node *node, const Shape *x, const int64_t *kernel, Window *ret_window);
/* What lies behind the last element of a spatial dim when the window stands at the last output:
 * padding that is needed there, or, negative, elements that no window reaches. in and out of the
 * dim are known. */
int64_t window_overhang(const Window *window, size_t dim);
/**
 * The window of ConvTranspose: `in` is the large side, its result, and `out` the small one, its
 * source, so that both are walked as a convolution from the result to the source would be. Reads
 * output_padding and output_shape besides; pads may be more than the window, never negative.
 *
 * @x  [N,C,spatial...], ranked; dims may be unknown
 */
Status window_resolve_transposed(const Node *node, const Shape *x, const int64_t *kernel,
                                 Window *ret_window);
