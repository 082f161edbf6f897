/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Operators of other domains than ai.onnx that are said in its operators when a model is read. */

#include "runtime/graph/op_schema.h"
#include "runtime/onnx/contrib.h"
#include "runtime/onnx/onnx_import.h"
#include "tests/support/onnx_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { NODE_DOMAIN = 7, MODEL_OPSET = 8, GRAPH_NODE = 1, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };

static const int64_t DIMS[] = { 2, 3 };

/* One node of the domain; its output is a tensor, or a sequence of maps. */
static Status import_one(const char *domain, const char *op, const char *inputs, bool maps,
                         Graph **ret_graph) {
    AUTO(wire_writer_deinit) WireWriter writer = { 0 };
    size_t graph = onnx_open_model(&writer, 18);
    size_t node = onnx_open_node(&writer, op, inputs, "y");
    wire_put_text(&writer, NODE_DOMAIN, domain);
    wire_close(&writer, node);
    onnx_put_port(&writer, GRAPH_INPUT, "a", DTYPE_F32, DIMS, 2);
    onnx_put_port(&writer, GRAPH_INPUT, "b", DTYPE_F32, DIMS, 2);
    if (maps) {
        size_t port = wire_open(&writer, GRAPH_OUTPUT);
        wire_put_text(&writer, 1, "y");
        size_t type = wire_open(&writer, 2), sequence = wire_open(&writer, 4),
               element = wire_open(&writer, 1);
        size_t map = wire_open(&writer, 5);
        wire_put_int(&writer, 1, DTYPE_I64);
        wire_close(&writer, map);
        wire_close(&writer, element);
        wire_close(&writer, sequence);
        wire_close(&writer, type);
        wire_close(&writer, port);
    } else {
        onnx_put_port(&writer, GRAPH_OUTPUT, "y", DTYPE_F32, DIMS, 2);
    }
    wire_close(&writer, graph);
    size_t opset = wire_open(&writer, MODEL_OPSET);
    wire_put_text(&writer, 1, domain);
    wire_put_int(&writer, 2, 1);
    wire_close(&writer, opset);
    Status status = onnx_import(writer.data, writer.length, NULL, ret_graph);
    if (status_is_ok(&status))
        writer.data = NULL; /* the graph keeps it */
    return status;
}

/* Names of the operators in order, with spaces behind. */
static void check_operators(const Graph *graph, const char *expected) {
    char text[200] = "";
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        strncat(text, graph_node_const(graph, id)->op->name, 40);
        strcat(text, " ");
    }
    assert_string_equal(text, expected);
}

/* op(map from text to value) -> y, with one attribute of texts */
static Status import_map(const char *op, DType value, const char *attribute, Graph **ret_graph) {
    AUTO(wire_writer_deinit) WireWriter writer = { 0 };
    size_t graph = onnx_open_model(&writer, 18);
    size_t node = onnx_open_node(&writer, op, "a", "y");
    wire_put_text(&writer, NODE_DOMAIN, "ai.onnx.ml");
    if (strcmp(attribute, "string_vocabulary") == 0) {
        size_t words = wire_open(&writer, 5);
        wire_put_text(&writer, 1, attribute);
        wire_put_text(&writer, 9, "red");
        wire_put_text(&writer, 9, "green");
        wire_put_int(&writer, 20, ATTRIBUTE_STRINGS);
        wire_close(&writer, words);
    } else {
        onnx_put_attr_text(&writer, "cast_to", attribute);
    }
    wire_close(&writer, node);
    size_t port = wire_open(&writer, GRAPH_INPUT);
    wire_put_text(&writer, 1, "a");
    size_t type = wire_open(&writer, 2), map = wire_open(&writer, 5);
    wire_put_int(&writer, 1, DTYPE_STRING);
    size_t held = wire_open(&writer, 2), tensor = wire_open(&writer, 1);
    wire_put_int(&writer, 1, value);
    wire_close(&writer, tensor);
    wire_close(&writer, held);
    wire_close(&writer, map);
    wire_close(&writer, type);
    wire_close(&writer, port);
    onnx_put_port(&writer, GRAPH_OUTPUT, "y", DTYPE_F32, DIMS, 2);
    wire_close(&writer, graph);
    size_t opset = wire_open(&writer, MODEL_OPSET);
    wire_put_text(&writer, 1, "ai.onnx.ml");
    wire_put_int(&writer, 2, 1);
    wire_close(&writer, opset);
    Status status = onnx_import(writer.data, writer.length, NULL, ret_graph);
    if (status_is_ok(&status))
        writer.data = NULL; /* the graph keeps it */
    return status;
}

static void test_maps_come_in_as_tensors_of_their_values(void **state) {
    (void)state;
    static const struct {
        const char *op, *attribute, *operators;
        DType value;
    } rows[] = {
        { "DictVectorizer", "string_vocabulary", "Identity ", DTYPE_F32 },
        { "CastMap", "TO_INT64", "Cast ", DTYPE_F32 },
        { "CastMap", "TO_FLOAT", "Cast ", DTYPE_STRING },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        AUTO(graph_free) Graph *graph = NULL;
        Status status = import_map(rows[i].op, rows[i].value, rows[i].attribute, &graph);
        assert_string_equal(status.message, "");
        check_operators(graph, rows[i].operators);
        assert_int_equal(graph_input(graph, 0)->dtype, rows[i].value);
        assert_int_equal(graph_input(graph, 0)->shape.rank, 2);
    }
    Graph *graph = NULL;
    Status status = import_map("CastMap", DTYPE_F32, "TO_MARS", &graph);
    assert_non_null(strstr(status.message, "cast_to that is TO_FLOAT"));
}

/* h = op(a, b); y = dh/da */
static Status import_gradient(const char *op, const char *of, Graph **ret_graph) {
    AUTO(wire_writer_deinit) WireWriter writer = { 0 };
    size_t graph = onnx_open_model(&writer, 12);
    onnx_put_node(&writer, op, "a b", "h");
    size_t node = onnx_open_node(&writer, "Gradient", "a", "y");
    wire_put_text(&writer, NODE_DOMAIN, "ai.onnx.preview.training");
    onnx_put_attr_text(&writer, "y", of);
    wire_close(&writer, node);
    onnx_put_port(&writer, GRAPH_INPUT, "a", DTYPE_F32, DIMS, 2);
    onnx_put_port(&writer, GRAPH_INPUT, "b", DTYPE_F32, DIMS, 2);
    onnx_put_port(&writer, GRAPH_OUTPUT, "y", DTYPE_F32, DIMS, 2);
    wire_close(&writer, graph);
    size_t opset = wire_open(&writer, MODEL_OPSET);
    wire_put_text(&writer, 1, "ai.onnx.preview.training");
    wire_put_int(&writer, 2, 1);
    wire_close(&writer, opset);
    Status status = onnx_import(writer.data, writer.length, NULL, ret_graph);
    if (status_is_ok(&status))
        writer.data = NULL; /* the graph keeps it */
    return status;
}

static void test_gradients_are_nodes_or_refused(void **state) {
    (void)state;
    AUTO(graph_free) Graph *graph = NULL;
    Status status = import_gradient("Mul", "h", &graph); /* zeros, ones, ones * b */
    assert_string_equal(status.message, "");
    check_operators(graph, "Mul Expand Expand Mul Identity ");
    Graph *none = NULL;
    status = import_gradient("Mul", "nowhere", &none);
    assert_non_null(strstr(status.message, "'y' names no value of the graph"));
    status = import_gradient("Pow", "h", &none);
    assert_non_null(strstr(status.message, "the derivative of Pow"));
}

static void test_zip_map_gives_the_scores_under_its_name(void **state) {
    (void)state;
    AUTO(graph_free) Graph *graph = NULL;
    Status status = import_one("ai.onnx.ml", "ZipMap", "a", true, &graph);
    assert_string_equal(status.message, "");
    check_operators(graph, "Identity ");
    assert_string_equal(graph_output(graph, 0)->name, "y");
    assert_int_equal(graph_output(graph, 0)->dtype, DTYPE_F32);
}

static void test_contributed_operators_become_standard_ones(void **state) {
    (void)state;
    static const struct {
        const char *op, *inputs, *expected;
    } cases[] = {
        { "BiasGelu", "a b", "Add Gelu " },
        { "FastGelu", "a", "Gelu " },
        { "Gelu", "a", "Gelu " },
        { "QuickGelu", "a", "Swish " },
        { "FusedGemm", "a b", "Gemm Identity " },
        { "FusedConv", "a b a b", "Conv Add Identity " },
        { "FusedMatMul", "a b", "MatMul " },
        { "MatMulIntegerToFloat", "a b a b", "MatMulInteger CastLike Mul Mul Identity " },
        { "SkipLayerNormalization", "a b a", "Add LayerNormalization " },
        { "SkipSimplifiedLayerNormalization", "a b a b", "Add Add RMSNormalization " },
        { "QLinearConcat", "a a a a b", "DequantizeLinear Concat QuantizeLinear " },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(graph_free) Graph *graph = NULL;
        Status status = import_one("com.microsoft", cases[i].op, cases[i].inputs, false, &graph);
        assert_string_equal(status.message, "");
        check_operators(graph, cases[i].expected);
    }
}

/* "a a a": as many as the list has, without those that may be left out. */
static void fill_inputs(const char *list, char *text) {
    *text = '\0';
    for (const char *at = list; *at;) {
        size_t length = strcspn(at, " ");
        if (at[length - 1] != '?')
            strcat(text, "a ");
        else if (strchr(at, ' ')) /* one that is required may follow */
            strcat(text, "a ");
        at += length + strspn(at + length, " ");
    }
    text[strlen(text) - 1] = '\0';
}

static void test_every_recipe_can_be_followed(void **state) {
    (void)state;
    size_t count;
    const ContribRow *rows = contrib_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (!rows[i].recipe.body)
            continue;
        char inputs[64];
        fill_inputs(rows[i].recipe.inputs, inputs);
        AUTO(graph_free) Graph *graph = NULL;
        Status status = import_one(rows[i].domain, rows[i].op, inputs, false, &graph);
        if (status.code == STATUS_UNIMPLEMENTED)
            fail_msg("%s: %s", rows[i].op, status.message);
        assert_true(i == 0 || strcmp(rows[i - 1].op, rows[i].op) <= 0);
    }
}

static void test_wrong_inputs_are_refused(void **state) {
    (void)state;
    Graph *graph = NULL;
    Status status = import_one("com.microsoft", "BiasGelu", "a", false, &graph);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    status = import_one("com.microsoft", "QLinearAdd", "a b", false, &graph);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    status = import_one("ai.onnx.ml", "ZipMap", "a b", true, &graph);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    status = import_one("com.microsoft", "ZipMap", "a", false, &graph);
    assert_int_equal(status.code, STATUS_UNIMPLEMENTED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maps_come_in_as_tensors_of_their_values),
        cmocka_unit_test(test_gradients_are_nodes_or_refused),
        cmocka_unit_test(test_zip_map_gives_the_scores_under_its_name),
        cmocka_unit_test(test_contributed_operators_become_standard_ones),
        cmocka_unit_test(test_every_recipe_can_be_followed),
        cmocka_unit_test(test_wrong_inputs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
