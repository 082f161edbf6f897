/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Scores of classical models after they are summed, in double: the five transforms, and labels by
 * index.
 *
 * PROBIT is sqrt(2) times the inverse error function of 2p - 1, by the approximation of Winitzki
 * (error below 2e-3), which is what runtimes of this operator set have in common.
 *
 * Thread: any that runs kernels. Source: ONNX ai.onnx.ml, post_transform.
 */

#include "runtime/cpu/reference/ml_scores.h"

#include <math.h>
#include <string.h>

Status feature_rows(const KernelCall *call, FeatureRows *ret_rows) {
    const Tensor *x;
    TRY(call_get_src(call, 0, &x));
    if (x->shape.rank != 1 && x->shape.rank != 2)
        return call_invalid(call, "expected [N,C] or [C], got %s", SHAPE_TEXT(&x->shape));
    if (!element_io_find(x->dtype))
        return call_lacks_dtype(call, x->dtype);
    *ret_rows = (FeatureRows){ .tensor = x,
                               .rows = x->shape.rank == 2 ? (size_t)x->shape.dims[0] : 1,
                               .columns = (size_t)x->shape.dims[x->shape.rank - 1] };
    return status_ok();
}

void feature_row_load(const FeatureRows *features, size_t row, double *values) {
    const Tensor *x = features->tensor;
    element_io_find(x->dtype)->load_f64(x->data, row * features->columns, 1, features->columns,
                                        values);
    if (dtype_info(x->dtype)->is_integer)
        for (size_t i = 0; i < features->columns; i++)
            values[i] = (double)(float)values[i];
}

static bool text_is(StringView text, const char *name) {
    return strlen(name) == text.length && memcmp(name, text.data, text.length) == 0;
}

Status score_transform_read(const Node *node, ScoreTransform *ret_transform) {
    static const char *const names[] = { [SCORE_NONE] = "NONE",
                                         [SCORE_SOFTMAX] = "SOFTMAX",
                                         [SCORE_LOGISTIC] = "LOGISTIC",
                                         [SCORE_SOFTMAX_ZERO] = "SOFTMAX_ZERO",
                                         [SCORE_PROBIT] = "PROBIT" };
    int64_t number = node_get_int(node, "post_transform", SCORE_NONE);
    StringView text = node_get_string(node, "post_transform", names[SCORE_NONE]);
    const Attribute *attribute = node_find_attribute(node, "post_transform");
    if (attribute && attribute->kind == ATTRIBUTE_INT) {
        *ret_transform = (ScoreTransform)number;
        return number >= SCORE_NONE && number <= SCORE_PROBIT
                   ? status_ok()
                   : status_error(STATUS_INVALID_ARGUMENT, "post_transform: %lld is unknown",
                                  (long long)number);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (text_is(text, names[i])) {
            *ret_transform = (ScoreTransform)i;
            return status_ok();
        }
    return status_error(STATUS_INVALID_ARGUMENT, "post_transform: '%.*s' is unknown",
                        (int)MIN_OF(text.length, (size_t)40), text.data);
}

static double logistic(double x) {
    double positive = 1.0 / (1.0 + exp(-fabs(x)));
    return x < 0.0 ? 1.0 - positive : positive;
}

static double probit(double p) {
    double x = 2.0 * p - 1.0, rest = (1.0 - x) * (1.0 + x);
    if (rest == 0.0)
        return 0.0;
    double half_log = 0.5 * log(rest), first = 2.0 / (M_PI * 0.147) + half_log;
    double root = sqrt(sqrt(first * first - 2.0 * half_log / 0.147) - first);
    return 1.41421356 * (x < 0.0 ? -root : root);
}

size_t score_best(const double *scores, size_t count) {
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (scores[i] > scores[best])
            best = i;
    return best;
}

/* keep_zero: scores that are (nearly) 0 stay so. */
static void softmax(double *scores, size_t count, bool keep_zero) {
    double most = scores[score_best(scores, count)], sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        bool is_zero = keep_zero && fabs(scores[i]) <= 1e-7;
        scores[i] = is_zero ? scores[i] * exp(-most) : exp(scores[i] - most);
        sum += scores[i];
    }
    for (size_t i = 0; i < count; i++)
        scores[i] = sum == 0.0 ? 0.5 : scores[i] / sum;
}

void score_transform(ScoreTransform transform, double *scores, size_t count) {
    if (transform == SCORE_NONE || count == 0)
        return;
    if (transform == SCORE_SOFTMAX || transform == SCORE_SOFTMAX_ZERO) {
        softmax(scores, count, transform == SCORE_SOFTMAX_ZERO);
        return;
    }
    for (size_t i = 0; i < count; i++)
        scores[i] = transform == SCORE_LOGISTIC ? logistic(scores[i]) : probit(scores[i]);
}

const float *node_get_floats(const Node *node, const char *name, size_t *ret_count) {
    const Attribute *attribute = node_find_attribute(node, name);
    bool fits = attribute && attribute->kind == ATTRIBUTE_FLOATS;
    *ret_count = fits ? attribute->count : 0;
    return fits ? attribute->floats : NULL;
}

const StringView *node_get_strings(const Node *node, const char *name, size_t *ret_count) {
    const Attribute *attribute = node_find_attribute(node, name);
    bool fits = attribute && attribute->kind == ATTRIBUTE_STRINGS;
    *ret_count = fits ? attribute->count : 0;
    return fits ? attribute->strings : NULL;
}

ClassLabels class_labels(const Node *node) {
    ClassLabels labels = { 0 };
    labels.strings = node_get_strings(node, "classlabels_strings", &labels.count);
    if (labels.count > 0)
        return labels;
    labels.ints = node_get_ints(node, "classlabels_ints", &labels.count);
    if (labels.count == 0)
        labels.ints = node_get_ints(node, "classlabels_int64s", &labels.count);
    return labels;
}

void class_label_store(const ClassLabels *labels, size_t index, const Tensor *dst, size_t row) {
    bool inside = index < labels->count;
    if (!dst)
        return;
    if (labels->strings)
        ((StringView *)dst->data)[row] = inside ? labels->strings[index] : (StringView){ "", 0 };
    else
        ((int64_t *)dst->data)[row] = inside ? labels->ints[index] : (int64_t)index;
}

Status class_labels_check(const KernelCall *call, const ClassLabels *labels, const Tensor *dst) {
    if (!dst)
        return status_ok();
    return call_check_dtype(call, labels->strings ? DTYPE_STRING : DTYPE_I64, dst);
}
