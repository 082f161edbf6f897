/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Builds the case's graph twice, for the device and for the reference, runs both and compares.
 * Tolerances, relative to 1 + |x|: f32 has 24 bits and our kernels lose a few in sums and in the
 * approximations of the math library; f16 and bf16 are computed in f32 and rounded once, so half a
 * unit of their last place, and a little, is left.
 */

#include "tests/cuda/kernel_case.h"

#include "runtime/base/size.h"
#include "runtime/device/device_open.h"
#include "runtime/exec/executor.h"
#include "tests/cuda/sim_client.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_LIMIT = 1 << 26, OUTPUTS_MAX = 4, EXIT_SKIP = 77 };

static Device *cuda, *cpu;
static size_t case_count, failed_count;
static uint32_t seed = 1;

void cuda_case_start(void) {
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    sim_client_start();
    model_check(device_open("cpu", &host, &cpu, &note));
    Status status = device_open("cuda", &host, &cuda, &note);
    if (!status_is_ok(&status)) {
        printf("skipped: %s\n", status.message);
        exit(EXIT_SKIP);
    }
}

void cuda_case_end(void) {
    device_close(cuda);
    device_close(cpu);
}

size_t cuda_case_count(void) {
    return case_count;
}

size_t cuda_case_failed(void) {
    return failed_count;
}

static double draw(double low, double high) {
    seed = seed * 1664525u + 1013904223u;
    return low + (high - low) * (double)(seed >> 8) / (double)(1 << 24);
}

static DType input_type(const CudaCase *test, const CudaCaseInput *input) {
    return input->dtype == DTYPE_INVALID ? test->dtype : input->dtype;
}

static Tensor make_input(const CudaCase *test, const CudaCaseInput *input) {
    size_t count;
    if (!shape_elements(&input->shape, &count))
        abort();
    AUTO(free) double *numbers = calloc(count + 1, sizeof *numbers);
    for (size_t i = 0; i < count; i++) {
        numbers[i] = draw(input->low, input->high);
        if (input->whole || dtype_info(input_type(test, input))->is_integer ||
            input_type(test, input) == DTYPE_BOOL)
            numbers[i] = floor(numbers[i]);
    }
    return model_tensor(input_type(test, input), input->shape, numbers, count);
}

/* The same numbers in double, which has room for all of them. */
static Tensor widen(const Tensor *tensor) {
    size_t count = tensor_elements(tensor);
    AUTO(free) double *numbers = calloc(count + 1, sizeof *numbers);
    for (size_t i = 0; i < count; i++)
        numbers[i] = tensor_get_float(tensor, i);
    return model_tensor(DTYPE_F64, tensor->shape, numbers, count);
}

static bool is_narrow(DType dtype) {
    return dtype == DTYPE_F32 || dtype == DTYPE_F16 || dtype == DTYPE_BF16;
}

static bool is_widened(const CudaCase *test, const CudaCaseInput *input) {
    return !test->same_type && input->dtype == DTYPE_INVALID && is_narrow(test->dtype);
}

static Graph *build(const CudaCase *test, bool reference) {
    static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
    Graph *graph = model_new();
    ValueId inputs[CUDA_CASE_INPUTS], outputs[OUTPUTS_MAX] = { 0 };
    for (size_t i = 0; i < test->input_count; i++) {
        const CudaCaseInput *input = &test->inputs[i];
        double list[CUDA_CASE_LIST];
        for (size_t k = 0; k < input->list_count; k++)
            list[k] = (double)input->list[k];
        if (input->absent)
            inputs[i] = VALUE_NONE;
        else if (input->list_count > 0)
            inputs[i] = model_constant(graph, DTYPE_I64, SHAPE((int64_t)input->list_count), list,
                                       input->list_count);
        else
            inputs[i] = model_input(graph, names[i],
                                    reference && is_widened(test, input) ? DTYPE_F64
                                                                         : input_type(test, input),
                                    input->shape);
    }
    model_node_outputs(graph, test->op, test->input_count, inputs, test->attribute_count,
                       test->attributes, test->output_count, outputs);
    for (size_t i = 0; i < test->output_count; i++)
        model_output(graph, names[i], outputs[i]);
    model_finish(graph);
    return graph;
}

typedef struct Answer {
    Executor *executor;
    OutputPool *pool;
    OutputBlock *block;
    Tensor outputs[OUTPUTS_MAX];
} Answer;

static Status answer(Device *device, const CudaCase *test, Graph *graph, const Tensor *inputs,
                     Answer *ret_answer) {
    ExecutorOptions options = { .device = device, .optimise = test->optimise && device == cuda };
    *ret_answer = (Answer){ 0 };
    TRY(executor_new(graph, &options, &ret_answer->executor));
    TRY(output_pool_new(OUTPUT_LIMIT, &ret_answer->pool));
    TRY(output_block_new(ret_answer->pool, &ret_answer->block));
    RunArgs args = { .inputs = inputs, .outputs = ret_answer->outputs, .block = ret_answer->block };
    return executor_run(ret_answer->executor, &args);
}

static void answer_free(Answer *done) {
    if (done->block)
        output_block_unref(done->block);
    if (done->pool)
        output_pool_free(done->pool);
    executor_free(done->executor);
}

static double tolerance_of(const CudaCase *test, DType dtype) {
    if (test->tolerance > 0)
        return test->tolerance;
    return dtype == DTYPE_F16 ? 1e-3 : dtype == DTYPE_BF16 ? 8e-3 : dtype == DTYPE_F32 ? 2e-5 : 0;
}

static void report(const CudaCase *test, const char *what) {
    const Shape *shape = &test->inputs[0].shape;
    printf("%s %s %s: %s\n", test->op, dtype_name(test->dtype), SHAPE_TEXT(shape), what);
}

static bool equal(const CudaCase *test, const Tensor *got, const Tensor *want) {
    char text[200];
    if (!shape_equal(&got->shape, &want->shape)) {
        report(test, "another shape");
        return false;
    }
    double tolerance = tolerance_of(test, got->dtype);
    for (size_t i = 0; i < tensor_elements(got); i++) {
        double a = tensor_get_float(got, i), b = tensor_get_float(want, i);
        bool same = isnan(b) ? isnan(a)
                             : a == b || fabs(a - b) <= tolerance * (1 + fabs(b)) ||
                                   (got->dtype == DTYPE_F16 && fabs(b) > 65504 && isinf(a));
        if (!same) {
            snprintf(text, sizeof text, "element %zu is %.9g, expected %.9g", i, a, b);
            report(test, text);
            return false;
        }
    }
    return true;
}

static bool compare(const CudaCase *test, const Tensor *inputs, const Tensor *wide) {
    Answer got, want;
    uint64_t work = sim_client_work();
    long violations = sim_client_violations();
    Status device = answer(cuda, test, build(test, false), inputs, &got);
    Status reference = answer(cpu, test, build(test, true), wide, &want);
    bool ok = false;
    if (!status_is_ok(&device))
        report(test, device.message);
    else if (!status_is_ok(&reference))
        report(test, reference.message);
    else if (sim_client_work() == work)
        report(test, "the device did nothing");
    else if (sim_client_violations() > violations)
        report(test, "a violation");
    else
        ok = true;
    for (size_t i = 0; ok && i < test->output_count; i++)
        ok = equal(test, &got.outputs[i], &want.outputs[i]);
    answer_free(&got);
    answer_free(&want);
    return ok;
}

void cuda_case_run(const CudaCase *given) {
    CudaCase test = *given;
    test.output_count = test.output_count ? test.output_count : 1;
    Tensor inputs[CUDA_CASE_INPUTS], wide[CUDA_CASE_INPUTS];
    size_t count = 0; /* lists are constants, and last but for some operators */
    Tensor run_inputs[CUDA_CASE_INPUTS], run_wide[CUDA_CASE_INPUTS];
    for (size_t i = 0; i < test.input_count; i++) {
        const CudaCaseInput *input = &test.inputs[i];
        if (input->list_count > 0 || input->absent)
            continue;
        inputs[count] = make_input(&test, input);
        wide[count] = is_widened(&test, input) ? widen(&inputs[count]) : inputs[count];
        run_inputs[count] = inputs[count];
        run_wide[count] = wide[count];
        count++;
    }
    case_count++;
    failed_count += !compare(&test, run_inputs, run_wide);
    for (size_t i = 0; i < count; i++) {
        if (wide[i].data != inputs[i].data)
            tensor_deinit(&wide[i]);
        tensor_deinit(&inputs[i]);
    }
}
