/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Random operators. Element i of a run is a hash of the run's seed and i, so that no element waits
 * for another. With attribute `seed` every run gives the same numbers; without it each run of the
 * process gets a seed of its own, counted up, which no other state depends on.
 *
 * Thread: any that runs kernels; the count is atomic. Source: ONNX RandomUniform 22, RandomNormal
 * 22, Bernoulli 22, Multinomial 22; the numbers themselves are not specified.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/wide.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#define PI 3.14159265358979323846

static uint64_t mix(uint64_t x) {
    x ^= x >> 30;
    x *= UINT64_C(0xBF58476D1CE4E5B9);
    x ^= x >> 27;
    x *= UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static uint64_t run_seed(const KernelCall *call) {
    static _Atomic uint64_t runs;
    const Attribute *seed = node_find_attribute(call->node, "seed");
    uint32_t bits;
    if (!seed || seed->kind != ATTRIBUTE_FLOAT)
        return mix(UINT64_C(1) << 32 | atomic_fetch_add_explicit(&runs, 1, memory_order_relaxed));
    memcpy(&bits, &seed->f, sizeof bits);
    return mix(bits);
}

/* [0, 1) */
static double uniform(uint64_t seed, size_t index) {
    uint64_t bits = mix(seed + (index + 1) * UINT64_C(0x9E3779B97F4A7C15));
    return (double)(bits >> 11) * 0x1p-53;
}

/* Box and Muller; 1 - u is never 0. */
static double normal(uint64_t seed, size_t index) {
    double radius = sqrt(-2.0 * log(1.0 - uniform(seed, 2 * index)));
    return radius * cos(2.0 * PI * uniform(seed, 2 * index + 1));
}

static Status fill(const KernelCall *call, bool is_normal) {
    Tensor *dst = call_find_dst(call, 0);
    const Tensor *like = call_find_src(call, 0);
    Wide wide;
    if (!dst)
        return call_invalid(call, "output 0 is missing");
    if (like)
        TRY(call_check_shape(call, &like->shape, dst));
    TRY(call_check_floats(call, 0));
    TRY(wide_open(call, 0, &wide));
    uint64_t seed = run_seed(call);
    double base = (double)node_get_float(call->node, is_normal ? "mean" : "low", 0.0f);
    double scale = is_normal ? (double)node_get_float(call->node, "scale", 1.0f)
                             : (double)node_get_float(call->node, "high", 1.0f) - base;
    for (size_t i = 0; i < tensor_elements(dst); i++)
        wide.dst[0][i] = base + scale * (is_normal ? normal(seed, i) : uniform(seed, i));
    wide_store(call, &wide);
    return status_ok();
}

Status reference_random_uniform(const KernelCall *call) {
    return fill(call, false);
}

Status reference_random_normal(const KernelCall *call) {
    return fill(call, true);
}

Status reference_random_uniform_like(const KernelCall *call) {
    const Tensor *like;
    TRY(call_get_src(call, 0, &like));
    return fill(call, false);
}

Status reference_random_normal_like(const KernelCall *call) {
    const Tensor *like;
    TRY(call_get_src(call, 0, &like));
    return fill(call, true);
}

Status reference_bernoulli(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    Wide wide;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_shape(call, &src->shape, dst));
    TRY(wide_open(call, 0, &wide));
    if (!wide.src[0] || !wide.dst[0])
        return call_lacks_dtype(call, wide.src[0] ? dst->dtype : src->dtype);
    uint64_t seed = run_seed(call);
    for (size_t i = 0; i < tensor_elements(dst); i++)
        wide.dst[0][i] = uniform(seed, i) < wide.src[0][i] ? 1.0 : 0.0;
    wide_store(call, &wide);
    return status_ok();
}

/* Sums of exp(x) up to each class, from logarithms that need not be normalised. */
static bool cumulate(const double *x, size_t classes, double *sums) {
    double best = -(double)INFINITY, sum = 0.0;
    for (size_t c = 0; c < classes; c++)
        best = fmax(best, x[c]);
    for (size_t c = 0; c < classes; c++)
        sums[c] = sum += exp(x[c] - best);
    return isfinite(sum) && sum > 0.0;
}

Status reference_multinomial(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    Wide wide;
    DimNames names;
    TRY(call_get_first(call, &src, &dst));
    dim_names_init(&names);
    TRY(call_bind(call, &names, 0, "bc"));
    *dim_name(&names, 's') = node_get_int(call->node, "sample_size", 1);
    TRY(call_check_dst(call, &names, 0, "bs"));
    size_t classes = call_dim(&names, 'c'), samples = call_dim(&names, 's');
    TRY(wide_open(call, classes, &wide));
    if (!wide.src[0] || !wide.dst[0])
        return call_lacks_dtype(call, wide.src[0] ? dst->dtype : src->dtype);
    uint64_t seed = run_seed(call);
    for (size_t b = 0; samples > 0 && b < call_dim(&names, 'b'); b++) {
        if (!cumulate(wide.src[0] + b * classes, classes, wide.work))
            return call_invalid(call, "row %zu has no class that could be drawn", b);
        for (size_t s = 0; s < samples; s++) {
            double drawn = uniform(seed, b * samples + s) * wide.work[classes - 1];
            size_t class = 0;
            while (class + 1 < classes && wide.work[class] <= drawn)
                class ++;
            wide.dst[0][b * samples + s] = (double)class;
        }
    }
    wide_store(call, &wide);
    return status_ok();
}
