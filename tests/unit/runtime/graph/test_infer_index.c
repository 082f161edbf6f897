/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Inference of operators that index, choose and rearrange. */

#include "tests/unit/runtime/graph/infer_case.h"

#include <math.h>

static void test_gather_and_scatter(void **state) {
    (void)state;
    const Case cases[] = {
        { "GatherElements", "float32[2,2]", IN(F(2, 3), I(2, 2)), AT(INT("axis", 1)) },
        { "GatherElements", "float32[...]", IN(F(2, 3), UNRANKED(I64)) },
        { "GatherElements", "! expected rank 2", IN(F(2, 3), I(2)) },
        { "GatherElements", "! reach beyond axis 1", IN(F(2, 3), I(9, 4)) },
        { "GatherElements", "! axis", IN(F(2, 3), I(2, 3)), AT(INT("axis", INT64_MIN)) },
        { "ScatterElements", "float32[2,3]", IN(F(2, 3), I(1, 3), F(1, 3)) },
        { "ScatterElements", "! expected shape [1,3]", IN(F(2, 3), I(1, 3), F(3, 1)) },
        { "ScatterElements", "! reduction", IN(F(2), I(1), F(1)), AT(TEXT("reduction", "sum")) },
        { "ScatterElements", "! input 2", IN(F(2), I(1), I(1)) },
        { "GatherND", "float32[4,3]", IN(F(2, 2, 3), I(4, 2)) },
        { "GatherND", "float32[...]", IN(F(2, 2, 3), I(4, U)) },
        { "GatherND", "float32[2,3]", IN(F(2, 2, 3), I(2, 1)), AT(INT("batch_dims", 1)) },
        { "GatherND", "! batch dims", IN(F(2, 2, 3), I(3, 1)), AT(INT("batch_dims", 1)) },
        { "GatherND", "! batch_dims", IN(F(2, 2), I(2, 1)), AT(INT("batch_dims", -1)) },
        { "GatherND", "! do not address", IN(F(2, 2), I(2, 3)) },
        { "GatherND", "! rank limit", IN(F(2, 2, 2, 2, 2), I(1, 1, 1, 1, 1, 1)) },
        { "ScatterND", "float32[5,2]", IN(F(5, 2), I(3, 1), F(3, 2)) },
        { "ScatterND", "! expected shape [3,2]", IN(F(5, 2), I(3, 1), F(3, 3)) },
        { "ScatterND", "! scalar", IN(F(5, 2), SCALAR(I64), F(3, 3)) },
    };
    CHECK_ALL(cases);
}

static void test_what_data_decide(void **state) {
    (void)state;
    const Case cases[] = {
        { "OneHot", "float32[2,3]", IN(I(2), NUMBER(I64, int64_t, 3), F(2)) },
        { "OneHot", "float32[?,2]", IN(I(2), SCALAR(I64), F(2)), AT(INT("axis", 0)) },
        { "OneHot", "! input 1", IN(I(2), NUMBER(F32, float, NAN), F(2)) },
        { "OneHot", "! input 1", IN(I(2), NUMBER(I64, int64_t, -3), F(2)) },
        { "OneHot", "! expected shape [2]", IN(I(2), NUMBER(I64, int64_t, 3), F(3)) },
        { "Compress", "float32[?]", IN(F(2, 3), T(BOOL, 3)) },
        { "Compress", "float32[2,?]", IN(F(2, 3), T(BOOL, 3)), AT(INT("axis", -1)) },
        { "Compress", "! axis", IN(F(2, 3), T(BOOL, 3)), AT(INT("axis", 2)) },
        { "NonZero", "int64[2,?]", IN(F(2, 3)) },
        { "NonZero", "int64[?,?]", IN(UNRANKED(F32)) },
        { "TopK", "float32[2,2] int64[2,2]", IN(F(2, 3), LIST(2)), .outputs = 2 },
        { "TopK", "float32[?,3] int64[?,3]", IN(F(2, 3), I(1)), AT(INT("axis", 0)), .outputs = 2 },
        { "TopK", "! 4 are more than axis 1", IN(F(2, 3), LIST(4)), .outputs = 2 },
        { "TopK", "! input 1", IN(F(2, 3), LIST(-1)), .outputs = 2 },
        { "Unique", "float32[?] int64[?] int64[?] int64[?]", IN(F(2, 3)), .outputs = 4 },
        { "Unique", "float32[2,?]", IN(F(2, 3)), AT(INT("axis", 1)) },
    };
    CHECK_ALL(cases);
}

static void test_blocks_and_lines(void **state) {
    (void)state;
    const Case cases[] = {
        { "DepthToSpace", "float32[1,2,6,?]", IN(F(1, 8, 3, U)), AT(INT("blocksize", 2)) },
        { "DepthToSpace", "! not divided", IN(F(1, 6, 3, 3)), AT(INT("blocksize", 2)) },
        { "DepthToSpace", "! blocksize", IN(F(1, 8, 3, 3)) },
        { "DepthToSpace", "! too long", IN(F(1, 4, BIG, 3)), AT(INT("blocksize", 2)) },
        { "DepthToSpace", "! [N,C,H,W]", IN(F(8, 3, 3)), AT(INT("blocksize", 2)) },
        { "DepthToSpace", "! mode", IN(F(1, 4, 3, 3)), AT(INT("blocksize", 2), TEXT("mode", "X")) },
        { "SpaceToDepth", "float32[1,8,1,2]", IN(F(1, 2, 2, 4)), AT(INT("blocksize", 2)) },
        { "SpaceToDepth", "! too long", IN(F(1, BIG, 2, 4)), AT(INT("blocksize", 2)) },
        { "CenterCropPad", "float32[4,2]", IN(F(3, 3), LIST(4, 2)) },
        { "CenterCropPad", "float32[3,5]", IN(F(3, 3), LIST(5)), AT(INTS("axes", -1)) },
        { "CenterCropPad", "float32[?,?]", IN(F(3, 3), I(2)) },
        { "CenterCropPad", "! expected 2 dims", IN(F(3, 3), LIST(5)) },
        { "CenterCropPad", "! wanted dim 0", IN(F(3), LIST(-5)) },
        { "CenterCropPad", "! twice", IN(F(3, 3), LIST(5, 5)), AT(INTS("axes", 1, -1)) },
        { "Trilu", "int64[2,3]", IN(I(2, 3), SCALAR(I64)) },
        { "Trilu", "! rank 2", IN(I(3)) },
        { "EyeLike", "float16[2,3]", IN(I(2, 3)), AT(INT("dtype", DTYPE_F16)) },
        { "EyeLike", "! dtype", IN(I(2, 3)), AT(INT("dtype", DTYPE_STRING)) },
        { "EyeLike", "! dtype", IN(I(2, 3)), AT(INT("dtype", 1 << 20)) },
        { "CumSum", "float32[2,3]", IN(F(2, 3), NUMBER(I32, int32_t, -1)) },
        { "CumSum", "! axis", IN(F(2, 3), NUMBER(I32, int32_t, 2)) },
        { "ReverseSequence", "float32[4,2]", IN(F(4, 2), I(2)) },
        { "ReverseSequence", "! expected shape [2]", IN(F(4, 2), I(4)) },
        { "ReverseSequence", "! batch_axis", IN(F(4, 2), I(2)), AT(INT("batch_axis", 7)) },
        { "Det", "float32[2]", IN(F(2, 3, 3)) },
        { "Det", "! square", IN(F(2, 3, 4)) },
    };
    CHECK_ALL(cases);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gather_and_scatter),
        cmocka_unit_test(test_what_data_decide),
        cmocka_unit_test(test_blocks_and_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
