/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators on strings and tokens. How many parts a string has is known only when it has been
 * looked at. Source: ONNX StringSplit 20, StringNormalizer 10, TfIdfVectorizer 9.
 */

#include "runtime/graph/infer.h"

#include <inttypes.h>

Status infer_string_split(InferCall *call) {
    const Shape *x = &call->inputs[0].shape;
    Shape parts = *x;
    if (x->rank == SHAPE_MAX_RANK)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "one more dim for shape %s is above the limit of %d", SHAPE_TEXT(x),
                            SHAPE_MAX_RANK);
    if (x->rank != SHAPE_UNRANKED)
        parts.dims[parts.rank++] = DIM_UNKNOWN;
    infer_set_output(call, 0, DTYPE_STRING, &parts);
    infer_set_output(call, 1, DTYPE_I64, x);
    return status_ok();
}

Status infer_string_normalizer(InferCall *call) {
    Shape y = call->inputs[0].shape;
    bool row = y.rank == 2 && (y.dims[0] == 1 || y.dims[0] == DIM_UNKNOWN);
    if (y.rank != SHAPE_UNRANKED && y.rank != 1 && !row)
        return status_error(STATUS_INVALID_ARGUMENT, "input 0: expected [C] or [1,C], got %s",
                            SHAPE_TEXT(&y));
    if (y.rank != SHAPE_UNRANKED)
        y.dims[y.rank - 1] = DIM_UNKNOWN;
    infer_set_output(call, 0, DTYPE_STRING, &y);
    return status_ok();
}

Status infer_tf_idf_vectorizer(InferCall *call) {
    Shape y = call->inputs[0].shape;
    size_t count;
    const int64_t *indexes = node_get_ints(call->node, "ngram_indexes", &count);
    int64_t last = -1;
    for (size_t i = 0; i < count; i++) {
        if (indexes[i] < 0 || indexes[i] == INT64_MAX)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "ngram_indexes: %" PRId64 " is no coordinate", indexes[i]);
        last = indexes[i] > last ? indexes[i] : last;
    }
    if (y.rank != SHAPE_UNRANKED && y.rank != 1 && y.rank != 2)
        return status_error(STATUS_INVALID_ARGUMENT, "input 0: expected [C] or [N,C], got %s",
                            SHAPE_TEXT(&y));
    if (y.rank != SHAPE_UNRANKED)
        y.dims[y.rank - 1] = last + 1;
    infer_set_output(call, 0, DTYPE_F32, &y);
    return status_ok();
}
