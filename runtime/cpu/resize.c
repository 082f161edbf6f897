/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Resize of images in f32 and channels-last layout, nearest and linear: every result pixel is one
 * or four pixels of the source, whole vectors of channels. Where they lie and their weights are
 * worked out when the kernel is prepared, by the same taps as the reference kernel's; sizes must be
 * constant. Result rows are spread over the pool.
 *
 * Rounding: linear sums four weighted pixels at once, the reference kernel axis by axis.
 * Thread: prepared by a loader; run by any number at once. Source: ONNX Resize 19.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/layout_convert.h"
#include "runtime/cpu/reference/resize_taps.h"

#include <string.h>

enum { AXIS_ROW = 2, AXIS_COLUMN = 3, TAPS = 2, GRAIN_FLOATS = 16 << 10 };

/* Two sources for each position of one axis; nearest has the same twice. */
typedef struct AxisTap {
    size_t index[TAPS];
    float weight[TAPS];
} AxisTap;

typedef struct ResizeKernel {
    Kernel base;
    size_t images, channels, in_rows, in_columns, out_rows, out_columns;
    bool linear;
    AxisTap *rows, *columns; /* behind the kernel, in its memory */
} ResizeKernel;

static const Tensor *constant_of(const KernelBuild *build, uint32_t index) {
    const Value *value = build_input(build, index);
    return value ? value->constant : NULL;
}

/* false: a kind that the reference kernel alone does. */
static bool read_spec(const KernelBuild *build, ResizeSpec *spec, ResizeDims *dims) {
    const Value *src = build_input(build, 0), *dst = build_output(build, 0);
    KernelCall call = { .node = build->node };
    if (!value_is_f32(src) || !value_is_f32(dst) || src->shape.rank != 4 || dst->shape.rank != 4 ||
        build->node->epilogue_count > 0 || shape_product(&src->shape, 0, 4) == 0 ||
        shape_product(&dst->shape, 0, 4) == 0)
        return false;
    for (uint32_t i = 2; i < build->node->input_count; i++)
        if (build->node->inputs[i] != VALUE_NONE && !constant_of(build, i))
            return false;
    Status status = resize_spec_read(&call, spec);
    if (!status_is_ok(&status) || spec->mode == RESIZE_CUBIC || spec->antialias ||
        spec->coordinate == RESIZE_CROP)
        return false;
    status = resize_resolve(build->node, &src->shape, NULL, constant_of(build, 2),
                            constant_of(build, 3), dims);
    return status_is_ok(&status) && resize_is_identity(spec, dims, &src->shape, 0) &&
           resize_is_identity(spec, dims, &src->shape, 1) &&
           resize_tap_count(spec, dims->scale[AXIS_ROW]) <= TAPS &&
           resize_tap_count(spec, dims->scale[AXIS_COLUMN]) <= TAPS;
}

bool resize_takes(const KernelBuild *build) {
    ResizeSpec spec;
    ResizeDims dims;
    return read_spec(build, &spec, &dims);
}

static Status fill_axis(const ResizeSpec *spec, const ResizeDims *dims, const Shape *src,
                        size_t axis, AxisTap *ret_taps) {
    ResizeTaps taps = { .in = (size_t)src->dims[axis],
                        .out = (size_t)dims->out[axis],
                        .taps = resize_tap_count(spec, dims->scale[axis]) };
    if (resize_is_identity(spec, dims, src, axis)) {
        for (size_t i = 0; i < taps.out; i++)
            ret_taps[i] = (AxisTap){ .index = { i, i }, .weight = { 1, 0 } };
        return status_ok();
    }
    size_t count = taps.out * taps.taps;
    AUTO(free) int64_t *index = calloc(count, sizeof *index);
    AUTO(free) double *weight = calloc(count, sizeof *weight);
    AUTO(free) bool *outside = calloc(taps.out, sizeof *outside);
    if (!index || !weight || !outside)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    taps.index = index;
    taps.weight = weight;
    taps.is_outside = outside;
    resize_taps_fill(spec, dims, axis, &taps);
    for (size_t i = 0; i < taps.out; i++)
        for (size_t k = 0; k < TAPS; k++) {
            bool there = k < taps.taps;
            ret_taps[i].index[k] = (size_t)index[i * taps.taps + (there ? k : 0)];
            ret_taps[i].weight[k] = spec->mode == RESIZE_NEAREST ? (float)(k == 0)
                                    : there                      ? (float)weight[i * taps.taps + k]
                                                                 : 0;
        }
    return status_ok();
}

static bool is_channels_last(const Value *value) {
    return value->layout == LAYOUT_CHANNELS_LAST || layout_is_same(&value->shape);
}

static Status resize_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    ResizeSpec spec;
    ResizeDims dims;
    if (!node_is(build->node, "", "Resize") || !read_spec(build, &spec, &dims) ||
        !is_channels_last(build_input(build, 0)) || !is_channels_last(build_output(build, 0)))
        return status_ok();
    const Shape *src = &build_input(build, 0)->shape, *dst = &build_output(build, 0)->shape;
    size_t positions = (size_t)(dst->dims[AXIS_ROW] + dst->dims[AXIS_COLUMN]);
    ResizeKernel *resize;
    TRY(kernel_alloc(&resize_kernel_type, sizeof *resize + positions * sizeof(AxisTap), &resize));
    resize->images = (size_t)src->dims[0];
    resize->channels = (size_t)src->dims[1];
    resize->in_rows = (size_t)src->dims[AXIS_ROW];
    resize->in_columns = (size_t)src->dims[AXIS_COLUMN];
    resize->out_rows = (size_t)dst->dims[AXIS_ROW];
    resize->out_columns = (size_t)dst->dims[AXIS_COLUMN];
    resize->linear = spec.mode == RESIZE_LINEAR;
    resize->rows = (AxisTap *)(void *)(resize + 1);
    resize->columns = resize->rows + resize->out_rows;
    Status status = fill_axis(&spec, &dims, src, AXIS_ROW, resize->rows);
    if (status_is_ok(&status))
        status = fill_axis(&spec, &dims, src, AXIS_COLUMN, resize->columns);
    if (!status_is_ok(&status)) {
        kernel_free_plain(&resize->base);
        return status;
    }
    *ret_kernel = &resize->base;
    return status_ok();
}

typedef struct ResizeRun {
    const ResizeKernel *resize;
    const float *src;
    float *dst;
} ResizeRun;

/* The four pixels around, weighted. */
static void mix(float *restrict dst, const float *const from[4], const float weights[4],
                size_t count) {
    const float *a = from[0], *b = from[1], *c = from[2], *d = from[3];
    const float wa = weights[0], wb = weights[1], wc = weights[2], wd = weights[3];
    for (size_t i = 0; i < count; i++)
        dst[i] = wa * a[i] + wb * b[i] + wc * c[i] + wd * d[i];
}

static void resize_rows(void *user, size_t begin, size_t end) {
    const ResizeRun *run = user;
    const ResizeKernel *resize = run->resize;
    size_t channels = resize->channels, pixel_bytes = channels * sizeof(float);
    for (size_t item = begin; item < end; item++) {
        const AxisTap *row = &resize->rows[item % resize->out_rows];
        size_t first = item / resize->out_rows * resize->in_rows;
        const float *upper = run->src + (first + row->index[0]) * resize->in_columns * channels;
        const float *lower = run->src + (first + row->index[1]) * resize->in_columns * channels;
        float *dst = run->dst + item * resize->out_columns * channels;
        for (size_t i = 0; i < resize->out_columns; i++, dst += channels) {
            const AxisTap *column = &resize->columns[i];
            size_t left = column->index[0] * channels, right = column->index[1] * channels;
            if (!resize->linear) {
                memcpy(dst, upper + left, pixel_bytes);
                continue;
            }
            const float *const from[] = { upper + left, upper + right, lower + left,
                                          lower + right };
            const float weights[] = { row->weight[0] * column->weight[0],
                                      row->weight[0] * column->weight[1],
                                      row->weight[1] * column->weight[0],
                                      row->weight[1] * column->weight[1] };
            mix(dst, from, weights, channels);
        }
    }
}

static Status resize_run(const Kernel *kernel, const KernelCall *call) {
    const ResizeKernel *resize = (const ResizeKernel *)kernel;
    ResizeRun run = { .resize = resize, .src = call->src[0]->data, .dst = call->dst[0].data };
    pool_for(call->pool, resize->images * resize->out_rows,
             1 + GRAIN_FLOATS / (resize->out_columns * resize->channels), resize_rows, &run);
    return status_ok();
}

const KernelType resize_kernel_type = {
    .name = "resize",
    .prepare = resize_prepare,
    .run = resize_run,
    .free = kernel_free_plain,
};
