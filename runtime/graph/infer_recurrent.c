/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* LSTM, GRU and RNN: all steps, then the last states. Source: ONNX LSTM, GRU and RNN 22. */

#include "runtime/graph/infer.h"
#include "runtime/graph/recurrent.h"

Status infer_recurrent(InferCall *call) {
    const Shape *shapes[RECURRENT_INPUTS] = { 0 };
    DimNames names;
    DType dtype = call->inputs[0].dtype;
    for (size_t i = 0; i < RECURRENT_INPUTS; i++) {
        const InferPort *port = infer_input(call, i);
        if (!port)
            continue;
        shapes[i] = &port->shape;
        TRY(infer_check_types(call, i, i == 4 ? TYPES_INDEX : TYPES_FLOAT));
    }
    TRY(recurrent_bind(call->node, shapes, &names));
    for (size_t i = 0; i < call->node->output_count; i++) {
        Shape shape = dim_names_shape(&names, recurrent_result_pattern(call->node, i));
        infer_set_output(call, i, dtype, &shape);
    }
    return status_ok();
}
