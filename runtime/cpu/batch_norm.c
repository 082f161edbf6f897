/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * BatchNormalization in f32 as it is used for inference: y = x * scale + shift with one pair of
 * numbers a channel, worked out once when the plan is made (a pass folds most of them into a
 * convolution before; these are the others). Takes constant parameters only. Rows are channels'
 * planes (plain) or pixels (channels last).
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX BatchNormalization 15.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/fused_steps.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/vector_loops.h"

#include <math.h>

typedef struct BatchNormKernel {
    Kernel base;
    size_t channels, pixels, images;
    bool channels_last;
    float numbers[]; /* scale of each channel, then shift of each */
} BatchNormKernel;

bool batch_norm_takes(const KernelBuild *build) {
    const Value *src = build_input(build, 0), *dst = build_output(build, 0);
    if (!value_is_f32(src) || !value_is_f32(dst) || src->shape.rank < 2 ||
        !shape_equal(&src->shape, &dst->shape) || build_output(build, 1) ||
        node_get_int(build->node, "training_mode", 0) != 0)
        return false;
    for (uint32_t i = 1; i < 5; i++) {
        const Value *parameter = build_input(build, i);
        if (!value_is_f32(parameter) || !parameter->constant || parameter->shape.rank != 1 ||
            parameter->shape.dims[0] != src->shape.dims[1])
            return false;
    }
    return true;
}

static Status batch_norm_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    if (!node_is(build->node, "", "BatchNormalization") || !batch_norm_takes(build) ||
        build_input(build, 0)->layout != build_output(build, 0)->layout)
        return status_ok();
    const Shape *shape = &build_input(build, 0)->shape;
    size_t channels = (size_t)shape->dims[1];
    BatchNormKernel *norm;
    TRY(kernel_alloc(&batch_norm_kernel_type, sizeof *norm + 2 * channels * sizeof *norm->numbers,
                     &norm));
    norm->channels = channels;
    norm->images = (size_t)shape->dims[0];
    norm->pixels = shape_product(shape, 2, (size_t)shape->rank);
    norm->channels_last = shape->rank == 2 || build_input(build, 0)->layout == LAYOUT_CHANNELS_LAST;
    float epsilon = node_get_float(build->node, "epsilon", 1e-5f);
    const float *gamma = value_constant(build_input(build, 1)),
                *beta = value_constant(build_input(build, 2));
    const float *mean = value_constant(build_input(build, 3)),
                *variance = value_constant(build_input(build, 4));
    for (size_t i = 0; i < channels; i++) {
        norm->numbers[i] = gamma[i] / sqrtf(variance[i] + epsilon);
        norm->numbers[channels + i] = beta[i] - mean[i] * norm->numbers[i];
    }
    *ret_kernel = &norm->base;
    return status_ok();
}

typedef struct BatchNormRun {
    const BatchNormKernel *norm;
    const VectorLoops *loops;
    const float *src;
    float *dst;
} BatchNormRun;

static void run_pixels(void *user, size_t begin, size_t end) {
    const BatchNormRun *run = user;
    size_t channels = run->norm->channels;
    for (size_t i = begin; i < end; i++)
        run->loops->scale_shift(run->dst + i * channels, run->src + i * channels,
                                run->norm->numbers, run->norm->numbers + channels, channels);
}

static void run_planes(void *user, size_t begin, size_t end) {
    const BatchNormRun *run = user;
    size_t channels = run->norm->channels, pixels = run->norm->pixels;
    for (size_t i = begin; i < end; i++)
        run->loops->unary[UNARY_LINEAR](run->dst + i * pixels, run->src + i * pixels, pixels,
                                        run->norm->numbers[i % channels],
                                        run->norm->numbers[channels + i % channels]);
}

static Status batch_norm_run(const Kernel *kernel, const KernelCall *call) {
    const BatchNormKernel *norm = (const BatchNormKernel *)kernel;
    BatchNormRun run = {
        .norm = norm, .loops = vector_loops(), .src = call->src[0]->data, .dst = call->dst[0].data
    };
    size_t elements = norm->images * norm->channels * norm->pixels;
    if (elements == 0)
        return status_ok();
    size_t row = norm->channels_last ? norm->channels : norm->pixels;
    pool_for(call->pool, elements / row, 1 + 32768 / row,
             norm->channels_last ? run_pixels : run_planes, &run);
    fused_steps_run(call, 0);
    return status_ok();
}

const KernelType batch_norm_kernel_type = {
    .name = "vector_batch_norm",
    .prepare = batch_norm_prepare,
    .run = batch_norm_run,
    .free = kernel_free_plain,
};
