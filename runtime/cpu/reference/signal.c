/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * DFT and STFT. A signal's last dim is 1 (real) or 2 (real and imaginary). What is shorter than the
 * transform is padded with zeros, what is longer is cut.
 *
 * Thread: any that runs kernels. Source: ONNX DFT 20, STFT 17.
 */

#include "runtime/cpu/reference/fft.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/wide.h"

#include <inttypes.h>

/* One integer of a scalar input; fallback where it is left out. */
static Status get_scalar(const KernelCall *call, size_t index, int64_t fallback,
                         int64_t *ret_value) {
    const Tensor *src = call_find_src(call, index);
    size_t count;
    *ret_value = fallback;
    if (!src)
        return status_ok();
    TRY(call_get_ints(call, src, 1, ret_value, &count));
    return count == 1 ? status_ok() : call_invalid(call, "input %zu is empty", index);
}

/* A run of the transform along one line of the tensor. */
typedef struct Line {
    size_t length, inner; /* of the source along the axis; pairs or numbers between its elements */
    size_t parts;         /* 1 or 2 numbers an element */
    size_t result_length, result_parts;
    size_t transform;
    bool inverse, onesided;
} Line;

/* The spectrum's other half mirrors the first. */
static void load_mirrored(const Line *line, const double *src, double *values) {
    size_t n = line->transform;
    for (size_t k = 0; k <= n / 2; k++) {
        const double *from = src + k * line->inner * 2;
        double real = k < line->length ? from[0] : 0.0,
               imaginary = k < line->length ? from[1] : 0.0;
        values[2 * k] = real;
        values[2 * k + 1] = imaginary;
        if (k > 0 && n - k != k) {
            values[2 * (n - k)] = real;
            values[2 * (n - k) + 1] = -imaginary;
        }
    }
}

static void load_line(const Line *line, const double *src, double *values) {
    for (size_t k = 0; k < line->transform; k++) {
        const double *from = src + k * line->inner * line->parts;
        values[2 * k] = k < line->length ? from[0] : 0.0;
        values[2 * k + 1] = k < line->length && line->parts == 2 ? from[1] : 0.0;
    }
}

static void transform_line(const Line *line, const double *src, double *dst, double *values,
                           double *work) {
    if (line->inverse && line->onesided)
        load_mirrored(line, src, values);
    else
        load_line(line, src, values);
    fft_run(values, line->transform, line->inverse, work);
    double scale = line->inverse ? 1.0 / (double)line->transform : 1.0;
    for (size_t k = 0; k < line->result_length; k++)
        for (size_t part = 0; part < line->result_parts; part++)
            dst[k * line->inner * line->result_parts + part] = values[2 * k + part] * scale;
}

/* Values of one transform, then what the transform itself needs. */
static Status open_work(const KernelCall *call, size_t n, Wide *wide, double **ret_tables) {
    size_t count;
    if (!fft_work_count(n, &count) || !size_add(count, 2 * n, &count))
        return call_invalid(call, "a transform of %zu is too long", n);
    TRY(wide_open(call, count, wide));
    *ret_tables = wide->work + 2 * n;
    fft_prepare(n, *ret_tables);
    return status_ok();
}

static Status dft_open(const KernelCall *call, const Tensor *src, Line *line, size_t *ret_axis) {
    int32_t rank = src->shape.rank;
    int64_t axis_wanted, length;
    TRY(get_scalar(call, 2, -2, &axis_wanted));
    Status status = shape_axis(axis_wanted, rank, ret_axis);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", call->node->op->name);
    if ((size_t)rank == *ret_axis + 1)
        return call_invalid(call, "axis %" PRId64 " holds the parts of numbers", axis_wanted);
    int64_t parts = src->shape.dims[rank - 1], dim = src->shape.dims[*ret_axis];
    line->inverse = node_get_int(call->node, "inverse", 0) != 0;
    line->onesided = node_get_int(call->node, "onesided", 0) != 0;
    TRY(get_scalar(call, 1, line->inverse && line->onesided ? 2 * (dim - 1) : dim, &length));
    if (parts < 1 || parts > 2 || (line->onesided && parts != (line->inverse ? 2 : 1)))
        return call_invalid(call, "a last dim of %" PRId64 " does not fit this transform", parts);
    if (length < 1)
        return call_invalid(call, "expected a length of 1 or more, got %" PRId64, length);
    line->length = (size_t)dim;
    line->parts = (size_t)parts;
    line->transform = (size_t)length;
    line->result_length =
        line->onesided && !line->inverse ? line->transform / 2 + 1 : line->transform;
    line->result_parts = line->onesided && line->inverse ? 1 : 2;
    line->inner = shape_product(&src->shape, *ret_axis + 1, (size_t)rank - 1);
    return status_ok();
}

Status reference_dft(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    Line line;
    Wide wide;
    double *tables;
    size_t axis;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_floats(call, 1));
    TRY(dft_open(call, src, &line, &axis));
    Shape expected = src->shape;
    expected.dims[axis] = (int64_t)line.result_length;
    expected.dims[expected.rank - 1] = (int64_t)line.result_parts;
    TRY(call_check_shape(call, &expected, dst));
    TRY(open_work(call, line.transform, &wide, &tables));
    size_t outer = shape_product(&src->shape, 0, axis);
    for (size_t o = 0; o < outer; o++)
        for (size_t i = 0; i < line.inner; i++)
            transform_line(&line, wide.src[0] + (o * line.length * line.inner + i) * line.parts,
                           wide.dst[0] +
                               (o * line.result_length * line.inner + i) * line.result_parts,
                           wide.work, tables);
    wide_store(call, &wide);
    return status_ok();
}

typedef struct Frames {
    size_t batch, length, parts, step, size, count, bins;
    size_t window_length; /* samples of a frame that are looked at */
} Frames;

static Status frames_open(const KernelCall *call, const Tensor *src, Frames *frames) {
    const Tensor *window = call_find_src(call, 2);
    DimNames names;
    int64_t step, size;
    dim_names_init(&names);
    TRY(call_bind(call, &names, 0, "bsp"));
    TRY(call_bind(call, &names, 2, "w"));
    TRY(get_scalar(call, 1, 0, &step));
    TRY(get_scalar(call, 3, window ? window->shape.dims[0] : src->shape.dims[1], &size));
    bool onesided = node_get_int(call->node, "onesided", 1) != 0;
    size_t parts = call_dim(&names, 'p');
    if (step < 1 || size < 1)
        return call_invalid(call, "frames of %" PRId64 " every %" PRId64 " make no sense", size,
                            step);
    if (parts < 1 || parts > 2 || (onesided && parts == 2))
        return call_invalid(call, "a last dim of %zu does not fit this transform", parts);
    *frames = (Frames){ .batch = call_dim(&names, 'b'),
                        .length = call_dim(&names, 's'),
                        .parts = parts,
                        .step = (size_t)step,
                        .size = (size_t)size };
    frames->window_length = MIN_OF(window ? call_dim(&names, 'w') : frames->size, frames->size);
    frames->bins = onesided ? frames->size / 2 + 1 : frames->size;
    if (frames->length >= frames->size)
        frames->count = 1 + (frames->length - frames->size) / frames->step;
    return status_ok();
}

Status reference_stft(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    Frames frames;
    Wide wide;
    double *tables;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_floats(call, 1));
    TRY(frames_open(call, src, &frames));
    TRY(call_check_shape(
        call, &SHAPE(src->shape.dims[0], (int64_t)frames.count, (int64_t)frames.bins, 2), dst));
    if (frames.count == 0)
        return status_ok();
    TRY(open_work(call, frames.size, &wide, &tables));
    for (size_t row = 0; row < frames.batch * frames.count; row++) {
        size_t begin = row / frames.count * frames.length + row % frames.count * frames.step;
        for (size_t k = 0; k < frames.size; k++) {
            bool inside = k < frames.window_length;
            double weight = !inside ? 0.0 : wide.src[2] ? wide.src[2][k] : 1.0;
            const double *from = wide.src[0] + (begin + k) * frames.parts;
            wide.work[2 * k] = weight * from[0];
            wide.work[2 * k + 1] = frames.parts == 2 ? weight * from[1] : 0.0;
        }
        fft_run(wide.work, frames.size, false, tables);
        for (size_t k = 0; k < 2 * frames.bins; k++)
            wide.dst[0][row * frames.bins * 2 + k] = wide.work[k];
    }
    wide_store(call, &wide);
    return status_ok();
}
