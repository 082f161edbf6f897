/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the kernels of ai.onnx.ml share: features as rows of double, class labels, and what is done
 * to scores at the end. */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/reference_util.h"

/* Input 0 as [rows, columns]; a vector is one row. */
typedef struct FeatureRows {
    const Tensor *tensor;
    size_t rows, columns;
} FeatureRows;

Status feature_rows(const KernelCall *call, FeatureRows *ret_rows);
/* columns of them; int64 are rounded to float as the text has it */
void feature_row_load(const FeatureRows *features, size_t row, double *values);

typedef enum ScoreTransform {
    SCORE_NONE, /* the numbers of TreeEnsemble's post_transform */
    SCORE_SOFTMAX,
    SCORE_LOGISTIC,
    SCORE_SOFTMAX_ZERO,
    SCORE_PROBIT,
} ScoreTransform;

/* Attribute post_transform, a name or a number. */
Status score_transform_read(const Node *node, ScoreTransform *ret_transform);
void score_transform(ScoreTransform transform, double *scores, size_t count);
/* The first of the greatest. */
size_t score_best(const double *scores, size_t count);

typedef struct ClassLabels {
    const int64_t *ints; /* NULL where they are strings, or none */
    const StringView *strings;
    size_t count;
} ClassLabels;

/* classlabels_strings, or classlabels_ints or classlabels_int64s. */
ClassLabels class_labels(const Node *node);
/* Label `index` into element `row`; without labels, and beyond them, the index itself. dst may be
 * NULL: not wanted. */
void class_label_store(const ClassLabels *labels, size_t index, const Tensor *dst, size_t row);
/* Is the type of dst that of the labels? */
Status class_labels_check(const KernelCall *call, const ClassLabels *labels, const Tensor *dst);

/* The items of a FLOATS attribute; count 0 and NULL when absent. */
const float *node_get_floats(const Node *node, const char *name, size_t *ret_count);
const StringView *node_get_strings(const Node *node, const char *name, size_t *ret_count);
