/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A window over the planes of a tensor, any number of spatial dims. A tap is one position inside
 * the window; for a tap, the results that see a real source element form rows, and kernels are
 * written as a loop over such rows.
 */

#include "runtime/cpu/reference/reference_util.h"
#include "runtime/graph/window.h"

typedef struct WindowPlane {
    Window window;                 /* of one dim where rows may run over the whole plane */
    int64_t taps[WINDOW_MAX_RANK]; /* kernel; without weights: what some result can see of it */
    size_t in_count, out_count, tap_count; /* products of in, out and kernel */
} WindowPlane;

/**
 * Resolves the node's window (runtime/graph/window.h) for [N,C,spatial...] src and dst.
 *
 * @kernel  spatial dims of the weights when the operator has some, else NULL: kernel_shape must be
 * given
 *
 * Errors: INVALID_ARGUMENT, also where the window does not give dst or is out of all proportion
 */
Status window_plane_init(WindowPlane *plane, const KernelCall *call, const Shape *src,
                         const Shape *dst, const int64_t *kernel);

/**
 * The same for ConvTranspose (window_resolve_transposed): rows lead from result to source, so `src`
 * of a row lies in the result and `dst` in the source.
 */
Status window_plane_init_transposed(WindowPlane *plane, const KernelCall *call, const Shape *src,
                                    const Shape *dst, const int64_t *kernel);

/* Elements of a row: dst + i and src + i * step, for i below count, counted inside one plane. */
typedef struct WindowRow {
    size_t dst, src, count;
    int64_t step;
} WindowRow;

/* for (bool more = true; more; more = window_next_tap(plane, tap)), tap zero at first. */
bool window_next_tap(const WindowPlane *plane, int64_t tap[static WINDOW_MAX_RANK]);

typedef struct WindowRows {
    const WindowPlane *plane;
    int64_t first[WINDOW_MAX_RANK],
        end[WINDOW_MAX_RANK];        /* results that see the source through the tap */
    int64_t offset[WINDOW_MAX_RANK]; /* source position of result 0 */
    int64_t position[WINDOW_MAX_RANK];
    bool done;
} WindowRows;

WindowRows window_rows_begin(const WindowPlane *plane, const int64_t tap[static WINDOW_MAX_RANK]);
bool window_rows_next(WindowRows *rows, WindowRow *ret_row);

/* Taps of the window at a result position that fall on real elements, or, with padding, on real and
 * padded ones. */
int64_t window_count(const WindowPlane *plane, const int64_t *position, bool with_padding);
