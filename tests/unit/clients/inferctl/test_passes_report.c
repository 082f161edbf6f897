/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What inspect --passes says of a small graph: which pass took or made which operators. */

#include "clients/inferctl/passes_report.h"
#include "runtime/base/size.h"
#include "tests/support/check.h"
#include "tests/support/model_builder.h"

#include <string.h>

/* Conv, BatchNormalization, Relu, and a Sigmoid behind an Identity. */
static Graph *make_graph(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 3, 8, 8));
    ValueId w = model_random_f32(graph, SHAPE(4, 3, 3, 3), 0.5f, 1);
    ValueId numbers = model_random_f32(graph, SHAPE(4), 0.5f, 2);
    ValueId variance = MODEL_F32(graph, SHAPE(4), 1, 2, 3, 4);
    ValueId y = model_node(graph, "Conv", INPUTS(x, w), NO_ATTRIBUTES);
    y = model_node(graph, "BatchNormalization", INPUTS(y, numbers, numbers, numbers, variance),
                   NO_ATTRIBUTES);
    y = model_node(graph, "Relu", INPUTS(y), NO_ATTRIBUTES);
    y = model_node(graph, "Identity", INPUTS(y), NO_ATTRIBUTES);
    model_output(graph, "y", model_node(graph, "Sigmoid", INPUTS(y), NO_ATTRIBUTES));
    model_finish(graph);
    return graph;
}

/* The change of an operator's count over all runs of a pass. */
static int64_t change_by(const PassChange *passes, size_t count, const char *pass, const char *op) {
    int64_t change = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; strcmp(passes[i].pass, pass) == 0 && k < passes[i].change_count; k++)
            change += strcmp(passes[i].changes[k].name, op) == 0 ? passes[i].changes[k].change : 0;
    return change;
}

static void test_each_pass_tells_what_it_changed(void **state) {
    (void)state;
    Graph *graph = make_graph();
    AUTO(arena_free) Arena *arena = NULL;
    check_ok(arena_new(4096, 1 << 20, &arena));
    PassChange *passes;
    size_t count;
    check_ok(passes_report(graph, arena, &passes, &count));
    assert_int_equal(change_by(passes, count, "drop_identities", "Identity"), -1);
    assert_int_equal(change_by(passes, count, "fuse_batch_norm", "BatchNormalization"), -1);
    assert_int_equal(change_by(passes, count, "fuse_epilogues", "Relu"), -1);
    assert_int_equal(change_by(passes, count, "fuse_epilogues", "(epilogue steps)"), 2);
    assert_int_equal(passes[0].nodes_before, 5);
    for (size_t i = 1; i < count; i++) { /* one after the other, those of plans last */
        assert_int_equal(passes[i].nodes_before, passes[i - 1].nodes_after);
        assert_true(passes[i].on_plan >= passes[i - 1].on_plan);
    }
    assert_true(passes[count - 1].on_plan);
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_pass_tells_what_it_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
