/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The table of reference kernels: sorted, complete for tiers 1 and 2, and robust against calls
 * without operands. */

#include "tests/unit/runtime/cpu/reference/run_kernel.h"

#include "runtime/cpu/reference/reference_kernels.h"

#define ROW(domain, name, function) { domain, name, reference_##function },
static const ReferenceRow ROWS[] = { REFERENCE_KERNELS(ROW) };

static void test_every_row_is_found(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(ROWS); i++)
        assert_ptr_equal(reference_kernel_find(ROWS[i].domain, ROWS[i].name), ROWS[i].run);
    assert_ptr_equal(reference_kernel_find("ai.onnx", "Add"), reference_add);
    assert_null(reference_kernel_find("", "NoSuchOperator"));
    assert_null(reference_kernel_find("other", "Add"));
}

static void test_rows_are_sorted(void **state) {
    (void)state;
    for (size_t i = 1; i < ARRAY_LENGTH(ROWS); i++) {
        int order = strcmp(ROWS[i - 1].domain, ROWS[i].domain);
        assert_true(order < 0 || (order == 0 && strcmp(ROWS[i - 1].name, ROWS[i].name) < 0));
    }
}

static void test_operators_of_tiers_1_and_2_are_there(void **state) {
    (void)state;
    size_t count;
    const OpSchema *schemas = op_schema_table(&count);
    for (size_t i = 0; i < count; i++)
        if ((schemas[i].tier == 1 || schemas[i].tier == 2) &&
            strcmp(schemas[i].name, "Constant") != 0)
            if (!reference_kernel_find(schemas[i].domain, schemas[i].name))
                fail_msg("no reference kernel for %s", schemas[i].name);
}

static void test_calls_without_operands_are_refused(void **state) {
    (void)state;
    static const char *const without[] = { "ConstantOfShape", "Optional",      "OptionalHasElement",
                                           "RandomNormal",    "RandomUniform", "SequenceEmpty" };
    for (size_t i = 0; i < ARRAY_LENGTH(ROWS); i++) {
        Run run = { .op = ROWS[i].name, .domain = ROWS[i].domain, .dst = { F32(SHAPE(1), 0) } };
        RunState run_state = { .text_used = 0 };
        Tensor dst[4];
        size_t dst_count;
        Status status = run_call(&run, &run_state, dst, &dst_count);
        free(dst[0].data);
        bool needs_none = false; /* no inputs, or one that has done its work in shape inference */
        for (size_t k = 0; k < ARRAY_LENGTH(without); k++)
            needs_none |= strcmp(run.op, without[k]) == 0;
        if (!needs_none)
            assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_is_found),
        cmocka_unit_test(test_rows_are_sorted),
        cmocka_unit_test(test_operators_of_tiers_1_and_2_are_there),
        cmocka_unit_test(test_calls_without_operands_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
