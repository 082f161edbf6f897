/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Every reference kernel, once: the list below makes the prototypes here and the table in
 * reference_table.c. X(domain, operator, function behind reference_), sorted by domain and
 * operator.
 */

#include "runtime/cpu/kernel.h"

/* clang-format off */
#define REFERENCE_KERNELS(X)                                \
    X("", "Abs", abs)                                       \
    X("", "Acos", acos)                                     \
    X("", "Acosh", acosh)                                   \
    X("", "Add", add)                                       \
    X("", "AffineGrid", affine_grid)                        \
    X("", "And", and)                                       \
    X("", "ArgMax", arg_max)                                \
    X("", "ArgMin", arg_min)                                \
    X("", "Asin", asin)                                     \
    X("", "Asinh", asinh)                                   \
    X("", "Atan", atan)                                     \
    X("", "Atanh", atanh)                                   \
    X("", "Attention", attention)                           \
    X("", "AveragePool", average_pool)                      \
    X("", "BatchNormalization", batch_normalization)        \
    X("", "Bernoulli", bernoulli)                           \
    X("", "BitCast", bit_cast)                              \
    X("", "BitShift", bit_shift)                            \
    X("", "BitwiseAnd", bitwise_and)                        \
    X("", "BitwiseNot", bitwise_not)                        \
    X("", "BitwiseOr", bitwise_or)                          \
    X("", "BitwiseXor", bitwise_xor)                        \
    X("", "BlackmanWindow", blackman_window)                \
    X("", "Cast", cast)                                     \
    X("", "CastLike", cast_like)                            \
    X("", "CausalConvWithState", causal_conv_with_state)    \
    X("", "Ceil", ceil)                                     \
    X("", "Celu", celu)                                     \
    X("", "CenterCropPad", center_crop_pad)                 \
    X("", "Clip", clip)                                     \
    X("", "Col2Im", col2im)                                 \
    X("", "Compress", compress)                             \
    X("", "Concat", concat)                                 \
    X("", "ConcatFromSequence", concat_from_sequence)       \
    X("", "ConstantOfShape", constant_of_shape)             \
    X("", "Conv", conv)                                     \
    X("", "ConvInteger", conv_integer)                      \
    X("", "ConvTranspose", conv_transpose)                  \
    X("", "Cos", cos)                                       \
    X("", "Cosh", cosh)                                     \
    X("", "CumProd", cum_prod)                              \
    X("", "CumSum", cum_sum)                                \
    X("", "DFT", dft)                                       \
    X("", "DeformConv", deform_conv)                        \
    X("", "DepthToSpace", depth_to_space)                   \
    X("", "DequantizeLinear", dequantize_linear)            \
    X("", "Det", det)                                       \
    X("", "Div", div)                                       \
    X("", "Dropout", dropout)                               \
    X("", "DynamicQuantizeLinear", dynamic_quantize_linear) \
    X("", "Einsum", einsum)                                 \
    X("", "Elu", elu)                                       \
    X("", "Equal", equal)                                   \
    X("", "Erf", erf)                                       \
    X("", "Exp", exp)                                       \
    X("", "Expand", expand)                                 \
    X("", "EyeLike", eye_like)                              \
    X("", "Flatten", reshape)                               \
    X("", "Floor", floor)                                   \
    X("", "GRU", gru)                                       \
    X("", "Gather", gather)                                 \
    X("", "GatherElements", gather_elements)                \
    X("", "GatherND", gather_nd)                            \
    X("", "Gelu", gelu)                                     \
    X("", "Gemm", gemm)                                     \
    X("", "GlobalAveragePool", global_average_pool)         \
    X("", "GlobalLpPool", global_lp_pool)                   \
    X("", "GlobalMaxPool", global_max_pool)                 \
    X("", "Greater", greater)                               \
    X("", "GreaterOrEqual", greater_or_equal)               \
    X("", "GridSample", grid_sample)                        \
    X("", "GroupNormalization", group_normalization)        \
    X("", "HammingWindow", hamming_window)                  \
    X("", "HannWindow", hann_window)                        \
    X("", "HardSigmoid", hard_sigmoid)                      \
    X("", "HardSwish", hard_swish)                          \
    X("", "Hardmax", hardmax)                               \
    X("", "Identity", identity)                             \
    X("", "If", if)                                         \
    X("", "InstanceNormalization", instance_normalization)  \
    X("", "IsInf", is_inf)                                  \
    X("", "IsNaN", is_nan)                                  \
    X("", "LRN", lrn)                                       \
    X("", "LSTM", lstm)                                     \
    X("", "LayerNormalization", layer_normalization)        \
    X("", "LeakyRelu", leaky_relu)                          \
    X("", "Less", less)                                     \
    X("", "LessOrEqual", less_or_equal)                     \
    X("", "LinearAttention", linear_attention)              \
    X("", "Log", log)                                       \
    X("", "LogSoftmax", log_softmax)                        \
    X("", "Loop", loop)                                     \
    X("", "LpNormalization", lp_normalization)              \
    X("", "LpPool", lp_pool)                                \
    X("", "MatMul", matmul)                                 \
    X("", "MatMulInteger", matmul_integer)                  \
    X("", "Max", max)                                       \
    X("", "MaxPool", max_pool)                              \
    X("", "MaxRoiPool", max_roi_pool)                       \
    X("", "MaxUnpool", max_unpool)                          \
    X("", "Mean", mean)                                     \
    X("", "MeanVarianceNormalization", mean_variance_normalization)\
    X("", "MelWeightMatrix", mel_weight_matrix)             \
    X("", "Min", min)                                       \
    X("", "Mish", mish)                                     \
    X("", "Mod", mod)                                       \
    X("", "Mul", mul)                                       \
    X("", "Multinomial", multinomial)                       \
    X("", "Neg", neg)                                       \
    X("", "NegativeLogLikelihoodLoss", negative_log_likelihood_loss)\
    X("", "NonMaxSuppression", non_max_suppression)         \
    X("", "NonZero", non_zero)                              \
    X("", "Not", not)                                       \
    X("", "OneHot", one_hot)                                \
    X("", "Optional", optional)                             \
    X("", "OptionalGetElement", optional_get_element)       \
    X("", "OptionalHasElement", optional_has_element)       \
    X("", "Or", or)                                         \
    X("", "PRelu", prelu)                                   \
    X("", "Pad", pad)                                       \
    X("", "Pow", pow)                                       \
    X("", "QLinearConv", qlinear_conv)                      \
    X("", "QLinearMatMul", qlinear_matmul)                  \
    X("", "QuantizeLinear", quantize_linear)                \
    X("", "RMSNormalization", rms_normalization)            \
    X("", "RNN", rnn)                                       \
    X("", "RandomNormal", random_normal)                    \
    X("", "RandomNormalLike", random_normal_like)           \
    X("", "RandomUniform", random_uniform)                  \
    X("", "RandomUniformLike", random_uniform_like)         \
    X("", "Range", range)                                   \
    X("", "Reciprocal", reciprocal)                         \
    X("", "ReduceL1", reduce_l1)                            \
    X("", "ReduceL2", reduce_l2)                            \
    X("", "ReduceLogSum", reduce_log_sum)                   \
    X("", "ReduceLogSumExp", reduce_log_sum_exp)            \
    X("", "ReduceMax", reduce_max)                          \
    X("", "ReduceMean", reduce_mean)                        \
    X("", "ReduceMin", reduce_min)                          \
    X("", "ReduceProd", reduce_prod)                        \
    X("", "ReduceSum", reduce_sum)                          \
    X("", "ReduceSumSquare", reduce_sum_square)             \
    X("", "RegexFullMatch", regex_full_match)               \
    X("", "Relu", relu)                                     \
    X("", "Reshape", reshape)                               \
    X("", "Resize", resize)                                 \
    X("", "ReverseSequence", reverse_sequence)              \
    X("", "RoiAlign", roi_align)                            \
    X("", "RotaryEmbedding", rotary_embedding)              \
    X("", "Round", round)                                   \
    X("", "STFT", stft)                                     \
    X("", "Scan", scan)                                     \
    X("", "ScatterElements", scatter_elements)              \
    X("", "ScatterND", scatter_nd)                          \
    X("", "Selu", selu)                                     \
    X("", "SequenceAt", sequence_at)                        \
    X("", "SequenceConstruct", sequence_construct)          \
    X("", "SequenceEmpty", sequence_empty)                  \
    X("", "SequenceErase", sequence_erase)                  \
    X("", "SequenceInsert", sequence_insert)                \
    X("", "SequenceLength", sequence_length)                \
    X("", "SequenceMap", sequence_map)                      \
    X("", "Shape", shape)                                   \
    X("", "Shrink", shrink)                                 \
    X("", "Sigmoid", sigmoid)                               \
    X("", "Sign", sign)                                     \
    X("", "Sin", sin)                                       \
    X("", "Sinh", sinh)                                     \
    X("", "Size", size)                                     \
    X("", "Slice", slice)                                   \
    X("", "Softmax", softmax)                               \
    X("", "SoftmaxCrossEntropyLoss", softmax_cross_entropy_loss)\
    X("", "Softplus", softplus)                             \
    X("", "Softsign", softsign)                             \
    X("", "SpaceToDepth", space_to_depth)                   \
    X("", "Split", split)                                   \
    X("", "SplitToSequence", split_to_sequence)             \
    X("", "Sqrt", sqrt)                                     \
    X("", "Squeeze", reshape)                               \
    X("", "StringConcat", string_concat)                    \
    X("", "StringNormalizer", string_normalizer)            \
    X("", "StringSplit", string_split)                      \
    X("", "Sub", sub)                                       \
    X("", "Sum", sum)                                       \
    X("", "Swish", swish)                                   \
    X("", "Tan", tan)                                       \
    X("", "Tanh", tanh)                                     \
    X("", "TensorScatter", tensor_scatter)                  \
    X("", "TfIdfVectorizer", tf_idf_vectorizer)             \
    X("", "ThresholdedRelu", thresholded_relu)              \
    X("", "Tile", tile)                                     \
    X("", "TopK", top_k)                                    \
    X("", "Transpose", transpose)                           \
    X("", "Trilu", trilu)                                   \
    X("", "Unique", unique)                                 \
    X("", "Unsqueeze", reshape)                             \
    X("", "Where", where)                                   \
    X("", "Xor", xor)                                       \
    X("ai.onnx.ml", "ArrayFeatureExtractor", array_feature_extractor)\
    X("ai.onnx.ml", "Binarizer", binarizer)                 \
    X("ai.onnx.ml", "CategoryMapper", category_mapper)      \
    X("ai.onnx.ml", "FeatureVectorizer", feature_vectorizer)\
    X("ai.onnx.ml", "Imputer", imputer)                     \
    X("ai.onnx.ml", "LabelEncoder", label_encoder)          \
    X("ai.onnx.ml", "LinearClassifier", linear_classifier)  \
    X("ai.onnx.ml", "LinearRegressor", linear_regressor)    \
    X("ai.onnx.ml", "Normalizer", normalizer)               \
    X("ai.onnx.ml", "OneHotEncoder", one_hot_encoder)       \
    X("ai.onnx.ml", "SVMClassifier", svm_classifier)        \
    X("ai.onnx.ml", "SVMRegressor", svm_regressor)          \
    X("ai.onnx.ml", "Scaler", scaler)                       \
    X("ai.onnx.ml", "TreeEnsemble", tree_ensemble)          \
    X("ai.onnx.ml", "TreeEnsembleClassifier", tree_classifier)\
    X("ai.onnx.ml", "TreeEnsembleRegressor", tree_regressor)\
    X("inferd", "QLinearAdd", qlinear_add)                  \
    X("inferd", "Reorder", reorder)
/* clang-format on */

#define REFERENCE_PROTOTYPE(domain, name, function)                                                \
    Status reference_##function(const KernelCall *call);
REFERENCE_KERNELS(REFERENCE_PROTOTYPE)
#undef REFERENCE_PROTOTYPE
