/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Conv in f32 by oneDNN: 1 to 3 spatial dims, groups, dilation, any padding, bias and epilogue.
 * Activations are channels-last, which is what the library's best kernels want; a port with plain
 * layout is converted into scratch and back, which is still twice as fast as its kernels for plain
 * layout, and makes the answer independent of the layout. Constant weights are packed once a model;
 * weights that are computed are packed into scratch by every run.
 *
 * An ADD step is oneDNN's sum: the residual must lie where the result goes. When the memory plan
 * put both at the same place there is nothing to do; else the residual is copied there first.
 *
 * Scratch: [src, channels last][dst, channels last][weights][the operation's own].
 * Thread: prepared by a loader; run by any number at once. Source: ONNX Conv 22.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/conv_ops.h"
#include "runtime/cpu/fused_steps.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/layout_convert.h"
#include "runtime/cpu/vector_loops.h"

#include <string.h>

typedef struct ConvKernel {
    Kernel base;
    ConvOps *ops;
    bool bias_bound, has_bias;
    bool src_convert, dst_convert, bf16;
    size_t post_count;
    uint32_t sum_input;                                    /* UINT32_MAX: no sum */
    size_t src_at, dst_at, weights_at, own_at, rounded_at; /* offsets in scratch */
} ConvKernel;

static void conv_free(Kernel *kernel) {
    ConvKernel *conv = (ConvKernel *)kernel;
    conv_ops_free(conv->ops);
    free(conv);
}

static void conv_kernel_free(ConvKernel *conv) {
    conv_free(&conv->base);
}
DEFINE_AUTO(ConvKernel, conv_kernel_free);

static const Shape *operand_shape(void *user, uint32_t input) {
    const Value *value = build_input(user, input);
    return value ? &value->shape : NULL;
}

/* Fills in everything but the posts; layouts do not matter. false: not for us. */
static bool describe(const KernelBuild *build, ConvShape *ret_shape) {
    const Value *src = build_input(build, 0), *weights = build_input(build, 1),
                *dst = build_output(build, 0);
    const Value *bias = fused_steps_free_input(build, 2);
    if (!value_is_f32(src) || !value_is_f32(weights) || !value_is_f32(dst) ||
        (bias && !value_is_f32(bias)))
        return false;
    ConvShape shape = { .src = src->shape,
                        .weights = weights->shape,
                        .dst = dst->shape,
                        .groups = node_get_int(build->node, "group", 1),
                        .has_bias = bias != NULL };
    if (!conv_shape_resolve(build->node, &shape))
        return false;
    *ret_shape = shape;
    return true;
}

bool conv_takes(const KernelBuild *build) {
    ConvShape shape;
    return describe(build, &shape);
}

static Status bind_constants(const KernelBuild *build, ConvKernel *conv) {
    const void *packed, *bias = conv->has_bias ? value_constant(build_input(build, 2)) : NULL;
    TRY(dnnl_weights_shared(build, build_input(build, 1), conv_ops_whole(conv->ops), &packed));
    conv->base.weights_bound = packed != NULL;
    conv->bias_bound = bias != NULL;
    return conv_ops_bind(conv->ops, packed, bias);
}

static void lay_out_scratch(const KernelBuild *build, ConvKernel *conv, const ConvShape *shape) {
    conv->src_convert =
        build_input(build, 0)->layout == LAYOUT_PLAIN && !layout_is_same(&shape->src);
    conv->dst_convert =
        build_output(build, 0)->layout == LAYOUT_PLAIN && !layout_is_same(&shape->dst);
    size_t src_bytes = shape_product(&shape->src, 0, (size_t)shape->src.rank) * sizeof(float);
    size_t dst_bytes = shape_product(&shape->dst, 0, (size_t)shape->dst.rank) * sizeof(float);
    size_t used = 0;
    conv->src_at = scratch_space(&used, conv->src_convert ? src_bytes : 0);
    conv->dst_at = scratch_space(&used, conv->dst_convert ? dst_bytes : 0);
    conv->weights_at = scratch_space(
        &used, conv->base.weights_bound ? 0 : dnnl_op_weights_bytes(conv_ops_whole(conv->ops)));
    conv->rounded_at = scratch_space(&used, conv->bf16 ? src_bytes / 2 : 0);
    conv->own_at = scratch_space(&used, conv_ops_scratch_bytes(conv->ops));
    conv->base.scratch_bytes = used;
}

static Status conv_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    ConvShape shape;
    if (!node_is(build->node, "", "Conv") || !describe(build, &shape))
        return status_ok();
    DnnlPost posts[EPILOGUE_MAX];
    shape.posts = posts;
    shape.post_count =
        fused_steps_posts(build->node, &shape.dst, operand_shape, (void *)build, posts);

    AUTO(conv_kernel_free) ConvKernel *conv = NULL;
    TRY(kernel_alloc(&conv_kernel_type, sizeof *conv, &conv));
    conv->has_bias = shape.has_bias;
    conv->bf16 = build->precision == PRECISION_BF16;
    shape.src_dtype = conv->bf16 ? DTYPE_BF16 : DTYPE_F32;
    Status made =
        conv_ops_new(&shape, build->pool ? pool_thread_count(build->pool) : 1, &conv->ops);
    if (made.code == STATUS_UNIMPLEMENTED)
        return status_ok();
    TRY(made);
    conv->post_count = dnnl_op_post_count(conv_ops_whole(conv->ops));
    conv->sum_input = (uint32_t)fused_steps_sum_input(build->node, conv->post_count);
    conv->base.in_place_input = conv->sum_input;
    TRY(bind_constants(build, conv));
    lay_out_scratch(build, conv, &shape);
    *ret_kernel = &TAKE(conv)->base;
    return status_ok();
}

/* Puts the operand of the sum where the result will be. */
static void place_residual(const ConvKernel *conv, const KernelCall *call, float *dst) {
    const Tensor *residual = call->src[conv->sum_input];
    if (conv->dst_convert)
        layout_to_channels_last(call->pool, &residual->shape, dst, residual->data);
    else if (residual->data != dst)
        memcpy(dst, residual->data, residual->bytes);
}

typedef struct Rounding {
    uint16_t *dst;
    const float *src;
    size_t count;
} Rounding;

enum { ROUNDING_TILE = 8192 };

static void round_tiles(void *user, size_t begin, size_t end) {
    const Rounding *rounding = user;
    size_t from = begin * ROUNDING_TILE, to = MIN_OF(end * ROUNDING_TILE, rounding->count);
    vector_loops()->to_bf16(rounding->dst + from, rounding->src + from, to - from);
}

/* The source as bf16, in scratch. */
static const void *round_source(const KernelCall *call, const float *src, void *scratch) {
    Rounding rounding = { .dst = scratch, .src = src, .count = tensor_elements(call->src[0]) };
    pool_for(call->pool, (rounding.count + ROUNDING_TILE - 1) / ROUNDING_TILE, 4, round_tiles,
             &rounding);
    return scratch;
}

static Status conv_run(const Kernel *kernel, const KernelCall *call) {
    const ConvKernel *conv = (const ConvKernel *)kernel;
    const Tensor *src = call->src[0];
    Tensor *dst = &call->dst[0];
    char *scratch;
    TRY(scratch_get(conv->base.scratch_bytes, &scratch));
    ConvData data = { .src = src->data, .dst = dst->data, .scratch_offset = conv->own_at };
    if (conv->src_convert) {
        data.src = (float *)(scratch + conv->src_at);
        layout_to_channels_last(call->pool, &src->shape, (float *)(scratch + conv->src_at),
                                src->data);
    }
    if (conv->bf16)
        data.src = round_source(call, data.src, scratch + conv->rounded_at);
    if (conv->dst_convert)
        data.dst = (float *)(scratch + conv->dst_at);
    if (!conv->base.weights_bound) {
        data.weights = scratch + conv->weights_at;
        TRY(dnnl_op_pack_weights(conv_ops_whole(conv->ops), call->src[1]->data,
                                 scratch + conv->weights_at));
    }
    if (conv->has_bias && !conv->bias_bound)
        data.bias = call->src[2]->data;
    if (conv->sum_input != UINT32_MAX)
        place_residual(conv, call, data.dst);
    for (size_t i = 0; i < conv->post_count; i++)
        if (call->node->epilogue[i].kind == EPILOGUE_MUL)
            data.operands[i] = call->src[call->node->epilogue[i].input]->data;
    TRY(conv_ops_run(conv->ops, call->pool, &data));
    if (conv->dst_convert)
        layout_to_plain(call->pool, &dst->shape, dst->data, data.dst);
    fused_steps_run(call, conv->post_count);
    return status_ok();
}

const KernelType conv_kernel_type = {
    .name = "dnnl_conv",
    .prepare = conv_prepare,
    .run = conv_run,
    .free = conv_free,
};
