/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A graph of one node around a kernel. The operator's row is made up from its name: kernels look at
 * nothing else of it.
 *
 * Thread: the test's; case_run_into: any.
 */

#include "tests/support/kernel_case.h"

#include "tests/support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t case_elements(const Shape *shape) {
    size_t elements;
    assert_true(shape_elements(shape, &elements));
    return elements;
}

void case_reorder(const Shape *shape, Layout to, const float *from, float *dst) {
    size_t elements = case_elements(shape);
    if (shape->rank < 3) {
        memcpy(dst, from, elements * sizeof *dst);
        return;
    }
    size_t channels = (size_t)shape->dims[1], pixels = shape_product(shape, 2, (size_t)shape->rank);
    for (size_t i = 0; i < elements; i++) {
        size_t pixel = i % pixels, channel = i / pixels % channels, image = i / pixels / channels;
        size_t last = (image * pixels + pixel) * channels + channel;
        if (to == LAYOUT_CHANNELS_LAST)
            dst[last] = from[i];
        else
            dst[i] = from[last];
    }
}

Pool *case_pool;

int case_start_pool(void **state) {
    (void)state;
    enum { THREADS = 3 };
    Status status = pool_new(THREADS, &case_pool);
    return status_is_ok(&status) ? 0 : -1;
}

int case_end_pool(void **state) {
    (void)state;
    pool_free(case_pool);
    return 0;
}

void case_start(KernelCase *test, const char *op) {
    *test = (KernelCase){ .op = { .domain = "", .name = op } };
    check_ok(graph_new(1 << 20, &test->graph));
}

size_t case_input(KernelCase *test, Shape shape, Layout layout, bool constant, unsigned seed) {
    CaseInput *input = &test->inputs[test->input_count];
    size_t elements = case_elements(&shape);
    *input =
        (CaseInput){ .shape = shape, .layout = layout, .constant = constant, .dtype = DTYPE_F32 };
    input->data = calloc(elements + 1, sizeof *input->data);
    assert_non_null(input->data);
    unsigned state = seed * 2654435761u + 12345u;
    for (size_t i = 0; i < elements; i++) {
        state = state * 1664525u + 1013904223u;
        input->data[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
    return test->input_count++;
}

size_t case_int_input(KernelCase *test, const int64_t *values, size_t count) {
    CaseInput *input = &test->inputs[test->input_count];
    *input = (CaseInput){ .shape = SHAPE((int64_t)count), .constant = true, .dtype = DTYPE_I64 };
    check_ok(tensor_init(&input->tensor, DTYPE_I64, &input->shape));
    memcpy(input->tensor.data, values, count * sizeof *values);
    return test->input_count++;
}

static Attribute *add_attribute(KernelCase *test, const char *name, AttributeKind kind) {
    Attribute *attribute = &test->attributes[test->attribute_count++];
    attribute->name = name;
    attribute->kind = kind;
    return attribute;
}

void case_int(KernelCase *test, const char *name, int64_t value) {
    add_attribute(test, name, ATTRIBUTE_INT)->i = value;
}

void case_float(KernelCase *test, const char *name, float value) {
    add_attribute(test, name, ATTRIBUTE_FLOAT)->f = value;
}

void case_ints(KernelCase *test, const char *name, const int64_t *values, size_t count) {
    Attribute *attribute = add_attribute(test, name, ATTRIBUTE_INTS);
    attribute->ints = values;
    attribute->count = count;
}

void case_string(KernelCase *test, const char *name, const char *value) {
    add_attribute(test, name, ATTRIBUTE_STRING)->s = (StringView){ value, strlen(value) };
}

void case_step(KernelCase *test, EpilogueStep step) {
    test->steps[test->step_count++] = step;
}

void case_no_input(KernelCase *test) {
    test->inputs[test->input_count++] = (CaseInput){ .value = VALUE_NONE };
}

static void add_input(KernelCase *test, CaseInput *input) {
    if (input->value == VALUE_NONE)
        return;
    if (input->dtype == DTYPE_I64) {
        check_ok(graph_add_constant(test->graph, NULL, &input->tensor, &input->value));
        return;
    }
    if (!input->lent)
        check_ok(tensor_init(&input->tensor, DTYPE_F32, &input->shape));
    input->tensor.layout = input->layout;
    if (input->layout == LAYOUT_PLAIN && input->tensor.bytes > 0)
        memcpy(input->tensor.data, input->data, input->tensor.bytes);
    else if (input->tensor.bytes > 0)
        case_reorder(&input->shape, LAYOUT_CHANNELS_LAST, input->data, input->tensor.data);
    if (input->constant)
        check_ok(graph_add_constant(test->graph, NULL, &input->tensor, &input->value));
    else
        check_ok(graph_add_value(test->graph, NULL, DTYPE_F32, &input->shape, &input->value));
    graph_value(test->graph, input->value)->layout = input->layout;
}

void case_prepare(KernelCase *test, const KernelType *type, Shape dst, Layout dst_layout) {
    ValueId ids[CASE_PORTS], output;
    for (size_t i = 0; i < test->input_count; i++) {
        add_input(test, &test->inputs[i]);
        ids[i] = test->inputs[i].value;
    }
    test->dst_shape = dst;
    test->dst_layout = dst_layout;
    check_ok(graph_add_value(test->graph, NULL, DTYPE_F32, &dst, &output));
    graph_value(test->graph, output)->layout = dst_layout;
    NodeSpec spec = { .op = &test->op,
                      .inputs = ids,
                      .outputs = &output,
                      .attributes = test->attributes,
                      .input_count = test->input_count,
                      .output_count = 1,
                      .attribute_count = test->attribute_count };
    check_ok(graph_add_node(test->graph, &spec, &test->node));
    Node *node = graph_node(test->graph, test->node);
    node->epilogue_count = (uint32_t)test->step_count;
    memcpy(node->epilogue, test->steps, sizeof node->epilogue);
    test->weights_lent = test->weights != NULL;
    if (!test->weights)
        check_ok(packed_weights_new(&test->weights));
    KernelBuild build = {
        .graph = test->graph,
        .node = node,
        .weights = test->weights,
        .pool = test->pool,
        .precision = test->precision,
    };
    check_ok(type->prepare(&build, &test->kernel));
}

typedef Status (*CaseRun)(const KernelCase *test, const KernelCall *call);

static void run_with(const KernelCase *test, CaseRun run, float *dst) {
    const Tensor *src[CASE_PORTS];
    for (size_t i = 0; i < test->input_count; i++)
        src[i] = test->inputs[i].value == VALUE_NONE ? NULL : &test->inputs[i].tensor;
    Tensor out = { .dtype = DTYPE_F32,
                   .layout = test->dst_layout,
                   .shape = test->dst_shape,
                   .data = dst,
                   .bytes = case_elements(&test->dst_shape) * sizeof(float) };
    KernelCall call = { .node = graph_node_const(test->graph, test->node),
                        .src = src,
                        .dst = &out,
                        .pool = test->pool };
    check_ok(run(test, &call));
}

static Status run_kernel(const KernelCase *test, const KernelCall *call) {
    return test->kernel->type->run(test->kernel, call);
}

static Status run_reference(const KernelCase *test, const KernelCall *call) {
    ReferenceKernel reference = reference_kernel_find(test->op.domain, test->op.name);
    assert_non_null(reference);
    return reference(call);
}

void case_run_into(const KernelCase *test, float *dst) {
    run_with(test, run_kernel, dst);
}

void case_reference(const KernelCase *test, float *dst) {
    run_with(test, run_reference, dst);
}

void case_run_and_compare(KernelCase *test, double tolerance) {
    case_run(test);
    AUTO(free) float *want = calloc(test->result_count + 1, sizeof *want);
    assert_non_null(want);
    case_reference(test, want);
    for (size_t i = 0; i < test->result_count; i++) {
        double expected = (double)want[i], got = (double)test->result[i];
        bool equal = isnan(expected) ? isnan(got)
                                     : expected == got ||
                                           fabs(got - expected) <= tolerance * (1 + fabs(expected));
        if (!equal)
            fail_msg("%s: element %zu: expected %.9g, got %.9g", test->op.name, i, expected, got);
    }
}

void case_run(KernelCase *test) {
    assert_non_null(test->kernel);
    test->result_count = case_elements(&test->dst_shape);
    float *dst = aligned_memory_new((test->result_count + 1) * sizeof *dst);
    assert_non_null(dst);
    for (size_t i = 0; i <= test->result_count; i++)
        dst[i] = 12345.0f; /* what was there must not matter; the last one must stay */
    case_run_into(test, dst);
    assert_true(dst[test->result_count] == 12345.0f);
    free(test->result);
    test->result = calloc(test->result_count + 1, sizeof *test->result);
    assert_non_null(test->result);
    if (test->dst_layout == LAYOUT_PLAIN)
        memcpy(test->result, dst, test->result_count * sizeof *dst);
    else
        case_reorder(&test->dst_shape, LAYOUT_PLAIN, dst, test->result);
    free(dst);
}

void case_end(KernelCase *test) {
    if (test->kernel)
        test->kernel->type->free(test->kernel);
    if (!test->weights_lent)
        packed_weights_free(test->weights);
    graph_free(test->graph);
    for (size_t i = 0; i < test->input_count; i++) {
        if (!test->inputs[i].lent)
            tensor_deinit(&test->inputs[i].tensor);
        free(test->inputs[i].data);
    }
    free(test->result);
}

static double clipped(double x, double low, double high) {
    return x < low ? low : x > high ? high : x;
}

static double sigmoid(double x) {
    return 1.0 / (1.0 + exp(-x));
}

static double step_value(const EpilogueStep *step, double x) {
    switch (step->kind) {
    case EPILOGUE_RELU:
        return x > 0 ? x : 0;
    case EPILOGUE_LEAKY_RELU:
        return x > 0 ? x : step->alpha * x;
    case EPILOGUE_CLIP:
        return clipped(x, step->alpha, step->beta);
    case EPILOGUE_SIGMOID:
        return sigmoid(x);
    case EPILOGUE_TANH:
        return tanh(x);
    case EPILOGUE_HARD_SIGMOID:
        return clipped(step->alpha * x + step->beta, 0, 1);
    case EPILOGUE_HARD_SWISH:
        return x * clipped(x / 6 + 0.5, 0, 1);
    case EPILOGUE_SWISH:
        return x * sigmoid(step->alpha * x);
    case EPILOGUE_GELU:
        return 0.5 * x * (1 + erf(x / sqrt(2)));
    case EPILOGUE_LINEAR:
        return step->alpha * x + step->beta;
    default:
        fail_msg("step %d has an operand", (int)step->kind);
        return 0;
    }
}

double case_steps(const KernelCase *test, double x, size_t index) {
    for (size_t i = 0; i < test->step_count; i++) {
        const EpilogueStep *step = &test->steps[i];
        if (step->kind != EPILOGUE_ADD && step->kind != EPILOGUE_MUL) {
            x = step_value(step, x);
            continue;
        }
        const CaseInput *operand = &test->inputs[step->input];
        size_t at = index;
        if (case_elements(&operand->shape) != case_elements(&test->dst_shape))
            at = index / shape_product(&test->dst_shape, 2, (size_t)test->dst_shape.rank) %
                 case_elements(&operand->shape);
        x = step->kind == EPILOGUE_ADD ? x + operand->data[at] : x * operand->data[at];
    }
    return x;
}
