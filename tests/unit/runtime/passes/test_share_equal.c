/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Nodes that do the same become one; those that only look alike stay. */

#include "runtime/base/size.h"
#include "runtime/passes/passes.h"
#include "tests/support/model_builder.h"
#include "tests/support/pass_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static ValueId softmax(Graph *graph, ValueId x, int64_t axis) {
    return model_node(graph, "Softmax", INPUTS(x), ATTRIBUTES(ATTRIBUTE_OF_INT("axis", axis)));
}

/* Twice Neg, Transpose, Gather with constants of their own; both ends are outputs. */
static Graph *equal_chains(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 3, 4));
    const char *const names[] = { "a", "b" };
    for (int i = 0; i < 2; i++) {
        ValueId y = model_node(graph, "Neg", INPUTS(x), NO_ATTRIBUTES);
        y = model_node(graph, "Transpose", INPUTS(y),
                       ATTRIBUTES(ATTRIBUTE_OF_INTS("perm", 0, 2, 1)));
        y = model_node(graph, "Gather", INPUTS(y, MODEL_I64(graph, 2, 0)),
                       ATTRIBUTES(ATTRIBUTE_OF_INT("axis", 1)));
        model_output(graph, names[i], y);
    }
    model_finish(graph);
    return graph;
}

/* Other attributes, other constants, other order of inputs. */
static Graph *look_alikes(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 3, 4));
    ValueId y = model_node(graph, "Neg", INPUTS(x), NO_ATTRIBUTES);
    model_output(graph, "a", softmax(graph, x, 1));
    model_output(graph, "b", softmax(graph, x, 2));
    model_output(graph, "c", softmax(graph, y, 1));
    model_output(graph, "d", model_node(graph, "Sub", INPUTS(x, y), NO_ATTRIBUTES));
    model_output(graph, "e", model_node(graph, "Sub", INPUTS(y, x), NO_ATTRIBUTES));
    model_output(graph, "f",
                 model_node(graph, "Gather", INPUTS(x, MODEL_I64(graph, 0, 1)), NO_ATTRIBUTES));
    model_output(graph, "g",
                 model_node(graph, "Gather", INPUTS(x, MODEL_I64(graph, 1, 0)), NO_ATTRIBUTES));
    model_finish(graph);
    return graph;
}

static const PassCase cases[] = {
    { "equal chains",
      equal_chains,
      pass_share_equal,
      { { "Neg", 2, 1 }, { "Transpose", 2, 1 }, { "Gather", 2, 1 } },
      0 },
    { "look-alikes",
      look_alikes,
      pass_share_equal,
      { { "Softmax", 3, 3 }, { "Sub", 2, 2 }, { "Gather", 2, 2 } },
      0 },
};

static void test_equal_nodes_are_shared(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        pass_case_check(&cases[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_equal_nodes_are_shared) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
