/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * MaxPool and AveragePool in f32 (MaxPool also in 8 bits) with 1 to 3 spatial dims, dilation,
 * ceil_mode and any padding. With channels last an output pixel is one pass over the channels of
 * its taps, which the compiler vectorises; the loop around it finds the taps once for all channels.
 * A port in plain layout goes through scratch. Rows of outputs are spread over the pool.
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
#include "runtime/cpu/vector_bytes.h"
#include "runtime/cpu/vector_loops.h"
#include "runtime/graph/window.h"

#include <math.h>
#include <string.h>

enum { SPATIAL_MAX = 3, TAPS_MAX = 1024 };

typedef struct PoolKernel {
    Kernel base;
    Window window; /* SPATIAL_MAX dims; missing ones are 1 and see one element */
    bool average, include_padding, src_convert, dst_convert;
    DType dtype; /* f32; MaxPool with channels last also u8 and i8 */
    size_t images, channels, dst_at;
} PoolKernel;

/* false: more dims or taps than fit, or a window that does not give dst. */
static bool describe_window(const Node *node, const Shape *src, const Shape *dst, Window *window) {
    Status resolved = window_resolve(node, src, NULL, window);
    if (!status_is_ok(&resolved) || window->rank > SPATIAL_MAX)
        return false;
    int64_t taps = 1;
    for (size_t i = 0; i < window->rank; i++) {
        if (window->out[i] != dst->dims[i + 2] || window->kernel[i] > TAPS_MAX)
            return false;
        taps *= window->kernel[i];
    }
    for (; window->rank < SPATIAL_MAX; window->rank++) {
        size_t i = window->rank;
        window->in[i] = window->out[i] = 1;
        window->kernel[i] = window->stride[i] = window->dilation[i] = 1;
        window->pad_begin[i] = window->pad_end[i] = 0;
    }
    return taps <= TAPS_MAX;
}

static bool describe(const KernelBuild *build, PoolKernel *pool) {
    const Value *src = build_input(build, 0), *dst = build_output(build, 0);
    bool bytes = src && (src->dtype == DTYPE_U8 || src->dtype == DTYPE_I8) && !pool->average;
    if (!src || !dst || (src->dtype != DTYPE_F32 && !bytes) || dst->dtype != src->dtype ||
        !shape_is_known(&src->shape) || !shape_is_known(&dst->shape) || build_output(build, 1) ||
        src->shape.rank != dst->shape.rank || src->shape.rank < 3 ||
        !describe_window(build->node, &src->shape, &dst->shape, &pool->window))
        return false;
    pool->dtype = src->dtype;
    pool->images = (size_t)src->shape.dims[0];
    pool->channels = (size_t)src->shape.dims[1];
    return shape_product(&src->shape, 0, (size_t)src->shape.rank) > 0;
}

bool pool_takes(const KernelBuild *build) {
    PoolKernel pool = { .average = node_is(build->node, "", "AveragePool") };
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
    if (found.dtype != DTYPE_F32 && (found.src_convert || found.dst_convert))
        return status_ok();
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
    const char *src;
    char *dst;
    size_t pixel_bytes;
} PoolRun;

/* Taps [*ret_first, *ret_end) of one dim that lie inside; returns how many lie inside the padded
 * source. */
static int64_t clip_window(const Window *window, size_t dim, int64_t at, int64_t *ret_first,
                           int64_t *ret_end) {
    int64_t start = at * window->stride[dim] - window->pad_begin[dim];
    int64_t step = window->dilation[dim], kernel = window->kernel[dim], in = window->in[dim];
    int64_t padded_in = in + window->pad_end[dim], first = 0, end = 0, padded = 0;
    if (start < 0)
        first = MIN_OF((-start + step - 1) / step, kernel);
    if (start < in)
        end = MIN_OF((in - start + step - 1) / step, kernel);
    if (start < padded_in)
        padded = MIN_OF((padded_in - start + step - 1) / step, kernel);
    *ret_first = first;
    *ret_end = MAX_OF(end, first);
    return padded;
}

static void fill(float *dst, size_t count, float value) {
    for (size_t i = 0; i < count; i++)
        dst[i] = value;
}

/* dst = the pixel's maximum or mean over its taps. */
static void reduce_taps(const PoolRun *run, const void *const *taps, size_t count, int64_t padded,
                        void *dst) {
    const PoolKernel *pool = run->pool;
    if (pool->dtype != DTYPE_F32) {
        bool is_signed = pool->dtype == DTYPE_I8;
        if (count == 0)
            memset(dst, is_signed ? INT8_MIN : 0, pool->channels);
        else
            run->loops->bytes->pool_max[is_signed](dst, taps, count, pool->channels);
        return;
    }
    const float *const *floats = (const float *const *)taps;
    float divisor = pool->include_padding ? (float)padded : (float)count;
    if (count == 0)
        fill(dst, pool->channels, pool->average ? 0.0f / divisor : -INFINITY);
    else if (pool->average)
        run->loops->pool_sum(dst, floats, count, pool->channels, 1.0f / divisor);
    else
        run->loops->pool_max(dst, floats, count, pool->channels);
}

static void pool_pixel(const PoolRun *run, size_t image, const int64_t at[SPATIAL_MAX], void *dst) {
    const PoolKernel *pool = run->pool;
    const Window *window = &pool->window;
    const void *taps[TAPS_MAX];
    size_t count = 0;
    int64_t first[SPATIAL_MAX], end[SPATIAL_MAX], origin[SPATIAL_MAX], padded = 1;
    for (size_t i = 0; i < SPATIAL_MAX; i++) {
        padded *= clip_window(window, i, at[i], &first[i], &end[i]);
        origin[i] = at[i] * window->stride[i] - window->pad_begin[i];
    }
    for (int64_t a = first[0]; a < end[0]; a++)
        for (int64_t b = first[1]; b < end[1]; b++)
            for (int64_t c = first[2]; c < end[2]; c++) {
                int64_t pixel =
                    (int64_t)image * window->in[0] + origin[0] + a * window->dilation[0];
                pixel = pixel * window->in[1] + origin[1] + b * window->dilation[1];
                pixel = pixel * window->in[2] + origin[2] + c * window->dilation[2];
                taps[count++] = run->src + (size_t)pixel * run->pixel_bytes;
            }
    reduce_taps(run, taps, count, padded, dst);
}

/* Items are rows of outputs: all but the last spatial dim. */
static void pool_rows(void *user, size_t begin, size_t end) {
    const PoolRun *run = user;
    const PoolKernel *pool = run->pool;
    const int64_t *out = pool->window.out;
    size_t rows = (size_t)(out[0] * out[1]), columns = (size_t)out[2];
    for (size_t i = begin; i < end; i++) {
        int64_t row = (int64_t)(i % rows);
        for (size_t column = 0; column < columns; column++) {
            int64_t at[SPATIAL_MAX] = { row / out[1], row % out[1], (int64_t)column };
            pool_pixel(run, i / rows, at, run->dst + (i * columns + column) * run->pixel_bytes);
        }
    }
}

static Status pool_run(const Kernel *kernel, const KernelCall *call) {
    const PoolKernel *pool = (const PoolKernel *)kernel;
    char *scratch = NULL;
    if (pool->base.scratch_bytes > 0)
        TRY(scratch_get(pool->base.scratch_bytes, &scratch));
    PoolRun run = {
        .pool = pool,
        .loops = vector_loops(),
        .src = call->src[0]->data,
        .dst = call->dst[0].data,
        .pixel_bytes = pool->channels * dtype_bytes(pool->dtype),
    };
    if (pool->src_convert) {
        layout_to_channels_last(call->pool, &call->src[0]->shape, (float *)scratch,
                                call->src[0]->data);
        run.src = scratch;
    }
    if (pool->dst_convert)
        run.dst = scratch + pool->dst_at;
    const int64_t *out = pool->window.out;
    size_t columns = (size_t)out[2];
    size_t grain = 1 + 16384 / (columns * pool->channels);
    pool_for(call->pool, pool->images * (size_t)(out[0] * out[1]), grain, pool_rows, &run);
    if (pool->dst_convert)
        layout_to_plain(call->pool, &call->dst[0].shape, call->dst[0].data,
                        (const float *)(const void *)run.dst);
    fused_steps_run(call, 0);
    return status_ok();
}

const KernelType pool_kernel_type = {
    .name = "vector_pool",
    .prepare = pool_prepare,
    .run = pool_run,
    .free = kernel_free_plain,
};
