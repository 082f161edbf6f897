/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What goes around a transform: windows before it and the mel scale behind it. Sizes come as
 * inputs; the result's shape has been made from them, so nothing here is larger than that.
 *
 * Thread: any that runs kernels. Source: ONNX HannWindow, HammingWindow, BlackmanWindow and
 * MelWeightMatrix 17.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/wide.h"

#include <math.h>

#define PI 3.14159265358979323846

/* angle runs from 0 to 2 pi over the window */
static double hann(double angle) {
    return 0.5 - 0.5 * cos(angle);
}

static double hamming(double angle) {
    return 25.0 / 46.0 - 21.0 / 46.0 * cos(angle);
}

static double blackman(double angle) {
    return 0.42 - 0.5 * cos(angle) + 0.08 * cos(2.0 * angle);
}

static Status fill_window(const KernelCall *call, double (*window)(double)) {
    const Tensor *src;
    Tensor *dst;
    Wide wide;
    int64_t size;
    size_t count;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_get_ints(call, src, 1, &size, &count));
    if (count != 1 || size < 0)
        return call_invalid(call, "expected one size of 0 or more");
    TRY(call_check_shape(call, &SHAPE(size), dst));
    bool periodic = node_get_int(call->node, "periodic", 1) != 0;
    TRY(wide_open(call, 0, &wide));
    if (!wide.dst[0])
        return call_lacks_dtype(call, dst->dtype);
    double span = periodic ? (double)size : (double)size - 1.0;
    for (size_t i = 0; i < (size_t)size; i++)
        wide.dst[0][i] = span > 0.0 ? window(2.0 * PI * (double)i / span) : 1.0;
    wide_store(call, &wide);
    return status_ok();
}

Status reference_hann_window(const KernelCall *call) {
    return fill_window(call, hann);
}

Status reference_hamming_window(const KernelCall *call) {
    return fill_window(call, hamming);
}

Status reference_blackman_window(const KernelCall *call) {
    return fill_window(call, blackman);
}

/* Bins of the spectrum by points that are equally far apart on the mel scale. */
typedef struct MelScale {
    double first, step; /* in mel */
    double dft_length, sample_rate;
} MelScale;

static double mel_of(double hertz) {
    return 2595.0 * log10(1.0 + hertz / 700.0);
}

static double bin_at(const MelScale *scale, size_t point) {
    double mel = scale->first + scale->step * (double)point;
    double hertz = 700.0 * (pow(10.0, mel / 2595.0) - 1.0);
    return floor((scale->dft_length + 1.0) * hertz / scale->sample_rate);
}

/* One triangle into its column. */
static Status fill_triangle(const KernelCall *call, const MelScale *scale, size_t column,
                            const Shape *shape, double *dst) {
    size_t columns = (size_t)shape->dims[1];
    double bins = (double)shape->dims[0], left = bin_at(scale, column),
           centre = bin_at(scale, column + 1), right = bin_at(scale, column + 2);
    if (!(left >= 0.0 && left <= centre && centre <= right && centre < bins && right <= bins))
        return call_invalid(call, "the bands do not lie in the spectrum of %.0f bins", bins);
    for (size_t bin = (size_t)left; bin <= (size_t)centre; bin++)
        dst[bin * columns + column] = left == centre ? 1.0 : ((double)bin - left) / (centre - left);
    for (size_t bin = (size_t)centre; bin < (size_t)right; bin++)
        dst[bin * columns + column] = (right - (double)bin) / (right - centre);
    return status_ok();
}

Status reference_mel_weight_matrix(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    Wide wide;
    TRY(call_get_first(call, &src, &dst));
    for (size_t i = 0; i < 5; i++) {
        TRY(call_get_src(call, i, &src));
        if (tensor_elements(src) != 1 || src->dtype == DTYPE_STRING)
            return call_invalid(call, "input %zu: expected one number", i);
    }
    TRY(wide_open(call, 0, &wide));
    if (!wide.dst[0] || !wide.src[3] || !wide.src[4])
        return call_lacks_dtype(call, dst->dtype);
    double bands = *wide.src[0], length = *wide.src[1], rate = *wide.src[2];
    double low = *wide.src[3], high = *wide.src[4];
    bool sensible = bands >= 0.0 && bands < 0x1p53 && length >= 0.0 && length < 0x1p53 &&
                    rate > 0.0 && low >= 0.0 && high >= low && isfinite(high);
    if (!sensible)
        return call_invalid(call, "no bands from %g to %g Hz at a rate of %g", low, high, rate);
    TRY(call_check_shape(call, &SHAPE((int64_t)length / 2 + 1, (int64_t)bands), dst));
    MelScale scale = { .first = mel_of(low),
                       .step = (mel_of(high) - mel_of(low)) / (bands + 2.0),
                       .dft_length = length,
                       .sample_rate = rate };
    for (size_t i = 0; i < tensor_elements(dst); i++)
        wide.dst[0][i] = 0.0;
    for (size_t column = 0; column < (size_t)bands; column++)
        TRY(fill_triangle(call, &scale, column, &dst->shape, wide.dst[0]));
    wide_store(call, &wide);
    return status_ok();
}
