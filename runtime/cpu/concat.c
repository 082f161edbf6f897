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
    const Shape *shape = &dst->shape;
    size_t rank = (size_t)shape->rank;
    bool channels_last = dst->layout == LAYOUT_CHANNELS_LAST && rank >= 3;
    size_t channels = channels_last ? (size_t)shape->dims[1] : 1;
    concat->axis = axis;
    if (channels_last && axis == 1) {
        concat->outer = (size_t)shape->dims[0] * shape_product(shape, 2, rank);
        concat->inner_bytes = dtype_bytes(dst->dtype);
    } else {
        size_t first = channels_last && axis > 1
                           ? 2
                           : 0; /* the channels stand last, not between N and the rest */
        concat->outer =
            (first == 2 ? (size_t)shape->dims[0] : 1) * shape_product(shape, first, axis);
        concat->inner_bytes = dtype_bytes(dst->dtype) *
                              shape_product(shape, MAX_OF(axis + 1, channels_last ? 2 : 0), rank) *
                              channels;
    }
    *ret_kernel = &concat->base;
    return status_ok();
}

static Status concat_run(const Kernel *kernel, const KernelCall *call) {
    const ConcatKernel *concat = (const ConcatKernel *)kernel;
    char *dst = call->dst[0].data;
    size_t dst_row = (size_t)call->dst[0].shape.dims[concat->axis] * concat->inner_bytes;
    for (uint32_t i = 0; i < call->node->input_count; i++) {
        const char *src = call->src[i]->data;
        size_t row = (size_t)call->src[i]->shape.dims[concat->axis] * concat->inner_bytes;
        for (size_t outer = 0; row > 0 && outer < concat->outer; outer++)
            memcpy(dst + outer * dst_row, src + outer * row, row);
        dst += row;
    }
    return status_ok();
}

const KernelType concat_kernel_type = {
    .name = "concat",
    .prepare = concat_prepare,
    .run = concat_run,
    .free = kernel_free_plain,
};
