/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators that sample images: resizing, grids, regions of interest, boxes. Source: ONNX Resize
 * 19, GridSample 22, AffineGrid 20, RoiAlign 22, MaxRoiPool 22, NonMaxSuppression 11.
 */

#include "runtime/base/size.h"
#include "runtime/graph/infer.h"
#include "runtime/graph/resize.h"

#include <inttypes.h>
#include <string.h>

static const char *const RESIZE_MODES[] = { "nearest", "linear", "cubic", NULL };
static const char *const NEAREST_MODES[] = { "round_prefer_floor", "round_prefer_ceil", "floor",
                                             "ceil", NULL };
static const char *const COORDINATE_MODES[] = { "half_pixel",           "half_pixel_symmetric",
                                                "pytorch_half_pixel",   "align_corners",
                                                "asymmetric",           "tf_crop_and_resize",
                                                "tf_half_pixel_for_nn", NULL };
static const char *const GRID_MODES[] = {
    "linear", "nearest", "cubic", "bilinear", "bicubic", NULL
};
static const char *const GRID_PADDINGS[] = { "zeros", "border", "reflection", NULL };
static const char *const ROI_MODES[] = { "avg", "max", NULL };
static const char *const ROI_COORDINATES[] = { "half_pixel", "output_half_pixel", NULL };

/* The attribute, if there, is one of the names. */
static Status check_name(const Node *node, const char *attribute, const char *const *names) {
    StringView text = node_get_string(node, attribute, names[0]);
    for (size_t i = 0; names[i]; i++)
        if (text.length == strlen(names[i]) && memcmp(text.data, names[i], text.length) == 0)
            return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "%s: '%.*s' is not known", attribute,
                        (int)MIN_OF(text.length, (size_t)40), text.data);
}

static bool is_empty(const InferPort *port) {
    return !port || (port->shape.rank == 1 && port->shape.dims[0] == 0);
}

static const Tensor *value_of(const InferPort *port) {
    return port ? port->value : NULL;
}

Status infer_resize(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    const InferPort *scales = infer_input(call, 2), *sizes = infer_input(call, 3);
    TRY(check_name(call->node, "mode", RESIZE_MODES));
    TRY(check_name(call->node, "nearest_mode", NEAREST_MODES));
    TRY(check_name(call->node, "coordinate_transformation_mode", COORDINATE_MODES));
    TRY(infer_check_types(call, 2, DTYPE_BIT(DTYPE_F32)));
    TRY(infer_check_types(call, 3, TYPES_INDEX));
    Shape y = x->shape;
    bool known = shape_is_known(&y) && (is_empty(scales) || value_of(scales)) &&
                 (is_empty(sizes) || value_of(sizes));
    if (known) {
        ResizeDims dims;
        TRY(resize_resolve(call->node, &y, NULL, value_of(scales), value_of(sizes), &dims));
        for (int32_t i = 0; i < y.rank; i++)
            y.dims[i] = dims.out[i];
    } else if (y.rank != SHAPE_UNRANKED) {
        size_t axes[SHAPE_MAX_RANK], count;
        TRY(resize_axes(call->node, y.rank, axes, &count));
        const Tensor *factors = value_of(scales);
        for (size_t i = 0; i < count; i++) /* a scale of 1, of the batch most often, keeps a dim */
            if (!factors || tensor_elements(factors) != count || factors->dtype != DTYPE_F32 ||
                ((const float *)factors->data)[i] != 1.0f)
                y.dims[axes[i]] = DIM_UNKNOWN;
    }
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

Status infer_grid_sample(InferCall *call) {
    const InferPort *x = &call->inputs[0], *grid = &call->inputs[1];
    TRY(check_name(call->node, "mode", GRID_MODES));
    TRY(check_name(call->node, "padding_mode", GRID_PADDINGS));
    TRY(infer_check_types(call, 1, TYPES_FLOAT));
    if (x->shape.rank == SHAPE_UNRANKED || grid->shape.rank == SHAPE_UNRANKED) {
        infer_set_output(call, 0, x->dtype, &SHAPE_UNKNOWN);
        return status_ok();
    }
    Shape expected = infer_unknown_dims(x->shape.rank);
    if (x->shape.rank < 3)
        return status_error(STATUS_INVALID_ARGUMENT, "input 0: expected [N,C,spatial...], got %s",
                            SHAPE_TEXT(&x->shape));
    expected.dims[0] = x->shape.dims[0];
    expected.dims[expected.rank - 1] = x->shape.rank - 2;
    TRY(infer_check_shape(call, 1, &expected));
    Shape y = x->shape;
    if (y.dims[0] == DIM_UNKNOWN)
        y.dims[0] = grid->shape.dims[0];
    for (int32_t i = 2; i < y.rank; i++)
        y.dims[i] = grid->shape.dims[i - 1];
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

Status infer_affine_grid(InferCall *call) {
    const InferPort *theta = &call->inputs[0];
    IntList size;
    TRY(infer_int_list(call, 1, SHAPE_MAX_RANK, &size));
    if (size.count_known && size.count != 4 && size.count != 5)
        return status_error(STATUS_INVALID_ARGUMENT, "input 1: expected 4 or 5 dims, got %zu",
                            size.count);
    if (!size.count_known) {
        infer_set_output(call, 0, theta->dtype, &SHAPE_UNKNOWN);
        return status_ok();
    }
    int64_t spatial = (int64_t)size.count - 2;
    TRY(infer_check_shape(call, 0,
                          &SHAPE(size.known ? size.items[0] : DIM_UNKNOWN, spatial, spatial + 1)));
    Shape y = infer_unknown_dims((int32_t)size.count);
    y.dims[size.count - 1] = spatial;
    for (size_t i = 0; size.known && i < size.count; i++) {
        if (size.items[i] < 0)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "wanted dim %zu: expected 0 or more, got %" PRId64, i,
                                size.items[i]);
        if (i != 1)
            y.dims[i == 0 ? 0 : i - 1] = size.items[i];
    }
    infer_set_output(call, 0, theta->dtype, &y);
    return status_ok();
}

/* [rois, C, height, width] */
static Status set_pooled(InferCall *call, int64_t height, int64_t width) {
    const InferPort *x = &call->inputs[0], *rois = &call->inputs[1];
    if (height < 1 || width < 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "output size: expected 1 or more, got %" PRId64 " and %" PRId64, height,
                            width);
    TRY(infer_check_shape(call, 0, &SHAPE(DIM_UNKNOWN, DIM_UNKNOWN, DIM_UNKNOWN, DIM_UNKNOWN)));
    Shape y = SHAPE(DIM_UNKNOWN, DIM_UNKNOWN, height, width);
    if (rois->shape.rank > 0)
        y.dims[0] = rois->shape.dims[0];
    if (x->shape.rank > 1)
        y.dims[1] = x->shape.dims[1];
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

Status infer_roi_align(InferCall *call) {
    const Shape *rois = &call->inputs[1].shape;
    DType dtype;
    TRY(check_name(call->node, "mode", ROI_MODES));
    TRY(check_name(call->node, "coordinate_transformation_mode", ROI_COORDINATES));
    TRY(infer_same_dtype(call, 0, 2, &dtype));
    TRY(infer_check_types(call, 2, TYPES_INDEX));
    TRY(infer_check_shape(call, 1, &SHAPE(DIM_UNKNOWN, 4)));
    TRY(infer_check_shape(call, 2, &SHAPE(rois->rank > 0 ? rois->dims[0] : DIM_UNKNOWN)));
    return set_pooled(call, node_get_int(call->node, "output_height", 1),
                      node_get_int(call->node, "output_width", 1));
}

Status infer_max_roi_pool(InferCall *call) {
    size_t count;
    const int64_t *pooled = node_get_ints(call->node, "pooled_shape", &count);
    DType dtype;
    TRY(infer_same_dtype(call, 0, 2, &dtype));
    TRY(infer_check_shape(call, 1, &SHAPE(DIM_UNKNOWN, 5)));
    if (!pooled || count != 2)
        return status_error(STATUS_INVALID_ARGUMENT, "pooled_shape: expected 2 numbers, got %zu",
                            pooled ? count : 0);
    return set_pooled(call, pooled[0], pooled[1]);
}

Status infer_non_max_suppression(InferCall *call) {
    const Shape *boxes = &call->inputs[0].shape;
    Shape scores = infer_unknown_dims(3);
    if (boxes->rank == 3) {
        scores.dims[0] = boxes->dims[0];
        scores.dims[2] = boxes->dims[1];
    }
    TRY(infer_check_shape(call, 0, &SHAPE(DIM_UNKNOWN, DIM_UNKNOWN, 4)));
    TRY(infer_check_types(call, 1, DTYPE_BIT(DTYPE_F32)));
    TRY(infer_check_shape(call, 1, &scores));
    TRY(infer_check_types(call, 2, DTYPE_BIT(DTYPE_I64)));
    for (size_t i = 2; i < 5; i++) {
        TRY(infer_check_scalar(call, i));
        if (i > 2)
            TRY(infer_check_types(call, i, DTYPE_BIT(DTYPE_F32)));
    }
    infer_set_output(call, 0, DTYPE_I64, &SHAPE(DIM_UNKNOWN, 3));
    return status_ok();
}
