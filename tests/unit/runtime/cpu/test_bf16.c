/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Products in bfloat16. Rounding a factor is off by 2^-9 of it at most, so a product by a little
 * over 2^-8 and a sum by that much of the sum of magnitudes; sums run in f32. Where the machine has
 * no bfloat16 a model that asks for it is refused.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/dnnl_util.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/vector_loops.h"
#include "runtime/device/device_open.h"
#include "tests/support/check.h"
#include "tests/support/kernel_case.h"

#include <math.h>
#include <string.h>

static const double PRODUCT_ERROR = 1.0 / 128;

static void test_rounding_is_to_nearest_even(void **state) {
    (void)state;
    const float values[] = { 1.0f, 1.00390625f, 1.01171875f, -3.1415927f, 0.0f, INFINITY, 3.4e38f };
    const uint16_t wanted[] = { 0x3f80, 0x3f80, 0x3f82, 0xc049, 0, 0x7f80, 0x7f80 };
    size_t count;
    const VectorLoops *const *tables = vector_loops_all(&count);
    for (size_t i = 0; i < count; i++) {
        uint16_t rounded[ARRAY_LENGTH(values)], nan;
        tables[i]->to_bf16(rounded, values, ARRAY_LENGTH(values));
        assert_memory_equal(rounded, wanted, sizeof wanted);
        tables[i]->to_bf16(&nan, &(float){ NAN }, 1);
        assert_true((nan & 0x7f80) == 0x7f80 && (nan & 0x7f) != 0);
    }
}

static void test_model_is_refused_without_bf16(void **state) {
    (void)state;
    Device *device;
    DeviceModel *model = NULL;
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    check_ok(device_open("cpu", &host, &device, &note));
    Status status = device->api->model_new(device, PRECISION_BF16, &model);
    assert_int_equal(status.code, dnnl_has_bf16() ? STATUS_OK : STATUS_FAILED_PRECONDITION);
    device->api->model_free(model);
    device_close(device);
}

/* Magnitudes: the same product of absolute values, by the reference kernel. */
static void compare(KernelCase *test, KernelCase *magnitudes) {
    AUTO(free) float *want = calloc(test->result_count, sizeof *want);
    AUTO(free) float *bound = calloc(test->result_count, sizeof *bound);
    assert_true(want && bound);
    case_reference(test, want);
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < case_elements(&magnitudes->inputs[i].shape); k++) {
            float *item = (float *)magnitudes->inputs[i].tensor.data + k;
            *item = fabsf(*item);
        }
    case_reference(magnitudes, bound);
    bool differs = false;
    for (size_t i = 0; i < test->result_count; i++) {
        double off = fabs((double)test->result[i] - (double)want[i]);
        differs |= off > 1e-6;
        if (!(off <= PRODUCT_ERROR * (double)bound[i]))
            fail_msg("%s: element %zu: %g for %g, magnitude %g", test->op.name, i,
                     (double)test->result[i], (double)want[i], (double)bound[i]);
    }
    assert_true(differs); /* else it was not bf16 */
}

static void start(KernelCase *test, const char *op, const KernelType *type, const Shape shapes[3]) {
    case_start(test, op);
    case_input(test, shapes[0], LAYOUT_PLAIN, false, 1);
    case_input(test, shapes[1], LAYOUT_PLAIN, true, 2);
    test->precision = PRECISION_BF16;
    case_prepare(test, type, shapes[2], LAYOUT_PLAIN);
    assert_non_null(test->kernel);
}

static void test_products_are_within_the_bound(void **state) {
    (void)state;
    if (!dnnl_has_bf16())
        skip();
    const struct {
        const char *op;
        const KernelType *type;
        Shape shapes[3];
    } rows[] = {
        { "MatMul", &matmul_kernel_type, { SHAPE(3, 17, 70), SHAPE(70, 33), SHAPE(3, 17, 33) } },
        { "MatMul", &matmul_kernel_type, { SHAPE(1, 512), SHAPE(512, 256), SHAPE(1, 256) } },
        { "Gemm", &matmul_kernel_type, { SHAPE(128, 96), SHAPE(96, 64), SHAPE(128, 64) } },
        { "Conv",
          &conv_kernel_type,
          { SHAPE(2, 16, 9, 9), SHAPE(24, 16, 3, 3), SHAPE(2, 24, 7, 7) } },
        { "Conv",
          &conv_kernel_type,
          { SHAPE(1, 3, 20, 20), SHAPE(8, 3, 1, 1), SHAPE(1, 8, 20, 20) } },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        KernelCase test, magnitudes;
        start(&test, rows[i].op, rows[i].type, rows[i].shapes);
        start(&magnitudes, rows[i].op, rows[i].type, rows[i].shapes);
        case_run(&test);
        compare(&test, &magnitudes);
        case_end(&test);
        case_end(&magnitudes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounding_is_to_nearest_even),
        cmocka_unit_test(test_model_is_refused_without_bf16),
        cmocka_unit_test(test_products_are_within_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
