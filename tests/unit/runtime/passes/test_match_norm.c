/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * LayerNormalization and RMSNormalization in the forms that exporters write, and near misses.
 * Tolerance: the sums run in another order.
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
    return model_input(*ret_graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 3, 24));
}

static Graph *finish(Graph *graph, ValueId y) {
    model_output(graph, "y", y);
    model_finish(graph);
    return graph;
}

static ValueId mean(Graph *graph, ValueId x) {
    return model_node(graph, "ReduceMean", INPUTS(x, MODEL_I64(graph, -1)), NO_ATTRIBUTES);
}

static ValueId deviation(Graph *graph, ValueId square) {
    return of(graph, "Sqrt", with(graph, "Add", mean(graph, square), number(graph, 1e-3)));
}

static ValueId affine(Graph *graph, ValueId x, Shape shape) {
    ValueId y = with(graph, "Mul", x, model_random_f32(graph, shape, 1, 1));
    return with(graph, "Add", y, model_random_f32(graph, shape, 1, 2));
}

/* As PyTorch writes it below opset 17. */
static Graph *layer_pytorch(void) {
    Graph *graph;
    ValueId x = start(&graph);
    ValueId c = with(graph, "Sub", x, mean(graph, x));
    ValueId d = deviation(graph, with(graph, "Pow", c, number(graph, 2)));
    return finish(graph, affine(graph, with(graph, "Div", c, d), SHAPE(24)));
}

/* Two subtractions, a product for the square, a reciprocal root; scale on the left. */
static Graph *layer_twice(void) {
    Graph *graph;
    ValueId x = start(&graph);
    ValueId m = mean(graph, x), c = with(graph, "Sub", x, m), c2 = with(graph, "Sub", x, m);
    ValueId r = of(graph, "Reciprocal", deviation(graph, with(graph, "Mul", c, c)));
    ValueId y = with(graph, "Mul", r, c2);
    return finish(graph, with(graph, "Mul", model_random_f32(graph, SHAPE(1, 24), 1, 1), y));
}

static Graph *layer_bare(void) {
    Graph *graph;
    ValueId x = start(&graph);
    ValueId c = with(graph, "Sub", x, mean(graph, x));
    ValueId v = with(graph, "Add", number(graph, 1e-3), mean(graph, with(graph, "Mul", c, c)));
    return finish(graph, with(graph, "Mul", c, with(graph, "Pow", v, number(graph, -0.5))));
}

/* Both trailing axes; a scale of both, and a shift of the last alone. */
static Graph *layer_two_axes(void) {
    Graph *graph;
    ValueId x = start(&graph), axes = MODEL_I64(graph, 2, -2);
    ValueId c =
        with(graph, "Sub", x, model_node(graph, "ReduceMean", INPUTS(x, axes), NO_ATTRIBUTES));
    ValueId v =
        model_node(graph, "ReduceMean", INPUTS(with(graph, "Mul", c, c), axes), NO_ATTRIBUTES);
    ValueId d = of(graph, "Sqrt", with(graph, "Add", v, number(graph, 1e-3)));
    ValueId y =
        with(graph, "Mul", with(graph, "Div", c, d), model_random_f32(graph, SHAPE(3, 24), 1, 1));
    return finish(graph, with(graph, "Add", y, model_random_f32(graph, SHAPE(24), 1, 2)));
}

static Graph *rms(void) {
    Graph *graph;
    ValueId x = start(&graph);
    ValueId d = deviation(graph, with(graph, "Pow", x, number(graph, 2)));
    ValueId y = with(graph, "Mul", x, with(graph, "Div", number(graph, 1), d));
    return finish(graph, with(graph, "Mul", model_random_f32(graph, SHAPE(24), 1, 1), y));
}

/* Divided by the deviation of another value: none of both. */
static Graph *not_a_norm(void) {
    Graph *graph;
    ValueId x = start(&graph);
    ValueId other = of(graph, "Tanh", x);
    ValueId d = deviation(graph, with(graph, "Mul", other, other));
    return finish(graph, with(graph, "Div", x, d));
}

/* An operand with rows of its own stays outside; so does one that a computed value is. */
static Graph *wide_scale(void) {
    Graph *graph;
    ValueId x = start(&graph);
    ValueId c = with(graph, "Sub", x, mean(graph, x));
    ValueId y = with(graph, "Div", c, deviation(graph, with(graph, "Mul", c, c)));
    return finish(graph, affine(graph, y, SHAPE(3, 1)));
}

static const PassCase cases[] = {
    { "layer, pytorch",
      layer_pytorch,
      pass_match_norm,
      { { "LayerNormalization", 0, 1 }, { "ReduceMean", 2, 0 }, { "Add", 2, 0 }, { "Mul", 1, 0 } },
      1e-5f },
    { "layer, written twice",
      layer_twice,
      pass_match_norm,
      { { "LayerNormalization", 0, 1 }, { "Sub", 2, 0 }, { "Mul", 3, 0 } },
      1e-5f },
    { "layer, bare",
      layer_bare,
      pass_match_norm,
      { { "LayerNormalization", 0, 1 }, { "Pow", 1, 0 } },
      1e-5f },
    { "layer, two axes",
      layer_two_axes,
      pass_match_norm,
      { { "LayerNormalization", 0, 1 }, { "Mul", 2, 0 }, { "Add", 2, 0 } },
      1e-5f },
    { "rms",
      rms,
      pass_match_norm,
      { { "RMSNormalization", 0, 1 }, { "ReduceMean", 1, 0 }, { "Mul", 2, 0 } },
      1e-5f },
    { "not a norm",
      not_a_norm,
      pass_match_norm,
      { { "RMSNormalization", 0, 0 }, { "Div", 1, 1 } },
      0 },
    { "wide scale",
      wide_scale,
      pass_match_norm,
      { { "LayerNormalization", 0, 1 }, { "Mul", 2, 1 }, { "Add", 2, 1 } },
      1e-5f },
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
