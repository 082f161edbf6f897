/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Activations, scalars and residuals into epilogues; biases of MatMul; decomposed activations
 * before them. */

#include "runtime/base/size.h"
#include "runtime/passes/passes.h"
#include "tests/support/model_builder.h"
#include "tests/support/pass_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static ValueId unary(Graph *graph, const char *op, ValueId x) {
    return model_node(graph, op, INPUTS(x), NO_ATTRIBUTES);
}
static ValueId binary(Graph *graph, const char *op, ValueId a, ValueId b) {
    return model_node(graph, op, INPUTS(a, b), NO_ATTRIBUTES);
}
static ValueId number(Graph *graph, double value) {
    return MODEL_F32(graph, SHAPE_SCALAR, value);
}
static ValueId conv(Graph *graph, ValueId x, uint32_t seed) {
    return model_node(graph, "Conv", INPUTS(x, model_random_f32(graph, SHAPE(3, 3, 3, 3), 1, seed)),
                      ATTRIBUTES(ATTRIBUTE_OF_INTS("pads", 1, 1, 1, 1)));
}
static ValueId image(Graph *graph) {
    return model_input(graph, "x", DTYPE_F32, SHAPE(2, 3, 5, 5));
}
static Graph *finish(Graph *graph, ValueId y) {
    model_output(graph, "y", y);
    model_finish(graph);
    return graph;
}

static Graph *all_activations(void) {
    Graph *graph = model_new();
    ValueId x = image(graph);
    static const char *const names[] = { "Relu",      "Sigmoid",   "Tanh",
                                         "HardSwish", "LeakyRelu", "HardSigmoid" };
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        model_output(graph, names[i], unary(graph, names[i], conv(graph, x, (uint32_t)i)));
    ValueId clipped =
        model_node(graph, "Clip", INPUTS(conv(graph, x, 9), number(graph, -1), number(graph, 2)),
                   NO_ATTRIBUTES);
    return finish(graph, clipped);
}
static Graph *residual(void) {
    Graph *graph = model_new();
    ValueId x = image(graph), first = unary(graph, "Relu", conv(graph, x, 1));
    ValueId sum = binary(graph, "Add", conv(graph, first, 2), x);
    return finish(graph, unary(graph, "Relu", sum));
}
static Graph *two_branches(void) {
    Graph *graph = model_new();
    ValueId x = image(graph);
    return finish(graph,
                  unary(graph, "Relu", binary(graph, "Sum", conv(graph, x, 1), conv(graph, x, 2))));
}
static Graph *read_twice(void) {
    Graph *graph = model_new();
    ValueId y = conv(graph, image(graph), 1);
    model_output(graph, "raw", y);
    return finish(graph, unary(graph, "Relu", y));
}
static Graph *scalar_chain(void) {
    Graph *graph = model_new();
    ValueId y = unary(graph, "Relu", conv(graph, image(graph), 1));
    y = binary(graph, "Mul", y, number(graph, 2));
    return finish(graph, binary(graph, "Add", number(graph, 1), y));
}
static Graph *linear_on_both_sides(void) {
    Graph *graph = model_new();
    ValueId y = binary(graph, "Mul", conv(graph, image(graph), 1), number(graph, 2));
    y = unary(graph, "Relu", binary(graph, "Sub", y, number(graph, 0.5)));
    return finish(graph, binary(graph, "Add", number(graph, 3), y));
}
static Graph *product_with_bias(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 4, 6));
    ValueId y = binary(graph, "MatMul", x, model_random_f32(graph, SHAPE(6, 5), 1, 1));
    return finish(graph, binary(graph, "Add", model_random_f32(graph, SHAPE(5), 1, 2), y));
}
static Graph *product_with_wide_addition(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 1, 6));
    ValueId y = binary(graph, "MatMul", x, model_random_f32(graph, SHAPE(6, 5), 1, 1));
    return finish(graph, binary(graph, "Add", y, model_random_f32(graph, SHAPE(3, 5), 1, 2)));
}
static Graph *hard_swish_spelled_out(void) {
    Graph *graph = model_new();
    ValueId x = image(graph);
    ValueId gate = model_node(
        graph, "Clip",
        INPUTS(binary(graph, "Add", x, number(graph, 3)), number(graph, 0), number(graph, 6)),
        NO_ATTRIBUTES);
    model_output(graph, "division_last",
                 binary(graph, "Div", binary(graph, "Mul", x, gate), number(graph, 6)));
    ValueId sixth = binary(graph, "Mul", gate, number(graph, 1.0 / 6.0));
    return finish(graph, binary(graph, "Mul", sixth, x));
}
static Graph *swish_and_hard_gate(void) {
    Graph *graph = model_new();
    ValueId x = image(graph);
    model_output(graph, "swish", binary(graph, "Mul", x, unary(graph, "Sigmoid", x)));
    ValueId gate = model_node(
        graph, "HardSigmoid", INPUTS(x),
        ATTRIBUTES(ATTRIBUTE_OF_FLOAT("alpha", 1.0f / 6.0f), ATTRIBUTE_OF_FLOAT("beta", 0.5f)));
    return finish(graph, binary(graph, "Mul", gate, x));
}
static Graph *other_gate(void) {
    Graph *graph = model_new();
    ValueId x = image(graph);
    return finish(graph, binary(graph, "Mul", x,
                                unary(graph, "HardSigmoid", x))); /* alpha 0.2: no HardSwish */
}

/* Tanh(Exp(x) * 0.5 - 1 + z), longer than a block: one node that goes over it piece by piece. */
static Graph *elementwise_chain(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(3, 3001));
    ValueId z = model_input(graph, "z", DTYPE_F32, SHAPE(3, 3001));
    ValueId y = binary(graph, "Mul", unary(graph, "Exp", x), MODEL_F32(graph, SHAPE_SCALAR, 0.5));
    y = binary(graph, "Sub", y, MODEL_F32(graph, SHAPE_SCALAR, 1));
    return finish(graph, unary(graph, "Tanh", binary(graph, "Add", y, z)));
}

/* It begins with a broadcast; the sum with a product's result is left to the product. */
static Graph *chain_beside_product(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(5, 6));
    ValueId chain =
        unary(graph, "Relu", binary(graph, "Mul", x, model_random_f32(graph, SHAPE(6), 1, 1)));
    ValueId product = binary(graph, "MatMul", x, model_random_f32(graph, SHAPE(6, 6), 1, 2));
    return finish(graph, unary(graph, "Sigmoid", binary(graph, "Add", chain, product)));
}

/* The middle is an output too. */
static Graph *chain_read_twice(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(5, 6));
    ValueId y = unary(graph, "Exp", x);
    model_output(graph, "middle", y);
    return finish(graph, unary(graph, "Relu", y));
}

/* Tolerances: oneDNN's activations are polynomials, 1e-6 relative; sums in another order. */
static const PassCase cases[] = {
    { "activations",
      all_activations,
      pass_fuse_epilogues,
      { { "Relu", 1, 0 },
        { "Sigmoid", 1, 0 },
        { "Tanh", 1, 0 },
        { "HardSwish", 1, 0 },
        { "Clip", 1, 0 } },
      1e-5f },
    { "residual",
      residual,
      pass_fuse_epilogues,
      { { "Relu", 2, 0 }, { "Add", 1, 0 }, { "Conv", 2, 2 } },
      1e-5f },
    { "two branches",
      two_branches,
      pass_fuse_epilogues,
      { { "Relu", 1, 0 }, { "Sum", 1, 0 }, { "Conv", 2, 2 } },
      1e-5f },
    { "read twice", read_twice, pass_fuse_epilogues, { { "Relu", 1, 1 } }, 0 },
    { "scalars",
      scalar_chain,
      pass_fuse_epilogues,
      { { "Relu", 1, 0 }, { "Mul", 1, 0 }, { "Add", 1, 0 } },
      1e-5f },
    { "linear twice",
      linear_on_both_sides,
      pass_fuse_epilogues,
      { { "Relu", 1, 0 }, { "Mul", 1, 0 }, { "Sub", 1, 0 } },
      1e-5f },
    { "chain",
      elementwise_chain,
      pass_fuse_epilogues,
      { { "Exp", 1, 1 }, { "Mul", 1, 0 }, { "Sub", 1, 0 }, { "Add", 1, 0 }, { "Tanh", 1, 0 } },
      1e-6f },
    { "chain beside a product",
      chain_beside_product,
      pass_fuse_epilogues,
      { { "Mul", 1, 1 }, { "Relu", 1, 0 }, { "Add", 1, 0 }, { "Sigmoid", 1, 0 } },
      1e-5f },
    { "chain read twice",
      chain_read_twice,
      pass_fuse_epilogues,
      { { "Exp", 1, 1 }, { "Relu", 1, 1 } },
      0 },
    { "bias", product_with_bias, pass_fuse_bias, { { "Add", 1, 0 } }, 1e-5f },
    { "wide addition", product_with_wide_addition, pass_fuse_bias, { { "Add", 1, 1 } }, 0 },
    { "hard swish",
      hard_swish_spelled_out,
      pass_match_activations,
      { { "HardSwish", 0, 2 }, { "Mul", 3, 0 }, { "Div", 1, 0 }, { "Clip", 1, 0 } },
      1e-5f },
    { "hard gate",
      swish_and_hard_gate,
      pass_match_activations,
      { { "HardSwish", 0, 1 }, { "Mul", 2, 1 } },
      1e-5f },
    { "other gate",
      other_gate,
      pass_match_activations,
      { { "HardSwish", 0, 0 }, { "Mul", 1, 1 } },
      0 },
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
