/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Softmax and LogSoftmax in f32 along one axis. Where the axis is contiguous (the last one, or the
 * channels of pixels) a row is worked on in place; otherwise a block [axis, inner] is transposed
 * into scratch, worked on, and put back.
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX Softmax 13, LogSoftmax 13.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/fused_steps.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/layout_convert.h"
#include "runtime/cpu/vector_loops.h"

#include <stdatomic.h>

enum { BLOCK = 16 }; /* columns that are transposed together */

typedef struct SoftmaxKernel {
    Kernel base;
    bool logarithm;
    size_t outer, axis, inner;
} SoftmaxKernel;

bool softmax_takes_channels_last(const KernelBuild *build) {
    const Value *src = build_input(build, 0);
    int64_t axis = node_get_int(build->node, "axis", -1);
    return value_is_f32(src) && value_is_f32(build_output(build, 0)) &&
           (axis == 1 || axis == 1 - src->shape.rank);
}

static Status softmax_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    bool logarithm = node_is(build->node, "", "LogSoftmax");
    const Value *src = build_input(build, 0), *dst = build_output(build, 0);
    size_t axis, elements;
    if (!(logarithm || node_is(build->node, "", "Softmax")) || !value_is_f32(src) ||
        !value_is_f32(dst) || !shape_elements(&src->shape, &elements) || elements == 0 ||
        src->shape.rank < 1 || src->layout != dst->layout)
        return status_ok();
    TRY(shape_axis(node_get_int(build->node, "axis", -1), src->shape.rank, &axis));
    bool channels_last = src->layout == LAYOUT_CHANNELS_LAST && !layout_is_same(&src->shape);
    if (channels_last && axis != 1)
        return status_ok();
    SoftmaxKernel *softmax;
    TRY(kernel_alloc(&softmax_kernel_type, sizeof *softmax, &softmax));
    softmax->logarithm = logarithm;
    softmax->axis = (size_t)src->shape.dims[axis];
    softmax->inner =
        channels_last ? 1 : shape_product(&src->shape, axis + 1, (size_t)src->shape.rank);
    softmax->outer = elements / softmax->axis / softmax->inner;
    softmax->base.scratch_bytes = softmax->inner > 1 ? softmax->axis * BLOCK * sizeof(float) : 0;
    *ret_kernel = &softmax->base;
    return status_ok();
}

typedef struct SoftmaxRun {
    const SoftmaxKernel *softmax;
    const VectorLoops *loops;
    const float *src;
    float *dst;
    _Atomic bool starved; /* a thread had no memory for its scratch */
} SoftmaxRun;

static void run_rows(void *user, size_t begin, size_t end) {
    const SoftmaxRun *run = user;
    size_t axis = run->softmax->axis;
    for (size_t i = begin; i < end; i++)
        run->loops->softmax(run->dst + i * axis, run->src + i * axis, axis,
                            run->softmax->logarithm);
}

static void run_columns(SoftmaxRun *run, const float *src, float *dst, size_t columns) {
    const SoftmaxKernel *softmax = run->softmax;
    float *rows = thread_scratch(softmax->base.scratch_bytes);
    if (!rows) {
        atomic_store(&run->starved, true);
        return;
    }
    run->loops->transpose(rows, softmax->axis, src, softmax->inner, softmax->axis, columns);
    for (size_t i = 0; i < columns; i++)
        run->loops->softmax(rows + i * softmax->axis, rows + i * softmax->axis, softmax->axis,
                            softmax->logarithm);
    run->loops->transpose(dst, softmax->inner, rows, softmax->axis, columns, softmax->axis);
}

static void run_blocks(void *user, size_t begin, size_t end) {
    SoftmaxRun *run = user;
    const SoftmaxKernel *softmax = run->softmax;
    size_t blocks = (softmax->inner + BLOCK - 1) / BLOCK;
    for (size_t i = begin; i < end; i++) {
        size_t column = i % blocks * BLOCK,
               columns = MIN_OF((size_t)BLOCK, softmax->inner - column);
        size_t at = i / blocks * softmax->axis * softmax->inner + column;
        run_columns(run, run->src + at, run->dst + at, columns);
    }
}

static Status softmax_run(const Kernel *kernel, const KernelCall *call) {
    const SoftmaxKernel *softmax = (const SoftmaxKernel *)kernel;
    SoftmaxRun run = { .softmax = softmax,
                       .loops = vector_loops(),
                       .src = call->src[0]->data,
                       .dst = call->dst[0].data };
    size_t grain = 1 + 8192 / softmax->axis;
    if (softmax->inner == 1)
        pool_for(call->pool, softmax->outer, grain, run_rows, &run);
    else
        pool_for(call->pool, softmax->outer * ((softmax->inner + BLOCK - 1) / BLOCK),
                 1 + grain / BLOCK, run_blocks, &run);
    if (atomic_load(&run.starved))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "no memory for scratch");
    fused_steps_run(call, 0);
    return status_ok();
}

const KernelType softmax_kernel_type = {
    .name = "vector_softmax",
    .prepare = softmax_prepare,
    .run = softmax_run,
    .free = kernel_free_plain,
};
