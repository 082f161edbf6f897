/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Padding (TensorFlow Serving's pad_variable_length_inputs, our shape_buckets) is for dims other
 * than the batch's that the model leaves open. With buckets a dim becomes the next of them, so that
 * a handful of plans serves all lengths, and what is longer than the last stays as it is; without,
 * it becomes the largest of the batch. Thread: any.
 */

#include "runtime/schedule/batch_shape.h"

#include "runtime/base/size.h"
#include "runtime/model/tensor_form.h"

static const Signature *signature_of(const InferRequest *request) {
    return &request->lease.version->signature;
}

static bool is_padded_dim(const InferRequest *request, size_t input, int32_t dim) {
    const SignatureTensor *wanted = &signature_of(request)->inputs[input];
    return request->lease.version->queue_policy.padding != PADDING_NONE && dim > 0 &&
           !wanted->ragged && !wanted->reshaped && wanted->shape.rank > dim &&
           wanted->shape.rank == request->inputs[input].shape.rank &&
           wanted->shape.dims[dim] == DIM_UNKNOWN;
}

static int64_t next_bucket(const QueuePolicy *policy, int64_t length) {
    for (size_t i = 0; i < policy->bucket_count; i++)
        if ((int64_t)policy->buckets[i] >= length)
            return (int64_t)policy->buckets[i];
    return length;
}

Shape batch_key_shape(const InferRequest *request, size_t input) {
    const Signature *signature = signature_of(request);
    const QueuePolicy *policy = &request->lease.version->queue_policy;
    Shape shape = request->inputs[input].shape;
    if (signature->inputs[input].ragged)
        return SHAPE_SCALAR;
    if (signature->batched && shape.rank > 0)
        shape.dims[0] = 0;
    if (policy->padding == PADDING_NONE)
        return shape;
    for (int32_t d = 1; d < shape.rank; d++)
        if (is_padded_dim(request, input, d))
            shape.dims[d] = policy->bucket_count > 0 ? next_bucket(policy, shape.dims[d]) : 0;
    return shape;
}

size_t batch_run_rows(const QueuePolicy *policy, size_t rows) {
    for (size_t i = 0; i < policy->allowed_count; i++)
        if (policy->allowed_rows[i] >= rows && policy->allowed_rows[i] <= policy->max_rows)
            return policy->allowed_rows[i];
    return rows;
}

static Status ragged_shape(const Batch *batch, size_t input, Shape *ret_shape) {
    size_t sum = 0;
    for (size_t i = 0; i < batch->count; i++) {
        size_t elements;
        if (!shape_elements(&batch->requests[i]->inputs[input].shape, &elements) ||
            !size_add(sum, elements, &sum))
            return status_error(STATUS_INVALID_ARGUMENT, "input '%s': too large",
                                signature_of(batch->requests[0])->inputs[input].name);
    }
    *ret_shape = SHAPE((int64_t)sum);
    return status_ok();
}

Status batch_input_shape(const Batch *batch, size_t input, Shape *ret_shape) {
    const InferRequest *first = batch->requests[0];
    const SignatureTensor *wanted = &signature_of(first)->inputs[input];
    const QueuePolicy *policy = &first->lease.version->queue_policy;
    Shape shape = first->inputs[input].shape;
    if (wanted->ragged)
        return ragged_shape(batch, input, ret_shape);
    if (shape.rank > 0 && (batch->count > 1 || batch->run_rows != batch->rows))
        shape.dims[0] = (int64_t)batch->run_rows;
    for (int32_t d = 1; policy->padding != PADDING_NONE && d < shape.rank; d++) {
        if (!is_padded_dim(first, input, d))
            continue;
        for (size_t i = 1; i < batch->count; i++)
            shape.dims[d] = MAX_OF(shape.dims[d], batch->requests[i]->inputs[input].shape.dims[d]);
        shape.dims[d] = next_bucket(policy, shape.dims[d]);
    }
    if (wanted->reshaped)
        return tensor_form_of_model(wanted, &shape, ret_shape);
    *ret_shape = shape;
    return status_ok();
}

bool batch_input_is_padded(const Batch *batch, size_t input, const Shape *shape) {
    const InferRequest *first = batch->requests[0];
    const SignatureTensor *wanted = &signature_of(first)->inputs[input];
    if (wanted->ragged)
        return false;
    if (batch->run_rows != batch->rows)
        return true;
    bool is_padded = false;
    for (size_t i = 0; i < batch->count; i++)
        for (int32_t d = 1; !wanted->reshaped && d < shape->rank; d++)
            is_padded |= batch->requests[i]->inputs[input].shape.dims[d] != shape->dims[d];
    return is_padded;
}
