/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Trees out of attributes: what is no tree is refused with the reason, and sets become chains. */

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/graph/tree_ensemble.h"
#include "tests/support/model_builder.h"

#include <math.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

enum { NODES = 3 };

/* Node 0 asks, 1 and 2 are leaves; tests change what they like. */
typedef struct Trees {
    int64_t tree[NODES], id[NODES], feature[NODES], yes[NODES], no[NODES], target[2];
    const char *modes[NODES];
    size_t node_count;
} Trees;

static const Trees GOOD = { .tree = { 0, 0, 0 },
                            .id = { 0, 1, 2 },
                            .feature = { 4, 0, 0 },
                            .yes = { 1, 0, 0 },
                            .no = { 2, 0, 0 },
                            .target = { 0, 0 },
                            .modes = { "BRANCH_LEQ", "LEAF", "LEAF" },
                            .node_count = NODES };

#define LIST(text, array, length)                                                                  \
    ((Attribute){ .name = (text), .kind = ATTRIBUTE_INTS, .count = (length), .ints = (array) })

static Status make(const Trees *trees, TreeEnsemble **ret_ensemble) {
    StringView modes[NODES];
    for (size_t i = 0; i < NODES; i++)
        modes[i] = (StringView){ trees->modes[i], strlen(trees->modes[i]) };
    size_t n = trees->node_count;
    const Attribute attributes[] = {
        LIST("nodes_treeids", trees->tree, n),
        LIST("nodes_nodeids", trees->id, n),
        LIST("nodes_featureids", trees->feature, n),
        LIST("nodes_truenodeids", trees->yes, n),
        LIST("nodes_falsenodeids", trees->no, n),
        ATTRIBUTE_OF_FLOATS("nodes_values", 1, 0, 0),
        { .name = "nodes_modes", .kind = ATTRIBUTE_STRINGS, .count = NODES, .strings = modes },
        ATTRIBUTE_OF_INTS("target_treeids", 0, 0),
        ATTRIBUTE_OF_INTS("target_nodeids", 1, 2),
        LIST("target_ids", trees->target, 2),
        ATTRIBUTE_OF_FLOATS("target_weights", 1, 2),
        ATTRIBUTE_OF_INT("n_targets", 2),
    };
    const OpSchema *op = op_schema_find("ai.onnx.ml", "TreeEnsembleRegressor");
    Node node = {
        .op = op, .name = "", .attributes = attributes, .attribute_count = ARRAY_LENGTH(attributes)
    };
    return tree_ensemble_new(&node, ret_ensemble);
}

static void test_a_tree_is_taken(void **state) {
    (void)state;
    AUTO(tree_ensemble_free) TreeEnsemble *ensemble = NULL;
    Status status = make(&GOOD, &ensemble);
    assert_string_equal(status.message, "");
    assert_int_equal(ensemble->node_count, 3);
    assert_int_equal(ensemble->feature_count, 5);
    assert_int_equal(ensemble->tree_count, 1);
    assert_true(ensemble->one_target && ensemble->all_positive);
    assert_int_equal(ensemble->nodes[ensemble->nodes[0].next[1]].mode, TREE_LEAF);
}

static void refuse(const Trees *trees, const char *part) {
    TreeEnsemble *ensemble = NULL;
    Status status = make(trees, &ensemble);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_null(ensemble);
    if (!strstr(status.message, part))
        fail_msg("'%s' does not contain '%s'", status.message, part);
}

static void test_what_is_no_tree_is_refused(void **state) {
    (void)state;
    Trees trees = GOOD;
    trees.yes[0] = 0;
    refuse(&trees, "cycle");
    trees = GOOD;
    trees.modes[1] = trees.modes[2] = "BRANCH_GT"; /* 1 and 2 ask too, and share their children */
    trees.yes[1] = trees.no[1] = trees.yes[2] = trees.no[2] = 0;
    refuse(&trees, "cycle");
    trees = GOOD;
    trees.no[0] = 9;
    refuse(&trees, "tree 0 has no node 9");
    trees = GOOD;
    trees.tree[1] = 1; /* children lie in the same tree only */
    refuse(&trees, "has no node 1");
    trees = GOOD;
    trees.id[2] = 1;
    refuse(&trees, "two nodes 1");
    trees = GOOD;
    trees.feature[0] = -1;
    refuse(&trees, "nodes_featureids");
    trees = GOOD;
    trees.target[1] = 2;
    refuse(&trees, "item 1 is 2");
    trees = GOOD;
    trees.modes[0] = "BRANCH";
    refuse(&trees, "'BRANCH' is unknown");
    trees = GOOD;
    trees.node_count = 2;
    refuse(&trees, "nodes_values: expected 2");
    trees.node_count = 0;
    refuse(&trees, "nodes_values");
}

static void test_deep_trees_are_refused(void **state) {
    (void)state;
    enum { DEPTH = TREE_DEPTH_MAX + 2 };
    static int64_t zeros[DEPTH], ones[DEPTH], next[DEPTH];
    static float values[DEPTH];
    static uint8_t modes[DEPTH];
    for (size_t i = 0; i < DEPTH; i++) {
        ones[i] = 1;
        next[i] = (int64_t)i + 1;
    }
    next[DEPTH - 1] = 0;
    static int64_t next_is_leaf[DEPTH] = { [DEPTH - 1] = 1 };
    Tensor splits = {
        .dtype = DTYPE_F32, .shape = SHAPE(DEPTH), .data = values, .bytes = sizeof values
    };
    Tensor mode = {
        .dtype = DTYPE_U8, .shape = SHAPE(DEPTH), .data = modes, .bytes = sizeof modes
    };
    Tensor weight = {
        .dtype = DTYPE_F32, .shape = SHAPE(1), .data = values, .bytes = sizeof values[0]
    };
    const Attribute attributes[] = {
        ATTRIBUTE_OF_TENSOR("nodes_splits", &splits), ATTRIBUTE_OF_TENSOR("nodes_modes", &mode),
        ATTRIBUTE_OF_TENSOR("leaf_weights", &weight), LIST("nodes_featureids", zeros, DEPTH),
        LIST("nodes_truenodeids", zeros, DEPTH),      LIST("nodes_trueleafs", ones, DEPTH),
        LIST("nodes_falsenodeids", next, DEPTH),      LIST("nodes_falseleafs", next_is_leaf, DEPTH),
        ATTRIBUTE_OF_INTS("leaf_targetids", 0),       ATTRIBUTE_OF_INTS("tree_roots", 0),
    };
    const OpSchema *op = op_schema_find("ai.onnx.ml", "TreeEnsemble");
    Node node = {
        .op = op, .name = "", .attributes = attributes, .attribute_count = ARRAY_LENGTH(attributes)
    };
    TreeEnsemble *ensemble = NULL;
    Status status = tree_ensemble_new(&node, &ensemble);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(status.message, "deeper"));
}

static void test_sets_become_chains(void **state) {
    (void)state;
    const float members[] = { 3, 5, NAN };
    Tensor splits = { .dtype = DTYPE_F32, .shape = SHAPE(1), .data = (float[]){ 0 }, .bytes = 4 };
    Tensor mode = {
        .dtype = DTYPE_U8, .shape = SHAPE(1), .data = (uint8_t[]){ TREE_MEMBER }, .bytes = 1
    };
    Tensor weights = {
        .dtype = DTYPE_F32, .shape = SHAPE(2), .data = (float[]){ 1, 2 }, .bytes = 8
    };
    Tensor sets = {
        .dtype = DTYPE_F32, .shape = SHAPE(3), .data = (void *)(uintptr_t)members, .bytes = 12
    };
    Attribute attributes[] = {
        ATTRIBUTE_OF_TENSOR("nodes_splits", &splits),
        ATTRIBUTE_OF_TENSOR("nodes_modes", &mode),
        ATTRIBUTE_OF_TENSOR("leaf_weights", &weights),
        ATTRIBUTE_OF_TENSOR("membership_values", &sets),
        ATTRIBUTE_OF_INTS("nodes_featureids", 0),
        ATTRIBUTE_OF_INTS("nodes_truenodeids", 0),
        ATTRIBUTE_OF_INTS("nodes_falsenodeids", 1),
        ATTRIBUTE_OF_INTS("nodes_trueleafs", 1),
        ATTRIBUTE_OF_INTS("nodes_falseleafs", 1),
        ATTRIBUTE_OF_INTS("leaf_targetids", 0, 0),
        ATTRIBUTE_OF_INTS("tree_roots", 0),
    };
    const OpSchema *op = op_schema_find("ai.onnx.ml", "TreeEnsemble");
    Node node = {
        .op = op, .name = "", .attributes = attributes, .attribute_count = ARRAY_LENGTH(attributes)
    };
    AUTO(tree_ensemble_free) TreeEnsemble *ensemble = NULL;
    Status status = tree_ensemble_new(&node, &ensemble);
    assert_string_equal(status.message, "");
    const double xs[] = { 3, 5, 4 }, expected[] = { 1, 1, 2 };
    for (size_t i = 0; i < ARRAY_LENGTH(xs); i++) {
        const TreeNode *at = &ensemble->nodes[ensemble->roots[0]];
        while (at->mode != TREE_LEAF)
            at = &ensemble->nodes[at->next[tree_condition(at, xs[i])]];
        assert_true(ensemble->weights[at->next[0]].weight == expected[i]);
    }
    sets.shape.dims[0] = 2; /* the set does not end */
    TreeEnsemble *none = NULL;
    status = tree_ensemble_new(&node, &none);
    assert_non_null(strstr(status.message, "membership_values"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tree_is_taken),
        cmocka_unit_test(test_what_is_no_tree_is_refused),
        cmocka_unit_test(test_deep_trees_are_refused),
        cmocka_unit_test(test_sets_become_chains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
