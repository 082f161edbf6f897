/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Older forms of operators, as files write them, and the newest form that must come out. */

#include "runtime/onnx/onnx_import.h"

#include "runtime/graph/op_schema.h"
#include "tests/support/onnx_writer.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "Op(input,input;attr=1)" for every node in order: constants as their values, values by name or
 * "_". */
typedef struct Text {
    char text[1024];
    size_t length;
} Text;

static void put(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(Text *text, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int length =
        vsnprintf(text->text + text->length, sizeof text->text - text->length, format, args);
    va_end(args);
    assert_true(length >= 0 && text->length + (size_t)length < sizeof text->text);
    text->length += (size_t)length;
}

static void put_value(Text *text, const Graph *graph, ValueId id) {
    const Value *value = id == VALUE_NONE ? NULL : graph_value_const(graph, id);
    if (!value) {
        put(text, "-");
        return;
    }
    if (!value->constant || value->name[0]) {
        put(text, "%s", value->name[0] ? value->name : "_");
        return;
    }
    const Tensor *tensor = value->constant;
    put(text, tensor->shape.rank == 0 ? "%s:" : "%s:[", dtype_name(tensor->dtype));
    for (size_t i = 0; i < tensor_elements(tensor); i++)
        put(text, i ? " %g" : "%g", tensor_get_float(tensor, i));
    put(text, tensor->shape.rank == 0 ? "" : "]");
}

static void put_node(Text *text, const Graph *graph, const Node *node) {
    put(text, "%s%s(", text->length ? " " : "", node->op->name);
    for (uint32_t i = 0; i < node->input_count; i++) {
        put(text, i ? "," : "");
        put_value(text, graph, node->inputs[i]);
    }
    for (uint32_t i = 0; i < node->attribute_count; i++) {
        const Attribute *attribute = &node->attributes[i];
        put(text, attribute->kind == ATTRIBUTE_INT ? "%s%s=%lld" : "%s%s", i ? "," : ";",
            attribute->name, (long long)attribute->i);
    }
    put(text, ")");
}

/* What the newest form must be, for one old node with input x float32 [2,3,4] and output y. */
typedef struct UpgradeCase {
    int64_t opset;
    const char *op, *inputs, *outputs;
    void (*put_attributes)(WireWriter *file);
    const char *expected; /* nodes, or the start of an error */
    StatusCode code;
} UpgradeCase;

#define INTS(name, ...)                                                                            \
    onnx_put_attr_ints(file, name, (int64_t[]){ __VA_ARGS__ },                                     \
                       sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))

static void attrs_none(WireWriter *file) {
    (void)file;
}
static void attrs_axes(WireWriter *file) {
    INTS("axes", 0, 2);
}
static void attrs_axes_keepdims(WireWriter *file) {
    INTS("axes", 1);
    onnx_put_attr_int(file, "keepdims", 0);
}
static void attrs_slice(WireWriter *file) {
    INTS("starts", 1);
    INTS("ends", 3);
    INTS("axes", 1);
}
static void attrs_split(WireWriter *file) {
    INTS("split", 1, 2);
    onnx_put_attr_int(file, "axis", 1);
}
static void attrs_clip(WireWriter *file) {
    onnx_put_attr_float(file, "min", 0);
    onnx_put_attr_float(file, "max", 6);
}
static void attrs_clip_max(WireWriter *file) {
    onnx_put_attr_float(file, "max", 6);
}
static void attrs_pad(WireWriter *file) {
    INTS("pads", 0, 0, 1, 0, 0, 1);
    onnx_put_attr_float(file, "value", 2);
}
static void attrs_paddings(WireWriter *file) {
    INTS("paddings", 0, 0, 1, 0, 0, 1);
}
static void attrs_shape(WireWriter *file) {
    INTS("shape", 6, 4);
}
static void attrs_axis_0(WireWriter *file) {
    onnx_put_attr_int(file, "axis", 0);
}
static void attrs_axis_1(WireWriter *file) {
    onnx_put_attr_int(file, "axis", 1);
}
static void attrs_axis_2(WireWriter *file) {
    onnx_put_attr_int(file, "axis", 2);
}
static void attrs_broadcast(WireWriter *file) {
    onnx_put_attr_int(file, "broadcast", 1);
}
static void attrs_broadcast_1(WireWriter *file) {
    onnx_put_attr_int(file, "broadcast", 1);
    onnx_put_attr_int(file, "axis", 1);
}
static void attrs_broadcast_9(WireWriter *file) {
    onnx_put_attr_int(file, "broadcast", 1);
    onnx_put_attr_int(file, "axis", 9);
}
static void attrs_cast(WireWriter *file) {
    onnx_put_attr_text(file, "to", "INT64");
}
static void attrs_cast_wrong(WireWriter *file) {
    onnx_put_attr_text(file, "to", "INT65");
}
static void attrs_is_test(WireWriter *file) {
    onnx_put_attr_int(file, "is_test", 1);
    INTS("consumed_inputs", 0, 0, 0, 1, 1);
}
static void attrs_spatial_0(WireWriter *file) {
    onnx_put_attr_int(file, "spatial", 0);
}
static void attrs_ratio(WireWriter *file) {
    onnx_put_attr_float(file, "ratio", 0.25f);
}
static void attrs_float_power(WireWriter *file) {
    INTS("kernel_shape", 2);
    onnx_put_attr_float(file, "p", 1);
}
static void attrs_broken_power(WireWriter *file) {
    INTS("kernel_shape", 2);
    onnx_put_attr_float(file, "p", 1.5f);
}

static const UpgradeCase cases[] = {
    { 11, "Squeeze", "u", "y", attrs_axes, "Squeeze(u,int64:[0 2])", 0 },
    { 12, "Unsqueeze", "x", "y", attrs_axes, "Unsqueeze(x,int64:[0 2])", 0 },
    { 13, "Squeeze", "u", "y", attrs_none, "Squeeze(u)", 0 },
    { 12, "ReduceSum", "x", "y", attrs_axes_keepdims, "ReduceSum(x,int64:[1];keepdims=0)", 0 },
    { 13, "ReduceMean", "x", "y", attrs_axes_keepdims, "ReduceMean(x,int64:[1];keepdims=0)", 0 },
    { 17, "ReduceMax", "x", "y", attrs_none, "ReduceMax(x)", 0 },
    { 9, "Slice", "x", "y", attrs_slice, "Slice(x,int64:[1],int64:[3],int64:[1])", 0 },
    { 2, "Split", "x", "y z", attrs_split, "Split(x,int64:[1 2];axis=1)", 0 },
    { 13, "Split", "x", "y z", attrs_axis_0, "Split(x;axis=0,num_outputs=2)", 0 },
    { 6, "Clip", "x", "y", attrs_clip, "Clip(x,float32:0,float32:6)", 0 },
    { 6, "Clip", "x", "y", attrs_clip_max, "Clip(x,-,float32:6)", 0 },
    { 6, "Clip", "d", "y", attrs_clip, "Clip(d,float64:0,float64:6)", 0 },
    { 2, "Pad", "x", "y", attrs_pad, "Pad(x,int64:[0 0 1 0 0 1],float32:2)", 0 },
    { 1, "Pad", "x", "y", attrs_paddings, "Pad(x,int64:[0 0 1 0 0 1])", 0 },
    { 4, "Reshape", "x", "y", attrs_shape, "Reshape(x,int64:[6 4])", 0 },
    { 3, "Concat", "x x", "y", attrs_none, "Concat(x,x;axis=1)", 0 },
    { 1, "Cast", "x", "y", attrs_cast, "Cast(x;to=7)", 0 },
    { 1, "Cast", "x", "y", attrs_cast_wrong, "node 'n' (Cast): attribute 'to': no element type",
      STATUS_INVALID_ARGUMENT },
    { 12, "Softmax", "x", "y", attrs_axis_2, "Softmax(x;axis=-1)", 0 },
    { 12, "Softmax", "x", "y", attrs_axis_1,
      "Flatten(x;axis=1) Shape(x) Softmax(_;axis=-1) Reshape(_,_;allowzero=1)", 0 },
    { 11, "LogSoftmax", "x", "y", attrs_none,
      "Flatten(x;axis=1) Shape(x) LogSoftmax(_;axis=-1) Reshape(_,_;allowzero=1)", 0 },
    { 13, "Softmax", "x", "y", attrs_axis_1, "Softmax(x;axis=1)", 0 },
    { 6, "Add", "x c", "y", attrs_broadcast_1, "Unsqueeze(c,int64:[1]) Add(x,_)", 0 },
    { 6, "Add", "x x", "y", attrs_broadcast, "Add(x,x)", 0 },
    { 6, "Mul", "x c", "y", attrs_broadcast_9, "node 'n' (Mul): axis places 1 dims outside",
      STATUS_INVALID_ARGUMENT },
    { 6, "PRelu", "x c", "y", attrs_none, "Unsqueeze(c,int64:[1]) PRelu(x,_)", 0 },
    { 7, "PRelu", "x x", "y", attrs_none, "PRelu(x,x)", 0 },
    { 1, "Relu", "x", "y", attrs_none, "Relu(x)", 0 },
    { 6, "Gemm", "m m m", "y", attrs_broadcast, "Gemm(m,m,m)", 0 },
    { 5, "BatchNormalization", "x c c c c", "y", attrs_is_test, "BatchNormalization(x,c,c,c,c)",
      0 },
    { 9, "BatchNormalization", "x c c c c", "y m1 v1", attrs_none,
      "BatchNormalization(x,c,c,c,c;training_mode=1)", 0 },
    { 7, "BatchNormalization", "x c c c c", "y", attrs_spatial_0,
      "node 'n' (BatchNormalization): normalization per activation", STATUS_UNIMPLEMENTED },
    { 7, "Dropout", "x", "y", attrs_ratio, "Dropout(x)", 0 },
    { 7, "Dropout", "x", "y mask", attrs_ratio, "Dropout(x) CastLike(_,x)", 0 },
    { 10, "Dropout", "x", "y mask", attrs_ratio, "Dropout(x)", 0 },
    { 9, "Upsample", "x c", "y", attrs_none,
      "Resize(x,-,c;coordinate_transformation_mode,nearest_mode)", 0 },
    { 10, "Resize", "x c", "y", attrs_none,
      "Resize(x,-,c;coordinate_transformation_mode,nearest_mode)", 0 },
    { 8, "Upsample", "x", "y", attrs_none, "node 'n' (Upsample): needs attribute 'scales'",
      STATUS_INVALID_ARGUMENT },
    { 1, "Upsample", "x", "y", attrs_none, "node 'n' (Upsample): needs attributes 'height_scale'",
      STATUS_INVALID_ARGUMENT },
    { 1, "LpPool", "x", "y", attrs_float_power, "LpPool(x;kernel_shape,p=1)", 0 },
    { 1, "LpPool", "x", "y", attrs_broken_power, "node 'n' (LpPool): a norm of p = 1.5",
      STATUS_UNIMPLEMENTED },
    { 5, "Tile", "x c c", "y", attrs_none,
      "node 'n' (Tile): operator 'Tile' (domain '', opset 5) is not", STATUS_UNIMPLEMENTED },
};

static Status import_case(const UpgradeCase *row, Graph **ret_graph) {
    WireWriter file = { 0 };
    size_t graph = onnx_open_model(&file, row->opset);
    size_t node = onnx_open_node(&file, row->op, row->inputs, row->outputs);
    row->put_attributes(&file);
    wire_close(&file, node);
    onnx_put_port(&file, 11, "x", DTYPE_F32, (int64_t[]){ 2, 3, 4 }, 3);
    onnx_put_port(&file, 11, "u", DTYPE_F32, (int64_t[]){ 1, 3, 1 }, 3);
    onnx_put_port(&file, 11, "m", DTYPE_F32, (int64_t[]){ 2, 2 }, 2);
    onnx_put_port(&file, 11, "d", DTYPE_F64, (int64_t[]){ 2, 2 }, 2);
    onnx_put_tensor(&file, 5, "c", DTYPE_F32, (int64_t[]){ 3 }, 1, (float[]){ 1, 2, 3 }, 12);
    for (const char *name = row->outputs; *name; name += strcspn(name, " "), name += *name == ' ') {
        char output[16] = { 0 };
        memcpy(output, name, strcspn(name, " "));
        onnx_put_port(&file, 12, output, DTYPE_F32, NULL, -1);
    }
    wire_close(&file, graph);
    *ret_graph = NULL;
    Status status = onnx_import(file.data, file.length, NULL, ret_graph);
    if (!status_is_ok(&status))
        wire_writer_deinit(&file);
    return status;
}

static void test_old_forms_become_the_newest(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO(graph_free) Graph *graph = NULL;
        Status status = import_case(&cases[i], &graph);
        Text text = { 0 };
        if (graph)
            for (size_t n = 0; n < graph_node_count(graph); n++)
                put_node(&text, graph, graph_node(graph, (NodeId)n));
        else
            put(&text, "%s", status.message);
        bool same = graph ? strcmp(text.text, cases[i].expected) == 0
                          : strncmp(text.text, cases[i].expected, strlen(cases[i].expected)) == 0;
        if (!same || status.code != cases[i].code)
            fail_msg("%s, opset %lld: expected '%s', got '%s'", cases[i].op,
                     (long long)cases[i].opset, cases[i].expected, text.text);
        if (graph) {
            status = graph_infer(graph);
            assert_string_equal(status.message, "");
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_old_forms_become_the_newest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
