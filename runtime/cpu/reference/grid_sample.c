/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * GridSample over any number of spatial dims, and AffineGrid, which makes grids. For a point of the
 * grid every dim gives a few taps (source position and weight); the result is the sum over all
 * combinations of taps, the same for every channel. A grid is hostile: what is not finite counts as
 * far outside, and every tap is inside of the source or skipped.
 *
 * Source: ONNX GridSample 22, AffineGrid 20. Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/wide.h"

#include <math.h>
#include <string.h>

typedef enum GridMode { GRID_NEAREST, GRID_LINEAR, GRID_CUBIC } GridMode;
typedef enum GridPadding { GRID_ZEROS, GRID_BORDER, GRID_REFLECTION } GridPadding;

enum { GRID_MAX_RANK = SHAPE_MAX_RANK - 2, GRID_TAPS_MAX = 4 };

typedef struct GridTaps {
    size_t count;
    int64_t index[GRID_TAPS_MAX]; /* -1: a zero */
    double weight[GRID_TAPS_MAX];
} GridTaps;

typedef struct Grid {
    GridMode mode;
    GridPadding padding;
    bool align_corners;
    size_t rank, channels;
    int64_t dims[GRID_MAX_RANK], strides[GRID_MAX_RANK];
    size_t plane, points; /* elements of a channel on both sides */
    GridTaps taps[GRID_MAX_RANK];
} Grid;

static bool text_is(StringView text, const char *literal) {
    return text.length == strlen(literal) && memcmp(text.data, literal, text.length) == 0;
}

static Status read_modes(const KernelCall *call, Grid *grid) {
    StringView mode = node_get_string(call->node, "mode", "linear");
    StringView padding = node_get_string(call->node, "padding_mode", "zeros");
    grid->align_corners = node_get_int(call->node, "align_corners", 0) != 0;
    grid->mode = GRID_LINEAR;
    if (text_is(mode, "nearest"))
        grid->mode = GRID_NEAREST;
    else if (text_is(mode, "cubic") || text_is(mode, "bicubic"))
        grid->mode = GRID_CUBIC;
    else if (!text_is(mode, "linear") && !text_is(mode, "bilinear"))
        return call_invalid(call, "mode '%.*s' is not known", (int)MIN_OF(mode.length, 64u),
                            mode.data);
    grid->padding = GRID_ZEROS;
    if (text_is(padding, "border"))
        grid->padding = GRID_BORDER;
    else if (text_is(padding, "reflection"))
        grid->padding = GRID_REFLECTION;
    else if (!text_is(padding, "zeros"))
        return call_invalid(call, "padding_mode '%.*s' is not known",
                            (int)MIN_OF(padding.length, 64u), padding.data);
    return status_ok();
}

static double reflect(double x, double low, double high) {
    double range = high - low, over = x < low ? low - x : x - high;
    if (over <= 0.0)
        return x;
    if (range <= 0.0)
        return low;
    double turns = floor(over / range), rest = over - turns * range;
    bool from_start = (x < low) == (fmod(turns, 2.0) == 0.0);
    return from_start ? low + rest : high - rest;
}

static double clamp(double x, double low, double high) {
    return x < low ? low : x > high ? high : x;
}

/* In source positions, brought inside where the padding says so. */
static double coordinate_of(const Grid *grid, size_t d, double normal) {
    double dim = (double)grid->dims[d];
    double x = grid->align_corners ? (normal + 1.0) / 2.0 * (dim - 1.0)
                                   : ((normal + 1.0) * dim - 1.0) / 2.0;
    double low = grid->align_corners ? 0.0 : -0.5;
    double high = grid->align_corners ? dim - 1.0 : dim - 0.5;
    x = isfinite(x) ? clamp(x, -1e9, 1e9) : -1e9;
    x = (double)(float)x; /* as the text's own code rounds it */
    if (grid->mode == GRID_NEAREST)
        x = rint(x);
    if (x >= low && x <= high)
        return x;
    if (grid->padding == GRID_BORDER)
        return clamp(x, 0.0, dim - 1.0);
    return grid->padding == GRID_REFLECTION ? reflect(x, low, high) : x;
}

static int64_t index_of(const Grid *grid, size_t d, double position) {
    double last = (double)grid->dims[d] - 1.0;
    if (position >= 0.0 && position <= last)
        return (int64_t)position;
    if (grid->padding == GRID_ZEROS)
        return -1;
    if (grid->padding == GRID_REFLECTION)
        position = grid->align_corners ? reflect(position, 0.0, last)
                                       : reflect(position, -0.5, last + 0.5);
    return (int64_t)clamp(position, 0.0, last);
}

static double cubic_weight(double distance) {
    const double a = -0.75;
    double x = fabs(distance);
    if (x <= 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
    return x < 2.0 ? ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a : 0.0;
}

static void set_taps(Grid *grid, size_t d, double normal) {
    double x = coordinate_of(grid, d, normal), low = floor(x);
    GridTaps *taps = &grid->taps[d];
    if (grid->mode == GRID_NEAREST) {
        *taps = (GridTaps){ .count = 1, .index = { index_of(grid, d, x) }, .weight = { 1.0 } };
        return;
    }
    taps->count = grid->mode == GRID_LINEAR ? 2 : 4;
    for (size_t k = 0; k < taps->count; k++) {
        double at = low + (double)k - (grid->mode == GRID_CUBIC ? 1.0 : 0.0);
        taps->index[k] = index_of(grid, d, at);
        taps->weight[k] = grid->mode == GRID_CUBIC ? cubic_weight(at - x) : 1.0 - fabs(at - x);
    }
}

/* Adds one combination of taps after the other to every channel. */
static void sample_point(const Grid *grid, const double *image, double *dst) {
    size_t tap[GRID_MAX_RANK] = { 0 }, d;
    for (size_t c = 0; c < grid->channels; c++)
        dst[c * grid->points] = 0.0;
    do {
        double weight = 1.0;
        int64_t offset = 0;
        bool is_zero = false;
        for (d = 0; d < grid->rank; d++) {
            int64_t index = grid->taps[d].index[tap[d]];
            weight *= grid->taps[d].weight[tap[d]];
            offset += index * grid->strides[d];
            is_zero |= index < 0;
        }
        for (size_t c = 0; !is_zero && c < grid->channels; c++)
            dst[c * grid->points] += weight * image[c * grid->plane + (size_t)offset];
        for (d = grid->rank; d > 0; d--) {
            if (++tap[d - 1] < grid->taps[d - 1].count)
                break;
            tap[d - 1] = 0;
        }
    } while (d > 0);
}

static Status grid_open(const KernelCall *call, Grid *grid) {
    const Tensor *x, *points;
    Tensor *dst;
    TRY(call_get_first(call, &x, &dst));
    TRY(call_get_src(call, 1, &points));
    TRY(call_check_dtype(call, x->dtype, dst));
    TRY(read_modes(call, grid));
    if (x->shape.rank < 3 || points->shape.rank != x->shape.rank ||
        points->shape.dims[0] != x->shape.dims[0] ||
        points->shape.dims[x->shape.rank - 1] != x->shape.rank - 2)
        return call_invalid(call, "a grid %s does not go with %s", SHAPE_TEXT(&points->shape),
                            SHAPE_TEXT(&x->shape));
    grid->rank = (size_t)x->shape.rank - 2;
    grid->channels = (size_t)x->shape.dims[1];
    Shape expected = x->shape;
    int64_t stride = 1;
    for (size_t d = grid->rank; d-- > 0;) {
        expected.dims[d + 2] = points->shape.dims[d + 1];
        grid->dims[d] = x->shape.dims[d + 2];
        grid->strides[d] = stride;
        stride *= grid->dims[d];
    }
    TRY(call_check_shape(call, &expected, dst));
    grid->plane = shape_product(&x->shape, 2, (size_t)x->shape.rank);
    grid->points = shape_product(&expected, 2, (size_t)expected.rank);
    if (grid->plane == 0 && tensor_elements(dst) > 0)
        return call_invalid(call, "image %s is empty", SHAPE_TEXT(&x->shape));
    return status_ok();
}

Status reference_grid_sample(const KernelCall *call) {
    Grid grid = { 0 };
    Wide wide;
    TRY(grid_open(call, &grid));
    TRY(wide_open(call, 0, &wide));
    if (!wide.src[0] || !wide.src[1] || !wide.dst[0])
        return call_lacks_dtype(call, call->src[0]->dtype);
    size_t batch = (size_t)call->src[0]->shape.dims[0];
    for (size_t i = 0; i < batch * grid.points; i++) {
        size_t n = i / grid.points, point = i % grid.points;
        const double *normal = wide.src[1] + i * grid.rank;
        for (size_t d = 0; d < grid.rank; d++) /* the grid names the last dim first */
            set_taps(&grid, d, normal[grid.rank - 1 - d]);
        sample_point(&grid, wide.src[0] + n * grid.channels * grid.plane,
                     wide.dst[0] + n * grid.channels * grid.points + point);
    }
    wide_store(call, &wide);
    return status_ok();
}

/* Position i of dim in [-1, 1]. */
static double normal_of(int64_t i, int64_t dim, bool align_corners) {
    if (align_corners)
        return dim > 1 ? -1.0 + 2.0 * (double)i / (double)(dim - 1) : -1.0;
    return (2.0 * (double)i + 1.0) / (double)dim - 1.0;
}

Status reference_affine_grid(const KernelCall *call) {
    const Tensor *theta, *size;
    Tensor *dst;
    Wide wide;
    bool align_corners = node_get_int(call->node, "align_corners", 0) != 0;
    TRY(call_get_first(call, &theta, &dst));
    TRY(call_get_src(call, 1, &size));
    TRY(call_check_dtype(call, theta->dtype, dst));
    int64_t rank = dst->shape.rank - 2; /* dst: [N, spatial..., rank] */
    if (rank < 2 || rank > 3 || dst->shape.dims[rank + 1] != rank)
        return call_invalid(call, "no grid has the shape %s", SHAPE_TEXT(&dst->shape));
    TRY(call_check_shape(call, &SHAPE(dst->shape.dims[0], rank, rank + 1), theta));
    TRY(wide_open(call, 0, &wide));
    if (!wide.src[0] || !wide.dst[0])
        return call_lacks_dtype(call, theta->dtype);
    size_t points = tensor_elements(dst) / (size_t)rank;
    size_t a_batch = shape_product(&dst->shape, 1, (size_t)rank + 1);
    for (size_t i = 0; i < points; i++) {
        const double *rows = wide.src[0] + i / a_batch * (size_t)(rank * (rank + 1));
        double normal[4];
        size_t rest = i % a_batch;
        for (int64_t d = 0; d < rank; d++) { /* last dim first */
            int64_t dim = dst->shape.dims[rank - d];
            normal[d] = normal_of((int64_t)(rest % (size_t)dim), dim, align_corners);
            rest /= (size_t)dim;
        }
        normal[rank] = 1.0;
        for (int64_t r = 0; r < rank; r++) {
            double sum = 0.0;
            for (int64_t k = 0; k <= rank; k++)
                sum += rows[r * (rank + 1) + k] * normal[k];
            wide.dst[0][i * (size_t)rank + (size_t)r] = sum;
        }
    }
    wide_store(call, &wide);
    return status_ok();
}
