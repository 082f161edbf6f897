/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a cuDNN graph on the host: every operation writes a dense f32 array [n, spatial..., c], the
 * last one the result's memory. Tensors are checked as the variant pack promises them: present,
 * aligned, inside their allocations.
 */

#include "tests/cuda/sim/sim_cudnn.h"

#include "tests/cuda/sim/sim.h"
#include "tests/cuda/sim/sim_numbers.h"

#include <stdlib.h>
#include <string.h>

enum { RANK_MAX = 5, INNER_MAX = 8 };

typedef struct Array {
    const Descriptor *tensor;
    int rank;
    int64_t dims[RANK_MAX]; /* n, c, spatial... */
    size_t count;
    float *numbers; /* as they lie: channels last */
} Array;

typedef struct Work {
    const Execution *execution;
    Array inner[INNER_MAX];
    size_t inner_count;
    bool failed;
} Work;

static void *must(void *memory) {
    if (!memory)
        abort();
    return memory;
}

static int64_t whole(const Descriptor *descriptor, cudnnBackendAttributeName_t name) {
    return *(const int64_t *)sim_attribute(descriptor, name)->items;
}

static const Descriptor *linked(const Descriptor *descriptor, cudnnBackendAttributeName_t name) {
    const Attribute *attribute = sim_attribute(descriptor, name);
    return attribute ? *(Descriptor *const *)attribute->items : NULL;
}

static cudaDataType_t number_type(const Descriptor *tensor) {
    cudnnDataType_t type =
        *(const cudnnDataType_t *)sim_attribute(tensor, CUDNN_ATTR_TENSOR_DATA_TYPE)->items;
    return type == CUDNN_DATA_HALF       ? CUDA_R_16F
           : type == CUDNN_DATA_BFLOAT16 ? CUDA_R_16BF
                                         : CUDA_R_32F;
}

static bool is_virtual(const Descriptor *tensor) {
    return *(const bool *)sim_attribute(tensor, CUDNN_ATTR_TENSOR_IS_VIRTUAL)->items;
}

static void describe(const Descriptor *tensor, Array *array) {
    const Attribute *dims = sim_attribute(tensor, CUDNN_ATTR_TENSOR_DIMENSIONS);
    *array = (Array){ .tensor = tensor, .rank = (int)dims->count, .count = 1 };
    memcpy(array->dims, dims->items, (size_t)dims->count * sizeof *array->dims);
    for (int i = 0; i < array->rank; i++)
        array->count *= (size_t)array->dims[i];
    array->numbers = must(malloc(array->count * sizeof *array->numbers));
}

static void *find_memory(Work *work, const Array *array) {
    int64_t id = whole(array->tensor, CUDNN_ATTR_TENSOR_UNIQUE_ID);
    int64_t alignment = whole(array->tensor, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT);
    const Execution *execution = work->execution;
    for (size_t i = 0; i < execution->count; i++) {
        if (execution->ids[i] != id)
            continue;
        void *address = execution->addresses[i];
        if ((uintptr_t)address % (uintptr_t)alignment != 0)
            sim_violation("cudnn: tensor %lld is not aligned as promised", (long long)id);
        else if (!sim_range_ok(address,
                               array->count * sim_number_bytes(number_type(array->tensor))))
            sim_violation("cudnn: tensor %lld leaves its device allocation", (long long)id);
        else
            return address;
        work->failed = true;
        return NULL;
    }
    sim_violation("cudnn: tensor %lld is not in the variant pack", (long long)id);
    work->failed = true;
    return NULL;
}

/* What an operation reads: an inner result, or device memory. The caller frees the latter. */
static Array read_array(Work *work, const Descriptor *tensor) {
    for (size_t i = 0; i < work->inner_count; i++)
        if (work->inner[i].tensor == tensor)
            return work->inner[i];
    Array array;
    describe(tensor, &array);
    const void *memory = find_memory(work, &array);
    for (size_t i = 0; memory && i < array.count; i++)
        array.numbers[i] = sim_number_get(number_type(tensor), memory, (int64_t)i);
    return array;
}

static void drop_array(const Work *work, const Array *array) {
    for (size_t i = 0; i < work->inner_count; i++)
        if (work->inner[i].numbers == array->numbers)
            return;
    free(array->numbers);
}

static void keep_result(Work *work, Array *array) {
    if (is_virtual(array->tensor) && work->inner_count < INNER_MAX) {
        work->inner[work->inner_count++] = *array;
        return;
    }
    void *memory = find_memory(work, array);
    for (size_t i = 0; memory && i < array->count; i++)
        sim_number_set(number_type(array->tensor), memory, (int64_t)i, array->numbers[i]);
    free(array->numbers);
}

/* --- convolution: two dims are three with a depth of 1 --- */

typedef struct Window {
    int64_t in[3], out[3], kernel[3], stride[3], dilation[3], pad[3];
    int64_t group_in, group_out;
} Window;

static void spread(const int64_t *from, int rank, int64_t fill, int64_t to[3]) {
    for (int i = 0; i < 3; i++)
        to[i] = i < 3 - rank ? fill : from[i - (3 - rank)];
}

static Window read_window(const Descriptor *conv, const Array *x, const Array *w, const Array *y) {
    Window window;
    int rank = x->rank - 2;
    spread(x->dims + 2, rank, 1, window.in);
    spread(w->dims + 2, rank, 1, window.kernel);
    spread(y->dims + 2, rank, 1, window.out);
    spread(sim_attribute(conv, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS)->items, rank, 0, window.pad);
    spread(sim_attribute(conv, CUDNN_ATTR_CONVOLUTION_DILATIONS)->items, rank, 1, window.dilation);
    spread(sim_attribute(conv, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES)->items, rank, 1,
           window.stride);
    int64_t post[3];
    spread(sim_attribute(conv, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS)->items, rank, 0, post);
    for (int i = 0; i < 3; i++) {
        int64_t span = window.dilation[i] * (window.kernel[i] - 1) + 1;
        int64_t fits = (window.in[i] + window.pad[i] + post[i] - span) / window.stride[i] + 1;
        if (fits != window.out[i])
            sim_violation("cudnn: dim %d of the result is %lld, expected %lld", i,
                          (long long)window.out[i], (long long)fits);
    }
    window.group_in = w->dims[1];
    window.group_out = w->dims[0] / (x->dims[1] / w->dims[1]);
    return window;
}

static float dot(const float *a, const float *b, int64_t count) {
    float sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

/* All channels of one result. */
static void one_position(const Window *window, const Array *x, const Array *w, const int64_t at[4],
                         float *result) {
    int64_t channels = x->dims[1];
    for (int64_t out = 0; out < w->dims[0]; out++) {
        float sum = 0;
        const float *factor = w->numbers + out * window->kernel[0] * window->kernel[1] *
                                               window->kernel[2] * window->group_in;
        for (int64_t tap = 0; tap < window->kernel[0] * window->kernel[1] * window->kernel[2];
             tap++) {
            int64_t k[3] = { tap / window->kernel[2] / window->kernel[1],
                             tap / window->kernel[2] % window->kernel[1], tap % window->kernel[2] };
            int64_t from = at[0];
            bool inside = true;
            for (int i = 0; i < 3; i++) {
                int64_t p =
                    at[1 + i] * window->stride[i] - window->pad[i] + k[i] * window->dilation[i];
                inside = inside && p >= 0 && p < window->in[i];
                from = from * window->in[i] + p;
            }
            if (inside)
                sum +=
                    dot(x->numbers + from * channels + out / window->group_out * window->group_in,
                        factor + tap * window->group_in, window->group_in);
        }
        result[out] = sum;
    }
}

static void run_convolution(Work *work, const Descriptor *operation) {
    Array x = read_array(work, linked(operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X));
    Array w = read_array(work, linked(operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W));
    Array y;
    describe(linked(operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y), &y);
    Window window = read_window(
        linked(operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC), &x, &w, &y);
    int64_t positions = (int64_t)y.count / y.dims[1];
    for (int64_t i = 0; i < positions && !work->failed; i++) {
        int64_t at[4] = { i / window.out[2] / window.out[1] / window.out[0],
                          i / window.out[2] / window.out[1] % window.out[0],
                          i / window.out[2] % window.out[1], i % window.out[2] };
        one_position(&window, &x, &w, at, y.numbers + i * y.dims[1]);
    }
    drop_array(work, &x);
    drop_array(work, &w);
    keep_result(work, &y);
}

static void run_pointwise(Work *work, const Descriptor *operation) {
    const Descriptor *other = linked(operation, CUDNN_ATTR_OPERATION_POINTWISE_BDESC);
    cudnnPointwiseMode_t mode =
        *(const cudnnPointwiseMode_t *)sim_attribute(
             linked(operation, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR),
             CUDNN_ATTR_POINTWISE_MODE)
             ->items;
    Array x = read_array(work, linked(operation, CUDNN_ATTR_OPERATION_POINTWISE_XDESC)), b = { 0 };
    if (other)
        b = read_array(work, other);
    Array y;
    describe(linked(operation, CUDNN_ATTR_OPERATION_POINTWISE_YDESC), &y);
    if (mode != CUDNN_POINTWISE_ADD && mode != CUDNN_POINTWISE_RELU_FWD)
        sim_violation("cudnn: pointwise mode %d", (int)mode);
    for (size_t i = 0; i < y.count; i++) {
        float second = other ? b.numbers[i % b.count] : 0; /* of a bias: its channel */
        y.numbers[i] = mode == CUDNN_POINTWISE_ADD ? x.numbers[i] + second
                       : x.numbers[i] > 0          ? x.numbers[i]
                                                   : 0;
    }
    drop_array(work, &x);
    if (other)
        drop_array(work, &b);
    keep_result(work, &y);
}

void sim_cudnn_run(void *context) {
    Work work = { .execution = context };
    memset(work.execution->workspace, 0xEE, work.execution->workspace_bytes);
    const Attribute *operations =
        sim_attribute(work.execution->graph, CUDNN_ATTR_OPERATIONGRAPH_OPS);
    for (int64_t i = 0; i < operations->count && !work.failed; i++) {
        const Descriptor *operation = ((Descriptor *const *)operations->items)[i];
        if (operation->type == CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR)
            run_convolution(&work, operation);
        else
            run_pointwise(&work, operation);
    }
    for (size_t i = 0; i < work.inner_count; i++)
        free(work.inner[i].numbers);
}
