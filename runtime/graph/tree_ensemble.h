/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Decision trees out of the attributes of TreeEnsemble, TreeEnsembleClassifier and
 * TreeEnsembleRegressor, checked and in one form: every node is reached by one way from one root,
 * all indexes are in range, no path is longer than TREE_DEPTH_MAX, and set membership has become a
 * chain of equalities. What walks them need check nothing but the number of features of a row.
 */

#include "runtime/graph/graph.h"

enum { TREE_DEPTH_MAX = 4096 };

typedef enum TreeMode {
    TREE_LEQ, /* the numbers of TreeEnsemble's nodes_modes */
    TREE_LT,
    TREE_GTE,
    TREE_GT,
    TREE_EQ,
    TREE_NEQ,
    TREE_MEMBER, /* in files only */
    TREE_LEAF,
} TreeMode;

typedef enum TreeAggregate { TREE_AVERAGE, TREE_SUM, TREE_MIN, TREE_MAX } TreeAggregate;

typedef struct TreeNode {
    double threshold;
    uint32_t feature;
    /* Where to go when `feature <mode> threshold` is false, and true. Of a leaf: its weights, first
     * and end. */
    uint32_t next[2];
    uint8_t mode; /* TreeMode */
    bool missing; /* NaN counts as true */
} TreeNode;

typedef struct TreeWeight {
    double weight;
    uint32_t target;
} TreeWeight;

typedef struct TreeEnsemble {
    TreeNode *nodes;
    uint32_t *roots; /* a tree each, in the order of the trees' ids */
    TreeWeight *weights;
    double *base; /* base values; NULL when there are none */
    size_t node_count, tree_count, weight_count, base_count;
    size_t feature_count; /* a row has at least so many */
    size_t target_count;  /* targets, or classes */
    size_t depth;         /* steps to the farthest leaf; a set of members counts as one */
    TreeAggregate aggregate;
    bool one_target;   /* all weights are for the same one */
    bool all_positive; /* no weight is below 0 */
} TreeEnsemble;

/** Errors: INVALID_ARGUMENT naming attribute or node, RESOURCE_EXHAUSTED */
Status tree_ensemble_new(const Node *node, TreeEnsemble **ret_ensemble);
void tree_ensemble_free(TreeEnsemble *ensemble);
DEFINE_AUTO(TreeEnsemble, tree_ensemble_free);

/* What node_count and weight_count will at most be, from the sizes of the attributes alone. */
void tree_ensemble_bounds(const Node *node, size_t *ret_nodes, size_t *ret_trees,
                          size_t *ret_weights);

/* The node's condition on a feature. */
static inline bool tree_condition(const TreeNode *node, double x) {
    if (x != x)
        return node->missing;
    switch (node->mode) {
    case TREE_LEQ:
        return x <= node->threshold;
    case TREE_LT:
        return x < node->threshold;
    case TREE_GTE:
        return x >= node->threshold;
    case TREE_GT:
        return x > node->threshold;
    case TREE_EQ:
        return x == node->threshold;
    default:
        return x != node->threshold;
    }
}
