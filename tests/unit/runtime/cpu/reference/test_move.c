/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Reference kernels that move elements: whole, in parts, padded, chosen; all element sizes; hostile
 * positions. */

#include "tests/unit/runtime/cpu/reference/run_kernel.h"

static void test_transpose_permutes_and_reverses_by_default(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 1, 3), 1, 2, 3, 4, 5, 6);
    check(&(Run){
        .op = "Transpose", .src = { &x }, .dst = { F32(SHAPE(3, 1, 2), 1, 4, 2, 5, 3, 6) } });
    check(&(Run){ .op = "Transpose",
                  .attributes = { INTS("perm", 1, 0, 2) },
                  .src = { &x },
                  .dst = { F32(SHAPE(1, 2, 3), 1, 2, 3, 4, 5, 6) } });
    check_fails(&(Run){ .op = "Transpose",
                        .attributes = { INTS("perm", 0, 0, 2) },
                        .src = { &x },
                        .dst = { F32(SHAPE(2, 2, 3), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "perm");
}

static void test_packed_elements_move_one_by_one(void **state) {
    (void)state;
    /* [[1,2,3],[-1,-2,-3]] as nibbles, low first */
    check(&(Run){ .op = "Transpose",
                  .src = { &I4(SHAPE(2, 3), 0x21, 0xF3, 0xDE) },
                  .dst = { I4(SHAPE(3, 2), 0xF1, 0xE2, 0xD3) } });
    check(&(Run){ .op = "Concat",
                  .attributes = { INT("axis", 0) },
                  .src = { &I4(SHAPE(1), 0x05), &I4(SHAPE(2), 0x76) },
                  .dst = { I4(SHAPE(3), 0x65, 0x07) } });
}

static void test_strings_move_like_numbers(void **state) {
    (void)state;
    Tensor x = STRINGS(SHAPE(2), TEXT("a"), TEXT("bc"));
    check(&(Run){ .op = "Tile",
                  .src = { &x, &I64(SHAPE(1), 2) },
                  .dst = { STRINGS(SHAPE(4), TEXT("a"), TEXT("bc"), TEXT("a"), TEXT("bc")) } });
    check(&(Run){ .op = "Where",
                  .src = { &BOOL(SHAPE(2), 0, 1), &x, &STRINGS(SHAPE(1), TEXT("z")) },
                  .dst = { STRINGS(SHAPE(2), TEXT("z"), TEXT("bc")) } });
    check(&(Run){ .op = "Pad",
                  .src = { &x, &I64(SHAPE(2), 1, 0) },
                  .dst = { STRINGS(SHAPE(3), TEXT(""), TEXT("a"), TEXT("bc")) } });
}

static void test_tile_and_expand(void **state) {
    (void)state;
    check(&(Run){ .op = "Tile",
                  .src = { &U8(SHAPE(2, 2), 1, 2, 3, 4), &I64(SHAPE(2), 2, 2) },
                  .dst = { U8(SHAPE(4, 4), 1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4) } });
    check(&(Run){ .op = "Expand",
                  .src = { &I64(SHAPE(2, 1), 1, 2), &I64(SHAPE(3), 2, 1, 3) },
                  .dst = { I64(SHAPE(2, 2, 3), 1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2) } });
    check_fails(&(Run){ .op = "Tile",
                        .src = { &U8(SHAPE(2), 1, 2), &I64(SHAPE(1), INT64_MAX) },
                        .dst = { U8(SHAPE(2), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "out of range");
}

static void test_concat_along_a_middle_axis(void **state) {
    (void)state;
    check(&(Run){ .op = "Concat",
                  .attributes = { INT("axis", -2) },
                  .src = { &F64(SHAPE(2, 1, 1), 1, 2), &F64(SHAPE(2, 2, 1), 3, 4, 5, 6) },
                  .dst = { F64(SHAPE(2, 3, 1), 1, 3, 4, 2, 5, 6) } });
    check_fails(&(Run){ .op = "Concat",
                        .attributes = { INT("axis", 0) },
                        .src = { &F32(SHAPE(2), 1, 2), &F32(SHAPE(2), 1, 2) },
                        .dst = { F32(SHAPE(3), 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "longer");
}

static void test_split_equal_unequal_and_given(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(5), 1, 2, 3, 4, 5);
    check(&(Run){ .op = "Split",
                  .src = { &x },
                  .dst = { F32(SHAPE(2), 1, 2), F32(SHAPE(2), 3, 4), F32(SHAPE(1), 5) } });
    check(&(Run){ .op = "Split",
                  .src = { &x, &I64(SHAPE(2), 1, 4) },
                  .dst = { F32(SHAPE(1), 1), F32(SHAPE(4), 2, 3, 4, 5) } });
    check_fails(&(Run){ .op = "Split",
                        .src = { &x, &I64(SHAPE(2), 4, 4) },
                        .dst = { F32(SHAPE(4), 0, 0, 0, 0), F32(SHAPE(4), 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "add up to 5");
    check_fails(&(Run){ .op = "Split",
                        .src = { &x, &I64(SHAPE(2), -1, 6) },
                        .dst = { F32(SHAPE(4), 0, 0, 0, 0), F32(SHAPE(4), 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "add up to 5");
}

static void test_slice_steps_both_ways_and_limits_ends(void **state) {
    (void)state;
    Tensor x = I32(SHAPE(2, 4), 1, 2, 3, 4, 5, 6, 7, 8);
    check(&(Run){ .op = "Slice", /* x[1:2, 0:3:2] */
                  .src = { &x, &I64(SHAPE(2), 1, 0), &I64(SHAPE(2), 2, 3), &I64(SHAPE(2), 0, 1),
                           &I64(SHAPE(2), 1, 2) },
                  .dst = { I32(SHAPE(1, 2), 5, 7) } });
    check(&(Run){ .op = "Slice", /* x[:, ::-1] */
                  .src = { &x, &I64(SHAPE(1), -1), &I64(SHAPE(1), INT64_MIN), &I64(SHAPE(1), 1),
                           &I64(SHAPE(1), -1) },
                  .dst = { I32(SHAPE(2, 4), 4, 3, 2, 1, 8, 7, 6, 5) } });
    check(
        &(Run){ .op = "Slice", /* x[:, 1000:] */
                .src = { &x, &I64(SHAPE(1), 1000), &I64(SHAPE(1), INT64_MAX), &I64(SHAPE(1), -1) },
                .dst = { EMPTY(DTYPE_I32, SHAPE(2, 0)) } });
    check(&(Run){ .op = "Slice", /* a step longer than the dim */
                  .src = { &x, &I64(SHAPE(1), 0), &I64(SHAPE(1), 4), &I64(SHAPE(1), 1),
                           &I64(SHAPE(1), INT64_MAX) },
                  .dst = { I32(SHAPE(2, 1), 1, 5) } });
}

static void test_slice_refuses_what_does_not_fit(void **state) {
    (void)state;
    Tensor x = I32(SHAPE(4), 1, 2, 3, 4);
    check_fails(
        &(Run){ .op = "Slice",
                .src = { &x, &I64(SHAPE(1), 0), &I64(SHAPE(1), 4), NULL, &I64(SHAPE(1), 0) },
                .dst = { I32(SHAPE(4), 0, 0, 0, 0) } },
        STATUS_INVALID_ARGUMENT, "step");
    check_fails(&(Run){ .op = "Slice", /* the result was planned for other ends */
                        .src = { &x, &I64(SHAPE(1), 0), &I64(SHAPE(1), 4) },
                        .dst = { I32(SHAPE(2), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "expected shape [4], got [2]");
    check_fails(&(Run){ .op = "Slice",
                        .src = { &x, &I64(SHAPE(2), 0, 0), &I64(SHAPE(2), 4, 4) },
                        .dst = { I32(SHAPE(4), 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "2 starts for rank 1");
}

static void test_gather_takes_negative_indices(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 3), 1, 2, 3, 4, 5, 6);
    check(&(Run){ .op = "Gather",
                  .attributes = { INT("axis", 1) },
                  .src = { &x, &I64(SHAPE(1, 2), -1, 0) },
                  .dst = { F32(SHAPE(2, 1, 2), 3, 1, 6, 4) } });
    check(&(Run){
        .op = "Gather", .src = { &x, &I32(SHAPE_SCALAR, 1) }, .dst = { F32(SHAPE(3), 4, 5, 6) } });
}

static void test_gather_names_index_and_bound(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(3), 1, 2, 3);
    check_fails(
        &(Run){ .op = "Gather", .src = { &x, &I64(SHAPE(1), 3) }, .dst = { F32(SHAPE(1), 0) } },
        STATUS_INVALID_ARGUMENT, "index 3 is out of range [-3,3)");
    check_fails(&(Run){ .op = "Gather",
                        .src = { &x, &I64(SHAPE(1), INT64_MIN) },
                        .dst = { F32(SHAPE(1), 0) } },
                STATUS_INVALID_ARGUMENT, "out of range [-3,3)");
}

static void test_pad_modes(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(3), 1, 2, 3), pads = I64(SHAPE(2), 2, 3);
    const struct {
        const char *mode;
        size_t length;
        Tensor result;
    } rows[] = {
        { "constant", 8, F32(SHAPE(8), 9, 9, 1, 2, 3, 9, 9, 9) },
        { "reflect", 7, F32(SHAPE(8), 3, 2, 1, 2, 3, 2, 1, 2) },
        { "edge", 4, F32(SHAPE(8), 1, 1, 1, 2, 3, 3, 3, 3) },
        { "wrap", 4, F32(SHAPE(8), 2, 3, 1, 2, 3, 1, 2, 3) },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        check(&(Run){ .op = "Pad",
                      .attributes = { { .name = "mode",
                                        .kind = ATTRIBUTE_STRING,
                                        .s = { rows[i].mode, rows[i].length } } },
                      .src = { &x, &pads, &F32(SHAPE_SCALAR, 9) },
                      .dst = { rows[i].result } });
}

static void test_pad_along_named_axes_and_crops(void **state) {
    (void)state;
    check(&(Run){
        .op = "Pad",
        .src = { &I32(SHAPE(2, 2), 1, 2, 3, 4), &I64(SHAPE(2), -1, 1), NULL, &I64(SHAPE(1), -1) },
        .dst = { I32(SHAPE(2, 2), 2, 0, 4, 0) } });
    check_fails(&(Run){ .op = "Pad",
                        .src = { &I32(SHAPE(1), 1), &I64(SHAPE(2), INT64_MIN, INT64_MAX) },
                        .dst = { I32(SHAPE(1), 1) } },
                STATUS_INVALID_ARGUMENT, "out of range");
}

static void test_where_broadcasts_all_three(void **state) {
    (void)state;
    check(&(Run){ .op = "Where",
                  .src = { &BOOL(SHAPE(2, 1), 1, 0), &I64(SHAPE(2), 1, 2), &I64(SHAPE_SCALAR, 9) },
                  .dst = { I64(SHAPE(2, 2), 1, 2, 9, 9) } });
}

static void test_reshape_keeps_order_and_checks_sizes(void **state) {
    (void)state;
    check(&(Run){ .op = "Reshape",
                  .src = { &F32(SHAPE(2, 2), 1, 2, 3, 4), &I64(SHAPE(1), 4) },
                  .dst = { F32(SHAPE(4), 1, 2, 3, 4) } });
    check_fails(&(Run){ .op = "Flatten",
                        .src = { &F32(SHAPE(2), 1, 2) },
                        .dst = { F32(SHAPE(3), 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "expected shape [3], got [2]");
}

static void test_dropout_of_inference_copies(void **state) {
    (void)state;
    check(&(Run){ .op = "Dropout",
                  .src = { &F32(SHAPE(2), 1, 2), &F32(SHAPE_SCALAR, 0.5f) },
                  .dst = { F32(SHAPE(2), 1, 2), BOOL(SHAPE(2), 1, 1) } });
    check_fails(
        &(Run){ .op = "Dropout",
                .src = { &F32(SHAPE(1), 1), &F32(SHAPE_SCALAR, 1.0f), &BOOL(SHAPE_SCALAR, 1) },
                .dst = { F32(SHAPE(1), 1) } },
        STATUS_INVALID_ARGUMENT, "ratio is 1, expected 0 to less than 1");
}

/* The first numbers of seed 0 are 0.549, 0.715, 0.603, 0.545, 0.424 in every implementation. */
static void test_dropout_of_training_keeps_what_the_seed_says(void **state) {
    (void)state;
    check(&(Run){
        .op = "Dropout",
        .attributes = { INT("seed", 0) },
        .src = { &F32(SHAPE(5), 1, 2, 3, 4, 5), &F32(SHAPE_SCALAR, 0.5f), &BOOL(SHAPE_SCALAR, 1) },
        .dst = { F32(SHAPE(5), 2, 4, 6, 8, 0), BOOL(SHAPE(5), 1, 1, 1, 1, 0) } });
}

static void test_constant_of_shape_range_shape_size(void **state) {
    (void)state;
    check(&(Run){
        .op = "ConstantOfShape", .src = { &I64(SHAPE(1), 2) }, .dst = { F32(SHAPE(2), 0, 0) } });
    check(&(Run){ .op = "ConstantOfShape",
                  .attributes = { TENSOR("value", &I4(SHAPE(1), 0x0D)) },
                  .src = { &I64(SHAPE(1), 3) },
                  .dst = { I4(SHAPE(3), 0xDD, 0x0D) } });
    check(&(Run){ .op = "Range",
                  .src = { &I64(SHAPE_SCALAR, 10), &I64(SHAPE_SCALAR, 4), &I64(SHAPE_SCALAR, -2) },
                  .dst = { I64(SHAPE(3), 10, 8, 6) } });
    Tensor x = EMPTY(DTYPE_F32, SHAPE(2, 0, 4));
    check(&(Run){ .op = "Shape",
                  .attributes = { INT("start", -2) },
                  .src = { &x },
                  .dst = { I64(SHAPE(2), 0, 4) } });
    check(&(Run){ .op = "Size", .src = { &x }, .dst = { I64(SHAPE_SCALAR, 0) } });
}

static void test_reorder_changes_the_layout_alone(void **state) {
    (void)state;
    Tensor plain = F32(SHAPE(1, 2, 1, 3), 1, 2, 3, 4, 5, 6),
           last = F32(SHAPE(1, 2, 1, 3), 1, 4, 2, 5, 3, 6);
    last.layout = LAYOUT_CHANNELS_LAST;
    check(&(Run){ .op = "Reorder", .domain = "inferd", .src = { &plain }, .dst = { last } });
    check(&(Run){ .op = "Reorder", .domain = "inferd", .src = { &last }, .dst = { plain } });
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transpose_permutes_and_reverses_by_default),
        cmocka_unit_test(test_packed_elements_move_one_by_one),
        cmocka_unit_test(test_strings_move_like_numbers),
        cmocka_unit_test(test_tile_and_expand),
        cmocka_unit_test(test_concat_along_a_middle_axis),
        cmocka_unit_test(test_split_equal_unequal_and_given),
        cmocka_unit_test(test_slice_steps_both_ways_and_limits_ends),
        cmocka_unit_test(test_slice_refuses_what_does_not_fit),
        cmocka_unit_test(test_gather_takes_negative_indices),
        cmocka_unit_test(test_gather_names_index_and_bound),
        cmocka_unit_test(test_pad_modes),
        cmocka_unit_test(test_pad_along_named_axes_and_crops),
        cmocka_unit_test(test_where_broadcasts_all_three),
        cmocka_unit_test(test_reshape_keeps_order_and_checks_sizes),
        cmocka_unit_test(test_dropout_of_inference_copies),
        cmocka_unit_test(test_dropout_of_training_keeps_what_the_seed_says),
        cmocka_unit_test(test_constant_of_shape_range_shape_size),
        cmocka_unit_test(test_reorder_changes_the_layout_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
