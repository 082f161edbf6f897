/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Shapes from literal tables, hostile dims included. */

#include "runtime/tensor/shape.h"

#include "runtime/base/size.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define U DIM_UNKNOWN

static void test_make_refuses_rank_and_negative_dims(void **state) {
    (void)state;
    const int64_t nine[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    Shape shape;
    Status status = shape_make(nine, 9, &shape);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(status.message, "8"));
    status = shape_make((int64_t[]){ 2, -2 }, 2, &shape);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(status.message, "-2"));
    status = shape_make((int64_t[]){ 2, U }, 2, &shape);
    assert_true(status_is_ok(&status));
    assert_false(shape_is_known(&shape));
    assert_true(shape_equal(&shape, &SHAPE(2, U)));
}

static void test_elements_and_bytes_report_overflow(void **state) {
    (void)state;
    const struct {
        Shape shape;
        DType dtype;
        bool fits;
        size_t elements, bytes;
    } cases[] = {
        { SHAPE_SCALAR, DTYPE_F32, true, 1, 4 },
        { SHAPE(2, 3), DTYPE_F64, true, 6, 48 },
        { SHAPE(0, INT64_MAX, INT64_MAX), DTYPE_F32, true, 0, 0 },
        { SHAPE(3), DTYPE_U4, true, 3, 2 },
        { SHAPE(5), DTYPE_I2, true, 5, 2 },
        { SHAPE(INT64_MAX, 2), DTYPE_U8, false, 0, 0 },
        { SHAPE(INT64_C(1) << 32, INT64_C(1) << 32), DTYPE_U8, false, 0, 0 },
        { SHAPE(INT64_C(1) << 61), DTYPE_F64, false, 0, 0 },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        size_t elements, bytes;
        assert_int_equal(shape_bytes(&cases[i].shape, cases[i].dtype, &bytes), cases[i].fits);
        if (!cases[i].fits)
            continue;
        assert_int_equal(bytes, cases[i].bytes);
        assert_true(shape_elements(&cases[i].shape, &elements));
        assert_int_equal(elements, cases[i].elements);
    }
}

static void test_broadcast(void **state) {
    (void)state;
    const struct {
        Shape a, b;
        bool fits;
        Shape expected;
    } cases[] = {
        { SHAPE(2, 3), SHAPE(2, 3), true, SHAPE(2, 3) },
        { SHAPE(2, 3), SHAPE(3), true, SHAPE(2, 3) },
        { SHAPE(2, 1), SHAPE(1, 3), true, SHAPE(2, 3) },
        { SHAPE(2, 3), SHAPE_SCALAR, true, SHAPE(2, 3) },
        { SHAPE_SCALAR, SHAPE_SCALAR, true, SHAPE_SCALAR },
        { SHAPE(0, 3), SHAPE(1, 3), true, SHAPE(0, 3) },
        { SHAPE(4, 1, 2), SHAPE(3, 1), true, SHAPE(4, 3, 2) },
        { SHAPE(U, 3), SHAPE(1, 3), true, SHAPE(U, 3) },
        { SHAPE(U, 3), SHAPE(U, 3), true, SHAPE(U, 3) },
        { SHAPE(U, 3), SHAPE(5, 3), true, SHAPE(5, 3) }, /* the unknown one is 1 or 5 */
        { SHAPE(U, 3), SHAPE(0, 3), true, SHAPE(0, 3) },
        { SHAPE_UNKNOWN, SHAPE(5, 3), true, SHAPE_UNKNOWN },
        { SHAPE(2, 3), SHAPE(2), false, SHAPE_SCALAR },
        { SHAPE(0), SHAPE(2), false, SHAPE_SCALAR },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        for (int swapped = 0; swapped < 2; swapped++) {
            Shape shape;
            Status status = shape_broadcast(swapped ? &cases[i].b : &cases[i].a,
                                            swapped ? &cases[i].a : &cases[i].b, &shape);
            assert_int_equal(status_is_ok(&status), cases[i].fits);
            if (cases[i].fits)
                assert_true(shape_equal(&shape, &cases[i].expected));
            else
                assert_non_null(strstr(status.message, SHAPE_TEXT(&cases[i].b)));
        }
    }
}

static void test_declared_shapes_accept_what_they_say(void **state) {
    (void)state;
    assert_true(shape_accepts(&SHAPE(U, 3), &SHAPE(7, 3)));
    assert_false(shape_accepts(&SHAPE(U, 3), &SHAPE(7, 4)));
    assert_false(shape_accepts(&SHAPE(U, 3), &SHAPE(3)));
    assert_true(shape_accepts(&SHAPE_UNKNOWN, &SHAPE(3)));
    assert_true(shape_accepts(&SHAPE_SCALAR, &SHAPE_SCALAR));
}

static void test_axis_counts_from_both_ends(void **state) {
    (void)state;
    const struct {
        int64_t axis;
        int32_t rank;
        bool fits;
        size_t expected;
    } cases[] = {
        { 0, 3, true, 0 },          { 2, 3, true, 2 },          { -1, 3, true, 2 },
        { -3, 3, true, 0 },         { 3, 3, false, 0 },         { -4, 3, false, 0 },
        { INT64_MIN, 3, false, 0 }, { INT64_MAX, 3, false, 0 }, { 0, 0, false, 0 },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        size_t axis;
        Status status = shape_axis(cases[i].axis, cases[i].rank, &axis);
        assert_int_equal(status_is_ok(&status), cases[i].fits);
        if (cases[i].fits)
            assert_int_equal(axis, cases[i].expected);
    }
}

static void test_strides_are_row_major(void **state) {
    (void)state;
    int64_t strides[SHAPE_MAX_RANK];
    shape_strides(&SHAPE(2, 3, 4), strides);
    assert_int_equal(strides[0], 12);
    assert_int_equal(strides[1], 4);
    assert_int_equal(strides[2], 1);
    shape_strides(&SHAPE(0, INT64_MAX, INT64_MAX), strides); /* wraps, no more */
    assert_int_equal(strides[2], 1);
    assert_int_equal(shape_product(&SHAPE(2, 3, 4), 1, 3), 12);
    assert_int_equal(shape_product(&SHAPE(2, 3, 4), 1, 1), 1);
}

static void test_format(void **state) {
    (void)state;
    assert_string_equal(SHAPE_TEXT(&SHAPE(1, 3, U, 224)), "[1,3,?,224]");
    assert_string_equal(SHAPE_TEXT(&SHAPE_SCALAR), "[]");
    assert_string_equal(SHAPE_TEXT(&SHAPE_UNKNOWN), "[...]");
    Shape largest = { .rank = SHAPE_MAX_RANK };
    for (size_t i = 0; i < SHAPE_MAX_RANK; i++)
        largest.dims[i] = INT64_MAX;
    assert_int_equal(strlen(SHAPE_TEXT(&largest)), 8 * 19 + 7 + 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make_refuses_rank_and_negative_dims),
        cmocka_unit_test(test_elements_and_bytes_report_overflow),
        cmocka_unit_test(test_broadcast),
        cmocka_unit_test(test_declared_shapes_accept_what_they_say),
        cmocka_unit_test(test_axis_counts_from_both_ends),
        cmocka_unit_test(test_strides_are_row_major),
        cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
