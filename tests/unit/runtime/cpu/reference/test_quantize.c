/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Quantised operators on literal tensors: rounding to even, saturation, axes, blocks, narrow types,
 * and shapes that do not fit. */

#include "tests/unit/runtime/cpu/reference/run_kernel.h"

#define U4(dims, ...)   TENSOR_OF(DTYPE_U4, uint8_t, dims, __VA_ARGS__)
#define I2(dims, ...)   TENSOR_OF(DTYPE_I2, uint8_t, dims, __VA_ARGS__)
#define F8(dims, ...)   TENSOR_OF(DTYPE_F8E4M3FN, uint8_t, dims, __VA_ARGS__)
#define E8M0(dims, ...) TENSOR_OF(DTYPE_F8E8M0, uint8_t, dims, __VA_ARGS__)

static void test_quantize_rounds_to_even_and_saturates(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(8), 0, 1, 3, 5, -1, 1000, -1000, NAN);
    Tensor scale = F32(SHAPE_SCALAR, 2), u8 = U8(SHAPE_SCALAR, 10), i8 = I8(SHAPE_SCALAR, 1);
    check(&(Run){ "QuantizeLinear", .src = { &x, &scale, &u8 },
                  .dst = { U8(SHAPE(8), 10, 10, 12, 12, 10, 255, 0, 0) } });
    check(&(Run){ "QuantizeLinear", .src = { &x, &scale, &i8 },
                  .dst = { I8(SHAPE(8), 1, 1, 3, 3, 1, 127, -128, -128) } });
    check(&(Run){ "QuantizeLinear", .src = { &x, &scale },
                  .dst = { U8(SHAPE(8), 0, 0, 2, 2, 0, 255, 0, 0) } });
}

static void test_quantize_along_axis_and_in_blocks(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 3), 2, 4, 6, 2, 4, 6);
    Tensor rows = F32(SHAPE(2), 1, 2), columns = F32(SHAPE(3), 1, 2, 3),
           blocks = F32(SHAPE(2, 2), 1, 2, 2, 1);
    check(&(Run){ "QuantizeLinear", .attributes = { INT("axis", 0) }, .src = { &x, &rows },
                  .dst = { U8(SHAPE(2, 3), 2, 4, 6, 1, 2, 3) } });
    check(&(Run){ "QuantizeLinear", .src = { &x, &columns },
                  .dst = { U8(SHAPE(2, 3), 2, 2, 2, 2, 2, 2) } });
    check(&(Run){ "QuantizeLinear", .attributes = { INT("axis", -1), INT("block_size", 2) },
                  .src = { &x, &blocks }, .dst = { U8(SHAPE(2, 3), 2, 4, 3, 1, 2, 6) } });
}

static void test_quantize_divides_in_the_named_precision(void **state) {
    (void)state;
    /* 2049 is no half precision number: it becomes 2048 there. */
    Tensor x = F32(SHAPE(1), 2049), scale = F32(SHAPE_SCALAR, 1);
    Tensor zero = TENSOR_OF(DTYPE_I16, int16_t, SHAPE_SCALAR, 0);
    check(&(Run){ "QuantizeLinear", .attributes = { INT("precision", DTYPE_F16) },
                  .src = { &x, &scale, &zero },
                  .dst = { TENSOR_OF(DTYPE_I16, int16_t, SHAPE(1), 2048) } });
}

static void test_quantize_to_narrow_types(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(4), -3, 1, 5, 40), scale = F32(SHAPE_SCALAR, 1);
    Tensor u4 = U4(SHAPE_SCALAR, 1), i2 = I2(SHAPE_SCALAR, 0), f8 = F8(SHAPE_SCALAR, 0);
    check(&(Run){ "QuantizeLinear", .src = { &x, &scale, &u4 },
                  .dst = { U4(SHAPE(4), 0x20, 0xF6) } });
    check(&(Run){ "QuantizeLinear", .src = { &x, &scale, &i2 }, .dst = { I2(SHAPE(4), 0x56) } });
    Tensor big = F32(SHAPE(2), 1, 1000);
    check(&(Run){ "QuantizeLinear", .src = { &big, &scale, &f8 },
                  .dst = { F8(SHAPE(2), 0x38, 0x7E) } });
    check(&(Run){ "QuantizeLinear", .attributes = { INT("saturate", 0) },
                  .src = { &big, &scale, &f8 }, .dst = { F8(SHAPE(2), 0x38, 0x7F) } });
}

static void test_dequantize(void **state) {
    (void)state;
    Tensor x = U8(SHAPE(2, 2), 0, 128, 255, 3), scale = F32(SHAPE(2), 2, 0.5f),
           zero = U8(SHAPE(2), 128, 3);
    check(&(Run){ "DequantizeLinear", .src = { &x, &scale, &zero },
                  .dst = { F32(SHAPE(2, 2), -256, 62.5f, 254, 0) } });
    Tensor u4 = U4(SHAPE(3), 0xF1, 0x02), power = E8M0(SHAPE_SCALAR, 128);
    check(&(Run){ "DequantizeLinear", .src = { &u4, &power }, .dst = { F32(SHAPE(3), 2, 30, 4) } });
    Tensor blocks = F16(SHAPE(2), 0x3C00, 0x4000); /* 1, 2 */
    check(&(Run){ "DequantizeLinear", .attributes = { INT("axis", 0), INT("block_size", 2) },
                  .src = { &u4, &blocks }, .dst = { F16(SHAPE(3), 0x3C00, 0x4B80, 0x4400) } });
}

static void test_scales_that_do_not_fit_are_refused(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 3), 0, 0, 0, 0, 0, 0), two = F32(SHAPE(2), 1, 1),
           zero = U8(SHAPE_SCALAR, 0);
    Tensor dst = U8(SHAPE(2, 3), 0, 0, 0, 0, 0, 0);
    check_fails(&(Run){ "QuantizeLinear", .src = { &x, &two }, .dst = { dst } },
                STATUS_INVALID_ARGUMENT, "[2]");
    check_fails(&(Run){ "QuantizeLinear", .attributes = { INT("axis", 2) }, .src = { &x, &two },
                        .dst = { dst } },
                STATUS_INVALID_ARGUMENT, "axis");
    check_fails(&(Run){ "QuantizeLinear", .attributes = { INT("axis", 0) },
                        .src = { &x, &two, &zero }, .dst = { dst } },
                STATUS_INVALID_ARGUMENT, "[2]");
    check_fails(&(Run){ "QuantizeLinear", .attributes = { INT("block_size", INT64_MAX) },
                        .src = { &x, &two }, .dst = { dst } },
                STATUS_INVALID_ARGUMENT, "[2]");
    check_fails(&(Run){ "QuantizeLinear", .attributes = { INT("block_size", -1) },
                        .src = { &x, &two }, .dst = { dst } },
                STATUS_INVALID_ARGUMENT, "block_size");
}

static void test_dynamic_quantize_keeps_zero_in_range(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(3), 1, 2.55f, 0.5f), none = F32(SHAPE(2), 0, 0);
    check(&(Run){
        "DynamicQuantizeLinear", .src = { &x }, .tolerance = 1e-6,
        .dst = { U8(SHAPE(3), 100, 255, 50), F32(SHAPE_SCALAR, 0.01f), U8(SHAPE_SCALAR, 0) } });
    check(&(Run){
        "DynamicQuantizeLinear", .src = { &none }, .tolerance = 1e-6,
        .dst = { U8(SHAPE(2), 0, 0), F32(SHAPE_SCALAR, 1.0f / 255), U8(SHAPE_SCALAR, 0) } });
}

static void test_integer_products_take_zero_points_off(void **state) {
    (void)state;
    Tensor a = U8(SHAPE(2, 2), 1, 2, 3, 4), b = I8(SHAPE(2, 2), 1, -1, 2, 0);
    Tensor one = U8(SHAPE_SCALAR, 1), rows = U8(SHAPE(2), 1, 3), columns = I8(SHAPE(2), 1, -1);
    check(&(Run){ "MatMulInteger", .src = { &a, &b }, .dst = { I32(SHAPE(2, 2), 5, -1, 11, -3) } });
    check(&(Run){ "MatMulInteger", .src = { &a, &b, &one },
                  .dst = { I32(SHAPE(2, 2), 2, 0, 8, -2) } });
    check(&(Run){ "MatMulInteger", .src = { &a, &b, &rows, &columns },
                  .dst = { I32(SHAPE(2, 2), 1, 1, 1, 1) } });
    Tensor x = U8(SHAPE(1, 1, 3), 2, 3, 4), w = U8(SHAPE(2, 1, 2), 1, 1, 2, 2),
           zeros = U8(SHAPE(2), 0, 1);
    check(&(Run){ "ConvInteger", .attributes = { INTS("pads", 1, 0) },
                  .src = { &x, &w, &one, &zeros },
                  .dst = { I32(SHAPE(1, 2, 3), 1, 3, 5, 1, 3, 5) } });
}

static void test_qlinear_products_scale_and_saturate(void **state) {
    (void)state;
    Tensor a = U8(SHAPE(1, 2), 10, 20), b = I8(SHAPE(2, 2), 1, -1, 2, 100),
           zero = U8(SHAPE_SCALAR, 0);
    Tensor half = F32(SHAPE_SCALAR, 0.5f), columns = F32(SHAPE(2), 1, 2),
           b_zero = I8(SHAPE(2), 0, 0);
    Tensor y_scale = F32(SHAPE_SCALAR, 5), y_zero = U8(SHAPE_SCALAR, 3);
    check(&(Run){ "QLinearMatMul",
                  .src = { &a, &half, &zero, &b, &columns, &b_zero, &y_scale, &y_zero },
                  .dst = { U8(SHAPE(1, 2), 8, 255) } });
    Tensor x = U8(SHAPE(1, 1, 2), 10, 20), w = I8(SHAPE(2, 1, 1), 1, 3);
    Run conv = { "QLinearConv",
                 .src = { &x, &half, &zero, &w, &columns, &b_zero, &y_scale, &y_zero },
                 .dst = { U8(SHAPE(1, 2, 2), 4, 5, 9, 15) } };
    check(&conv);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantize_rounds_to_even_and_saturates),
        cmocka_unit_test(test_quantize_along_axis_and_in_blocks),
        cmocka_unit_test(test_quantize_divides_in_the_named_precision),
        cmocka_unit_test(test_quantize_to_narrow_types),
        cmocka_unit_test(test_dequantize),
        cmocka_unit_test(test_scales_that_do_not_fit_are_refused),
        cmocka_unit_test(test_dynamic_quantize_keeps_zero_in_range),
        cmocka_unit_test(test_integer_products_take_zero_points_off),
        cmocka_unit_test(test_qlinear_products_scale_and_saturate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
