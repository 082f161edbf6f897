/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the inference functions share. Each operator's function is declared here once and named by
 * its row in op_schema.c; they lie in infer_<family>.c. A function may rely on what op_infer has
 * checked: arity, presence of the required inputs, and the type of input 0 if it is known. It may
 * not rely on anything else.
 */

#include "runtime/graph/op_schema.h"

#define TYPES_FLOAT                                                                                \
    (DTYPE_BIT(DTYPE_F16) | DTYPE_BIT(DTYPE_BF16) | DTYPE_BIT(DTYPE_F32) | DTYPE_BIT(DTYPE_F64))
#define TYPES_FLOAT8                                                                               \
    (DTYPE_BIT(DTYPE_F8E4M3FN) | DTYPE_BIT(DTYPE_F8E4M3FNUZ) | DTYPE_BIT(DTYPE_F8E5M2) |           \
     DTYPE_BIT(DTYPE_F8E5M2FNUZ))
#define TYPES_SIGNED                                                                               \
    (DTYPE_BIT(DTYPE_I8) | DTYPE_BIT(DTYPE_I16) | DTYPE_BIT(DTYPE_I32) | DTYPE_BIT(DTYPE_I64))
#define TYPES_UNSIGNED                                                                             \
    (DTYPE_BIT(DTYPE_U8) | DTYPE_BIT(DTYPE_U16) | DTYPE_BIT(DTYPE_U32) | DTYPE_BIT(DTYPE_U64))
#define TYPES_INTEGER (TYPES_SIGNED | TYPES_UNSIGNED)
#define TYPES_NUMERIC (TYPES_FLOAT | TYPES_INTEGER)
#define TYPES_WIDE                                                                                 \
    (TYPES_FLOAT | DTYPE_BIT(DTYPE_I32) | DTYPE_BIT(DTYPE_I64) | DTYPE_BIT(DTYPE_U32) |            \
     DTYPE_BIT(DTYPE_U64))
#define TYPES_INDEX (DTYPE_BIT(DTYPE_I32) | DTYPE_BIT(DTYPE_I64))
#define TYPES_BOOL  DTYPE_BIT(DTYPE_BOOL)
#define TYPES_4_AND_2_BITS                                                                         \
    (DTYPE_BIT(DTYPE_U4) | DTYPE_BIT(DTYPE_I4) | DTYPE_BIT(DTYPE_U2) | DTYPE_BIT(DTYPE_I2) |       \
     DTYPE_BIT(DTYPE_F4E2M1))
#define TYPES_8_BITS    (DTYPE_BIT(DTYPE_U8) | DTYPE_BIT(DTYPE_I8))
#define TYPES_16_BITS   (DTYPE_BIT(DTYPE_U16) | DTYPE_BIT(DTYPE_I16))
#define TYPES_QUANTIZED (TYPES_8_BITS | TYPES_16_BITS | TYPES_FLOAT8 | TYPES_4_AND_2_BITS)
#define TYPES_REAL      (DTYPE_BIT(DTYPE_F32) | DTYPE_BIT(DTYPE_F16) | DTYPE_BIT(DTYPE_BF16))

/* NULL where it is left out, also beyond the last one. */
const InferPort *infer_input(const InferCall *call, size_t index);
/* Does nothing where the output is not wanted. */
void infer_set_output(InferCall *call, size_t index, DType dtype, const Shape *shape);

/* INVALID_ARGUMENT unless the input is left out, its type unknown, or among types. */
Status infer_check_types(const InferCall *call, size_t index, uint32_t types);
/* Inputs [first, end) that are there have one type: ret_dtype, INVALID while none is known. */
Status infer_same_dtype(const InferCall *call, size_t first, size_t end, DType *ret_dtype);
/* The input, if there, is a scalar or has one element, as far as known. */
Status infer_check_scalar(const InferCall *call, size_t index);
/* The input, if there, has this shape, as far as both are known. */
Status infer_check_shape(const InferCall *call, size_t index, const Shape *expected);
/* May actual be broadcast to target without changing it? */
Status infer_check_broadcast_to(const InferCall *call, size_t index, const Shape *target);

/* A short list of integers that an operator takes as an input: dims, axes, pads. */
enum { INT_LIST_MAX = 2 * SHAPE_MAX_RANK };
typedef struct IntList {
    bool present; /* the input is there */
    bool known;   /* items are: it has content */
    bool count_known;
    size_t count;
    int64_t items[INT_LIST_MAX];
} IntList;

/* INVALID_ARGUMENT for another type, rank above 1, or more than most items. */
Status infer_int_list(const InferCall *call, size_t index, size_t most, IntList *ret_list);
/* Makes axes 0..rank-1 and marks them; an axis given twice or out of range is an error. */
Status infer_mark_axes(IntList *axes, int32_t rank, bool marks[static SHAPE_MAX_RANK]);

/* Product of dims [begin, end): DIM_UNKNOWN if one is and none is 0. INVALID_ARGUMENT on overflow.
 */
Status infer_product(const Shape *shape, size_t begin, size_t end, int64_t *ret_product);
/* rank dims that are all unknown */
Shape infer_unknown_dims(int32_t rank);

/* One a row, or shared by rows alike; see op_schema.c. */
Status infer_if(InferCall *call);
Status infer_loop(InferCall *call);
Status infer_scan(InferCall *call);
Status infer_sequence_empty(InferCall *call);
Status infer_sequence_construct(InferCall *call);
Status infer_sequence_insert(InferCall *call);
Status infer_sequence_erase(InferCall *call);
Status infer_sequence_at(InferCall *call);
Status infer_sequence_length(InferCall *call);
Status infer_split_to_sequence(InferCall *call);
Status infer_concat_from_sequence(InferCall *call);
Status infer_sequence_map(InferCall *call);
Status infer_optional(InferCall *call);
Status infer_optional_get_element(InferCall *call);
Status infer_optional_has_element(InferCall *call);
Status infer_same(InferCall *call);
Status infer_predicate(InferCall *call);
Status infer_broadcast(InferCall *call);
Status infer_compare(InferCall *call);
Status infer_where(InferCall *call);
Status infer_pow(InferCall *call);
Status infer_prelu(InferCall *call);
Status infer_clip(InferCall *call);
Status infer_cast(InferCall *call);
Status infer_cast_like(InferCall *call);
Status infer_dropout(InferCall *call);
Status infer_mod(InferCall *call);
Status infer_axis_same(InferCall *call);
Status infer_conv(InferCall *call);
Status infer_pool(InferCall *call);
Status infer_global_pool(InferCall *call);
Status infer_lrn(InferCall *call);
Status infer_batch_normalization(InferCall *call);
Status infer_gemm(InferCall *call);
Status infer_matmul(InferCall *call);
Status infer_concat(InferCall *call);
Status infer_pad(InferCall *call);
Status infer_transpose(InferCall *call);
Status infer_constant_of_shape(InferCall *call);
Status infer_flatten(InferCall *call);
Status infer_reshape(InferCall *call);
Status infer_squeeze(InferCall *call);
Status infer_unsqueeze(InferCall *call);
Status infer_constant(InferCall *call);
Status infer_shape(InferCall *call);
Status infer_size(InferCall *call);
Status infer_gather(InferCall *call);
Status infer_slice(InferCall *call);
Status infer_split(InferCall *call);
Status infer_range(InferCall *call);
Status infer_expand(InferCall *call);
Status infer_tile(InferCall *call);
Status infer_reduce(InferCall *call);
Status infer_arg(InferCall *call);
Status infer_quantize_linear(InferCall *call);
Status infer_dequantize_linear(InferCall *call);
Status infer_dynamic_quantize_linear(InferCall *call);
Status infer_conv_integer(InferCall *call);
Status infer_qlinear_add(InferCall *call);
Status infer_qlinear_conv(InferCall *call);
Status infer_matmul_integer(InferCall *call);
Status infer_qlinear_matmul(InferCall *call);
Status infer_layer_normalization(InferCall *call);
Status infer_rms_normalization(InferCall *call);
Status infer_group_normalization(InferCall *call);
Status infer_mean_variance_normalization(InferCall *call);
Status infer_loss(InferCall *call);
Status infer_gather_elements(InferCall *call);
Status infer_gather_nd(InferCall *call);
Status infer_scatter_elements(InferCall *call);
Status infer_scatter_nd(InferCall *call);
Status infer_one_hot(InferCall *call);
Status infer_compress(InferCall *call);
Status infer_non_zero(InferCall *call);
Status infer_top_k(InferCall *call);
Status infer_unique(InferCall *call);
Status infer_depth_to_space(InferCall *call);
Status infer_space_to_depth(InferCall *call);
Status infer_center_crop_pad(InferCall *call);
Status infer_trilu(InferCall *call);
Status infer_eye_like(InferCall *call);
Status infer_cumulative(InferCall *call);
Status infer_reverse_sequence(InferCall *call);
Status infer_det(InferCall *call);
Status infer_attention(InferCall *call);
Status infer_linear_attention(InferCall *call);
Status infer_causal_conv(InferCall *call);
Status infer_tensor_scatter(InferCall *call);
Status infer_bit_cast(InferCall *call);
Status infer_einsum(InferCall *call);
Status infer_resize(InferCall *call);
Status infer_grid_sample(InferCall *call);
Status infer_affine_grid(InferCall *call);
Status infer_roi_align(InferCall *call);
Status infer_max_roi_pool(InferCall *call);
Status infer_non_max_suppression(InferCall *call);
Status infer_ml_to_f32(InferCall *call);
Status infer_linear_classifier(InferCall *call);
Status infer_linear_regressor(InferCall *call);
Status infer_svm_classifier(InferCall *call);
Status infer_svm_regressor(InferCall *call);
Status infer_tree_classifier(InferCall *call);
Status infer_tree_regressor(InferCall *call);
Status infer_tree_ensemble(InferCall *call);
Status infer_label_encoder(InferCall *call);
Status infer_category_mapper(InferCall *call);
Status infer_one_hot_encoder(InferCall *call);
Status infer_feature_vectorizer(InferCall *call);
Status infer_array_feature_extractor(InferCall *call);
Status infer_recurrent(InferCall *call);
Status infer_dft(InferCall *call);
Status infer_stft(InferCall *call);
Status infer_window(InferCall *call);
Status infer_mel_weight_matrix(InferCall *call);
Status infer_conv_transpose(InferCall *call);
Status infer_col2im(InferCall *call);
Status infer_max_unpool(InferCall *call);
Status infer_deform_conv(InferCall *call);
Status infer_instance_normalization(InferCall *call);
Status infer_lp_pool(InferCall *call);
Status infer_global_lp_pool(InferCall *call);
Status infer_lp_normalization(InferCall *call);
Status infer_bernoulli(InferCall *call);
Status infer_multinomial(InferCall *call);
Status infer_random(InferCall *call);
Status infer_random_like(InferCall *call);
Status infer_string_split(InferCall *call);
Status infer_string_normalizer(InferCall *call);
Status infer_tf_idf_vectorizer(InferCall *call);
