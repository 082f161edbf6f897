/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * GlobalAveragePool, GlobalMaxPool, and ReduceMean where it is the like: over all spatial dims in
 * either layout, or over any trailing dims in plain layout. Plain: a sum along each contiguous row,
 * in 16 partial sums. Channels last: pixels are added up, all channels at once.
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX GlobalAveragePool 22,
 * GlobalMaxPool 22, ReduceMean 18.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/fused_steps.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/layout_convert.h"
#include "runtime/cpu/vector_loops.h"

#include <string.h>

typedef struct GlobalKernel {
    Kernel base;
    bool maximum, channels_last;
    bool spatial; /* all spatial dims, and no other, are reduced */
    size_t rows,
        length; /* plain: rows of length numbers. Channels last: rows images of length pixels */
    size_t channels;
} GlobalKernel;

/* Do the axes name exactly the dims from first to the last? */
static bool axes_are_trailing(const int64_t *axes, size_t count, int32_t rank, int32_t first) {
    uint32_t named = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
        if (axis < first || axis >= rank)
            return false;
        named |= UINT32_C(1) << axis;
    }
    return (size_t)__builtin_popcount(named) == count && count == (size_t)(rank - first);
}

/* First reduced dim of a ReduceMean; -1: not for us. */
static int32_t reduce_first(const KernelBuild *build, int32_t rank) {
    const Value *axes = build_input(build, 1);
    if (!axes || !axes->constant || axes->dtype != DTYPE_I64)
        return -1;
    size_t count = tensor_elements(axes->constant);
    if (count == 0 || count > (size_t)rank)
        return -1;
    int64_t values[SHAPE_MAX_RANK];
    memcpy(values, axes->constant->data, count * sizeof *values);
    int32_t first = rank - (int32_t)count;
    return axes_are_trailing(values, count, rank, first) ? first : -1;
}

static bool describe(const KernelBuild *build, GlobalKernel *global) {
    const Value *src = build_input(build, 0), *dst = build_output(build, 0);
    bool reduce = node_is(build->node, "", "ReduceMean");
    global->maximum = node_is(build->node, "", "GlobalMaxPool");
    if (!(reduce || global->maximum || node_is(build->node, "", "GlobalAveragePool")) ||
        !value_is_f32(src) || !value_is_f32(dst))
        return false;
    int32_t rank = src->shape.rank, first = reduce ? reduce_first(build, rank) : 2;
    if (first < 0 || first >= rank || rank < 1 || shape_product(&src->shape, 0, (size_t)rank) == 0)
        return false;
    global->spatial = first == 2;
    global->channels_last = src->layout == LAYOUT_CHANNELS_LAST && !layout_is_same(&src->shape);
    /* A result with spatial dims left (keepdims off, other dims reduced) is plain. */
    if ((global->channels_last && first != 2) ||
        (dst->layout == LAYOUT_CHANNELS_LAST && !layout_is_same(&dst->shape)))
        return false;
    global->length = shape_product(&src->shape, (size_t)first, (size_t)rank);
    global->rows = shape_product(&src->shape, 0, global->channels_last ? 1 : (size_t)first);
    global->channels = global->channels_last ? (size_t)src->shape.dims[1] : 1;
    return true;
}

bool global_pool_takes_channels_last(const KernelBuild *build) {
    GlobalKernel global = { 0 };
    return describe(build, &global) && global.spatial;
}

static Status global_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    GlobalKernel found = { 0 };
    if (!describe(build, &found))
        return status_ok();
    GlobalKernel *global;
    TRY(kernel_alloc(&global_pool_kernel_type, sizeof *global, &global));
    found.base = global->base;
    *global = found;
    *ret_kernel = &global->base;
    return status_ok();
}

typedef struct GlobalRun {
    const GlobalKernel *global;
    const VectorLoops *loops;
    const float *src;
    float *dst;
} GlobalRun;

static void run_rows(void *user, size_t begin, size_t end) {
    const GlobalRun *run = user;
    size_t length = run->global->length;
    for (size_t i = begin; i < end; i++) {
        const float *src = run->src + i * length;
        run->dst[i] = run->global->maximum ? run->loops->max(src, length)
                                           : run->loops->sum(src, length) / (float)length;
    }
}

static void run_images(void *user, size_t begin, size_t end) {
    const GlobalRun *run = user;
    const GlobalKernel *global = run->global;
    size_t channels = global->channels;
    for (size_t i = begin; i < end; i++) {
        const float *src = run->src + i * global->length * channels;
        float *dst = run->dst + i * channels;
        memcpy(dst, src, channels * sizeof *dst);
        for (size_t pixel = 1; pixel < global->length; pixel++) {
            if (global->maximum)
                run->loops->max_into(dst, src + pixel * channels, channels);
            else
                run->loops->accumulate(dst, src + pixel * channels, channels);
        }
        if (!global->maximum)
            run->loops->unary[UNARY_LINEAR](dst, dst, channels, 1.0f / (float)global->length, 0);
    }
}

static Status global_run(const Kernel *kernel, const KernelCall *call) {
    const GlobalKernel *global = (const GlobalKernel *)kernel;
    GlobalRun run = { .global = global,
                      .loops = vector_loops(),
                      .src = call->src[0]->data,
                      .dst = call->dst[0].data };
    pool_for(call->pool, global->rows, 1 + 32768 / (global->length * global->channels),
             global->channels_last ? run_images : run_rows, &run);
    fused_steps_run(call, 0);
    return status_ok();
}

const KernelType global_pool_kernel_type = {
    .name = "vector_global_pool",
    .prepare = global_prepare,
    .run = global_run,
    .free = kernel_free_plain,
};
