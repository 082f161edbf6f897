/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Channels-last chains with reorders at their edges alone. */

#include "runtime/base/size.h"
#include "runtime/passes/passes.h"
#include "tests/support/model_builder.h"
#include "tests/support/pass_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static ValueId conv(Graph *graph, ValueId x, uint32_t seed) {
    return model_node(graph, "Conv", INPUTS(x, model_random_f32(graph, SHAPE(3, 3, 3, 3), 1, seed)),
                      NO_ATTRIBUTES);
}

static Graph *chain(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 3, 9, 9));
    model_output(graph, "y", conv(graph, conv(graph, conv(graph, x, 1), 2), 3));
    model_finish(graph);
    return graph;
}

/* The branch that leaves the chain is turned back once, although two nodes read it. */
static Graph *branch(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 3, 9, 9));
    ValueId y = conv(graph, x, 1);
    model_output(graph, "a", model_node(graph, "Softmax", INPUTS(y), NO_ATTRIBUTES));
    model_output(graph, "b",
                 model_node(graph, "Transpose", INPUTS(y),
                            ATTRIBUTES(ATTRIBUTE_OF_INTS("perm", 3, 1, 0, 2))));
    model_output(graph, "c", conv(graph, y, 2));
    model_finish(graph);
    return graph;
}

/* Weights that are fed are read as they are. */
static Graph *fed_weights(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 3, 9, 9));
    ValueId w = model_input(graph, "w", DTYPE_F32, SHAPE(3, 3, 3, 3));
    model_output(graph, "y", model_node(graph, "Conv", INPUTS(x, w), NO_ATTRIBUTES));
    model_finish(graph);
    return graph;
}

static Graph *nothing_spatial(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 3));
    model_output(graph, "y",
                 model_node(graph, "MatMul", INPUTS(x, model_random_f32(graph, SHAPE(3, 4), 1, 1)),
                            NO_ATTRIBUTES));
    model_finish(graph);
    return graph;
}

/* A Split in the middle, its pieces joined again the other way round. */
static Graph *split(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 3, 9, 9)), parts[2] = { 0, 0 };
    model_node_outputs(graph, "Split", INPUTS(conv(graph, x, 1), MODEL_I64(graph, 1, 2)),
                       ATTRIBUTES(ATTRIBUTE_OF_INT("axis", 1)), 2, parts);
    ValueId y = model_node(graph, "Concat", INPUTS(parts[1], parts[0]),
                           ATTRIBUTES(ATTRIBUTE_OF_INT("axis", 1)));
    model_output(graph, "y", conv(graph, y, 2));
    model_finish(graph);
    return graph;
}

static Graph *resize_by(const char *mode, const char *coordinate, double rows, double columns) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 3, 9, 7));
    Attribute spec[] = { ATTRIBUTE_OF_STRING("mode", ""),
                         ATTRIBUTE_OF_STRING("coordinate_transformation_mode", "") };
    spec[0].s = (StringView){ mode, strlen(mode) };
    spec[1].s = (StringView){ coordinate, strlen(coordinate) };
    ValueId y = model_node(
        graph, "Resize",
        INPUTS(conv(graph, x, 1), VALUE_NONE, MODEL_F32(graph, SHAPE(4), 1, 1, rows, columns)),
        ARRAY_LENGTH(spec), spec);
    model_output(graph, "y", conv(graph, y, 2));
    model_finish(graph);
    return graph;
}
static Graph *resize_nearest(void) {
    return resize_by("nearest", "asymmetric", 2, 3);
}
static Graph *resize_nearest_down(void) {
    return resize_by("nearest", "half_pixel", 0.6, 2.5);
}
static Graph *resize_linear(void) {
    return resize_by("linear", "half_pixel", 2, 1.7);
}
static Graph *resize_linear_corners(void) {
    return resize_by("linear", "align_corners", 3, 1);
}
static Graph *resize_cubic(void) {
    return resize_by("cubic", "half_pixel", 2, 2);
}

static Graph *depth_by(const char *mode) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 3, 9, 7));
    Attribute spec[] = { ATTRIBUTE_OF_INT("blocksize", 2), ATTRIBUTE_OF_STRING("mode", "DCR") };
    spec[1].s = (StringView){ mode, strlen(mode) };
    ValueId wide = model_node(
        graph, "Conv", INPUTS(x, model_random_f32(graph, SHAPE(12, 3, 1, 1), 1, 1)), NO_ATTRIBUTES);
    model_output(
        graph, "y",
        conv(graph, model_node(graph, "DepthToSpace", INPUTS(wide), ARRAY_LENGTH(spec), spec), 2));
    model_finish(graph);
    return graph;
}
static Graph *depth_first(void) {
    return depth_by("DCR");
}
static Graph *columns_first(void) {
    return depth_by("CRD");
}

/* Numbers of 8 bits all the way; the zero points are not where the type's range begins. */
static Graph *quantised(DType dtype, int64_t groups, double zero) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 4, 9, 7));
    ValueId scale = MODEL_F32(graph, SHAPE_SCALAR, 0.02),
            wide = MODEL_F32(graph, SHAPE_SCALAR, 0.05);
    ValueId offset = MODEL_CONSTANT(graph, dtype, SHAPE_SCALAR, zero);
    double weights[6 * 4 * 9];
    size_t count = (size_t)(6 * (4 / groups) * 9);
    for (size_t i = 0; i < count; i++)
        weights[i] = (double)(i * 37 % 255) - 127;
    ValueId q = model_node(graph, "QuantizeLinear", INPUTS(x, scale, offset), NO_ATTRIBUTES);
    ValueId y = model_node(
        graph, "QLinearConv",
        INPUTS(q, scale, offset,
               model_constant(graph, DTYPE_I8, SHAPE(6, 4 / groups, 3, 3), weights, count),
               MODEL_F32(graph, SHAPE(6), 0.01, 0.02, 0.005, 0.01, 0.03, 0.01),
               MODEL_CONSTANT(graph, DTYPE_I8, SHAPE(6), 0, 0, 0, 0, 0, 0), wide, offset,
               MODEL_CONSTANT(graph, DTYPE_I32, SHAPE(6), 100, -200, 300, 0, 5000, -7)),
        ATTRIBUTES(ATTRIBUTE_OF_INT("group", groups), ATTRIBUTE_OF_INTS("pads", 1, 1, 1, 1)));
    ValueId most = model_node(
        graph, "MaxPool", INPUTS(y),
        ATTRIBUTES(ATTRIBUTE_OF_INTS("kernel_shape", 3, 3), ATTRIBUTE_OF_INTS("pads", 1, 1, 1, 1)));
    ValueId sum =
        model_node(graph, "QLinearAdd", INPUTS(most, wide, offset, y, wide, offset, scale, offset),
                   NO_ATTRIBUTES);
    model_output(graph, "y",
                 model_node(graph, "DequantizeLinear", INPUTS(sum, scale, offset), NO_ATTRIBUTES));
    model_finish(graph);
    return graph;
}
static Graph *quantised_u8(void) {
    return quantised(DTYPE_U8, 1, 120);
}
static Graph *quantised_i8(void) {
    return quantised(DTYPE_I8, 1, -3);
}
static Graph *quantised_groups(void) {
    return quantised(DTYPE_U8, 2, 128);
}

/* Two more reorders stand around what the device does in plain layout alone. */
static const PassCase cases[] = {
    { "split", split, pass_assign_layouts, { { "Reorder", 0, 2 } }, 0 },
    { "resize nearest", resize_nearest, pass_assign_layouts, { { "Reorder", 0, 2 } }, 0 },
    { "resize nearest down", resize_nearest_down, pass_assign_layouts, { { "Reorder", 0, 2 } }, 0 },
    /* four products in another order */
    { "resize linear", resize_linear, pass_assign_layouts, { { "Reorder", 0, 2 } }, 1e-5f },
    { "resize corners",
      resize_linear_corners,
      pass_assign_layouts,
      { { "Reorder", 0, 2 } },
      1e-5f },
    { "resize cubic", resize_cubic, pass_assign_layouts, { { "Reorder", 0, 4 } }, 0 },
    { "depth to space", depth_first, pass_assign_layouts, { { "Reorder", 0, 2 } }, 0 },
    { "columns first", columns_first, pass_assign_layouts, { { "Reorder", 0, 4 } }, 0 },
    { "chain", chain, pass_assign_layouts, { { "Reorder", 0, 2 }, { "Conv", 3, 3 } }, 0 },
    { "branch", branch, pass_assign_layouts, { { "Reorder", 0, 3 } }, 0 },
    { "fed weights", fed_weights, pass_assign_layouts, { { "Reorder", 0, 2 } }, 0 },
    { "nothing spatial", nothing_spatial, pass_assign_layouts, { { "Reorder", 0, 0 } }, 0 },
};

/* A step of the result, made of a step of 0.05 before it. */
static const PassCase byte_cases[] = {
    { "u8", quantised_u8, pass_assign_layouts, { { "Reorder", 0, 2 } }, 0.121f },
    { "i8", quantised_i8, pass_assign_layouts, { { "Reorder", 0, 2 } }, 0.121f },
    { "u8 in groups", quantised_groups, pass_assign_layouts, { { "Reorder", 0, 2 } }, 0.121f },
};

static void test_bytes_where_the_machine_multiplies_them(void **state) {
    (void)state;
    if (!cpu_device_api()->multiplies_bytes(NULL))
        skip();
    for (size_t i = 0; i < ARRAY_LENGTH(byte_cases); i++)
        pass_case_check(&byte_cases[i]);
}

static void test_cases(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        pass_case_check(&cases[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_bytes_where_the_machine_multiplies_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
