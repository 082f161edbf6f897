/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Inference of what transformers and other sequence models are made of: norms, attention, losses,
 * recurrence, signals. */

#include "tests/unit/runtime/graph/infer_case.h"

static void test_norms(void **state) {
    (void)state;
    const Case cases[] = {
        { "LayerNormalization", "float16[2,?,4] float32[2,?,1] float32[2,?,1]",
          IN(T(F16, 2, U, 4), T(F16, 4)), .outputs = 3 },
        { "LayerNormalization", "float32[2,3] bfloat16[1,1] bfloat16[1,1]", IN(F(2, 3), F(3), F(1)),
          AT(INT("axis", 0), INT("stash_type", DTYPE_BF16)), .outputs = 3 },
        { "LayerNormalization", "! [2] cannot be broadcast to [2,3]", IN(F(2, 3), F(2)) },
        { "LayerNormalization", "! stash_type", IN(F(2, 3), F(3)),
          AT(INT("stash_type", DTYPE_I64)) },
        { "LayerNormalization", "! rank 2", IN(F(2, 3), F(3)), AT(INT("axis", 2)) },
        { "RMSNormalization", "float16[2,3]", IN(F(2, 3), T(F16, 3)) },
        { "RMSNormalization", "! input 1", IN(F(2, 3), I(3)) },
        { "GroupNormalization", "float32[2,4,5]", IN(F(2, 4, 5), F(4), F(2)),
          AT(INT("num_groups", 2)) },
        { "GroupNormalization", "! num_groups", IN(F(2, 4, 5), F(4), F(4)) },
        { "GroupNormalization", "! does not divide", IN(F(2, 4, 5), F(4), F(4)),
          AT(INT("num_groups", 3)) },
        { "GroupNormalization", "! input 2: expected shape [4], got [5]",
          IN(F(2, 4, 5), F(4), F(5)), AT(INT("num_groups", 2)) },
        { "MeanVarianceNormalization", "float32[2,3,4,5]", IN(F(2, 3, 4, 5)) },
        { "MeanVarianceNormalization", "! rank 3", IN(F(2, 3, 4)) },
    };
    CHECK_ALL(cases);
}

static void test_losses(void **state) {
    (void)state;
    const Case cases[] = {
        { "NegativeLogLikelihoodLoss", "float32[]", IN(F(2, 3, 4), I(2, 4)) },
        { "NegativeLogLikelihoodLoss", "float32[2,4]", IN(F(2, 3, 4), I(2, U), F(3)),
          AT(TEXT("reduction", "none")) },
        { "NegativeLogLikelihoodLoss", "! input 1", IN(F(2, 3, 4), I(2, 3)) },
        { "NegativeLogLikelihoodLoss", "! input 2", IN(F(2, 3), I(2), F(2)) },
        { "NegativeLogLikelihoodLoss", "! [N,C,...]", IN(F(2), I(2)) },
        { "SoftmaxCrossEntropyLoss", "float32[] float32[2,3]", IN(F(2, 3), I(2)), .outputs = 2 },
    };
    CHECK_ALL(cases);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norms),
        cmocka_unit_test(test_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
