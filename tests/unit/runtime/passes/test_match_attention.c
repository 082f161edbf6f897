/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Attention in the forms that exporters write, and near misses. Tolerance: scores are scaled and
 * summed in another order, and exp multiplies what that comes to (scores reach 50 here).
 */

#include "runtime/base/size.h"
#include "runtime/passes/passes.h"
#include "tests/support/model_builder.h"
#include "tests/support/pass_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { BATCH = 2, HEADS = 3, SEQUENCE = 5, SIZE = 8 };

static ValueId with(Graph *graph, const char *op, ValueId a, ValueId b) {
    return model_node(graph, op, INPUTS(a, b), NO_ATTRIBUTES);
}

static ValueId number(Graph *graph, double value) {
    return MODEL_F32(graph, SHAPE_SCALAR, value);
}

static ValueId turned(Graph *graph, ValueId x, int64_t a, int64_t b, int64_t c, int64_t d) {
    return model_node(graph, "Transpose", INPUTS(x),
                      ATTRIBUTES(ATTRIBUTE_OF_INTS("perm", a, b, c, d)));
}

static ValueId softmax(Graph *graph, ValueId x) {
    return model_node(graph, "Softmax", INPUTS(x), ATTRIBUTES(ATTRIBUTE_OF_INT("axis", -1)));
}

/* An input [b, s, h * d] as [b, s, h, d]. */
static ValueId heads(Graph *graph, const char *name) {
    ValueId x = model_input(graph, name, DTYPE_F32, SHAPE(BATCH, SEQUENCE, HEADS * SIZE));
    return with(graph, "Reshape", x, MODEL_I64(graph, BATCH, SEQUENCE, HEADS, SIZE));
}

static Graph *finish(Graph *graph, ValueId y) {
    model_output(graph, "y", y);
    model_finish(graph);
    return graph;
}

static ValueId joined(Graph *graph, ValueId o) {
    return with(graph, "Reshape", turned(graph, o, 0, 2, 1, 3),
                MODEL_I64(graph, BATCH, SEQUENCE, HEADS * SIZE));
}

/* As PyTorch writes BERT: Div, mask, keys turned in one go. */
static Graph *bert(void) {
    Graph *graph = model_new();
    ValueId q = turned(graph, heads(graph, "q"), 0, 2, 1, 3);
    ValueId k = turned(graph, heads(graph, "k"), 0, 2, 3, 1);
    ValueId v = turned(graph, heads(graph, "v"), 0, 2, 1, 3);
    ValueId mask = model_input(graph, "mask", DTYPE_F32, SHAPE(BATCH, 1, 1, SEQUENCE));
    ValueId scores = with(graph, "Div", with(graph, "MatMul", q, k), number(graph, 2.5));
    ValueId p = softmax(graph, with(graph, "Add", scores, mask));
    return finish(graph, joined(graph, with(graph, "MatMul", p, v)));
}

/* As PyTorch writes its fused attention: roots of the scale on both sides, keys turned twice. */
static Graph *scaled_sides(void) {
    Graph *graph = model_new();
    ValueId q =
        with(graph, "Mul", turned(graph, heads(graph, "q"), 0, 2, 1, 3), number(graph, 0.5));
    ValueId k = turned(graph, turned(graph, heads(graph, "k"), 0, 2, 1, 3), 0, 1, 3, 2);
    k = with(graph, "Mul", k, number(graph, 0.5));
    ValueId v = turned(graph, heads(graph, "v"), 0, 2, 1, 3);
    ValueId p = softmax(graph, with(graph, "MatMul", q, k));
    return finish(graph, joined(graph, with(graph, "MatMul", p, v)));
}

/* Heads come apart already, as after a rotary embedding. */
static Graph *apart(void) {
    Graph *graph = model_new();
    Shape shape = SHAPE(BATCH, HEADS, SEQUENCE, SIZE);
    ValueId q = model_input(graph, "q", DTYPE_F32, shape);
    ValueId k = model_input(graph, "k", DTYPE_F32, shape);
    ValueId v = model_input(graph, "v", DTYPE_F32, shape);
    ValueId scores = with(graph, "MatMul", q, turned(graph, k, 0, 1, 3, 2));
    ValueId p = softmax(graph, with(graph, "Mul", number(graph, 0.25), scores));
    return finish(graph, with(graph, "MatMul", p, v));
}

/* The weights are an output too. */
static Graph *shown_weights(void) {
    Graph *graph = model_new();
    ValueId q = turned(graph, heads(graph, "q"), 0, 2, 1, 3);
    ValueId k = turned(graph, heads(graph, "k"), 0, 2, 3, 1);
    ValueId v = turned(graph, heads(graph, "v"), 0, 2, 1, 3);
    ValueId p = softmax(graph, with(graph, "MatMul", q, k));
    model_output(graph, "weights", p);
    return finish(graph, with(graph, "MatMul", p, v));
}

/* A mask that is shorter than the keys would be cut, not broadcast; keys that are not turned. */
static Graph *broadcast_mask(void) {
    Graph *graph = model_new();
    ValueId q = turned(graph, heads(graph, "q"), 0, 2, 1, 3);
    ValueId k = turned(graph, heads(graph, "k"), 0, 2, 3, 1);
    ValueId v = turned(graph, heads(graph, "v"), 0, 2, 1, 3);
    ValueId mask = model_input(graph, "mask", DTYPE_F32, SHAPE(BATCH, 1, SEQUENCE, 1));
    ValueId p = softmax(graph, with(graph, "Add", with(graph, "MatMul", q, k), mask));
    return finish(graph, joined(graph, with(graph, "MatMul", p, v)));
}

static const PassCase cases[] = {
    { "bert",
      bert,
      pass_match_attention,
      { { "Attention", 0, 1 },
        { "Transpose", 4, 0 },
        { "Softmax", 1, 0 },
        { "Add", 1, 0 },
        { "Div", 1, 0 } },
      1e-4f },
    { "scaled sides",
      scaled_sides,
      pass_match_attention,
      { { "Attention", 0, 1 }, { "Transpose", 5, 0 }, { "Mul", 2, 0 } },
      1e-4f },
    { "heads apart",
      apart,
      pass_match_attention,
      { { "Attention", 0, 1 }, { "Transpose", 1, 0 }, { "Mul", 1, 0 } },
      1e-4f },
    { "weights are read",
      shown_weights,
      pass_match_attention,
      { { "Attention", 0, 0 }, { "Softmax", 1, 1 } },
      0 },
    { "broadcast mask",
      broadcast_mask,
      pass_match_attention,
      { { "Attention", 0, 0 }, { "Add", 1, 1 } },
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
