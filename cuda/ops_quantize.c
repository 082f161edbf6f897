/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Between floats and 8-bit integers, with one scale or one an entry of an axis. Blocked scales and
 * the narrower types stay on the CPU.
 */

#include "cuda/build.h"

static bool plain_port(const Value *value) {
    return value_count(value) > 0 && value_is_plain(value);
}

/* Whose scale an element has; false for scales in blocks. */
static bool read_axis(NodeBuild *build, const Shape *shape, QuantizeArgs *args) {
    const Value *scale = build_input(build, 1);
    uint32_t scales = value_count(scale);
    args->inner = 1;
    args->axis = 1;
    if (node_get_int(build->node, "block_size", 0) != 0 || scale->shape.rank > 1 || scales == 0)
        return false;
    if (scale->shape.rank == 0 || scales == 1)
        return true;
    size_t axis;
    Status status = shape_axis(node_get_int(build->node, "axis", 1), shape->rank, &axis);
    if (!status_is_ok(&status))
        return build_failed(build, status);
    AxisArgs lines = axis_args(shape, axis);
    args->inner = lines.inner;
    args->axis = lines.axis;
    return scales == lines.axis;
}

bool build_quantize(NodeBuild *build) {
    const Value *source = build_input(build, 0), *result = build_output(build, 0);
    QuantizeArgs args = { .count = value_count(source) };
    if (!plain_port(source) || build_input(build, 1)->dtype != source->dtype ||
        node_get_int(build->node, "precision", 0) != 0 || !read_axis(build, &source->shape, &args))
        return false;
    args.low = result->dtype == DTYPE_I8 ? INT8_MIN : 0;
    args.high = result->dtype == DTYPE_I8 ? INT8_MAX : UINT8_MAX;
    return BUILD_LAUNCH(build, kernel_quantize(source->dtype, result->dtype),
                        grid_elements(args.count), arg_output(build, 0), arg_input(build, 0),
                        arg_input(build, 1), arg_input(build, 2), ARG(args));
}

bool build_dequantize(NodeBuild *build) {
    const Value *source = build_input(build, 0), *result = build_output(build, 0);
    QuantizeArgs args = { .count = value_count(source) };
    if (!plain_port(source) || build_input(build, 1)->dtype != result->dtype ||
        !read_axis(build, &source->shape, &args))
        return false;
    return BUILD_LAUNCH(build, kernel_dequantize(source->dtype, result->dtype),
                        grid_elements(args.count), arg_output(build, 0), arg_input(build, 0),
                        arg_input(build, 1), arg_input(build, 2), ARG(args));
}
