/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * MaxPool and AveragePool in f32 with 1 to 3 spatial dims, dilation, ceil_mode and any padding.
 * With channels last an output pixel is one pass over the channels of its taps, which the compiler
 * vectorises; the loop around it finds the taps once for all channels. A port in plain layout goes
 * through scratch. Rows of outputs are spread over the pool.
 *
 * A window without any tap inside (padding as wide as the kernel) gives minus infinity, or the mean
 * of no number.
 *
 * Scratch: [src, channels last][dst, channels last].
 * Thread: prepared by a loader; run by any number at once. Source: ONNX MaxPool 22, AveragePool 22.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/fused_steps.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/layout_convert.h"
#include "runtime/cpu/vector_loops.h"
#include "runtime/cpu/window.h"

#include <math.h>

enum { TAPS_MAX = 1024 };

typedef struct PoolKernel {
    Kernel base;
    Window window;
    bool average, include_padding, src_convert, dst_convert;
    int64_t src[WINDOW_MAX], dst[WINDOW_MAX], begin[WINDOW_MAX],
        padded_end[WINDOW_MAX]; /* missing dims are 1 */
    size_t images, channels, dst_at;
} PoolKernel;

static bool describe(const KernelBuild *build, PoolKernel *pool) {
    const Value *src = build_input(build, 0), *dst = build_output(build, 0);
    if (!value_is_f32(src) || !value_is_f32(dst) || build_output(build, 1) ||
        src->shape.rank != dst->shape.rank || src->shape.rank < 3 ||
        !window_read(build->node, src->shape.rank - 2, NULL, &pool->window))
        return false;
    size_t taps = 1;
    int64_t end[WINDOW_MAX];
    window_begin(&pool->window, &src->shape, &dst->shape, pool->begin);
    window_end(&pool->window, &src->shape, &dst->shape, pool->begin, end);
    for (int32_t i = 0; i < WINDOW_MAX; i++) {
        bool there = i < pool->window.spatial;
        pool->src[i] = there ? src->shape.dims[i + 2] : 1;
        pool->dst[i] = there ? dst->shape.dims[i + 2] : 1;
        if (!there) {
            pool->window.kernel[i] = 1;
            pool->begin[i] = 0;
        }
        bool given = pool->window.padding == WINDOW_EXPLICIT;
        pool->padded_end[i] = pool->src[i] + (!there  ? 0
                                              : given ? pool->window.end[i]
                                                      : MAX_OF(end[i], 0));
        if (pool->window.kernel[i] > TAPS_MAX)
            return false;
        taps *= (size_t)pool->window.kernel[i];
    }
    pool->images = (size_t)src->shape.dims[0];
    pool->channels = (size_t)src->shape.dims[1];
    return taps <= TAPS_MAX && shape_product(&src->shape, 0, (size_t)src->shape.rank) > 0;
}

bool pool_takes(const KernelBuild *build) {
    PoolKernel pool = { 0 };
    return describe(build, &pool);
}

static Status pool_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    PoolKernel found = { .average = node_is(build->node, "", "AveragePool") };
    if (!(found.average || node_is(build->node, "", "MaxPool")) || !describe(build, &found))
        return status_ok();
    const Value *src = build_input(build, 0), *dst = build_output(build, 0);
    found.include_padding = node_get_int(build->node, "count_include_pad", 0) != 0;
    found.src_convert = src->layout == LAYOUT_PLAIN && !layout_is_same(&src->shape);
    found.dst_convert = dst->layout == LAYOUT_PLAIN && !layout_is_same(&dst->shape);
    size_t used = 0;
    if (found.src_convert)
        scratch_space(&used,
                      shape_product(&src->shape, 0, (size_t)src->shape.rank) * sizeof(float));
    found.dst_at = used;
    if (found.dst_convert)
        scratch_space(&used,
                      shape_product(&dst->shape, 0, (size_t)dst->shape.rank) * sizeof(float));
    PoolKernel *pool;
    TRY(kernel_alloc(&pool_kernel_type, sizeof *pool, &pool));
    found.base = pool->base;
    found.base.scratch_bytes = used;
    *pool = found;
    *ret_kernel = &pool->base;
    return status_ok();
}

typedef struct PoolRun {
    const PoolKernel *pool;
    const VectorLoops *loops;
    const float *src;
    float *dst;
} PoolRun;

/* Taps [*ret_first, *ret_end) of one dim that lie inside; returns how many lie inside the padded
 * source. */
static int64_t clip_window(const PoolKernel *pool, int32_t dim, int64_t at, int64_t *ret_first,
                           int64_t *ret_end) {
    int64_t start = at * pool->window.stride[dim] - pool->begin[dim],
            step = pool->window.dilation[dim];
    int64_t kernel = pool->window.kernel[dim], first = 0, end = 0, padded = 0;
    if (start < 0)
        first = MIN_OF((-start + step - 1) / step, kernel);
    if (start < pool->src[dim])
        end = MIN_OF((pool->src[dim] - start + step - 1) / step, kernel);
    if (start < pool->padded_end[dim])
        padded = MIN_OF((pool->padded_end[dim] - start + step - 1) / step, kernel);
    *ret_first = first;
    *ret_end = MAX_OF(end, first);
    return padded;
}

static void fill(float *dst, size_t count, float value) {
    for (size_t i = 0; i < count; i++)
        dst[i] = value;
}

static void pool_pixel(const PoolRun *run, size_t image, const int64_t at[WINDOW_MAX], float *dst) {
    const PoolKernel *pool = run->pool;
    const float *taps[TAPS_MAX];
    size_t count = 0;
    int64_t first[WINDOW_MAX], end[WINDOW_MAX], origin[WINDOW_MAX], padded = 1;
    for (int32_t i = 0; i < WINDOW_MAX; i++) {
        padded *= clip_window(pool, i, at[i], &first[i], &end[i]);
        origin[i] = at[i] * pool->window.stride[i] - pool->begin[i];
    }
    for (int64_t a = first[0]; a < end[0]; a++)
        for (int64_t b = first[1]; b < end[1]; b++)
            for (int64_t c = first[2]; c < end[2]; c++) {
                int64_t pixel =
                    ((int64_t)image * pool->src[0] + origin[0] + a * pool->window.dilation[0]);
                pixel = pixel * pool->src[1] + origin[1] + b * pool->window.dilation[1];
                pixel = pixel * pool->src[2] + origin[2] + c * pool->window.dilation[2];
                taps[count++] = run->src + (size_t)pixel * pool->channels;
            }
    float divisor = pool->include_padding ? (float)padded : (float)count;
    if (count == 0)
        fill(dst, pool->channels, pool->average ? 0.0f / divisor : -INFINITY);
    else if (pool->average)
        run->loops->pool_sum(dst, taps, count, pool->channels, 1.0f / divisor);
    else
        run->loops->pool_max(dst, taps, count, pool->channels);
}

/* Items are rows of outputs: all but the last spatial dim. */
static void pool_rows(void *user, size_t begin, size_t end) {
    const PoolRun *run = user;
    const PoolKernel *pool = run->pool;
    size_t rows = (size_t)(pool->dst[0] * pool->dst[1]), columns = (size_t)pool->dst[2];
    for (size_t i = begin; i < end; i++) {
        int64_t row = (int64_t)(i % rows);
        for (size_t column = 0; column < columns; column++) {
            int64_t at[WINDOW_MAX] = { row / pool->dst[1], row % pool->dst[1], (int64_t)column };
            pool_pixel(run, i / rows, at, run->dst + (i * columns + column) * pool->channels);
        }
    }
}

static Status pool_run(const Kernel *kernel, const KernelCall *call) {
    const PoolKernel *pool = (const PoolKernel *)kernel;
    char *scratch = NULL;
    if (pool->base.scratch_bytes > 0)
        TRY(scratch_get(pool->base.scratch_bytes, &scratch));
    PoolRun run = {
        .pool = pool, .loops = vector_loops(), .src = call->src[0]->data, .dst = call->dst[0].data
    };
    if (pool->src_convert) {
        layout_to_channels_last(call->pool, &call->src[0]->shape, (float *)scratch,
                                call->src[0]->data);
        run.src = (float *)scratch;
    }
    if (pool->dst_convert)
        run.dst = (float *)(scratch + pool->dst_at);
    size_t columns = (size_t)pool->dst[2];
    size_t grain = 1 + 16384 / (columns * pool->channels);
    pool_for(call->pool, pool->images * (size_t)(pool->dst[0] * pool->dst[1]), grain, pool_rows,
             &run);
    if (pool->dst_convert)
        layout_to_plain(call->pool, &call->dst[0].shape, call->dst[0].data, run.dst);
    fused_steps_run(call, 0);
    return status_ok();
}

const KernelType pool_kernel_type = {
    .name = "vector_pool",
    .prepare = pool_prepare,
    .run = pool_run,
    .free = kernel_free_plain,
};
