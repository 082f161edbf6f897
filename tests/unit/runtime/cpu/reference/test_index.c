/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Reference kernels that pick and put by index, choose, sort and rearrange; hostile indices. */

#include "tests/unit/runtime/cpu/reference/run_kernel.h"

static void test_gather_elements_along_each_axis(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 3), 1, 2, 3, 4, 5, 6);
    check(&(Run){ .op = "GatherElements",
                  .attributes = { INT("axis", 1) },
                  .src = { &x, &I64(SHAPE(2, 2), -1, 0, 1, 1) },
                  .dst = { F32(SHAPE(2, 2), 3, 1, 5, 5) } });
    check(&(Run){ .op = "GatherElements",
                  .src = { &x, &I32(SHAPE(1, 3), 1, 0, -1) },
                  .dst = { F32(SHAPE(1, 3), 4, 2, 6) } });
    check_fails(&(Run){ .op = "GatherElements",
                        .src = { &x, &I64(SHAPE(1, 1), 2) },
                        .dst = { F32(SHAPE(1, 1), 0) } },
                STATUS_INVALID_ARGUMENT, "index 2 is out of range [-2,2)");
    check_fails(&(Run){ .op = "GatherElements",
                        .attributes = { INT("axis", 1) },
                        .src = { &x, &I64(SHAPE(3, 1), 0, 0, 0) },
                        .dst = { F32(SHAPE(3, 1), 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "reach beyond [2,3]");
}

static void test_scatter_elements_replaces_and_reduces(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(3), 1, 2, 3), indices = I64(SHAPE(3), 1, -1, 1),
           updates = F32(SHAPE(3), 10, 20, 30);
    check(&(Run){ .op = "ScatterElements",
                  .src = { &x, &indices, &updates },
                  .dst = { F32(SHAPE(3), 1, 30, 20) } });
    check(&(Run){ .op = "ScatterElements",
                  .attributes = { STRING("reduction", "add") },
                  .src = { &x, &indices, &updates },
                  .dst = { F32(SHAPE(3), 1, 42, 23) } });
    check(&(Run){ .op = "ScatterElements",
                  .attributes = { STRING("reduction", "min") },
                  .src = { &U64(SHAPE(2), UINT64_MAX, 5), &I64(SHAPE(2), 0, 1),
                           &U64(SHAPE(2), UINT64_MAX - 1, 9) },
                  .dst = { U64(SHAPE(2), UINT64_MAX - 1, 5) } });
    check_fails(&(Run){ .op = "ScatterElements",
                        .src = { &x, &I64(SHAPE(1), -4), &F32(SHAPE(1), 0) },
                        .dst = { F32(SHAPE(3), 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "index -4");
    check_fails(&(Run){ .op = "ScatterElements",
                        .attributes = { STRING("reduction", "sum") },
                        .src = { &x, &indices, &updates },
                        .dst = { F32(SHAPE(3), 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "'sum'");
}

static void test_gather_nd_slices_and_batches(void **state) {
    (void)state;
    Tensor x = I32(SHAPE(2, 2, 2), 0, 1, 2, 3, 4, 5, 6, 7);
    check(&(Run){ .op = "GatherND",
                  .src = { &x, &I64(SHAPE(2, 2), 0, 1, 1, -2) },
                  .dst = { I32(SHAPE(2, 2), 2, 3, 4, 5) } });
    check(&(Run){ .op = "GatherND",
                  .attributes = { INT("batch_dims", 1) },
                  .src = { &x, &I64(SHAPE(2, 1), 1, 0) },
                  .dst = { I32(SHAPE(2, 2), 2, 3, 4, 5) } });
    check_fails(&(Run){ .op = "GatherND",
                        .src = { &x, &I64(SHAPE(1, 3), 0, 0, 2) },
                        .dst = { I32(SHAPE(1), 0) } },
                STATUS_INVALID_ARGUMENT, "index 2");
    check_fails(&(Run){ .op = "GatherND",
                        .src = { &x, &I64(SHAPE(1, 4), 0, 0, 0, 0) },
                        .dst = { I32(SHAPE(1), 0) } },
                STATUS_INVALID_ARGUMENT, "do not address");
}

static void test_scatter_nd_slices(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(3, 2), 1, 2, 3, 4, 5, 6);
    check(&(Run){ .op = "ScatterND",
                  .src = { &x, &I64(SHAPE(1, 1), -1), &F32(SHAPE(1, 2), 8, 9) },
                  .dst = { F32(SHAPE(3, 2), 1, 2, 3, 4, 8, 9) } });
    check(&(Run){ .op = "ScatterND",
                  .attributes = { STRING("reduction", "mul") },
                  .src = { &x, &I64(SHAPE(2, 2), 0, 0, 0, 0), &F32(SHAPE(2), 8, 9) },
                  .dst = { F32(SHAPE(3, 2), 72, 2, 3, 4, 5, 6) } });
    check_fails(&(Run){ .op = "ScatterND",
                        .src = { &x, &I64(SHAPE(1, 1), 3), &F32(SHAPE(1, 2), 8, 9) },
                        .dst = { F32(SHAPE(3, 2), 0, 0, 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "index 3");
}

static void test_compress_and_non_zero_make_their_outputs(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 3), 1, 0, 3, 0, 5, 6);
    check(&(Run){ .op = "Compress",
                  .attributes = { INT("axis", 1) },
                  .src = { &x, &BOOL(SHAPE(3), 0, 1, 1) },
                  .dst = { F32(SHAPE(2, 2), 0, 3, 5, 6) } });
    check(&(Run){
        .op = "Compress", .src = { &x, &BOOL(SHAPE(2), 0, 1) }, .dst = { F32(SHAPE(1), 0) } });
    check_fails(&(Run){ .op = "Compress",
                        .attributes = { INT("axis", 0) },
                        .src = { &x, &BOOL(SHAPE(3), 0, 0, 1) },
                        .dst = { F32(SHAPE(1), 0) } },
                STATUS_INVALID_ARGUMENT, "condition 2 is true");
    check(&(Run){
        .op = "NonZero", .src = { &x }, .dst = { I64(SHAPE(2, 4), 0, 0, 1, 1, 0, 2, 1, 2) } });
    check(&(Run){
        .op = "NonZero", .src = { &F32(SHAPE(1), 0) }, .dst = { EMPTY(DTYPE_I64, SHAPE(1, 0)) } });
}

static void test_one_hot_leaves_indices_out_of_range_off(void **state) {
    (void)state;
    Tensor depth = I64(SHAPE_SCALAR, 3), values = F32(SHAPE(2), -1, 1);
    check(&(Run){ .op = "OneHot",
                  .src = { &I64(SHAPE(3), 0, -1, 3), &depth, &values },
                  .dst = { F32(SHAPE(3, 3), 1, -1, -1, -1, -1, 1, -1, -1, -1) } });
    check(&(Run){ .op = "OneHot",
                  .attributes = { INT("axis", 0) },
                  .src = { &F32(SHAPE(2), 1, 2), &depth, &values },
                  .dst = { F32(SHAPE(3, 2), -1, -1, 1, -1, -1, 1) } });
    check_fails(&(Run){ .op = "OneHot",
                        .src = { &I64(SHAPE(1), 0), &I64(SHAPE_SCALAR, -1), &values },
                        .dst = { F32(SHAPE(1, 1), 0) } },
                STATUS_INVALID_ARGUMENT, "depth -1");
}

static void test_top_k_orders_ties_and_nan(void **state) {
    (void)state;
    Tensor k = I64(SHAPE(1), 3);
    check(&(Run){ .op = "TopK",
                  .src = { &F32(SHAPE(5), 2, 7, -1, 7, NAN), &k },
                  .dst = { F32(SHAPE(3), NAN, 7, 7), I64(SHAPE(3), 4, 1, 3) } });
    check(&(Run){ .op = "TopK",
                  .attributes = { INT("largest", 0), INT("axis", 0) },
                  .src = { &U64(SHAPE(4, 1), UINT64_MAX, 3, 3, 9), &k },
                  .dst = { U64(SHAPE(3, 1), 3, 3, 9), I64(SHAPE(3, 1), 1, 2, 3) } });
    check_fails(&(Run){ .op = "TopK",
                        .src = { &F32(SHAPE(2), 1, 2), &k },
                        .dst = { F32(SHAPE(3), 0, 0, 0), I64(SHAPE(3), 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "k of 3 for a dim of 2");
}

static void test_unique_sorted_and_in_order_of_occurrence(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(6), 2, 1, 1, 3, 4, 3);
    check(&(Run){ .op = "Unique",
                  .src = { &x },
                  .dst = { F32(SHAPE(4), 1, 2, 3, 4), I64(SHAPE(4), 1, 0, 3, 4),
                           I64(SHAPE(6), 1, 0, 0, 2, 3, 2) } });
    check(&(Run){ .op = "Unique",
                  .attributes = { INT("sorted", 0) },
                  .src = { &x },
                  .dst = { F32(SHAPE(4), 2, 1, 3, 4), I64(SHAPE(4), 0, 1, 3, 4),
                           I64(SHAPE(6), 0, 1, 1, 2, 3, 2) } });
    check(&(Run){ .op = "Unique",
                  .attributes = { INT("axis", 1) },
                  .src = { &I32(SHAPE(2, 3), 1, 0, 1, 2, 5, 2) },
                  .dst = { I32(SHAPE(2, 2), 0, 1, 5, 2), I64(SHAPE(2), 1, 0) } });
    check(&(Run){ .op = "Unique",
                  .src = { &STRINGS(SHAPE(3), TEXT("b"), TEXT("ab"), TEXT("b")) },
                  .dst = { STRINGS(SHAPE(2), TEXT("ab"), TEXT("b")), I64(SHAPE(2), 1, 0) } });
}

static void test_blocks_and_depth(void **state) {
    (void)state;
    Tensor deep = U8(SHAPE(1, 8, 1, 1), 0, 1, 2, 3, 4, 5, 6, 7);
    Tensor dcr = U8(SHAPE(1, 2, 2, 2), 0, 2, 4, 6, 1, 3, 5, 7);
    check(&(Run){ .op = "DepthToSpace",
                  .attributes = { INT("blocksize", 2) },
                  .src = { &deep },
                  .dst = { dcr } });
    check(&(Run){ .op = "DepthToSpace",
                  .attributes = { INT("blocksize", 2), STRING("mode", "CRD") },
                  .src = { &deep },
                  .dst = { U8(SHAPE(1, 2, 2, 2), 0, 1, 2, 3, 4, 5, 6, 7) } });
    check(&(Run){ .op = "SpaceToDepth",
                  .attributes = { INT("blocksize", 2) },
                  .src = { &dcr },
                  .dst = { deep } });
    check_fails(&(Run){ .op = "DepthToSpace",
                        .attributes = { INT("blocksize", INT64_MAX) },
                        .src = { &deep },
                        .dst = { dcr } },
                STATUS_INVALID_ARGUMENT, "blocksize");
}

static void test_crop_pad_reverse_and_triangles(void **state) {
    (void)state;
    Tensor x = I64(SHAPE(3, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9);
    check(&(Run){ .op = "CenterCropPad",
                  .src = { &x, &I64(SHAPE(2), 2, 4) },
                  .dst = { I64(SHAPE(2, 4), 1, 2, 3, 0, 4, 5, 6, 0) } });
    check(&(Run){ .op = "CenterCropPad", /* nothing, in every direction */
                  .src = { &x, &I64(SHAPE(2), INT64_MAX, 0) },
                  .dst = { EMPTY(DTYPE_I64, SHAPE(INT64_MAX, 0)) } });
    check(&(Run){ .op = "ReverseSequence",
                  .attributes = { INT("batch_axis", 0), INT("time_axis", 1) },
                  .src = { &x, &I64(SHAPE(3), 3, 0, 2) },
                  .dst = { I64(SHAPE(3, 3), 3, 2, 1, 4, 5, 6, 8, 7, 9) } });
    check_fails(
        &(Run){ .op = "ReverseSequence", .src = { &x, &I64(SHAPE(3), 3, 4, 2) }, .dst = { x } },
        STATUS_INVALID_ARGUMENT, "length 4 of sequence 1");
    check(&(Run){ .op = "Trilu",
                  .src = { &x, &I64(SHAPE_SCALAR, 1) },
                  .dst = { I64(SHAPE(3, 3), 0, 2, 3, 0, 0, 6, 0, 0, 0) } });
    check(&(Run){ .op = "Trilu",
                  .attributes = { INT("upper", 0) },
                  .src = { &x, &I64(SHAPE_SCALAR, INT64_MIN) },
                  .dst = { I64(SHAPE(3, 3), 0, 0, 0, 0, 0, 0, 0, 0, 0) } });
    check(&(Run){ .op = "EyeLike",
                  .attributes = { INT("k", -1) },
                  .src = { &x },
                  .dst = { F32(SHAPE(3, 3), 0, 0, 0, 1, 0, 0, 0, 1, 0) } });
}

static void test_running_sums_and_determinants(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 3), 1, 2, 3, 4, 5, 6), axis = I64(SHAPE_SCALAR, 1);
    check(&(Run){
        .op = "CumSum", .src = { &x, &axis }, .dst = { F32(SHAPE(2, 3), 1, 3, 6, 4, 9, 15) } });
    check(&(Run){ .op = "CumSum",
                  .attributes = { INT("exclusive", 1), INT("reverse", 1) },
                  .src = { &x, &axis },
                  .dst = { F32(SHAPE(2, 3), 5, 3, 0, 11, 6, 0) } });
    check(&(Run){ .op = "CumProd",
                  .attributes = { INT("exclusive", 1) },
                  .src = { &x, &I32(SHAPE(1), -2) },
                  .dst = { F32(SHAPE(2, 3), 1, 1, 1, 1, 2, 3) } });
    check(&(Run){ .op = "Det",
                  .src = { &F32(SHAPE(2, 2, 2), 0, 2, 3, 4, 1, 2, 2, 4) },
                  .dst = { F32(SHAPE(2), -6, 0) } });
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gather_elements_along_each_axis),
        cmocka_unit_test(test_scatter_elements_replaces_and_reduces),
        cmocka_unit_test(test_gather_nd_slices_and_batches),
        cmocka_unit_test(test_scatter_nd_slices),
        cmocka_unit_test(test_compress_and_non_zero_make_their_outputs),
        cmocka_unit_test(test_one_hot_leaves_indices_out_of_range_off),
        cmocka_unit_test(test_top_k_orders_ties_and_nan),
        cmocka_unit_test(test_unique_sorted_and_in_order_of_occurrence),
        cmocka_unit_test(test_blocks_and_depth),
        cmocka_unit_test(test_crop_pad_reverse_and_triangles),
        cmocka_unit_test(test_running_sums_and_determinants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
