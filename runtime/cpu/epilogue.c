/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Plain loops over the result, one a step. Speed does not matter: kernels that care fuse the steps
 * into their own loops. The formulas are those of the ONNX operators that the steps were made from.
 *
 * Thread: any. Fails when a residual has another size than the result, which no pass makes.
 */

#include "runtime/cpu/epilogue.h"

#include "runtime/graph/op_schema.h"

#include <math.h>

static float clip(float x, float low, float high) {
    x = x < low ? low : x; /* NaN stays NaN */
    return x > high ? high : x;
}

static float sigmoid(float x) {
    return 1.0f / (1.0f + expf(-x));
}

static float apply_relu(const EpilogueStep *step, float x) {
    (void)step;
    return x < 0 ? 0.0f : x;
}

static float apply_leaky_relu(const EpilogueStep *step, float x) {
    return x < 0 ? step->alpha * x : x;
}

static float apply_clip(const EpilogueStep *step, float x) {
    return clip(x, step->alpha, step->beta);
}

static float apply_sigmoid(const EpilogueStep *step, float x) {
    (void)step;
    return sigmoid(x);
}

static float apply_tanh(const EpilogueStep *step, float x) {
    (void)step;
    return tanhf(x);
}

static float apply_hard_sigmoid(const EpilogueStep *step, float x) {
    return clip(step->alpha * x + step->beta, 0.0f, 1.0f);
}

static float apply_hard_swish(const EpilogueStep *step, float x) {
    (void)step;
    return x * clip(x / 6.0f + 0.5f, 0.0f, 1.0f);
}

static float apply_swish(const EpilogueStep *step, float x) {
    return x * sigmoid(step->alpha * x);
}

static float apply_gelu(const EpilogueStep *step, float x) {
    (void)step;
    return 0.5f * x * (1.0f + erff(x * (float)M_SQRT1_2));
}

static float apply_linear(const EpilogueStep *step, float x) {
    return step->alpha * x + step->beta;
}

typedef float (*ScalarStep)(const EpilogueStep *step, float x);

static const ScalarStep scalar_steps[] = {
    [EPILOGUE_RELU] = apply_relu,
    [EPILOGUE_LEAKY_RELU] = apply_leaky_relu,
    [EPILOGUE_CLIP] = apply_clip,
    [EPILOGUE_SIGMOID] = apply_sigmoid,
    [EPILOGUE_TANH] = apply_tanh,
    [EPILOGUE_HARD_SIGMOID] = apply_hard_sigmoid,
    [EPILOGUE_HARD_SWISH] = apply_hard_swish,
    [EPILOGUE_SWISH] = apply_swish,
    [EPILOGUE_GELU] = apply_gelu,
    [EPILOGUE_LINEAR] = apply_linear,
    [EPILOGUE_ADD] = NULL,
    [EPILOGUE_MUL] = NULL,
};

float epilogue_scalar(const EpilogueStep *step, float x) {
    return scalar_steps[step->kind](step, x);
}

/* The third input of MatMul that passes make: one number a column. */
static bool has_bias(const Node *node) {
    return node->input_count > 2 && node->inputs[2] != VALUE_NONE && node->op->max_inputs == 2;
}

bool epilogue_is_empty(const Node *node) {
    return node->epilogue_count == 0 && !has_bias(node);
}

bool epilogue_can_apply(const Graph *graph, const Node *node) {
    if (epilogue_is_empty(node))
        return true;
    return graph_value_const(graph, node->outputs[0])->dtype == DTYPE_F32;
}

static Status apply_residual(const KernelCall *call, const EpilogueStep *step) {
    const Tensor *other = step->input < call->node->input_count ? call->src[step->input] : NULL;
    Tensor *dst = &call->dst[0];
    size_t count = tensor_elements(dst), other_count = other ? tensor_elements(other) : 0;
    if (count == 0)
        return status_ok();
    bool channelwise = step->kind == EPILOGUE_MUL && dst->layout == LAYOUT_PLAIN &&
                       dst->shape.rank >= 2 && other_count == shape_product(&dst->shape, 0, 2);
    if (!other || other->dtype != DTYPE_F32 || (other_count != count && !channelwise))
        return status_error(STATUS_INTERNAL, "operator %s: its residual does not fit",
                            call->node->op->name);
    float *to = dst->data;
    const float *from = other->data;
    size_t repeat = count / other_count; /* elements of dst for one of other */
    for (size_t i = 0; i < count; i++)
        to[i] = step->kind == EPILOGUE_ADD ? to[i] + from[i] : to[i] * from[i / repeat];
    return status_ok();
}

static void add_bias(const KernelCall *call) {
    Tensor *dst = &call->dst[0];
    const float *bias = call->src[2]->data;
    float *data = dst->data;
    size_t count = tensor_elements(dst), columns = tensor_elements(call->src[2]);
    for (size_t i = 0; i < count; i++)
        data[i] += bias[i % columns];
}

Status epilogue_apply(const KernelCall *call) {
    if (has_bias(call->node))
        add_bias(call);
    Tensor *dst = &call->dst[0];
    size_t count = tensor_elements(dst);
    float *data = dst->data;
    for (uint32_t i = 0; i < call->node->epilogue_count; i++) {
        const EpilogueStep *step = &call->node->epilogue[i];
        if (step->kind == EPILOGUE_ADD || step->kind == EPILOGUE_MUL) {
            TRY(apply_residual(call, step));
            continue;
        }
        for (size_t k = 0; k < count; k++)
            data[k] = epilogue_scalar(step, data[k]);
    }
    return status_ok();
}
