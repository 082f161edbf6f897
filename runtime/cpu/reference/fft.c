/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Powers of two by halving (Cooley and Tukey), every other length as a convolution with a chirp of
 * a power of two (Bluestein), so that no length is slow. The inverse is the transform of the values
 * with both parts exchanged.
 *
 * The work area holds, in pairs: m / 2 roots of unity; and where n is no power of two also n chirp
 * values, the m of the transformed chirp and m of the convolution. Angles are reduced before they
 * become sines, since k * k grows large.
 *
 * Pure; any thread.
 */

#include "runtime/cpu/reference/fft.h"

#include "runtime/base/size.h"

#include <math.h>

static bool is_power_of_two(size_t n) {
    return (n & (n - 1)) == 0;
}

/* The length that is really transformed: n itself, or room for a convolution. */
static size_t inner_length(size_t n) {
    size_t m = 1;
    while (m < (is_power_of_two(n) ? n : 2 * n))
        m *= 2;
    return m;
}

bool fft_work_count(size_t n, size_t *ret_count) {
    if (n > SIZE_MAX / 64) /* m is below 4 n, and there are less than 3 m pairs */
        return false;
    size_t m = inner_length(n);
    *ret_count = 2 * (m / 2) + (is_power_of_two(n) ? 0 : 2 * (n + 2 * m));
    return true;
}

static void exchange(double *a, double *b) {
    double keep = *a;
    *a = *b;
    *b = keep;
}

static void multiply(double *a, const double *b) {
    double real = a[0] * b[0] - a[1] * b[1];
    a[1] = a[0] * b[1] + a[1] * b[0];
    a[0] = real;
}

static void reverse_bits(double *values, size_t m) {
    for (size_t i = 1, j = 0; i < m; i++) {
        size_t bit = m / 2;
        for (; j & bit; bit /= 2)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            exchange(&values[2 * i], &values[2 * j]);
            exchange(&values[2 * i + 1], &values[2 * j + 1]);
        }
    }
}

/* @roots  m / 2 powers of the m-th root of unity */
static void run_power_of_two(double *values, size_t m, const double *roots) {
    reverse_bits(values, m);
    for (size_t half = 1; half < m; half *= 2)
        for (size_t start = 0; start < m; start += 2 * half)
            for (size_t k = 0; k < half; k++) {
                double *a = values + 2 * (start + k), *b = a + 2 * half;
                double product[2] = { b[0], b[1] };
                multiply(product, roots + 2 * (k * (m / 2 / half)));
                b[0] = a[0] - product[0];
                b[1] = a[1] - product[1];
                a[0] += product[0];
                a[1] += product[1];
            }
}

static void set_root(double *root, size_t numerator, size_t denominator) {
    double angle = -2.0 * 3.14159265358979323846 * (double)numerator / (double)denominator;
    root[0] = cos(angle);
    root[1] = sin(angle);
}

/* k * k modulo 2 n, without overflow */
static size_t square_modulo(size_t k, size_t n) {
    return (size_t)((unsigned __int128)k * k % (2 * n));
}

void fft_prepare(size_t n, double *work) {
    size_t m = inner_length(n);
    double *roots = work, *chirp = work + 2 * (m / 2), *filter = chirp + 2 * n;
    for (size_t k = 0; k < m / 2; k++)
        set_root(roots + 2 * k, k, m);
    if (is_power_of_two(n))
        return;
    for (size_t k = 0; k < n; k++)
        set_root(chirp + 2 * k, square_modulo(k, n), 2 * n);
    for (size_t k = 0; k < 2 * m; k++)
        filter[k] = 0.0;
    for (size_t k = 0; k < n; k++) {
        size_t mirrored = k == 0 ? 0 : m - k;
        filter[2 * k] = filter[2 * mirrored] = chirp[2 * k];
        filter[2 * k + 1] = filter[2 * mirrored + 1] = -chirp[2 * k + 1];
    }
    run_power_of_two(filter, m, roots);
}

static void run_chirp(double *values, size_t n, double *work) {
    size_t m = inner_length(n);
    double *roots = work, *chirp = work + 2 * (m / 2), *filter = chirp + 2 * n,
           *inner = filter + 2 * m;
    for (size_t k = 0; k < m; k++) {
        inner[2 * k] = k < n ? values[2 * k] : 0.0;
        inner[2 * k + 1] = k < n ? values[2 * k + 1] : 0.0;
        if (k < n)
            multiply(inner + 2 * k, chirp + 2 * k);
    }
    run_power_of_two(inner, m, roots);
    for (size_t k = 0; k < m; k++) {
        multiply(inner + 2 * k, filter + 2 * k);
        exchange(&inner[2 * k], &inner[2 * k + 1]); /* the way back */
    }
    run_power_of_two(inner, m, roots);
    for (size_t k = 0; k < n; k++) {
        values[2 * k] = inner[2 * k + 1] / (double)m;
        values[2 * k + 1] = inner[2 * k] / (double)m;
        multiply(values + 2 * k, chirp + 2 * k);
    }
}

void fft_run(double *values, size_t n, bool inverse, double *work) {
    for (size_t k = 0; k < n && inverse; k++)
        exchange(&values[2 * k], &values[2 * k + 1]);
    if (is_power_of_two(n))
        run_power_of_two(values, n, work);
    else
        run_chirp(values, n, work);
    for (size_t k = 0; k < n && inverse; k++)
        exchange(&values[2 * k], &values[2 * k + 1]);
}
