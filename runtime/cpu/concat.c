/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Concat of values of whole bytes that share one layout: runs of bytes, copied. Where the axis lies
 * in memory depends on the layout: with channels last, dims are stored N, spatial..., C.
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX Concat 13.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/fused_steps.h"
#include "runtime/cpu/layout_convert.h"

#include <string.h>

enum { COPY_GRAIN_BYTES = 64 << 10 };

typedef struct ConcatKernel {
    Kernel base;
    size_t outer, inner_bytes; /* what is before the axis in memory; bytes of one step along it */
    size_t axis;
} ConcatKernel;

bool concat_takes(const KernelBuild *build) {
    const Value *dst = build_output(build, 0);
    if (!dst || dtype_bytes(dst->dtype) == 0 || !shape_is_known(&dst->shape) ||
        dst->shape.rank < 1 || build->node->epilogue_count > 0)
        return false;
    for (uint32_t i = 0; i < build->node->input_count; i++) {
        const Value *src = build_input(build, i);
        if (!src || src->dtype != dst->dtype || !shape_is_known(&src->shape) ||
            src->shape.rank != dst->shape.rank)
            return false;
    }
    return true;
}

static bool layouts_agree(const KernelBuild *build) {
    const Value *dst = build_output(build, 0);
    for (uint32_t i = 0; i < build->node->input_count; i++) {
        const Value *src = build_input(build, i);
        if (src->layout != dst->layout && !layout_is_same(&src->shape))
            return false;
    }
    return true;
}

static Status concat_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    const Value *dst = build_output(build, 0);
    size_t axis;
    if (!node_is(build->node, "", "Concat") || !concat_takes(build) || !layouts_agree(build))
        return status_ok();
    TRY(shape_axis(node_get_int(build->node, "axis", 0), dst->shape.rank, &axis));
    ConcatKernel *concat;
    TRY(kernel_alloc(&concat_kernel_type, sizeof *concat, &concat));
    concat->axis = axis;
    layout_axis_span(&dst->shape, dst->layout, axis, &concat->outer, &concat->inner_bytes);
    concat->inner_bytes *= dtype_bytes(dst->dtype);
    *ret_kernel = &concat->base;
    return status_ok();
}

typedef struct ConcatRun {
    const ConcatKernel *concat;
    const KernelCall *call;
    size_t dst_row;
} ConcatRun;

static void copy_rows(void *user, size_t begin, size_t end) {
    const ConcatRun *run = user;
    char *dst = run->call->dst[0].data;
    for (uint32_t i = 0; i < run->call->node->input_count; i++) {
        const Tensor *src = run->call->src[i];
        size_t row = (size_t)src->shape.dims[run->concat->axis] * run->concat->inner_bytes;
        for (size_t outer = begin; row > 0 && outer < end; outer++)
            memcpy(dst + outer * run->dst_row, (const char *)src->data + outer * row, row);
        dst += row;
    }
}

static Status concat_run(const Kernel *kernel, const KernelCall *call) {
    const ConcatKernel *concat = (const ConcatKernel *)kernel;
    const Tensor *dst = &call->dst[0];
    ConcatRun run = { .concat = concat,
                      .call = call,
                      .dst_row = (size_t)dst->shape.dims[concat->axis] * concat->inner_bytes };
    if (dst->bytes > 0)
        pool_for(call->pool, concat->outer, 1 + COPY_GRAIN_BYTES / run.dst_row, copy_rows, &run);
    return status_ok();
}

const KernelType concat_kernel_type = {
    .name = "concat",
    .prepare = concat_prepare,
    .run = concat_run,
    .free = kernel_free_plain,
};
