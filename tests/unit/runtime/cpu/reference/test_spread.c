/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Reference kernels that spread small images over large ones, sample at offsets, and take norms. */

#include "tests/unit/runtime/cpu/reference/run_kernel.h"

static void test_transposed_convolution_overlaps_and_pads(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(1, 1, 3), 1, 2, 3), w = F32(SHAPE(1, 1, 3), 1, 10, 100);
    check(&(Run){ .op = "ConvTranspose",
                  .src = { &x, &w },
                  .dst = { F32(SHAPE(1, 1, 5), 1, 12, 123, 230, 300) } });
    check(&(Run){ .op = "ConvTranspose",
                  .attributes = { INTS("strides", 2), INTS("pads", 1, 0) },
                  .src = { &x, &w, &F32(SHAPE(1), 0.5f) },
                  .dst = { F32(SHAPE(1, 1, 6), 10.5f, 102.5f, 20.5f, 203.5f, 30.5f, 300.5f) } });
    check(&(Run){ .op = "ConvTranspose", /* a result larger than the windows reach */
                  .attributes = { INTS("output_shape", 7) },
                  .src = { &x, &w },
                  .dst = { F32(SHAPE(1, 1, 7), 1, 12, 123, 230, 300, 0, 0) } });
    check(&(Run){ .op = "ConvTranspose",
                  .attributes = { STRING("auto_pad", "SAME_UPPER") },
                  .src = { &x, &w },
                  .dst = { F32(SHAPE(1, 1, 3), 12, 123, 230) } });
}

static void test_transposed_convolution_in_groups(void **state) {
    (void)state;
    check(&(Run){ .op = "ConvTranspose",
                  .attributes = { INT("group", 2) },
                  .src = { &F64(SHAPE(1, 4, 1), 1, 2, 3, 4),
                           &F64(SHAPE(4, 2, 1), 1, 10, 2, 20, 3, 30, 4, 40) },
                  .dst = { F64(SHAPE(1, 4, 1), 5, 50, 25, 250) } });
    Tensor x = F32(SHAPE(1, 3, 1), 1, 2, 3);
    check_fails(&(Run){ .op = "ConvTranspose",
                        .attributes = { INT("group", 2) },
                        .src = { &x, &F32(SHAPE(3, 1, 1), 1, 1, 1) },
                        .dst = { F32(SHAPE(1, 2, 1), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "in 2 groups");
    check_fails(&(Run){ .op = "ConvTranspose",
                        .attributes = { INTS("strides", 1 << 30) },
                        .src = { &F32(SHAPE(1, 1, 2), 1, 2), &F32(SHAPE(1, 1, 1), 1) },
                        .dst = { F32(SHAPE(1, 1, 2), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "expected shape [1,1,1073741825]");
}

static void test_col2im_adds_blocks(void **state) {
    (void)state;
    check(
        &(Run){ .op = "Col2Im",
                .src = { &I32(SHAPE(1, 2, 2), 1, 2, 10, 20), &I64(SHAPE(1), 3), &I64(SHAPE(1), 2) },
                .dst = { I32(SHAPE(1, 1, 3), 1, 12, 20) } });
    check_fails(
        &(Run){ .op = "Col2Im",
                .src = { &I32(SHAPE(1, 2, 2), 1, 2, 10, 20), &I64(SHAPE(1), 5), &I64(SHAPE(1), 2) },
                .dst = { I32(SHAPE(1, 1, 5), 0, 0, 0, 0, 0) } },
        STATUS_INVALID_ARGUMENT, "expected shape [1,2,4]");
}

static void test_unpool_checks_every_index(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(1, 1, 2), 5, 6);
    Run run = { .op = "MaxUnpool",
                .attributes = { INTS("kernel_shape", 2), INTS("strides", 2) },
                .src = { &x, &I64(SHAPE(1, 1, 2), 1, 2) },
                .dst = { F32(SHAPE(1, 1, 4), 0, 5, 6, 0) } };
    check(&run);
    run.src[1] = &I64(SHAPE(1, 1, 2), 1, 4);
    check_fails(&run, STATUS_INVALID_ARGUMENT, "index 4 is outside of [1,1,4]");
    run.src[1] = &I64(SHAPE(1, 1, 2), 1, -1);
    check_fails(&run, STATUS_INVALID_ARGUMENT, "index -1");
}

static void test_deformed_convolution(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(1, 1, 1, 3), 1, 2, 4), w = F32(SHAPE(1, 1, 1, 2), 1, 10);
    Tensor none = F32(SHAPE(1, 4, 1, 2), 0, 0, 0, 0, 0, 0, 0, 0);
    check(&(Run){
        .op = "DeformConv", .src = { &x, &w, &none }, .dst = { F32(SHAPE(1, 1, 1, 2), 21, 42) } });
    check(&(Run){ .op = "DeformConv", /* tap 0 moves half to the right, tap 1 nowhere one can see */
                  .src = { &x, &w, &F32(SHAPE(1, 4, 1, 2), 0, 0, 0.5f, 0.5f, NAN, INFINITY, 0, 0),
                           &F32(SHAPE(1), 0.25f), &F32(SHAPE(1, 2, 1, 2), 1, 2, 1, 1) },
                  .dst = { F32(SHAPE(1, 1, 1, 2), 1.75f, 6.25f) } });
    check_fails(&(Run){ .op = "DeformConv",
                        .attributes = { INT("offset_group", 2) },
                        .src = { &x, &w, &none },
                        .dst = { F32(SHAPE(1, 1, 1, 2), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "groups");
}

static void test_norms_of_windows_planes_and_lines(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(1, 1, 4), 3, -4, 0, 12);
    check(&(Run){ .op = "LpPool",
                  .attributes = { INTS("kernel_shape", 2), INTS("pads", 1, 0) },
                  .src = { &x },
                  .dst = { F32(SHAPE(1, 1, 4), 3, 5, 4, 12) } });
    check(&(Run){ .op = "GlobalLpPool", .src = { &x }, .dst = { F32(SHAPE(1, 1, 1), 13) } });
    check(&(Run){ .op = "LpNormalization",
                  .attributes = { INT("p", 1), INT("axis", 0) },
                  .src = { &F32(SHAPE(2, 2), 1, 0, -3, 0) },
                  .dst = { F32(SHAPE(2, 2), 0.25f, 0, -0.75f, 0) } });
    check_fails(
        &(Run){
            .op = "LpNormalization", .attributes = { INT("p", 0) }, .src = { &x }, .dst = { x } },
        STATUS_INVALID_ARGUMENT, "p of 0");
    check(&(Run){ .op = "InstanceNormalization",
                  .attributes = { FLOAT("epsilon", 0) },
                  .src = { &F32(SHAPE(1, 2, 2), 1, 3, 10, 10.5f), &F32(SHAPE(2), 2, 1),
                           &F32(SHAPE(2), 0, 5) },
                  .dst = { F32(SHAPE(1, 2, 2), -2, 2, 4, 6) } });
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transposed_convolution_overlaps_and_pads),
        cmocka_unit_test(test_transposed_convolution_in_groups),
        cmocka_unit_test(test_col2im_adds_blocks),
        cmocka_unit_test(test_unpool_checks_every_index),
        cmocka_unit_test(test_deformed_convolution),
        cmocka_unit_test(test_norms_of_windows_planes_and_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
