/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What profile adds up: runs by node, nodes by operator and kernel, and what a node costs. */

#include "clients/inferctl/profile_table.h"
#include "runtime/base/size.h"
#include "tests/support/check.h"
#include "tests/support/model_builder.h"

#include <string.h>

/* Two products [2,4] x [4,8] and x [8,8], and a Relu between them. */
static Graph *make_graph(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 4));
    ValueId y = model_node(graph, "MatMul", INPUTS(x, model_random_f32(graph, SHAPE(4, 8), 1, 1)),
                           NO_ATTRIBUTES);
    y = model_node(graph, "Relu", INPUTS(y), NO_ATTRIBUTES);
    y = model_node(graph, "MatMul", INPUTS(y, model_random_f32(graph, SHAPE(8, 8), 1, 2)),
                   NO_ATTRIBUTES);
    model_output(graph, "y", y);
    model_finish(graph);
    return graph;
}

/* A run: nodes in order, each taking so long. */
static void report(ProfileTable *table, const Graph *graph, const uint64_t taken_ns[3]) {
    uint64_t now_ns = 1000;
    for (NodeId id = 0; id < 3; id++) {
        profile_step(table, &(StepReport){ .graph = graph,
                                           .node = graph_node_const(graph, id),
                                           .kernel = id == 1 ? "eltwise" : "product",
                                           .begin_ns = now_ns,
                                           .end_ns = now_ns + taken_ns[id] });
        now_ns += taken_ns[id];
    }
}

static void test_runs_add_up_by_node_and_nodes_by_operator(void **state) {
    (void)state;
    Graph *graph = make_graph();
    AUTO(arena_free) Arena *arena = NULL;
    check_ok(arena_new(4096, 1 << 20, &arena));
    ProfileTable table = { .arena = arena };
    report(&table, graph, (uint64_t[]){ 50, 10, 200 });
    report(&table, graph, (uint64_t[]){ 40, 20, 100 });
    report(&table, graph, (uint64_t[]){ 60, 15, 150 });
    profile_sort(&table);
    assert_int_equal(table.count, 3);
    assert_false(table.full);
    static const struct {
        const char *op, *shape;
        uint64_t least_ns, taken_ns, operations, bytes;
    } rows[] = {
        { "MatMul", "[2,8]", 100, 450, 2 * 2 * 8 * 8, 4 * (16 + 64 + 16) },
        { "MatMul", "[2,8]", 40, 150, 2 * 2 * 4 * 8, 4 * (8 + 32 + 16) },
        { "Relu", "[2,8]", 10, 45, 0, 4 * (16 + 16) },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const ProfileRow *row = &table.rows[i];
        assert_string_equal(row->op, rows[i].op);
        assert_string_equal(row->shape, rows[i].shape);
        assert_int_equal(row->calls, 3);
        assert_int_equal(row->least_ns, rows[i].least_ns);
        assert_int_equal(row->taken_ns, rows[i].taken_ns);
        assert_int_equal(row->bytes, rows[i].bytes);
        if (rows[i].operations)
            assert_int_equal(row->operations, rows[i].operations);
    }
    assert_int_equal(profile_total_ns(&table), 150);

    ProfileTable joined;
    check_ok(profile_by_operator(&table, &joined));
    assert_int_equal(joined.count, 2);
    assert_string_equal(joined.rows[0].op, "MatMul");
    assert_string_equal(joined.rows[0].kernel, "product");
    assert_int_equal(joined.rows[0].nodes, 2);
    assert_int_equal(joined.rows[0].least_ns, 140);
    assert_int_equal(joined.rows[0].operations, 2 * 2 * 8 * (4 + 8));
    assert_string_equal(joined.rows[1].kernel, "eltwise");

    profile_clear(&table);
    report(&table, graph, (uint64_t[]){ 7, 7, 7 });
    assert_int_equal(table.count, 3);
    assert_int_equal(profile_total_ns(&table), 21);
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_add_up_by_node_and_nodes_by_operator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
