/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Float operators between DequantizeLinear and QuantizeLinear. */

#include "runtime/base/size.h"
#include "runtime/passes/passes.h"
#include "tests/support/model_builder.h"
#include "tests/support/pass_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { CHANNELS = 3 };

static ValueId numbers(Graph *graph, DType dtype, double number) {
    return MODEL_CONSTANT(graph, dtype, SHAPE_SCALAR, number);
}

static ValueId quantize(Graph *graph, ValueId x, double scale, double zero) {
    return model_node(graph, "QuantizeLinear",
                      INPUTS(x, numbers(graph, DTYPE_F32, scale), numbers(graph, DTYPE_U8, zero)),
                      NO_ATTRIBUTES);
}

static ValueId dequantize(Graph *graph, ValueId x, double scale, double zero) {
    return model_node(graph, "DequantizeLinear",
                      INPUTS(x, numbers(graph, DTYPE_F32, scale), numbers(graph, DTYPE_U8, zero)),
                      NO_ATTRIBUTES);
}

/* x as it is after a trip through u8 */
static ValueId trip(Graph *graph, ValueId x, double scale, double zero) {
    return dequantize(graph, quantize(graph, x, scale, zero), scale, zero);
}

typedef struct ConvSpec {
    double weight_zero, dst_zero;
    bool float_bias;
    const char *limit; /* an operator before the last QuantizeLinear */
    double low, high;
} ConvSpec;

static Graph *conv(ConvSpec spec) {
    Graph *graph = model_new();
    double weights[CHANNELS * 2 * 9];
    for (size_t i = 0; i < ARRAY_LENGTH(weights); i++)
        weights[i] = (double)(i * 53 % 255) - 127;
    ValueId x =
        trip(graph, model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 2, 5, 6)), 0.01, 7);
    ValueId w =
        model_node(graph, "DequantizeLinear",
                   INPUTS(model_constant(graph, DTYPE_I8, SHAPE(CHANNELS, 2, 3, 3), weights,
                                         ARRAY_LENGTH(weights)),
                          MODEL_F32(graph, SHAPE(CHANNELS), 0.01, 0.02, 0.005),
                          MODEL_CONSTANT(graph, DTYPE_I8, SHAPE(CHANNELS), spec.weight_zero, 0, 0)),
                   ATTRIBUTES(ATTRIBUTE_OF_INT("axis", 0)));
    ValueId b = MODEL_F32(graph, SHAPE(CHANNELS), 0.5, -1, 2);
    if (!spec.float_bias)
        b = model_node(graph, "DequantizeLinear",
                       INPUTS(MODEL_CONSTANT(graph, DTYPE_I32, SHAPE(CHANNELS), 5000, -900, 70),
                              MODEL_F32(graph, SHAPE(CHANNELS), 1e-4, 2e-4, 5e-5)),
                       ATTRIBUTES(ATTRIBUTE_OF_INT("axis", 0)));
    ValueId y = model_node(graph, "Conv", INPUTS(x, w, b),
                           ATTRIBUTES(ATTRIBUTE_OF_INTS("pads", 1, 1, 1, 1)));
    if (spec.limit && spec.high > 0)
        y = model_node(
            graph, spec.limit,
            INPUTS(y, numbers(graph, DTYPE_F32, spec.low), numbers(graph, DTYPE_F32, spec.high)),
            NO_ATTRIBUTES);
    else if (spec.limit)
        y = model_node(graph, spec.limit, INPUTS(y), NO_ATTRIBUTES);
    model_output(graph, "y", trip(graph, y, 0.05, spec.dst_zero));
    model_finish(graph);
    return graph;
}

static Graph *conv_plain(void) {
    return conv((ConvSpec){ .dst_zero = 120 });
}
static Graph *conv_float_bias(void) {
    return conv((ConvSpec){ .dst_zero = 120, .float_bias = true });
}
static Graph *conv_relu(void) {
    return conv((ConvSpec){ .limit = "Relu" });
}
static Graph *conv_clip(void) { /* the type ends at 255 * 0.05 */
    return conv((ConvSpec){ .limit = "Clip", .high = 20 });
}
static Graph *conv_narrow_clip(void) {
    return conv((ConvSpec){ .limit = "Clip", .high = 6 });
}
static Graph *conv_relu_inside(void) { /* the type goes below 0 */
    return conv((ConvSpec){ .dst_zero = 120, .limit = "Relu" });
}
static Graph *conv_weight_zero(void) {
    return conv((ConvSpec){ .dst_zero = 120, .weight_zero = 3 });
}

static Graph *add(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 2, 5, 6));
    ValueId a = trip(graph, x, 0.01, 100), b = trip(graph, x, 0.02, 128);
    model_output(graph, "y",
                 trip(graph, model_node(graph, "Add", INPUTS(a, b), NO_ATTRIBUTES), 0.05, 110));
    model_finish(graph);
    return graph;
}

static Graph *pool(double scale) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 2, 5, 6));
    ValueId y = model_node(graph, "MaxPool", INPUTS(trip(graph, x, 0.01, 100)),
                           ATTRIBUTES(ATTRIBUTE_OF_INTS("kernel_shape", 2, 2)));
    model_output(graph, "y", trip(graph, y, scale, 100));
    model_finish(graph);
    return graph;
}
static Graph *pool_same(void) {
    return pool(0.01);
}
static Graph *pool_other(void) {
    return pool(0.02);
}

static bool always(const Device *device) {
    (void)device;
    return true;
}

static bool never(const Device *device) {
    (void)device;
    return false;
}

static Status run_on(Graph *graph, const PassContext *context, bool (*multiplies)(const Device *)) {
    DeviceApi api = *context->device->api;
    api.multiplies_bytes = multiplies;
    Device device = { .api = &api };
    PassContext own = *context;
    own.device = &device;
    return pass_match_quantized(graph, &own);
}

/* Whatever this machine has. */
static Status run_pass(Graph *graph, const PassContext *context) {
    return run_on(graph, context, always);
}

static Status run_without(Graph *graph, const PassContext *context) {
    return run_on(graph, context, never);
}

/* The tolerance is one step of the result: a sum that lies half-way goes up in one, down in the
 * other. */
static const PassCase cases[] = {
    { "conv", conv_plain, run_pass, { { "QLinearConv", 0, 1 } }, 0.051f },
    { "float bias", conv_float_bias, run_pass, { { "QLinearConv", 0, 1 } }, 0.051f },
    { "relu", conv_relu, run_pass, { { "QLinearConv", 0, 1 } }, 0.051f },
    { "clip", conv_clip, run_pass, { { "QLinearConv", 0, 1 } }, 0.051f },
    { "narrow clip", conv_narrow_clip, run_pass, { { "QLinearConv", 0, 0 } }, 0 },
    { "relu inside", conv_relu_inside, run_pass, { { "QLinearConv", 0, 0 } }, 0 },
    { "weight zero", conv_weight_zero, run_pass, { { "QLinearConv", 0, 0 } }, 0 },
    { "add", add, run_pass, { { "QLinearAdd", 0, 1 } }, 0.051f },
    { "no such products", conv_plain, run_without, { { "QLinearConv", 0, 0 } }, 0 },
    { "pool", pool_same, run_pass, { { "QuantizeLinear", 2, 1 } }, 0 },
    { "pool, other scale", pool_other, run_pass, { { "QuantizeLinear", 2, 2 } }, 0 },
};

static void test_cases(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        pass_case_check(&cases[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
