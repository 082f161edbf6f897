/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * SparseTensorProto -> a dense tensor: kernels know no other. Indices are positions in the whole,
 * or one coordinate a dim; each is checked. What a few bytes of a file may ask for counts against
 * the limit of constants before it is allocated.
 *
 * Source: onnx.proto3, SparseTensorProto.
 */

#include "runtime/base/size.h"
#include "runtime/onnx/import_context.h"

#include <string.h>

enum { SPARSE_VALUES = 1, SPARSE_INDICES = 2, SPARSE_DIMS = 3 };

typedef struct SparseParts {
    Tensor values, indices;
    WireBytes name;
    int64_t dims[SHAPE_MAX_RANK];
    size_t rank; /* as the file has it, may exceed SHAPE_MAX_RANK */
    bool has_values, has_indices;
} SparseParts;

static Status read_tensor(ImportContext *context, const WireReader *reader, const WireField *field,
                          const char *what, WireBytes *name, Tensor *ret_tensor) {
    WireReader message;
    OnnxTensor source;
    TRY(wire_enter(reader, field, what, &message));
    TRY(onnx_tensor_parse(message, &source));
    if (name)
        *name = source.name;
    return import_tensor(context, &source, ret_tensor);
}

static Status read_parts(ImportContext *context, WireReader reader, SparseParts *parts) {
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);) {
        if (field.number == SPARSE_VALUES) {
            TRY(read_tensor(context, &reader, &field, "values", &parts->name, &parts->values));
            parts->has_values = true;
        } else if (field.number == SPARSE_INDICES) {
            TRY(read_tensor(context, &reader, &field, "indices", NULL, &parts->indices));
            parts->has_indices = true;
        } else if (field.number == SPARSE_DIMS) {
            size_t count;
            TRY(wire_count_scalars(&reader, &field, WIRE_VARINT, "dims", &count));
            for (uint64_t dim; wire_next_scalar(&field.bytes, WIRE_VARINT, &dim); parts->rank++)
                if (parts->rank < SHAPE_MAX_RANK)
                    parts->dims[parts->rank] = (int64_t)dim;
        }
    }
    return status;
}

static Status check_parts(const SparseParts *parts, const Shape *shape) {
    const Tensor *values = &parts->values, *indices = &parts->indices;
    size_t count = tensor_elements(values);
    if (!parts->has_values || values->shape.rank != 1 || dtype_bytes(values->dtype) == 0 ||
        values->dtype == DTYPE_STRING)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "a sparse tensor needs values of one dim that are numbers");
    bool linear = indices->shape.rank == 1;
    bool fits = count == 0 ||
                (parts->has_indices && indices->dtype == DTYPE_I64 &&
                 (linear || (indices->shape.rank == 2 && indices->shape.dims[1] == shape->rank)) &&
                 indices->shape.dims[0] == (int64_t)count);
    if (!fits)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "indices %s of %s do not fit %zu values of a sparse tensor of %s",
                            SHAPE_TEXT(&indices->shape), dtype_name(indices->dtype), count,
                            SHAPE_TEXT(shape));
    return status_ok();
}

/* Where value number i belongs. */
static Status find_place(const SparseParts *parts, const Shape *shape, size_t elements, size_t i,
                         size_t *ret_place) {
    bool linear = parts->indices.shape.rank == 1;
    size_t place = 0, count = linear ? 1 : (size_t)shape->rank;
    for (size_t k = 0; k < count; k++) {
        int64_t index = tensor_get_int(&parts->indices, i * count + k);
        int64_t limit = linear ? (int64_t)elements : shape->dims[k];
        if (index < 0 || index >= limit)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "index %lld of value %zu is outside of a sparse tensor of %s",
                                (long long)index, i, SHAPE_TEXT(shape));
        place = linear ? (size_t)index : place * (size_t)limit + (size_t)index;
    }
    *ret_place = place;
    return status_ok();
}

Status import_sparse(ImportContext *context, WireReader reader, Tensor *ret_tensor) {
    SparseParts parts = { .name = { (const uint8_t *)"", 0 } };
    Shape shape;
    size_t elements, bytes;
    TRY(read_parts(context, reader, &parts));
    TRY(shape_make(parts.dims, parts.rank, &shape));
    TRY(check_parts(&parts, &shape));
    if (!shape_is_known(&shape) || !shape_elements(&shape, &elements) ||
        !shape_bytes(&shape, parts.values.dtype, &bytes))
        return status_error(STATUS_INVALID_ARGUMENT, "a sparse tensor cannot be of shape %s",
                            SHAPE_TEXT(&shape));
    TRY(import_charge_constant(context, bytes));
    size_t item = dtype_bytes(parts.values.dtype);
    char *data = bytes > 0 ? arena_calloc(context->arena, bytes, 1) : NULL;
    if (bytes > 0 && !data)
        return arena_exhausted(context->arena);
    for (size_t i = 0; i < tensor_elements(&parts.values); i++) {
        size_t place;
        TRY(find_place(&parts, &shape, elements, i, &place));
        memcpy(data + place * item, (const char *)parts.values.data + i * item, item);
    }
    return tensor_make(parts.values.dtype, &shape, data, bytes, ret_tensor);
}

Status import_sparse_name(WireReader reader, WireBytes *ret_name) {
    Status status;
    *ret_name = (WireBytes){ (const uint8_t *)"", 0 };
    for (WireField field; wire_next(&reader, &field, &status);) {
        WireReader values;
        if (field.number != SPARSE_VALUES)
            continue;
        TRY(wire_enter(&reader, &field, "values", &values));
        Status inner;
        for (WireField part; wire_next(&values, &part, &inner);)
            if (part.number == 8 && part.type == WIRE_BYTES) /* TensorProto.name */
                *ret_name = part.bytes;
        TRY(inner);
    }
    return status;
}
