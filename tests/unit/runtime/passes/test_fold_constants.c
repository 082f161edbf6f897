/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Folding, identities, dead nodes. */

#include "runtime/base/size.h"
#include "runtime/device/device_open.h"
#include "runtime/passes/passes.h"
#include "tests/support/model_builder.h"
#include "tests/support/pass_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static Graph *constant_chain(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 3));
    ValueId c =
        model_node(graph, "Neg", INPUTS(MODEL_F32(graph, SHAPE(3), 1, 2, 3)), NO_ATTRIBUTES);
    c = model_node(graph, "Mul", INPUTS(c, MODEL_F32(graph, SHAPE_SCALAR, 3)), NO_ATTRIBUTES);
    model_output(graph, "y", model_node(graph, "Add", INPUTS(x, c), NO_ATTRIBUTES));
    model_finish(graph);
    return graph;
}

/* Reshape(x, [Shape(x)[0] * Shape(x)[1], -1]) */
static Graph *shape_chain(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 3, 4));
    ValueId shape = model_node(graph, "Shape", INPUTS(x), NO_ATTRIBUTES);
    ValueId first = model_node(graph, "Gather", INPUTS(shape, MODEL_I64(graph, 0)), NO_ATTRIBUTES);
    ValueId second = model_node(graph, "Gather", INPUTS(shape, MODEL_I64(graph, 1)), NO_ATTRIBUTES);
    ValueId rows = model_node(graph, "Mul", INPUTS(first, second), NO_ATTRIBUTES);
    ValueId target = model_node(graph, "Concat", INPUTS(rows, MODEL_I64(graph, -1)),
                                ATTRIBUTES(ATTRIBUTE_OF_INT("axis", 0)));
    model_output(graph, "y", model_node(graph, "Reshape", INPUTS(x, target), NO_ATTRIBUTES));
    model_finish(graph);
    return graph;
}

/* The number of rows is open on load; the other dims are known. */
static Graph *open_shape(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 3));
    model_output(graph, "y", model_node(graph, "Shape", INPUTS(x), NO_ATTRIBUTES));
    model_output(graph, "z",
                 model_node(graph, "Shape", INPUTS(x), ATTRIBUTES(ATTRIBUTE_OF_INT("start", 1))));
    model_finish(graph);
    return graph;
}

static Graph *identities(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 3));
    ValueId y = model_node(graph, "Identity", INPUTS(x), NO_ATTRIBUTES);
    y = model_node(graph, "Dropout", INPUTS(y), NO_ATTRIBUTES);
    y = model_node(graph, "Sum", INPUTS(y), NO_ATTRIBUTES);
    y = model_node(graph, "Neg", INPUTS(y), NO_ATTRIBUTES);
    model_output(graph, "y", model_node(graph, "Identity", INPUTS(y), NO_ATTRIBUTES));
    model_finish(graph);
    return graph;
}

static const PassCase cases[] = {
    { "constants",
      constant_chain,
      pass_fold_constants,
      { { "Neg", 1, 0 }, { "Mul", 1, 0 }, { "Add", 1, 1 } },
      0 },
    { "shapes",
      shape_chain,
      pass_fold_constants,
      { { "Shape", 1, 0 }, { "Gather", 2, 0 }, { "Concat", 1, 0 }, { "Reshape", 1, 1 } },
      0 },
    { "open shape", open_shape, pass_fold_constants, { { "Shape", 2, 1 } }, 0 },
    { "identities",
      identities,
      pass_drop_identities,
      { { "Identity", 2, 0 }, { "Dropout", 1, 0 }, { "Sum", 1, 0 }, { "Neg", 1, 1 } },
      0 },
};

static void test_cases(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        pass_case_check(&cases[i]);
}

static void test_the_limit_leaves_large_results(void **state) {
    (void)state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(1, 1));
    ValueId large = model_node(
        graph, "Expand", INPUTS(MODEL_F32(graph, SHAPE(1, 1), 5), MODEL_I64(graph, 300, 1000)),
        NO_ATTRIBUTES);
    model_output(graph, "y", model_node(graph, "Add", INPUTS(x, large), NO_ATTRIBUTES));
    model_finish(graph);
    Device *device;
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    model_check(device_open("cpu", &host, &device, &note));
    PassContext context = { .device = device, .fold_limit_bytes = 1000000 };
    model_check(pass_fold_constants(graph, &context));
    assert_int_equal(pass_case_count(graph, "Expand"), 1);
    context.fold_limit_bytes = 1200000;
    model_check(pass_fold_constants(graph, &context));
    assert_int_equal(pass_case_count(graph, "Expand"), 0);
    graph_free(graph);
    device_close(device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_the_limit_leaves_large_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
