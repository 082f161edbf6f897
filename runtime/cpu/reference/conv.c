/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Conv over any number of spatial dims, with groups. For every result plane: start from the bias,
 * then add each source plane of its group, tap by tap, in rows. Half precision is computed in
 * float.
 *
 * Source: ONNX Conv 22. Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/axpy.h"
#include "runtime/cpu/reference/quantize.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/window_rows.h"

#include <string.h>

typedef struct Conv {
    WindowPlane plane;
    const Tensor *src, *weights, *bias;
    Tensor *dst;
    size_t group_sources, group_results; /* channels of one group on each side */
    size_t element_bytes;
    AxpyFn axpy;
} Conv;

static const char *element_at(const Tensor *tensor, size_t index, size_t bytes) {
    return (const char *)tensor->data + index * bytes;
}

static void start_plane(const Conv *conv, char *plane, size_t channel) {
    size_t bytes = conv->element_bytes;
    memset(plane, 0, conv->plane.out_count * bytes);
    if (!conv->bias)
        return;
    for (size_t i = 0; i < conv->plane.out_count; i++)
        memcpy(plane + i * bytes, element_at(conv->bias, channel, bytes), bytes);
}

static void add_plane(const Conv *conv, char *dst, const char *src, const char *weights) {
    int64_t tap[WINDOW_MAX_RANK] = { 0 };
    size_t bytes = conv->element_bytes;
    do {
        WindowRow row;
        WindowRows rows = window_rows_begin(&conv->plane, tap);
        while (window_rows_next(&rows, &row))
            conv->axpy(dst + row.dst * bytes, weights, src + row.src * bytes, row.step, row.count);
        weights += bytes;
    } while (window_next_tap(&conv->plane, tap));
}

static void run_conv(const Conv *conv) {
    const WindowPlane *plane = &conv->plane;
    size_t results = (size_t)conv->weights->shape.dims[0],
           sources = (size_t)conv->src->shape.dims[1];
    size_t bytes = conv->element_bytes;
    for (size_t n = 0; n < (size_t)conv->src->shape.dims[0]; n++)
        for (size_t m = 0; m < results; m++) {
            char *dst = (char *)conv->dst->data + (n * results + m) * plane->out_count * bytes;
            size_t first = m / conv->group_results * conv->group_sources;
            start_plane(conv, dst, m);
            for (size_t c = 0; c < conv->group_sources; c++)
                add_plane(conv, dst,
                          element_at(conv->src, (n * sources + first + c) * plane->in_count, bytes),
                          element_at(conv->weights,
                                     (m * conv->group_sources + c) * plane->tap_count, bytes));
        }
}

static Status check_conv(const KernelCall *call, Conv *conv) {
    const Shape *src = &conv->src->shape, *weights = &conv->weights->shape,
                *dst = &conv->dst->shape;
    int64_t groups = node_get_int(call->node, "group", 1);
    if (src->rank < 3 || weights->rank != src->rank || dst->rank != src->rank)
        return call_invalid(call, "ranks do not fit: %s with weights %s", SHAPE_TEXT(src),
                            SHAPE_TEXT(weights));
    if (groups < 1 || groups > src->dims[1] || src->dims[1] % groups || weights->dims[0] % groups ||
        weights->dims[1] != src->dims[1] / groups)
        return call_invalid(call, "%s with weights %s in %lld groups", SHAPE_TEXT(src),
                            SHAPE_TEXT(weights), (long long)groups);
    if (dst->dims[0] != src->dims[0] || dst->dims[1] != weights->dims[0])
        return call_invalid(call, "%s with weights %s gives no %s", SHAPE_TEXT(src),
                            SHAPE_TEXT(weights), SHAPE_TEXT(dst));
    if (conv->bias && tensor_elements(conv->bias) != (size_t)weights->dims[0])
        return call_invalid(call, "bias %s for weights %s", SHAPE_TEXT(&conv->bias->shape),
                            SHAPE_TEXT(weights));
    conv->group_sources = (size_t)weights->dims[1];
    conv->group_results = (size_t)(weights->dims[0] / groups);
    for (int32_t d = 2; d < weights->rank; d++)
        if (weights->dims[d] < 1)
            return call_invalid(call, "weights %s are empty", SHAPE_TEXT(weights));
    return window_plane_init(&conv->plane, call, src, dst, weights->dims + 2);
}

Status conv_plain(const KernelCall *call, const Tensor *src, const Tensor *weights,
                  const Tensor *bias, Tensor *dst) {
    Conv conv = { .src = src, .weights = weights, .bias = bias, .dst = dst };
    TRY(call_check_dtype(call, src->dtype, weights));
    TRY(call_check_dtype(call, src->dtype, dst));
    if (bias)
        TRY(call_check_dtype(call, src->dtype, bias));
    conv.axpy = axpy_find(src->dtype);
    if (!conv.axpy)
        return call_lacks_dtype(call, src->dtype);
    conv.element_bytes = dtype_bytes(src->dtype);
    TRY(check_conv(call, &conv));
    if (tensor_elements(dst) > 0)
        run_conv(&conv);
    return status_ok();
}

static Status conv_wide(const KernelCall *call) {
    const Tensor *src, *weights;
    Tensor *dst;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_get_src(call, 1, &weights));
    if (!dtype_info(src->dtype)->is_float)
        return call_lacks_dtype(call, src->dtype);
    return conv_plain(call, src, weights, call_find_src(call, 2), dst);
}

Status reference_conv(const KernelCall *call) {
    return run_widened(call, conv_wide);
}
