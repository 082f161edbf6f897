/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * QLinearConv by oneDNN's 8-bit convolutions: u8 or i8 activations, i8 weights without zero points
 * (one scale or one a channel), i32 sums scaled and rounded to u8 or i8. Channels-last as conv.c;
 * a plain port is converted by a Reorder before it. What does not fit, and machines without exact
 * 8-bit products, are left to the reference kernel.
 *
 * Rounding: the factor of a channel is one float, x_scale * w_scale / y_scale made in double.
 * Thread: prepared by a loader; run by any number at once. Source: ONNX QLinearConv 10.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/conv_ops.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/layout_convert.h"

enum { X, X_SCALE, X_ZERO, W, W_SCALE, W_ZERO, Y_SCALE, Y_ZERO, BIAS };

typedef struct QLinearConvKernel {
    Kernel base;
    ConvOps *ops;
} QLinearConvKernel;

static void qconv_free(Kernel *kernel) {
    QLinearConvKernel *conv = (QLinearConvKernel *)kernel;
    conv_ops_free(conv->ops);
    free(conv);
}

static void qconv_kernel_free(QLinearConvKernel *conv) {
    qconv_free(&conv->base);
}
DEFINE_AUTO(QLinearConvKernel, qconv_kernel_free);

static bool is_type(const Value *value, bool or_unsigned) {
    return value && shape_is_known(&value->shape) &&
           (value->dtype == DTYPE_I8 || (or_unsigned && value->dtype == DTYPE_U8));
}

static bool all_zero(const Tensor *zeros) {
    for (size_t i = 0; i < tensor_elements(zeros); i++)
        if (tensor_get_int(zeros, i) != 0)
            return false;
    return true;
}

static bool is_constant(const KernelBuild *build, uint32_t index) {
    const Value *value = build_input(build, index);
    return value && value->constant;
}

/* Everything but the scales. false: not for us. */
static bool describe(const KernelBuild *build, ConvShape *ret_shape) {
    const Value *x = build_input(build, X), *w = build_input(build, W), *y = build_output(build, 0),
                *bias = build_input(build, BIAS);
    if (!is_type(x, true) || !is_type(w, false) || !is_type(y, true) || !is_constant(build, W) ||
        !is_constant(build, W_SCALE) || !is_constant(build, W_ZERO) || (bias && !bias->constant) ||
        !all_zero(build_input(build, W_ZERO)->constant) || build->node->epilogue_count > 0)
        return false;
    ConvShape shape = { .src = x->shape,
                        .weights = w->shape,
                        .dst = y->shape,
                        .groups = node_get_int(build->node, "group", 1),
                        .has_bias = bias != NULL,
                        .src_dtype = x->dtype,
                        .weights_dtype = w->dtype,
                        .dst_dtype = y->dtype };
    *ret_shape = shape;
    return conv_shape_resolve(build->node, ret_shape);
}

bool qlinear_conv_takes(const KernelBuild *build) {
    ConvShape shape;
    float scale;
    int32_t zero;
    return dnnl_has_int8() && describe(build, &shape) && qlinear_scale(build, X_SCALE, &scale) &&
           qlinear_scale(build, Y_SCALE, &scale) && qlinear_zero(build, X_ZERO, &zero) &&
           qlinear_zero(build, Y_ZERO, &zero);
}

/* x_scale * w_scale[c] / y_scale, for every channel or for all at once; count in *ret_count. */
static float *make_factors(const KernelBuild *build, size_t *ret_count) {
    const Tensor *scales = build_input(build, W_SCALE)->constant;
    float x_scale = 1, y_scale = 1, *factors = calloc(tensor_elements(scales), sizeof *factors);
    if (!factors || !qlinear_scale(build, X_SCALE, &x_scale) ||
        !qlinear_scale(build, Y_SCALE, &y_scale))
        return factors;
    *ret_count = tensor_elements(scales);
    for (size_t i = 0; i < *ret_count; i++)
        factors[i] = (float)((double)x_scale * tensor_get_float(scales, i) / y_scale);
    return factors;
}

static bool is_channels_last(const Value *value) {
    return value->layout == LAYOUT_CHANNELS_LAST || layout_is_same(&value->shape);
}

static Status bind(const KernelBuild *build, QLinearConvKernel *conv) {
    const Value *bias = build_input(build, BIAS);
    const void *packed;
    TRY(dnnl_weights_shared(build, build_input(build, W), conv_ops_whole(conv->ops), &packed));
    conv->base.weights_bound = true;
    conv->base.scratch_bytes = conv_ops_scratch_bytes(conv->ops);
    return conv_ops_bind(conv->ops, packed, bias ? bias->constant->data : NULL);
}

static Status qconv_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    ConvShape shape;
    DnnlQuantization numbers = { 0 };
    if (!node_is(build->node, "", "QLinearConv") || !qlinear_conv_takes(build) ||
        !describe(build, &shape) || !is_channels_last(build_input(build, X)) ||
        !is_channels_last(build_output(build, 0)) ||
        !qlinear_zero(build, X_ZERO, &numbers.src_zero) ||
        !qlinear_zero(build, Y_ZERO, &numbers.dst_zero))
        return status_ok();
    AUTO(free) float *factors = make_factors(build, &numbers.scale_count);
    if (!factors)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    numbers.scales = factors;
    shape.quantization = &numbers;

    AUTO(qconv_kernel_free) QLinearConvKernel *conv = NULL;
    TRY(kernel_alloc(&qlinear_conv_kernel_type, sizeof *conv, &conv));
    Status made =
        conv_ops_new(&shape, build->pool ? pool_thread_count(build->pool) : 1, &conv->ops);
    if (made.code == STATUS_UNIMPLEMENTED)
        return status_ok();
    TRY(made);
    TRY(bind(build, conv));
    *ret_kernel = &TAKE(conv)->base;
    return status_ok();
}

static Status qconv_run(const Kernel *kernel, const KernelCall *call) {
    const QLinearConvKernel *conv = (const QLinearConvKernel *)kernel;
    return conv_ops_run(conv->ops, call->pool,
                        &(ConvData){ .src = call->src[X]->data, .dst = call->dst[0].data });
}

const KernelType qlinear_conv_kernel_type = {
    .name = "dnnl_qlinear_conv",
    .prepare = qconv_prepare,
    .run = qconv_run,
    .free = qconv_free,
};
