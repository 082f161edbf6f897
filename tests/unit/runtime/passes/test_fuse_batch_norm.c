/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* BatchNormalization into weights, or into Mul and Add. */

#include "runtime/base/size.h"
#include "runtime/passes/passes.h"
#include "tests/support/model_builder.h"
#include "tests/support/pass_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static ValueId batch_norm(Graph *graph, ValueId x, double variance) {
    return model_node(graph, "BatchNormalization",
                      INPUTS(x, MODEL_F32(graph, SHAPE(3), 1.5, -2, 0.5),
                             MODEL_F32(graph, SHAPE(3), 1, 2, 3),
                             MODEL_F32(graph, SHAPE(3), 0.1, 0.2, -0.3),
                             MODEL_F32(graph, SHAPE(3), variance, 2, 0.25)),
                      ATTRIBUTES(ATTRIBUTE_OF_FLOAT("epsilon", 1e-3f)));
}

static Graph *conv(bool bias, bool twice) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 2, 5, 5));
    ValueId w = model_random_f32(graph, SHAPE(3, 2, 3, 3), 1, 1);
    ValueId b = bias ? model_random_f32(graph, SHAPE(3), 1, 2) : VALUE_NONE;
    ValueId y = model_node(graph, "Conv", INPUTS(x, w, b),
                           ATTRIBUTES(ATTRIBUTE_OF_INTS("pads", 1, 1, 1, 1)));
    model_output(graph, "y", batch_norm(graph, y, 4));
    if (twice)
        model_output(graph, "raw", y);
    model_finish(graph);
    return graph;
}

static Graph *conv_with_bias(void) {
    return conv(true, false);
}
static Graph *conv_without_bias(void) {
    return conv(false, false);
}
static Graph *conv_read_twice(void) {
    return conv(true, true);
}
static Graph *alone(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 3, 4));
    model_output(graph, "y", batch_norm(graph, x, 4));
    model_finish(graph);
    return graph;
}

/* Rounding: products in double, one more rounding of the weights. */
static const PassCase cases[] = {
    { "bias",
      conv_with_bias,
      pass_fuse_batch_norm,
      { { "BatchNormalization", 1, 0 }, { "Mul", 0, 0 } },
      1e-5f },
    { "no bias",
      conv_without_bias,
      pass_fuse_batch_norm,
      { { "BatchNormalization", 1, 0 }, { "Add", 0, 0 } },
      1e-5f },
    { "read twice",
      conv_read_twice,
      pass_fuse_batch_norm,
      { { "BatchNormalization", 1, 0 }, { "Mul", 0, 1 } },
      1e-5f },
    { "alone",
      alone,
      pass_fuse_batch_norm,
      { { "BatchNormalization", 1, 0 }, { "Mul", 0, 1 }, { "Add", 0, 1 } },
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
