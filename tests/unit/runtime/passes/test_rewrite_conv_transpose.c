/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* ConvTranspose without overlap into Conv and DepthToSpace. */

#include "runtime/base/size.h"
#include "runtime/passes/passes.h"
#include "tests/support/model_builder.h"
#include "tests/support/pass_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static ValueId transposed(Graph *graph, ValueId x, Shape weights, int64_t stride, bool bias) {
    return model_node(
        graph, "ConvTranspose",
        INPUTS(x, model_random_f32(graph, weights, 1, 1),
               bias ? model_random_f32(graph, SHAPE(weights.dims[1]), 1, 2) : VALUE_NONE),
        ATTRIBUTES(ATTRIBUTE_OF_INTS("strides", stride, stride)));
}

static Graph *alone(Shape weights, int64_t stride, bool bias) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 4, 5, 6));
    model_output(graph, "y", transposed(graph, x, weights, stride, bias));
    model_finish(graph);
    return graph;
}

static Graph *by_two(void) {
    return alone(SHAPE(4, 3, 2, 2), 2, true);
}
static Graph *by_three_without_bias(void) {
    return alone(SHAPE(4, 2, 3, 3), 3, false);
}
static Graph *overlapping(void) {
    return alone(SHAPE(4, 3, 3, 3), 2, true);
}
static Graph *oblong(void) {
    return alone(SHAPE(4, 3, 2, 3), 2, true);
}

static Graph *padded(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 4, 5, 6));
    model_output(graph, "y",
                 model_node(graph, "ConvTranspose",
                            INPUTS(x, model_random_f32(graph, SHAPE(4, 3, 2, 2), 1, 1)),
                            ATTRIBUTES(ATTRIBUTE_OF_INTS("strides", 2, 2),
                                       ATTRIBUTE_OF_INTS("pads", 1, 0, 0, 1))));
    model_finish(graph);
    return graph;
}

/* Two in a row with activations: those pass to the products. */
static Graph *activated(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 4, 5, 6));
    ValueId y = transposed(graph, x, SHAPE(4, 4, 2, 2), 2, true);
    y = model_node(graph, "Clip", INPUTS(y, MODEL_F32(graph, SHAPE_SCALAR, -0.5), VALUE_NONE),
                   NO_ATTRIBUTES);
    y = model_node(graph, "Relu", INPUTS(y), NO_ATTRIBUTES);
    y = transposed(graph, y, SHAPE(4, 1, 2, 2), 2, true);
    model_output(graph, "y", model_node(graph, "Sigmoid", INPUTS(y), NO_ATTRIBUTES));
    model_finish(graph);
    return graph;
}

/* Sums over 4 channels in another order of operations. */
static const PassCase cases[] = {
    { "by two",
      by_two,
      pass_rewrite_conv_transpose,
      { { "ConvTranspose", 1, 0 }, { "Conv", 0, 1 }, { "DepthToSpace", 0, 1 } },
      1e-5f },
    { "by three, no bias",
      by_three_without_bias,
      pass_rewrite_conv_transpose,
      { { "ConvTranspose", 1, 0 }, { "Conv", 0, 1 } },
      1e-5f },
    { "overlapping",
      overlapping,
      pass_rewrite_conv_transpose,
      { { "ConvTranspose", 1, 1 }, { "Conv", 0, 0 } },
      0 },
    { "oblong", oblong, pass_rewrite_conv_transpose, { { "ConvTranspose", 1, 1 } }, 0 },
    { "padded", padded, pass_rewrite_conv_transpose, { { "ConvTranspose", 1, 1 } }, 0 },
    { "activated",
      activated,
      pass_rewrite_conv_transpose,
      { { "ConvTranspose", 2, 0 }, { "Conv", 0, 2 }, { "Relu", 1, 1 }, { "Sigmoid", 1, 1 } },
      1e-5f },
};

static void test_cases(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        pass_case_check(&cases[i]);
}

static void test_activations_stand_before_the_moves(void **state) {
    (void)state;
    Graph *graph = activated();
    PassContext context = { 0 };
    Status status = pass_rewrite_conv_transpose(graph, &context);
    assert_true(status_is_ok(&status));
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        if (node->removed || strcmp(node->op->name, "DepthToSpace") != 0)
            continue;
        const Value *read = graph_value_const(graph, node->inputs[0]);
        const char *before = graph_node_const(graph, read->producer)->op->name;
        assert_true(strcmp(before, "Relu") == 0 || strcmp(before, "Sigmoid") == 0);
    }
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_activations_stand_before_the_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
