/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* LSTM, GRU and RNN of one unit, whose activation functions are lines, so that every step can be
 * followed by hand. */

#include "tests/unit/runtime/cpu/reference/run_kernel.h"

#define NAMES(...)                                                                                 \
    {                                                                                              \
        .name = "activations", .kind = ATTRIBUTE_STRINGS,                                          \
        .count = sizeof((StringView[]){ __VA_ARGS__ }) / sizeof(StringView),                       \
        .strings = (StringView[]) {                                                                \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define NUMBERS(key, ...)                                                                          \
    {                                                                                              \
        .name = (key), .kind = ATTRIBUTE_FLOATS,                                                   \
        .count = sizeof((float[]){ __VA_ARGS__ }) / sizeof(float), .floats = (float[]) {           \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

#define ONE F32(SHAPE(1, 1, 1), 1)

static void test_rnn_runs_forward_and_in_reverse(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(3, 1, 1), 1, 2, 3);
    check(&(Run){ .op = "RNN",
                  .attributes = { NAMES(TEXT("relu")) },
                  .src = { &x, &ONE, &ONE, &F32(SHAPE(1, 2), 10, 20) },
                  .dst = { F32(SHAPE(3, 1, 1, 1), 31, 63, 96), F32(SHAPE(1, 1, 1), 96) } });
    check(&(Run){ .op = "RNN",
                  .attributes = { NAMES(TEXT("Relu")), STRING("direction", "reverse") },
                  .src = { &x, &ONE, &ONE, NULL, NULL, &F32(SHAPE(1, 1, 1), 100) },
                  .dst = { F32(SHAPE(3, 1, 1, 1), 106, 105, 103), F32(SHAPE(1, 1, 1), 106) } });
}

static void test_rnn_of_sequences_of_their_own_length(void **state) {
    (void)state;
    /* Both directions, batch first; the second sequence has two steps. */
    Tensor weights = F32(SHAPE(2, 1, 1), 1, 1);
    check(&(Run){ .op = "RNN",
                  .attributes = { NAMES(TEXT("Relu"), TEXT("Relu")), INT("layout", 1),
                                  STRING("direction", "bidirectional") },
                  .src = { &F32(SHAPE(2, 3, 1), 1, 2, 3, 4, 5, 6), &weights, &weights, NULL,
                           &I32(SHAPE(2), 3, 2) },
                  .dst = { F32(SHAPE(2, 3, 2, 1), 1, 6, 3, 5, 6, 3, 4, 9, 9, 5, 0, 0),
                           F32(SHAPE(2, 2, 1), 6, 6, 9, 9) } });
    check_fails(&(Run){ .op = "RNN",
                        .src = { &F32(SHAPE(1, 1, 1), 1), &ONE, &ONE, NULL, &I32(SHAPE(1), 2) },
                        .dst = { F32(SHAPE(1, 1, 1, 1), 0) } },
                STATUS_INVALID_ARGUMENT, "length 2");
}

static void test_functions_use_their_numbers_up_in_order(void **state) {
    (void)state;
    Tensor weights = F32(SHAPE(2, 1, 1), 1, 1), zeros = F32(SHAPE(2, 1, 1), 0, 0);
    check(&(Run){ .op = "RNN",
                  .attributes = { NAMES(TEXT("Softsign"), TEXT("Affine")),
                                  NUMBERS("activation_alpha", 2), NUMBERS("activation_beta", 5),
                                  STRING("direction", "bidirectional") },
                  .src = { &F32(SHAPE(1, 1, 1), 3), &weights, &zeros },
                  .dst = { F32(SHAPE(1, 2, 1, 1), 0.75f, 11) } });
    check_fails(&(Run){ .op = "RNN",
                        .attributes = { NAMES(TEXT("Cosine")) },
                        .src = { &ONE, &ONE, &ONE },
                        .dst = { F32(SHAPE(1, 1, 1, 1), 0) } },
                STATUS_INVALID_ARGUMENT, "'Cosine'");
    check_fails(
        &(Run){ .op = "LSTM",
                .attributes = { NAMES(TEXT("Tanh")) },
                .src = { &ONE, &F32(SHAPE(1, 4, 1), 1, 1, 1, 1), &F32(SHAPE(1, 4, 1), 1, 1, 1, 1) },
                .dst = { F32(SHAPE(1, 1, 1, 1), 0) } },
        STATUS_INVALID_ARGUMENT, "3 names");
}

#define LINES NAMES(TEXT("Affine"), TEXT("Affine"), TEXT("Affine"))

static void test_lstm_gates_peepholes_and_clip(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 1, 1), 2, 1), w = F32(SHAPE(1, 4, 1), 1, 1, 1, 1),
           r = F32(SHAPE(1, 4, 1), 0, 0, 0, 0);
    check(&(Run){
        .op = "LSTM", /* every gate is x */
        .attributes = { LINES },
        .src = { &x, &w, &r },
        .dst = { F32(SHAPE(2, 1, 1, 1), 8, 5), F32(SHAPE(1, 1, 1), 5), F32(SHAPE(1, 1, 1), 5) } });
    check(&(Run){
        .op = "LSTM", /* the input gate sees the cell */
        .attributes = { LINES },
        .src = { &x, &w, &r, NULL, NULL, NULL, NULL, &F32(SHAPE(1, 3), 1, 0, 0) },
        .dst = { F32(SHAPE(2, 1, 1, 1), 8, 9), F32(SHAPE(1, 1, 1), 9), F32(SHAPE(1, 1, 1), 9) } });
    check(&(Run){
        .op = "LSTM",
        .attributes = { LINES, INT("input_forget", 1) },
        .src = { &x, &w, &r, NULL, NULL, NULL, &F32(SHAPE(1, 1, 1), 3) },
        .dst = { F32(SHAPE(2, 1, 1, 1), 2, 1), F32(SHAPE(1, 1, 1), 1), F32(SHAPE(1, 1, 1), 1) } });
    check(&(Run){ .op = "LSTM",
                  .attributes = { LINES, FLOAT("clip", 1.5f) },
                  .src = { &F32(SHAPE(1, 1, 1), 2), &w, &r },
                  .dst = { F32(SHAPE(1, 1, 1, 1), 2.25f), F32(SHAPE(1, 1, 1), 2.25f),
                           F32(SHAPE(1, 1, 1), 2.25f) } });
}

static void test_gru_resets_before_or_behind_the_product(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(1, 1, 1), 3), w = F32(SHAPE(1, 3, 1), 0, 1, 1),
           r = F32(SHAPE(1, 3, 1), 0, 0, 1), b = F32(SHAPE(1, 6), 0.5f, 0, 0, 0, 0, 1),
           h = F32(SHAPE(1, 1, 1), 2);
    for (int64_t linear = 0; linear < 2; linear++) {
        float expected = linear ? 7 : 6; /* halves of 2 and of 3 + 3 * (2 + 1) or 3 + 3 * 2 + 1 */
        check(&(Run){ .op = "GRU",
                      .attributes = { NAMES(TEXT("Affine"), TEXT("Affine")),
                                      INT("linear_before_reset", linear) },
                      .src = { &x, &w, &r, &b, NULL, &h },
                      .dst = { F32(SHAPE(1, 1, 1, 1), expected), F32(SHAPE(1, 1, 1), expected) } });
    }
}

static void test_shapes_that_do_not_fit_are_refused(void **state) {
    (void)state;
    check_fails(&(Run){ .op = "GRU",
                        .src = { &ONE, &F32(SHAPE(1, 3, 1), 0, 0, 0), &F32(SHAPE(1, 2, 1), 0, 0) },
                        .dst = { F32(SHAPE(1, 1, 1, 1), 0) } },
                STATUS_INVALID_ARGUMENT, "gates times hidden size");
    check_fails(&(Run){ .op = "RNN",
                        .attributes = { STRING("direction", "sideways") },
                        .src = { &ONE, &ONE, &ONE },
                        .dst = { F32(SHAPE(1, 1, 1, 1), 0) } },
                STATUS_INVALID_ARGUMENT, "'sideways'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rnn_runs_forward_and_in_reverse),
        cmocka_unit_test(test_rnn_of_sequences_of_their_own_length),
        cmocka_unit_test(test_functions_use_their_numbers_up_in_order),
        cmocka_unit_test(test_lstm_gates_peepholes_and_clip),
        cmocka_unit_test(test_gru_resets_before_or_behind_the_product),
        cmocka_unit_test(test_shapes_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
