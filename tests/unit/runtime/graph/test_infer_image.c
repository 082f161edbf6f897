/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Inference of operators that sample images. */

#include "tests/unit/runtime/graph/infer_case.h"

/* A float list with content. */
#define FLOATS(count, ...)                                                                         \
    {                                                                                              \
        .present = true, .dtype = DTYPE_F32, .shape = SHAPE(count), .value = &(const Tensor) {     \
            .dtype = DTYPE_F32, .shape = SHAPE(count), .data = (float[]){ __VA_ARGS__ },           \
            .bytes = (count) * sizeof(float)                                                       \
        }                                                                                          \
    }

#define NO_FLOATS                                                                                  \
    {                                                                                              \
        .present = true, .dtype = DTYPE_F32, .shape = SHAPE(0), .value = &(const Tensor) {         \
            .dtype = DTYPE_F32, .shape = SHAPE(0)                                                  \
        }                                                                                          \
    }

static void test_resize(void **state) {
    (void)state;
    const Case cases[] = {
        { "Resize", "float32[1,3,8,6]", IN(F(1, 3, 4, 4), NONE, FLOATS(4, 1, 1, 2, 1.5f)) },
        { "Resize", "float32[?,?,?,?]", IN(F(U, 3, 4, 4), NONE, F(4)) },
        { "Resize", "float32[?,?,?,?]", IN(F(U, 3, 4, 4), NONE, NONE, LIST(1, 3, 8, 8)) },
        { "Resize", "float32[?,3,?,?]", IN(F(U, 3, 4, 4), NONE, FLOATS(4, 1, 1, 2, 2)) },
        { "Resize", "float32[1,3,8,9]", IN(F(1, 3, 4, 4), NONE, NO_FLOATS, LIST(1, 3, 8, 9)) },
        { "Resize", "float32[1,3,8,9]", IN(F(1, 3, 4, 4), NONE, NONE, LIST(9, 8)),
          AT(INTS("axes", 3, -2)) },
        { "Resize", "! expected 1 numbers", IN(F(2, 4), NONE, NONE, LIST(6, 12)),
          AT(INTS("axes", 0)) },
        { "Resize", "! axis 0 of [0]", IN(F(0), NONE, NONE, LIST(5)) },
        { "Resize", "! scale 0", IN(F(2), NONE, FLOATS(1, 0)) },
        { "Resize", "! cannot be resized to", IN(F(2), NONE, FLOATS(1, 1e30f)) },
        { "Resize", "! expected 2 numbers", IN(F(2, 2), NONE, FLOATS(1, 2)) },
        { "Resize", "! got both", IN(F(2), NONE, FLOATS(1, 2), LIST(2)) },
        { "Resize", "! got none", IN(F(2)) },
        { "Resize", "! mode", IN(F(2), NONE, FLOATS(1, 2)), AT(TEXT("mode", "lanczos")) },
        { "Resize", "! twice", IN(F(2, 2), NONE, NONE, LIST(2, 2)), AT(INTS("axes", 1, 1)) },
        { "Resize", "! keep_aspect_ratio_policy", IN(F(2), NONE, NONE, LIST(2)),
          AT(TEXT("keep_aspect_ratio_policy", "shrink")) },
        { "Resize", "float32[3,6]", IN(F(2, 4), NONE, NONE, LIST(3, 8)),
          AT(TEXT("keep_aspect_ratio_policy", "not_larger")) },
        { "Resize", "float32[4,8]", IN(F(2, 4), NONE, NONE, LIST(3, 8)),
          AT(TEXT("keep_aspect_ratio_policy", "not_smaller")) },
    };
    CHECK_ALL(cases);
}

static void test_grids_and_regions(void **state) {
    (void)state;
    const Case cases[] = {
        { "GridSample", "float32[1,3,5,6]", IN(F(1, 3, 4, 4), F(1, 5, 6, 2)) },
        { "GridSample", "float32[2,3,5,?]", IN(F(U, 3, 4, 4), F(2, 5, U, 2)) },
        { "GridSample", "! expected shape", IN(F(1, 3, 4, 4), F(1, 5, 6, 3)) },
        { "GridSample", "! padding_mode", IN(F(1, 3, 4), F(1, 5, 1)),
          AT(TEXT("padding_mode", "wrap")) },
        { "AffineGrid", "float32[1,4,5,2]", IN(F(1, 2, 3), LIST(1, 3, 4, 5)) },
        { "AffineGrid", "float32[?,?,?,?,3]", IN(F(1, 3, 4), I(5)) },
        { "AffineGrid", "! expected shape [1,2,3]", IN(F(1, 3, 4), LIST(1, 3, 4, 5)) },
        { "AffineGrid", "! 4 or 5", IN(F(1, 3, 4), LIST(1, 3, 4)) },
        { "AffineGrid", "! wanted dim 3", IN(F(1, 2, 3), LIST(1, 3, 4, -5)) },
        { "RoiAlign", "float32[7,3,2,1]", IN(F(1, 3, 8, 8), F(7, 4), I(7)),
          AT(INT("output_height", 2)) },
        { "RoiAlign", "! expected shape [7]", IN(F(1, 3, 8, 8), F(7, 4), I(6)) },
        { "RoiAlign", "! output size", IN(F(1, 3, 8, 8), F(7, 4), I(7)),
          AT(INT("output_width", 0)) },
        { "MaxRoiPool", "float32[7,3,2,2]", IN(F(1, 3, 8, 8), F(7, 5)),
          AT(INTS("pooled_shape", 2, 2)) },
        { "MaxRoiPool", "! pooled_shape", IN(F(1, 3, 8, 8), F(7, 5)) },
        { "NonMaxSuppression", "int64[?,3]", IN(F(1, 9, 4), F(1, 2, 9), SCALAR(I64)) },
        { "NonMaxSuppression", "! expected shape [1,?,9]", IN(F(1, 9, 4), F(1, 2, 8)) },
        { "NonMaxSuppression", "! expected shape [?,?,4]", IN(F(1, 9, 5), F(1, 2, 9)) },
    };
    CHECK_ALL(cases);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resize),
        cmocka_unit_test(test_grids_and_regions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
