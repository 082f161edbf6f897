/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Which graphs keep their rows apart: one small graph a row. */

#include "runtime/exec/row_independence.h"

#include "runtime/base/size.h"
#include "tests/support/model_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

typedef ValueId (*Body)(Graph *graph, ValueId x);

/* x is [N,4,6] of float32 in all of these. */
static ValueId relu(Graph *graph, ValueId x) {
    return model_node(graph, "Relu", INPUTS(x), NO_ATTRIBUTES);
}
static ValueId add_per_row_constant(Graph *graph, ValueId x) {
    return model_node(graph, "Add", INPUTS(x, model_random_f32(graph, SHAPE(1, 4, 1), 1, 1)),
                      NO_ATTRIBUTES);
}
static ValueId add_low_rank_constant(Graph *graph, ValueId x) {
    return model_node(graph, "Add", INPUTS(model_random_f32(graph, SHAPE(4, 6), 1, 1), x),
                      NO_ATTRIBUTES);
}
static ValueId add_constant_with_rows(Graph *graph, ValueId x) {
    return model_node(graph, "Add", INPUTS(x, model_random_f32(graph, SHAPE(3, 4, 6), 1, 1)),
                      NO_ATTRIBUTES);
}
static ValueId add_constant_of_higher_rank(Graph *graph, ValueId x) {
    return model_node(graph, "Add", INPUTS(x, model_random_f32(graph, SHAPE(2, 1, 4, 6), 1, 1)),
                      NO_ATTRIBUTES);
}
static ValueId matmul(Graph *graph, ValueId x) {
    return model_node(graph, "MatMul", INPUTS(x, model_random_f32(graph, SHAPE(6, 5), 1, 1)),
                      NO_ATTRIBUTES);
}
static ValueId matmul_from_the_left(Graph *graph, ValueId x) {
    return model_node(graph, "MatMul", INPUTS(model_random_f32(graph, SHAPE(5, 4), 1, 1), x),
                      NO_ATTRIBUTES);
}
static ValueId attention_scores(Graph *graph, ValueId x) {
    ValueId turned =
        model_node(graph, "Transpose", INPUTS(x), ATTRIBUTES(ATTRIBUTE_OF_INTS("perm", 0, 2, 1)));
    ValueId scores = model_node(graph, "MatMul", INPUTS(x, turned), NO_ATTRIBUTES);
    return model_node(graph, "Softmax", INPUTS(scores), ATTRIBUTES(ATTRIBUTE_OF_INT("axis", -1)));
}
static ValueId softmax_over_rows(Graph *graph, ValueId x) {
    return model_node(graph, "Softmax", INPUTS(x), ATTRIBUTES(ATTRIBUTE_OF_INT("axis", -3)));
}
static ValueId transpose_rows_away(Graph *graph, ValueId x) {
    return model_node(graph, "Transpose", INPUTS(x),
                      ATTRIBUTES(ATTRIBUTE_OF_INTS("perm", 1, 0, 2)));
}
static ValueId flatten(Graph *graph, ValueId x) {
    return model_node(graph, "Flatten", INPUTS(x), ATTRIBUTES(ATTRIBUTE_OF_INT("axis", 1)));
}
static ValueId flatten_into_rows(Graph *graph, ValueId x) {
    return model_node(graph, "Flatten", INPUTS(x), ATTRIBUTES(ATTRIBUTE_OF_INT("axis", 2)));
}
static ValueId reshape_zero(Graph *graph, ValueId x) {
    return model_node(graph, "Reshape", INPUTS(x, MODEL_I64(graph, 0, -1)), NO_ATTRIBUTES);
}
static ValueId reshape_minus_one(Graph *graph, ValueId x) {
    return model_node(graph, "Reshape", INPUTS(x, MODEL_I64(graph, -1, 24)), NO_ATTRIBUTES);
}
static ValueId reshape_into_other_rows(Graph *graph, ValueId x) {
    return model_node(graph, "Reshape", INPUTS(x, MODEL_I64(graph, -1, 12)), NO_ATTRIBUTES);
}
static ValueId reshape_fixed(Graph *graph, ValueId x) {
    return model_node(graph, "Reshape", INPUTS(x, MODEL_I64(graph, 1, -1)), NO_ATTRIBUTES);
}
static ValueId row_count(Graph *graph, ValueId x) {
    ValueId shape = model_node(graph, "Shape", INPUTS(x), NO_ATTRIBUTES);
    return model_node(graph, "Gather", INPUTS(shape, MODEL_CONSTANT(graph, DTYPE_I64, SHAPE(1), 0)),
                      NO_ATTRIBUTES);
}
static ValueId reshape_computed(Graph *graph, ValueId x) {
    ValueId target = model_node(graph, "Concat", INPUTS(row_count(graph, x), MODEL_I64(graph, -1)),
                                ATTRIBUTES(ATTRIBUTE_OF_INT("axis", 0)));
    return model_node(graph, "Reshape", INPUTS(x, target), NO_ATTRIBUTES);
}
static ValueId divide_by_row_count(Graph *graph, ValueId x) {
    ValueId rows = model_node(graph, "Cast", INPUTS(row_count(graph, x)),
                              ATTRIBUTES(ATTRIBUTE_OF_INT("to", DTYPE_F32)));
    return model_node(graph, "Div", INPUTS(x, rows), NO_ATTRIBUTES);
}
/* As language models look up positions: as many as the inputs are long. */
static ValueId positions(Graph *graph, ValueId x, int64_t axis) {
    ValueId shape = model_node(graph, "Shape", INPUTS(x), NO_ATTRIBUTES);
    ValueId length =
        model_node(graph, "Gather", INPUTS(shape, MODEL_I64(graph, axis)), NO_ATTRIBUTES);
    ValueId all = MODEL_CONSTANT(graph, DTYPE_I64, SHAPE(1, 5), 0, 1, 2, 3, 4);
    ValueId zero = MODEL_I64(graph, 0), one = MODEL_I64(graph, 1);
    return model_node(graph, "Slice", INPUTS(all, zero, length, one, one), NO_ATTRIBUTES);
}
static ValueId embed(Graph *graph, ValueId x, ValueId position) {
    ValueId table = model_random_f32(graph, SHAPE(5, 6), 1, 1);
    ValueId found = model_node(graph, "Gather", INPUTS(table, position), NO_ATTRIBUTES);
    return model_node(graph, "Add", INPUTS(x, found), NO_ATTRIBUTES);
}
static ValueId add_positions(Graph *graph, ValueId x) {
    return embed(graph, x, positions(graph, x, 1));
}
static ValueId add_positions_by_rows(Graph *graph, ValueId x) {
    return embed(graph, x, positions(graph, x, 0));
}
static ValueId add_expanded(Graph *graph, ValueId x) {
    ValueId shape = model_node(graph, "Concat", INPUTS(row_count(graph, x), MODEL_I64(graph, 4, 6)),
                               ATTRIBUTES(ATTRIBUTE_OF_INT("axis", 0)));
    ValueId ones = model_node(graph, "ConstantOfShape", INPUTS(shape), NO_ATTRIBUTES);
    ValueId row = model_random_f32(graph, SHAPE(1, 1, 6), 1, 2);
    ValueId grown = model_node(graph, "Expand", INPUTS(row, shape), NO_ATTRIBUTES);
    return model_node(graph, "Add",
                      INPUTS(x, model_node(graph, "Mul", INPUTS(ones, grown), NO_ATTRIBUTES)),
                      NO_ATTRIBUTES);
}
static ValueId reduce_inside(Graph *graph, ValueId x) {
    return model_node(graph, "ReduceMean", INPUTS(x, MODEL_I64(graph, 1, -1)),
                      ATTRIBUTES(ATTRIBUTE_OF_INT("keepdims", 0)));
}
static ValueId reduce_rows(Graph *graph, ValueId x) {
    return model_node(graph, "ReduceMean", INPUTS(x, MODEL_I64(graph, -3)), NO_ATTRIBUTES);
}
static ValueId subtract_batch_mean(Graph *graph, ValueId x) {
    return model_node(graph, "Sub", INPUTS(x, reduce_rows(graph, x)), NO_ATTRIBUTES);
}
static ValueId concat_inside(Graph *graph, ValueId x) {
    return model_node(graph, "Concat", INPUTS(x, relu(graph, x)),
                      ATTRIBUTES(ATTRIBUTE_OF_INT("axis", 1)));
}
static ValueId concat_rows(Graph *graph, ValueId x) {
    return model_node(graph, "Concat", INPUTS(x, x), ATTRIBUTES(ATTRIBUTE_OF_INT("axis", 0)));
}
static ValueId slice_inside(Graph *graph, ValueId x) {
    return model_node(graph, "Slice",
                      INPUTS(x, MODEL_I64(graph, 1), MODEL_I64(graph, 3), MODEL_I64(graph, -1)),
                      NO_ATTRIBUTES);
}
static ValueId slice_rows(Graph *graph, ValueId x) {
    return model_node(graph, "Slice",
                      INPUTS(x, MODEL_I64(graph, 0), MODEL_I64(graph, 1), MODEL_I64(graph, 0)),
                      NO_ATTRIBUTES);
}
static ValueId cumulative_sum(Graph *graph, ValueId x) {
    return model_node(graph, "Expand", INPUTS(x, MODEL_I64(graph, 1, 1, 1)),
                      NO_ATTRIBUTES); /* no rule: not proven */
}
static ValueId add_rows_misaligned(Graph *graph, ValueId x) {
    /* [N,6] + [N,4,6]: the rows of the first meet axis 1 of the second */
    return model_node(graph, "Add", INPUTS(x, reduce_inside(graph, x)), NO_ATTRIBUTES);
}

static const struct {
    const char *name;
    Body body;
    bool expected;
} rows[] = {
    { "relu", relu, true },
    { "constant without rows", add_per_row_constant, true },
    { "constant of low rank", add_low_rank_constant, true },
    { "constant with rows", add_constant_with_rows, false },
    { "constant of higher rank", add_constant_of_higher_rank, false },
    { "matmul", matmul, true },
    { "matmul from the left", matmul_from_the_left, true },
    { "attention", attention_scores, true },
    { "softmax over rows", softmax_over_rows, false },
    { "transpose of rows", transpose_rows_away, false },
    { "flatten", flatten, true },
    { "flatten into rows", flatten_into_rows, false },
    { "reshape 0", reshape_zero, true },
    { "reshape -1", reshape_minus_one, true },
    { "reshape into other rows", reshape_into_other_rows, false },
    { "reshape to one row", reshape_fixed, false },
    { "reshape computed from the shape", reshape_computed, true },
    { "division by the number of rows", divide_by_row_count, false },
    { "positions by length", add_positions, true },
    { "positions by row count", add_positions_by_rows, false },
    { "filled and expanded by rows", add_expanded, true },
    { "reduce inside", reduce_inside, true },
    { "reduce rows", reduce_rows, false },
    { "batch mean", subtract_batch_mean, false },
    { "concat inside", concat_inside, true },
    { "concat of rows", concat_rows, false },
    { "slice inside", slice_inside, true },
    { "slice of rows", slice_rows, false },
    { "unknown operator", cumulative_sum, false },
    { "rows against another axis", add_rows_misaligned, false },
};

static bool prove(Graph *graph) {
    bool proven = false;
    model_check(row_independence_prove(graph, &proven));
    return proven;
}

static void test_table(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        Graph *graph = model_new();
        ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 4, 6));
        model_output(graph, "y", rows[i].body(graph, x));
        model_finish(graph);
        if (prove(graph) != rows[i].expected)
            fail_msg("%s: expected %d", rows[i].name, rows[i].expected);
        graph_free(graph);
    }
}

static void test_a_fixed_axis_0_is_no_batch(void **state) {
    (void)state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(1, 4, 6));
    model_output(graph, "y", relu(graph, x));
    model_finish(graph);
    assert_false(prove(graph));
    graph_free(graph);
}

static void test_every_input_and_output_counts(void **state) {
    (void)state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 4));
    ValueId y = model_input(graph, "y", DTYPE_F32, SHAPE(DIM_UNKNOWN, 4));
    model_output(graph, "sum", model_node(graph, "Add", INPUTS(x, y), NO_ATTRIBUTES));
    model_finish(graph);
    assert_true(prove(graph));
    model_output(graph, "constant", MODEL_F32(graph, SHAPE(1), 3));
    assert_false(prove(graph));
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_a_fixed_axis_0_is_no_batch),
        cmocka_unit_test(test_every_input_and_output_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
