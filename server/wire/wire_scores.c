/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TensorFlow's signatures say which output is which; an ONNX model does not, so its outputs are
 * taken by the names that TensorFlow's have, and else by what they are: scores are the first output
 * of floats whose rows are lists or single values, names of classes the output of strings beside
 * it, or the model's labels. Pure; any thread.
 */

#include "server/wire/wire_scores.h"

#include "runtime/base/size.h"

static bool is_float(DType dtype) {
    return dtype == DTYPE_F32 || dtype == DTYPE_F64;
}

/* [N], [N, k], or not known. */
static bool has_rows(const Shape *shape) {
    return shape->rank == SHAPE_UNRANKED || shape->rank == 1 || shape->rank == 2;
}

static bool fits(const SignatureTensor *output, WireMethod method) {
    if (!is_float(output->dtype) || !has_rows(&output->shape))
        return false;
    bool is_wide = output->shape.rank == 2 && output->shape.dims[1] != DIM_UNKNOWN &&
                   output->shape.dims[1] != 1;
    return method == METHOD_CLASSIFY || !is_wide;
}

static size_t find_values(const Signature *signature, WireMethod method, const char *name) {
    size_t named = signature_find_output(signature, text_view(name));
    if (named != INDEX_NONE && fits(&signature->outputs[named], method))
        return named;
    for (size_t i = 0; i < signature->output_count; i++)
        if (fits(&signature->outputs[i], method))
            return i;
    return INDEX_NONE;
}

static size_t find_names(const Signature *signature) {
    size_t named = signature_find_output(signature, text_view("classes"));
    return named != INDEX_NONE && signature->outputs[named].dtype == DTYPE_STRING ? named
                                                                                  : INDEX_NONE;
}

Status wire_scores_choose(const ModelVersion *version, WireTask *task) {
    const Signature *signature = &version->signature;
    bool classify = task->method == METHOD_CLASSIFY;
    task->scores = find_values(signature, task->method, classify ? "scores" : "outputs");
    task->classes = classify ? find_names(signature) : INDEX_NONE;
    if (task->scores != INDEX_NONE || task->classes != INDEX_NONE)
        return status_ok();
    if (classify)
        return status_error(
            STATUS_INVALID_ARGUMENT,
            "Expected classification signature outputs to contain at least one of "
            "\"classes\" or \"scores\": model '%s' has no output of floats with the "
            "shape [batch_size num_classes]",
            version->name);
    return status_error(STATUS_INVALID_ARGUMENT,
                        "Expected regression signature outputs to contain \"outputs\": model '%s' "
                        "has no output of floats with the shape [batch_size] or [batch_size 1]",
                        version->name);
}

/* Values a row of the tensor has; INDEX_NONE: it has no such rows. */
static size_t row_length(const Tensor *tensor, size_t rows) {
    const Shape *shape = &tensor->shape;
    if (shape->rank < 1 || shape->rank > 2 || (size_t)shape->dims[0] != rows)
        return INDEX_NONE;
    return shape->rank == 2 ? (size_t)shape->dims[1] : 1;
}

Status wire_scores_of(const InferRequest *request, const WireTask *task, size_t rows,
                      WireScores *ret_scores) {
    const Signature *signature = &request->lease.version->signature;
    WireScores scores = { .rows = rows };
    if (task->scores != INDEX_NONE) {
        scores.values = &request->outputs[task->scores];
        scores.labels = signature->outputs[task->scores].labels;
        scores.label_count = signature->outputs[task->scores].label_count;
    }
    if (task->classes != INDEX_NONE)
        scores.names = &request->outputs[task->classes];
    const Tensor *first = scores.values ? scores.values : scores.names;
    scores.per_row = row_length(first, rows);
    bool classify = task->method == METHOD_CLASSIFY;
    if (scores.per_row == INDEX_NONE || (!classify && scores.per_row != 1))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "Expected output Tensor shape to be %s but got %s for %zu examples",
                            classify ? "[batch_size num_classes]"
                                     : "[batch_size] or [batch_size 1]",
                            SHAPE_TEXT(&first->shape), rows);
    if (scores.values && scores.names && row_length(scores.names, rows) != scores.per_row)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "Tensors class and score should match in dimension 1: got %s and %s",
                            SHAPE_TEXT(&scores.names->shape), SHAPE_TEXT(&scores.values->shape));
    *ret_scores = scores;
    return status_ok();
}

float wire_score(const WireScores *scores, size_t row, size_t column) {
    if (!scores->values)
        return 0;
    size_t index = row * scores->per_row + column;
    return scores->values->dtype == DTYPE_F64 ? (float)((const double *)scores->values->data)[index]
                                              : ((const float *)scores->values->data)[index];
}

StringView wire_score_label(const WireScores *scores, size_t row, size_t column) {
    if (scores->names)
        return ((const StringView *)scores->names->data)[row * scores->per_row + column];
    if (column < scores->label_count)
        return text_view(scores->labels[column]);
    return (StringView){ .data = "" };
}
