/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Graphs: uses are counted through every change, order is restored, cycles are refused, clones
 * stand alone. */

#include "tests/support/model_builder.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static void test_uses_are_counted_through_every_change(void **state) {
    (void)state;
    AUTO(graph_free) Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 3));
    ValueId y = model_node(graph, "Relu", INPUTS(x), NO_ATTRIBUTES);
    ValueId z = model_node(graph, "Add", INPUTS(y, y), NO_ATTRIBUTES);
    model_output(graph, "z", z);
    NodeId relu = graph_value(graph, y)->producer, add = graph_value(graph, z)->producer;

    assert_int_equal(graph_use_count(graph, x), 1);
    assert_int_equal(graph_single_user(graph, x), relu);
    assert_int_equal(graph_use_count(graph, y), 2);
    assert_int_equal(graph_single_user(graph, y), NODE_NONE);
    assert_int_equal(graph_use_count(graph, z), 1);
    assert_int_equal(graph_single_user(graph, z), NODE_NONE); /* by the graph, not by a node */

    graph_set_input(graph, add, 1, x);
    assert_int_equal(graph_single_user(graph, y), add);
    assert_int_equal(graph_use_count(graph, x), 2);
    graph_set_input(graph, add, 1, VALUE_NONE);
    assert_int_equal(graph_single_user(graph, x), relu);
    model_check(graph_set_inputs(graph, add, (ValueId[]){ y, x, x }, 3));
    assert_int_equal(graph_use_count(graph, x), 3);

    graph_replace_value(graph, x, y);
    assert_int_equal(graph_use_count(graph, x), 0);
    assert_int_equal(graph_use_count(graph, y), 4);
    graph_replace_value(graph, z, y);
    assert_int_equal(graph_output(graph, 0)->value, y);
    graph_remove_node(graph, add);
    assert_int_equal(graph_use_count(graph, y),
                     2); /* relu, whose input was replaced, and the output */
    assert_int_equal(graph_value(graph, z)->producer, NODE_NONE);
}

static void test_a_value_has_one_producer(void **state) {
    (void)state;
    AUTO(graph_free) Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2));
    ValueId c = MODEL_F32(graph, SHAPE(1), 1);
    ValueId y = model_node(graph, "Relu", INPUTS(x), NO_ATTRIBUTES);
    ValueId fresh;
    model_check(graph_add_value(graph, "fresh", DTYPE_INVALID, &SHAPE_UNKNOWN, &fresh));
    const ValueId outputs[][2] = {
        { x, VALUE_NONE }, { c, VALUE_NONE }, { y, VALUE_NONE }, { fresh, fresh }
    };
    for (size_t i = 0; i < 4; i++) {
        NodeSpec spec = { .op = op_schema_find("", "Relu"),
                          .inputs = &x,
                          .input_count = 1,
                          .outputs = outputs[i],
                          .output_count = 2 };
        Status status = graph_add_node(graph, &spec, NULL);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    }
    assert_int_equal(graph_node_count(graph), 1);
}

/* add = Add(relu(x), x), given users first */
static Graph *unsorted_graph(ValueId *ret_x) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2)), a, b, c;
    model_check(graph_add_value(graph, "a", DTYPE_INVALID, &SHAPE_UNKNOWN, &a));
    model_check(graph_add_value(graph, "b", DTYPE_INVALID, &SHAPE_UNKNOWN, &b));
    model_check(graph_add_value(graph, "c", DTYPE_INVALID, &SHAPE_UNKNOWN, &c));
    const NodeSpec specs[] = {
        { .op = op_schema_find("", "Add"),
          .name = "last",
          .inputs = (ValueId[]){ b, x },
          .input_count = 2,
          .outputs = &c,
          .output_count = 1 },
        { .op = op_schema_find("", "Exp"),
          .name = "middle",
          .inputs = &a,
          .input_count = 1,
          .outputs = &b,
          .output_count = 1 },
        { .op = op_schema_find("", "Relu"),
          .name = "first",
          .inputs = &x,
          .input_count = 1,
          .outputs = &a,
          .output_count = 1 },
    };
    for (size_t i = 0; i < 3; i++)
        model_check(graph_add_node(graph, &specs[i], NULL));
    model_output(graph, "c", c);
    *ret_x = x;
    return graph;
}

static void test_sort_puts_producers_first(void **state) {
    (void)state;
    ValueId x;
    AUTO(graph_free) Graph *graph = unsorted_graph(&x);
    model_check(graph_sort(graph));
    const char *names[] = { "first", "middle", "last" };
    for (NodeId i = 0; i < 3; i++) {
        assert_string_equal(graph_node(graph, i)->name, names[i]);
        assert_int_equal(graph_value(graph, graph_node(graph, i)->outputs[0])->producer, i);
    }
    assert_int_equal(graph_single_user(graph, graph_node(graph, 0)->outputs[0]), 1);
    model_check(graph_infer(graph));
    assert_true(shape_equal(&graph_value(graph, graph_output(graph, 0)->value)->shape, &SHAPE(2)));
}

static void test_sort_refuses_cycles(void **state) {
    (void)state;
    ValueId x;
    AUTO(graph_free) Graph *graph = unsorted_graph(&x);
    graph_set_input(graph, 2, 0, graph_output(graph, 0)->value);
    Status status = graph_sort(graph);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(status.message, "cycle"));
    assert_non_null(strstr(status.message, "'"));

    graph_set_input(graph, 2, 0, graph_node(graph, 2)->outputs[0]); /* a node that feeds itself */
    status = graph_sort(graph);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(status.message, "'first'"));
}

/* Backwards, so that the walk goes as deep as there are nodes. */
static void test_sort_of_a_long_chain_does_not_recurse(void **state) {
    (void)state;
    enum { LENGTH = 200000 };
    AUTO(graph_free) Graph *graph = model_new();
    ValueId user = VALUE_NONE, made;
    model_check(graph_add_value(graph, NULL, DTYPE_F32, &SHAPE(2), &user));
    model_output(graph, "y", user);
    for (size_t i = 0; i < LENGTH; i++) {
        model_check(graph_add_value(graph, NULL, DTYPE_F32, &SHAPE(2), &made));
        NodeSpec spec = { .op = op_schema_find("", "Relu"),
                          .inputs = &made,
                          .input_count = 1,
                          .outputs = &user,
                          .output_count = 1 };
        model_check(graph_add_node(graph, &spec, NULL));
        user = made;
    }
    model_check(graph_sort(graph));
    assert_int_equal(graph_node(graph, 0)->inputs[0], user);
    assert_int_equal(graph_value(graph, graph_output(graph, 0)->value)->producer, LENGTH - 1);
}

static void test_compact_drops_what_nobody_uses(void **state) {
    (void)state;
    AUTO(graph_free) Graph *graph = model_new();
    ValueId unused = model_input(graph, "unused", DTYPE_F32, SHAPE(2));
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2));
    MODEL_F32(graph, SHAPE(1), 1);
    ValueId dead = model_node(graph, "Exp", INPUTS(x), NO_ATTRIBUTES);
    model_node(graph, "Log", INPUTS(dead), NO_ATTRIBUTES);
    ValueId outputs[2] = { 0 };
    model_node_outputs(graph, "Dropout", INPUTS(x), NO_ATTRIBUTES, 2, outputs);
    model_output(graph, "y", model_node(graph, "Relu", INPUTS(outputs[0]), NO_ATTRIBUTES));
    (void)unused;

    model_check(graph_compact(graph));
    assert_int_equal(graph_node_count(graph), 2);
    assert_int_equal(graph_value_count(graph), 4); /* two inputs, Dropout's first output, Relu's */
    const Node *dropout = graph_node(graph, 0), *relu = graph_node(graph, 1);
    assert_string_equal(dropout->op->name, "Dropout");
    assert_int_equal(dropout->outputs[1], VALUE_NONE);
    assert_int_equal(relu->inputs[0], dropout->outputs[0]);
    assert_int_equal(graph_value(graph, relu->outputs[0])->producer, 1);
    assert_int_equal(graph_output(graph, 0)->value, relu->outputs[0]);
    assert_string_equal(graph_value(graph, graph_input(graph, 0)->value)->name, "unused");
    assert_int_equal(graph_single_user(graph, graph_input(graph, 1)->value), 0);
}

static void test_a_clone_changes_alone(void **state) {
    (void)state;
    AUTO(graph_free) Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 2));
    ValueId c = MODEL_F32(graph, SHAPE(2), 1, 2);
    ValueId y = model_node(graph, "Add", INPUTS(x, c), NO_ATTRIBUTES);
    model_output(graph, "y", y);
    AUTO(graph_free) Graph *clone = NULL;
    model_check(graph_clone(graph, &clone));

    graph_set_input(clone, 0, 1, x);
    model_check(graph_set_int(clone, 0, "axis", 3));
    graph_value(clone, x)->shape = SHAPE(5, 2);
    model_check(graph_infer(clone));

    assert_int_equal(graph_node(graph, 0)->inputs[1], c);
    assert_int_equal(graph_node(graph, 0)->attribute_count, 0);
    assert_int_equal(node_get_int(graph_node(clone, 0), "axis", 0), 3);
    assert_true(shape_equal(&graph_value(graph, y)->shape, &SHAPE(DIM_UNKNOWN, 2)));
    assert_true(shape_equal(&graph_value(clone, y)->shape, &SHAPE(5, 2)));
    assert_ptr_equal(graph_value(clone, c)->constant, graph_value(graph, c)->constant);
    assert_int_equal(graph_use_count(graph, c), 1);
    assert_int_equal(graph_use_count(clone, c), 0);
}

static void test_constants_are_aligned_and_zeroed(void **state) {
    (void)state;
    AUTO(graph_free) Graph *graph = model_new();
    for (int64_t count = 0; count < 2000; count += 37) {
        ValueId value;
        Tensor *tensor;
        model_check(graph_add_constant_new(graph, DTYPE_F32, &SHAPE(count), &value, &tensor));
        assert_int_equal((uintptr_t)tensor->data % TENSOR_ALIGNMENT, 0);
        assert_int_equal(tensor->bytes, 4 * (size_t)count);
        for (int64_t i = 0; i < count; i++)
            assert_true(((float *)tensor->data)[i] == 0);
        if (count > 0)
            memset(tensor->data, 0xFF, tensor->bytes);
    }
    ValueId value;
    Tensor *tensor;
    Status status = graph_add_constant_new(graph, DTYPE_F32, &SHAPE(INT64_MAX, 2), &value, &tensor);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
}

static void test_attributes_are_found_replaced_and_typed(void **state) {
    (void)state;
    AUTO(graph_free) Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2));
    model_node(graph, "LeakyRelu", INPUTS(x),
               ATTRIBUTES(ATTRIBUTE_OF_FLOAT("alpha", 0.5f), ATTRIBUTE_OF_STRING("mode", "edge")));
    const Node *node = graph_node(graph, 0);
    assert_true(node_get_float(node, "alpha", 0) == 0.5f);
    assert_int_equal(node_get_int(node, "alpha", 7), 7); /* another kind */
    assert_int_equal(node_get_string(node, "mode", "x").length, 4);
    assert_int_equal(node_get_string(node, "none", "x").length, 1);

    size_t count;
    assert_null(node_get_ints(node, "pads", &count));
    assert_int_equal(count, 0);
    model_check(graph_set_ints(graph, 0, "pads", (int64_t[]){ 1, 2 }, 2));
    model_check(graph_set_ints(graph, 0, "pads", (int64_t[]){ 3, 4, 5 }, 3));
    assert_int_equal(node_get_ints(node, "pads", &count)[2], 5);
    assert_int_equal(count, 3);
    assert_int_equal(node->attribute_count, 3);
}

static bool is_zero(const Tensor *tensor) {
    const float *data = tensor->data;
    for (size_t i = 1 << 11; i + (1 << 11) < tensor_elements(tensor); i++) /* pages in the middle */
        if (data[i] != 0)
            return false;
    return true;
}

static void test_constants_that_passes_replaced_are_let_go(void **state) {
    (void)state;
    AUTO(graph_free) Graph *origin = model_new();
    ValueId x = model_input(origin, "x", DTYPE_F32, SHAPE(256, 256));
    ValueId kept = model_random_f32(origin, SHAPE(256, 256), 1, 1);
    ValueId replaced = model_random_f32(origin, SHAPE(256, 256), 1, 2), twin, made;
    ValueId shared = model_random_f32(origin, SHAPE(256, 256), 1, 3);
    model_check(graph_add_constant(origin, "twin", graph_value(origin, shared)->constant, &twin));
    ValueId sum = model_node(origin, "Add", INPUTS(x, kept), NO_ATTRIBUTES);
    sum = model_node(origin, "Add", INPUTS(sum, replaced), NO_ATTRIBUTES);
    sum = model_node(origin, "Add", INPUTS(sum, shared), NO_ATTRIBUTES);
    sum = model_node(origin, "Add", INPUTS(sum, twin), NO_ATTRIBUTES);
    model_output(origin, "y", sum);
    AUTO(graph_free) Graph *graph = NULL;
    model_check(graph_clone(origin, &graph));
    Tensor *first, *second;
    ValueId dropped;
    model_check(graph_add_constant_new(graph, DTYPE_F32, &SHAPE(256, 256), &dropped, &first));
    model_check(graph_add_constant_new(graph, DTYPE_F32, &SHAPE(256, 256), &made, &second));
    graph_replace_value(graph, replaced, dropped);
    graph_replace_value(graph, dropped, made);
    graph_replace_value(graph, shared, x);
    const Tensor *of_kept = graph_value(origin, kept)->constant;
    const Tensor *of_shared = graph_value(origin, shared)->constant;
    const Tensor *of_replaced = graph_value(origin, replaced)->constant;
    model_check(graph_compact(
        graph)); /* drops the values; the sanitizer sees a block freed twice, or not at all */

    size_t released = graph_release_unused(graph, origin);
    assert_in_range(released, 256 * 256 * 4 - 8192, 256 * 256 * 4);
    assert_true(is_zero(of_replaced));
    assert_false(is_zero(of_kept));
    assert_false(is_zero(of_shared)); /* twin still reads it */
    ((float *)second->data)[256 * 256 - 1] = 1;
    assert_int_equal(graph_release_unused(graph, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uses_are_counted_through_every_change),
        cmocka_unit_test(test_a_value_has_one_producer),
        cmocka_unit_test(test_sort_puts_producers_first),
        cmocka_unit_test(test_sort_refuses_cycles),
        cmocka_unit_test(test_sort_of_a_long_chain_does_not_recurse),
        cmocka_unit_test(test_compact_drops_what_nobody_uses),
        cmocka_unit_test(test_a_clone_changes_alone),
        cmocka_unit_test(test_constants_are_aligned_and_zeroed),
        cmocka_unit_test(test_constants_that_passes_replaced_are_let_go),
        cmocka_unit_test(test_attributes_are_found_replaced_and_typed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
