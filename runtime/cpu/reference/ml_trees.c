/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TreeEnsemble, TreeEnsembleClassifier and TreeEnsembleRegressor: every row goes down every tree,
 * node by node, and the weights of the leaves are put together per target, in double and in the
 * order of the trees. The trees are built anew in each call: this is the oracle;
 * runtime/cpu/trees.c builds them once.
 *
 * Two classes whose weights are all for one of them: the sum s is that of the second class. Without
 * a transform scores are 1 - s and s when no weight is negative, and -s and s otherwise, as
 * runtimes do and the text does not say.
 *
 * Thread: any that runs kernels. Source: ONNX ai.onnx.ml TreeEnsemble 5 and the older two.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/tree_scores.h"

#include <math.h>
#include <string.h>

Status tree_scores_init(const Node *node, const TreeEnsemble *ensemble, TreeScores *ret_scores) {
    TreeScores scores = { .aggregate = ensemble->aggregate,
                          .labels = class_labels(node),
                          .is_classifier = strcmp(node->op->name, "TreeEnsembleClassifier") == 0,
                          .all_positive = ensemble->all_positive,
                          .targets = ensemble->target_count,
                          .trees = ensemble->tree_count,
                          .base = ensemble->base,
                          .base_count = ensemble->base_count };
    scores.one_of_two = scores.is_classifier && scores.targets == 2 && ensemble->one_target;
    TRY(score_transform_read(node, &scores.transform));
    *ret_scores = scores;
    return status_ok();
}

Status tree_scores_check(const KernelCall *call, const TreeScores *scores, size_t rows) {
    size_t at = scores->is_classifier ? 1 : 0;
    const Tensor *labels = scores->is_classifier ? call_find_dst(call, 0) : NULL,
                 *values = call_find_dst(call, at);
    TRY(class_labels_check(call, &scores->labels, labels));
    if (labels)
        TRY(call_check_shape(call, &SHAPE((int64_t)rows), labels));
    if (!values)
        return status_ok();
    if (!dtype_info(values->dtype)->is_float || !element_io_find(values->dtype))
        return call_lacks_dtype(call, values->dtype);
    return call_check_shape(call, &SHAPE((int64_t)rows, (int64_t)scores->targets), values);
}

void tree_scores_start(const TreeScores *scores, double *sums) {
    double start = scores->aggregate == TREE_MIN   ? (double)INFINITY
                   : scores->aggregate == TREE_MAX ? -(double)INFINITY
                                                   : 0.0;
    for (size_t i = 0; i < scores->targets; i++)
        sums[i] = start;
}

/* What the text does after the leaves are put together. */
static void finish_sums(const TreeScores *scores, double *sums) {
    for (size_t i = 0; i < scores->targets; i++) {
        if (scores->aggregate == TREE_AVERAGE)
            sums[i] /= (double)scores->trees;
        if (scores->aggregate != TREE_SUM && !isfinite(sums[i]))
            sums[i] = 0.0; /* no leaf was for it */
        if (scores->base_count > 0 && !scores->one_of_two)
            sums[i] += scores->base[scores->base_count > 1 ? i : 0];
    }
}

/* Returns the label's index. */
static size_t finish_one_of_two(const TreeScores *scores, double *sums) {
    double base = scores->base_count ? scores->base[scores->base_count - 1] : 0.0;
    double sum = sums[0] + sums[1] + base; /* one of them is 0 */
    bool plain = scores->transform == SCORE_NONE || scores->transform == SCORE_PROBIT;
    bool is_probability = plain && scores->all_positive;
    sums[0] = is_probability || scores->transform == SCORE_PROBIT ? 1.0 - sum : -sum;
    sums[1] = sum;
    return sum > (is_probability ? 0.5 : 0.0);
}

void tree_scores_store(const TreeScores *scores, const KernelCall *call, double *sums, size_t row) {
    const Tensor *values = call_find_dst(call, scores->is_classifier ? 1 : 0);
    finish_sums(scores, sums);
    if (scores->is_classifier) {
        const Tensor *labels = call_find_dst(call, 0);
        size_t best = scores->one_of_two ? finish_one_of_two(scores, sums)
                                         : score_best(sums, scores->targets);
        class_label_store(&scores->labels, best, labels, row);
        if (scores->targets == 1 && !(sums[0] > 0.0) && labels && !scores->labels.strings)
            ((int64_t *)labels->data)[row] = 0; /* the only class, and not in it */
    }
    score_transform(scores->transform, sums, scores->targets);
    if (values)
        element_io_find(values->dtype)
            ->store_f64(values->data, row * scores->targets, scores->targets, sums);
}

static void add_tree(const TreeEnsemble *ensemble, size_t tree, const double *x, double *sums) {
    const TreeNode *node = &ensemble->nodes[ensemble->roots[tree]];
    while (node->mode != TREE_LEAF)
        node = &ensemble->nodes[node->next[tree_condition(node, x[node->feature])]];
    for (uint32_t i = node->next[0]; i < node->next[1]; i++)
        tree_scores_add(ensemble->aggregate, &sums[ensemble->weights[i].target],
                        ensemble->weights[i].weight);
}

static Status run_trees(const KernelCall *call) {
    AUTO(tree_ensemble_free) TreeEnsemble *ensemble = NULL;
    FeatureRows features;
    TreeScores scores;
    size_t total;
    double *x;
    TRY(feature_rows(call, &features));
    TRY(tree_ensemble_new(call->node, &ensemble));
    TRY(tree_scores_init(call->node, ensemble, &scores));
    TRY(tree_scores_check(call, &scores, features.rows));
    if (features.columns < ensemble->feature_count)
        return call_invalid(call, "trees ask for feature %zu, the input has %zu",
                            ensemble->feature_count - 1, features.columns);
    if (!size_add(features.columns, scores.targets, &total) || !size_mul(total, sizeof *x, &total))
        return call_invalid(call, "size of the operands overflows");
    TRY(call_get_scratch(call, total, (void **)&x));
    double *sums = x + features.columns;
    for (size_t row = 0; row < features.rows; row++) {
        feature_row_load(&features, row, x);
        tree_scores_start(&scores, sums);
        for (size_t tree = 0; tree < ensemble->tree_count; tree++)
            add_tree(ensemble, tree, x, sums);
        tree_scores_store(&scores, call, sums, row);
    }
    return status_ok();
}

Status reference_tree_ensemble(const KernelCall *call) {
    return run_trees(call);
}

Status reference_tree_classifier(const KernelCall *call) {
    return run_trees(call);
}

Status reference_tree_regressor(const KernelCall *call) {
    return run_trees(call);
}
