/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators that choose elements by indices, running sums and extremes of an axis. Scatters first
 * copy the data, then write the updates; those that combine (reduction) need an order or atomics
 * and stay on the CPU.
 *
 * Indices come from requests. The kernels clamp what is out of range, where the CPU refuses it: a
 * device cannot tell without a synchronisation (docs/GPU.md).
 */

#include "cuda/build.h"

#include <string.h>

static bool plain_port(const Value *value) {
    return value_count(value) > 0 && value_is_plain(value) && value->shape.rank <= KERNEL_RANK;
}

static bool node_axis(NodeBuild *build, int64_t fallback, int32_t rank, size_t *ret_axis) {
    Status status = shape_axis(node_get_int(build->node, "axis", fallback), rank, ret_axis);
    return status_is_ok(&status) || build_failed(build, status);
}

bool build_gather(NodeBuild *build) {
    const Value *data = build_input(build, 0), *indices = build_input(build, 1),
                *result = build_output(build, 0);
    size_t axis;
    if (!plain_port(data) || !plain_port(indices) || !plain_port(result) ||
        !node_axis(build, 0, data->shape.rank, &axis))
        return false;
    AxisArgs shape = axis_args(&data->shape, axis);
    GatherArgs args = { .count = value_count(result),
                        .indices = value_count(indices),
                        .axis = shape.axis,
                        .inner = shape.inner };
    return BUILD_LAUNCH(build, kernel_gather(dtype_bytes(data->dtype), indices->dtype),
                        grid_elements(args.count), arg_output(build, 0), arg_input(build, 0),
                        arg_input(build, 1), ARG(args));
}

/* Walks the indices' shape with the strides of data, the axis left to the index. */
static bool elements_args(NodeBuild *build, const Value *data, const Value *indices,
                          GatherElementsArgs *ret_args) {
    size_t axis;
    if (!plain_port(data) || !plain_port(indices) || !node_axis(build, 0, data->shape.rank, &axis))
        return false;
    int32_t strides[SHAPE_MAX_RANK];
    value_strides(data, strides);
    *ret_args = (GatherElementsArgs){ .axis = (uint32_t)data->shape.dims[axis],
                                      .axis_stride = strides[axis] };
    ret_args->walk.count = value_count(indices);
    ret_args->walk.rank = indices->shape.rank;
    for (int32_t i = 0; i < indices->shape.rank; i++) {
        ret_args->walk.dims[i] = (uint32_t)indices->shape.dims[i];
        ret_args->walk.src[i] = (size_t)i == axis ? 0 : strides[i];
    }
    return true;
}

bool build_gather_elements(NodeBuild *build) {
    const Value *data = build_input(build, 0), *indices = build_input(build, 1);
    GatherElementsArgs args;
    if (!elements_args(build, data, indices, &args))
        return false;
    return BUILD_LAUNCH(build, kernel_gather_elements(dtype_bytes(data->dtype), indices->dtype),
                        grid_elements(args.walk.count), arg_output(build, 0), arg_input(build, 0),
                        arg_input(build, 1), ARG(args));
}

static bool only_replaces(const Node *node) {
    StringView reduction = node_get_string(node, "reduction", "none");
    return reduction.length == 4 && memcmp(reduction.data, "none", 4) == 0;
}

static bool copy_data(NodeBuild *build) {
    size_t bytes;
    const Value *data = build_input(build, 0);
    return shape_bytes(&data->shape, data->dtype, &bytes) &&
           build_copy(build, arg_output(build, 0).place, arg_input(build, 0).place, bytes);
}

bool build_scatter_elements(NodeBuild *build) {
    const Value *data = build_input(build, 0), *indices = build_input(build, 1);
    GatherElementsArgs args;
    if (!only_replaces(build->node) || !elements_args(build, data, indices, &args) ||
        !plain_port(build_input(build, 2)))
        return false;
    const void *kernel = kernel_scatter_elements(dtype_bytes(data->dtype), indices->dtype);
    return kernel && copy_data(build) &&
           BUILD_LAUNCH(build, kernel, grid_elements(args.walk.count), arg_output(build, 0),
                        arg_input(build, 2), arg_input(build, 1), ARG(args));
}

static bool nd_args(const Value *data, const Value *indices, size_t batch_dims,
                    GatherNdArgs *ret_args) {
    if (!plain_port(data) || !plain_port(indices) || indices->dtype != DTYPE_I64 ||
        indices->shape.rank < 1)
        return false;
    int32_t rank = indices->shape.rank;
    int64_t depth = indices->shape.dims[rank - 1];
    if (depth < 1 || batch_dims + (size_t)depth > (size_t)data->shape.rank)
        return false;
    int32_t strides[SHAPE_MAX_RANK];
    value_strides(data, strides);
    *ret_args = (GatherNdArgs){ .depth = (int32_t)depth };
    ret_args->inner =
        (uint32_t)shape_product(&data->shape, batch_dims + (size_t)depth, (size_t)data->shape.rank);
    ret_args->tuples_per_batch =
        (uint32_t)shape_product(&indices->shape, batch_dims, (size_t)rank - 1);
    ret_args->batch_stride =
        (uint32_t)shape_product(&data->shape, batch_dims, (size_t)data->shape.rank);
    for (int64_t i = 0; i < depth; i++) {
        ret_args->dims[i] = (uint32_t)data->shape.dims[batch_dims + (size_t)i];
        ret_args->strides[i] = strides[batch_dims + (size_t)i];
    }
    ret_args->count =
        (uint32_t)shape_product(&indices->shape, 0, (size_t)rank - 1) * ret_args->inner;
    return ret_args->tuples_per_batch > 0;
}

bool build_gather_nd(NodeBuild *build) {
    const Value *data = build_input(build, 0), *indices = build_input(build, 1);
    size_t batch_dims = (size_t)node_get_int(build->node, "batch_dims", 0);
    GatherNdArgs args;
    if (!nd_args(data, indices, batch_dims, &args) || value_count(build_output(build, 0)) == 0)
        return false;
    return BUILD_LAUNCH(build, kernel_gather_nd(dtype_bytes(data->dtype)),
                        grid_elements(args.count), arg_output(build, 0), arg_input(build, 0),
                        arg_input(build, 1), ARG(args));
}

bool build_scatter_nd(NodeBuild *build) {
    const Value *data = build_input(build, 0), *indices = build_input(build, 1);
    GatherNdArgs args;
    if (!only_replaces(build->node) || !nd_args(data, indices, 0, &args) ||
        !plain_port(build_input(build, 2)))
        return false;
    const void *kernel = kernel_scatter_nd(dtype_bytes(data->dtype));
    return kernel && copy_data(build) &&
           BUILD_LAUNCH(build, kernel, grid_elements(args.count), arg_output(build, 0),
                        arg_input(build, 2), arg_input(build, 1), ARG(args));
}

bool build_trilu(NodeBuild *build) {
    const Value *data = build_input(build, 0);
    const Tensor *given = build_constant(build, 1);
    if (!plain_port(data) || data->shape.rank < 2 || (build_input(build, 1) && !given))
        return false;
    int64_t k = given && tensor_elements(given) == 1 ? tensor_get_int(given, 0) : 0;
    int64_t most = INT32_MAX / 2;
    int32_t diagonal = (int32_t)(k < -most ? -most : k > most ? most : k);
    int32_t upper = node_get_int(build->node, "upper", 1) != 0;
    uint32_t count = value_count(data), rows = (uint32_t)data->shape.dims[data->shape.rank - 2],
             columns = (uint32_t)data->shape.dims[data->shape.rank - 1];
    return BUILD_LAUNCH(build, kernel_trilu(dtype_bytes(data->dtype)), grid_elements(count),
                        arg_output(build, 0), arg_input(build, 0), ARG(count), ARG(rows),
                        ARG(columns), ARG(diagonal), ARG(upper));
}

bool build_cumsum(NodeBuild *build) {
    const Value *data = build_input(build, 0);
    const Tensor *given = build_constant(build, 1);
    if (!plain_port(data) || !given || tensor_elements(given) != 1)
        return false;
    size_t axis;
    Status status = shape_axis(tensor_get_int(given, 0), data->shape.rank, &axis);
    if (!status_is_ok(&status))
        return build_failed(build, status);
    AxisArgs args = axis_args(&data->shape, axis);
    int32_t exclusive = node_get_int(build->node, "exclusive", 0) != 0;
    int32_t reverse = node_get_int(build->node, "reverse", 0) != 0;
    return BUILD_LAUNCH(build, kernel_cumsum(data->dtype), grid_elements(args.outer * args.inner),
                        arg_output(build, 0), arg_input(build, 0), ARG(args), ARG(exclusive),
                        ARG(reverse));
}

bool build_arg(NodeBuild *build) {
    const Value *data = build_input(build, 0);
    size_t axis;
    if (!plain_port(data) || !node_axis(build, 0, data->shape.rank, &axis))
        return false;
    AxisArgs args = axis_args(&data->shape, axis);
    int32_t last = node_get_int(build->node, "select_last_index", 0) != 0;
    bool max = strcmp(build->node->op->name, "ArgMax") == 0;
    return BUILD_LAUNCH(build, kernel_arg(max, data->dtype), grid_elements(args.outer * args.inner),
                        arg_output(build, 0), arg_input(build, 0), ARG(args), ARG(last));
}
