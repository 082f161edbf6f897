/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * LayerNormalization, RMSNormalization, GroupNormalization and MeanVarianceNormalization: each
 * element against the statistics of the set it belongs to, then a scale and a shift that broadcast.
 * Computed in double, so every stash_type is served.
 *
 * GroupNormalization 18 has a scale for each group, 21 one for each channel: the length tells
 * which, and where both are equal they mean the same.
 *
 * Thread: any that runs kernels. Source: ONNX LayerNormalization 17, RMSNormalization 23,
 * GroupNormalization 21, MeanVarianceNormalization 13.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/wide.h"

#include <math.h>

static double row_mean(const double *x, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += x[i];
    return sum / (double)count;
}

static double row_variance(const double *x, size_t count, double mean) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sum / (double)count;
}

static void normalize_row(double *y, const double *x, size_t count, double mean, double factor) {
    for (size_t i = 0; i < count; i++)
        y[i] = (x[i] - mean) * factor;
}

/* y = y * scale + bias, both broadcast to y's shape; a bias that is left out is none. */
static Status scale_and_shift(const KernelCall *call, const Wide *wide, const Shape *shape) {
    const Tensor *operands[] = { call_find_src(call, 1), call_find_src(call, 2) };
    Broadcast walk;
    TRY(broadcast_init(&walk, call, operands, ARRAY_LENGTH(operands), shape));
    const double *scale = wide->src[1], *bias = wide->src[2];
    while (broadcast_next(&walk)) {
        double *y = wide->dst[0] + walk.dst;
        for (size_t i = 0; i < walk.row_count; i++) {
            y[i] *= scale[walk.src[0] + i * walk.step[0]];
            if (bias)
                y[i] += bias[walk.src[1] + i * walk.step[1]];
        }
    }
    return status_ok();
}

/* Statistics over [axis, rank). @centred  false: RMSNormalization, whose mean is 0 */
static Status normalize_trailing(const KernelCall *call, bool centred) {
    const Tensor *src, *scale;
    Tensor *dst;
    Wide wide;
    size_t axis;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_get_src(call, 1, &scale));
    TRY(call_check_floats(call, 3));
    TRY(call_check_shape(call, &src->shape, dst));
    TRY(call_get_axis(call, -1, src->shape.rank, &axis));
    TRY(wide_open(call, 0, &wide));
    size_t rows = shape_product(&src->shape, 0, axis);
    size_t count = shape_product(&src->shape, axis, (size_t)src->shape.rank);
    double epsilon = (double)node_get_float(call->node, "epsilon", 1e-5f);
    for (size_t i = 1; i < call->node->output_count; i++)
        if (wide.dst[i] && tensor_elements(&call->dst[i]) != rows)
            return call_invalid(call, "output %zu: expected %zu elements, got shape %s", i, rows,
                                SHAPE_TEXT(&call->dst[i].shape));
    for (size_t r = 0; r < rows; r++) {
        const double *x = wide.src[0] + r * count;
        double mean = centred ? row_mean(x, count) : 0.0;
        double factor = 1.0 / sqrt(row_variance(x, count, mean) + epsilon);
        normalize_row(wide.dst[0] + r * count, x, count, mean, factor);
        if (wide.dst[1])
            wide.dst[1][r] = mean;
        if (wide.dst[2])
            wide.dst[2][r] = factor;
    }
    TRY(scale_and_shift(call, &wide, &src->shape));
    wide_store(call, &wide);
    return status_ok();
}

Status reference_layer_normalization(const KernelCall *call) {
    return normalize_trailing(call, true);
}

Status reference_rms_normalization(const KernelCall *call) {
    return normalize_trailing(call, false);
}

/* Channels that share an element of scale and bias; 0 when their length fits neither form. */
static size_t channels_an_element(const Tensor *operand, size_t channels, size_t groups) {
    size_t count = tensor_elements(operand);
    if (count == channels)
        return 1;
    return count == groups ? channels / groups : 0;
}

Status reference_group_normalization(const KernelCall *call) {
    const Tensor *src, *scale, *bias;
    Tensor *dst;
    Wide wide;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_get_src(call, 1, &scale));
    TRY(call_get_src(call, 2, &bias));
    TRY(call_check_floats(call, 3));
    TRY(call_check_shape(call, &src->shape, dst));
    int64_t wanted = node_get_int(call->node, "num_groups", 0);
    if (src->shape.rank < 2 || wanted < 1 || src->shape.dims[1] % wanted != 0)
        return call_invalid(call, "shape %s has no %lld equal groups of channels",
                            SHAPE_TEXT(&src->shape), (long long)wanted);
    size_t channels = (size_t)src->shape.dims[1], groups = (size_t)wanted;
    size_t scale_share = channels_an_element(scale, channels, groups);
    size_t bias_share = channels_an_element(bias, channels, groups);
    if (channels > 0 && (!scale_share || !bias_share))
        return call_invalid(call, "scale %s and bias %s do not fit %zu channels",
                            SHAPE_TEXT(&scale->shape), SHAPE_TEXT(&bias->shape), channels);
    TRY(wide_open(call, 0, &wide));
    double epsilon = (double)node_get_float(call->node, "epsilon", 1e-5f);
    size_t plane = shape_product(&src->shape, 2, (size_t)src->shape.rank);
    size_t count = channels / groups * plane;
    for (size_t g = 0; count > 0 && g < (size_t)src->shape.dims[0] * groups; g++) {
        const double *x = wide.src[0] + g * count;
        double *y = wide.dst[0] + g * count;
        double mean = row_mean(x, count);
        normalize_row(y, x, count, mean, 1.0 / sqrt(row_variance(x, count, mean) + epsilon));
        for (size_t i = 0; i < count; i++) {
            size_t channel = g % groups * (channels / groups) + i / plane;
            y[i] = y[i] * wide.src[1][channel / scale_share] + wide.src[2][channel / bias_share];
        }
    }
    wide_store(call, &wide);
    return status_ok();
}

/* Which elements share their statistics: all along the marked axes. */
typedef struct Sets {
    Shape shape;
    int64_t strides[SHAPE_MAX_RANK]; /* of the set's number; 0 along a marked axis */
    size_t count, elements;          /* of sets, and in each */
} Sets;

static Status sets_open(const KernelCall *call, const Shape *shape, Sets *sets) {
    static const int64_t usual[] = { 0, 2, 3 };
    size_t count, axis;
    const int64_t *axes = node_get_ints(call->node, "axes", &count);
    if (!axes) {
        axes = usual;
        count = ARRAY_LENGTH(usual);
    }
    bool marks[SHAPE_MAX_RANK] = { false };
    for (size_t i = 0; i < count; i++) {
        Status status = shape_axis(axes[i], shape->rank, &axis);
        if (!status_is_ok(&status))
            return status_prefix(&status, "%s", call->node->op->name);
        marks[axis] = true;
    }
    *sets = (Sets){ .shape = *shape, .count = 1, .elements = 1 };
    for (int32_t d = shape->rank - 1; d >= 0; d--) {
        sets->strides[d] = marks[d] ? 0 : (int64_t)sets->count;
        *(marks[d] ? &sets->elements : &sets->count) *= (size_t)shape->dims[d];
    }
    return status_ok();
}

static size_t set_of(const Sets *sets, size_t element) {
    size_t set = 0;
    for (int32_t d = sets->shape.rank - 1; d >= 0; d--) {
        size_t dim = (size_t)sets->shape.dims[d];
        set += element % dim * (size_t)sets->strides[d];
        element /= dim;
    }
    return set;
}

Status reference_mean_variance_normalization(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    Wide wide;
    Sets sets;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_floats(call, 1));
    TRY(call_check_shape(call, &src->shape, dst));
    size_t elements = tensor_elements(src);
    if (elements == 0)
        return status_ok();
    TRY(sets_open(call, &src->shape, &sets));
    TRY(wide_open(call, 2 * sets.count, &wide));
    double *mean = wide.work, *variance = wide.work + sets.count;
    for (size_t i = 0; i < 2 * sets.count; i++)
        wide.work[i] = 0.0;
    for (size_t i = 0; i < elements; i++)
        mean[set_of(&sets, i)] += wide.src[0][i] / (double)sets.elements;
    for (size_t i = 0; i < elements; i++) {
        double distance = wide.src[0][i] - mean[set_of(&sets, i)];
        variance[set_of(&sets, i)] += distance * distance / (double)sets.elements;
    }
    for (size_t i = 0; i < elements; i++) {
        size_t set = set_of(&sets, i);
        wide.dst[0][i] = (wide.src[0][i] - mean[set]) / (sqrt(variance[set]) + 1e-9);
    }
    wide_store(call, &wide);
    return status_ok();
}
