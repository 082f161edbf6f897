/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reductions, softmax and normalisations. Which kernel walks a line depends on how long it is: a
 * block shares a long one, a thread takes a short one alone.
 */

#include "cuda/build.h"

#include "runtime/base/size.h"

#include <string.h>

enum { ROW_MIN = 64 }; /* elements that are worth a block */

static bool plain_port(const Value *value) {
    return value_count(value) > 0 && value_is_plain(value);
}

/* --- reductions --- */

static const struct {
    const char *name;
    ReduceOp op;
} reduce_rows[] = {
#define REDUCE_NAMED(name, text) { text, REDUCE_##name },
    REDUCE_OPS(REDUCE_NAMED)
};

static bool mark_axes(NodeBuild *build, int32_t rank, bool marked[static SHAPE_MAX_RANK]) {
    const Tensor *axes = build_constant(build, 1);
    size_t count = axes ? tensor_elements(axes) : 0;
    if (build_input(build, 1) && !axes)
        return false;
    bool all = count == 0 && node_get_int(build->node, "noop_with_empty_axes", 0) == 0;
    for (int32_t i = 0; i < rank; i++)
        marked[i] = all;
    for (size_t i = 0; i < count; i++) {
        size_t axis;
        Status status = shape_axis(tensor_get_int(axes, i), rank, &axis);
        if (!status_is_ok(&status))
            return build_failed(build, status);
        marked[axis] = true;
    }
    return true;
}

static void add_dim(uint32_t dim, int32_t stride, int32_t *rank, uint32_t *dims, int32_t *strides) {
    if (dim == 1)
        return;
    int32_t last = *rank - 1;
    if (last >= 0 && strides[last] == stride * (int32_t)dim) {
        dims[last] *= dim;
        strides[last] = stride;
        return;
    }
    dims[*rank] = dim;
    strides[(*rank)++] = stride;
}

bool build_reduce(NodeBuild *build) {
    const Value *source = build_input(build, 0), *result = build_output(build, 0);
    bool marked[SHAPE_MAX_RANK];
    if (!plain_port(source) || value_count(result) == 0 ||
        !mark_axes(build, source->shape.rank, marked))
        return false;
    ReduceArgs args = { .kept = 1, .reduced = 1 };
    int32_t strides[SHAPE_MAX_RANK];
    value_strides(source, strides);
    for (int32_t i = 0; i < source->shape.rank; i++) {
        uint32_t dim = (uint32_t)source->shape.dims[i];
        if (marked[i]) {
            args.reduced *= dim;
            add_dim(dim, strides[i], &args.reduced_rank, args.reduced_dims, args.reduced_strides);
        } else {
            args.kept *= dim;
            add_dim(dim, strides[i], &args.kept_rank, args.kept_dims, args.kept_strides);
        }
    }
    for (size_t i = 0; i < ARRAY_LENGTH(reduce_rows); i++) {
        if (strcmp(reduce_rows[i].name, build->node->op->name) != 0)
            continue;
        bool by_row = args.reduced >= ROW_MIN;
        const void *kernel = by_row ? kernel_reduce_row(reduce_rows[i].op, source->dtype)
                                    : kernel_reduce_column(reduce_rows[i].op, source->dtype);
        return BUILD_LAUNCH(build, kernel, by_row ? grid_rows(args.kept) : grid_elements(args.kept),
                            arg_output(build, 0), arg_input(build, 0), ARG(args));
    }
    return false;
}

/* --- softmax --- */

bool build_softmax(NodeBuild *build) {
    const Value *source = build_input(build, 0);
    size_t axis;
    if (!plain_port(source))
        return false;
    Status status = shape_axis(node_get_int(build->node, "axis", -1), source->shape.rank, &axis);
    if (!status_is_ok(&status))
        return build_failed(build, status);
    AxisArgs args = axis_args(&source->shape, axis);
    bool log = strcmp(build->node->op->name, "LogSoftmax") == 0;
    if (args.inner == 1)
        return BUILD_LAUNCH(build, kernel_softmax_row(log, source->dtype), grid_rows(args.outer),
                            arg_output(build, 0), arg_input(build, 0), ARG(args));
    return BUILD_LAUNCH(build, kernel_softmax_column(log, source->dtype),
                        grid_elements(args.outer * args.inner), arg_output(build, 0),
                        arg_input(build, 0), ARG(args));
}

/* --- normalisations of a row --- */

static bool launch_norm(NodeBuild *build, bool centred, const NormArgs *args) {
    const Value *source = build_input(build, 0);
    for (uint32_t i = 1; i < 3; i++)
        if (build_output(build, i) && build_output(build, i)->dtype != DTYPE_F32)
            return false;
    return BUILD_LAUNCH(build, kernel_norm(centred, source->dtype), grid_rows(args->rows),
                        arg_output(build, 0), arg_input(build, 0), arg_input(build, 1),
                        arg_input(build, 2), arg_output(build, 1), arg_output(build, 2),
                        ARG(*args));
}

static bool same_type(const NodeBuild *build) {
    const Value *source = build_input(build, 0);
    for (uint32_t i = 1; i < build->node->input_count; i++)
        if (build_input(build, i) && build_input(build, i)->dtype != source->dtype)
            return false;
    return true;
}

/* Scale and bias have the shape of what is normalised, not one that is broadcast. */
static bool axis_norm(NodeBuild *build, bool centred) {
    const Value *source = build_input(build, 0);
    size_t axis;
    if (!plain_port(source) || !same_type(build))
        return false;
    Status status = shape_axis(node_get_int(build->node, "axis", -1), source->shape.rank, &axis);
    if (!status_is_ok(&status))
        return build_failed(build, status);
    uint32_t width = (uint32_t)shape_product(&source->shape, axis, (size_t)source->shape.rank);
    for (uint32_t i = 1; i < 3; i++)
        if (build_input(build, i) && value_count(build_input(build, i)) != width)
            return false;
    NormArgs args = { .rows = value_count(source) / width,
                      .width = width,
                      .scale_div = 1,
                      .scale_mod = width,
                      .epsilon = node_get_float(build->node, "epsilon", 1e-5f) };
    return launch_norm(build, centred, &args);
}

bool build_layer_norm(NodeBuild *build) {
    return axis_norm(build, true);
}

bool build_rms_norm(NodeBuild *build) {
    return axis_norm(build, false);
}

static bool channel_norm(NodeBuild *build, uint32_t groups) {
    const Value *source = build_input(build, 0);
    if (!plain_port(source) || source->shape.rank < 3 || !same_type(build))
        return false;
    uint32_t channels = (uint32_t)source->shape.dims[1];
    uint32_t inner = (uint32_t)shape_product(&source->shape, 2, (size_t)source->shape.rank);
    if (groups == 0 || channels % groups != 0)
        return false;
    for (uint32_t i = 1; i < 3; i++)
        if (value_count(build_input(build, i)) != channels)
            return false;
    NormArgs args = { .rows = (uint32_t)source->shape.dims[0] * groups,
                      .width = channels / groups * inner,
                      .scale_div = inner,
                      .scale_mod = channels,
                      .epsilon = node_get_float(build->node, "epsilon", 1e-5f) };
    return launch_norm(build, true, &args);
}

bool build_instance_norm(NodeBuild *build) {
    const Value *source = build_input(build, 0);
    return value_count(source) > 0 && source->shape.rank >= 3 &&
           channel_norm(build, (uint32_t)source->shape.dims[1]);
}

bool build_group_norm(NodeBuild *build) {
    return channel_norm(build, (uint32_t)node_get_int(build->node, "num_groups", 0));
}

/* --- over channels --- */

bool build_batch_norm(NodeBuild *build) {
    const Value *source = build_input(build, 0);
    if (value_count(source) == 0 || source->shape.rank < 2 || !same_type(build) ||
        build_output(build, 1) || node_get_int(build->node, "training_mode", 0) != 0 ||
        !build_layouts_agree(build, source, build_output(build, 0)))
        return false;
    AxisArgs args = axis_args(&source->shape, 1);
    if (!value_is_plain(source))
        args = (AxisArgs){ .outer = args.outer * args.inner, .axis = args.axis, .inner = 1 };
    float epsilon = node_get_float(build->node, "epsilon", 1e-5f);
    return BUILD_LAUNCH(build, kernel_batch_norm(source->dtype), grid_elements(value_count(source)),
                        arg_output(build, 0), arg_input(build, 0), arg_input(build, 1),
                        arg_input(build, 2), arg_input(build, 3), arg_input(build, 4), ARG(args),
                        ARG(epsilon));
}

bool build_lrn(NodeBuild *build) {
    const Value *source = build_input(build, 0);
    if (!plain_port(source) || source->shape.rank < 2)
        return false;
    AxisArgs args = axis_args(&source->shape, 1);
    int32_t size = (int32_t)node_get_int(build->node, "size", 1);
    float alpha = node_get_float(build->node, "alpha", 1e-4f);
    float beta = node_get_float(build->node, "beta", 0.75f);
    float bias = node_get_float(build->node, "bias", 1);
    return BUILD_LAUNCH(build, kernel_lrn(source->dtype), grid_elements(value_count(source)),
                        arg_output(build, 0), arg_input(build, 0), ARG(args), ARG(size), ARG(alpha),
                        ARG(beta), ARG(bias));
}

bool build_lp_norm(NodeBuild *build) {
    const Value *source = build_input(build, 0);
    size_t axis;
    if (!plain_port(source))
        return false;
    Status status = shape_axis(node_get_int(build->node, "axis", -1), source->shape.rank, &axis);
    if (!status_is_ok(&status))
        return build_failed(build, status);
    AxisArgs args = axis_args(&source->shape, axis);
    int32_t p = (int32_t)node_get_int(build->node, "p", 2);
    return BUILD_LAUNCH(build, kernel_lp_norm(source->dtype),
                        grid_elements(args.outer * args.inner), arg_output(build, 0),
                        arg_input(build, 0), ARG(args), ARG(p));
}
