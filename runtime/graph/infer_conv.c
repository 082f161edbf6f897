/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators on images, [N,C,spatial...]: convolution, pooling and normalisation. Source: ONNX Conv
 * 22, MaxPool 22, AveragePool 22, GlobalAveragePool 22, LRN 13, BatchNormalization 15.
 */

#include "runtime/graph/infer.h"
#include "runtime/graph/window.h"

#include <inttypes.h>

/* Do [M, C/group, ...] weights and a group go with C channels? */
static Status check_groups(const InferCall *call, int64_t channels, const Shape *w) {
    int64_t group = node_get_int(call->node, "group", 1);
    if (group < 1)
        return status_error(STATUS_INVALID_ARGUMENT, "group: expected 1 or more, got %" PRId64,
                            group);
    if (w->dims[0] != DIM_UNKNOWN && w->dims[0] % group != 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "group: %" PRId64 " does not divide the %" PRId64 " output channels",
                            group, w->dims[0]);
    if (channels == DIM_UNKNOWN || w->dims[1] == DIM_UNKNOWN)
        return status_ok();
    if (channels % group != 0 || channels / group != w->dims[1])
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input 1: weights %s in %" PRId64 " groups do not go with %" PRId64
                            " channels",
                            SHAPE_TEXT(w), group, channels);
    return status_ok();
}

/* [n, c, out...] */
static Shape windowed_shape(int64_t n, int64_t c, const Window *window) {
    Shape shape = { .rank = (int32_t)window->rank + 2, .dims = { n, c } };
    for (size_t i = 0; i < window->rank; i++)
        shape.dims[i + 2] = window->out[i];
    return shape;
}

Status infer_conv(InferCall *call) {
    const Shape *x = &call->inputs[0].shape, *w = &call->inputs[1].shape;
    DType dtype;
    TRY(infer_same_dtype(call, 0, 3, &dtype));
    if (w->rank != SHAPE_UNRANKED)
        TRY(infer_check_shape(call, 2, &SHAPE(w->rank > 0 ? w->dims[0] : DIM_UNKNOWN)));
    if (x->rank == SHAPE_UNRANKED || w->rank == SHAPE_UNRANKED) {
        infer_set_output(call, 0, dtype, &SHAPE_UNKNOWN);
        return status_ok();
    }
    if (w->rank != x->rank)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input 1: expected rank %" PRId32 " like input 0, got shape %s",
                            x->rank, SHAPE_TEXT(w));
    Window window;
    TRY(window_resolve(call->node, x, w->dims + 2, &window));
    TRY(check_groups(call, x->dims[1], w));
    Shape y = windowed_shape(x->dims[0], w->dims[0], &window);
    infer_set_output(call, 0, dtype, &y);
    return status_ok();
}

Status infer_pool(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    Shape y = SHAPE_UNKNOWN;
    if (x->shape.rank != SHAPE_UNRANKED) {
        Window window;
        TRY(window_resolve(call->node, &x->shape, NULL, &window));
        y = windowed_shape(x->shape.dims[0], x->shape.dims[1], &window);
    }
    infer_set_output(call, 0, x->dtype, &y);
    infer_set_output(call, 1, DTYPE_I64, &y);
    return status_ok();
}

static Status check_rank_from(const Shape *x, int32_t least) {
    if (x->rank == SHAPE_UNRANKED || x->rank >= least)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT,
                        "input 0: expected rank %" PRId32 " or more, got shape %s", least,
                        SHAPE_TEXT(x));
}

Status infer_global_pool(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    TRY(check_rank_from(&x->shape, 2));
    Shape y = x->shape;
    for (int32_t i = 2; i < y.rank; i++)
        y.dims[i] = 1;
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

Status infer_lrn(InferCall *call) {
    int64_t size = node_get_int(call->node, "size", 0);
    if (size < 1)
        return status_error(STATUS_INVALID_ARGUMENT, "size: expected 1 or more, got %" PRId64,
                            size);
    TRY(check_rank_from(&call->inputs[0].shape, 2));
    return infer_same(call);
}

Status infer_batch_normalization(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    TRY(check_rank_from(&x->shape, 1));
    DType scale_dtype, statistics_dtype;
    TRY(infer_same_dtype(call, 1, 3, &scale_dtype));
    TRY(infer_same_dtype(call, 3, 5, &statistics_dtype));
    Shape channel = SHAPE(DIM_UNKNOWN);
    if (x->shape.rank != SHAPE_UNRANKED)
        channel.dims[0] = x->shape.rank > 1 ? x->shape.dims[1] : 1;
    for (size_t i = 1; i < 5; i++) {
        TRY(infer_check_types(call, i, TYPES_FLOAT));
        TRY(infer_check_shape(call, i, &channel));
    }
    infer_set_output(call, 0, x->dtype, &x->shape);
    infer_set_output(call, 1, statistics_dtype, &channel);
    infer_set_output(call, 2, statistics_dtype, &channel);
    return status_ok();
}
