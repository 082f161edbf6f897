/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Reference kernels that sample images: Resize, grids, regions, boxes; hostile sizes and places. */

#include "tests/unit/runtime/cpu/reference/run_kernel.h"

static void test_resize_nearest_moves_any_type(void **state) {
    (void)state;
    Tensor scales = F32(SHAPE(2), 1, 2);
    check(&(Run){ .op = "Resize",
                  .src = { &I32(SHAPE(1, 2), 1, 2), NULL, &scales },
                  .dst = { I32(SHAPE(1, 4), 1, 1, 2, 2) } });
    check(&(Run){ .op = "Resize",
                  .src = { &STRINGS(SHAPE(1, 2), TEXT("a"), TEXT("b")), NULL, &scales },
                  .dst = { STRINGS(SHAPE(1, 4), TEXT("a"), TEXT("a"), TEXT("b"), TEXT("b")) } });
    check(&(Run){ .op = "Resize",
                  .attributes = { STRING("nearest_mode", "ceil"),
                                  STRING("coordinate_transformation_mode", "asymmetric") },
                  .src = { &F32(SHAPE(2), 1, 2), NULL, NULL, &I64(SHAPE(1), 3) },
                  .dst = { F32(SHAPE(3), 1, 2, 2) } });
}

static void test_resize_linear_in_both_directions(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 2), 1, 2, 3, 4);
    check(&(Run){ .op = "Resize",
                  .attributes = { STRING("mode", "linear") },
                  .src = { &x, NULL, &F32(SHAPE(2), 2, 2) },
                  .dst = { F32(SHAPE(4, 4), 1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25,
                               3.5, 3, 3.25, 3.75, 4) },
                  .tolerance = 1e-6 });
    check(&(Run){ .op = "Resize",
                  .attributes = { STRING("mode", "linear"),
                                  STRING("coordinate_transformation_mode", "align_corners") },
                  .src = { &F64(SHAPE(3), 0, 10, 20), NULL, NULL, &I64(SHAPE(1), 5) },
                  .dst = { F64(SHAPE(5), 0, 5, 10, 15, 20) },
                  .tolerance = 1e-12 });
    check(&(Run){ .op = "Resize", /* weights 1 3 3 1 around the middle */
                  .attributes = { STRING("mode", "linear"), INT("antialias", 1) },
                  .src = { &F32(SHAPE(4), 1, 2, 3, 4), NULL, &F32(SHAPE(1), 0.5f) },
                  .dst = { F32(SHAPE(2), 1.625f, 3.375f) },
                  .tolerance = 1e-6 });
}

static void test_resize_rounds_and_limits_integers(void **state) {
    (void)state;
    check(&(Run){ .op = "Resize",
                  .attributes = { STRING("mode", "linear") },
                  .src = { &U8(SHAPE(2), 0, 255), NULL, &F32(SHAPE(1), 2) },
                  .dst = { U8(SHAPE(4), 0, 64, 191, 255) } });
    check(&(Run){ .op = "Resize", /* cubic goes beyond both ends */
                  .attributes = { STRING("mode", "cubic") },
                  .src = { &U8(SHAPE(4), 0, 0, 255, 255), NULL, &F32(SHAPE(1), 2) },
                  .dst = { U8(SHAPE(8), 0, 0, 0, 58, 197, 255, 255, 255) } });
}

static void test_resize_crops_to_a_region(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(4), 1, 2, 3, 4);
    check(&(Run){ .op = "Resize",
                  .attributes = { STRING("mode", "linear"), FLOAT("extrapolation_value", 9),
                                  STRING("coordinate_transformation_mode", "tf_crop_and_resize") },
                  .src = { &x, &F32(SHAPE(2), 0, 2), NULL, &I64(SHAPE(1), 3) },
                  .dst = { F32(SHAPE(3), 1, 4, 9) },
                  .tolerance = 1e-6 });
    check(&(Run){ .op = "Resize",
                  .attributes = { STRING("coordinate_transformation_mode", "tf_crop_and_resize") },
                  .src = { &x, &F32(SHAPE(2), NAN, INFINITY), NULL, &I64(SHAPE(1), 2) },
                  .dst = { F32(SHAPE(2), 1, 1) } });
}

static void test_resize_refuses_sizes_without_sense(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2), 1, 2);
    check_fails(&(Run){ .op = "Resize",
                        .src = { &x, NULL, &F32(SHAPE(1), -1) },
                        .dst = { F32(SHAPE(2), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "scale 0");
    check_fails(&(Run){ .op = "Resize",
                        .src = { &x, NULL, &F32(SHAPE(1), NAN) },
                        .dst = { F32(SHAPE(2), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "scale 0");
    check_fails(&(Run){ .op = "Resize",
                        .src = { &EMPTY(DTYPE_F32, SHAPE(0)), NULL, NULL, &I64(SHAPE(1), 2) },
                        .dst = { F32(SHAPE(2), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "cannot be resized to 2");
    check_fails(&(Run){ .op = "Resize", .src = { &x }, .dst = { F32(SHAPE(2), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "either scales or sizes");
}

static void test_grid_sample_pads_and_survives(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(1, 1, 2, 2), 1, 2, 3, 4);
    Tensor grid = F32(SHAPE(1, 1, 4, 2), -1, -1, 1, -1, 0, 0, 5, NAN);
    check(&(Run){ .op = "GridSample",
                  .attributes = { INT("align_corners", 1) },
                  .src = { &x, &grid },
                  .dst = { F32(SHAPE(1, 1, 1, 4), 1, 2, 2.5, 0) } });
    check(&(Run){ .op = "GridSample",
                  .attributes = { STRING("mode", "nearest"), STRING("padding_mode", "border") },
                  .src = { &x, &F32(SHAPE(1, 1, 2, 2), INFINITY, 9, -9, 9) },
                  .dst = { F32(SHAPE(1, 1, 1, 2), 3, 3) } });
    check(&(Run){ .op = "GridSample",
                  .attributes = { STRING("mode", "nearest"), STRING("padding_mode", "reflection") },
                  .src = { &x, &F32(SHAPE(1, 1, 1, 2), 1.6f, -0.5f) },
                  .dst = { F32(SHAPE(1, 1, 1, 1), 2) } });
    check_fails(&(Run){ .op = "GridSample",
                        .src = { &x, &F32(SHAPE(1, 1, 1, 3), 0, 0, 0) },
                        .dst = { F32(SHAPE(1, 1, 1, 1), 0) } },
                STATUS_INVALID_ARGUMENT, "does not go with");
}

static void test_affine_grid_of_a_shift(void **state) {
    (void)state;
    check(&(Run){ .op = "AffineGrid",
                  .src = { &F32(SHAPE(1, 2, 3), 1, 0, 0.5, 0, 1, 0), &I64(SHAPE(4), 1, 1, 1, 2) },
                  .dst = { F32(SHAPE(1, 1, 2, 2), 0, 0, 1, 0) } });
}

static void test_regions_are_bounded_by_the_image(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(1, 1, 2, 2), 1, 2, 3, 4);
    Run run = { .op = "RoiAlign",
                .attributes = { STRING("coordinate_transformation_mode", "output_half_pixel") },
                .src = { &x, &F32(SHAPE(1, 4), 0, 0, 1, 1), &I64(SHAPE(1), 0) },
                .dst = { F32(SHAPE(1, 1, 1, 1), 2.5) } };
    check(&run);
    run.src[1] = &F32(SHAPE(1, 4), 0, 0, 1e30f, INFINITY); /* nearly all samples are outside */
    run.dst[0] = F32(SHAPE(1, 1, 1, 1), 0);
    run.tolerance = 1e-6;
    check(&run);
    run.src[2] = &I64(SHAPE(1), 1);
    check_fails(&run, STATUS_INVALID_ARGUMENT, "image 1 of a batch of 1");
    check(&(Run){ .op = "MaxRoiPool",
                  .src = { &x, &F32(SHAPE(2, 5), 0, 0, 0, 1, 1, 0, -1e30f, 1, NAN, 1) },
                  .dst = { F32(SHAPE(2, 1, 1, 1), 4, 3) } });
}

static void test_suppression_keeps_the_best_of_what_overlaps(void **state) {
    (void)state;
    Tensor boxes = F32(SHAPE(1, 3, 4), 0, 0, 1, 1, 0, 0.1f, 1, 1.1f, 0, 10, 1, 11);
    Tensor scores = F32(SHAPE(1, 1, 3), 0.8f, 0.9f, 0.7f), overlap = F32(SHAPE(1), 0.5f);
    Run run = { .op = "NonMaxSuppression",
                .src = { &boxes, &scores, &I64(SHAPE(1), 3), &overlap },
                .dst = { I64(SHAPE(2, 3), 0, 0, 1, 0, 0, 2) } };
    check(&run);
    run.src[4] = &F32(SHAPE(1), 0.75f);
    run.dst[0] = I64(SHAPE(1, 3), 0, 0, 1);
    check(&run);
    run.src[2] = &I64(SHAPE(1), -5);
    run.dst[0] = EMPTY(DTYPE_I64, SHAPE(0, 3));
    check(&run);
    run.src[1] = &F32(SHAPE(1, 1, 2), 0, 0);
    check_fails(&run, STATUS_INVALID_ARGUMENT, "do not go with scores");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resize_nearest_moves_any_type),
        cmocka_unit_test(test_resize_linear_in_both_directions),
        cmocka_unit_test(test_resize_rounds_and_limits_integers),
        cmocka_unit_test(test_resize_crops_to_a_region),
        cmocka_unit_test(test_resize_refuses_sizes_without_sense),
        cmocka_unit_test(test_grid_sample_pads_and_survives),
        cmocka_unit_test(test_affine_grid_of_a_shift),
        cmocka_unit_test(test_regions_are_bounded_by_the_image),
        cmocka_unit_test(test_suppression_keeps_the_best_of_what_overlaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
