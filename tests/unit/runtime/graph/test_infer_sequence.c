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

static void test_attention(void **state) {
    (void)state;
    const Case cases[] = {
        { "Attention", "float32[2,4,5,9] float32[2,2,7,8] float16[2,2,7,9] float32[2,4,5,7]",
          IN(F(2, 4, 5, 8), F(2, 2, 3, 8), T(F16, 2, 2, 3, 9), NONE, F(2, 2, 4, 8),
             T(F16, 2, 2, 4, 9)),
          .outputs = 4 },
        { "Attention", "float32[?,5,12]", IN(F(U, 5, 8), F(U, U, 4), F(U, U, 6)),
          AT(INT("q_num_heads", 4), INT("kv_num_heads", 2)) },
        { "Attention", "! q_num_heads", IN(F(2, 5, 8), F(2, 5, 8), F(2, 5, 8)) },
        { "Attention", "! no 3 equal heads", IN(F(2, 5, 8), F(2, 5, 8), F(2, 5, 8)),
          AT(INT("q_num_heads", 3), INT("kv_num_heads", 2)) },
        { "Attention", "! 3 heads of queries cannot share 2",
          IN(F(2, 3, 5, 8), F(2, 2, 5, 8), F(2, 2, 5, 8)) },
        { "Attention", "! both or none",
          IN(F(2, 2, 5, 8), F(2, 2, 5, 8), F(2, 2, 5, 8), NONE, F(2, 2, 1, 8)) },
        { "Attention", "! mask [5,6] cannot be broadcast",
          IN(F(2, 2, 5, 8), F(2, 2, 5, 8), F(2, 2, 5, 8), F(5, 6)) },
        { "Attention", "! overflow",
          IN(F(1, 1, 0, 1), F(1, 1, BIG, 1), F(1, 1, BIG, 1), NONE, F(1, 1, 2, 1), F(1, 1, 2, 1)) },
        { "Attention", "! qk_matmul_output_mode", IN(F(1, 1, 1, 1), F(1, 1, 1, 1), F(1, 1, 1, 1)),
          AT(INT("qk_matmul_output_mode", 4)) },
        { "LinearAttention", "float32[2,5,16] float16[2,2,3,4]",
          IN(F(2, 5, 12), F(2, 5, 6), F(2, 5, 8), T(F16, 2, 2, 3, 4)),
          AT(INT("q_num_heads", 4), INT("kv_num_heads", 2), TEXT("update_rule", "linear")),
          .outputs = 2 },
        { "LinearAttention", "! update_rule", IN(F(2, 5, 9), F(2, 5, 6), F(2, 5, 8)),
          AT(TEXT("update_rule", "cubic")) },
        { "CausalConvWithState", "float32[2,3,5] float32[2,3,3]", IN(F(2, 3, 5), F(3, 1, 4)),
          .outputs = 2 },
        { "CausalConvWithState", "! no taps", IN(F(2, 3, 5), F(3, 1, 0)) },
        { "CausalConvWithState", "! input 1", IN(F(2, 3, 5), F(3, 2, 4)) },
        { "TensorScatter", "float32[2,9,4]", IN(F(2, 9, 4), F(2, 3, 4), I(2)) },
        { "TensorScatter", "! batch", IN(F(2, 9, 4), F(2, 3, 4)), AT(INT("axis", 0)) },
        { "TensorScatter", "! input 1", IN(F(2, 9, 4), F(2, 3, 5)) },
        { "BitCast", "int32[2]", IN(F(2)), AT(INT("to", DTYPE_I32)) },
        { "BitCast", "! not as wide", IN(F(2)), AT(INT("to", DTYPE_I64)) },
        { "BitCast", "! fixed size", IN(F(2)), AT(INT("to", DTYPE_STRING)) },
        { "Einsum", "float32[?,4]", IN(F(U, 3), F(3, 4)), AT(TEXT("equation", "ij,jk->ik")) },
        { "Einsum", "float32[...]", IN(UNRANKED(F32), F(3, 4)), AT(TEXT("equation", "ij,jk->ik")) },
        { "Einsum", "float32[7,2,4]", IN(F(7, 1, 2, 3), F(5, 3, 4)),
          AT(TEXT("equation", "a...ij,...jk->aik")) },
        { "Einsum", "! expected 3", IN(F(U, 3), F(5, 4)), AT(TEXT("equation", "ij,jk->ik")) },
    };
    CHECK_ALL(cases);
}

static void test_recurrence(void **state) {
    (void)state;
    const Case cases[] = {
        { "LSTM", "float32[5,1,2,3] float32[1,2,3] float32[1,2,3]",
          IN(F(5, 2, 7), F(1, 12, 7), F(1, 12, 3)), .outputs = 3 },
        { "GRU", "float32[5,2,2,3] float32[5,2,3]",
          IN(F(5, 2, 7), F(2, 9, 7), F(2, 9, 3), F(2, 18), T(I32, 5)),
          AT(TEXT("direction", "bidirectional"), INT("layout", 1)), .outputs = 2 },
        { "RNN", "float32[?,1,?,3]", IN(UNRANKED(F32), F(1, 3, 7), F(1, 3, 3)) },
        { "LSTM", "! expected 9, got 12", IN(F(5, 2, 7), F(1, 9, 7), F(1, 9, 3)) },
        { "LSTM", "! hidden_size: expected 3, got 4", IN(F(5, 2, 7), F(1, 12, 7), F(1, 12, 3)),
          AT(INT("hidden_size", 4)) },
        { "LSTM", "! input 7",
          IN(F(5, 2, 7), F(1, 12, 7), F(1, 12, 3), NONE, NONE, NONE, NONE, F(1, 12)) },
        { "GRU", "! too large", IN(F(5, 2, 7), UNRANKED(F32), F(1, U, BIG / 2)) },
        { "RNN", "! direction", IN(F(5, 2, 7), F(1, 3, 7), F(1, 3, 3)), AT(TEXT("direction", "")) },
    };
    CHECK_ALL(cases);
}

static void test_signals(void **state) {
    (void)state;
    const Case cases[] = {
        { "DFT", "float32[2,5,2]", IN(F(2, 5, 1)) },
        { "DFT", "float32[2,9,2]", IN(F(2, 5, 2), NUMBER(I64, int64_t, 9)) },
        { "DFT", "float32[2,?,2]", IN(F(2, 5, 2), SCALAR(I64)) },
        { "DFT", "float32[3,5,2]", IN(F(4, 5, 1), NONE, NUMBER(I64, int64_t, 0)),
          AT(INT("onesided", 1)) },
        { "DFT", "float32[2,8,1]", IN(F(2, 5, 2)), AT(INT("onesided", 1), INT("inverse", 1)) },
        { "DFT", "! the parts of numbers", IN(F(2, 5, 2), NONE, NUMBER(I64, int64_t, -1)) },
        { "DFT", "! last dim", IN(F(2, 5, 3)) },
        { "DFT", "! last dim", IN(F(2, 5, 2)), AT(INT("onesided", 1)) },
        { "DFT", "! dft_length", IN(F(2, 1, 2)), AT(INT("onesided", 1), INT("inverse", 1)) },
        { "DFT", "! dft_length", IN(F(2, BIG, 2)), AT(INT("onesided", 1), INT("inverse", 1)) },
        { "STFT", "float32[2,4,9,2]",
          IN(F(2, 64, 1), NUMBER(I64, int64_t, 16), NONE, NUMBER(I64, int64_t, 16)) },
        { "STFT", "float32[2,0,101,2]", IN(F(2, 64, 1), NUMBER(I64, int64_t, 16), F(200)) },
        { "STFT", "! frame_step", IN(F(2, 64, 1), NUMBER(I64, int64_t, 0), F(20)) },
        { "STFT", "! last dim", IN(F(2, 64, 2), NUMBER(I64, int64_t, 1), F(20)) },
        { "HannWindow", "int32[7]", IN(NUMBER(I64, int64_t, 7)),
          AT(INT("output_datatype", DTYPE_I32)) },
        { "HannWindow", "! size", IN(NUMBER(I64, int64_t, -7)) },
        { "HannWindow", "! output_datatype", IN(NUMBER(I64, int64_t, 7)),
          AT(INT("output_datatype", DTYPE_STRING)) },
        { "MelWeightMatrix", "float32[9,3]",
          IN(NUMBER(I64, int64_t, 3), NUMBER(I64, int64_t, 16), NUMBER(I64, int64_t, 100),
             SCALAR(F32), SCALAR(F32)) },
        { "MelWeightMatrix", "! sample_rate",
          IN(NUMBER(I64, int64_t, 3), NUMBER(I64, int64_t, 16), NUMBER(I64, int64_t, 0),
             SCALAR(F32), SCALAR(F32)) },
    };
    CHECK_ALL(cases);
}

static void test_text_and_chance(void **state) {
    (void)state;
    const Case cases[] = {
        { "StringSplit", "string[2,?] int64[2]", IN(T(STRING, 2)), .outputs = 2 },
        { "StringSplit", "! limit", IN(T(STRING, 1, 1, 1, 1, 1, 1, 1, 1)) },
        { "StringNormalizer", "string[1,?]", IN(T(STRING, 1, 3)) },
        { "StringNormalizer", "! [2,3]", IN(T(STRING, 2, 3)) },
        { "StringConcat", "string[2,3]", IN(T(STRING, 2, 1), T(STRING, 3)) },
        { "TfIdfVectorizer", "float32[?,6]", IN(I(U, 9)), AT(INTS("ngram_indexes", 0, 5)) },
        { "TfIdfVectorizer", "! no coordinate", IN(I(9)), AT(INTS("ngram_indexes", INT64_MAX)) },
        { "TfIdfVectorizer", "! no coordinate", IN(I(9)), AT(INTS("ngram_indexes", -1)) },
        { "RandomNormalLike", "float16[2]", IN(T(STRING, 2)), AT(INT("dtype", DTYPE_F16)) },
        { "RandomUniformLike", "! dtype", IN(T(STRING, 2)) },
        { "Bernoulli", "bool[2]", IN(F(2)), AT(INT("dtype", DTYPE_BOOL)) },
        { "Multinomial", "int64[2,5]", IN(F(2, 3)),
          AT(INT("dtype", DTYPE_I64), INT("sample_size", 5)) },
        { "Multinomial", "! sample_size", IN(F(2, 3)), AT(INT("sample_size", -5)) },
        { "Multinomial", "! [batch,classes]", IN(F(3)) },
    };
    CHECK_ALL(cases);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norms),     cmocka_unit_test(test_losses),
        cmocka_unit_test(test_attention), cmocka_unit_test(test_recurrence),
        cmocka_unit_test(test_signals),   cmocka_unit_test(test_text_and_chance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
