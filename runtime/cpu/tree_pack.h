/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Trees in one piece of memory, for kernels: packed once per model and shared by its plans. Where
 * features, thresholds and weights are float the nodes are compact; otherwise the ensemble's own
 * arrays are kept.
 */

#include "runtime/cpu/kernel.h"
#include "runtime/graph/tree_ensemble.h"

enum { TREE_FEATURE_BITS = 27 };
#define TREE_FEATURE_MASK ((UINT32_C(1) << TREE_FEATURE_BITS) - 1)

/* 16 bytes. A leaf goes to itself whatever is asked, so that several can be walked in step. */
typedef struct CompactNode {
    union {
        float threshold;
        float weight;  /* of a leaf, TREE_LEAF_WEIGHT */
        uint32_t leaf; /* of a leaf, otherwise: its number */
    };
    uint32_t feature; /* TREE_FEATURE_BITS of it; then 3 of the mode; then 1, NaN counts as true */
    uint32_t next[2];
} CompactNode;

typedef enum TreeLeaves {
    TREE_LEAF_WEIGHT, /* one weight each, all for target `only` */
    TREE_LEAF_ROW,    /* as many weights as targets, in order */
    TREE_LEAF_RANGE,  /* weights [ranges[2 * leaf], ranges[2 * leaf + 1]) */
} TreeLeaves;

typedef struct TreePack {
    TreeEnsemble ensemble; /* arrays in this piece; nodes NULL where compact is there */
    CompactNode *compact;  /* NULL: not all of it is float */
    float *rows;           /* TREE_LEAF_ROW */
    uint32_t *ranges;      /* TREE_LEAF_RANGE */
    uint32_t only;
    TreeLeaves leaves;
    TreeMode mode; /* LEQ or LT: of all that ask; LEAF: they differ */
    bool bare;     /* one mode, and NaN never counts as true: `feature` is nothing but that */
} TreePack;

/* Source 0 of the node is of type `features`. */
Status tree_pack_get(PackedWeights *weights, const Node *node, DType features,
                     const TreePack **ret_pack);
