/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * GELU and Swish in the forms that exporters write, and near misses that must stay as they are.
 * Tolerance: both sides approximate; 1e-5 leaves room for the cancellation in 1 + Erf near -1.
 */

#include "runtime/base/size.h"
#include "runtime/passes/passes.h"
#include "tests/support/model_builder.h"
#include "tests/support/pass_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static ValueId with(Graph *graph, const char *op, ValueId a, ValueId b) {
    return model_node(graph, op, INPUTS(a, b), NO_ATTRIBUTES);
}

static ValueId of(Graph *graph, const char *op, ValueId a) {
    return model_node(graph, op, INPUTS(a), NO_ATTRIBUTES);
}

static ValueId number(Graph *graph, double value) {
    return MODEL_F32(graph, SHAPE_SCALAR, value);
}

static ValueId start(Graph **ret_graph) {
    *ret_graph = model_new();
    return model_input(*ret_graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 33));
}

static Graph *finish(Graph *graph, ValueId y) {
    model_output(graph, "y", y);
    model_finish(graph);
    return graph;
}

static ValueId erf_gate(Graph *graph, ValueId x, double root) {
    return with(graph, "Add", of(graph, "Erf", with(graph, "Div", x, number(graph, root))),
                number(graph, 1));
}

/* As PyTorch writes it. */
static Graph *erf_pytorch(void) {
    Graph *graph;
    ValueId x = start(&graph);
    ValueId y = with(graph, "Mul", x, erf_gate(graph, x, 1.4142135));
    return finish(graph, with(graph, "Mul", y, number(graph, 0.5)));
}

static Graph *erf_half_first(void) {
    Graph *graph;
    ValueId x = start(&graph);
    ValueId half = with(graph, "Mul", number(graph, 0.5), x);
    ValueId scaled = with(graph, "Mul", x, number(graph, 0.70710677));
    ValueId gate = with(graph, "Add", number(graph, 1), of(graph, "Erf", scaled));
    return finish(graph, with(graph, "Mul", half, gate));
}

static Graph *erf_of_another_root(void) {
    Graph *graph;
    ValueId x = start(&graph);
    ValueId y = with(graph, "Mul", x, erf_gate(graph, x, 1.5));
    return finish(graph, with(graph, "Mul", y, number(graph, 0.5)));
}

static Graph *erf_of_another_value(void) {
    Graph *graph;
    ValueId x = start(&graph);
    ValueId y =
        with(graph, "Mul", of(graph, "Neg", x), erf_gate(graph, of(graph, "Abs", x), 1.4142135));
    return finish(graph, with(graph, "Mul", y, number(graph, 0.5)));
}

static Graph *tanh_by_power(void) {
    Graph *graph;
    ValueId x = start(&graph);
    ValueId cube = with(graph, "Pow", x, number(graph, 3));
    ValueId sum = with(graph, "Add", x, with(graph, "Mul", cube, number(graph, 0.044715)));
    ValueId t = of(graph, "Tanh", with(graph, "Mul", number(graph, 0.7978845608), sum));
    ValueId half = with(graph, "Mul", x, number(graph, 0.5));
    return finish(graph, with(graph, "Mul", half, with(graph, "Add", number(graph, 1), t)));
}

static Graph *tanh_by_products(void) {
    Graph *graph;
    ValueId x = start(&graph);
    ValueId square = with(graph, "Mul", x, x);
    ValueId inner =
        with(graph, "Add", with(graph, "Mul", square, number(graph, 0.044715)), number(graph, 1));
    ValueId argument = with(graph, "Mul", with(graph, "Mul", x, number(graph, 0.79788458)), inner);
    ValueId gate = with(graph, "Add", of(graph, "Tanh", argument), number(graph, 1));
    return finish(graph, with(graph, "Mul", x, with(graph, "Mul", gate, number(graph, 0.5))));
}

static Graph *swish(void) {
    Graph *graph;
    ValueId x = start(&graph);
    return finish(graph, with(graph, "Mul", of(graph, "Sigmoid", x), x));
}

static Graph *quick_gelu(void) {
    Graph *graph;
    ValueId x = start(&graph);
    ValueId gate = of(graph, "Sigmoid", with(graph, "Mul", x, number(graph, 1.702)));
    return finish(graph, with(graph, "Mul", x, gate));
}

static const PassCase cases[] = {
    { "erf, pytorch",
      erf_pytorch,
      pass_match_gelu,
      { { "Gelu", 0, 1 }, { "Erf", 1, 0 }, { "Mul", 2, 0 } },
      1e-5f },
    { "erf, half first",
      erf_half_first,
      pass_match_gelu,
      { { "Gelu", 0, 1 }, { "Add", 1, 0 } },
      1e-5f },
    { "another root",
      erf_of_another_root,
      pass_match_gelu,
      { { "Gelu", 0, 0 }, { "Erf", 1, 1 } },
      0 },
    { "another value",
      erf_of_another_value,
      pass_match_gelu,
      { { "Gelu", 0, 0 }, { "Erf", 1, 1 } },
      0 },
    { "tanh by Pow",
      tanh_by_power,
      pass_match_gelu,
      { { "Gelu", 0, 1 }, { "Tanh", 1, 0 }, { "Pow", 1, 0 } },
      1e-5f },
    { "tanh by Mul",
      tanh_by_products,
      pass_match_gelu,
      { { "Gelu", 0, 1 }, { "Mul", 6, 0 } },
      1e-5f },
    { "swish", swish, pass_match_gelu, { { "Swish", 0, 1 }, { "Sigmoid", 1, 0 } }, 1e-6f },
    { "quick gelu", quick_gelu, pass_match_gelu, { { "Swish", 0, 1 }, { "Mul", 2, 0 } }, 1e-6f },
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
