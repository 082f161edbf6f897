/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Every instruction set's copy of the inner loops, on numbers at the edges, and the same bits
 * wherever an element stands. exp is good to 2 ulp: 3e-7 relative; erf 5e-7 and tanh 3e-7 absolute.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/vector_loops.h"
#include "tests/support/check.h"

#include <math.h>
#include <string.h>

/* What loops do at the edges, in every copy that this machine can run. */
static void test_loops_of_all_instruction_sets(void **state) {
    (void)state;
    size_t count;
    const VectorLoops *const *tables = vector_loops_all(&count);
    assert_true(count >= 1);
    for (size_t i = 0; i < count; i++) {
        const VectorLoops *loops = tables[i];
        float x[40], y[40];
        for (int k = 0; k < 40; k++)
            x[k] = (float)(k - 20) * 5;
        loops->unary[UNARY_EXP](y, x, 40, 0, 0);
        for (int k = 0; k < 40; k++) {
            double want = exp(x[k]);
            if (x[k] < -87.3f)
                assert_true(y[k] == 0);
            else if (x[k] > 88.7f)
                assert_true(isinf(y[k]));
            else
                assert_true(fabs(y[k] - want) <= 3e-7 * want);
        }
        float odd[] = { NAN, INFINITY, -INFINITY, 0.0f, -0.0f };
        const UnaryLoop bounded[] = { UNARY_SIGMOID, UNARY_TANH, UNARY_ERF };
        for (size_t k = 0; k < ARRAY_LENGTH(bounded); k++) {
            loops->unary[bounded[k]](y, odd, ARRAY_LENGTH(odd), 0, 0);
            assert_true(isnan(y[0]));
            assert_true(y[1] == 1.0f);
            assert_true(y[2] == (bounded[k] == UNARY_SIGMOID ? 0.0f : -1.0f));
            assert_true(y[3] == (bounded[k] == UNARY_SIGMOID ? 0.5f : 0.0f));
        }
        loops->unary[UNARY_RELU](y, odd, ARRAY_LENGTH(odd), 0, 0);
        assert_true(isnan(y[0]) && isinf(y[1]) && y[2] == 0);
        for (int k = 0; k < 2000; k++) {
            float at = (float)(k - 1000) / 200, got;
            loops->unary[UNARY_ERF](&got, &at, 1, 0, 0);
            assert_true(fabs(got - erf(at)) <= 5e-7);
            loops->unary[UNARY_TANH](&got, &at, 1, 0, 0);
            assert_true(fabs(got - tanh(at)) <= 3e-7);
        }
        assert_true(loops->sum(x, 40) == -100 && loops->max(x, 40) == 95 &&
                    loops->max(x, 3) == -90);
    }
}

/* An element's bits must not depend on where in a loop it stands: rows travel in batches of any
 * size. */
static void test_loops_give_the_same_bits_anywhere(void **state) {
    (void)state;
    enum { COUNT = 1003 };
    size_t count;
    const VectorLoops *const *tables = vector_loops_all(&count);
    for (size_t i = 0; i < count * UNARY_COUNT; i++) {
        UnaryFn loop = tables[i / UNARY_COUNT]->unary[i % UNARY_COUNT];
        float x[COUNT], together[COUNT], alone[COUNT];
        for (int k = 0; k < COUNT; k++)
            x[k] = (float)(k - 500) * 0.0137f + 0.003f;
        for (int k = 0; i % UNARY_COUNT == UNARY_SQRT && k < COUNT; k++)
            x[k] = fabsf(x[k]); /* the sign of a NaN says nothing */
        loop(together, x, COUNT, 0.7f, 0.3f);
        for (int k = 0; k < COUNT; k++)
            loop(alone + k, x + k, 1, 0.7f, 0.3f);
        if (memcmp(together, alone, sizeof alone) != 0)
            fail_msg("%s: loop %d", tables[i / UNARY_COUNT]->name, (int)(i % UNARY_COUNT));
    }
    for (size_t i = 0; i < count; i++) {
        float x[37], y[37], once, shift[37];
        for (int k = 0; k < 37; k++)
            x[k] = (float)k * 0.37f - 3, shift[k] = (float)k * 0.11f;
        tables[i]->scale_shift(y, x, shift, x, 37);
        for (int k = 0; k < 37; k++) {
            tables[i]->scale_shift(&once, x + k, shift + k, x + k, 1);
            assert_memory_equal(&once, y + k, sizeof once);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loops_of_all_instruction_sets),
        cmocka_unit_test(test_loops_give_the_same_bits_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
