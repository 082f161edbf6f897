/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators that spread a small image over a large one, and convolution at shifted places. Source:
 * ONNX ConvTranspose 22, Col2Im 18, MaxUnpool 22, DeformConv 22, InstanceNormalization 22.
 */

#include "runtime/base/size.h"
#include "runtime/graph/infer.h"
#include "runtime/graph/window.h"

#include <inttypes.h>

static Status check_group(const InferCall *call, const char *name, int64_t channels,
                          int64_t *ret_group) {
    int64_t group = node_get_int(call->node, name, 1);
    if (group < 1 || (channels != DIM_UNKNOWN && channels % group != 0))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "%s: %" PRId64 " does not divide %" PRId64 " channels", name, group,
                            channels);
    *ret_group = group;
    return status_ok();
}

static Status check_weights_rank(const Shape *x, const Shape *w) {
    if (w->rank == x->rank && w->rank >= 3)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT,
                        "input 1: weights %s do not go with input 0 of shape %s", SHAPE_TEXT(w),
                        SHAPE_TEXT(x));
}

/* Weights are [C, M/group, kernel...]. */
Status infer_conv_transpose(InferCall *call) {
    const Shape *x = &call->inputs[0].shape, *w = &call->inputs[1].shape;
    DType dtype;
    int64_t group, results;
    TRY(infer_same_dtype(call, 0, 3, &dtype));
    if (x->rank == SHAPE_UNRANKED || w->rank == SHAPE_UNRANKED) {
        infer_set_output(call, 0, dtype, &SHAPE_UNKNOWN);
        return status_ok();
    }
    TRY(check_weights_rank(x, w));
    TRY(check_group(call, "group", x->dims[1], &group));
    if (w->dims[0] != x->dims[1] && w->dims[0] != DIM_UNKNOWN && x->dims[1] != DIM_UNKNOWN)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input 1: weights %s do not go with %" PRId64 " channels",
                            SHAPE_TEXT(w), x->dims[1]);
    results = w->dims[1];
    if (results != DIM_UNKNOWN && __builtin_mul_overflow(results, group, &results))
        return status_error(STATUS_INVALID_ARGUMENT, "group: %" PRId64 " is too large", group);
    TRY(infer_check_shape(call, 2, &SHAPE(results)));
    Window window;
    TRY(window_resolve_transposed(call->node, x, w->dims + 2, &window));
    Shape y = { .rank = x->rank, .dims = { x->dims[0], results } };
    for (size_t i = 0; i < window.rank; i++)
        y.dims[i + 2] = window.in[i];
    infer_set_output(call, 0, dtype, &y);
    return status_ok();
}

static Status image_of(const IntList *image, int64_t batch, int64_t channels, Shape *ret_shape) {
    Shape y = { .rank = (int32_t)image->count + 2, .dims = { batch, channels } };
    for (size_t i = 0; i < image->count; i++) {
        y.dims[i + 2] = image->known ? image->items[i] : DIM_UNKNOWN;
        if (image->known && image->items[i] < 1)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "image dim %zu: expected 1 or more, got %" PRId64, i,
                                image->items[i]);
    }
    *ret_shape = y;
    return status_ok();
}

/* x: [N, C * block, blocks] */
Status infer_col2im(InferCall *call) {
    const Shape *x = &call->inputs[0].shape;
    IntList image, block;
    Shape y;
    TRY(infer_int_list(call, 1, WINDOW_MAX_RANK, &image));
    TRY(infer_int_list(call, 2, WINDOW_MAX_RANK, &block));
    TRY(infer_check_shape(call, 0, &SHAPE(DIM_UNKNOWN, DIM_UNKNOWN, DIM_UNKNOWN)));
    if (!image.count_known || x->rank == SHAPE_UNRANKED) {
        infer_set_output(call, 0, call->inputs[0].dtype, &SHAPE_UNKNOWN);
        return status_ok();
    }
    if (image.count < 1 || (block.count_known && block.count != image.count))
        return status_error(STATUS_INVALID_ARGUMENT, "input 2: %zu dims for an image of %zu",
                            block.count, image.count);
    TRY(image_of(&image, x->dims[0], DIM_UNKNOWN, &y));
    if (block.known) {
        int64_t taps = 1, count = 1;
        Window window;
        TRY(window_resolve(call->node, &y, block.items, &window));
        for (size_t i = 0; i < block.count; i++) {
            if (__builtin_mul_overflow(taps, block.items[i], &taps))
                return status_error(STATUS_INVALID_ARGUMENT, "input 2: the block is too large");
            if (count != DIM_UNKNOWN && window.out[i] == DIM_UNKNOWN)
                count = DIM_UNKNOWN;
            else if (count != DIM_UNKNOWN && __builtin_mul_overflow(count, window.out[i], &count))
                return status_error(STATUS_INVALID_ARGUMENT, "input 1: the image is too large");
        }
        TRY(infer_check_shape(call, 0, &SHAPE(DIM_UNKNOWN, DIM_UNKNOWN, count)));
        if (x->dims[1] != DIM_UNKNOWN && x->dims[1] % taps != 0)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "input 0: %" PRId64 " rows for blocks of %" PRId64, x->dims[1],
                                taps);
        y.dims[1] = x->dims[1] == DIM_UNKNOWN ? DIM_UNKNOWN : x->dims[1] / taps;
    }
    infer_set_output(call, 0, call->inputs[0].dtype, &y);
    return status_ok();
}

Status infer_max_unpool(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    IntList wanted;
    Shape y = x->shape;
    TRY(infer_check_types(call, 1, DTYPE_BIT(DTYPE_I64)));
    TRY(infer_check_shape(call, 1, &x->shape));
    TRY(infer_int_list(call, 2, SHAPE_MAX_RANK, &wanted));
    if (y.rank != SHAPE_UNRANKED) {
        Window window; /* its large side is as that of a transposed convolution */
        TRY(window_resolve_transposed(call->node, &x->shape, NULL, &window));
        if (wanted.count_known && wanted.present && wanted.count != (size_t)y.rank)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "input 2: expected %" PRId32 " dims, got %zu", y.rank,
                                wanted.count);
        for (size_t i = 0; i < window.rank; i++)
            y.dims[i + 2] = wanted.present ? DIM_UNKNOWN : window.in[i];
        for (size_t i = 0; wanted.known && i < wanted.count; i++) {
            bool fits = i < 2
                            ? wanted.items[i] == x->shape.dims[i] || x->shape.dims[i] == DIM_UNKNOWN
                            : wanted.items[i] >= window.in[i - 2];
            if (!fits || wanted.items[i] < 0)
                return status_error(STATUS_INVALID_ARGUMENT,
                                    "wanted dim %zu: %" PRId64 " is too small", i, wanted.items[i]);
            y.dims[i] = wanted.items[i];
        }
    }
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

/* offset: [N, groups * taps * rank, out...]; mask: [N, groups * taps, out...] */
static Status check_offsets(const InferCall *call, const Window *window, const Shape *y,
                            int64_t channels) {
    int64_t groups, rows;
    TRY(check_group(call, "offset_group", channels, &groups));
    rows = groups;
    for (size_t i = 0; i < window->rank; i++) {
        if (window->kernel[i] == DIM_UNKNOWN)
            return status_ok();
        if (__builtin_mul_overflow(rows, window->kernel[i], &rows) || rows > INT32_MAX)
            return status_error(STATUS_INVALID_ARGUMENT, "offset_group: %" PRId64 " is too large",
                                groups);
    }
    Shape expected = *y;
    expected.dims[1] = rows;
    TRY(infer_check_shape(call, 4, &expected));
    expected.dims[1] = rows * (int64_t)window->rank;
    return infer_check_shape(call, 2, &expected);
}

Status infer_deform_conv(InferCall *call) {
    const Shape *x = &call->inputs[0].shape, *w = &call->inputs[1].shape;
    DType dtype;
    int64_t group;
    TRY(infer_same_dtype(call, 0, 5, &dtype));
    if (x->rank == SHAPE_UNRANKED || w->rank == SHAPE_UNRANKED) {
        infer_set_output(call, 0, dtype, &SHAPE_UNKNOWN);
        return status_ok();
    }
    TRY(check_weights_rank(x, w));
    TRY(check_group(call, "group", x->dims[1], &group));
    TRY(check_group(call, "group", w->dims[0], &group));
    if (x->dims[1] != DIM_UNKNOWN && w->dims[1] != DIM_UNKNOWN && x->dims[1] / group != w->dims[1])
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input 1: weights %s in %" PRId64 " groups do not go with %" PRId64
                            " channels",
                            SHAPE_TEXT(w), group, x->dims[1]);
    TRY(infer_check_shape(call, 3, &SHAPE(w->dims[0])));
    Window window;
    TRY(window_resolve(call->node, x, w->dims + 2, &window));
    Shape y = { .rank = x->rank, .dims = { x->dims[0], w->dims[0] } };
    for (size_t i = 0; i < window.rank; i++)
        y.dims[i + 2] = window.out[i];
    TRY(check_offsets(call, &window, &y, x->dims[1]));
    infer_set_output(call, 0, dtype, &y);
    return status_ok();
}

Status infer_instance_normalization(InferCall *call) {
    const Shape *x = &call->inputs[0].shape;
    DType dtype;
    TRY(infer_same_dtype(call, 0, 3, &dtype));
    if (x->rank != SHAPE_UNRANKED && x->rank < 2)
        return status_error(STATUS_INVALID_ARGUMENT, "input 0: expected [N,C,...], got shape %s",
                            SHAPE_TEXT(x));
    Shape channel = SHAPE(x->rank == SHAPE_UNRANKED ? DIM_UNKNOWN : x->dims[1]);
    TRY(infer_check_shape(call, 1, &channel));
    TRY(infer_check_shape(call, 2, &channel));
    infer_set_output(call, 0, dtype, x);
    return status_ok();
}

/* p of a norm, for pools and LpNormalization alike */
static Status check_power(const Node *node) {
    int64_t p = node_get_int(node, "p", 2);
    if (p >= 1 && p <= INT32_MAX)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "p: expected 1 or more, got %" PRId64, p);
}

Status infer_lp_pool(InferCall *call) {
    TRY(check_power(call->node));
    return infer_pool(call);
}

Status infer_global_lp_pool(InferCall *call) {
    TRY(check_power(call->node));
    return infer_global_pool(call);
}

Status infer_lp_normalization(InferCall *call) {
    TRY(check_power(call->node));
    return infer_axis_same(call);
}
