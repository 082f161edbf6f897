/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Signals: lengths and axes are inputs, so the result's dims are known when these are. Source: ONNX
 * DFT 20, STFT 17, HannWindow 17 and kin, MelWeightMatrix 17.
 */

#include "runtime/graph/dim_names.h"
#include "runtime/graph/infer.h"

#include <inttypes.h>

/* One integer; DIM_UNKNOWN where it is not known. */
static Status scalar_of(const InferCall *call, size_t index, const char *what, int64_t least,
                        int64_t *ret_value) {
    IntList list;
    TRY(infer_check_scalar(call, index));
    TRY(infer_int_list(call, index, 1, &list));
    *ret_value = DIM_UNKNOWN;
    if (!list.known || list.count != 1)
        return status_ok();
    if (list.items[0] < least)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "%s: expected %" PRId64 " or more, got %" PRId64, what, least,
                            list.items[0]);
    *ret_value = list.items[0];
    return status_ok();
}

static Status check_parts(const Shape *x, bool wants_real, bool wants_complex) {
    int64_t parts = x->dims[x->rank - 1];
    if (parts == DIM_UNKNOWN || (parts == 1 && !wants_complex) || (parts == 2 && !wants_real))
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT,
                        "input 0: the last dim of %s does not fit this transform", SHAPE_TEXT(x));
}

/* Length of the transform along an axis of that dim. */
static Status dft_length(const InferCall *call, int64_t dim, bool mirrored, int64_t *ret_length) {
    const InferPort *given = infer_input(call, 1);
    TRY(scalar_of(call, 1, "dft_length", 1, ret_length));
    if (given || dim == DIM_UNKNOWN)
        return status_ok();
    if (mirrored && dim > INT64_MAX / 2)
        return status_error(STATUS_INVALID_ARGUMENT, "dft_length: a dim of %" PRId64 " is too long",
                            dim);
    *ret_length = mirrored ? 2 * (dim - 1) : dim;
    if (*ret_length < 1)
        return status_error(STATUS_INVALID_ARGUMENT, "dft_length: expected 1 or more, got %" PRId64,
                            *ret_length);
    return status_ok();
}

Status infer_dft(InferCall *call) {
    const Shape *x = &call->inputs[0].shape;
    bool inverse = node_get_int(call->node, "inverse", 0) != 0;
    bool onesided = node_get_int(call->node, "onesided", 0) != 0;
    IntList axes;
    Shape y = *x;
    TRY(infer_check_scalar(call, 2));
    TRY(infer_int_list(call, 2, 1, &axes));
    if (x->rank != SHAPE_UNRANKED) {
        if (x->rank < 2)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "input 0: expected [...,1] or [...,2], got %s", SHAPE_TEXT(x));
        TRY(check_parts(x, onesided && !inverse, onesided && inverse));
        bool known = !axes.present || (axes.known && axes.count == 1);
        size_t axis;
        if (!known) {
            y = infer_unknown_dims(x->rank);
        } else {
            TRY(shape_axis(axes.present ? axes.items[0] : -2, x->rank, &axis));
            if (axis + 1 == (size_t)x->rank)
                return status_error(STATUS_INVALID_ARGUMENT, "axis %zu holds the parts of numbers",
                                    axis);
            int64_t length;
            TRY(dft_length(call, x->dims[axis], onesided && inverse, &length));
            bool halved = onesided && !inverse && length != DIM_UNKNOWN;
            y.dims[axis] = halved ? length / 2 + 1 : length;
        }
        y.dims[y.rank - 1] = onesided && inverse ? 1 : 2;
    }
    infer_set_output(call, 0, call->inputs[0].dtype, &y);
    return status_ok();
}

Status infer_stft(InferCall *call) {
    const Shape *x = &call->inputs[0].shape;
    bool onesided = node_get_int(call->node, "onesided", 1) != 0;
    DimNames names;
    int64_t step, size;
    TRY(infer_check_types(call, 2, TYPES_FLOAT));
    dim_names_init(&names);
    TRY(dim_names_bind(&names, x, "bsp", 0));
    if (infer_input(call, 2))
        TRY(dim_names_bind(&names, &call->inputs[2].shape, "w", 2));
    if (x->rank != SHAPE_UNRANKED)
        TRY(check_parts(x, onesided, false));
    TRY(scalar_of(call, 1, "frame_step", 1, &step));
    TRY(scalar_of(call, 3, "frame_length", 1, &size));
    int64_t length = *dim_name(&names, 's');
    if (!infer_input(call, 3))
        size = infer_input(call, 2) ? *dim_name(&names, 'w') : length;
    if (size == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "frame_length: expected 1 or more, got 0");
    Shape y = SHAPE(*dim_name(&names, 'b'), DIM_UNKNOWN, DIM_UNKNOWN, 2);
    if (length != DIM_UNKNOWN && size != DIM_UNKNOWN && step != DIM_UNKNOWN)
        y.dims[1] = length < size ? 0 : 1 + (length - size) / step;
    if (size != DIM_UNKNOWN)
        y.dims[2] = onesided ? size / 2 + 1 : size;
    infer_set_output(call, 0, call->inputs[0].dtype, &y);
    return status_ok();
}

static Status output_datatype(const InferCall *call, DType *ret_dtype) {
    int64_t dtype = node_get_int(call->node, "output_datatype", DTYPE_F32);
    if (dtype <= 0 || dtype >= DTYPE_COUNT || !(TYPES_NUMERIC & DTYPE_BIT(dtype)))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "output_datatype: expected a numeric type, got %" PRId64, dtype);
    *ret_dtype = (DType)dtype;
    return status_ok();
}

Status infer_window(InferCall *call) {
    DType dtype;
    int64_t size;
    TRY(output_datatype(call, &dtype));
    TRY(scalar_of(call, 0, "size", 0, &size));
    infer_set_output(call, 0, dtype, &SHAPE(size));
    return status_ok();
}

Status infer_mel_weight_matrix(InferCall *call) {
    DType dtype;
    int64_t bands, length, rate;
    TRY(output_datatype(call, &dtype));
    TRY(scalar_of(call, 0, "num_mel_bins", 0, &bands));
    TRY(scalar_of(call, 1, "dft_length", 0, &length));
    TRY(scalar_of(call, 2, "sample_rate", 1, &rate));
    for (size_t i = 3; i < 5; i++) {
        TRY(infer_check_types(call, i, TYPES_FLOAT));
        TRY(infer_check_scalar(call, i));
    }
    Shape y = SHAPE(length == DIM_UNKNOWN ? DIM_UNKNOWN : length / 2 + 1, bands);
    infer_set_output(call, 0, dtype, &y);
    return status_ok();
}
