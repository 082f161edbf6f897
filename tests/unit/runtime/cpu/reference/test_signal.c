/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Fourier transforms of every kind of length, windows and the mel scale. */

#include "runtime/cpu/reference/fft.h"
#include "tests/unit/runtime/cpu/reference/run_kernel.h"

#define PI 3.14159265358979323846

/* Every length up to 40 and a long prime, against the sum of the definition, and back. */
static void test_transform_is_the_definition_at_every_length(void **state) {
    (void)state;
    for (size_t n = 1; n <= 41; n++) {
        size_t length = n == 41 ? 1009 : n, count;
        assert_true(fft_work_count(length, &count));
        double *work = malloc((count + 4 * length) * sizeof *work);
        double *values = work + count, *source = values + 2 * length;
        for (size_t i = 0; i < 2 * length; i++)
            values[i] = source[i] = sin((double)(i * i + 1));
        fft_prepare(length, work);
        fft_run(values, length, false, work);
        for (size_t k = 0; k < length; k += 1 + length / 8) {
            double real = 0.0, imaginary = 0.0;
            for (size_t i = 0; i < length; i++) {
                double angle = -2.0 * PI * (double)(i * k % length) / (double)length;
                real += source[2 * i] * cos(angle) - source[2 * i + 1] * sin(angle);
                imaginary += source[2 * i] * sin(angle) + source[2 * i + 1] * cos(angle);
            }
            assert_true(fabs(real - values[2 * k]) < 1e-9);
            assert_true(fabs(imaginary - values[2 * k + 1]) < 1e-9);
        }
        fft_run(values, length, true, work);
        for (size_t i = 0; i < 2 * length; i++)
            assert_true(fabs(values[i] / (double)length - source[i]) < 1e-12);
        free(work);
    }
    size_t count;
    assert_false(fft_work_count(SIZE_MAX / 2, &count));
}

static void test_dft_halves_mirrors_pads_and_cuts(void **state) {
    (void)state;
    Tensor real = F32(SHAPE(1, 4, 1), 1, 2, 3, 4);
    check(&(Run){ .op = "DFT",
                  .attributes = { INT("onesided", 1) },
                  .src = { &real },
                  .dst = { F32(SHAPE(1, 3, 2), 10, 0, -2, 2, -2, 0) },
                  .tolerance = 1e-6 });
    check(&(Run){ .op = "DFT",
                  .attributes = { INT("onesided", 1), INT("inverse", 1) },
                  .src = { &F32(SHAPE(1, 3, 2), 10, 0, -2, 2, -2, 0) },
                  .dst = { F32(SHAPE(1, 4, 1), 1, 2, 3, 4) },
                  .tolerance = 1e-6 });
    check(&(Run){
        .op = "DFT", /* cut to 2, along axis 0 */
        .src = { &F32(SHAPE(3, 1, 1), 1, 2, 99), &I64(SHAPE_SCALAR, 2), &I64(SHAPE_SCALAR, 0) },
        .dst = { F32(SHAPE(2, 1, 2), 3, 0, -1, 0) },
        .tolerance = 1e-6 });
    check(&(Run){ .op = "DFT", /* padded to 3 */
                  .src = { &F32(SHAPE(1, 1), 5), &I64(SHAPE_SCALAR, 3) },
                  .dst = { F32(SHAPE(3, 2), 5, 0, 5, 0, 5, 0) },
                  .tolerance = 1e-6 });
    check_fails(&(Run){ .op = "DFT",
                        .src = { &real, &I64(SHAPE_SCALAR, 0) },
                        .dst = { F32(SHAPE(1, 1, 2), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "got 0");
    check_fails(&(Run){ .op = "DFT",
                        .src = { &real, NULL, &I64(SHAPE_SCALAR, 2) },
                        .dst = { F32(SHAPE(1, 4, 2), 0, 0, 0, 0, 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "axis 2");
}

static void test_stft_windows_each_frame(void **state) {
    (void)state;
    check(&(Run){
        .op = "STFT",
        .src = { &F32(SHAPE(1, 4, 1), 1, 2, 3, 4), &I64(SHAPE_SCALAR, 2), &F32(SHAPE(2), 1, 10) },
        .dst = { F32(SHAPE(1, 2, 2, 2), 21, 0, -19, 0, 43, 0, -37, 0) },
        .tolerance = 1e-6 });
    check_fails(&(Run){ .op = "STFT",
                        .src = { &F32(SHAPE(1, 4, 1), 1, 2, 3, 4), &I64(SHAPE_SCALAR, 0) },
                        .dst = { F32(SHAPE(1, 1, 3, 2), 0, 0, 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "every 0");
}

static void test_windows(void **state) {
    (void)state;
    Tensor four = I64(SHAPE_SCALAR, 4), three = I32(SHAPE_SCALAR, 3);
    check(&(Run){ .op = "HannWindow",
                  .src = { &four },
                  .dst = { F32(SHAPE(4), 0, 0.5f, 1, 0.5f) },
                  .tolerance = 1e-6 });
    check(&(Run){ .op = "HannWindow",
                  .attributes = { INT("periodic", 0) },
                  .src = { &three },
                  .dst = { F64(SHAPE(3), 0, 1, 0) },
                  .tolerance = 1e-12 });
    check(&(Run){ .op = "HammingWindow",
                  .attributes = { INT("periodic", 0) },
                  .src = { &three },
                  .dst = { F32(SHAPE(3), 0.08695652f, 1, 0.08695652f) },
                  .tolerance = 1e-6 });
    check(&(Run){ .op = "BlackmanWindow",
                  .src = { &four },
                  .dst = { F32(SHAPE(4), 0, 0.34f, 1, 0.34f) },
                  .tolerance = 1e-6 });
    check_fails(&(Run){ .op = "HannWindow",
                        .src = { &I64(SHAPE_SCALAR, -1) },
                        .dst = { EMPTY(DTYPE_F32, SHAPE(0)) } },
                STATUS_INVALID_ARGUMENT, "0 or more");
}

static void test_mel_bands_lie_in_the_spectrum(void **state) {
    (void)state;
    Tensor bands = I32(SHAPE_SCALAR, 1), length = I32(SHAPE_SCALAR, 8),
           rate = I32(SHAPE_SCALAR, 800);
    Tensor low = F32(SHAPE_SCALAR, 0), high = F32(SHAPE_SCALAR, 400);
    check(&(Run){ .op = "MelWeightMatrix", /* bins 0, 1 and 2 */
                  .src = { &bands, &length, &rate, &low, &high },
                  .dst = { F32(SHAPE(5, 1), 0, 1, 0, 0, 0) } });
    check_fails(&(Run){ .op = "MelWeightMatrix",
                        .src = { &bands, &length, &rate, &low, &F32(SHAPE_SCALAR, 40000) },
                        .dst = { F32(SHAPE(5, 1), 0, 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "spectrum of 5 bins");
    check_fails(&(Run){ .op = "MelWeightMatrix",
                        .src = { &bands, &length, &I32(SHAPE_SCALAR, 0), &low, &high },
                        .dst = { F32(SHAPE(5, 1), 0, 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "rate of 0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transform_is_the_definition_at_every_length),
        cmocka_unit_test(test_dft_halves_mirrors_pads_and_cuts),
        cmocka_unit_test(test_stft_windows_each_frame),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_mel_bands_lie_in_the_spectrum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
