/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * LayerNormalization and RMSNormalization in f32, a row at a time: three passes over a row that
 * lies in the nearest cache. Scale and shift have one number an element of the row; what is
 * broadcast otherwise is left to the reference kernel.
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX LayerNormalization 17,
 * RMSNormalization 23.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/vector_loops.h"
#include "runtime/cpu/vector_nn.h"

typedef struct LayerNormKernel {
    Kernel base;
    size_t rows, count;
    float epsilon;
    bool centred;
} LayerNormKernel;

static bool is_row(const Value *value, size_t count) {
    size_t elements;
    return value_is_f32(value) && value->layout == LAYOUT_PLAIN &&
           shape_elements(&value->shape, &elements) && elements == count;
}

/* Of all elements of the row, not of leading dims that happen to be as many. */
static bool covers(const Value *operand, const Shape *src, size_t axis, size_t count) {
    if (!is_row(operand, count) || operand->shape.rank > src->rank)
        return false;
    int32_t normalised = src->rank - (int32_t)axis, extra = operand->shape.rank - normalised;
    for (int32_t i = 0; i < extra; i++)
        if (operand->shape.dims[i] != 1)
            return false;
    for (int32_t i = MAX_OF(0, -extra); i < normalised; i++)
        if (operand->shape.dims[i + extra] != src->dims[(int32_t)axis + i])
            return false;
    return true;
}

static Status layer_norm_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    bool centred = node_is(build->node, "", "LayerNormalization");
    if (!centred && !node_is(build->node, "", "RMSNormalization"))
        return status_ok();
    const Value *src = build_input(build, 0), *dst = build_output(build, 0),
                *shift = build_input(build, 2);
    size_t axis, elements;
    if (!value_is_f32(src) || !value_is_f32(dst) || src->layout != LAYOUT_PLAIN ||
        dst->layout != LAYOUT_PLAIN || build->node->epilogue_count > 0 ||
        !shape_elements(&src->shape, &elements) || elements == 0 || src->shape.rank < 1)
        return status_ok();
    TRY(shape_axis(node_get_int(build->node, "axis", -1), src->shape.rank, &axis));
    size_t count = shape_product(&src->shape, axis, (size_t)src->shape.rank);
    if (!covers(build_input(build, 1), &src->shape, axis, count) ||
        (shift && !covers(shift, &src->shape, axis, count)))
        return status_ok();
    for (uint32_t i = 1; i < build->node->output_count; i++)
        if (build_output(build, i) && !is_row(build_output(build, i), elements / count))
            return status_ok();
    LayerNormKernel *norm;
    TRY(kernel_alloc(&layer_norm_kernel_type, sizeof *norm, &norm));
    norm->rows = elements / count;
    norm->count = count;
    norm->epsilon = node_get_float(build->node, "epsilon", 1e-5f);
    norm->centred = centred;
    *ret_kernel = &norm->base;
    return status_ok();
}

typedef struct LayerNormRun {
    const LayerNormKernel *norm;
    const VectorNn *nn;
    const float *src, *scale, *shift;
    float *dst, *mean, *factor; /* mean and factor may be NULL */
} LayerNormRun;

static void run_rows(void *user, size_t begin, size_t end) {
    const LayerNormRun *run = user;
    const LayerNormKernel *norm = run->norm;
    for (size_t i = begin; i < end; i++) {
        float moments[2];
        run->nn->normalize(run->dst + i * norm->count, run->src + i * norm->count, run->scale,
                           run->shift, norm->count, norm->epsilon, norm->centred, moments);
        if (run->mean)
            run->mean[i] = moments[0];
        if (run->factor)
            run->factor[i] = moments[1];
    }
}

static float *wanted(const KernelCall *call, uint32_t index) {
    return index < call->node->output_count && call->dst[index].dtype == DTYPE_F32
               ? call->dst[index].data
               : NULL;
}

static Status layer_norm_run(const Kernel *kernel, const KernelCall *call) {
    const LayerNormKernel *norm = (const LayerNormKernel *)kernel;
    LayerNormRun run = { .norm = norm,
                         .nn = vector_loops()->nn,
                         .src = call->src[0]->data,
                         .scale = call->src[1]->data,
                         .dst = call->dst[0].data,
                         .mean = wanted(call, 1),
                         .factor = wanted(call, 2) };
    if (call->node->input_count > 2 && call->src[2])
        run.shift = call->src[2]->data;
    pool_for(call->pool, norm->rows, 1 + 8192 / norm->count, run_rows, &run);
    return status_ok();
}

const KernelType layer_norm_kernel_type = {
    .name = "vector_layer_norm",
    .prepare = layer_norm_prepare,
    .run = layer_norm_run,
    .free = kernel_free_plain,
};
