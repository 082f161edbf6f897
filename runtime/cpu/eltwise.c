/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators of one f32 input that work element by element, in any layout: a row each, with the loop
 * that does it and where its parameters come from. Elements are spread over the pool in tiles;
 * below one tile nothing is shared.
 *
 * Thread: prepared by a loader; run by any number at once. Source: the ONNX operator of the row's
 * name.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/fused_steps.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/layout_convert.h"
#include "runtime/cpu/vector_loops.h"

#include <float.h>
#include <string.h>

enum { TILE = 4096 };

typedef struct EltwiseRow {
    const char *op;
    UnaryLoop loop;
    const char *alpha_name, *beta_name; /* attributes; NULL: the constants below */
    float alpha, beta;
} EltwiseRow;

static const EltwiseRow rows[] = {
    { .op = "Abs", .loop = UNARY_ABS },
    { .op = "Erf", .loop = UNARY_ERF },
    { .op = "Exp", .loop = UNARY_EXP },
    { .op = "Gelu", .loop = UNARY_GELU }, /* approximate="tanh": UNARY_GELU_TANH */
    { .op = "HardSigmoid",
      .loop = UNARY_HARD_SIGMOID,
      .alpha_name = "alpha",
      .beta_name = "beta",
      .alpha = 0.2f,
      .beta = 0.5f },
    { .op = "HardSwish", .loop = UNARY_HARD_SWISH },
    { .op = "LeakyRelu", .loop = UNARY_LEAKY_RELU, .alpha_name = "alpha", .alpha = 0.01f },
    { .op = "Neg", .loop = UNARY_NEG },
    { .op = "Reciprocal", .loop = UNARY_RECIPROCAL },
    { .op = "Relu", .loop = UNARY_RELU },
    { .op = "Sigmoid", .loop = UNARY_SIGMOID },
    { .op = "Sqrt", .loop = UNARY_SQRT },
    { .op = "Swish", .loop = UNARY_SWISH, .alpha_name = "alpha", .alpha = 1.0f },
    { .op = "Tanh", .loop = UNARY_TANH },
    { .op = "Clip", .loop = UNARY_CLIP }, /* bounds are inputs 1 and 2 */
};

typedef struct EltwiseKernel {
    Kernel base;
    UnaryLoop loop;
    float alpha, beta;
    bool bounds; /* Clip: read from the inputs at each run */
} EltwiseKernel;

static const EltwiseRow *row_find(const Node *node) {
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (node_is(node, "", rows[i].op))
            return &rows[i];
    return NULL;
}

static bool is_text(StringView text, const char *wanted) {
    return text.length == strlen(wanted) && memcmp(text.data, wanted, text.length) == 0;
}

bool eltwise_takes(const KernelBuild *build) {
    const EltwiseRow *row = row_find(build->node);
    const Value *src = build_input(build, 0), *dst = build_output(build, 0);
    if (!row || !value_is_f32(src) || !value_is_f32(dst) || !shape_equal(&src->shape, &dst->shape))
        return false;
    if (row->loop == UNARY_GELU) {
        StringView text = node_get_string(build->node, "approximate", "none");
        return is_text(text, "none") || is_text(text, "tanh");
    }
    for (uint32_t i = 1; row->loop == UNARY_CLIP && i < 3; i++) {
        const Value *bound = fused_steps_free_input(build, i);
        if (bound && !value_is_f32(bound))
            return false;
    }
    return true;
}

static Status eltwise_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    const EltwiseRow *row = row_find(build->node);
    if (!eltwise_takes(build))
        return status_ok();
    const Value *src = build_input(build, 0), *dst = build_output(build, 0);
    if (src->layout != dst->layout && !layout_is_same(&src->shape))
        return status_ok();
    EltwiseKernel *eltwise;
    TRY(kernel_alloc(&eltwise_kernel_type, sizeof *eltwise, &eltwise));
    eltwise->loop = row->loop;
    if (row->loop == UNARY_GELU &&
        is_text(node_get_string(build->node, "approximate", "none"), "tanh"))
        eltwise->loop = UNARY_GELU_TANH;
    eltwise->alpha =
        row->alpha_name ? node_get_float(build->node, row->alpha_name, row->alpha) : row->alpha;
    eltwise->beta =
        row->beta_name ? node_get_float(build->node, row->beta_name, row->beta) : row->beta;
    eltwise->bounds = row->loop == UNARY_CLIP;
    *ret_kernel = &eltwise->base;
    return status_ok();
}

typedef struct EltwiseRun {
    UnaryFn loop;
    const float *src;
    float *dst;
    size_t elements;
    float alpha, beta;
    FusedSteps steps;
} EltwiseRun;

static void run_tiles(void *user, size_t begin, size_t end) {
    const EltwiseRun *run = user;
    for (size_t tile = begin; tile < end; tile++) {
        size_t from = tile * TILE, to = MIN_OF(from + TILE, run->elements);
        run->loop(run->dst + from, run->src + from, to - from, run->alpha, run->beta);
        fused_steps_apply(&run->steps, from, to);
    }
}

static float bound_at(const KernelCall *call, uint32_t index, float fallback) {
    const Tensor *bound = index < call->node->input_count ? call->src[index] : NULL;
    return bound && !fused_steps_use_input(call->node, index) ? *(const float *)bound->data
                                                              : fallback;
}

static Status eltwise_run(const Kernel *kernel, const KernelCall *call) {
    const EltwiseKernel *eltwise = (const EltwiseKernel *)kernel;
    EltwiseRun run = { .loop = vector_loops()->unary[eltwise->loop],
                       .src = call->src[0]->data,
                       .dst = call->dst[0].data,
                       .elements = tensor_elements(&call->dst[0]),
                       .alpha = eltwise->alpha,
                       .beta = eltwise->beta,
                       .steps = fused_steps_open(call, 0) };
    if (eltwise->bounds) {
        run.alpha = bound_at(call, 1, -FLT_MAX);
        run.beta = bound_at(call, 2, FLT_MAX);
    }
    if (run.elements > 0)
        pool_for(call->pool, (run.elements + TILE - 1) / TILE, 8, run_tiles, &run);
    return status_ok();
}

const KernelType eltwise_kernel_type = {
    .name = "vector_eltwise",
    .prepare = eltwise_prepare,
    .run = eltwise_run,
    .free = kernel_free_plain,
};
