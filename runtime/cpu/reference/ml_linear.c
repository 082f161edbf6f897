/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * LinearClassifier and LinearRegressor: a sum for each score, in double. One score of a model with
 * two labels is that of the second; the first has its negative.
 *
 * Thread: any that runs kernels. Source: ONNX ai.onnx.ml LinearClassifier 1, LinearRegressor 1.
 */

#include "runtime/cpu/reference/ml_scores.h"
#include "runtime/cpu/reference/reference_kernels.h"

typedef struct Linear {
    FeatureRows features;
    const float *coefficients, *intercepts; /* intercepts: one for each score, or NULL */
    size_t scores;
    ScoreTransform transform;
    double *row, *sums; /* scratch */
} Linear;

static Status linear_init(const KernelCall *call, size_t scores, Linear *ret_linear) {
    Linear linear = { 0 };
    size_t coefficient_count, intercept_count, total = 0;
    TRY(feature_rows(call, &linear.features));
    linear.coefficients = node_get_floats(call->node, "coefficients", &coefficient_count);
    linear.intercepts = node_get_floats(call->node, "intercepts", &intercept_count);
    linear.scores = scores;
    if (scores == 0 && linear.features.columns > 0)
        linear.scores = coefficient_count / linear.features.columns;
    size_t columns = linear.features.columns, expected;
    if (linear.scores == 0 || !size_mul(linear.scores, columns, &expected) ||
        expected != coefficient_count)
        return call_invalid(call, "%zu coefficients do not go with %zu features", coefficient_count,
                            columns);
    if (intercept_count == 0)
        linear.intercepts = NULL;
    else if (intercept_count != linear.scores)
        return call_invalid(call, "intercepts: expected %zu, got %zu", linear.scores,
                            intercept_count);
    TRY(score_transform_read(call->node, &linear.transform));
    if (!size_add(columns, linear.scores + 1, &total) || !size_mul(total, sizeof(double), &total))
        return call_invalid(call, "size of the operands overflows");
    void *memory;
    TRY(call_get_scratch(call, total, &memory));
    linear.row = memory;
    linear.sums = linear.row + columns;
    *ret_linear = linear;
    return status_ok();
}

static void linear_row(const Linear *linear, size_t row) {
    size_t columns = linear->features.columns;
    feature_row_load(&linear->features, row, linear->row);
    for (size_t s = 0; s < linear->scores; s++) {
        const float *factors = linear->coefficients + s * columns;
        double sum = linear->intercepts ? (double)linear->intercepts[s] : 0.0;
        for (size_t i = 0; i < columns; i++)
            sum += linear->row[i] * (double)factors[i];
        linear->sums[s] = sum;
    }
}

Status reference_linear_regressor(const KernelCall *call) {
    int64_t targets = node_get_int(call->node, "targets", 1);
    Linear linear;
    const Tensor *src;
    Tensor *dst;
    TRY(call_get_first(call, &src, &dst));
    if (targets < 1)
        return call_invalid(call, "targets: expected 1 or more, got %lld", (long long)targets);
    TRY(linear_init(call, (size_t)targets, &linear));
    TRY(call_check_shape(call, &SHAPE((int64_t)linear.features.rows, targets), dst));
    TRY(call_check_dtype(call, DTYPE_F32, dst));
    for (size_t row = 0; row < linear.features.rows; row++) {
        linear_row(&linear, row);
        score_transform(linear.transform, linear.sums, linear.scores);
        element_io_find(DTYPE_F32)->store_f64(dst->data, row * linear.scores, linear.scores,
                                              linear.sums);
    }
    return status_ok();
}

/* Which label the scores are for, once they are transformed. */
static size_t best_label(const Linear *linear, size_t columns) {
    if (columns > 1)
        return score_best(linear->sums, columns);
    return linear->sums[0] >= (linear->transform == SCORE_NONE ? 0.0 : 0.5) ? 0 : SIZE_MAX;
}

Status reference_linear_classifier(const KernelCall *call) {
    const Tensor *labels_dst = call_find_dst(call, 0), *scores_dst = call_find_dst(call, 1);
    ClassLabels labels = class_labels(call->node);
    Linear linear;
    TRY(linear_init(call, 0, &linear));
    TRY(class_labels_check(call, &labels, labels_dst));
    size_t columns = linear.scores == 1 && labels.count == 2 ? 2 : linear.scores;
    if (labels.count > 0 && columns > 1 && labels.count != columns)
        return call_invalid(call, "%zu scores do not go with %zu labels", columns, labels.count);
    if (labels_dst)
        TRY(call_check_shape(call, &SHAPE((int64_t)linear.features.rows), labels_dst));
    if (scores_dst) {
        TRY(call_check_shape(call, &SHAPE((int64_t)linear.features.rows, (int64_t)columns),
                             scores_dst));
        TRY(call_check_dtype(call, DTYPE_F32, scores_dst));
    }
    for (size_t row = 0; row < linear.features.rows; row++) {
        linear_row(&linear, row);
        if (columns > linear.scores) {
            linear.sums[1] = linear.sums[0];
            linear.sums[0] = -linear.sums[1];
        }
        score_transform(linear.transform, linear.sums, columns);
        size_t best = best_label(&linear, columns);
        class_label_store(&labels, best, labels_dst, row);
        if (best == SIZE_MAX && labels_dst && !labels.strings)
            ((int64_t *)labels_dst->data)[row] = 0;
        if (scores_dst)
            element_io_find(DTYPE_F32)->store_f64(scores_dst->data, row * columns, columns,
                                                  linear.sums);
    }
    return status_ok();
}
