/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/graph/graph.h"

enum { WINDOW_MAX = 3 }; /* spatial dims our own kernels know */

typedef enum WindowPadding {
    WINDOW_EXPLICIT,
    WINDOW_SAME_UPPER,
    WINDOW_SAME_LOWER,
    WINDOW_VALID
} WindowPadding;

/* The sliding window of Conv and the pools. Source: ONNX Conv 22, MaxPool 22, AveragePool 22. */
typedef struct Window {
    int32_t spatial;
    WindowPadding padding;
    int64_t kernel[WINDOW_MAX], stride[WINDOW_MAX], dilation[WINDOW_MAX];
    int64_t begin[WINDOW_MAX], end[WINDOW_MAX]; /* pads as given; meaningful for WINDOW_EXPLICIT */
} Window;

/**
 * Reads kernel_shape, strides, dilations, pads and auto_pad.
 *
 * @kernel  used where the attribute is absent; may be NULL
 *
 * false: the attributes do not fit the rank, or have values that no kernel here takes
 */
bool window_read(const Node *node, int32_t spatial, const int64_t *kernel, Window *ret_window);
/* Padding before the first element of each spatial dim, for concrete shapes. */
void window_begin(const Window *window, const Shape *src, const Shape *dst,
                  int64_t ret_begin[WINDOW_MAX]);
/* What must follow the last element for the window to end at the last output; negative: that much
 * is not read. */
void window_end(const Window *window, const Shape *src, const Shape *dst,
                const int64_t begin[WINDOW_MAX], int64_t ret_end[WINDOW_MAX]);
