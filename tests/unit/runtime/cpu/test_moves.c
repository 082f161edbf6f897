/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Kernels whose work is finding the right element: broadcasting, Concat, Transpose and Reorder, in
 * both layouts. Results are equal, not near.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "tests/support/check.h"
#include "tests/support/kernel_case.h"

#include <string.h>

typedef struct BroadcastCase {
    Shape a, b, dst;
} BroadcastCase;

static const BroadcastCase broadcasts[] = {
    { { 4, { 2, 3, 5, 7 } }, { 4, { 2, 3, 5, 7 } }, { 4, { 2, 3, 5, 7 } } },
    { { 4, { 2, 20, 5, 7 } }, { 4, { 1, 20, 1, 1 } }, { 4, { 2, 20, 5, 7 } } },
    { { 3, { 20, 1, 1 } }, { 4, { 2, 20, 5, 7 } }, { 4, { 2, 20, 5, 7 } } },
    { { 4, { 2, 20, 5, 7 } }, { 4, { 2, 20, 1, 1 } }, { 4, { 2, 20, 5, 7 } } },
    { { 4, { 2, 20, 5, 7 } }, { 0, { 0 } }, { 4, { 2, 20, 5, 7 } } },
    { { 1, { 7 } }, { 4, { 2, 3, 5, 1 } }, { 4, { 2, 3, 5, 7 } } },
    { { 4, { 1, 3, 1, 7 } }, { 4, { 2, 1, 5, 1 } }, { 4, { 2, 3, 5, 7 } } },
    { { 2, { 64, 100 } }, { 1, { 100 } }, { 2, { 64, 100 } } },
    { { 0, { 0 } }, { 0, { 0 } }, { 0, { 0 } } },
    { { 1, { 20480 } }, { 1, { 20480 } }, { 1, { 20480 } } },
    { { 5, { 2, 3, 2, 3, 4 } }, { 3, { 2, 1, 4 } }, { 5, { 2, 3, 2, 3, 4 } } },
};

static size_t broadcast_at(const Shape *operand, const Shape *dst, size_t index) {
    size_t offset = 0, step = 1;
    for (int32_t i = dst->rank, k = operand->rank; i-- > 0;) {
        size_t at = index % (size_t)dst->dims[i];
        index /= (size_t)dst->dims[i];
        if (--k < 0)
            continue;
        offset += operand->dims[k] == 1 ? 0 : at * step;
        step *= (size_t)operand->dims[k];
    }
    return offset;
}

static void test_binary_operators_broadcast_in_all_layouts(void **state) {
    (void)state;
    static const char *const ops[] = { "Add", "Sub", "Mul", "Div" };
    for (size_t i = 0; i < ARRAY_LENGTH(broadcasts) * 32; i++) {
        const BroadcastCase *row = &broadcasts[i / 32];
        size_t op = i % 4;
        Layout layouts[3];
        for (size_t k = 0; k < 3; k++)
            layouts[k] = i >> (2 + k) & 1 ? LAYOUT_CHANNELS_LAST : LAYOUT_PLAIN;
        KernelCase test;
        case_start(&test, ops[op]);
        test.pool = i % 3 ? case_pool : NULL;
        case_input(&test, row->a, layouts[0], false, 1);
        case_input(&test, row->b, layouts[1], false, 2);
        case_prepare(&test, &binary_kernel_type, row->dst, layouts[2]);
        case_run(&test);
        for (size_t k = 0; k < test.result_count; k++) {
            float a = test.inputs[0].data[broadcast_at(&row->a, &row->dst, k)];
            float b = test.inputs[1].data[broadcast_at(&row->b, &row->dst, k)];
            float want = op == 0 ? a + b : op == 1 ? a - b : op == 2 ? a * b : a / b;
            if (test.result[k] != want)
                fail_msg("%s, case %zu: element %zu: got %g, want %g", ops[op], i / 32, k,
                         (double)test.result[k], (double)want);
        }
        case_end(&test);
    }
}

static void test_concat_along_each_axis_in_both_layouts(void **state) {
    (void)state;
    static const int64_t sizes[] = { 2, 5, 1 };
    static const Shape shapes[] = {
        { 4, { 2, 3, 4, 5 } }, { 2, { 3, 4 } }, { 3, { 2, 3, 7 } }, { 1, { 4 } }
    };
    for (size_t i = 0; i < ARRAY_LENGTH(shapes); i++)
        for (int32_t axis = 0; axis < shapes[i].rank; axis++)
            for (size_t last = 0; last < 2; last++) {
                Layout layout = last ? LAYOUT_CHANNELS_LAST : LAYOUT_PLAIN;
                Shape shape = shapes[i];
                KernelCase test;
                case_start(&test, "Concat");
                for (size_t k = 0; k < 3; k++) {
                    shape.dims[axis] = sizes[k];
                    case_input(&test, shape, layout, false, (unsigned)k + 1);
                }
                shape.dims[axis] = 8;
                case_int(&test, "axis", axis);
                case_prepare(&test, &concat_kernel_type, shape, layout);
                case_run(&test);
                size_t inner = shape_product(&shape, (size_t)axis + 1, (size_t)shape.rank);
                for (size_t k = 0; k < test.result_count; k++) {
                    size_t outer = k / inner / 8, at = k / inner % 8, from = 0;
                    while (at >= (size_t)sizes[from])
                        at -= (size_t)sizes[from++];
                    assert_true(test.result[k] ==
                                test.inputs[from]
                                    .data[(outer * (size_t)sizes[from] + at) * inner + k % inner]);
                }
                case_end(&test);
            }
}

static void test_transpose_in_all_orders(void **state) {
    (void)state;
    const Shape src = { 4, { 3, 17, 5, 18 } };
    size_t taken = 0;
    for (size_t code = 0; code < 256; code++) {
        int64_t perm[4] = { (int64_t)(code & 3), (int64_t)(code >> 2 & 3), (int64_t)(code >> 4 & 3),
                            (int64_t)(code >> 6) };
        if ((1 << perm[0] | 1 << perm[1] | 1 << perm[2] | 1 << perm[3]) != 15)
            continue;
        Shape dst =
            SHAPE(src.dims[perm[0]], src.dims[perm[1]], src.dims[perm[2]], src.dims[perm[3]]);
        KernelCase test;
        case_start(&test, "Transpose");
        test.pool = case_pool;
        case_input(&test, src, LAYOUT_PLAIN, false, 1);
        case_ints(&test, "perm", perm, 4);
        case_prepare(&test, &transpose_kernel_type, dst, LAYOUT_PLAIN);
        if (test.kernel) {
            taken++;
            case_run(&test);
            int64_t strides[SHAPE_MAX_RANK];
            shape_strides(&src, strides);
            for (size_t k = 0; k < test.result_count; k++) {
                size_t left = k, from = 0;
                for (int32_t i = 4; i-- > 0;) {
                    from += left % (size_t)dst.dims[i] * (size_t)strides[perm[i]];
                    left /= (size_t)dst.dims[i];
                }
                assert_true(test.result[k] == test.inputs[0].data[from]);
            }
        }
        case_end(&test);
    }
    assert_true(taken >= 10); /* all 6 that keep the last dim, and the batches of matrices */
}

static void test_reorder_there_and_back(void **state) {
    (void)state;
    static const Shape shapes[] = { { 4, { 1, 3, 224, 224 } },
                                    { 4, { 3, 64, 7, 5 } },
                                    { 3, { 2, 33, 100 } },
                                    { 5, { 1, 2, 3, 4, 5 } },
                                    { 4, { 2, 1, 8, 8 } } };
    for (size_t i = 0; i < ARRAY_LENGTH(shapes) * 2; i++) {
        Layout from = i % 2 ? LAYOUT_CHANNELS_LAST : LAYOUT_PLAIN;
        KernelCase test;
        case_start(&test, "Reorder");
        test.op.domain = "inferd";
        test.pool = case_pool;
        case_input(&test, shapes[i / 2], from, false, 1);
        case_prepare(&test, &reorder_kernel_type, shapes[i / 2],
                     i % 2 ? LAYOUT_PLAIN : LAYOUT_CHANNELS_LAST);
        case_run(&test);
        assert_memory_equal(test.result, test.inputs[0].data, test.result_count * sizeof(float));
        case_end(&test);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binary_operators_broadcast_in_all_layouts),
        cmocka_unit_test(test_concat_along_each_axis_in_both_layouts),
        cmocka_unit_test(test_transpose_in_all_orders),
        cmocka_unit_test(test_reorder_there_and_back),
    };
    return cmocka_run_group_tests(tests, case_start_pool, case_end_pool);
}
