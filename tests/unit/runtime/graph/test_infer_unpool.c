/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Inference of operators that spread small images over large ones. */

#include "tests/unit/runtime/graph/infer_case.h"

static void test_conv_transpose(void **state) {
    (void)state;
    const Case cases[] = {
        { "ConvTranspose", "float32[1,2,5,5]", IN(F(1, 1, 3, 3), F(1, 2, 3, 3)) },
        { "ConvTranspose", "float32[?,6,?,10]", IN(F(U, 3, U, 4), F(3, 2, 3, 3)),
          AT(INT("group", 3), INTS("strides", 2, 2), INTS("output_padding", 1, 1)) },
        { "ConvTranspose", "float32[1,1,9]", IN(F(1, 1, 3), F(1, 1, 3)),
          AT(INTS("output_shape", 9)) },
        { "ConvTranspose", "float32[1,1,6]", IN(F(1, 1, 3), F(1, 1, 3)),
          AT(TEXT("auto_pad", "SAME_LOWER"), INTS("strides", 2)) },
        { "ConvTranspose", "! group", IN(F(1, 3, 3), F(3, 1, 3)), AT(INT("group", 2)) },
        { "ConvTranspose", "! group", IN(F(1, 3, 3), F(3, 1, 3)), AT(INT("group", 0)) },
        { "ConvTranspose", "! with 3 channels", IN(F(1, 3, 3), F(2, 1, 3)) },
        { "ConvTranspose", "! becomes -1", IN(F(1, 1, 1), F(1, 1, 1)), AT(INTS("pads", 1, 1)) },
        { "ConvTranspose", "! too large", IN(F(1, 1, BIG), F(1, 1, 1)), AT(INTS("strides", 4)) },
        { "ConvTranspose", "! output_shape", IN(F(1, 1, 3), F(1, 1, 3)),
          AT(INTS("output_shape", 0)) },
        { "ConvTranspose", "! expected shape [2]", IN(F(1, 1, 3), F(1, 2, 3), F(3)) },
    };
    CHECK_ALL(cases);
}

static void test_blocks_pools_and_offsets(void **state) {
    (void)state;
    const Case cases[] = {
        { "Col2Im", "float32[1,2,3]", IN(F(1, 4, 2), LIST(3), LIST(2)) },
        { "Col2Im", "float32[1,1,?,?]", IN(F(1, 4, 2), I(2), LIST(2, 2)) },
        { "Col2Im", "! rows for blocks of 3", IN(F(1, 4, 1), LIST(3), LIST(3)) },
        { "Col2Im", "! expected shape [?,?,2]", IN(F(1, 4, 7), LIST(3), LIST(2)) },
        { "Col2Im", "! image dim 0", IN(F(1, 4, 2), LIST(-3), LIST(2)) },
        { "Col2Im", "! input 2", IN(F(1, 4, 2), LIST(3), LIST(2, 2)) },
        { "MaxUnpool", "float32[1,1,4]", IN(F(1, 1, 2), I(1, 1, 2)),
          AT(INTS("kernel_shape", 2), INTS("strides", 2)) },
        { "MaxUnpool", "float32[1,1,7]", IN(F(1, 1, 2), I(1, 1, 2), LIST(1, 1, 7)),
          AT(INTS("kernel_shape", 2), INTS("strides", 2)) },
        { "MaxUnpool", "! too small", IN(F(1, 1, 2), I(1, 1, 2), LIST(1, 1, 3)),
          AT(INTS("kernel_shape", 2), INTS("strides", 2)) },
        { "MaxUnpool", "! kernel_shape", IN(F(1, 1, 2), I(1, 1, 2)) },
        { "DeformConv", "float32[1,4,2,2]", IN(F(1, 1, 3, 3), F(4, 1, 2, 2), F(1, 8, 2, 2)) },
        { "DeformConv", "! expected shape [1,8,2,2]",
          IN(F(1, 1, 3, 3), F(4, 1, 2, 2), F(1, 4, 2, 2)) },
        { "DeformConv", "! expected shape [1,4,2,2]",
          IN(F(1, 1, 3, 3), F(4, 1, 2, 2), F(1, 8, 2, 2), F(4), F(1, 8, 2, 2)) },
        { "DeformConv", "! offset_group", IN(F(1, 1, 3, 3), F(4, 1, 2, 2), F(1, 8, 2, 2)),
          AT(INT("offset_group", 3)) },
        { "InstanceNormalization", "float32[1,3,4]", IN(F(1, 3, 4), F(3), F(3)) },
        { "InstanceNormalization", "! expected shape [3]", IN(F(1, 3, 4), F(3), F(4)) },
        { "LpPool", "float32[1,1,3]", IN(F(1, 1, 4)), AT(INTS("kernel_shape", 2)) },
        { "LpPool", "! p:", IN(F(1, 1, 4)), AT(INTS("kernel_shape", 2), INT("p", 0)) },
        { "GlobalLpPool", "float32[1,2,1,1]", IN(F(1, 2, 4, 4)) },
        { "LpNormalization", "! axis", IN(F(1, 2)), AT(INT("axis", 2)) },
    };
    CHECK_ALL(cases);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv_transpose),
        cmocka_unit_test(test_blocks_pools_and_offsets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
