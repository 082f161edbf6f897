/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sliding windows of convolution and pooling over any number of spatial dims. A tap is one position
 * inside the window; for a tap, the results that see a real source element form rows, and kernels
 * are written as a loop over such rows.
 */

#include "runtime/cpu/reference/reference_util.h"

enum { WINDOW_MAX_RANK = SHAPE_MAX_RANK - 2 };

typedef struct Window {
    int32_t rank;                                      /* spatial dims */
    int64_t in[WINDOW_MAX_RANK], out[WINDOW_MAX_RANK]; /* sizes of source and result */
    int64_t kernel[WINDOW_MAX_RANK], stride[WINDOW_MAX_RANK], dilation[WINDOW_MAX_RANK];
    int64_t pad_begin[WINDOW_MAX_RANK], pad_end[WINDOW_MAX_RANK];
    int64_t taps[WINDOW_MAX_RANK]; /* kernel without weights: only what some result can see of the
                                      source */
    size_t in_count, out_count, tap_count; /* products; tap_count of kernel */
} Window;

/**
 * Reads kernel_shape, strides, dilations, pads and auto_pad of the node; src and dst are
 * [N,C,spatial...].
 *
 * @kernel  spatial dims of the weights when the operator has some, else NULL: kernel_shape must be
 * given
 */
Status window_init(Window *window, const KernelCall *call, const Shape *src, const Shape *dst,
                   const int64_t *kernel);

/* Elements of a row: dst + i and src + i * step, for i below count, counted inside one plane. */
typedef struct WindowRow {
    size_t dst, src, count;
    int64_t step;
} WindowRow;

/* for (bool more = true; more; more = window_next_tap(window, tap)), tap zero at first. */
bool window_next_tap(const Window *window, int64_t tap[static WINDOW_MAX_RANK]);

typedef struct WindowRows {
    const Window *window;
    int64_t first[WINDOW_MAX_RANK],
        end[WINDOW_MAX_RANK];        /* results that see the source through the tap */
    int64_t offset[WINDOW_MAX_RANK]; /* source position of result 0 */
    int64_t position[WINDOW_MAX_RANK];
    bool done;
} WindowRows;

WindowRows window_rows_begin(const Window *window, const int64_t tap[static WINDOW_MAX_RANK]);
bool window_rows_next(WindowRows *rows, WindowRow *ret_row);

/* Taps of the window at a result position that fall on real elements, or, with padding, on real and
 * padded ones. */
int64_t window_count(const Window *window, const int64_t *position, bool with_padding);
