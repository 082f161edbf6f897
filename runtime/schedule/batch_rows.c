/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Joining and parting of rows along axis 0. The rows of a request are contiguous in the joined
 * tensor, in the order of the batch, so both directions are one run of bytes a request. Gather is
 * the only copy of a payload in user space; scatter copies nothing. Outputs of a model that is not
 * batched go to its one request whole. Worker threads.
 */

#include "runtime/schedule/batch_rows.h"

#include "runtime/base/size.h"

#include <assert.h>

bool batch_input_bytes(const Batch *batch, size_t input, size_t *ret_bytes) {
    size_t bytes = 0;
    for (size_t i = 0; i < batch->count; i++)
        if (!size_add(bytes, batch->requests[i]->inputs[input].payload.bytes, &bytes))
            return false;
    *ret_bytes = bytes;
    return true;
}

void batch_gather(const Batch *batch, size_t input, Tensor *dst) {
    const RequestInput *first = &batch->requests[0]->inputs[input];
    dst->dtype = first->dtype;
    dst->layout = LAYOUT_PLAIN;
    dst->shape = first->shape;
    if (batch->count > 1)
        dst->shape.dims[0] = (int64_t)batch->rows;
    dst->bytes = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const Spans *payload = &batch->requests[i]->inputs[input].payload;
        if (payload->bytes > 0)
            spans_copy(payload, 0, payload->bytes, (char *)dst->data + dst->bytes);
        dst->bytes += payload->bytes;
    }
}

static Status check_outputs(const Batch *batch, const Signature *signature, const Tensor *outputs) {
    for (size_t o = 0; o < signature->all_output_count; o++) {
        const Tensor *output = &outputs[o];
        if (output->shape.rank < 1 || output->shape.dims[0] != (int64_t)batch->rows)
            return status_error(
                STATUS_INTERNAL, "output '%s': expected %zu rows, the model gave shape %s",
                signature->outputs[o].name, batch->rows, SHAPE_TEXT(&output->shape));
        if (batch->count > 1 && batch->rows > 0 && output->bytes % batch->rows != 0)
            return status_error(STATUS_INTERNAL,
                                "output '%s': rows of %s do not end at whole bytes",
                                signature->outputs[o].name, dtype_name(output->dtype));
    }
    return status_ok();
}

Status batch_scatter(const Batch *batch, const Tensor *outputs, OutputBlock *block) {
    const Signature *signature = &batch->requests[0]->lease.version->signature;
    assert(signature->batched || batch->count == 1);
    if (signature->batched)
        TRY(check_outputs(batch, signature, outputs));

    size_t first_row = 0;
    for (size_t i = 0; i < batch->count; i++) {
        InferRequest *request = batch->requests[i];
        for (size_t o = 0; o < signature->all_output_count; o++) {
            Tensor *view = &request->outputs[o];
            *view = outputs[o];
            if (batch->count == 1)
                continue;
            size_t row_bytes = batch->rows ? outputs[o].bytes / batch->rows : 0;
            view->shape.dims[0] = (int64_t)request->rows;
            view->bytes = request->rows * row_bytes;
            view->data = view->bytes ? (char *)outputs[o].data + first_row * row_bytes : NULL;
        }
        request->block = output_block_ref(block);
        request->batch_rows = batch->rows;
        first_row += request->rows;
    }
    return status_ok();
}
