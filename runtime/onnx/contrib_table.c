/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The rows of com.microsoft and of ONNX's preview domains, version 1 of each. A quantised operator
 * is the plain one between DequantizeLinear and QuantizeLinear, which may round a tie to the other
 * side than a runtime that computes it in one piece.
 *
 * Source: ONNX Runtime's document of contributed operators; ONNX preview operators, version 1.
 */

#include "runtime/onnx/contrib.h"

#include "runtime/base/size.h"

#include <string.h>

#define EMBED_OUTPUTS "output mask_index sum"
#define EMBED_BODY                                                                                 \
    "w = Gather(words ids); e = Add(w p); s = Gather?(segments segment_ids); sum = Add?(e s); "    \
    "output = LayerNormalization(sum gamma beta) {axis=-1 epsilon=$epsilon:1e-12}"
#define FIRST_POSITIONS "n = Shape(ids) {start=1 end=2}; p = Slice(positions #0 n #0); "
#define GIVEN_POSITIONS "p = Gather(positions position_ids); "
#define COUNT_MASK      "mask_index = ReduceSum(mask #1) {keepdims=0}; "
#define NO_MASK         "z = Sub(ids ids); mask_index = ReduceSum(z #1) {keepdims=0}; "

/* clang-format off */
#define MS       "com.microsoft"
#define PREVIEW  "ai.onnx.preview"
#define TRAINING "ai.onnx.preview.training"

static const ContribRow ROWS[] = {
    { PREVIEW, "FlexAttention", { "q k v", "y", NULL }, contrib_flex_attention,
      "attention whose scores and probabilities pass through graphs" },
    { TRAINING, "Adagrad", { NULL, NULL, NULL }, contrib_optimiser,
      "one step of Adagrad on any number of tensors" },
    { TRAINING, "Adam", { NULL, NULL, NULL }, contrib_optimiser,
      "one step of Adam on any number of tensors" },
    { TRAINING, "Gradient", { NULL, NULL, NULL }, contrib_gradient,
      "derivatives through Add, Sub, Mul, Neg and Identity at one known shape" },
    { TRAINING, "Momentum", { NULL, NULL, NULL }, contrib_optimiser,
      "one step with momentum, plain or Nesterov's, on any number of tensors" },
    { MS, "Attention",
      { "input weights bias? mask? past? added?", "output present", NULL }, contrib_attention,
      "self attention from one packed projection, with mask and past" },
    { MS, "BiasAdd", { "x bias skip", "y", "s = Add(x bias); y = Add(s skip)" }, NULL,
      "x + bias + skip" },
    { MS, "BiasGelu", { "x bias", "y", "s = Add(x bias); y = Gelu(s)" }, NULL,
      "Gelu(x + bias)" },
    { MS, "DequantizeLinear", { "x scale zero?", "y", "y = DequantizeLinear(x scale zero) {*}" }, NULL,
      "as the standard one, in 16 and 4 bits too" },
    { MS, "DynamicQuantizeMatMul",
      { "a b b_scale b_zero? bias?", "y",
        "q, s, z = DynamicQuantizeLinear(a); p = MatMulInteger(q b z b_zero); f = CastLike(p s); "
        "t = Mul(s b_scale); r = Mul(f t); y = Add?(r bias)" }, NULL,
      "a quantised by its own range, times 8-bit weights" },
    { MS, "EmbedLayerNormalization",
      { "ids segment_ids? words positions segments? gamma beta", EMBED_OUTPUTS,
        FIRST_POSITIONS NO_MASK EMBED_BODY }, NULL,
      "words, positions and segments looked up, added and normalised" },
    { MS, "EmbedLayerNormalization",
      { "ids segment_ids? words positions segments? gamma beta mask", EMBED_OUTPUTS,
        FIRST_POSITIONS COUNT_MASK EMBED_BODY }, NULL, NULL },
    { MS, "EmbedLayerNormalization",
      { "ids segment_ids? words positions segments? gamma beta mask position_ids", EMBED_OUTPUTS,
        GIVEN_POSITIONS COUNT_MASK EMBED_BODY }, NULL, NULL },
    { MS, "EmbedLayerNormalization",
      { "ids segment_ids? words positions segments? gamma beta mask? position_ids", EMBED_OUTPUTS,
        GIVEN_POSITIONS NO_MASK EMBED_BODY }, NULL, NULL },
    { MS, "FastGelu", { "x bias?", "y", "s = Add?(x bias); y = Gelu(s) {approximate=tanh}" }, NULL,
      "Gelu(x + bias) in its tanh form" },
    { MS, "FusedConv", { "x w bias? z?", "y", NULL }, contrib_fused_conv,
      "Conv, a residual, an activation" },
    { MS, "FusedGemm", { "a b c?", "y", NULL }, contrib_fused_gemm,
      "Gemm and an activation" },
    { MS, "FusedMatMul", { "a b", "y", NULL }, contrib_fused_matmul,
      "alpha * a * b, either transposed" },
    { MS, "GatherND", { "x indices", "y", "y = GatherND(x indices) {*}" }, NULL,
      "as the standard one" },
    { MS, "Gelu", { "x", "y", "y = Gelu(x)" }, NULL,
      "x * (1 + erf(x / sqrt(2))) / 2" },
    { MS, "MatMulIntegerToFloat",
      { "a b a_scale b_scale a_zero? b_zero? bias?", "y",
        "p = MatMulInteger(a b a_zero b_zero); f = CastLike(p a_scale); s = Mul(a_scale b_scale); "
        "r = Mul(f s); y = Add?(r bias)" }, NULL,
      "product of 8-bit matrices, scaled to float" },
    { MS, "MatMulNBits", { "a b scales zeros? order? bias?", "y", NULL }, contrib_matmul_nbits,
      "product with weights of 2, 4 or 8 bits, scaled by block" },
    { MS, "MultiHeadAttention",
      { "query key? value? bias? padding? added? past_key? past_value?",
        "output present_key present_value", NULL }, contrib_multi_head_attention,
      "attention of projected queries, keys and values, with mask and past" },
    { MS, "QLinearAdd",
      { "a a_scale a_zero? b b_scale b_zero? scale zero", "y",
        "x = DequantizeLinear(a a_scale a_zero); z = DequantizeLinear(b b_scale b_zero); "
        "s = Add(x z); y = QuantizeLinear(s scale zero)" }, NULL,
      "sum of quantised tensors" },
    { MS, "QLinearAveragePool", { "x x_scale x_zero? scale zero", "y", NULL }, contrib_qlinear_pool,
      "AveragePool of a quantised tensor" },
    { MS, "QLinearConcat", { NULL, "y", NULL }, contrib_qlinear_concat,
      "Concat of quantised tensors" },
    { MS, "QLinearGlobalAveragePool", { "x x_scale x_zero? scale zero", "y", NULL },
      contrib_qlinear_pool,
      "GlobalAveragePool of a quantised tensor" },
    { MS, "QLinearLeakyRelu",
      { "x x_scale x_zero? scale zero", "y",
        "f = DequantizeLinear(x x_scale x_zero); r = LeakyRelu(f) {alpha=$alpha:0.01}; "
        "y = QuantizeLinear(r scale zero)" }, NULL,
      "LeakyRelu of a quantised tensor" },
    { MS, "QLinearMul",
      { "a a_scale a_zero? b b_scale b_zero? scale zero", "y",
        "x = DequantizeLinear(a a_scale a_zero); z = DequantizeLinear(b b_scale b_zero); "
        "s = Mul(x z); y = QuantizeLinear(s scale zero)" }, NULL,
      "product of quantised tensors, element by element" },
    { MS, "QLinearReduceMean",
      { "x x_scale x_zero? scale zero", "y",
        "f = DequantizeLinear(x x_scale x_zero); r = ReduceMean(f $axes) {keepdims=$keepdims:1}; "
        "y = QuantizeLinear(r scale zero)" }, NULL,
      "ReduceMean of a quantised tensor" },
    { MS, "QLinearSigmoid",
      { "x x_scale x_zero? scale zero", "y",
        "f = DequantizeLinear(x x_scale x_zero); r = Sigmoid(f); y = QuantizeLinear(r scale zero)" },
      NULL,
      "Sigmoid of a quantised tensor" },
    { MS, "QLinearSoftmax",
      { "x x_scale x_zero? scale zero", "y",
        "f = DequantizeLinear(x x_scale x_zero); r = Softmax(f) {axis=$axis:-1}; "
        "y = QuantizeLinear(r scale zero)" }, NULL,
      "Softmax of a quantised tensor" },
    { MS, "QLinearWhere",
      { "condition a a_scale a_zero b b_scale b_zero scale zero", "y",
        "x = DequantizeLinear(a a_scale a_zero); z = DequantizeLinear(b b_scale b_zero); "
        "s = Where(condition x z); y = QuantizeLinear(s scale zero)" }, NULL,
      "Where of quantised tensors" },
    { MS, "QuantizeLinear", { "x scale zero?", "y", "y = QuantizeLinear(x scale zero) {*}" }, NULL,
      "as the standard one, in 16 and 4 bits too" },
    { MS, "QuickGelu", { "x", "y", "y = Swish(x) {alpha=$alpha:1.702}" }, NULL,
      "x * sigmoid(alpha * x)" },
    { MS, "RotaryEmbedding", { "x position_ids cos sin", "y", NULL }, contrib_rotary_embedding,
      "pairs of each head turned by an angle for their position" },
    { MS, "SkipLayerNormalization",
      { "x skip gamma beta? bias?", "y mean inverse sum",
        "s = Add(x skip); sum = Add?(s bias); y, mean, inverse = LayerNormalization(sum gamma beta) "
        "{axis=-1 epsilon=$epsilon:1e-12}" }, NULL,
      "LayerNormalization of x + skip + bias" },
    { MS, "SkipSimplifiedLayerNormalization",
      { "x skip gamma bias?", "y mean inverse sum",
        "s = Add(x skip); sum = Add?(s bias); y = RMSNormalization(sum gamma) "
        "{axis=-1 epsilon=$epsilon:1e-12}" }, NULL,
      "RMSNormalization of x + skip + bias" },
    { MS, "TransposeMatMul", { "a b", "y", NULL }, contrib_fused_matmul,
      "older name of FusedMatMul" },
    { MS, "Trilu", { "x k?", "y", "y = Trilu(x k) {*}" }, NULL,
      "as the standard one" },
};
/* clang-format on */

const ContribRow *contrib_table(size_t *ret_count) {
    *ret_count = ARRAY_LENGTH(ROWS);
    return ROWS;
}

static bool is_for(const ContribRow *row, const char *domain, const char *op) {
    return strcmp(row->domain, domain) == 0 && strcmp(row->op, op) == 0;
}

bool contrib_covers(const char *domain, const char *op) {
    for (size_t i = 0; i < ARRAY_LENGTH(ROWS); i++)
        if (is_for(&ROWS[i], domain, op))
            return true;
    return false;
}

bool contrib_has_domain(WireBytes domain) {
    for (size_t i = 0; i < ARRAY_LENGTH(ROWS); i++)
        if (strlen(ROWS[i].domain) == domain.length &&
            memcmp(ROWS[i].domain, domain.data, domain.length) == 0)
            return true;
    return false;
}

Status contrib_upgrade(ImportContext *context, NodeDraft *draft) {
    for (size_t i = 0; i < ARRAY_LENGTH(ROWS); i++) {
        const ContribRow *row = &ROWS[i];
        if (!is_for(row, draft->domain, draft->op) ||
            (row->recipe.inputs && !recipe_fits(row->recipe.inputs, draft)))
            continue;
        return row->upgrade ? row->upgrade(context, draft)
                            : recipe_expand(context, draft, &row->recipe);
    }
    return status_error(STATUS_INVALID_ARGUMENT,
                        "the %u inputs are too few or too many, or a required one is left out",
                        draft->input_count);
}
