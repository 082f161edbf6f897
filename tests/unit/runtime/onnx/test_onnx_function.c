/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Functions of a model, inlined: what arrives in the graph, and which are refused. */

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/onnx/onnx_import.h"
#include "tests/support/onnx_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    MODEL_OPSET = 8,
    MODEL_GRAPH = 7,
    MODEL_FUNCTION = 25,
    NODE = 1,
    FUNCTION_INPUT = 4,
    FUNCTION_OUTPUT = 5,
    FUNCTION_NODE = 7,
};

static const int64_t two[] = { 2 };

static void put_opset(WireWriter *writer, uint32_t field, const char *domain, int64_t version) {
    size_t import = wire_open(writer, field);
    wire_put_text(writer, 1, domain);
    wire_put_int(writer, 2, version);
    wire_close(writer, import);
}

/* A node under another field number than a graph's, in a domain of its own. */
static size_t open_node(WireWriter *writer, uint32_t field, const char *domain, const char *op,
                        const char *input, const char *output) {
    size_t node = wire_open(writer, field);
    wire_put_text(writer, 1, input);
    wire_put_text(writer, 2, output);
    wire_put_text(writer, 4, op);
    wire_put_text(writer, 7, domain);
    return node;
}

static void put_node(WireWriter *writer, uint32_t field, const char *domain, const char *op,
                     const char *input, const char *output) {
    wire_close(writer, open_node(writer, field, domain, op, input, output));
}

/* alpha = @slope */
static void put_reference(WireWriter *writer) {
    size_t attribute = wire_open(writer, 5);
    wire_put_text(writer, 1, "alpha");
    wire_put_int(writer, 20, 1);
    wire_put_text(writer, 21, "slope");
    wire_close(writer, attribute);
}

static size_t open_function(WireWriter *writer, const char *name) {
    size_t function = wire_open(writer, MODEL_FUNCTION);
    wire_put_text(writer, 1, name);
    wire_put_text(writer, 10, "mine");
    wire_put_text(writer, FUNCTION_INPUT, "a");
    wire_put_text(writer, FUNCTION_OUTPUT, "b");
    put_opset(writer, 9, "", 16);
    put_opset(writer, 9, "mine", 1);
    return function;
}

/* name(a) -> b: b = inner(a), of the same domain */
static void put_chain(WireWriter *writer, const char *name, const char *inner) {
    size_t function = open_function(writer, name);
    put_node(writer, FUNCTION_NODE, "mine", inner, "a", "b");
    wire_close(writer, function);
}

/* x -> mine.op -> y; slope is given with the call unless it is 0. */
static WireWriter open_model(const char *op, float slope) {
    WireWriter writer = { 0 };
    wire_put_int(&writer, 1, 10);
    put_opset(&writer, MODEL_OPSET, "", 16);
    put_opset(&writer, MODEL_OPSET, "mine", 1);
    size_t graph = wire_open(&writer, MODEL_GRAPH);
    size_t node = open_node(&writer, NODE, "mine", op, "x", "y");
    if (slope != 0)
        onnx_put_attr_float(&writer, "slope", slope);
    wire_close(&writer, node);
    onnx_put_port(&writer, 11, "x", DTYPE_F32, two, 1);
    onnx_put_port(&writer, 12, "y", DTYPE_F32, two, 1);
    wire_close(&writer, graph);
    return writer;
}

static Status import(WireWriter *writer, Graph **ret_graph) {
    *ret_graph = NULL;
    Status status = onnx_import(writer->data, writer->length, NULL, ret_graph);
    if (!status_is_ok(&status))
        wire_writer_deinit(writer);
    return status;
}

/* leaky(a) -> b: b = LeakyRelu(a, alpha = @slope) */
static void put_leaky(WireWriter *writer, bool with_default) {
    size_t function = open_function(writer, "leaky");
    size_t node = open_node(writer, FUNCTION_NODE, "", "LeakyRelu", "a", "b");
    put_reference(writer);
    wire_close(writer, node);
    if (with_default) {
        size_t attribute = wire_open(writer, 11);
        wire_put_text(writer, 1, "slope");
        wire_put_float(writer, 2, 0.25f);
        wire_put_int(writer, 20, 1);
        wire_close(writer, attribute);
    }
    wire_close(writer, function);
}

static void check_leaky(float slope, bool with_default, float expected) {
    WireWriter writer = open_model("leaky", slope);
    put_leaky(&writer, with_default);
    Graph *graph;
    Status status = import(&writer, &graph);
    assert_string_equal(status.message, "");
    const Node *node = graph_node_const(graph, 0);
    assert_string_equal(node->op->name, "LeakyRelu");
    assert_true(node_get_float(node, "alpha", -1) == expected);
    assert_string_equal(graph_node_const(graph, 1)->op->name, "Identity");
    assert_int_equal(graph_node_count(graph), 2);
    graph_free(graph);
}

static void test_attributes_come_from_the_call_or_the_default_or_not_at_all(void **state) {
    (void)state;
    check_leaky(0.5f, true, 0.5f);
    check_leaky(0, true, 0.25f);
    check_leaky(0, false, -1);
}

static void test_functions_call_functions(void **state) {
    (void)state;
    WireWriter writer = open_model("outer", 0);
    put_chain(&writer, "outer", "middle"); /* before what it calls */
    put_chain(&writer, "middle", "leaky");
    put_leaky(&writer, true);
    Graph *graph;
    Status status = import(&writer, &graph);
    assert_string_equal(status.message, "");
    assert_string_equal(graph_node_const(graph, 0)->op->name, "LeakyRelu");
    graph_free(graph);
}

static void check_refused(WireWriter *writer, StatusCode code, const char *words) {
    Graph *graph;
    Status status = import(writer, &graph);
    assert_int_equal(status.code, code);
    if (!strstr(status.message, words))
        fail_msg("expected '%s', got '%s'", words, status.message);
}

static void test_a_function_that_calls_itself_is_refused(void **state) {
    (void)state;
    WireWriter writer = open_model("self", 0);
    put_chain(&writer, "self", "self");
    check_refused(&writer, STATUS_INVALID_ARGUMENT, "function 'self' calls itself");
    writer = open_model("one", 0);
    put_chain(&writer, "one", "two");
    put_chain(&writer, "two", "one");
    check_refused(&writer, STATUS_INVALID_ARGUMENT, "function 'one' calls itself");
}

/* Each calls the next one twice: a file of two kilobytes for 2^30 nodes. */
static void test_expansion_is_bounded(void **state) {
    (void)state;
    WireWriter writer = open_model("f0", 0);
    for (int i = 0; i < 30; i++) {
        char name[8], next[8];
        snprintf(name, sizeof name, "f%d", i);
        snprintf(next, sizeof next, "f%d", i + 1);
        size_t function = open_function(&writer, name);
        put_node(&writer, FUNCTION_NODE, "mine", next, "a", "t");
        put_node(&writer, FUNCTION_NODE, "mine", next, "t", "b");
        wire_close(&writer, function);
    }
    size_t function = open_function(&writer, "f30");
    put_node(&writer, FUNCTION_NODE, "", "Relu", "a", "b");
    wire_close(&writer, function);
    check_refused(&writer, STATUS_RESOURCE_EXHAUSTED, "the model has more than 262144 nodes");
}

static void test_deep_chains_are_refused(void **state) {
    (void)state;
    WireWriter writer = open_model("f0", 0);
    for (int i = 0; i < 40; i++) {
        char name[8], next[8];
        snprintf(name, sizeof name, "f%d", i);
        snprintf(next, sizeof next, "f%d", i + 1);
        put_chain(&writer, name, next);
    }
    check_refused(&writer, STATUS_RESOURCE_EXHAUSTED, "deeper than 32");
}

static void test_wrong_functions_are_refused_in_words(void **state) {
    (void)state;
    WireWriter writer = open_model("f", 0);
    put_chain(&writer, "f", "g");
    put_chain(&writer, "f", "g");
    check_refused(&writer, STATUS_INVALID_ARGUMENT, "function 'f' is defined twice");
    writer = open_model("f", 0);
    put_chain(&writer, "f", "missing");
    check_refused(&writer, STATUS_UNIMPLEMENTED, "operator 'missing' (domain 'mine', opset 1)");
    writer = open_model("f", 0);
    size_t function = open_function(&writer, "f");
    put_node(&writer, FUNCTION_NODE, "", "Relu", "x", "b"); /* x is the caller's */
    wire_close(&writer, function);
    check_refused(&writer, STATUS_INVALID_ARGUMENT, "'x' is defined by no node");
    writer = open_model("f", 0);
    function = open_function(&writer, "f");
    put_node(&writer, FUNCTION_NODE, "", "Relu", "a", "c");
    wire_close(&writer, function);
    check_refused(&writer, STATUS_INVALID_ARGUMENT, "'b' is defined by no node");
    writer = open_model("leaky", 0);
    function = open_function(&writer, "leaky");
    size_t node = open_node(&writer, FUNCTION_NODE, "", "Softmax", "a", "b");
    onnx_put_attr_float(&writer, "axis", 1);
    wire_close(&writer, node);
    wire_close(&writer, function);
    check_refused(&writer, STATUS_INVALID_ARGUMENT, "attribute 'axis': expected kind INT");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attributes_come_from_the_call_or_the_default_or_not_at_all),
        cmocka_unit_test(test_functions_call_functions),
        cmocka_unit_test(test_a_function_that_calls_itself_is_refused),
        cmocka_unit_test(test_expansion_is_bounded),
        cmocka_unit_test(test_deep_chains_are_refused),
        cmocka_unit_test(test_wrong_functions_are_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
