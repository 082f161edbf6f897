/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Channels-last chains with reorders at their edges alone. */

#include "runtime/base/size.h"
#include "runtime/passes/passes.h"
#include "tests/support/model_builder.h"
#include "tests/support/pass_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static ValueId conv(Graph *graph, ValueId x, uint32_t seed) {
    return model_node(graph, "Conv", INPUTS(x, model_random_f32(graph, SHAPE(3, 3, 3, 3), 1, seed)),
                      NO_ATTRIBUTES);
}

static Graph *chain(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 3, 9, 9));
    model_output(graph, "y", conv(graph, conv(graph, conv(graph, x, 1), 2), 3));
    model_finish(graph);
    return graph;
}

/* The branch that leaves the chain is turned back once, although two nodes read it. */
static Graph *branch(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 3, 9, 9));
    ValueId y = conv(graph, x, 1);
    model_output(graph, "a", model_node(graph, "Softmax", INPUTS(y), NO_ATTRIBUTES));
    model_output(graph, "b",
                 model_node(graph, "Transpose", INPUTS(y),
                            ATTRIBUTES(ATTRIBUTE_OF_INTS("perm", 3, 1, 0, 2))));
    model_output(graph, "c", conv(graph, y, 2));
    model_finish(graph);
    return graph;
}

/* Weights that are fed are read as they are. */
static Graph *fed_weights(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 3, 9, 9));
    ValueId w = model_input(graph, "w", DTYPE_F32, SHAPE(3, 3, 3, 3));
    model_output(graph, "y", model_node(graph, "Conv", INPUTS(x, w), NO_ATTRIBUTES));
    model_finish(graph);
    return graph;
}

static Graph *nothing_spatial(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 3));
    model_output(graph, "y",
                 model_node(graph, "MatMul", INPUTS(x, model_random_f32(graph, SHAPE(3, 4), 1, 1)),
                            NO_ATTRIBUTES));
    model_finish(graph);
    return graph;
}

static const PassCase cases[] = {
    { "chain", chain, pass_assign_layouts, { { "Reorder", 0, 2 }, { "Conv", 3, 3 } }, 0 },
    { "branch", branch, pass_assign_layouts, { { "Reorder", 0, 3 } }, 0 },
    { "fed weights", fed_weights, pass_assign_layouts, { { "Reorder", 0, 2 } }, 0 },
    { "nothing spatial", nothing_spatial, pass_assign_layouts, { { "Reorder", 0, 0 } }, 0 },
};

static void test_cases(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        pass_case_check(&cases[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
