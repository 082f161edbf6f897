/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Split of a value of whole bytes into pieces of the same layout: runs of bytes, copied; Concat the
 * other way round. Rows of bytes are spread over the pool.
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX Split 18.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/layout_convert.h"

#include <string.h>

enum { COPY_GRAIN_BYTES = 64 << 10 };

typedef struct SplitKernel {
    Kernel base;
    size_t outer, inner_bytes; /* what is before the axis in memory; bytes of one step along it */
    size_t axis;
} SplitKernel;

bool split_takes(const KernelBuild *build) {
    const Value *src = build_input(build, 0);
    if (!src || dtype_bytes(src->dtype) == 0 || src->dtype == DTYPE_STRING ||
        !shape_is_known(&src->shape) || src->shape.rank < 1 || build->node->epilogue_count > 0)
        return false;
    for (uint32_t i = 0; i < build->node->output_count; i++) {
        const Value *dst = build_output(build, i);
        if (!dst || dst->dtype != src->dtype || !shape_is_known(&dst->shape))
            return false;
    }
    return true;
}

static Status split_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    if (!node_is(build->node, "", "Split") || !split_takes(build))
        return status_ok();
    const Value *src = build_input(build, 0);
    for (uint32_t i = 0; i < build->node->output_count; i++) {
        const Value *dst = build_output(build, i);
        if (dst->layout != src->layout && !layout_is_same(&dst->shape))
            return status_ok();
    }
    size_t axis;
    TRY(shape_axis(node_get_int(build->node, "axis", 0), src->shape.rank, &axis));
    SplitKernel *split;
    TRY(kernel_alloc(&split_kernel_type, sizeof *split, &split));
    split->axis = axis;
    layout_axis_span(&src->shape, src->layout, axis, &split->outer, &split->inner_bytes);
    split->inner_bytes *= dtype_bytes(src->dtype);
    *ret_kernel = &split->base;
    return status_ok();
}

typedef struct SplitRun {
    const SplitKernel *split;
    const KernelCall *call;
    size_t src_row;
} SplitRun;

static void copy_rows(void *user, size_t begin, size_t end) {
    const SplitRun *run = user;
    const char *src = run->call->src[0]->data;
    for (uint32_t i = 0; i < run->call->node->output_count; i++) {
        const Tensor *dst = &run->call->dst[i];
        size_t row = (size_t)dst->shape.dims[run->split->axis] * run->split->inner_bytes;
        for (size_t outer = begin; row > 0 && outer < end; outer++)
            memcpy((char *)dst->data + outer * row, src + outer * run->src_row, row);
        src += row;
    }
}

static Status split_run(const Kernel *kernel, const KernelCall *call) {
    const SplitKernel *split = (const SplitKernel *)kernel;
    SplitRun run = { .split = split,
                     .call = call,
                     .src_row =
                         (size_t)call->src[0]->shape.dims[split->axis] * split->inner_bytes };
    if (call->src[0]->bytes > 0)
        pool_for(call->pool, split->outer, 1 + COPY_GRAIN_BYTES / MAX_OF(run.src_row, (size_t)1),
                 copy_rows, &run);
    return status_ok();
}

const KernelType split_kernel_type = {
    .name = "split",
    .prepare = split_prepare,
    .run = split_run,
    .free = kernel_free_plain,
};
