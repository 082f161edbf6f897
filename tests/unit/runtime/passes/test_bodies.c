/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Passes across bodies and inside them: before and after, counted. That values stay the same is
 * what tests/unit/runtime/exec/test_bodies.c shows. */

#include "runtime/device/device_open.h"
#include "runtime/onnx/onnx_import.h"
#include "runtime/passes/passes.h"
#include "tests/support/file_case.h"
#include "tests/support/model_builder.h"
#include "tests/support/pass_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static int set_up(void **state) {
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    const char *note;
    Device *device;
    model_check(device_open("cpu", &host, &device, &note));
    *state = device;
    return 0;
}

static int tear_down(void **state) {
    device_close(*state);
    return 0;
}

/* y = if condition: op(x, k) after an Identity, else Relu(x), where k = -(w) of the outer graph */
static Graph *branches(const char *condition) {
    FileCase file = file_case_open();
    WireWriter *writer = &file.writer;
    onnx_put_tensor(writer, 5, "w", DTYPE_F32, FILE_TWO, 1, (float[]){ 1, 2 }, 8);
    onnx_put_tensor(writer, 5, "two", DTYPE_I64, FILE_TWO, 0, (int64_t[]){ 2 }, 8);
    onnx_put_node(writer, "Neg", "w", "k");
    onnx_put_node(writer, "Size", "x", "size");
    onnx_put_node(writer, "Equal", "size two", "fits");
    size_t node = onnx_open_node(writer, "If", condition, "y");
    OpenBody body = onnx_open_body(writer, "then_branch");
    onnx_put_node(writer, "Identity", "x", "same");
    onnx_put_node(writer, "Exp", "k", "e");
    onnx_put_node(writer, "Sub", "same e", "t");
    onnx_put_port(writer, FILE_OUTPUT, "t", DTYPE_F32, FILE_TWO, 1);
    onnx_close_body(writer, body);
    body = onnx_open_body(writer, "else_branch");
    onnx_put_node(writer, "Relu", "x", "r");
    onnx_put_port(writer, FILE_OUTPUT, "r", DTYPE_F32, FILE_TWO, 1);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_port(writer, FILE_INPUT, "x", DTYPE_F32, FILE_TWO, 1);
    onnx_put_port(writer, FILE_INPUT, "c", DTYPE_BOOL, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_OUTPUT, "y", DTYPE_F32, FILE_TWO, 1);
    wire_close(writer, file.graph);
    Graph *graph;
    model_check(onnx_import(writer->data, writer->length, NULL, &graph));
    return graph;
}

static const Node *find_if(const Graph *graph) {
    for (NodeId id = 0; id < graph_node_count(graph); id++)
        if (!graph_node_const(graph, id)->removed && node_body(graph_node_const(graph, id), 0))
            return graph_node_const(graph, id);
    return NULL;
}

/* On a clone, as an executor does it: the graph as it was must not change. */
static void test_a_condition_known_by_shape_leaves_its_branch(void **state) {
    AUTO(graph_free) Graph *origin = branches("fits");
    AUTO(graph_free) Graph *graph = NULL;
    model_check(graph_clone(origin, &graph));
    PassContext context = { .device = *state, .fold_limit_bytes = 1 << 20 };
    assert_int_equal(find_if(graph)->capture_count, 2); /* x and k, whatever branch reads them */
    model_check(pipeline_run(graph, PASS_ON_LOAD, &context));
    assert_null(find_if(graph));
    assert_int_equal(pass_case_count(graph, "Sub"), 1);
    assert_int_equal(graph_node_count(graph), 1); /* all else was constant */
    assert_int_equal(find_if(origin)->capture_count, 2);
    assert_int_equal(graph_node_count(node_find_body(find_if(origin), "then_branch")), 3);
}

static void test_what_is_constant_outside_folds_inside(void **state) {
    AUTO(graph_free) Graph *graph = branches("c");
    PassContext context = { .device = *state, .fold_limit_bytes = 1 << 20 };
    model_check(pipeline_run(graph, PASS_ON_LOAD, &context));
    const Node *node = find_if(graph);
    assert_non_null(node);
    assert_int_equal(graph_node_count(graph), 1);
    assert_int_equal(node->capture_count, 1); /* x alone is left to be passed */
    assert_int_equal(node->input_count, 2);
    const Graph *body = node_find_body(node, "then_branch");
    assert_int_equal(graph_input_count(body), 1);
    assert_int_equal(graph_node_count(body), 1);
    assert_int_equal(pass_case_count(body, "Sub"), 1);
    assert_int_equal(graph_node_count(node_find_body(node, "else_branch")), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_condition_known_by_shape_leaves_its_branch),
        cmocka_unit_test(test_what_is_constant_outside_folds_inside),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
