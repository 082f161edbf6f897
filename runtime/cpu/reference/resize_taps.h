/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where Resize reads: for every result position of one axis, the source positions (taps) it is made
 * of and their weights. Axes are independent of each other.
 */

#include "runtime/cpu/reference/reference_util.h"
#include "runtime/graph/resize.h"

typedef enum ResizeMode { RESIZE_NEAREST, RESIZE_LINEAR, RESIZE_CUBIC } ResizeMode;
typedef enum ResizeCoordinate {
    RESIZE_HALF_PIXEL,
    RESIZE_HALF_PIXEL_SYMMETRIC,
    RESIZE_PYTORCH_HALF_PIXEL,
    RESIZE_ALIGN_CORNERS,
    RESIZE_ASYMMETRIC,
    RESIZE_CROP,
    RESIZE_HALF_PIXEL_NN
} ResizeCoordinate;
typedef enum ResizeNearest {
    RESIZE_PREFER_FLOOR,
    RESIZE_PREFER_CEIL,
    RESIZE_FLOOR,
    RESIZE_CEIL
} ResizeNearest;

typedef struct ResizeSpec {
    ResizeMode mode;
    ResizeCoordinate coordinate;
    ResizeNearest nearest;
    bool antialias, exclude_outside;
    double cubic_a, extrapolation;
} ResizeSpec;

/* One axis. */
typedef struct ResizeTaps {
    size_t in, out, taps;
    int64_t *index;   /* [out, taps], inside of the source */
    double *weight;   /* [out, taps]; unused by RESIZE_NEAREST, which has one tap */
    bool *is_outside; /* [out]: takes the extrapolation value (RESIZE_CROP alone) */
} ResizeTaps;

/* INVALID_ARGUMENT naming an attribute that is not known. */
Status resize_spec_read(const KernelCall *call, ResizeSpec *ret_spec);
/* Taps that an axis needs for each result. */
size_t resize_tap_count(const ResizeSpec *spec, double scale);
/* Does the axis stay as it is? */
bool resize_is_identity(const ResizeSpec *spec, const ResizeDims *dims, const Shape *x,
                        size_t axis);
/* in, out and taps are set, the arrays are there. */
void resize_taps_fill(const ResizeSpec *spec, const ResizeDims *dims, size_t axis,
                      ResizeTaps *taps);
