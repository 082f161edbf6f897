/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * LpPool, GlobalLpPool, LpNormalization and InstanceNormalization: norms and moments over windows,
 * planes and lines. Padding counts as 0. Computed in double.
 *
 * Source: ONNX LpPool 22, GlobalLpPool 22, LpNormalization 22, InstanceNormalization 22. Thread:
 * any that runs kernels.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/wide.h"
#include "runtime/cpu/reference/window_rows.h"

#include <math.h>
#include <string.h>

static double power(double x, int64_t p) {
    return p == 1 ? fabs(x) : p == 2 ? x * x : pow(fabs(x), (double)p);
}

static double root(double sum, int64_t p) {
    return p == 1 ? sum : p == 2 ? sqrt(sum) : pow(sum, 1.0 / (double)p);
}

static Status open_floats(const KernelCall *call, int64_t *ret_p, const Tensor **ret_src,
                          Tensor **ret_dst) {
    int64_t p = node_get_int(call->node, "p", 2);
    TRY(call_get_first(call, ret_src, ret_dst));
    TRY(call_check_floats(call, 1));
    if (p < 1 || p > INT32_MAX)
        return call_invalid(call, "p of %lld is out of range", (long long)p);
    *ret_p = p;
    return status_ok();
}

static Status check_planes(const KernelCall *call, const Shape *src, const Shape *dst) {
    if (src->rank < 2 || dst->rank != src->rank || src->dims[0] != dst->dims[0] ||
        src->dims[1] != dst->dims[1])
        return call_shape_mismatch(call, src, dst);
    return status_ok();
}

static void pool_plane(const WindowPlane *plane, double *dst, const double *src, int64_t p) {
    int64_t tap[WINDOW_MAX_RANK] = { 0 };
    memset(dst, 0, plane->out_count * sizeof *dst);
    do {
        WindowRow row;
        WindowRows rows = window_rows_begin(plane, tap);
        while (window_rows_next(&rows, &row))
            for (size_t i = 0; i < row.count; i++)
                dst[row.dst + i] += power(src[row.src + (size_t)((int64_t)i * row.step)], p);
    } while (window_next_tap(plane, tap));
    for (size_t i = 0; i < plane->out_count; i++)
        dst[i] = root(dst[i], p);
}

Status reference_lp_pool(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    int64_t p;
    WindowPlane plane;
    Wide wide;
    TRY(open_floats(call, &p, &src, &dst));
    TRY(check_planes(call, &src->shape, &dst->shape));
    TRY(window_plane_init(&plane, call, &src->shape, &dst->shape, NULL));
    TRY(wide_open(call, 0, &wide));
    size_t planes = tensor_elements(dst) > 0 ? shape_product(&src->shape, 0, 2) : 0;
    for (size_t i = 0; i < planes; i++)
        pool_plane(&plane, wide.dst[0] + i * plane.out_count, wide.src[0] + i * plane.in_count, p);
    wide_store(call, &wide);
    return status_ok();
}

Status reference_global_lp_pool(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    int64_t p;
    Wide wide;
    TRY(open_floats(call, &p, &src, &dst));
    TRY(check_planes(call, &src->shape, &dst->shape));
    size_t planes = shape_product(&src->shape, 0, 2);
    size_t count = shape_product(&src->shape, 2, (size_t)src->shape.rank);
    if (tensor_elements(dst) != planes)
        return call_invalid(call, "expected one element a plane, got %s", SHAPE_TEXT(&dst->shape));
    TRY(wide_open(call, 0, &wide));
    for (size_t i = 0; i < planes; i++) {
        double sum = 0.0;
        for (size_t k = 0; k < count; k++)
            sum += power(wide.src[0][i * count + k], p);
        wide.dst[0][i] = root(sum, p);
    }
    wide_store(call, &wide);
    return status_ok();
}

Status reference_lp_normalization(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    int64_t p;
    size_t axis;
    Wide wide;
    TRY(open_floats(call, &p, &src, &dst));
    TRY(call_check_shape(call, &src->shape, dst));
    TRY(call_get_axis(call, -1, src->shape.rank, &axis));
    TRY(wide_open(call, 0, &wide));
    size_t outer = shape_product(&src->shape, 0, axis), dim = (size_t)src->shape.dims[axis];
    size_t inner = shape_product(&src->shape, axis + 1, (size_t)src->shape.rank);
    for (size_t line = 0; dim > 0 && line < outer * inner; line++) {
        size_t first = line / inner * dim * inner + line % inner;
        double sum = 0.0;
        for (size_t i = 0; i < dim; i++)
            sum += power(wide.src[0][first + i * inner], p);
        double norm = root(sum, p);
        for (size_t i = 0; i < dim; i++)
            wide.dst[0][first + i * inner] =
                norm == 0.0 ? 0.0 : wide.src[0][first + i * inner] / norm;
    }
    wide_store(call, &wide);
    return status_ok();
}

static void normalize_plane(double *dst, const double *src, size_t count, double epsilon,
                            double scale, double bias) {
    double mean = 0.0, variance = 0.0;
    for (size_t i = 0; i < count; i++)
        mean += src[i] / (double)count;
    for (size_t i = 0; i < count; i++)
        variance += (src[i] - mean) * (src[i] - mean) / (double)count;
    double factor = scale / sqrt(variance + epsilon);
    for (size_t i = 0; i < count; i++)
        dst[i] = (src[i] - mean) * factor + bias;
}

Status reference_instance_normalization(const KernelCall *call) {
    const Tensor *src, *operand;
    Tensor *dst;
    Wide wide;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_floats(call, 3));
    TRY(call_check_shape(call, &src->shape, dst));
    if (src->shape.rank < 2)
        return call_invalid(call, "expected [N,C,...], got %s", SHAPE_TEXT(&src->shape));
    size_t channels = (size_t)src->shape.dims[1];
    for (size_t i = 1; i < 3; i++) {
        TRY(call_get_src(call, i, &operand));
        TRY(call_check_shape(call, &SHAPE((int64_t)channels), operand));
    }
    TRY(wide_open(call, 0, &wide));
    double epsilon = (double)node_get_float(call->node, "epsilon", 1e-5f);
    size_t planes = shape_product(&src->shape, 0, 2);
    size_t count = shape_product(&src->shape, 2, (size_t)src->shape.rank);
    for (size_t i = 0; i < planes && count > 0; i++)
        normalize_plane(wide.dst[0] + i * count, wide.src[0] + i * count, count, epsilon,
                        wide.src[1][i % channels], wide.src[2][i % channels]);
    wide_store(call, &wide);
    return status_ok();
}
