/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The fast trees against the reference kernel, bit for bit, over forms of leaves, modes, types and
 * numbers of rows. */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/weights.h"
#include "tests/support/model_builder.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    TREES = 11,
    DEPTH = 4,
    INNER = (1 << DEPTH) - 1,
    NODES = 2 * INNER + 1,
    ALL = TREES * NODES,
    FEATURES = 6,
    TARGETS_MAX = 3
};

typedef struct Forest {
    int64_t tree[ALL], id[ALL], feature[ALL], yes[ALL], no[ALL], missing[ALL];
    float value[ALL];
    StringView mode[ALL];
    int64_t weight_tree[ALL * TARGETS_MAX], weight_node[ALL * TARGETS_MAX],
        target[ALL * TARGETS_MAX];
    float weight[ALL * TARGETS_MAX];
    size_t weights, targets;
} Forest;

static uint32_t seed;

static uint32_t draw(uint32_t below) {
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static float draw_float(void) {
    return (float)draw(16) / 4.0f - 2.0f; /* few values, so that x often equals a threshold */
}

typedef enum Leaves { ONE_TARGET, EVERY_TARGET, SOME_TARGETS } Leaves;

static void add_weights(Forest *forest, size_t at, Leaves leaves) {
    for (size_t t = 0; t < forest->targets; t++) {
        if (leaves == SOME_TARGETS && draw(2))
            continue;
        forest->weight_tree[forest->weights] = forest->tree[at];
        forest->weight_node[forest->weights] = forest->id[at];
        forest->target[forest->weights] = (int64_t)t;
        forest->weight[forest->weights++] = draw_float() / 3.0f;
    }
}

/* Trees are heaps: children of i are 2i + 1 and 2i + 2; some branches end early. */
static void plant(Forest *forest, const char *const *modes, size_t mode_count, Leaves leaves) {
    *forest = (Forest){ .targets = leaves == ONE_TARGET ? 1 : TARGETS_MAX };
    for (size_t at = 0; at < ALL; at++) {
        size_t i = at % NODES;
        bool leaf = i >= INNER || draw(9) == 0;
        const char *mode = leaf ? "LEAF" : modes[draw((uint32_t)mode_count)];
        forest->tree[at] = (int64_t)(at / NODES);
        forest->id[at] = (int64_t)i;
        forest->feature[at] = (int64_t)draw(FEATURES);
        forest->value[at] = draw_float();
        forest->yes[at] = (int64_t)(2 * i + 1);
        forest->no[at] = (int64_t)(2 * i + 2);
        forest->missing[at] = (int64_t)draw(2);
        forest->mode[at] = (StringView){ mode, strlen(mode) };
        if (leaf)
            add_weights(forest, at, leaves);
    }
}

#define LIST(text, array, length)                                                                  \
    ((Attribute){ .name = (text), .kind = ATTRIBUTE_INTS, .count = (length), .ints = (array) })
#define REALS(text, array, length)                                                                 \
    ((Attribute){ .name = (text), .kind = ATTRIBUTE_FLOATS, .count = (length), .floats = (array) })

static Graph *make_graph(const Forest *f, DType dtype, size_t rows, const char *aggregate) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", dtype, SHAPE((int64_t)rows, FEATURES));
    ValueId y = model_node(
        graph, "TreeEnsembleRegressor", INPUTS(x),
        ATTRIBUTES(LIST("nodes_treeids", f->tree, ALL), LIST("nodes_nodeids", f->id, ALL),
                   LIST("nodes_featureids", f->feature, ALL),
                   LIST("nodes_truenodeids", f->yes, ALL), LIST("nodes_falsenodeids", f->no, ALL),
                   LIST("nodes_missing_value_tracks_true", f->missing, ALL),
                   REALS("nodes_values", f->value, ALL),
                   ((Attribute){ .name = "nodes_modes",
                                 .kind = ATTRIBUTE_STRINGS,
                                 .count = ALL,
                                 .strings = f->mode }),
                   LIST("target_treeids", f->weight_tree, f->weights),
                   LIST("target_nodeids", f->weight_node, f->weights),
                   LIST("target_ids", f->target, f->weights),
                   REALS("target_weights", f->weight, f->weights),
                   ATTRIBUTE_OF_INT("n_targets", (int64_t)f->targets),
                   ((Attribute){ .name = "aggregate_function",
                                 .kind = ATTRIBUTE_STRING,
                                 .s = { aggregate, strlen(aggregate) } })));
    model_output(graph, "y", y);
    model_finish(graph);
    return graph;
}

static void fill(Tensor *x) {
    for (size_t i = 0; i < tensor_elements(x); i++) {
        float value = draw(7) == 0 ? NAN : draw_float();
        if (x->dtype == DTYPE_F32)
            ((float *)x->data)[i] = value;
        else if (x->dtype == DTYPE_F64)
            ((double *)x->data)[i] = (double)value + 1e-12;
        else
            ((int64_t *)x->data)[i] = (int64_t)draw(5) - 2;
    }
}

static void compare(const Forest *forest, DType dtype, size_t rows, const char *aggregate) {
    Graph *graph = make_graph(forest, dtype, rows, aggregate);
    const Node *node = NULL;
    for (NodeId id = 0; id < graph_node_count(graph); id++)
        node = graph_node_const(graph, id);
    AUTO(packed_weights_free) PackedWeights *weights = NULL;
    Status status = packed_weights_new(&weights);
    assert_true(status_is_ok(&status));
    KernelBuild build = { .graph = graph, .node = node, .weights = weights };
    Kernel *kernel = NULL;
    status = trees_kernel_type.prepare(&build, &kernel);
    assert_string_equal(status.message, "");
    assert_non_null(kernel);

    Tensor x, fast, plain;
    Shape result = SHAPE((int64_t)rows, (int64_t)forest->targets);
    status = tensor_init(&x, dtype, &SHAPE((int64_t)rows, FEATURES));
    assert_true(status_is_ok(&status));
    status = tensor_init(&fast, DTYPE_F32, &result);
    assert_true(status_is_ok(&status));
    status = tensor_init(&plain, DTYPE_F32, &result);
    assert_true(status_is_ok(&status));
    fill(&x);
    const Tensor *src[] = { &x };
    status = trees_kernel_type.run(kernel, &(KernelCall){ .node = node, .src = src, .dst = &fast });
    assert_string_equal(status.message, "");
    ReferenceKernel reference = reference_kernel_find("ai.onnx.ml", "TreeEnsembleRegressor");
    status = reference(&(KernelCall){ .node = node, .src = src, .dst = &plain });
    assert_string_equal(status.message, "");
    if (rows > 0)
        assert_memory_equal(fast.data, plain.data, fast.bytes);
    trees_kernel_type.free(kernel);
    tensor_deinit(&x);
    tensor_deinit(&fast);
    tensor_deinit(&plain);
    graph_free(graph);
}

static void test_every_form_is_the_reference_bit_for_bit(void **state) {
    (void)state;
    static const char *const less_equal[] = { "BRANCH_LEQ", "BRANCH_GT" }, *const less[] = {
        "BRANCH_LT", "BRANCH_GTE"
    };
    static const char *const all[] = { "BRANCH_LEQ", "BRANCH_GT", "BRANCH_LT",
                                       "BRANCH_GTE", "BRANCH_EQ", "BRANCH_NEQ" };
    static const size_t rows[] = { 0, 1, 5, 8, 17, 64, 131 };
    static Forest forest;
    for (size_t mix = 0; mix < 3; mix++)
        for (Leaves leaves = ONE_TARGET; leaves <= SOME_TARGETS; leaves++) {
            seed = (uint32_t)(mix * 10 + leaves);
            plant(&forest,
                  mix == 0   ? less_equal
                  : mix == 1 ? less
                             : all,
                  mix < 2 ? 2 : ARRAY_LENGTH(all), leaves);
            for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
                compare(&forest, DTYPE_F32, rows[i], "SUM");
            compare(&forest, DTYPE_F32, 9, "MAX");
            compare(&forest, DTYPE_F32, 9, "MIN");
            compare(&forest, DTYPE_F32, 9, "AVERAGE");
            compare(&forest, DTYPE_F64, 9, "SUM");
            compare(&forest, DTYPE_I64, 9, "SUM");
        }
}

/* One mode and no branch for NaN: the form without either, lanes of several trees included. */
static void test_bare_branches_are_the_reference_bit_for_bit(void **state) {
    (void)state;
    static const char *const modes[] = { "BRANCH_LEQ", "BRANCH_LT" };
    static const size_t rows[] = { 1, 7, 8, 19 };
    static Forest forest;
    for (size_t mode = 0; mode < ARRAY_LENGTH(modes); mode++)
        for (Leaves leaves = ONE_TARGET; leaves <= SOME_TARGETS; leaves++) {
            seed = (uint32_t)(mode * 10 + leaves);
            plant(&forest, &modes[mode], 1, leaves);
            memset(forest.missing, 0, sizeof forest.missing);
            for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
                compare(&forest, DTYPE_F32, rows[i], "SUM");
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form_is_the_reference_bit_for_bit),
        cmocka_unit_test(test_bare_branches_are_the_reference_bit_for_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
