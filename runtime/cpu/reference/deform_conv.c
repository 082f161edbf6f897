/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * DeformConv: a convolution whose taps are moved by offsets from the data. For a result position
 * every tap of every channel is sampled between its neighbours (0 outside) into a column, which is
 * then multiplied by the weights. Offsets are hostile: what is not finite samples 0.
 *
 * Source: ONNX DeformConv 22. Thread: any that runs kernels. Computed in double.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/wide.h"
#include "runtime/cpu/reference/window_rows.h"

#include <math.h>
#include <string.h>

typedef struct Deform {
    Window window;
    size_t channels, results, groups, offset_groups;
    size_t in_count, out_count, taps;
    int64_t strides[WINDOW_MAX_RANK]; /* of an image */
    Wide wide;
    bool has_mask;
} Deform;

/* Corners around a place: offset and weight of those inside. */
typedef struct Corners {
    size_t count;
    size_t offset[1 << WINDOW_MAX_RANK];
    double weight[1 << WINDOW_MAX_RANK];
} Corners;

static void find_corners(const Deform *deform, const double *place, Corners *corners) {
    const Window *window = &deform->window;
    corners->count = 0;
    for (size_t d = 0; d < window->rank; d++)
        if (!(place[d] > -1.0 && place[d] < (double)window->in[d]))
            return;
    for (size_t corner = 0; corner < (size_t)1 << window->rank; corner++) {
        double weight = 1.0;
        int64_t offset = 0;
        bool is_inside = true;
        for (size_t d = 0; d < window->rank; d++) {
            double low = floor(place[d]), rest = place[d] - low;
            int64_t at = (int64_t)low + (corner >> d & 1);
            weight *= corner >> d & 1 ? rest : 1.0 - rest;
            is_inside &= at >= 0 && at < window->in[d];
            offset += at * deform->strides[d];
        }
        if (!is_inside || weight == 0.0)
            continue;
        corners->offset[corners->count] = (size_t)offset;
        corners->weight[corners->count++] = weight;
    }
}

/* column[channel * taps + tap] for the channels of one offset group. */
static void sample_tap(const Deform *deform, const double *image, const double *place,
                       double factor, double *column) {
    Corners corners;
    size_t each = deform->channels / deform->offset_groups;
    find_corners(deform, place, &corners);
    for (size_t c = 0; c < each; c++) {
        double sum = 0.0;
        for (size_t i = 0; i < corners.count; i++)
            sum += corners.weight[i] * image[c * deform->in_count + corners.offset[i]];
        column[c * deform->taps] = sum * factor;
    }
}

/* @at  result position of image n */
static void fill_column(const Deform *deform, size_t n, const int64_t *at, size_t point,
                        double *column) {
    const Window *window = &deform->window;
    size_t each = deform->channels / deform->offset_groups, rank = window->rank;
    for (size_t group = 0; group < deform->offset_groups; group++) {
        const double *image =
            deform->wide.src[0] + (n * deform->channels + group * each) * deform->in_count;
        int64_t tap[WINDOW_MAX_RANK] = { 0 };
        for (size_t t = 0; t < deform->taps; t++) {
            size_t row = (n * deform->offset_groups + group) * deform->taps + t;
            double place[WINDOW_MAX_RANK];
            for (size_t d = 0; d < rank; d++)
                place[d] = (double)(at[d] * window->stride[d] - window->pad_begin[d] +
                                    tap[d] * window->dilation[d]) +
                           deform->wide.src[2][(row * rank + d) * deform->out_count + point];
            double factor =
                deform->has_mask ? deform->wide.src[4][row * deform->out_count + point] : 1.0;
            sample_tap(deform, image, place, factor, column + group * each * deform->taps + t);
            for (size_t d = rank; d-- > 0 && ++tap[d] == window->kernel[d];)
                tap[d] = 0;
        }
    }
}

static void multiply_column(const Deform *deform, const double *column, double *dst) {
    size_t sources = deform->channels / deform->groups, results = deform->results / deform->groups;
    size_t length = sources * deform->taps;
    for (size_t m = 0; m < deform->results; m++) {
        const double *weights = deform->wide.src[1] + m * length;
        const double *part = column + m / results * length;
        double sum = deform->wide.src[3] ? deform->wide.src[3][m] : 0.0;
        for (size_t i = 0; i < length; i++)
            sum += weights[i] * part[i];
        dst[m * deform->out_count] = sum;
    }
}

static Status check_groups(const KernelCall *call, const Shape *x, const Shape *w, Deform *deform) {
    int64_t groups = node_get_int(call->node, "group", 1);
    int64_t offset_groups = node_get_int(call->node, "offset_group", 1);
    int64_t channels = x->dims[1], results = w->dims[0];
    bool fits = groups >= 1 && offset_groups >= 1 && channels % groups == 0 &&
                results % groups == 0 && channels % offset_groups == 0 &&
                channels / groups == w->dims[1] && channels > 0;
    if (!fits)
        return call_invalid(call, "%s with weights %s in %lld and %lld groups", SHAPE_TEXT(x),
                            SHAPE_TEXT(w), (long long)groups, (long long)offset_groups);
    deform->channels = (size_t)channels;
    deform->results = (size_t)results;
    deform->groups = (size_t)groups;
    deform->offset_groups = (size_t)offset_groups;
    return status_ok();
}

static Status deform_open(const KernelCall *call, Deform *deform) {
    const Tensor *x, *w, *offset, *bias = call_find_src(call, 3), *mask = call_find_src(call, 4);
    Tensor *dst;
    WindowPlane plane;
    TRY(call_get_first(call, &x, &dst));
    TRY(call_get_src(call, 1, &w));
    TRY(call_get_src(call, 2, &offset));
    TRY(call_check_floats(call, 5));
    if (x->shape.rank < 3 || w->shape.rank != x->shape.rank || dst->shape.rank != x->shape.rank ||
        dst->shape.dims[0] != x->shape.dims[0] || dst->shape.dims[1] != w->shape.dims[0])
        return call_invalid(call, "%s with weights %s gives no %s", SHAPE_TEXT(&x->shape),
                            SHAPE_TEXT(&w->shape), SHAPE_TEXT(&dst->shape));
    TRY(check_groups(call, &x->shape, &w->shape, deform));
    TRY(window_plane_init(&plane, call, &x->shape, &dst->shape, w->shape.dims + 2));
    deform->in_count = plane.in_count;
    deform->out_count = plane.out_count;
    deform->taps = plane.tap_count;
    /* The plane's window may be one of a single dim by now. */
    Status status = window_resolve(call->node, &x->shape, w->shape.dims + 2, &deform->window);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", call->node->op->name);
    Shape expected = dst->shape;
    expected.dims[1] = (int64_t)(deform->offset_groups * deform->taps);
    if (mask)
        TRY(call_check_shape(call, &expected, mask));
    expected.dims[1] *= (int64_t)deform->window.rank;
    TRY(call_check_shape(call, &expected, offset));
    if (bias && tensor_elements(bias) != deform->results)
        return call_invalid(call, "bias %s for %zu channels", SHAPE_TEXT(&bias->shape),
                            deform->results);
    int64_t stride = 1;
    for (size_t d = deform->window.rank; d-- > 0; stride *= deform->window.in[d])
        deform->strides[d] = stride;
    deform->has_mask = mask != NULL;
    return wide_open(call, deform->channels * deform->taps, &deform->wide);
}

Status reference_deform_conv(const KernelCall *call) {
    Deform deform = { .channels = 0 };
    TRY(deform_open(call, &deform));
    size_t batch = (size_t)call->src[0]->shape.dims[0];
    for (size_t n = 0; n < batch; n++) {
        int64_t at[WINDOW_MAX_RANK] = { 0 };
        for (size_t point = 0; point < deform.out_count; point++) {
            fill_column(&deform, n, at, point, deform.wide.work);
            multiply_column(&deform, deform.wide.work,
                            deform.wide.dst[0] + n * deform.results * deform.out_count + point);
            for (size_t d = deform.window.rank; d-- > 0 && ++at[d] == deform.window.out[d];)
                at[d] = 0;
        }
    }
    wide_store(call, &deform.wide);
    return status_ok();
}
