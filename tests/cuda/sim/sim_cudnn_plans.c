/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Writes each convolution that is planned to the file INFERD_SIM_PLANS, one line each, for the test
 * that asks the real planner about it: type, spatial rank, batch, channels in and out, groups, then
 * in, out, kernel, stride, dilation, padding before and after by dim, then bias, residual, relu.
 */

#include "tests/cuda/sim/sim_cudnn.h"

#include <stdio.h>
#include <stdlib.h>

static const int64_t *list(const Descriptor *descriptor, cudnnBackendAttributeName_t name) {
    return sim_attribute(descriptor, name)->items;
}

static const Descriptor *linked(const Descriptor *descriptor, cudnnBackendAttributeName_t name) {
    const Attribute *attribute = sim_attribute(descriptor, name);
    return attribute ? *(Descriptor *const *)attribute->items : NULL;
}

static void write_list(FILE *file, const int64_t *numbers, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        fprintf(file, " %lld", (long long)numbers[i]);
}

typedef struct Tail {
    int bias, residual, relu;
} Tail;

static Tail read_tail(const Attribute *operations) {
    Tail tail = { 0 };
    for (int64_t i = 1; i < operations->count; i++) {
        const Descriptor *operation = ((Descriptor *const *)operations->items)[i];
        const Descriptor *other = linked(operation, CUDNN_ATTR_OPERATION_POINTWISE_BDESC);
        if (!other)
            tail.relu = 1;
        else if (list(other, CUDNN_ATTR_TENSOR_UNIQUE_ID)[0] == 3)
            tail.bias = 1;
        else
            tail.residual = 1;
    }
    return tail;
}

void sim_cudnn_write_plan(const Descriptor *graph) {
    const char *path = getenv("INFERD_SIM_PLANS");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (!file)
        return;
    const Attribute *operations = sim_attribute(graph, CUDNN_ATTR_OPERATIONGRAPH_OPS);
    const Descriptor *first = ((Descriptor *const *)operations->items)[0];
    const Descriptor *x = linked(first, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X);
    const Descriptor *w = linked(first, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W);
    const Descriptor *y = linked(first, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y);
    const Descriptor *window = linked(first, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC);
    int64_t rank = sim_attribute(x, CUDNN_ATTR_TENSOR_DIMENSIONS)->count - 2;
    const int64_t *in = list(x, CUDNN_ATTR_TENSOR_DIMENSIONS);
    const int64_t *out = list(y, CUDNN_ATTR_TENSOR_DIMENSIONS);
    const int64_t *kernel = list(w, CUDNN_ATTR_TENSOR_DIMENSIONS);
    int type = *(const int *)sim_attribute(x, CUDNN_ATTR_TENSOR_DATA_TYPE)->items;
    fprintf(file, "%d %lld %lld %lld %lld %lld", type, (long long)rank, (long long)in[0],
            (long long)in[1], (long long)out[1], (long long)(in[1] / kernel[1]));
    write_list(file, in + 2, rank);
    write_list(file, out + 2, rank);
    write_list(file, kernel + 2, rank);
    write_list(file, list(window, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES), rank);
    write_list(file, list(window, CUDNN_ATTR_CONVOLUTION_DILATIONS), rank);
    write_list(file, list(window, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS), rank);
    write_list(file, list(window, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS), rank);
    Tail tail = read_tail(operations);
    fprintf(file, " %d %d %d\n", tail.bias, tail.residual, tail.relu);
    fclose(file);
}
