/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Trees, many rows at once. A step down a tree waits for memory, so several walks go on in step:
 * of LANES rows down one tree while there are enough of them, else of one row down TREE_LANES
 * trees, which are in more places of memory and wait longer. Leaves lead to themselves: a step of
 * all lanes has no branch but the end, when none has moved. Rows are taken in blocks, so that a
 * tree is read once for all of them.
 *
 * A row's leaves are summed in double and in the order of the trees, whatever its lane: the result
 * does not depend on the batch or the number of threads, and is that of the reference kernel, bit
 * for bit.
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX ai.onnx.ml TreeEnsemble 5
 * and the older two.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/reference/tree_scores.h"
#include "runtime/cpu/tree_pack.h"

#include <stdatomic.h>
#include <string.h>

enum { LANES = 8, TREE_LANES = 16, BLOCK_ROWS = 256, BLOCK_SUMS_MAX = 1 << 14, DEPTH_COUNTED = 10 };

typedef struct TreesKernel {
    Kernel base;
    const TreePack *pack;
    TreeScores scores;
    size_t rows, columns, block_rows;
} TreesKernel;

static bool is_trees(const Node *node) {
    return node_is(node, "ai.onnx.ml", "TreeEnsemble") ||
           node_is(node, "ai.onnx.ml", "TreeEnsembleClassifier") ||
           node_is(node, "ai.onnx.ml", "TreeEnsembleRegressor");
}

static Status trees_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    const Value *src = build_input(build, 0);
    const TreePack *pack;
    if (!is_trees(build->node) || !src || (src->shape.rank != 1 && src->shape.rank != 2))
        return status_ok();
    TRY(tree_pack_get(build->weights, build->node, src->dtype, &pack));
    size_t columns = (size_t)src->shape.dims[src->shape.rank - 1];
    if (columns < pack->ensemble.feature_count)
        return status_error(STATUS_INVALID_ARGUMENT, "trees ask for feature %zu, the input has %zu",
                            pack->ensemble.feature_count - 1, columns);
    TreesKernel *trees;
    TRY(kernel_alloc(&trees_kernel_type, sizeof *trees, &trees));
    trees->pack = pack;
    trees->rows = src->shape.rank == 2 ? (size_t)src->shape.dims[0] : 1;
    trees->columns = columns;
    Status status = tree_scores_init(build->node, &pack->ensemble, &trees->scores);
    if (!status_is_ok(&status)) {
        kernel_free_plain(&trees->base);
        return status;
    }
    size_t targets = pack->ensemble.target_count; /* at most INT32_MAX */
    trees->block_rows = MAX_OF(MIN_OF(BLOCK_SUMS_MAX / targets, (size_t)BLOCK_ROWS), (size_t)1);
    trees->base.scratch_bytes =
        (trees->block_rows * targets + (pack->compact ? 0 : columns)) * sizeof(double);
    *ret_kernel = &trees->base;
    return status_ok();
}

/* Does x take the branch for true? */
static inline bool asks(const CompactNode *node, float x, TreeMode mode) {
    bool yes = mode == TREE_LEQ ? x <= node->threshold : x < node->threshold;
    if (mode == TREE_LEAF)
        switch (node->feature >> TREE_FEATURE_BITS & 7) {
        case TREE_LEQ:
            yes = x <= node->threshold;
            break;
        case TREE_LT:
            break;
        case TREE_GT:
            yes = x > node->threshold;
            break;
        case TREE_GTE:
            yes = x >= node->threshold;
            break;
        case TREE_EQ:
            yes = x == node->threshold;
            break;
        default:
            yes = x == x && x != node->threshold;
            break;
        }
    return yes | ((x != x) & (node->feature >> 31));
}

/* Where walks go on in step: `lanes` of them, a constant; lane i is of the row at x + i * x_step.
 */
typedef struct Walk {
    const TreePack *pack;
    const float *x;
    size_t x_step;
    uint32_t at[TREE_LANES];
} Walk;

static inline __attribute__((always_inline)) uint32_t step_down(const CompactNode *node,
                                                                const float *x, TreeMode mode,
                                                                bool bare) {
    if (!bare)
        return node->next[asks(node, x[node->feature & TREE_FEATURE_MASK], mode)];
    float asked = x[node->feature];
    return node->next[mode == TREE_LEQ ? asked <= node->threshold : asked < node->threshold];
}

/* From nodes to leaves, all lanes in step: as often as the deepest tree wants when that is seldom,
 * else until none moves. */
static inline __attribute__((always_inline)) void walk_by(Walk *walk, const size_t lanes,
                                                          TreeMode mode, bool bare) {
    const CompactNode *nodes = walk->pack->compact;
    const float *x = walk->x;
    const size_t x_step = walk->x_step, depth = walk->pack->ensemble.depth;
    if (bare && depth <= DEPTH_COUNTED) {
        for (size_t i = 0; i < depth; i++)
#pragma GCC unroll 16
            for (size_t lane = 0; lane < lanes; lane++)
                walk->at[lane] = step_down(&nodes[walk->at[lane]], x + lane * x_step, mode, true);
        return;
    }
    uint32_t moved;
    do {
        moved = 0;
#pragma GCC unroll 16
        for (size_t lane = 0; lane < lanes; lane++) {
            uint32_t at = walk->at[lane];
            uint32_t next = step_down(&nodes[at], x + lane * x_step, mode, bare);
            moved |= next ^ at;
            walk->at[lane] = next;
        }
    } while (moved);
}

static inline __attribute__((always_inline)) void walk_lanes(Walk *walk, const size_t lanes) {
    const TreePack *pack = walk->pack;
    if (pack->mode == TREE_LEQ && pack->bare)
        walk_by(walk, lanes, TREE_LEQ, true);
    else if (pack->mode == TREE_LT && pack->bare)
        walk_by(walk, lanes, TREE_LT, true);
    else if (pack->mode == TREE_LEQ)
        walk_by(walk, lanes, TREE_LEQ, false);
    else if (pack->mode == TREE_LT)
        walk_by(walk, lanes, TREE_LT, false);
    else
        walk_by(walk, lanes, TREE_LEAF, false);
}

static void walk_rows(Walk *walk) {
    walk_lanes(walk, LANES);
}

static void walk_trees(Walk *walk) {
    walk_lanes(walk, TREE_LANES);
}

static inline void add_leaf(const TreePack *pack, TreeAggregate aggregate, uint32_t at,
                            double *sums) {
    const CompactNode *leaf = &pack->compact[at];
    size_t targets = pack->ensemble.target_count;
    if (pack->leaves == TREE_LEAF_WEIGHT) {
        tree_scores_add(aggregate, &sums[pack->only], (double)leaf->weight);
    } else if (pack->leaves == TREE_LEAF_ROW) {
        const float *row = pack->rows + (size_t)leaf->leaf * targets;
        for (size_t i = 0; i < targets; i++)
            tree_scores_add(aggregate, &sums[i], (double)row[i]);
    } else {
        for (uint32_t i = pack->ranges[2 * leaf->leaf]; i < pack->ranges[2 * leaf->leaf + 1]; i++) {
            const TreeWeight *weight = &pack->ensemble.weights[i];
            tree_scores_add(aggregate, &sums[weight->target], weight->weight);
        }
    }
}

/* LANES rows down one tree. */
static void rows_down_tree(const TreesKernel *trees, size_t tree, const float *x, double *sums) {
    const TreePack *pack = trees->pack;
    Walk walk = { .pack = pack, .x = x, .x_step = trees->columns };
    for (size_t lane = 0; lane < LANES; lane++)
        walk.at[lane] = pack->ensemble.roots[tree];
    walk_rows(&walk);
    for (size_t lane = 0; lane < LANES; lane++)
        add_leaf(pack, trees->scores.aggregate, walk.at[lane], sums + lane * trees->scores.targets);
}

/* One row down every tree, TREE_LANES at once; lanes too many go down the last one and are not
 * counted. */
static void row_down_trees(const TreesKernel *trees, const float *x, double *sums) {
    const TreePack *pack = trees->pack;
    Walk walk = { .pack = pack, .x = x };
    size_t count = pack->ensemble.tree_count;
    for (size_t tree = 0; tree < count; tree += TREE_LANES) {
        for (size_t lane = 0; lane < TREE_LANES; lane++)
            walk.at[lane] = pack->ensemble.roots[MIN_OF(tree + lane, count - 1)];
        walk_trees(&walk);
        for (size_t lane = 0; lane < TREE_LANES && tree + lane < count; lane++)
            add_leaf(pack, trees->scores.aggregate, walk.at[lane], sums);
    }
}

static void sum_compact(const TreesKernel *trees, const float *x, size_t rows, double *sums) {
    size_t targets = trees->scores.targets, in_step = rows - rows % LANES;
    for (size_t tree = 0; tree < trees->pack->ensemble.tree_count && in_step > 0; tree++)
        for (size_t row = 0; row < in_step; row += LANES)
            rows_down_tree(trees, tree, x + row * trees->columns, sums + row * targets);
    for (size_t row = in_step; row < rows; row++)
        row_down_trees(trees, x + row * trees->columns, sums + row * targets);
}

/* Any types: one row, node by node. */
static void sum_plain(const TreesKernel *trees, const double *x, double *sums) {
    const TreeEnsemble *ensemble = &trees->pack->ensemble;
    for (size_t tree = 0; tree < ensemble->tree_count; tree++) {
        const TreeNode *node = &ensemble->nodes[ensemble->roots[tree]];
        while (node->mode != TREE_LEAF)
            node = &ensemble->nodes[node->next[tree_condition(node, x[node->feature])]];
        for (uint32_t i = node->next[0]; i < node->next[1]; i++)
            tree_scores_add(ensemble->aggregate, &sums[ensemble->weights[i].target],
                            ensemble->weights[i].weight);
    }
}

typedef struct TreesRun {
    const TreesKernel *trees;
    const KernelCall *call;
    _Atomic bool starved; /* a thread had no memory for its scratch */
} TreesRun;

static void run_block(const TreesRun *run, size_t first, size_t rows, double *sums) {
    const TreesKernel *trees = run->trees;
    size_t targets = trees->scores.targets;
    FeatureRows features = { .tensor = run->call->src[0],
                             .rows = trees->rows,
                             .columns = trees->columns };
    for (size_t row = 0; row < rows; row++)
        tree_scores_start(&trees->scores, sums + row * targets);
    if (trees->pack->compact)
        sum_compact(trees, (const float *)run->call->src[0]->data + first * trees->columns, rows,
                    sums);
    double *x = sums + trees->block_rows * targets;
    for (size_t row = 0; row < rows && !trees->pack->compact; row++) {
        feature_row_load(&features, first + row, x);
        sum_plain(trees, x, sums + row * targets);
    }
    for (size_t row = 0; row < rows; row++)
        tree_scores_store(&trees->scores, run->call, sums + row * targets, first + row);
}

static void run_rows(void *user, size_t begin, size_t end) {
    TreesRun *run = user;
    double *sums = thread_scratch(run->trees->base.scratch_bytes);
    if (!sums) {
        atomic_store(&run->starved, true);
        return;
    }
    for (size_t row = begin; row < end; row += run->trees->block_rows)
        run_block(run, row, MIN_OF(run->trees->block_rows, end - row), sums);
}

static Status trees_run(const Kernel *kernel, const KernelCall *call) {
    const TreesKernel *trees = (const TreesKernel *)kernel;
    TreesRun run = { .trees = trees, .call = call };
    TRY(tree_scores_check(call, &trees->scores, trees->rows));
    size_t grain = MAX_OF(1024 / MAX_OF(trees->scores.trees, (size_t)1), (size_t)1) * LANES;
    pool_for(call->pool, trees->rows, grain, run_rows, &run);
    if (atomic_load(&run.starved))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "no memory for scratch");
    return status_ok();
}

const KernelType trees_kernel_type = {
    .name = "trees",
    .prepare = trees_prepare,
    .run = trees_run,
    .free = kernel_free_plain,
};
