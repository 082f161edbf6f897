/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * SVMClassifier and SVMRegressor. With support vectors each pair of classes has a function that
 * votes for one of them; prob_a and prob_b make probabilities of the pairs, and these are coupled
 * to one for each class by the iteration of Wu, Lin and Weng (2004). Without support vectors the
 * coefficients are a linear function for each class.
 *
 * Thread: any that runs kernels. Source: ONNX ai.onnx.ml SVMClassifier 1, SVMRegressor 1; libsvm's
 * layout of coefficients.
 */

#include "runtime/cpu/reference/ml_scores.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <math.h>
#include <string.h>

typedef enum SvmKernel { SVM_LINEAR, SVM_POLY, SVM_RBF, SVM_SIGMOID, SVM_UNKNOWN } SvmKernel;

typedef struct Svm {
    FeatureRows features;
    SvmKernel kernel;
    double gamma, coef0, degree;
    const float *vectors, *coefficients, *rho, *prob_a, *prob_b;
    const int64_t *per_class;
    size_t vector_count, coefficient_count, rho_count, proba_count, class_count;
    ScoreTransform transform;
    /* scratch */
    double *row, *dots, *votes, *scores, *pairs, *couplings;
} Svm;

static SvmKernel read_kernel(const Node *node) {
    static const char *const names[] = { "LINEAR", "POLY", "RBF", "SIGMOID" };
    StringView text = node_get_string(node, "kernel_type", names[SVM_LINEAR]);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strlen(names[i]) == text.length && memcmp(names[i], text.data, text.length) == 0)
            return (SvmKernel)i;
    return SVM_UNKNOWN;
}

static double kernel_dot(const Svm *svm, const float *other, SvmKernel kernel) {
    double sum = 0.0;
    for (size_t i = 0; i < svm->features.columns; i++) {
        double a = svm->row[i], b = (double)other[i];
        sum += kernel == SVM_RBF ? (a - b) * (a - b) : a * b;
    }
    switch (kernel) {
    case SVM_POLY:
        return pow(svm->gamma * sum + svm->coef0, svm->degree);
    case SVM_RBF:
        return exp(-svm->gamma * sum);
    case SVM_SIGMOID:
        return tanh(svm->gamma * sum + svm->coef0);
    default:
        return sum;
    }
}

/* What both operators have; the vectors' number is known. */
static Status svm_init(const KernelCall *call, Svm *svm) {
    size_t parameters, values, expected;
    const float *parameter = node_get_floats(call->node, "kernel_params", &parameters);
    TRY(feature_rows(call, &svm->features));
    TRY(score_transform_read(call->node, &svm->transform));
    svm->kernel = svm->vector_count ? read_kernel(call->node) : SVM_LINEAR;
    svm->vectors = node_get_floats(call->node, "support_vectors", &values);
    svm->coefficients = node_get_floats(call->node, "coefficients", &svm->coefficient_count);
    svm->rho = node_get_floats(call->node, "rho", &svm->rho_count);
    if (svm->kernel == SVM_UNKNOWN)
        return call_invalid(call, "kernel_type: expected LINEAR, POLY, RBF or SIGMOID");
    if (parameters >= 3) {
        svm->gamma = (double)parameter[0];
        svm->coef0 = (double)parameter[1];
        svm->degree = (double)(int64_t)fmin(fmax((double)parameter[2], 0.0), 1e6);
    }
    if (!size_mul(svm->vector_count, svm->features.columns, &expected) ||
        (svm->vector_count > 0 && expected != values))
        return call_invalid(call,
                            "support_vectors: %zu numbers are not %zu vectors of %zu features",
                            values, svm->vector_count, svm->features.columns);
    return svm->rho_count > 0 ? status_ok() : call_invalid(call, "rho: expected at least 1, got 0");
}

/* pairs: scores of pairs; couplings: probabilities of pairs and the matrix and vector of the
 * iteration */
static Status svm_scratch(const KernelCall *call, Svm *svm) {
    size_t classes = svm->class_count,
           square = classes * classes; /* classes is at most INT16_MAX */
    size_t counts[] = {
        svm->features.columns, svm->vector_count, classes,
        MAX_OF(classes, 2),    square + 2,        svm->proba_count ? 2 * square + 2 * classes : 0
    };
    double **parts[] = { &svm->row,    &svm->dots,  &svm->votes,
                         &svm->scores, &svm->pairs, &svm->couplings };
    size_t total = 0;
    void *memory;
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++)
        if (!size_add(total, counts[i], &total))
            return call_invalid(call, "size of the operands overflows");
    if (!size_mul(total, sizeof(double), &total))
        return call_invalid(call, "size of the operands overflows");
    TRY(call_get_scratch(call, total, &memory));
    double *next = memory;
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        *parts[i] = next;
        next += counts[i];
    }
    return status_ok();
}

Status reference_svm_regressor(const KernelCall *call) {
    int64_t supports = node_get_int(call->node, "n_supports", 0);
    bool one_class = node_get_int(call->node, "one_class", 0) != 0;
    const Tensor *src;
    Tensor *dst;
    Svm svm = { .class_count = 1 };
    TRY(call_get_first(call, &src, &dst));
    if (supports < 0 || supports > INT32_MAX)
        return call_invalid(call, "n_supports: expected 0 or more, got %lld", (long long)supports);
    svm.vector_count = (size_t)supports;
    TRY(svm_init(call, &svm));
    TRY(call_check_dtype(call, DTYPE_F32, dst));
    TRY(call_check_shape(call, &SHAPE((int64_t)svm.features.rows, 1), dst));
    if (svm.coefficient_count != (supports ? svm.vector_count : svm.features.columns))
        return call_invalid(call, "coefficients: expected %zu, got %zu",
                            supports ? svm.vector_count : svm.features.columns,
                            svm.coefficient_count);
    TRY(svm_scratch(call, &svm));
    for (size_t row = 0; row < svm.features.rows; row++) {
        double sum = (double)svm.rho[0];
        feature_row_load(&svm.features, row, svm.row);
        if (svm.vector_count == 0)
            sum += kernel_dot(&svm, svm.coefficients, SVM_LINEAR);
        for (size_t v = 0; v < svm.vector_count; v++)
            sum += (double)svm.coefficients[v] *
                   kernel_dot(&svm, svm.vectors + v * svm.features.columns, svm.kernel);
        if (one_class)
            sum = sum > 0.0 ? 1.0 : -1.0;
        else
            score_transform(svm.transform, &sum, 1);
        ((float *)dst->data)[row] = (float)sum;
    }
    return status_ok();
}

static size_t pair_count(size_t classes) {
    return classes * (classes - 1) / 2;
}

static double weighted_dots(const Svm *svm, size_t coefficients_of, size_t first, size_t count) {
    const float *factors = svm->coefficients + coefficients_of * svm->vector_count + first;
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += (double)factors[i] * svm->dots[first + i];
    return sum;
}

/* Each pair of classes: a score, and a vote. */
static void score_pairs(const Svm *svm) {
    size_t classes = svm->class_count, pair = 0, first_i = 0;
    for (size_t v = 0; v < svm->vector_count; v++)
        svm->dots[v] = kernel_dot(svm, svm->vectors + v * svm->features.columns, svm->kernel);
    memset(svm->votes, 0, classes * sizeof *svm->votes);
    for (size_t i = 0; i < classes; i++) {
        size_t count_i = (size_t)svm->per_class[i], first_j = first_i + count_i;
        for (size_t j = i + 1; j < classes; j++) {
            size_t count_j = (size_t)svm->per_class[j];
            double score = (double)svm->rho[pair] + weighted_dots(svm, j - 1, first_i, count_i) +
                           weighted_dots(svm, i, first_j, count_j);
            svm->pairs[pair++] = score;
            svm->votes[score > 0.0 ? i : j] += 1.0;
            first_j += count_j;
        }
        first_i += count_i;
    }
}

/* R[i][j], the probability of i in the pair, to Q of the coupled problem: minimise P'QP with P
 * summing to 1. */
static void coupling_matrix(size_t k, const double *r, double *q) {
    for (size_t t = 0; t < k; t++) {
        q[t * k + t] = 0.0;
        for (size_t j = 0; j < k; j++)
            if (j != t)
                q[t * k + t] += r[j * k + t] * r[j * k + t];
        for (size_t j = 0; j < k; j++)
            if (j != t)
                q[t * k + j] = -r[j * k + t] * r[t * k + j];
    }
}

static void couple(size_t k, const double *q, double *p, double *qp) {
    size_t rounds = MAX_OF(k, (size_t)100);
    for (size_t t = 0; t < k; t++)
        p[t] = 1.0 / (double)k;
    for (size_t round = 0; round < rounds; round++) {
        double pqp = 0.0, worst = 0.0;
        for (size_t t = 0; t < k; t++) {
            qp[t] = 0.0;
            for (size_t j = 0; j < k; j++)
                qp[t] += q[t * k + j] * p[j];
            pqp += p[t] * qp[t];
        }
        for (size_t t = 0; t < k; t++)
            worst = fmax(worst, fabs(qp[t] - pqp));
        if (worst < 0.005 / (double)k)
            return;
        for (size_t t = 0; t < k; t++) {
            double step = (pqp - qp[t]) / q[t * k + t];
            p[t] += step;
            pqp =
                (pqp + step * (step * q[t * k + t] + 2.0 * qp[t])) / ((1.0 + step) * (1.0 + step));
            for (size_t j = 0; j < k; j++) {
                qp[j] = (qp[j] + step * q[t * k + j]) / (1.0 + step);
                p[j] /= 1.0 + step;
            }
        }
    }
}

/* Into scores, one for each class. */
static void probabilities(const Svm *svm) {
    size_t k = svm->class_count, pair = 0;
    double *r = svm->couplings, *q = r + k * k, *p = q + k * k, *qp = p + k;
    for (size_t i = 0; i < k; i++)
        for (size_t j = i + 1; j < k; j++, pair++) {
            double value = 1.0 / (1.0 + exp(svm->pairs[pair] * (double)svm->prob_a[pair] +
                                            (double)svm->prob_b[pair]));
            value = fmin(fmax(value, 1e-7), 1.0 - 1e-7);
            r[i * k + j] = value;
            r[j * k + i] = 1.0 - value;
        }
    coupling_matrix(k, r, q);
    couple(k, q, p, qp);
    memcpy(svm->scores, p, k * sizeof *p);
}

static bool all_positive(const Svm *svm) {
    for (size_t i = 0; i < svm->coefficient_count; i++)
        if (svm->coefficients[i] < 0.0f)
            return false;
    return true;
}

/* The label's index. A single rho is a model of two classes, or of one that is met or not. */
static size_t choose_label(const Svm *svm, size_t label_count, const double *ranked,
                           size_t ranked_count) {
    size_t best = score_best(ranked, ranked_count);
    double most = ranked[best];
    if (svm->rho_count != 1)
        return best;
    if (label_count != 2)
        return most > 0.0 ? 1 : 0;
    return svm->proba_count == 0 && most >= 0.5 && all_positive(svm) ? 1 : best;
}

static Status classifier_counts(const KernelCall *call, Svm *svm, size_t label_count) {
    size_t listed, probabilities_b;
    svm->class_count = MAX_OF(label_count, (size_t)1);
    svm->per_class = node_get_ints(call->node, "vectors_per_class", &listed);
    svm->prob_a = node_get_floats(call->node, "prob_a", &svm->proba_count);
    svm->prob_b = node_get_floats(call->node, "prob_b", &probabilities_b);
    if (svm->class_count > INT16_MAX || (listed > 0 && (listed != svm->class_count || listed < 2)))
        return call_invalid(call, "vectors_per_class: expected %zu items, got %zu",
                            svm->class_count, listed);
    for (size_t i = 0; i < listed; i++) {
        if (svm->per_class[i] < 0 || svm->per_class[i] > INT32_MAX)
            return call_invalid(call, "vectors_per_class: item %zu is %lld", i,
                                (long long)svm->per_class[i]);
        svm->vector_count += (size_t)svm->per_class[i];
    }
    if (svm->vector_count == 0)
        svm->proba_count = 0;
    if (svm->proba_count > 0 &&
        (svm->proba_count != pair_count(svm->class_count) || probabilities_b != svm->proba_count))
        return call_invalid(call, "prob_a, prob_b: expected %zu each, got %zu and %zu",
                            pair_count(svm->class_count), svm->proba_count, probabilities_b);
    if (listed > 0 && svm->vector_count == 0)
        return call_invalid(call, "vectors_per_class: there are no vectors");
    return status_ok();
}

static Status check_coefficients(const KernelCall *call, const Svm *svm) {
    bool vectors = svm->vector_count > 0;
    size_t expected, per_row = vectors ? svm->vector_count : svm->features.columns;
    if (!size_mul(vectors ? svm->class_count - 1 : svm->class_count, per_row, &expected) ||
        expected != svm->coefficient_count)
        return call_invalid(call, "coefficients: %zu of them do not go with %zu classes",
                            svm->coefficient_count, svm->class_count);
    if (vectors && svm->rho_count < pair_count(svm->class_count))
        return call_invalid(call, "rho: expected %zu, got %zu", pair_count(svm->class_count),
                            svm->rho_count);
    return status_ok();
}

/* Scores as they leave: returns how many. One score of two classes becomes two. */
static size_t finish_scores(const Svm *svm, size_t label_count, double *scores, size_t count) {
    if (count == 1 && label_count == 2 && svm->transform != SCORE_PROBIT) {
        scores[1] = scores[0];
        scores[0] = -scores[1];
        count = 2;
    }
    score_transform(svm->transform, scores, count);
    return count;
}

static Status classify(const KernelCall *call, const Svm *svm, const ClassLabels *labels) {
    const Tensor *labels_dst = call_find_dst(call, 0), *scores_dst = call_find_dst(call, 1);
    size_t pairs = pair_count(svm->class_count), columns = 0;
    for (size_t row = 0; row < svm->features.rows; row++) {
        double *scores = svm->scores;
        const double *ranked = svm->votes;
        size_t count = svm->class_count;
        feature_row_load(&svm->features, row, svm->row);
        if (svm->vector_count == 0) {
            for (size_t c = 0; c < count; c++)
                scores[c] =
                    (double)svm->rho[0] +
                    kernel_dot(svm, svm->coefficients + c * svm->features.columns, SVM_LINEAR);
            ranked = scores;
        } else {
            score_pairs(svm);
            if (svm->proba_count > 0)
                probabilities(svm);
            else
                scores = svm->pairs, count = pairs;
        }
        class_label_store(labels, choose_label(svm, labels->count, ranked, svm->class_count),
                          labels_dst, row);
        columns = finish_scores(svm, labels->count, scores, count);
        if (scores_dst && tensor_elements(scores_dst) != svm->features.rows * columns)
            return call_invalid(call, "%zu scores a row do not make %s", columns,
                                SHAPE_TEXT(&scores_dst->shape));
        if (scores_dst)
            element_io_find(DTYPE_F32)->store_f64(scores_dst->data, row * columns, columns, scores);
    }
    return status_ok();
}

Status reference_svm_classifier(const KernelCall *call) {
    const Tensor *labels_dst = call_find_dst(call, 0), *scores_dst = call_find_dst(call, 1);
    ClassLabels labels = class_labels(call->node);
    Svm svm = { 0 };
    TRY(classifier_counts(call, &svm, labels.count));
    TRY(svm_init(call, &svm));
    TRY(check_coefficients(call, &svm));
    TRY(class_labels_check(call, &labels, labels_dst));
    if (labels_dst)
        TRY(call_check_shape(call, &SHAPE((int64_t)svm.features.rows), labels_dst));
    if (scores_dst)
        TRY(call_check_dtype(call, DTYPE_F32, scores_dst));
    TRY(svm_scratch(call, &svm));
    return classify(call, &svm, &labels);
}
