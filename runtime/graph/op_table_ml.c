/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The rows of domain ai.onnx.ml, in name order, as in op_table.c; opsets are those of the domain.
 * CastMap and DictVectorizer, which take maps, and ZipMap, which makes them, are said without maps
 * at import (runtime/onnx/upgrade_ml.c).
 *
 * Columns of OP: name, oldest and newest opset, inputs from and to, outputs from and to; types of
 * input 0, inference, summary. Source: ONNX ai.onnx.ml operator documents, opset 5.
 */

#include "runtime/base/size.h"
#include "runtime/graph/infer.h"

#define TYPES_FEATURE (TYPES_INDEX | DTYPE_BIT(DTYPE_F32) | DTYPE_BIT(DTYPE_F64))
#define TYPES_LABEL   (DTYPE_BIT(DTYPE_STRING) | DTYPE_BIT(DTYPE_I64))

#define OP(op_name, oldest, newest, least_in, most_in, least_out, most_out, type_bits, infer_fn,   \
           text)                                                                                   \
    {                                                                                              \
        .domain = "ai.onnx.ml", .name = op_name, .oldest_opset = oldest, .newest_opset = newest,   \
        .min_inputs = least_in, .max_inputs = most_in, .min_outputs = least_out,                   \
        .max_outputs = most_out, .tier = 9, .types = type_bits, .infer = infer_fn, .summary = text \
    }

/* clang-format off */
static const OpSchema ROWS[] = {
    OP("ArrayFeatureExtractor", 1, 1, 2, 2, 1, 1, TYPES_FEATURE | DTYPE_BIT(DTYPE_STRING),
       infer_array_feature_extractor, "entries of the last dim, by index"),
    OP("Binarizer", 1, 1, 1, 1, 1, 1, TYPES_FEATURE,
       infer_same, "1 above a threshold, 0 elsewhere"),
    OP("CategoryMapper", 1, 1, 1, 1, 1, 1, TYPES_LABEL,
       infer_category_mapper, "strings to integers, or back, by a list of pairs"),
    OP("FeatureVectorizer", 1, 1, 1, ARITY_ANY, 1, 1, TYPES_FEATURE,
       infer_feature_vectorizer, "columns of all inputs side by side, each cut or padded to a width"),
    OP("Imputer", 1, 1, 1, 1, 1, 1, TYPES_FEATURE,
       infer_same, "a given value in place of missing ones, by column"),
    OP("LabelEncoder", 1, 4, 1, 1, 1, 1, TYPES_LABEL | TYPES_FEATURE | DTYPE_BIT(DTYPE_I16),
       infer_label_encoder, "values by keys, of any two types"),
    OP("LinearClassifier", 1, 1, 1, 1, 1, 2, TYPES_FEATURE,
       infer_linear_classifier, "labels and scores by a linear function for each class"),
    OP("LinearRegressor", 1, 1, 1, 1, 1, 1, TYPES_FEATURE,
       infer_linear_regressor, "a linear function for each target"),
    OP("Normalizer", 1, 1, 1, 1, 1, 1, TYPES_FEATURE,
       infer_ml_to_f32, "rows over their MAX, L1 or L2 norm"),
    OP("OneHotEncoder", 1, 1, 1, 1, 1, 1, TYPES_LABEL | TYPES_FEATURE,
       infer_one_hot_encoder, "1 at the place of the category, 0 elsewhere"),
    OP("SVMClassifier", 1, 1, 1, 1, 1, 2, TYPES_FEATURE,
       infer_svm_classifier, "labels and scores or probabilities by support vectors"),
    OP("SVMRegressor", 1, 1, 1, 1, 1, 1, TYPES_FEATURE,
       infer_svm_regressor, "a value, or in or out, by support vectors"),
    OP("Scaler", 1, 1, 1, 1, 1, 1, TYPES_FEATURE,
       infer_ml_to_f32, "(x - offset) * scale, by column"),
    OP("TreeEnsemble", 5, 5, 1, 1, 1, 1, DTYPE_BIT(DTYPE_F32) | DTYPE_BIT(DTYPE_F64) | DTYPE_BIT(DTYPE_F16),
       infer_tree_ensemble, "targets by trees"),
    OP("TreeEnsembleClassifier", 1, 5, 1, 1, 1, 2, TYPES_FEATURE,
       infer_tree_classifier, "labels and scores by trees"),
    OP("TreeEnsembleRegressor", 1, 5, 1, 1, 1, 1, TYPES_FEATURE,
       infer_tree_regressor, "targets by trees"),
};
/* clang-format on */

const OpSchema *op_schema_table_ml(size_t *ret_count) {
    *ret_count = ARRAY_LENGTH(ROWS);
    return ROWS;
}
