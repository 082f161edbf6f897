/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Attention, linear attention, causal convolution, cache updates and Einsum, with values worked out
 * by hand. Scores are chosen so that a softmax is either even or all on one key. */

#include "tests/unit/runtime/cpu/reference/run_kernel.h"

#define BIG_SCORE 1000

static void test_attention_averages_what_matches(void **state) {
    (void)state;
    Tensor q = F32(SHAPE(1, 1, 2, 1), 0, BIG_SCORE), k = F32(SHAPE(1, 1, 2, 1), 0, 1),
           v = F32(SHAPE(1, 1, 2, 2), 2, 4, 6, 8);
    check(&(Run){
        .op = "Attention", .src = { &q, &k, &v }, .dst = { F32(SHAPE(1, 1, 2, 2), 4, 6, 6, 8) } });
    check(&(Run){ .op = "Attention",
                  .attributes = { INT("is_causal", 1) },
                  .src = { &q, &k, &v },
                  .dst = { F32(SHAPE(1, 1, 2, 2), 2, 4, 6, 8) } });
    check(&(Run){ .op = "Attention",
                  .src = { &q, &k, &v, &BOOL(SHAPE(2, 2), 0, 1, 1, 0) },
                  .dst = { F32(SHAPE(1, 1, 2, 2), 6, 8, 2, 4) } });
    check(&(Run){ .op = "Attention", /* a mask that is too short hides the rest */
                  .src = { &q, &k, &v, &F32(SHAPE(2, 1), 0, 0) },
                  .dst = { F32(SHAPE(1, 1, 2, 2), 2, 4, 2, 4) } });
    check(&(Run){ .op = "Attention",
                  .src = { &q, &k, &v, NULL, NULL, NULL, &I64(SHAPE(1), 1) },
                  .dst = { F32(SHAPE(1, 1, 2, 2), 2, 4, 2, 4) } });
}

static void test_attention_keeps_a_cache(void **state) {
    (void)state;
    Tensor q = F32(SHAPE(1, 1, 1, 1), 2), k = F32(SHAPE(1, 1, 1, 1), 3),
           v = F32(SHAPE(1, 1, 1, 1), 9);
    Tensor past = F32(SHAPE(1, 1, 1, 1), 3), past_value = F32(SHAPE(1, 1, 1, 1), 1);
    check(&(Run){ .op = "Attention",
                  .attributes = { FLOAT("scale", 0.5f), INT("is_causal", 1) },
                  .src = { &q, &k, &v, NULL, &past, &past_value },
                  .dst = { F32(SHAPE(1, 1, 1, 1), 5), F32(SHAPE(1, 1, 2, 1), 3, 3),
                           F32(SHAPE(1, 1, 2, 1), 1, 9) } });
}

/* Raw score 3, capped at 2 * tanh(3 / 2), masked by 0.5, half of the softmax; the first three
 * results are not wanted. */
static void test_attention_shows_scores_of_each_stage(void **state) {
    (void)state;
    static const float stages[] = { 3, 1.8102965f, 2.3102965f, 0.5f };
    Tensor q = F32(SHAPE(1, 1, 1, 1), 3), k = F32(SHAPE(1, 1, 2, 1), 1, 1);
    for (int64_t mode = 0; mode < 4; mode++) {
        Tensor scores = F32(SHAPE(1, 1, 1, 2), stages[mode], stages[mode]);
        check(&(Run){ .op = "Attention",
                      .attributes = { FLOAT("softcap", 2), INT("qk_matmul_output_mode", mode) },
                      .src = { &q, &k, &k, &F32(SHAPE(2), 0.5f, 0.5f) },
                      .dst = { F32(SHAPE(1, 1, 1, 1), 1), NOT_WANTED, NOT_WANTED, scores },
                      .dst_count = 4,
                      .tolerance = 1e-6 });
    }
}

static void test_attention_of_packed_and_shared_heads(void **state) {
    (void)state;
    /* Two heads of queries share one of keys; heads are packed in the last dim. */
    check(&(Run){ .op = "Attention",
                  .attributes = { INT("q_num_heads", 2), INT("kv_num_heads", 1) },
                  .src = { &F32(SHAPE(1, 1, 2), BIG_SCORE, -BIG_SCORE), &F32(SHAPE(1, 2, 1), 0, 1),
                           &F32(SHAPE(1, 2, 1), 5, 7) },
                  .dst = { F32(SHAPE(1, 1, 2), 7, 5) } });
    check_fails(&(Run){ .op = "Attention",
                        .attributes = { INT("q_num_heads", 2), INT("kv_num_heads", 0) },
                        .src = { &F32(SHAPE(1, 1, 2), 0, 0), &F32(SHAPE(1, 2, 1), 0, 1),
                                 &F32(SHAPE(1, 2, 1), 5, 7) },
                        .dst = { F32(SHAPE(1, 1, 2), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "kv_num_heads");
    check_fails(&(Run){ .op = "Attention",
                        .src = { &F32(SHAPE(1, 1, 1, 2), 0, 0), &F32(SHAPE(1, 1, 1, 1), 0),
                                 &F32(SHAPE(1, 1, 1, 1), 0) },
                        .dst = { F32(SHAPE(1, 1, 1, 1), 0) } },
                STATUS_INVALID_ARGUMENT, "input 1");
}

static void test_linear_attention_decays_and_corrects(void **state) {
    (void)state;
    /* key and query 1; the state starts at 2. */
    Tensor one = F32(SHAPE(1, 2, 1), 1, 1), value = F32(SHAPE(1, 2, 1), 3, 5),
           past = F32(SHAPE(1, 1, 1, 1), 2), half = F32(SHAPE(1, 2, 1), 0.5f, 0.5f),
           decay = F32(SHAPE(1, 2, 1), -0.69314718f, 0);
    check(&(Run){ .op = "LinearAttention",
                  .attributes = { INT("q_num_heads", 1), INT("kv_num_heads", 1),
                                  STRING("update_rule", "linear") },
                  .src = { &one, &one, &value, &past },
                  .dst = { F32(SHAPE(1, 2, 1), 5, 10), F32(SHAPE(1, 1, 1, 1), 10) } });
    check(&(Run){ .op = "LinearAttention", /* 2/2 = 1, +(3-1)/2 = 2; then +(5-2)/2 */
                  .attributes = { INT("q_num_heads", 1), INT("kv_num_heads", 1) },
                  .src = { &one, &one, &value, &past, &decay, &half },
                  .dst = { F32(SHAPE(1, 2, 1), 2, 3.5f), F32(SHAPE(1, 1, 1, 1), 3.5f) },
                  .tolerance = 1e-6 });
    check_fails(&(Run){ .op = "LinearAttention",
                        .attributes = { INT("q_num_heads", 1), INT("kv_num_heads", 1) },
                        .src = { &one, &one, &value, &past },
                        .dst = { F32(SHAPE(1, 2, 1), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "a decay and a beta");
}

static void test_causal_convolution_carries_its_past(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(1, 1, 2), 1, 2), taps = F32(SHAPE(1, 1, 3), 1, 10, 100);
    check(&(Run){ .op = "CausalConvWithState",
                  .src = { &x, &taps, &F32(SHAPE(1), 1000) },
                  .dst = { F32(SHAPE(1, 1, 2), 1100, 1210), F32(SHAPE(1, 1, 2), 1, 2) } });
    check(&(Run){ .op = "CausalConvWithState",
                  .src = { &x, &taps, NULL, &F32(SHAPE(1, 1, 2), 7, 8) },
                  .dst = { F32(SHAPE(1, 1, 2), 187, 218), F32(SHAPE(1, 1, 2), 1, 2) } });
    check_fails(&(Run){ .op = "CausalConvWithState",
                        .src = { &x, &taps, NULL, &F32(SHAPE(1, 1, 1), 7) },
                        .dst = { F32(SHAPE(1, 1, 2), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "input 3");
}

static void test_tensor_scatter_writes_lines_and_circles(void **state) {
    (void)state;
    Tensor cache = U8(SHAPE(2, 3, 1), 1, 2, 3, 4, 5, 6), update = U8(SHAPE(2, 2, 1), 7, 8, 9, 10);
    check(&(Run){ .op = "TensorScatter",
                  .src = { &cache, &update, &I64(SHAPE(2), 0, 1) },
                  .dst = { U8(SHAPE(2, 3, 1), 7, 8, 3, 4, 9, 10) } });
    check(&(Run){ .op = "TensorScatter",
                  .attributes = { STRING("mode", "circular") },
                  .src = { &cache, &update, &I64(SHAPE(2), 2, -1) },
                  .dst = { U8(SHAPE(2, 3, 1), 8, 2, 7, 10, 5, 9) } });
    check_fails(&(Run){ .op = "TensorScatter",
                        .src = { &cache, &update, &I64(SHAPE(2), 0, 2) },
                        .dst = { U8(SHAPE(2, 3, 1), 0, 0, 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "at 2 of 3");
    check_fails(&(Run){ .op = "TensorScatter",
                        .src = { &cache, &update, &I64(SHAPE(2), 0, INT64_MIN) },
                        .dst = { U8(SHAPE(2, 3, 1), 0, 0, 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "do not fit");
}

static void test_bit_cast_keeps_the_bits(void **state) {
    (void)state;
    check(&(Run){
        .op = "BitCast", .src = { &F32(SHAPE(1), 1) }, .dst = { I32(SHAPE(1), 0x3F800000) } });
    check(&(Run){
        .op = "BitCast", .src = { &U8(SHAPE(2), 0, 200) }, .dst = { BOOL(SHAPE(2), 0, 1) } });
    check_fails(
        &(Run){ .op = "BitCast", .src = { &F32(SHAPE(1), 1) }, .dst = { I64(SHAPE(1), 0) } },
        STATUS_INVALID_ARGUMENT, "int64");
}

#define EQUATION(text) .op = "Einsum", .attributes = { STRING("equation", text) }

static void test_einsum_forms(void **state) {
    (void)state;
    Tensor m = F32(SHAPE(2, 2), 1, 2, 3, 4), v = F32(SHAPE(2), 10, 100);
    check(&(Run){ EQUATION("ij->ji"), .src = { &m }, .dst = { F32(SHAPE(2, 2), 1, 3, 2, 4) } });
    check(&(Run){ EQUATION("ii"), .src = { &m }, .dst = { F32(SHAPE_SCALAR, 5) } });
    check(&(Run){ EQUATION(" i j , j "), .src = { &m, &v }, .dst = { F32(SHAPE(2), 210, 430) } });
    check(&(Run){ EQUATION("ba,b"), .src = { &m, &v }, .dst = { F32(SHAPE(2), 310, 420) } });
    check(&(Run){ EQUATION("...j,...j->..."), .src = { &m, &F32(SHAPE(1, 2), 1, 1) },
                  .dst = { F32(SHAPE(2), 3, 7) } });
    check(&(Run){ EQUATION("i,j,k->"), /* nothing of 8 products is ever made */
                  .src = { &v, &v, &v }, .dst = { F32(SHAPE_SCALAR, 110 * 110 * 110) } });
    check(&(Run){ EQUATION("i,i->i"), .src = { &I64(SHAPE(2), INT64_MAX, 3), &I64(SHAPE(2), 1, 7) },
                  .dst = { I64(SHAPE(2), INT64_MAX, 21) } });
    check(&(Run){ EQUATION("ij->i"), .src = { &EMPTY(DTYPE_F32, SHAPE(2, 0)) },
                  .dst = { F32(SHAPE(2), 0, 0) } });
}

static void test_einsum_refuses_what_makes_no_sense(void **state) {
    (void)state;
    Tensor m = F32(SHAPE(2, 2), 1, 2, 3, 4), v = F32(SHAPE(3), 1, 2, 3);
    static const struct {
        Attribute equation;
        const char *error;
    } cases[] = {
        { STRING("equation", "ij,j->i"), "expected 2" },
        { STRING("equation", "ij"), "fewer terms" },
        { STRING("equation", "ij,k,l->i"), "more terms" },
        { STRING("equation", "ij,k->ii"), "once" },
        { STRING("equation", "ij,k->z"), "once" },
        { STRING("equation", "i,k->i"), "term 0" },
        { STRING("equation", "i..j,k->i"), "..." },
        { STRING("equation", "i1,k->i"), "letters" },
        { STRING("equation", "ij,k->i->k"), "goes on" },
        { STRING("equation", "abcdefghi,k->k"), "too many" },
        { STRING("equation", "ij,k-"), "more terms" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        check_fails(&(Run){ .op = "Einsum",
                            .attributes = { cases[i].equation },
                            .src = { &m, &v },
                            .dst = { F32(SHAPE(2), 0, 0) } },
                    STATUS_INVALID_ARGUMENT, cases[i].error);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attention_averages_what_matches),
        cmocka_unit_test(test_attention_keeps_a_cache),
        cmocka_unit_test(test_attention_shows_scores_of_each_stage),
        cmocka_unit_test(test_attention_of_packed_and_shared_heads),
        cmocka_unit_test(test_linear_attention_decays_and_corrects),
        cmocka_unit_test(test_causal_convolution_carries_its_past),
        cmocka_unit_test(test_tensor_scatter_writes_lines_and_circles),
        cmocka_unit_test(test_bit_cast_keeps_the_bits),
        cmocka_unit_test(test_einsum_forms),
        cmocka_unit_test(test_einsum_refuses_what_makes_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
