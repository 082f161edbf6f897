/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Transpose of f32 in its frequent forms, and Reorder between layouts. Dims that stay together are
 * merged first; what is left is a batch of matrices to turn (two dims swap at the end), or runs
 * that move as a whole (the last dim stays). Anything else is left to the reference kernel.
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX Transpose 24;
 * inferd.Reorder.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/layout_convert.h"
#include "runtime/cpu/vector_loops.h"

#include <string.h>

typedef struct TransposeKernel {
    Kernel base;
    int32_t rank;                 /* after merging */
    int64_t size[SHAPE_MAX_RANK]; /* of the result's dims */
    int64_t step[SHAPE_MAX_RANK]; /* elements of src per step along each of them */
} TransposeKernel;

/* perm as the node has it, or reversed when left out. false: not a permutation. */
static bool read_permutation(const Node *node, int32_t rank, int64_t *permutation) {
    size_t count;
    const int64_t *given = node_get_ints(node, "perm", &count);
    if (given && count != (size_t)rank)
        return false;
    uint32_t seen = 0;
    for (int32_t i = 0; i < rank; i++) {
        permutation[i] = given ? given[i] : rank - 1 - i;
        if (permutation[i] < 0 || permutation[i] >= rank)
            return false;
        seen |= UINT32_C(1) << permutation[i];
    }
    return seen == (UINT32_C(1) << rank) - 1;
}

/* The last dim runs on in src, or the one before it does: the two forms that are fast. */
static bool describe(const KernelBuild *build, TransposeKernel *transpose) {
    const Value *src = build_input(build, 0), *dst = build_output(build, 0);
    if (!value_is_f32(src) || !value_is_f32(dst) || src->layout != LAYOUT_PLAIN ||
        dst->layout != LAYOUT_PLAIN || build->node->epilogue_count > 0 || src->shape.rank < 1 ||
        src->shape.rank != dst->shape.rank)
        return false;
    int64_t permutation[SHAPE_MAX_RANK], strides[SHAPE_MAX_RANK];
    if (!read_permutation(build->node, src->shape.rank, permutation))
        return false;
    shape_strides(&src->shape, strides);
    int32_t rank = 0;
    for (int32_t i = 0; i < src->shape.rank; i++) {
        int64_t size = src->shape.dims[permutation[i]], step = strides[permutation[i]];
        if (size == 0)
            return false;
        if (size == 1)
            continue;
        if (rank > 0 && transpose->step[rank - 1] == step * size) {
            transpose->size[rank - 1] *= size;
            transpose->step[rank - 1] = step;
            continue;
        }
        transpose->size[rank] = size;
        transpose->step[rank++] = step;
    }
    if (rank == 0) {
        transpose->size[0] = transpose->step[0] = 1;
        rank = 1;
    }
    transpose->rank = rank;
    return transpose->step[rank - 1] == 1 || (rank >= 2 && transpose->step[rank - 2] == 1);
}

static Status transpose_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    TransposeKernel found = { 0 };
    if (!node_is(build->node, "", "Transpose") || !describe(build, &found))
        return status_ok();
    TransposeKernel *transpose;
    TRY(kernel_alloc(&transpose_kernel_type, sizeof *transpose, &transpose));
    found.base = transpose->base;
    *transpose = found;
    *ret_kernel = &transpose->base;
    return status_ok();
}

typedef struct TransposeRun {
    const TransposeKernel *transpose;
    const VectorLoops *loops;
    const float *src;
    float *dst;
    int32_t outer; /* dims that a row number stands for */
    size_t row;    /* elements of a row */
} TransposeRun;

static void run_rows(void *user, size_t begin, size_t end) {
    const TransposeRun *run = user;
    const TransposeKernel *transpose = run->transpose;
    int32_t rank = transpose->rank;
    for (size_t i = begin; i < end; i++) {
        size_t left = i;
        const float *src = run->src;
        for (int32_t dim = run->outer; dim-- > 0;) {
            src += (int64_t)(left % (size_t)transpose->size[dim]) * transpose->step[dim];
            left /= (size_t)transpose->size[dim];
        }
        float *dst = run->dst + i * run->row;
        if (run->outer == rank - 1)
            memcpy(dst, src, run->row * sizeof *dst);
        else
            run->loops->transpose(
                dst, (size_t)transpose->size[rank - 1], src, (size_t)transpose->step[rank - 1],
                (size_t)transpose->size[rank - 1], (size_t)transpose->size[rank - 2]);
    }
}

static Status transpose_run(const Kernel *kernel, const KernelCall *call) {
    const TransposeKernel *transpose = (const TransposeKernel *)kernel;
    int32_t rank = transpose->rank;
    TransposeRun run = { .transpose = transpose,
                         .loops = vector_loops(),
                         .src = call->src[0]->data,
                         .dst = call->dst[0].data };
    run.outer = transpose->step[rank - 1] == 1 ? rank - 1 : rank - 2;
    run.row = (size_t)transpose->size[rank - 1] *
              (run.outer == rank - 1 ? 1 : (size_t)transpose->size[rank - 2]);
    pool_for(call->pool, tensor_elements(&call->dst[0]) / run.row, 1 + 16384 / run.row, run_rows,
             &run);
    return status_ok();
}

const KernelType transpose_kernel_type = {
    .name = "vector_transpose",
    .prepare = transpose_prepare,
    .run = transpose_run,
    .free = kernel_free_plain,
};

static Status reorder_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    const Value *src = build_input(build, 0), *dst = build_output(build, 0);
    if (!node_is(build->node, "inferd", "Reorder") || !value_is_f32(src) || !value_is_f32(dst) ||
        !shape_equal(&src->shape, &dst->shape) || src->layout == dst->layout)
        return status_ok();
    return kernel_alloc(&reorder_kernel_type, sizeof **ret_kernel, ret_kernel);
}

static Status reorder_run(const Kernel *kernel, const KernelCall *call) {
    (void)kernel;
    const Tensor *src = call->src[0];
    if (call->dst[0].layout == LAYOUT_PLAIN)
        layout_to_plain(call->pool, &src->shape, call->dst[0].data, src->data);
    else
        layout_to_channels_last(call->pool, &src->shape, call->dst[0].data, src->data);
    return status_ok();
}

const KernelType reorder_kernel_type = {
    .name = "vector_reorder",
    .prepare = reorder_prepare,
    .run = reorder_run,
    .free = kernel_free_plain,
};
