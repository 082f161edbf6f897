/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Which models are batched when nobody says so. */

#include "runtime/model/signature.h"

#include "tests/support/check.h"
#include "tests/support/model_builder.h"

enum { DERIVED = 4 };

/* y declared [?,2] whatever inference found, as exporters like to. */
static Graph *declare(Graph *graph, ValueId value) {
    model_check(graph_add_output(graph, &(Port){ .name = "y",
                                                 .value = value,
                                                 .dtype = DTYPE_F32,
                                                 .shape = SHAPE(DIM_UNKNOWN, 2) }));
    model_finish(graph);
    return graph;
}

static void check_rows(Graph *graph, size_t expected) {
    ModelConfig config = model_config_default();
    assert_int_equal(signature_max_batch_size(graph, &config, DERIVED), expected);
    graph_free(graph);
}

static void test_free_first_dims_are_a_batch(void **state) {
    (void)state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 2));
    check_rows(declare(graph, model_node(graph, "Relu", INPUTS(x), NO_ATTRIBUTES)), DERIVED);
}

static void test_a_fixed_input_is_none(void **state) {
    (void)state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(3, 2));
    check_rows(declare(graph, model_node(graph, "Relu", INPUTS(x), NO_ATTRIBUTES)), 0);
}

static void test_an_output_that_inference_fixes_is_none(void **state) {
    (void)state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 2));
    ValueId axes = MODEL_I64(graph, 0);
    check_rows(declare(graph, model_node(graph, "ReduceSum", INPUTS(x, axes), NO_ATTRIBUTES)), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_free_first_dims_are_a_batch),
        cmocka_unit_test(test_a_fixed_input_is_none),
        cmocka_unit_test(test_an_output_that_inference_fixes_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
