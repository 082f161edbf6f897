/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators of ai.onnx.ml: features as rows of a matrix in, labels and scores out. A vector counts
 * as one row. What an attribute holds decides the type of most results; how many scores there are
 * follows from the number of labels, coefficients or targets.
 *
 * Source: ONNX ai.onnx.ml 1 to 5.
 */

#include "runtime/graph/infer.h"

#include <inttypes.h>
#include <string.h>

static size_t count_of(const InferCall *call, const char *name) {
    const Attribute *attribute = node_find_attribute(call->node, name);
    if (!attribute)
        return 0;
    return attribute->kind == ATTRIBUTE_TENSOR ? tensor_elements(attribute->tensor)
                                               : attribute->count;
}

/* [N,F] or [F]: N and F, DIM_UNKNOWN where not known. */
static Status matrix_dims(const InferCall *call, int64_t *ret_rows, int64_t *ret_columns) {
    const Shape *x = &call->inputs[0].shape;
    *ret_rows = *ret_columns = DIM_UNKNOWN;
    if (x->rank == SHAPE_UNRANKED)
        return status_ok();
    if (x->rank != 1 && x->rank != 2)
        return status_error(STATUS_INVALID_ARGUMENT, "input 0: expected [N,C] or [C], got shape %s",
                            SHAPE_TEXT(x));
    *ret_rows = x->rank == 2 ? x->dims[0] : 1;
    *ret_columns = x->dims[x->rank - 1];
    return status_ok();
}

Status infer_ml_to_f32(InferCall *call) {
    infer_set_output(call, 0, DTYPE_F32, &call->inputs[0].shape);
    return status_ok();
}

static Status set_scores(InferCall *call, size_t index, DType dtype, int64_t columns) {
    int64_t rows, features;
    TRY(matrix_dims(call, &rows, &features));
    Shape shape = SHAPE(rows, columns);
    infer_set_output(call, index, dtype, &shape);
    return status_ok();
}

static Status set_labels(InferCall *call) {
    int64_t rows, features;
    bool text = count_of(call, "classlabels_strings") > 0;
    TRY(matrix_dims(call, &rows, &features));
    Shape shape = SHAPE(rows);
    infer_set_output(call, 0, text ? DTYPE_STRING : DTYPE_I64, &shape);
    return status_ok();
}

static size_t label_count(const InferCall *call) {
    size_t ints = count_of(call, "classlabels_ints") + count_of(call, "classlabels_int64s");
    size_t strings = count_of(call, "classlabels_strings");
    return ints > strings ? ints : strings;
}

Status infer_linear_classifier(InferCall *call) {
    size_t coefficients = count_of(call, "coefficients"), labels = label_count(call);
    int64_t rows, features, scores;
    TRY(matrix_dims(call, &rows, &features));
    scores = count_of(call, "intercepts") ? (int64_t)count_of(call, "intercepts") : DIM_UNKNOWN;
    if (features > 0)
        scores = (int64_t)(coefficients / (size_t)features);
    if (features != DIM_UNKNOWN &&
        (scores < 1 || (size_t)scores * (size_t)features != coefficients))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "coefficients: %zu of them do not go with %" PRId64 " features",
                            coefficients, features);
    if (scores == 1 && labels == 2)
        scores = 2;
    if (labels > 0 && scores > 1 && (size_t)scores != labels)
        return status_error(STATUS_INVALID_ARGUMENT, "%" PRId64 " scores do not go with %zu labels",
                            scores, labels);
    TRY(set_labels(call));
    return set_scores(call, 1, DTYPE_F32, scores);
}

Status infer_linear_regressor(InferCall *call) {
    int64_t targets = node_get_int(call->node, "targets", 1), rows, features;
    size_t coefficients = count_of(call, "coefficients");
    TRY(matrix_dims(call, &rows, &features));
    if (targets < 1 || targets > INT32_MAX || coefficients % (size_t)targets != 0 ||
        (features != DIM_UNKNOWN && (uint64_t)features != coefficients / (size_t)targets))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "coefficients: %zu of them do not go with %" PRId64
                            " targets of %" PRId64 " features",
                            coefficients, targets, features);
    return set_scores(call, 0, DTYPE_F32, targets);
}

/* Without probabilities: a score for each pair of classes, or with linear coefficients for each
 * class. One score of two classes is written as two. */
Status infer_svm_classifier(InferCall *call) {
    size_t labels = label_count(call), classes = labels ? labels : 1;
    bool vectors = count_of(call, "vectors_per_class") > 0,
         proba = vectors && count_of(call, "prob_a") > 0;
    size_t scores = vectors && !proba ? classes * (classes - 1) / 2 : classes;
    StringView transform = node_get_string(call->node, "post_transform", "NONE");
    bool probit = transform.length == 6 && memcmp(transform.data, "PROBIT", 6) == 0;
    if (classes > INT16_MAX || scores == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "expected 2 to %d class labels, got %zu",
                            INT16_MAX, classes);
    if (scores == 1 && labels == 2 && !probit)
        scores = 2;
    TRY(set_labels(call));
    return set_scores(call, 1, DTYPE_F32, (int64_t)scores);
}

Status infer_svm_regressor(InferCall *call) {
    return set_scores(call, 0, DTYPE_F32, 1);
}

Status infer_tree_classifier(InferCall *call) {
    size_t labels = label_count(call);
    if (labels == 0 || labels > INT32_MAX)
        return status_error(STATUS_INVALID_ARGUMENT, "expected at least one class label");
    TRY(set_labels(call));
    return set_scores(call, 1, DTYPE_F32, (int64_t)labels);
}

static Status set_targets(InferCall *call, DType dtype) {
    int64_t targets = node_get_int(call->node, "n_targets", 1);
    if (targets < 1 || targets > INT32_MAX)
        return status_error(STATUS_INVALID_ARGUMENT, "n_targets: expected 1 or more, got %" PRId64,
                            targets);
    return set_scores(call, 0, dtype, targets);
}

Status infer_tree_regressor(InferCall *call) {
    return set_targets(call, DTYPE_F32);
}

Status infer_tree_ensemble(InferCall *call) {
    return set_targets(call, call->inputs[0].dtype);
}

/* A mapping is given as keys_<type> and values_<type> (or _tensor), or before opset 2 as
 * classes_strings, both ways. */
static DType mapped_type(const InferCall *call, const char *side, DType fallback) {
    static const struct {
        const char *keys, *values;
        DType dtype;
    } names[] = {
        { "keys_strings", "values_strings", DTYPE_STRING },
        { "keys_int64s", "values_int64s", DTYPE_I64 },
        { "keys_floats", "values_floats", DTYPE_F32 },
    };
    bool values = strcmp(side, "values") == 0;
    const Attribute *tensor =
        node_find_attribute(call->node, values ? "values_tensor" : "keys_tensor");
    if (tensor && tensor->kind == ATTRIBUTE_TENSOR)
        return tensor->tensor->dtype;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (count_of(call, values ? names[i].values : names[i].keys) > 0)
            return names[i].dtype;
    return fallback;
}

/* The other one of string and int64. */
static DType opposite(DType dtype) {
    return dtype == DTYPE_INVALID  ? DTYPE_INVALID
           : dtype == DTYPE_STRING ? DTYPE_I64
                                   : DTYPE_STRING;
}

Status infer_label_encoder(InferCall *call) {
    DType x = call->inputs[0].dtype, keys = mapped_type(call, "keys", x);
    if (x != DTYPE_INVALID && keys != x)
        return status_error(STATUS_INVALID_ARGUMENT, "input 0: expected %s like the keys, got %s",
                            dtype_name(keys), dtype_name(x));
    infer_set_output(call, 0, mapped_type(call, "values", opposite(x)), &call->inputs[0].shape);
    return status_ok();
}

Status infer_category_mapper(InferCall *call) {
    if (count_of(call, "cats_int64s") != count_of(call, "cats_strings"))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "cats_int64s: expected %zu items like cats_strings, got %zu",
                            count_of(call, "cats_strings"), count_of(call, "cats_int64s"));
    infer_set_output(call, 0, opposite(call->inputs[0].dtype), &call->inputs[0].shape);
    return status_ok();
}

Status infer_one_hot_encoder(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    bool text = count_of(call, "cats_strings") > 0;
    size_t categories = text ? count_of(call, "cats_strings") : count_of(call, "cats_int64s");
    Shape shape = x->shape;
    if (categories == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "cats_int64s: expected at least one category");
    if (x->dtype != DTYPE_INVALID && (x->dtype == DTYPE_STRING) != text)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input 0: expected %s like the categories, got %s",
                            text ? "string" : "numbers", dtype_name(x->dtype));
    if (shape.rank == SHAPE_MAX_RANK)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input 0: shape %s has no room for the categories",
                            SHAPE_TEXT(&x->shape));
    if (shape.rank != SHAPE_UNRANKED)
        shape.dims[shape.rank++] = (int64_t)categories;
    infer_set_output(call, 0, DTYPE_F32, &shape);
    return status_ok();
}

Status infer_feature_vectorizer(InferCall *call) {
    size_t count, inputs = call->node->input_count;
    const int64_t *widths = node_get_ints(call->node, "inputdimensions", &count);
    Shape shape = SHAPE(DIM_UNKNOWN, 0);
    DType dtype;
    TRY(infer_same_dtype(call, 0, inputs, &dtype));
    if (count != inputs)
        return status_error(STATUS_INVALID_ARGUMENT, "inputdimensions: expected %zu items, got %zu",
                            inputs, count);
    for (size_t i = 0; i < inputs; i++) {
        const Shape *x = &call->inputs[i].shape;
        int64_t rows = x->rank == 1 ? 1 : x->rank == 2 ? x->dims[0] : DIM_UNKNOWN;
        if (!infer_input(call, i) || widths[i] < 0 || widths[i] > INT32_MAX)
            return status_error(STATUS_INVALID_ARGUMENT, "inputdimensions: item %zu is %" PRId64, i,
                                widths[i]);
        if (x->rank != SHAPE_UNRANKED && x->rank != 1 && x->rank != 2)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "input %zu: expected [N,C] or [C], got shape %s", i, SHAPE_TEXT(x));
        if (rows != DIM_UNKNOWN && shape.dims[0] != DIM_UNKNOWN && rows != shape.dims[0])
            return status_error(STATUS_INVALID_ARGUMENT,
                                "input %zu: expected %" PRId64 " rows, got shape %s", i,
                                shape.dims[0], SHAPE_TEXT(x));
        shape.dims[0] = rows == DIM_UNKNOWN ? shape.dims[0] : rows;
        shape.dims[1] += widths[i]; /* at most 255 of 31 bits */
    }
    infer_set_output(call, 0, DTYPE_F32, &shape);
    return status_ok();
}

Status infer_array_feature_extractor(InferCall *call) {
    const InferPort *x = &call->inputs[0], *indices = &call->inputs[1];
    Shape shape = x->shape;
    int64_t count = DIM_UNKNOWN;
    TRY(infer_check_types(call, 1, DTYPE_BIT(DTYPE_I64)));
    if (x->shape.rank == 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input 0: expected a vector or more, got a scalar");
    if (indices->shape.rank != SHAPE_UNRANKED)
        TRY(infer_product(&indices->shape, 0, (size_t)indices->shape.rank, &count));
    if (shape.rank == 1)
        shape = SHAPE(1, count);
    else if (shape.rank != SHAPE_UNRANKED)
        shape.dims[shape.rank - 1] = count;
    infer_set_output(call, 0, x->dtype, &shape);
    return status_ok();
}
