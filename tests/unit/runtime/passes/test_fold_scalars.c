/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Scalar and per-channel arithmetic into weights. */

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

static Graph *conv_chain(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 2, 5, 5));
    ValueId y = model_node(
        graph, "Conv", INPUTS(x, model_random_f32(graph, SHAPE(3, 2, 3, 3), 1, 1)), NO_ATTRIBUTES);
    y = with(graph, "Mul", y, MODEL_F32(graph, SHAPE_SCALAR, 2));
    y = with(graph, "Add", MODEL_F32(graph, SHAPE(1, 3, 1, 1), 1, 2, 3), y);
    y = with(graph, "Div", y, MODEL_F32(graph, SHAPE(3, 1, 1), 2, 4, 8));
    y = with(graph, "Sub", y, MODEL_F32(graph, SHAPE(1), 0.5));
    model_output(graph, "y", y);
    model_finish(graph);
    return graph;
}

/* Neither is linear in the node's result, or one number a channel. */
static Graph *conv_not_foldable(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 2, 5, 5));
    ValueId w = model_random_f32(graph, SHAPE(3, 2, 3, 3), 1, 1);
    ValueId a = model_node(graph, "Conv", INPUTS(x, w), NO_ATTRIBUTES);
    model_output(graph, "a", with(graph, "Div", MODEL_F32(graph, SHAPE_SCALAR, 2), a));
    ValueId b = model_node(graph, "Conv", INPUTS(x, w), NO_ATTRIBUTES);
    model_output(
        graph, "b",
        with(graph, "Mul", b, MODEL_F32(graph, SHAPE(3), 1, 2, 3))); /* along the columns */
    ValueId c = model_node(graph, "Conv", INPUTS(x, w), NO_ATTRIBUTES);
    model_output(
        graph, "c",
        with(graph, "Add", c, MODEL_F32(graph, SHAPE(2, 1, 1, 1, 1), 1, 2))); /* higher rank */
    model_finish(graph);
    return graph;
}

static Graph *gemm(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 4));
    ValueId y = model_node(graph, "Gemm",
                           INPUTS(x, model_random_f32(graph, SHAPE(3, 4), 1, 1),
                                  model_random_f32(graph, SHAPE(3), 1, 2)),
                           ATTRIBUTES(ATTRIBUTE_OF_INT("transB", 1)));
    y = with(graph, "Mul", y, MODEL_F32(graph, SHAPE(3), 1, -2, 3));
    model_output(graph, "y", with(graph, "Add", y, MODEL_F32(graph, SHAPE(1, 3), 4, 5, 6)));
    model_finish(graph);
    return graph;
}

static Graph *matmul(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 5, 4));
    ValueId y = with(graph, "MatMul", x, model_random_f32(graph, SHAPE(4, 3), 1, 1));
    y = with(graph, "Mul", y, MODEL_F32(graph, SHAPE_SCALAR, 0.25));
    model_output(graph, "y", with(graph, "Add", y, MODEL_F32(graph, SHAPE(3), 4, 5, 6)));
    model_finish(graph);
    return graph;
}

static const PassCase cases[] = {
    { "conv",
      conv_chain,
      pass_fold_scalars,
      { { "Mul", 1, 0 }, { "Add", 1, 0 }, { "Div", 1, 0 }, { "Sub", 1, 0 } },
      1e-5f },
    { "not foldable",
      conv_not_foldable,
      pass_fold_scalars,
      { { "Mul", 1, 1 }, { "Add", 1, 1 }, { "Div", 1, 1 } },
      0 },
    { "gemm", gemm, pass_fold_scalars, { { "Mul", 1, 0 }, { "Add", 1, 0 } }, 1e-5f },
    { "matmul has no bias",
      matmul,
      pass_fold_scalars,
      { { "Mul", 1, 0 }, { "Add", 1, 1 } },
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
