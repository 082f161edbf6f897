/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reshape keeps elements and their order, so only shapes change: the k-th open dim of one side is
 * the k-th of the other. Counts of elements are a request's, its batch dim included; item shapes
 * are a row's, once for each of its rows, as Triton has both. Thread: any.
 */

#include "runtime/model/tensor_form.h"

#include "runtime/base/size.h"

#include <string.h>

/* to, with its open dims as `actual` has those of from. */
static Status resolve(const char *name, const Shape *from, const Shape *to, const Shape *actual,
                      Shape *ret_shape) {
    if (!shape_accepts(from, actual))
        return status_error(STATUS_INVALID_ARGUMENT, "tensor '%s': expected shape %s, got %s", name,
                            SHAPE_TEXT(from), SHAPE_TEXT(actual));
    Shape shape = *to;
    int32_t next = 0;
    for (int32_t i = 0; i < shape.rank; i++) {
        if (shape.dims[i] != DIM_UNKNOWN)
            continue;
        while (next < from->rank && from->dims[next] != DIM_UNKNOWN)
            next++;
        shape.dims[i] = next < from->rank ? actual->dims[next++] : 1;
    }
    *ret_shape = shape;
    return status_ok();
}

Status tensor_form_of_model(const SignatureTensor *input, const Shape *given, Shape *ret_shape) {
    size_t elements = 0;
    *ret_shape = *given;
    if (input->ragged && !shape_elements(given, &elements))
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s': too large", input->name);
    if (input->ragged)
        *ret_shape = SHAPE((int64_t)elements);
    if (input->reshaped)
        return resolve(input->name, &input->shape, &input->model_shape, given, ret_shape);
    return status_ok();
}

Status tensor_form_of_client(const SignatureTensor *output, const Shape *made, Shape *ret_shape) {
    *ret_shape = *made;
    if (!output->reshaped)
        return status_ok();
    return resolve(output->name, &output->model_shape, &output->shape, made, ret_shape);
}

Shape tensor_form_of_part(const SignatureTensor *output, const Shape *source) {
    Shape shape = output->shape;
    for (int32_t i = 0; i < shape.rank; i++)
        if (shape.dims[i] == DIM_UNKNOWN)
            shape.dims[i] = i < source->rank ? source->dims[i] : 1;
    return shape;
}

/* --- computed inputs --- */

static bool is_of_items(const BatchInput *computed) {
    return computed->kind == BATCH_INPUT_ITEM_SHAPE ||
           computed->kind == BATCH_INPUT_ITEM_SHAPE_FLATTEN;
}

static size_t elements_of(const Shape *shape) {
    size_t elements = 0;
    (void)shape_elements(shape, &elements); /* its payload is in memory: it fits */
    return elements;
}

static size_t largest(const ShapeList *shapes) {
    size_t most = 0;
    for (size_t i = 0; i < shapes->count; i++)
        most = MAX_OF(most, elements_of(shapes->at(shapes->user, i)));
    return most;
}

static size_t rows_of(const Shape *shape) {
    return shape->rank > 0 ? (size_t)shape->dims[0] : 1;
}

Status computed_input_shape(const BatchInput *computed, const ShapeList *shapes, Shape *ret_shape) {
    int64_t count = (int64_t)shapes->count, rows = 0;
    int64_t rank = shapes->at(shapes->user, 0)->rank - 1;
    for (size_t i = 0; i < shapes->count; i++)
        rows += (int64_t)rows_of(shapes->at(shapes->user, i));
    if (rank < 0)
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s': expected a batch dim",
                            computed->source);
    const Shape of_kind[] = {
        [BATCH_INPUT_ELEMENT_COUNT] = SHAPE(count),
        [BATCH_INPUT_ACCUMULATED_ELEMENT_COUNT] = SHAPE(count),
        [BATCH_INPUT_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO] = SHAPE(count + 1),
        [BATCH_INPUT_MAX_ELEMENT_COUNT_AS_SHAPE] = SHAPE((int64_t)largest(shapes)),
        [BATCH_INPUT_ITEM_SHAPE] = SHAPE(rows, rank),
        [BATCH_INPUT_ITEM_SHAPE_FLATTEN] = SHAPE(rows * rank),
    };
    *ret_shape = of_kind[computed->kind];
    return status_ok();
}

static void put(Tensor *dst, size_t index, size_t value) {
    if (dst->dtype == DTYPE_F32)
        ((float *)dst->data)[index] = (float)value;
    else
        ((int32_t *)dst->data)[index] = (int32_t)value;
}

static void fill_items(const ShapeList *shapes, Tensor *dst) {
    size_t next = 0;
    for (size_t i = 0; i < shapes->count; i++) {
        const Shape *shape = shapes->at(shapes->user, i);
        for (size_t row = 0; row < rows_of(shape); row++)
            for (int32_t d = 1; d < shape->rank; d++)
                put(dst, next++, (size_t)shape->dims[d]);
    }
}

void computed_input_fill(const BatchInput *computed, const ShapeList *shapes, Tensor *dst) {
    size_t sum = 0, next = 0;
    if (dst->bytes > 0)
        memset(dst->data, 0, dst->bytes); /* MAX_ELEMENT_COUNT_AS_SHAPE: the shape says it all */
    if (computed->kind == BATCH_INPUT_MAX_ELEMENT_COUNT_AS_SHAPE)
        return;
    if (is_of_items(computed)) {
        fill_items(shapes, dst);
        return;
    }
    if (computed->kind == BATCH_INPUT_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO)
        put(dst, next++, 0);
    for (size_t i = 0; i < shapes->count; i++) {
        size_t elements = elements_of(shapes->at(shapes->user, i));
        sum += elements;
        put(dst, next++, computed->kind == BATCH_INPUT_ELEMENT_COUNT ? elements : sum);
    }
}
