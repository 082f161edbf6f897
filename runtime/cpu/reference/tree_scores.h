/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From the sums of a row's leaves to labels and scores, for the reference kernel and the fast one
 * alike. */

#include "runtime/cpu/reference/ml_scores.h"
#include "runtime/graph/tree_ensemble.h"

typedef struct TreeScores {
    TreeAggregate aggregate;
    ScoreTransform transform;
    ClassLabels labels;
    bool is_classifier;
    bool
        one_of_two; /* a classifier of two classes whose weights are all for one: its sum decides */
    bool all_positive;
    size_t targets, trees, base_count;
    const double *base; /* as long as the ensemble */
} TreeScores;

Status tree_scores_init(const Node *node, const TreeEnsemble *ensemble, TreeScores *ret_scores);
/* The results have the types and shapes that go with so many rows. */
Status tree_scores_check(const KernelCall *call, const TreeScores *scores, size_t rows);

/* Sums before any leaf. */
void tree_scores_start(const TreeScores *scores, double *sums);
static inline void tree_scores_add(TreeAggregate aggregate, double *sum, double weight) {
    if (aggregate == TREE_MIN)
        *sum = weight < *sum ? weight : *sum;
    else if (aggregate == TREE_MAX)
        *sum = weight > *sum ? weight : *sum;
    else
        *sum += weight;
}
/* Changes sums. */
void tree_scores_store(const TreeScores *scores, const KernelCall *call, double *sums, size_t row);
