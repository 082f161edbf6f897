/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Files to graphs: what is kept, and that every wrong file is refused in words. Damaged files:
 * test_onnx_damage.c. */

#include "runtime/onnx/onnx_import.h"

#include "runtime/graph/op_schema.h"
#include "tests/support/onnx_writer.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t two[] = { 2 };

/* Input x, output y, both float32 [2]; the caller has put the nodes. Takes the file. */
static Status finish(WireWriter *file, size_t graph, const OnnxLimits *limits, Graph **ret_graph) {
    onnx_put_port(file, 11, "x", DTYPE_F32, two, 1);
    onnx_put_port(file, 12, "y", DTYPE_F32, two, 1);
    wire_close(file, graph);
    *ret_graph = NULL;
    Status status = onnx_import(file->data, file->length, limits, ret_graph);
    if (!status_is_ok(&status))
        wire_writer_deinit(file);
    return status;
}

static void test_nodes_values_and_ports_arrive(void **state) {
    (void)state;
    WireWriter file = { 0 };
    size_t at = onnx_open_model(&file, 13);
    wire_put_text(&file, 2, "little");
    onnx_put_node(&file, "Add", "h w",
                  "y"); /* before its producer: order in the file does not matter */
    onnx_put_node(&file, "Relu", "x", "h");
    onnx_put_tensor(&file, 5, "w", DTYPE_F32, two, 1, (float[]){ 1, 2 }, 8);
    Graph *graph;
    Status status = finish(&file, at, NULL, &graph);
    assert_string_equal(status.message, "");
    assert_int_equal(graph_node_count(graph), 2);
    assert_string_equal(graph_node(graph, 0)->op->name, "Relu");
    assert_string_equal(graph_node(graph, 1)->op->name, "Add");
    assert_int_equal(graph_input_count(graph), 1);
    assert_string_equal(graph_input(graph, 0)->name, "x");
    assert_string_equal(graph_output(graph, 0)->name, "y");
    const Tensor *w = graph_value(graph, graph_node(graph, 1)->inputs[1])->constant;
    assert_non_null(w);
    assert_true(tensor_get_float(w, 1) == 2.0);
    const OnnxInfo *info = onnx_info(graph);
    assert_int_equal(info->opset, 13);
    assert_string_equal(info->graph_name, "little");
    assert_string_equal(info->producer_name, "onnx_writer");
    graph_free(graph);
}

static void test_initializer_that_is_an_input_is_a_constant(void **state) {
    (void)state;
    WireWriter file = { 0 };
    size_t at = onnx_open_model(&file, 13);
    onnx_put_node(&file, "Add", "x w", "y");
    onnx_put_port(&file, 11, "w", DTYPE_F32, two, 1);
    onnx_put_tensor(&file, 5, "w", DTYPE_F32, two, 1, (float[]){ 1, 2 }, 8);
    Graph *graph;
    Status status = finish(&file, at, NULL, &graph);
    assert_string_equal(status.message, "");
    assert_int_equal(graph_input_count(graph), 1);
    assert_string_equal(graph_input(graph, 0)->name, "x");
    assert_non_null(graph_value(graph, graph_node(graph, 0)->inputs[1])->constant);
    graph_free(graph);
}

static void test_outputs_may_be_inputs_constants_or_twice(void **state) {
    (void)state;
    WireWriter file = { 0 };
    size_t at = onnx_open_model(&file, 13);
    onnx_put_node(&file, "Relu", "x", "y");
    onnx_put_tensor(&file, 5, "w", DTYPE_F32, two, 1, (float[]){ 1, 2 }, 8);
    onnx_put_port(&file, 12, "x", DTYPE_F32, two, 1);
    onnx_put_port(&file, 12, "w", DTYPE_F32, two, 1);
    onnx_put_port(&file, 12, "y", DTYPE_F32, two, 1);
    Graph *graph;
    Status status = finish(&file, at, NULL, &graph);
    assert_string_equal(status.message, "");
    assert_int_equal(graph_output_count(graph), 4);
    assert_int_equal(graph_output(graph, 0)->value, graph_input(graph, 0)->value);
    assert_non_null(graph_value(graph, graph_output(graph, 1)->value)->constant);
    assert_int_equal(graph_output(graph, 2)->value, graph_output(graph, 3)->value);
    graph_free(graph);
}

static void test_dim_names_and_unknown_ranks(void **state) {
    (void)state;
    WireWriter file = { 0 };
    size_t at = onnx_open_model(&file, 13);
    onnx_put_node(&file, "Relu", "x", "y");
    onnx_put_port(&file, 11, "a", DTYPE_I64, (int64_t[]){ -1, 3 }, 2);
    onnx_put_port(&file, 11, "b", DTYPE_I64, NULL, -1);
    onnx_put_port(&file, 11, "c", DTYPE_I64, NULL, 0);
    Graph *graph;
    Status status = finish(&file, at, NULL, &graph);
    assert_string_equal(status.message, "");
    const Port *port = graph_input(graph, 0);
    assert_string_equal(port->dim_names[0], "N");
    assert_null(port->dim_names[1]);
    assert_string_equal(SHAPE_TEXT(&port->shape), "[?,3]");
    assert_int_equal(graph_input(graph, 1)->shape.rank, SHAPE_UNRANKED);
    assert_int_equal(graph_input(graph, 2)->shape.rank, 0);
    graph_free(graph);
}

static void test_aligned_constants_are_lent_from_the_file(void **state) {
    (void)state;
    size_t lent = 0, copied = 0;
    for (size_t pad = 1; pad <= 8; pad++) {
        WireWriter file = { 0 };
        size_t at = onnx_open_model(&file, 13);
        wire_put_bytes(&file, 2, "namename", pad);
        onnx_put_node(&file, "Add", "x w", "y");
        onnx_put_tensor(&file, 5, "w", DTYPE_F32, two, 1, (float[]){ 1, 2 }, 8);
        Graph *graph;
        Status status = finish(&file, at, NULL, &graph);
        assert_string_equal(status.message, "");
        const Tensor *w = graph_value(graph, graph_node(graph, 0)->inputs[1])->constant;
        assert_true((uintptr_t)w->data % 4 == 0);
        assert_true(tensor_get_float(w, 0) == 1.0);
        bool in_file =
            (uint8_t *)w->data >= file.data && (uint8_t *)w->data < file.data + file.length;
        lent += in_file;
        copied += !in_file;
        graph_free(graph);
    }
    assert_int_equal(lent, 2);
    assert_int_equal(copied, 6);
}

static void test_large_constants_are_moved_into_place(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    static const int64_t many[] = { COUNT };
    float *numbers = malloc(COUNT * sizeof *numbers);
    assert_non_null(numbers);
    for (size_t i = 0; i < COUNT; i++)
        numbers[i] = (float)i;
    for (size_t pad = 1; pad <= 4; pad++) {
        WireWriter file = { 0 };
        size_t at = onnx_open_model(&file, 13);
        wire_put_bytes(&file, 2, "namename", pad);
        onnx_put_node(&file, "Add", "x w", "h");
        onnx_put_node(&file, "Add", "h after", "y");
        onnx_put_tensor(&file, 5, "w", DTYPE_F32, many, 1, numbers, COUNT * sizeof *numbers);
        onnx_put_tensor(&file, 5, "after", DTYPE_F32, two, 1, (float[]){ 1, 2 }, 8);
        Graph *graph;
        Status status = finish(&file, at, NULL, &graph);
        assert_string_equal(status.message, "");
        const Value *w = graph_value(graph, graph_node(graph, 0)->inputs[1]);
        assert_string_equal(w->name, "w");
        const uint8_t *data = w->constant->data;
        assert_true((uintptr_t)data % 4 == 0);
        assert_true(data >= file.data && data < file.data + file.length);
        assert_memory_equal(data, numbers, COUNT * sizeof *numbers);
        const Tensor *after = graph_value(graph, graph_node(graph, 1)->inputs[1])->constant;
        assert_true(tensor_get_float(after, 1) == 2.0);
        graph_free(graph);
    }
    free(numbers);
}

static void put_attr(WireWriter *file, const char *name, int64_t type, uint32_t field,
                     const char *text) {
    size_t attr = wire_open(file, 5);
    wire_put_text(file, 1, name);
    wire_put_int(file, 20, type);
    if (field)
        wire_put_text(file, field, text);
    wire_close(file, attr);
}

static void test_constant_nodes_become_constants(void **state) {
    (void)state;
    WireWriter file = { 0 };
    size_t at = onnx_open_model(&file, 13);
    size_t node = onnx_open_node(&file, "Constant", "", "c");
    onnx_put_attr_ints(&file, "value_ints", (int64_t[]){ 5, -7 }, 2);
    wire_close(&file, node);
    node = onnx_open_node(&file, "Constant", "", "s");
    put_attr(&file, "value_string", 3, 4, "hi");
    wire_close(&file, node);
    node = onnx_open_node(&file, "Constant", "", "f");
    onnx_put_attr_float(&file, "value_float", 0.5f);
    wire_close(&file, node);
    onnx_put_node(&file, "Relu", "x", "y");
    onnx_put_port(&file, 12, "c", DTYPE_I64, two, 1);
    onnx_put_port(&file, 12, "s", DTYPE_STRING, NULL, 0);
    onnx_put_port(&file, 12, "f", DTYPE_F32, NULL, 0);
    Graph *graph;
    Status status = finish(&file, at, NULL, &graph);
    assert_string_equal(status.message, "");
    assert_int_equal(graph_node_count(graph), 1);
    const Tensor *c = graph_value(graph, graph_output(graph, 0)->value)->constant;
    assert_string_equal(SHAPE_TEXT(&c->shape), "[2]");
    assert_int_equal(tensor_get_int(c, 1), -7);
    const Tensor *s = graph_value(graph, graph_output(graph, 1)->value)->constant;
    assert_int_equal(((StringView *)s->data)->length, 2);
    const Tensor *f = graph_value(graph, graph_output(graph, 2)->value)->constant;
    assert_true(tensor_get_float(f, 0) == 0.5);
    graph_free(graph);
}

/* Each puts what is wrong into an otherwise good graph x -> Relu -> y, opset 13. */
static void put_unknown_op(WireWriter *file) {
    onnx_put_node(file, "Frobnicate", "x", "z");
}
static void put_foreign_op(WireWriter *file) {
    size_t node = onnx_open_node(file, "FusedMatMul", "x x", "z");
    wire_put_text(file, 7, "com.microsoft");
    wire_close(file, node);
}
static void put_missing_input(WireWriter *file) {
    onnx_put_node(file, "Relu", "nowhere", "z");
}
static void put_duplicate_output(WireWriter *file) {
    onnx_put_node(file, "Abs", "x", "y");
}
static void put_duplicate_initializer(WireWriter *file) {
    onnx_put_tensor(file, 5, "w", DTYPE_F32, two, 1, (float[]){ 1, 2 }, 8);
    onnx_put_tensor(file, 5, "w", DTYPE_F32, two, 1, (float[]){ 1, 2 }, 8);
}
static void put_duplicate_input(WireWriter *file) {
    onnx_put_port(file, 11, "x", DTYPE_F32, two, 1);
}
static void put_cycle(WireWriter *file) {
    onnx_put_node(file, "Abs", "b", "a");
    onnx_put_node(file, "Neg", "a", "b");
}
static void put_nameless_op(WireWriter *file) {
    onnx_put_node(file, "", "x", "z");
}
static void put_duplicate_attribute(WireWriter *file) {
    size_t node = onnx_open_node(file, "Softmax", "x", "z");
    onnx_put_attr_int(file, "axis", 0);
    onnx_put_attr_int(file, "axis", 0);
    wire_close(file, node);
}
static void put_attribute_of_wrong_kind(WireWriter *file) {
    size_t node = onnx_open_node(file, "Softmax", "x", "z");
    onnx_put_attr_float(file, "axis", 1);
    wire_close(file, node);
}
static void put_attribute_that_lies(WireWriter *file) {
    size_t node = onnx_open_node(file, "Softmax", "x", "z");
    put_attr(file, "axis", 2, 4, "text");
    wire_close(file, node);
}
static void put_subgraph(WireWriter *file) {
    size_t node = onnx_open_node(file, "Softmax", "x", "z");
    put_attr(file, "then_branch", 5, 6, "");
    wire_close(file, node);
}
static void put_too_many_inputs(WireWriter *file) {
    onnx_put_node(file, "Relu", "x x", "z");
}
static void put_left_out_input(WireWriter *file) {
    onnx_put_node(file, "Add", "- x", "z");
}
static void put_unknown_output(WireWriter *file) {
    onnx_put_port(file, 12, "nowhere", DTYPE_F32, two, 1);
}
static void put_short_tensor(WireWriter *file) {
    onnx_put_tensor(file, 5, "w", DTYPE_F32, two, 1, (float[]){ 1, 2 }, 7);
}
static void put_huge_dims(WireWriter *file) {
    onnx_put_tensor(file, 5, "w", DTYPE_F32, (int64_t[]){ INT64_MAX, INT64_MAX }, 2, "", 0);
}
static void put_lying_dims(WireWriter *file) {
    onnx_put_tensor(file, 5, "w", DTYPE_I64, (int64_t[]){ 1000000, 1000000 }, 2, NULL, 0);
}
static void put_many_dims(WireWriter *file) {
    onnx_put_tensor(file, 5, "w", DTYPE_F32, (int64_t[]){ 1, 1, 1, 1, 1, 1, 1, 1, 1 }, 9, "abcd",
                    4);
}
static void put_negative_dim(WireWriter *file) {
    onnx_put_tensor(file, 5, "w", DTYPE_F32, (int64_t[]){ -1 }, 1, "abcd", 4);
}
static void put_unknown_dtype(WireWriter *file) {
    onnx_put_tensor(file, 5, "w", (DType)99, two, 1, "abcdefgh", 8);
}
static void put_bool_of_two(WireWriter *file) {
    onnx_put_tensor(file, 5, "w", DTYPE_BOOL, two, 1, "\1\2", 2);
}
static void put_external_data(WireWriter *file) {
    size_t at = wire_open(file, 5);
    wire_put_int(file, 2, 1);
    wire_put_text(file, 8, "w");
    wire_put_int(file, 14, 1);
    wire_close(file, at);
}
static void put_sparse(WireWriter *file) {
    wire_put_text(file, 15, "");
}
static void put_bad_name(WireWriter *file) {
    onnx_put_node(file, "Relu", "x", "\xFF");
}
static void put_two_constants(WireWriter *file) {
    size_t node = onnx_open_node(file, "Constant", "", "c");
    onnx_put_attr_int(file, "value_int", 1);
    onnx_put_attr_float(file, "value_float", 1);
    wire_close(file, node);
}
static void put_late_op(WireWriter *file) {
    onnx_put_node(file, "HardSwish", "x", "z"); /* since opset 14 */
}

typedef struct Refusal {
    void (*put)(WireWriter *file);
    StatusCode code;
    const char *message;
} Refusal;

static const Refusal refusals[] = {
    { put_unknown_op, STATUS_UNIMPLEMENTED,
      "operator 'Frobnicate' (domain '', opset 13) of node 'n' is not supported" },
    { put_foreign_op, STATUS_INVALID_ARGUMENT,
      "the model imports no opset for domain 'com.microsoft'" },
    { put_subgraph, STATUS_UNIMPLEMENTED,
      "node 'n' (Softmax): attribute 'then_branch': kind GRAPH is not supported" },
    { put_late_op, STATUS_UNIMPLEMENTED,
      "operator 'HardSwish' (domain '', opset 13) of node 'n' is not supported" },
    { put_missing_input, STATUS_INVALID_ARGUMENT,
      "node 'n' (Relu): input 'nowhere' is defined by no node, input or initializer" },
    { put_duplicate_output, STATUS_INVALID_ARGUMENT,
      "'y' is defined twice: by a node and by a node" },
    { put_duplicate_initializer, STATUS_INVALID_ARGUMENT,
      "'w' is defined twice: by an initializer and by an initializer" },
    { put_duplicate_input, STATUS_INVALID_ARGUMENT,
      "'x' is defined twice: by an input and by an input" },
    { put_cycle, STATUS_INVALID_ARGUMENT, "cycle" },
    { put_nameless_op, STATUS_INVALID_ARGUMENT, "node 'n' has no op_type" },
    { put_duplicate_attribute, STATUS_INVALID_ARGUMENT,
      "node 'n' (Softmax): attribute 'axis' is given twice" },
    { put_attribute_of_wrong_kind, STATUS_INVALID_ARGUMENT,
      "node 'n' (Softmax): attribute 'axis': expected kind INT, got FLOAT" },
    { put_attribute_that_lies, STATUS_INVALID_ARGUMENT,
      "node 'n' (Softmax): attribute 'axis': declares kind INT, but holds STRING" },
    { put_too_many_inputs, STATUS_INVALID_ARGUMENT, "node 'n' (Relu): has 2 inputs, expected 1" },
    { put_left_out_input, STATUS_INVALID_ARGUMENT, "node 'n' (Add): input 0 is left out" },
    { put_unknown_output, STATUS_INVALID_ARGUMENT,
      "output 'nowhere' is defined by no node, input or initializer" },
    { put_short_tensor, STATUS_INVALID_ARGUMENT,
      "tensor 'w': float32 of shape [2] needs 8 bytes, raw_data has 7" },
    { put_huge_dims, STATUS_INVALID_ARGUMENT, "is more than memory can hold" },
    { put_lying_dims, STATUS_INVALID_ARGUMENT,
      "tensor 'w': int64 of shape [1000000,1000000] needs 1000000000000 entries in int64_data, it "
      "has 0" },
    { put_many_dims, STATUS_INVALID_ARGUMENT, "tensor 'w': " },
    { put_negative_dim, STATUS_INVALID_ARGUMENT,
      "tensor 'w': dims [?] of a tensor with data must all be known" },
    { put_unknown_dtype, STATUS_INVALID_ARGUMENT, "tensor 'w': element type 99 is unknown" },
    { put_bool_of_two, STATUS_INVALID_ARGUMENT,
      "tensor 'w': bool element 1 is 2, neither 0 nor 1" },
    { put_external_data, STATUS_PERMISSION_DENIED,
      "tensor 'w': external data in '': expected a file beneath the model's folder" },
    { put_sparse, STATUS_INVALID_ARGUMENT, "a sparse initializer has no name" },
    { put_bad_name, STATUS_INVALID_ARGUMENT, "the name of a node's output is not UTF-8 text" },
    { put_two_constants, STATUS_INVALID_ARGUMENT,
      "node 'n' (Constant): has 2 attributes, expected exactly one" },
};

static void test_every_wrong_graph_is_refused_in_words(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        WireWriter file = { 0 };
        size_t at = onnx_open_model(&file, 13);
        refusals[i].put(&file);
        onnx_put_node(&file, "Relu", "x", "y");
        Graph *graph;
        Status status = finish(&file, at, NULL, &graph);
        if (status.code != refusals[i].code || !strstr(status.message, refusals[i].message))
            fail_msg("row %zu: expected '%s', got %s '%s'", i, refusals[i].message,
                     status_code_name(status.code), status.message);
        assert_null(graph);
    }
}

static void test_limits_are_named(void **state) {
    (void)state;
    static const struct {
        OnnxLimits limits;
        const char *message;
    } cases[] = {
        { { 1 << 20, 1 << 20, 2, 100, 32, 0 }, "more than 2 nodes" },
        { { 1 << 20, 1 << 20, 100, 4, 32, 0 }, "more than 4 values" },
        { { 1 << 20, 8, 100, 100, 32, 0 }, "constants need more than the 8 bytes" },
        { { 1 << 20, 1 << 20, 100, 100, 2, 0 }, "nested too deeply" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        WireWriter file = { 0 };
        size_t at = onnx_open_model(&file, 13);
        onnx_put_node(&file, "Relu", "x", "a");
        onnx_put_node(&file, "Relu", "a", "b");
        onnx_put_node(&file, "Add", "b w", "y");
        size_t w = wire_open(&file, 5); /* typed data is always decoded, and so counted */
        wire_put_int(&file, 1, 3);
        wire_put_int(&file, 2, DTYPE_F32);
        wire_put_text(&file, 8, "w");
        for (int item = 0; item < 3; item++)
            wire_put_float(&file, 4, 1);
        wire_close(&file, w);
        Graph *graph;
        Status status = finish(&file, at, &cases[i].limits, &graph);
        assert_true(status.code == STATUS_RESOURCE_EXHAUSTED ||
                    status.code == STATUS_INVALID_ARGUMENT);
        if (!strstr(status.message, cases[i].message))
            fail_msg("row %zu: expected '%s', got '%s'", i, cases[i].message, status.message);
    }
}

static void test_opset_must_be_one_we_know(void **state) {
    (void)state;
    WireWriter file = { 0 };
    Graph *graph;
    size_t at = onnx_open_model(&file, 28);
    onnx_put_node(&file, "Relu", "x", "y");
    Status status = finish(&file, at, NULL, &graph);
    assert_int_equal(status.code, STATUS_UNIMPLEMENTED);
    assert_string_equal(status.message, "opset 28 is not supported, expected 1 to 27");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nodes_values_and_ports_arrive),
        cmocka_unit_test(test_initializer_that_is_an_input_is_a_constant),
        cmocka_unit_test(test_outputs_may_be_inputs_constants_or_twice),
        cmocka_unit_test(test_dim_names_and_unknown_ranks),
        cmocka_unit_test(test_aligned_constants_are_lent_from_the_file),
        cmocka_unit_test(test_large_constants_are_moved_into_place),
        cmocka_unit_test(test_constant_nodes_become_constants),
        cmocka_unit_test(test_every_wrong_graph_is_refused_in_words),
        cmocka_unit_test(test_limits_are_named),
        cmocka_unit_test(test_opset_must_be_one_we_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
