/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * GatherND and ScatterND: the last dim of the indices holds tuples that each address a slice of the
 * data. A tuple becomes an element offset, checked dim by dim; slices are moved whole.
 *
 * Source: ONNX GatherND 13, ScatterND 18. Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/move.h"
#include "runtime/cpu/reference/offsets.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <string.h>

typedef struct Tuples {
    const Tensor *indices;
    const ElementIo *io;
    size_t count, length;                                  /* number of tuples, indices in one */
    int64_t dims[SHAPE_MAX_RANK], strides[SHAPE_MAX_RANK]; /* of what they address */
    size_t slice;                                          /* elements */
} Tuples;

/* They address dims [batch, ...) of data. */
static Status tuples_begin(Tuples *tuples, const KernelCall *call, const Shape *data,
                           size_t batch) {
    int64_t strides[SHAPE_MAX_RANK];
    *tuples = (Tuples){ 0 };
    TRY(call_get_src(call, 1, &tuples->indices));
    const Shape *indices = &tuples->indices->shape;
    if (!dtype_info(tuples->indices->dtype)->is_integer)
        return call_invalid(call, "indices must be integers, not %s",
                            dtype_name(tuples->indices->dtype));
    int64_t length = indices->rank > 0 ? indices->dims[indices->rank - 1] : 0;
    if (length < 1 || length + (int64_t)batch > data->rank || (int32_t)batch >= indices->rank)
        return call_invalid(call, "indices %s do not address %s", SHAPE_TEXT(indices),
                            SHAPE_TEXT(data));
    tuples->io = element_io_find(tuples->indices->dtype);
    tuples->length = (size_t)length;
    tuples->count = shape_product(indices, 0, (size_t)indices->rank - 1);
    tuples->slice = shape_product(data, batch + tuples->length, (size_t)data->rank);
    shape_strides(data, strides);
    memcpy(tuples->dims, data->dims + batch, tuples->length * sizeof *strides);
    memcpy(tuples->strides, strides + batch, tuples->length * sizeof *strides);
    return status_ok();
}

static Status tuple_offset(const Tuples *tuples, const KernelCall *call, size_t tuple,
                           size_t *ret_offset) {
    int64_t index[SHAPE_MAX_RANK], offset = 0;
    tuples->io->load_i64(tuples->indices->data, tuple * tuples->length, 1, tuples->length, index);
    for (size_t i = 0; i < tuples->length; i++) {
        TRY(offsets_check(call, tuples->dims[i], &index[i]));
        offset += index[i] * tuples->strides[i];
    }
    *ret_offset = (size_t)offset;
    return status_ok();
}

/* Dims of the indices without the last, then those of a slice. */
static Status check_slices(const KernelCall *call, const Tuples *tuples, const Shape *data,
                           size_t behind, const Tensor *slices) {
    const Shape *indices = &tuples->indices->shape;
    int64_t dims[2 * SHAPE_MAX_RANK];
    size_t rank = (size_t)indices->rank - 1;
    Shape expected;
    memcpy(dims, indices->dims, rank * sizeof *dims);
    for (size_t i = behind; i < (size_t)data->rank; i++)
        dims[rank++] = data->dims[i];
    Status status = shape_make(dims, rank, &expected);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", call->node->op->name);
    return call_check_shape(call, &expected, slices);
}

static Status gather_nd(const KernelCall *call) {
    size_t bytes, offset;
    Tuples tuples;
    int64_t batch = node_get_int(call->node, "batch_dims", 0);
    TRY(move_check_source(call, &bytes));
    const Tensor *data = call->src[0];
    Tensor *dst = &call->dst[0];
    if (batch < 0 || batch >= data->shape.rank)
        return call_invalid(call, "batch_dims %lld for %s", (long long)batch,
                            SHAPE_TEXT(&data->shape));
    TRY(tuples_begin(&tuples, call, &data->shape, (size_t)batch));
    for (int64_t i = 0; i < batch; i++)
        if (tuples.indices->shape.dims[i] != data->shape.dims[i])
            return call_shape_mismatch(call, &data->shape, &tuples.indices->shape);
    TRY(check_slices(call, &tuples, &data->shape, (size_t)batch + tuples.length, dst));
    if (tuples.count == 0 || tuples.slice == 0)
        return status_ok();

    size_t batches = shape_product(&data->shape, 0, (size_t)batch);
    size_t a_batch = tensor_elements(data) / batches, tuples_a_batch = tuples.count / batches;
    for (size_t i = 0; i < tuples.count; i++) {
        TRY(tuple_offset(&tuples, call, i, &offset));
        offset += i / tuples_a_batch * a_batch;
        memcpy((char *)dst->data + i * tuples.slice * bytes,
               (const char *)data->data + offset * bytes, tuples.slice * bytes);
    }
    return status_ok();
}
MOVE_KERNEL(gather_nd)

static void reduce_slice(Reduction reduction, Tensor *dst, const Tensor *updates, size_t from,
                         size_t to, size_t count) {
    int64_t offsets[ELEMENT_CHUNK];
    for (size_t i = 0; i < count; i += ELEMENT_CHUNK) {
        size_t chunk = MIN_OF((size_t)ELEMENT_CHUNK, count - i);
        for (size_t k = 0; k < chunk; k++)
            offsets[k] = (int64_t)(to + i + k);
        reduce_offsets(reduction, dst, updates, from + i, offsets, chunk);
    }
}

static Status scatter_nd(const KernelCall *call) {
    size_t bytes, offset;
    Tuples tuples;
    Reduction reduction;
    TRY(move_check_source(call, &bytes));
    TRY(move_check_types(call, 2, 1, &bytes));
    const Tensor *data = call->src[0], *updates = call->src[2];
    Tensor *dst = &call->dst[0];
    TRY(tuples_begin(&tuples, call, &data->shape, 0));
    TRY(call_check_shape(call, &data->shape, dst));
    TRY(check_slices(call, &tuples, &data->shape, tuples.length, updates));
    TRY(reduction_read(call, &reduction));
    TRY(reduction_check(call, reduction, dst->dtype));
    if (data->bytes)
        memcpy(dst->data, data->data, data->bytes);
    for (size_t i = 0; i < tuples.count && tuples.slice > 0; i++) {
        TRY(tuple_offset(&tuples, call, i, &offset));
        if (reduction != REDUCE_NONE)
            reduce_slice(reduction, dst, updates, i * tuples.slice, offset, tuples.slice);
        else
            memcpy((char *)dst->data + offset * bytes,
                   (const char *)updates->data + i * tuples.slice * bytes, tuples.slice * bytes);
    }
    return status_ok();
}
MOVE_KERNEL(scatter_nd)
