/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Private to tree_ensemble.c and tree_source.c: what both forms of the attributes are first read
 * into. Indexes are in range; whether they make trees is for tree_ensemble.c to find out.
 */

#include "runtime/graph/tree_ensemble.h"

typedef struct TreeSource {
    double value;
    uint32_t feature;
    uint32_t next[2]; /* sources; of a leaf: weights, first and end */
    uint8_t mode;
    bool missing, seen;
    uint32_t members, member_count; /* TREE_MEMBER: among the members */
} TreeSource;

typedef struct TreeSources {
    TreeSource *items;
    uint32_t *roots;
    TreeWeight *weights;
    double *members;
    size_t count, root_count, weight_count, member_count;
} TreeSources;

/* Numbers in a FLOATS attribute or in a tensor. */
typedef struct TreeNumbers {
    const float *floats;
    const Tensor *tensor;
    size_t count;
} TreeNumbers;

/* Of attribute `name`, or `name`_as_tensor; count 0 where neither is there. */
Status tree_numbers(const Node *node, const char *name, TreeNumbers *ret_numbers);
double tree_number(const TreeNumbers *numbers, size_t index);

/* @targets  weights name targets below it */
Status tree_sources_read(const Node *node, size_t targets, TreeSources *ret_sources);
void tree_sources_deinit(TreeSources *sources);
DEFINE_AUTO_VALUE(TreeSources, tree_sources_deinit);
