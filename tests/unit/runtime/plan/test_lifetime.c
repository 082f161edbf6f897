/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Lifetimes on a small graph with views, an output that is a view, and a value of unknown size. */

#include "runtime/plan/lifetime.h"

#include "tests/support/model_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static Lifetime *compute(const Graph *graph, Arena **ret_arena) {
    Lifetime *lifetimes;
    model_check(arena_new(4096, 1 << 20, ret_arena));
    model_check(lifetime_compute(graph, *ret_arena, &lifetimes));
    return lifetimes;
}

static void test_views_live_as_long_as_their_root(void **state) {
    (void)state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(4, 4));
    ValueId a = model_node(graph, "Neg", INPUTS(x), NO_ATTRIBUTES); /* 0 */
    ValueId view =
        model_node(graph, "Reshape", INPUTS(a, MODEL_I64(graph, 16)), NO_ATTRIBUTES); /* 1 */
    ValueId b = model_node(graph, "Neg", INPUTS(x), NO_ATTRIBUTES);                   /* 2 */
    ValueId c = model_node(graph, "Neg", INPUTS(view), NO_ATTRIBUTES);                /* 3 */
    ValueId d = model_node(graph, "Neg", INPUTS(c), NO_ATTRIBUTES);                   /* 4 */
    ValueId last =
        model_node(graph, "Reshape", INPUTS(d, MODEL_I64(graph, 2, 8)), NO_ATTRIBUTES); /* 5 */
    model_output(graph, "y", last);
    model_output(graph, "b", b);
    model_finish(graph);
    Arena *arena;
    const Lifetime *lifetimes = compute(graph, &arena);
    assert_int_equal(lifetimes[view].root, a);
    assert_true(lifetimes[a].planned);
    assert_int_equal(lifetimes[a].bytes, 64);
    assert_int_equal(lifetimes[a].first, 0);
    assert_int_equal(lifetimes[a].last, 3);
    assert_int_equal(lifetimes[c].first, 3);
    assert_int_equal(lifetimes[c].last, 4);
    assert_false(lifetimes[x].planned);
    assert_false(lifetimes[b].planned); /* an output */
    assert_false(lifetimes[d].planned); /* an output under another shape */
    arena_free(arena);
    graph_free(graph);
}

static void test_unknown_sizes_are_not_planned(void **state) {
    (void)state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN));
    ValueId a = model_node(graph, "Neg", INPUTS(x), NO_ATTRIBUTES);
    ValueId view = model_node(graph, "Reshape", INPUTS(a, MODEL_I64(graph, -1, 1)), NO_ATTRIBUTES);
    model_output(graph, "y", model_node(graph, "Neg", INPUTS(view), NO_ATTRIBUTES));
    model_finish(graph);
    Arena *arena;
    const Lifetime *lifetimes = compute(graph, &arena);
    assert_false(lifetimes[a].planned);
    assert_int_equal(lifetimes[view].root, view);
    arena_free(arena);
    graph_free(graph);
}

/* z = Add(Neg(a), a) and then some; what may lie where a lay? */
static void test_a_result_takes_the_place_of_what_dies(void **state) {
    (void)state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(4, 4));
    ValueId a = model_node(graph, "Neg", INPUTS(x), NO_ATTRIBUTES); /* 0 */
    ValueId b = model_node(graph, "Neg", INPUTS(a), NO_ATTRIBUTES); /* 1 */
    ValueId view = model_node(graph, "Reshape", INPUTS(a, MODEL_I64(graph, 2, 8)), NO_ATTRIBUTES);
    ValueId wide = model_node(graph, "Reshape", INPUTS(b, MODEL_I64(graph, 2, 8)), NO_ATTRIBUTES);
    ValueId sum = model_node(graph, "Add", INPUTS(wide, view), NO_ATTRIBUTES);  /* 4 */
    ValueId square = model_node(graph, "Mul", INPUTS(sum, sum), NO_ATTRIBUTES); /* 5 */
    ValueId row = model_node(graph, "Reshape", INPUTS(square, MODEL_I64(graph, 16)), NO_ATTRIBUTES);
    ValueId less = model_node(graph, "Slice", INPUTS(row, MODEL_I64(graph, 0), MODEL_I64(graph, 8)),
                              NO_ATTRIBUTES);
    ValueId last = model_node(graph, "Neg", INPUTS(less), NO_ATTRIBUTES); /* 8 */
    model_output(graph, "y", last);
    model_finish(graph);
    Arena *arena;
    Lifetime *lifetimes = compute(graph, &arena);
    assert_false(lifetime_share(graph, lifetimes, 0, 0)); /* the caller's input */
    assert_false(lifetime_share(graph, lifetimes, 1, 0)); /* a is read again, as view */
    assert_false(lifetime_share(graph, lifetimes, 4, 2)); /* no such input */
    assert_true(lifetime_share(graph, lifetimes, 4, 1));
    assert_int_equal(lifetimes[sum].root, a);
    assert_int_equal(lifetimes[a].first, 0);
    assert_int_equal(lifetimes[a].last, 5);
    assert_int_equal(lifetimes[wide].root, b);            /* as it was */
    assert_false(lifetime_share(graph, lifetimes, 5, 0)); /* read through both inputs */
    assert_false(lifetime_share(graph, lifetimes, 7, 0)); /* smaller */
    assert_false(lifetime_share(graph, lifetimes, 8, 0)); /* the caller's output */
    assert_int_equal(lifetimes[row].root, square);
    arena_free(arena);
    graph_free(graph);
}

/* A chain of residuals is one place. */
static void test_shared_places_are_shared_again(void **state) {
    (void)state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(4, 4));
    ValueId a = model_node(graph, "Neg", INPUTS(x), NO_ATTRIBUTES);    /* 0 */
    ValueId b = model_node(graph, "Add", INPUTS(x, a), NO_ATTRIBUTES); /* 1 */
    ValueId view = model_node(graph, "Reshape", INPUTS(b, MODEL_I64(graph, 4, 4)), NO_ATTRIBUTES);
    ValueId c = model_node(graph, "Add", INPUTS(x, view), NO_ATTRIBUTES); /* 3 */
    model_output(graph, "y", model_node(graph, "Neg", INPUTS(c), NO_ATTRIBUTES));
    model_finish(graph);
    Arena *arena;
    Lifetime *lifetimes = compute(graph, &arena);
    assert_true(lifetime_share(graph, lifetimes, 1, 1));
    assert_int_equal(lifetimes[view].root, a);
    assert_true(lifetime_share(graph, lifetimes, 3, 1));
    assert_int_equal(lifetimes[c].root, a);
    assert_int_equal(lifetimes[a].last, 4);
    arena_free(arena);
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views_live_as_long_as_their_root),
        cmocka_unit_test(test_a_result_takes_the_place_of_what_dies),
        cmocka_unit_test(test_shared_places_are_shared_again),
        cmocka_unit_test(test_unknown_sizes_are_not_planned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
