/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Normalisations, rotary embedding and losses, with values worked out by hand. */

#include "tests/unit/runtime/cpu/reference/run_kernel.h"

static void test_layer_normalization_scales_shifts_and_tells_its_statistics(void **state) {
    (void)state;
    check(&(Run){
        .op = "LayerNormalization",
        .attributes = { FLOAT("epsilon", 0) },
        .src = { &F32(SHAPE(2, 2), 1, 3, 10, 20), &F32(SHAPE(2), 2, 1), &F32(SHAPE(1), 0.5f) },
        .dst = { F32(SHAPE(2, 2), -1.5f, 1.5f, -1.5f, 1.5f), F32(SHAPE(2, 1), 2, 15),
                 F32(SHAPE(2, 1), 1, 0.2f) },
        .tolerance = 1e-6 });
    check(&(Run){ .op = "LayerNormalization", /* over everything; no bias */
                  .attributes = { INT("axis", -2), FLOAT("epsilon", 0) },
                  .src = { &F64(SHAPE(2, 2), 1, 1, 3, 3), &F64(SHAPE(2, 1), 1, 10) },
                  .dst = { F64(SHAPE(2, 2), -1, -1, 10, 10) },
                  .tolerance = 1e-12 });
    check_fails(&(Run){ .op = "LayerNormalization",
                        .src = { &F32(SHAPE(1, 2), 1, 3), &F32(SHAPE(3), 1, 1, 1) },
                        .dst = { F32(SHAPE(1, 2), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "[3]");
    check_fails(&(Run){ .op = "LayerNormalization",
                        .attributes = { INT("axis", 2) },
                        .src = { &F32(SHAPE(1, 2), 1, 3), &F32(SHAPE(1), 1) },
                        .dst = { F32(SHAPE(1, 2), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "2");
}

static void test_rms_normalization_keeps_the_mean(void **state) {
    (void)state;
    check(&(Run){ .op = "RMSNormalization",
                  .attributes = { FLOAT("epsilon", 0) },
                  .src = { &F16(SHAPE(1, 2), 0x3C00, 0x4700), &F32(SHAPE(2), 5, 5) }, /* 1, 7 */
                  .dst = { F32(SHAPE(1, 2), 1, 7) },
                  .tolerance = 1e-6 });
}

static void test_group_normalization_takes_scales_by_channel_and_by_group(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(1, 4, 1), 0, 2, 10, 30);
    check(&(Run){ .op = "GroupNormalization",
                  .attributes = { INT("num_groups", 2), FLOAT("epsilon", 0) },
                  .src = { &x, &F32(SHAPE(4), 1, 2, 3, 4), &F32(SHAPE(4), 0, 0, 1, 1) },
                  .dst = { F32(SHAPE(1, 4, 1), -1, 2, -2, 5) },
                  .tolerance = 1e-6 });
    check(&(Run){ .op = "GroupNormalization", /* opset 18 */
                  .attributes = { INT("num_groups", 2), FLOAT("epsilon", 0) },
                  .src = { &x, &F32(SHAPE(2), 1, 3), &F32(SHAPE(2), 0, 1) },
                  .dst = { F32(SHAPE(1, 4, 1), -1, 1, -2, 4) },
                  .tolerance = 1e-6 });
    check_fails(&(Run){ .op = "GroupNormalization",
                        .attributes = { INT("num_groups", 3) },
                        .src = { &x, &F32(SHAPE(4), 1, 2, 3, 4), &F32(SHAPE(4), 0, 0, 1, 1) },
                        .dst = { F32(SHAPE(1, 4, 1), 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "3 equal groups");
    check_fails(&(Run){ .op = "GroupNormalization",
                        .attributes = { INT("num_groups", 2) },
                        .src = { &x, &F32(SHAPE(3), 1, 2, 3), &F32(SHAPE(4), 0, 0, 1, 1) },
                        .dst = { F32(SHAPE(1, 4, 1), 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "4 channels");
}

static void test_mean_variance_normalization_over_given_axes(void **state) {
    (void)state;
    check(&(Run){ .op = "MeanVarianceNormalization",
                  .attributes = { INTS("axes", 0, -1) },
                  .src = { &F32(SHAPE(2, 2, 1), 1, 10, 3, 30) },
                  .dst = { F32(SHAPE(2, 2, 1), -1, -1, 1, 1) },
                  .tolerance = 1e-6 });
    check_fails(&(Run){ .op = "MeanVarianceNormalization", /* default axes want rank 4 */
                        .src = { &F32(SHAPE(1, 2), 1, 3) },
                        .dst = { F32(SHAPE(1, 2), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "rank 2");
}

static void test_rotary_embedding_turns_halves_or_neighbours(void **state) {
    (void)state;
    /* Two positions; the second is turned by a quarter. */
    Tensor cos = F32(SHAPE(2, 1), 1, 0), sin = F32(SHAPE(2, 1), 0, 1);
    Tensor x = F32(SHAPE(1, 1, 2, 3), 1, 2, 9, 1, 2, 9);
    check(&(Run){ .op = "RotaryEmbedding",
                  .attributes = { INT("rotary_embedding_dim", 2) },
                  .src = { &x, &cos, &sin, &I64(SHAPE(1, 2), 1, 0) },
                  .dst = { F32(SHAPE(1, 1, 2, 3), -2, 1, 9, 1, 2, 9) } });
    Tensor by_position = F32(SHAPE(1, 1, 2), 0, 0), ones = F32(SHAPE(1, 1, 2), 1, 1);
    check(&(Run){ .op = "RotaryEmbedding",
                  .attributes = { INT("num_heads", 1) },
                  .src = { &F32(SHAPE(1, 1, 4), 1, 2, 3, 4), &by_position, &ones },
                  .dst = { F32(SHAPE(1, 1, 4), -3, -4, 1, 2) } });
    check(&(Run){ .op = "RotaryEmbedding",
                  .attributes = { INT("num_heads", 1), INT("interleaved", 1) },
                  .src = { &F32(SHAPE(1, 1, 4), 1, 2, 3, 4), &by_position, &ones },
                  .dst = { F32(SHAPE(1, 1, 4), -2, 1, -4, 3) } });
    check_fails(&(Run){ .op = "RotaryEmbedding",
                        .attributes = { INT("rotary_embedding_dim", 2) },
                        .src = { &x, &cos, &sin, &I64(SHAPE(1, 2), 1, 2) },
                        .dst = { F32(SHAPE(1, 1, 2, 3), 0, 0, 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "position 2");
    check_fails(&(Run){ .op = "RotaryEmbedding", /* all of 3 cannot be pairs */
                        .src = { &x, &cos, &sin, &I64(SHAPE(1, 2), 1, 1) },
                        .dst = { F32(SHAPE(1, 1, 2, 3), 0, 0, 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "head size 3");
    check_fails(&(Run){ .op = "RotaryEmbedding",
                        .src = { &F32(SHAPE(1, 1, 4), 1, 2, 3, 4), &by_position, &ones },
                        .dst = { F32(SHAPE(1, 1, 4), 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "equal heads");
}

static void test_likelihood_loss_weighs_ignores_and_reduces(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(3, 2), -1, -2, -3, -4, -5, -6), weight = F32(SHAPE(2), 1, 3);
    Tensor target = I64(SHAPE(3), 0, 1, 7);
    check(&(Run){ .op = "NegativeLogLikelihoodLoss",
                  .attributes = { STRING("reduction", "none"), INT("ignore_index", 7) },
                  .src = { &x, &target, &weight },
                  .dst = { F32(SHAPE(3), 1, 12, 0) } });
    check(&(Run){ .op = "NegativeLogLikelihoodLoss",
                  .attributes = { INT("ignore_index", 7) },
                  .src = { &x, &target, &weight },
                  .dst = { F32(SHAPE_SCALAR, 3.25f) } });
    check(&(Run){ .op = "NegativeLogLikelihoodLoss",
                  .attributes = { STRING("reduction", "sum"), INT("ignore_index", 7) },
                  .src = { &x, &target },
                  .dst = { F32(SHAPE_SCALAR, 5) } });
    check_fails(&(Run){ .op = "NegativeLogLikelihoodLoss",
                        .src = { &x, &target, &weight },
                        .dst = { F32(SHAPE_SCALAR, 0) } },
                STATUS_INVALID_ARGUMENT, "target 7 is none of the 2 classes");
    check_fails(&(Run){ .op = "NegativeLogLikelihoodLoss",
                        .attributes = { STRING("reduction", "max") },
                        .src = { &x, &target },
                        .dst = { F32(SHAPE_SCALAR, 0) } },
                STATUS_INVALID_ARGUMENT, "'max'");
}

static void test_cross_entropy_of_positions_and_its_logarithms(void **state) {
    (void)state;
    /* Two classes of equal score, then one that is far ahead. */
    check(&(Run){ .op = "SoftmaxCrossEntropyLoss",
                  .attributes = { STRING("reduction", "none") },
                  .src = { &F32(SHAPE(1, 2, 2), 5, 1000, 5, 0), &I32(SHAPE(1, 2), 1, 0) },
                  .dst = { F32(SHAPE(1, 2), 0.69314718f, 0),
                           F32(SHAPE(1, 2, 2), -0.69314718f, 0, -0.69314718f, -1000) },
                  .tolerance = 1e-6 });
    check_fails(&(Run){ .op = "SoftmaxCrossEntropyLoss",
                        .src = { &F32(SHAPE(1, 2), 0, 0), &I32(SHAPE(2), 0, 0) },
                        .dst = { F32(SHAPE_SCALAR, 0) } },
                STATUS_INVALID_ARGUMENT, "[2]");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layer_normalization_scales_shifts_and_tells_its_statistics),
        cmocka_unit_test(test_rms_normalization_keeps_the_mean),
        cmocka_unit_test(test_group_normalization_takes_scales_by_channel_and_by_group),
        cmocka_unit_test(test_mean_variance_normalization_over_given_axes),
        cmocka_unit_test(test_rotary_embedding_turns_halves_or_neighbours),
        cmocka_unit_test(test_likelihood_loss_weighs_ignores_and_reduces),
        cmocka_unit_test(test_cross_entropy_of_positions_and_its_logarithms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
