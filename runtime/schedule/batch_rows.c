/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Joining and parting of rows along axis 0. The rows of a request are contiguous in the joined
 * tensor, in the order of the batch, so both directions are one run of bytes a request. Gather is
 * the only copy of a payload in user space; scatter copies nothing. Outputs of a model that is not
 * batched go to its one request whole. What is not simply joined has a file of its own: shapes in
 * batch_shape.c, padding in batch_pad.c, inputs computed from shapes in
 * runtime/model/tensor_form.c. Worker threads.
 */

#include "runtime/schedule/batch_rows.h"

#include "runtime/base/size.h"
#include "runtime/model/tensor_form.h"
#include "runtime/schedule/batch_pad.h"
#include "runtime/schedule/batch_shape.h"

#include <assert.h>

static const ModelVersion *version_of(const Batch *batch) {
    return batch->requests[0]->lease.version;
}

/* --- inputs --- */

typedef struct Source {
    const Batch *batch;
    size_t input;
} Source;

static const Shape *shape_at(const void *user, size_t index) {
    const Source *source = user;
    return &source->batch->requests[index]->inputs[source->input].shape;
}

/* The row of batch_inputs that says what this input is; NULL: clients, or its sequence, give it. */
static const BatchInput *find_computed(const ModelVersion *version, size_t input) {
    const Signature *signature = &version->signature;
    size_t first = signature->all_input_count - signature->computed_count;
    return input >= first ? &version->config.batch_inputs[input - first] : NULL;
}

static Source source_of(const Batch *batch, const BatchInput *computed) {
    return (Source){ batch, signature_source_of(&version_of(batch)->signature, computed->source) };
}

static Status set_bytes(const char *name, Tensor *tensor) {
    if (tensor->dtype == DTYPE_INVALID ||
        shape_bytes(&tensor->shape, tensor->dtype, &tensor->bytes))
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "input '%s': too large", name);
}

Status batch_input_form(const Batch *batch, size_t input, Tensor *ret_tensor) {
    const ModelVersion *version = version_of(batch);
    const char *name = version->signature.inputs[input].name;
    const BatchInput *computed = find_computed(version, input);
    *ret_tensor = (Tensor){ .dtype = batch->requests[0]->inputs[input].dtype };
    if (!computed) {
        TRY(batch_input_shape(batch, input, &ret_tensor->shape));
        return set_bytes(name, ret_tensor);
    }
    Source source = source_of(batch, computed);
    ShapeList shapes = { shape_at, &source, batch->count };
    ret_tensor->dtype = computed->dtype;
    TRY(computed_input_shape(computed, &shapes, &ret_tensor->shape));
    return set_bytes(name, ret_tensor);
}

bool batch_input_is_joined(const Batch *batch, size_t input, const Tensor *tensor) {
    return !find_computed(version_of(batch), input) &&
           !batch_input_is_padded(batch, input, &tensor->shape);
}

void batch_gather(const Batch *batch, size_t input, Tensor *dst) {
    const BatchInput *computed = find_computed(version_of(batch), input);
    if (computed) {
        Source source = source_of(batch, computed);
        ShapeList shapes = { shape_at, &source, batch->count };
        computed_input_fill(computed, &shapes, dst);
        return;
    }
    if (batch_input_is_padded(batch, input, &dst->shape)) {
        batch_gather_padded(batch, input, dst);
        return;
    }
    size_t used = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const Spans *payload = &batch->requests[i]->inputs[input].payload;
        if (payload->bytes > 0)
            spans_copy(payload, 0, payload->bytes, (char *)dst->data + used);
        used += payload->bytes;
    }
}

/* --- outputs --- */

/* Elements of an output that is cut by an input: as many as that input has. */
static Status check_scattered(const Batch *batch, const SignatureTensor *output,
                              const Tensor *made) {
    size_t wanted = 0, made_elements = 0;
    for (size_t i = 0; i < batch->count; i++) {
        Shape part =
            tensor_form_of_part(output, &batch->requests[i]->inputs[output->scattered_by].shape);
        size_t elements;
        if (!shape_elements(&part, &elements) || !size_add(wanted, elements, &wanted))
            return status_error(STATUS_INTERNAL, "output '%s': too large", output->name);
    }
    if (shape_elements(&made->shape, &made_elements) && made_elements == wanted)
        return status_ok();
    return status_error(STATUS_INTERNAL,
                        "output '%s': expected %zu elements, as many as input '%s' has, the model "
                        "gave shape %s",
                        output->name, wanted,
                        version_of(batch)->signature.inputs[output->scattered_by].name,
                        SHAPE_TEXT(&made->shape));
}

static Status check_outputs(const Batch *batch, const Signature *signature, const Tensor *outputs) {
    for (size_t o = 0; o < signature->all_output_count; o++) {
        const Tensor *output = &outputs[o];
        if (signature->outputs[o].scattered) {
            TRY(check_scattered(batch, &signature->outputs[o], output));
            continue;
        }
        if (output->shape.rank < 1 || output->shape.dims[0] != (int64_t)batch->run_rows)
            return status_error(
                STATUS_INTERNAL, "output '%s': expected %zu rows, the model gave shape %s",
                signature->outputs[o].name, batch->run_rows, SHAPE_TEXT(&output->shape));
        bool is_cut = batch->count > 1 || batch->run_rows != batch->rows;
        if (is_cut && batch->run_rows > 0 && output->bytes % batch->run_rows != 0)
            return status_error(STATUS_INTERNAL,
                                "output '%s': rows of %s do not end at whole bytes",
                                signature->outputs[o].name, dtype_name(output->dtype));
    }
    return status_ok();
}

static void cut_rows(const Batch *batch, const Tensor *output, size_t rows, size_t first_row,
                     Tensor *view) {
    *view = *output;
    if (batch->count == 1 && batch->run_rows == batch->rows)
        return;
    size_t row_bytes = batch->run_rows ? output->bytes / batch->run_rows : 0;
    view->shape.dims[0] = (int64_t)rows;
    view->bytes = rows * row_bytes;
    view->data = view->bytes ? (char *)output->data + first_row * row_bytes : NULL;
}

static void cut_elements(const Tensor *output, const Shape *part, size_t *offset, Tensor *view) {
    *view = *output;
    view->shape = *part;
    (void)shape_bytes(part, output->dtype, &view->bytes); /* checked: it is no more than all */
    view->data = view->bytes ? (char *)output->data + *offset : NULL;
    *offset += view->bytes;
}

Status batch_scatter(const Batch *batch, const Tensor *outputs, OutputBlock *block) {
    const Signature *signature = &batch->requests[0]->lease.version->signature;
    assert(signature->batched || batch->count == 1);
    if (signature->batched)
        TRY(check_outputs(batch, signature, outputs));
    for (size_t o = 0; o < signature->all_output_count; o++) {
        const SignatureTensor *output = &signature->outputs[o];
        size_t first_row = 0, offset = 0;
        for (size_t i = 0; i < batch->count; i++) {
            InferRequest *request = batch->requests[i];
            Tensor *view = &request->outputs[o];
            if (output->scattered) {
                Shape part =
                    tensor_form_of_part(output, &request->inputs[output->scattered_by].shape);
                cut_elements(&outputs[o], &part, &offset, view);
            } else {
                cut_rows(batch, &outputs[o], request->rows, first_row, view);
            }
            Shape made = view->shape;
            TRY(tensor_form_of_client(output, &made, &view->shape));
            first_row += request->rows;
        }
    }
    for (size_t i = 0; i < batch->count; i++) {
        batch->requests[i]->block = output_block_ref(block);
        batch->requests[i]->batch_rows = batch->rows;
    }
    return status_ok();
}
