/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Tensors and spans: sizes are checked, elements read as numbers in every type, pieces are joined
 * at any offset. */

#include "runtime/tensor/tensor.h"

#include "runtime/base/size.h"
#include "runtime/tensor/spans.h"

#include <math.h>
#include <setjmp.h>
#include <stdalign.h>
#include <string.h>

#include <cmocka.h>

static void test_make_compares_sizes(void **state) {
    (void)state;
    float data[6];
    Tensor tensor;
    Status status = tensor_make(DTYPE_F32, &SHAPE(2, 3), data, sizeof data, &tensor);
    assert_true(status_is_ok(&status));
    assert_int_equal(tensor_elements(&tensor), 6);
    status = tensor_make(DTYPE_F32, &SHAPE(2, 3), data, 20, &tensor);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(status.message, "24"));
    assert_non_null(strstr(status.message, "20"));
    status = tensor_make(DTYPE_F32, &SHAPE(INT64_MAX, INT64_MAX), data, 20, &tensor);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    status = tensor_make(DTYPE_F32, &SHAPE(DIM_UNKNOWN), data, 20, &tensor);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    status = tensor_make((DType)77, &SHAPE(1), data, 4, &tensor);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    status = tensor_make(DTYPE_F32, &SHAPE(0, 3), data, 0, &tensor);
    assert_true(status_is_ok(&status));
    assert_null(tensor.data);
}

static void test_init_gives_aligned_zeros(void **state) {
    (void)state;
    Tensor tensor;
    Status status = tensor_init(&tensor, DTYPE_F64, &SHAPE(3, 5));
    assert_true(status_is_ok(&status));
    assert_int_equal((uintptr_t)tensor.data % TENSOR_ALIGNMENT, 0);
    for (size_t i = 0; i < 15; i++)
        assert_true(tensor_get_float(&tensor, i) == 0);
    tensor_deinit(&tensor);
    assert_null(tensor.data);
}

static void test_elements_read_as_numbers(void **state) {
    (void)state;
    const struct {
        DType dtype;
        uint8_t bytes[8]; /* two elements or more, little-endian */
        size_t index;
        double expected;
    } cases[] = {
        { DTYPE_F32, { 0, 0, 0, 0, 0, 0, 0xC0, 0xBF }, 1, -1.5 },
        { DTYPE_U8, { 0, 255 }, 1, 255 },
        { DTYPE_I8, { 0, 255 }, 1, -1 },
        { DTYPE_U16, { 0, 0, 0xFF, 0xFF }, 1, 65535 },
        { DTYPE_I16, { 0, 0, 0xFE, 0xFF }, 1, -2 },
        { DTYPE_I32, { 0, 0, 0, 0, 0xFD, 0xFF, 0xFF, 0xFF }, 1, -3 },
        { DTYPE_U32, { 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF }, 1, 4294967295.0 },
        { DTYPE_BOOL, { 0, 1 }, 1, 1 },
        { DTYPE_F16, { 0, 0, 0, 0x3C }, 1, 1 },
        { DTYPE_BF16, { 0, 0, 0x40, 0x40 }, 1, 3 },
        { DTYPE_F8E4M3FN, { 0, 0x7E }, 1, 448 },
        { DTYPE_F8E4M3FN, { 0, 0x01 }, 1, 0x1p-9 },
        { DTYPE_F8E4M3FN, { 0, 0xFF }, 1, (double)NAN },
        { DTYPE_F8E4M3FNUZ, { 0, 0x7F }, 1, 240 },
        { DTYPE_F8E4M3FNUZ, { 0, 0x80 }, 1, (double)NAN },
        { DTYPE_F8E5M2, { 0, 0xFB }, 1, -57344 },
        { DTYPE_F8E5M2FNUZ, { 0, 0x7F }, 1, 57344 },
        { DTYPE_F8E8M0, { 0, 130 }, 1, 8 },
        { DTYPE_U4, { 0x4F, 0x2A }, 2, 10 },
        { DTYPE_I4, { 0x4F, 0x2A }, 0, -1 },
        { DTYPE_F4E2M1, { 0x70, 0x0F }, 1, 6 },
        { DTYPE_F4E2M1, { 0x70, 0x0F }, 2, -6 },
        { DTYPE_F4E2M1, { 0x10, 0 }, 1, 0.5 },
        { DTYPE_U2, { 0xE4, 0 }, 3, 3 },
        { DTYPE_I2, { 0xE4, 0 }, 3, -1 },
        { DTYPE_I2, { 0xE4, 0 }, 2, -2 },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        alignas(8) uint8_t bytes[8];
        memcpy(bytes, cases[i].bytes, sizeof bytes);
        Tensor tensor = { .dtype = cases[i].dtype, .shape = SHAPE(4), .data = bytes };
        double value = tensor_get_float(&tensor, cases[i].index);
        if (isnan(cases[i].expected))
            assert_true(isnan(value));
        else
            assert_true(value == cases[i].expected);
        if (value == floor(value))
            assert_int_equal(tensor_get_int(&tensor, cases[i].index), (int64_t)value);
    }
}

static void test_wide_integers_are_exact_and_floats_saturate(void **state) {
    (void)state;
    int64_t wide[] = { INT64_MAX, INT64_MIN };
    Tensor tensor = { .dtype = DTYPE_I64, .shape = SHAPE(2), .data = wide };
    assert_true(tensor_get_int(&tensor, 0) == INT64_MAX);
    assert_true(tensor_get_int(&tensor, 1) == INT64_MIN);
    uint64_t unsigned_wide[] = { UINT64_MAX };
    tensor = (Tensor){ .dtype = DTYPE_U64, .shape = SHAPE(1), .data = unsigned_wide };
    assert_true(tensor_get_int(&tensor, 0) == INT64_MAX);
    assert_true(tensor_get_float(&tensor, 0) == 0x1p64);
    double floats[] = { 1e300, -1e300, (double)NAN, -2.9 };
    const int64_t expected[] = { INT64_MAX, INT64_MIN, 0, -2 };
    tensor = (Tensor){ .dtype = DTYPE_F64, .shape = SHAPE(4), .data = floats };
    for (size_t i = 0; i < 4; i++)
        assert_true(tensor_get_int(&tensor, i) == expected[i]);
}

static void test_spans_are_joined_at_any_offset(void **state) {
    (void)state;
    const Span items[] = { { "abc", 3 }, { "", 0 }, { "d", 1 }, { "efgh", 4 } };
    const Spans spans = { .items = items, .count = 4, .bytes = 8 };
    for (size_t begin = 0; begin <= 8; begin++) {
        for (size_t end = begin; end <= 8; end++) {
            char dst[9] = "";
            spans_copy(&spans, begin, end - begin, dst);
            assert_memory_equal(dst, &"abcdefgh"[begin], end - begin);
            assert_int_equal(dst[end - begin], 0);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make_compares_sizes),
        cmocka_unit_test(test_init_gives_aligned_zeros),
        cmocka_unit_test(test_elements_read_as_numbers),
        cmocka_unit_test(test_wide_integers_are_exact_and_floats_saturate),
        cmocka_unit_test(test_spans_are_joined_at_any_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
