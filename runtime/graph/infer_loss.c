/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Losses over scores [N,C,...] and targets [N,...]: one number, or one a target. Source: ONNX
 * NegativeLogLikelihoodLoss 22, SoftmaxCrossEntropyLoss 13.
 */

#include "runtime/graph/infer.h"

#include <string.h>

Status infer_loss(InferCall *call) {
    const Shape *x = &call->inputs[0].shape;
    StringView reduction = node_get_string(call->node, "reduction", "mean");
    bool is_none = reduction.length == 4 && memcmp(reduction.data, "none", 4) == 0;
    DType dtype = call->inputs[0].dtype;
    Shape target = SHAPE_UNKNOWN;
    TRY(infer_check_types(call, 1, TYPES_INDEX));
    TRY(infer_check_types(call, 2, TYPES_FLOAT));
    if (x->rank != SHAPE_UNRANKED) {
        if (x->rank < 2)
            return status_error(STATUS_INVALID_ARGUMENT, "input 0: expected [N,C,...], got %s",
                                SHAPE_TEXT(x));
        target = *x;
        target.rank--;
        for (int32_t i = 1; i < target.rank; i++)
            target.dims[i] = x->dims[i + 1];
        TRY(infer_check_shape(call, 1, &target));
        TRY(infer_check_shape(call, 2, &SHAPE(x->dims[1])));
    } else {
        target = call->inputs[1].shape;
    }
    infer_set_output(call, 0, dtype, is_none ? &target : &SHAPE_SCALAR);
    infer_set_output(call, 1, dtype, x);
    return status_ok();
}
