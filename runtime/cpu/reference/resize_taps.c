/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Resize, axis by axis: result position -> source coordinate -> taps and weights. Coordinates are
 * computed in double; one that is no number (a roi of infinities) is taken for 0. Positions beyond
 * the edges read the edge.
 *
 * Source: ONNX Resize 19. Pure functions, any thread.
 */

#include "runtime/cpu/reference/resize_taps.h"

#include <math.h>
#include <string.h>

static const char *const MODES[] = {
    [RESIZE_NEAREST] = "nearest", [RESIZE_LINEAR] = "linear", [RESIZE_CUBIC] = "cubic"
};
static const char *const COORDINATES[] = {
    [RESIZE_HALF_PIXEL] = "half_pixel",
    [RESIZE_HALF_PIXEL_SYMMETRIC] = "half_pixel_symmetric",
    [RESIZE_PYTORCH_HALF_PIXEL] = "pytorch_half_pixel",
    [RESIZE_ALIGN_CORNERS] = "align_corners",
    [RESIZE_ASYMMETRIC] = "asymmetric",
    [RESIZE_CROP] = "tf_crop_and_resize",
    [RESIZE_HALF_PIXEL_NN] = "tf_half_pixel_for_nn",
};
static const char *const NEARESTS[] = { [RESIZE_PREFER_FLOOR] = "round_prefer_floor",
                                        [RESIZE_PREFER_CEIL] = "round_prefer_ceil",
                                        [RESIZE_FLOOR] = "floor",
                                        [RESIZE_CEIL] = "ceil" };

/* The first name is the default. */
static Status read_name(const KernelCall *call, const char *attribute, const char *const *names,
                        size_t count, size_t *ret_index) {
    StringView text = node_get_string(call->node, attribute, names[0]);
    for (size_t i = 0; i < count; i++)
        if (strlen(names[i]) == text.length && memcmp(names[i], text.data, text.length) == 0) {
            *ret_index = i;
            return status_ok();
        }
    return call_invalid(call, "%s: '%.*s' is not known", attribute, (int)MIN_OF(text.length, 64u),
                        text.data);
}

Status resize_spec_read(const KernelCall *call, ResizeSpec *ret_spec) {
    const Node *node = call->node;
    size_t mode, coordinate, nearest;
    TRY(read_name(call, "mode", MODES, ARRAY_LENGTH(MODES), &mode));
    TRY(read_name(call, "coordinate_transformation_mode", COORDINATES, ARRAY_LENGTH(COORDINATES),
                  &coordinate));
    TRY(read_name(call, "nearest_mode", NEARESTS, ARRAY_LENGTH(NEARESTS), &nearest));
    *ret_spec = (ResizeSpec){
        .mode = (ResizeMode)mode,
        .coordinate = (ResizeCoordinate)coordinate,
        .nearest = (ResizeNearest)nearest,
        .antialias = mode != RESIZE_NEAREST && node_get_int(node, "antialias", 0) != 0,
        .exclude_outside = node_get_int(node, "exclude_outside", 0) != 0,
        .cubic_a = (double)node_get_float(node, "cubic_coeff_a", -0.75f),
        .extrapolation = (double)node_get_float(node, "extrapolation_value", 0.0f),
    };
    return status_ok();
}

/* Half the taps of a kernel that is stretched when the image shrinks. */
static size_t half_width(const ResizeSpec *spec, double scale) {
    double reach = spec->mode == RESIZE_CUBIC ? 2.0 : 1.0;
    return (size_t)ceil(spec->antialias && scale < 1.0 ? reach / scale : reach);
}

size_t resize_tap_count(const ResizeSpec *spec, double scale) {
    return spec->mode == RESIZE_NEAREST ? 1 : 2 * half_width(spec, scale);
}

bool resize_is_identity(const ResizeSpec *spec, const ResizeDims *dims, const Shape *x,
                        size_t axis) {
    bool whole = spec->coordinate != RESIZE_CROP ||
                 (dims->roi_begin[axis] == 0.0 && dims->roi_end[axis] == 1.0);
    return whole && dims->out[axis] == x->dims[axis] && fabs(dims->scale[axis] - 1.0) < 1e-9;
}

static double crop_coordinate(const ResizeDims *dims, size_t axis, double in, double position) {
    double begin = dims->roi_begin[axis], extent = dims->roi_end[axis] - begin;
    double width = dims->width[axis];
    double inside =
        width == 1.0 ? extent * (in - 1.0) / 2.0 : position * extent * (in - 1.0) / (width - 1.0);
    return inside + begin * (in - 1.0);
}

/* Source coordinate of a result position. */
static double coordinate_of(const ResizeSpec *spec, const ResizeDims *dims, size_t axis, double in,
                            double position) {
    double scale = dims->scale[axis], width = dims->width[axis];
    switch (spec->coordinate) {
    case RESIZE_ALIGN_CORNERS:
        return width == 1.0 ? 0.0 : position * (in - 1.0) / (width - 1.0);
    case RESIZE_ASYMMETRIC:
        return position / scale;
    case RESIZE_CROP:
        return crop_coordinate(dims, axis, in, position);
    case RESIZE_PYTORCH_HALF_PIXEL:
        return width == 1.0 ? -0.5 : (position + 0.5) / scale - 0.5;
    case RESIZE_HALF_PIXEL_SYMMETRIC:
        return in / 2.0 * (1.0 - (double)dims->out[axis] / width) + (position + 0.5) / scale - 0.5;
    case RESIZE_HALF_PIXEL_NN:
        return (position + 0.5) / scale;
    case RESIZE_HALF_PIXEL:
        break;
    }
    return (position + 0.5) / scale - 0.5;
}

static double round_nearest(ResizeNearest mode, double x) {
    double low = floor(x), rest = x - low;
    if (rest == 0.0 || mode == RESIZE_FLOOR)
        return low;
    if (mode == RESIZE_CEIL)
        return low + 1.0;
    return mode == RESIZE_PREFER_FLOOR ? low + (rest > 0.5) : low + (rest >= 0.5);
}

static double kernel_weight(const ResizeSpec *spec, double distance) {
    double x = fabs(distance), a = spec->cubic_a;
    if (spec->mode == RESIZE_LINEAR)
        return x < 1.0 ? 1.0 - x : 0.0;
    if (x <= 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
    return x < 2.0 ? ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a : 0.0;
}

static int64_t clamp_index(double index, size_t in) {
    return index <= 0.0 ? 0 : index >= (double)in - 1.0 ? (int64_t)in - 1 : (int64_t)index;
}

/* Weights of the taps around x, made to sum up to 1 where the text says so. */
static void fill_weights(const ResizeSpec *spec, double x, double scale, ResizeTaps *taps,
                         size_t out) {
    double low = floor(x), stretch = spec->antialias ? fmin(scale, 1.0) : 1.0, sum = 0.0;
    double first = low - (double)(taps->taps / 2) + 1.0;
    double *weight = taps->weight + out * taps->taps;
    int64_t *index = taps->index + out * taps->taps;
    for (size_t k = 0; k < taps->taps; k++) {
        double at = first + (double)k;
        bool is_left_out = spec->exclude_outside && (at < 0.0 || at > (double)taps->in - 1.0);
        weight[k] = is_left_out ? 0.0 : kernel_weight(spec, (at - x) * stretch);
        index[k] = clamp_index(at, taps->in);
        sum += weight[k];
    }
    if ((spec->antialias || spec->exclude_outside) && sum != 0.0)
        for (size_t k = 0; k < taps->taps; k++)
            weight[k] /= sum;
}

void resize_taps_fill(const ResizeSpec *spec, const ResizeDims *dims, size_t axis,
                      ResizeTaps *taps) {
    double in = (double)taps->in;
    for (size_t out = 0; out < taps->out; out++) {
        double x = coordinate_of(spec, dims, axis, in, (double)out);
        if (!isfinite(x))
            x = 0.0;
        taps->is_outside[out] = spec->coordinate == RESIZE_CROP && (x < 0.0 || x > in - 1.0);
        x = fmin(fmax(x, -in - 4.0), 2.0 * in + 4.0); /* far outside is like a little outside */
        if (spec->mode == RESIZE_NEAREST)
            taps->index[out] = clamp_index(round_nearest(spec->nearest, x), taps->in);
        else
            fill_weights(spec, x, dims->scale[axis], taps, out);
    }
}
