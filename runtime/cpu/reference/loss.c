/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss. The second is the first on the logarithm
 * of a softmax over the classes, so both share all but that. A target equal to ignore_index counts
 * neither in the sum nor in the weights that a mean is divided by; any other must be a class.
 *
 * Thread: any that runs kernels. Source: ONNX NegativeLogLikelihoodLoss 22, SoftmaxCrossEntropyLoss
 * 13.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/wide.h"

#include <math.h>
#include <string.h>

typedef enum Reduction { REDUCTION_NONE, REDUCTION_MEAN, REDUCTION_SUM } Reduction;

/* Scores [N, C, D] and targets [N, D], whatever dims D stands for. */
typedef struct Loss {
    size_t batch, classes, inner;
    const double *weight; /* by class; NULL: 1 each */
    Reduction reduction;
    const Attribute *ignore;
} Loss;

static Status read_reduction(const KernelCall *call, Reduction *ret_reduction) {
    static const char *const names[] = { "none", "mean", "sum" };
    StringView text = node_get_string(call->node, "reduction", "mean");
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (text.length == strlen(names[i]) && memcmp(text.data, names[i], text.length) == 0) {
            *ret_reduction = (Reduction)i;
            return status_ok();
        }
    return call_invalid(call, "reduction: expected none, mean or sum, got '%.*s'",
                        (int)MIN_OF(text.length, (size_t)40), text.data);
}

static Status loss_open(const KernelCall *call, const Tensor *scores, Loss *loss) {
    const Tensor *target, *weight = call_find_src(call, 2);
    TRY(call_get_src(call, 1, &target));
    TRY(call_check_floats(call, 1));
    if (scores->shape.rank < 2 || scores->shape.dims[1] < 1)
        return call_invalid(call, "expected [N,C,...], got shape %s", SHAPE_TEXT(&scores->shape));
    Shape expected = scores->shape;
    expected.rank--;
    for (int32_t i = 1; i < expected.rank; i++)
        expected.dims[i] = scores->shape.dims[i + 1];
    TRY(call_check_shape(call, &expected, target));
    if (!dtype_info(target->dtype)->is_integer)
        return call_lacks_dtype(call, target->dtype);
    if (weight) {
        if (!dtype_info(weight->dtype)->is_float)
            return call_lacks_dtype(call, weight->dtype);
        TRY(call_check_shape(call, &SHAPE(scores->shape.dims[1]), weight));
    }
    *loss = (Loss){ .batch = (size_t)scores->shape.dims[0],
                    .classes = (size_t)scores->shape.dims[1],
                    .inner = shape_product(&scores->shape, 2, (size_t)scores->shape.rank),
                    .ignore = node_find_attribute(call->node, "ignore_index") };
    TRY(read_reduction(call, &loss->reduction));
    if (call_find_dst(call, 0))
        TRY(call_check_shape(call, loss->reduction == REDUCTION_NONE ? &expected : &SHAPE_SCALAR,
                             &call->dst[0]));
    return status_ok();
}

/* @log_prob  [N, C, D] */
static Status loss_sum(const KernelCall *call, const Loss *loss, const double *log_prob,
                       const double *targets, double *dst) {
    double sum = 0.0, weights = 0.0;
    for (size_t i = 0; i < loss->batch * loss->inner; i++) {
        double weight = 0.0, value = 0.0;
        bool ignored = loss->ignore && loss->ignore->kind == ATTRIBUTE_INT &&
                       targets[i] == (double)loss->ignore->i;
        if (!ignored) {
            if (!(targets[i] >= 0.0 && targets[i] < (double)loss->classes))
                return call_invalid(call, "target %.0f is none of the %zu classes", targets[i],
                                    loss->classes);
            size_t class = (size_t)targets[i], row = i / loss->inner, at = i % loss->inner;
            weight = loss->weight ? loss->weight[class] : 1.0;
            value = -weight * log_prob[(row * loss->classes + class) * loss->inner + at];
        }
        sum += value;
        weights += weight;
        if (loss->reduction == REDUCTION_NONE && dst)
            dst[i] = value;
    }
    if (loss->reduction != REDUCTION_NONE && dst)
        *dst = loss->reduction == REDUCTION_MEAN ? sum / weights : sum;
    return status_ok();
}

Status reference_negative_log_likelihood_loss(const KernelCall *call) {
    const Tensor *scores;
    Tensor *dst;
    Loss loss;
    Wide wide;
    TRY(call_get_first(call, &scores, &dst));
    TRY(loss_open(call, scores, &loss));
    TRY(wide_open(call, 0, &wide));
    loss.weight = wide.src[2];
    TRY(loss_sum(call, &loss, wide.src[0], wide.src[1], wide.dst[0]));
    wide_store(call, &wide);
    return status_ok();
}

/* One position: classes `step` apart. */
static void log_softmax(double *y, const double *x, size_t classes, size_t step) {
    double best = x[0], sum = 0.0;
    for (size_t c = 1; c < classes; c++)
        best = fmax(best, x[c * step]);
    for (size_t c = 0; c < classes; c++)
        sum += exp(x[c * step] - best);
    for (size_t c = 0; c < classes; c++)
        y[c * step] = x[c * step] - best - log(sum);
}

Status reference_softmax_cross_entropy_loss(const KernelCall *call) {
    const Tensor *scores;
    Loss loss;
    Wide wide;
    TRY(call_get_src(call, 0, &scores));
    TRY(loss_open(call, scores, &loss));
    if (call_find_dst(call, 1))
        TRY(call_check_shape(call, &scores->shape, &call->dst[1]));
    TRY(wide_open(call, call_find_dst(call, 1) ? 0 : tensor_elements(scores), &wide));
    double *log_prob = wide.dst[1] ? wide.dst[1] : wide.work;
    loss.weight = wide.src[2];
    for (size_t n = 0; n < loss.batch; n++)
        for (size_t i = 0; i < loss.inner; i++) {
            size_t offset = n * loss.classes * loss.inner + i;
            log_softmax(log_prob + offset, wide.src[0] + offset, loss.classes, loss.inner);
        }
    TRY(loss_sum(call, &loss, log_prob, wide.src[1], wide.dst[0]));
    wide_store(call, &wide);
    return status_ok();
}
