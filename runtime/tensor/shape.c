/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Arithmetic on shapes. Dims come from files and from clients: every product here is checked,
 * except where the header demands a shape that has been checked before (strides, partial products),
 * and those wrap instead of being undefined: an empty tensor may have dims whose partial products
 * do not fit. Pure functions, any thread.
 */

#include "runtime/tensor/shape.h"

#include "runtime/base/size.h"

#include <inttypes.h>
#include <stdio.h>

Status shape_make(const int64_t *dims, size_t rank, Shape *ret_shape) {
    if (rank > SHAPE_MAX_RANK)
        return status_error(STATUS_INVALID_ARGUMENT, "rank %zu is above the limit of %d", rank,
                            SHAPE_MAX_RANK);
    Shape shape = { .rank = (int32_t)rank };
    for (size_t i = 0; i < rank; i++) {
        if (dims[i] < 0 && dims[i] != DIM_UNKNOWN)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "dim %zu: expected 0 or more, got %" PRId64, i, dims[i]);
        shape.dims[i] = dims[i];
    }
    *ret_shape = shape;
    return status_ok();
}

bool shape_is_known(const Shape *shape) {
    if (shape->rank < 0)
        return false;
    for (int32_t i = 0; i < shape->rank; i++)
        if (shape->dims[i] < 0)
            return false;
    return true;
}

bool shape_equal(const Shape *a, const Shape *b) {
    if (a->rank != b->rank)
        return false;
    for (int32_t i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i])
            return false;
    return true;
}

bool shape_accepts(const Shape *declared, const Shape *actual) {
    if (declared->rank == SHAPE_UNRANKED)
        return true;
    if (declared->rank != actual->rank)
        return false;
    for (int32_t i = 0; i < declared->rank; i++)
        if (declared->dims[i] != DIM_UNKNOWN && declared->dims[i] != actual->dims[i])
            return false;
    return true;
}

bool shape_elements(const Shape *shape, size_t *ret_elements) {
    size_t product = 1;
    bool overflow = false;
    for (int32_t i = 0; i < shape->rank; i++) {
        if (shape->dims[i] == 0) { /* also where the other dims would overflow */
            *ret_elements = 0;
            return true;
        }
        overflow |= !size_mul(product, (size_t)shape->dims[i], &product);
    }
    if (overflow || product > INT64_MAX)
        return false;
    *ret_elements = product;
    return true;
}

bool shape_bytes(const Shape *shape, DType dtype, size_t *ret_bytes) {
    size_t elements, bits;
    if (!shape_elements(shape, &elements) || !size_mul(elements, dtype_info(dtype)->bits, &bits) ||
        !size_align(bits, 8, &bits))
        return false;
    *ret_bytes = bits / 8;
    return true;
}

/* false: the dims do not go together */
static bool broadcast_dim(int64_t a, int64_t b, int64_t *ret_dim) {
    if (a == b || b == 1)
        *ret_dim = a;
    else if (a == 1)
        *ret_dim = b;
    else if (a == DIM_UNKNOWN || b == DIM_UNKNOWN)
        *ret_dim = a == DIM_UNKNOWN ? b : a; /* the unknown one can only be 1 or the other one */
    else
        return false;
    return true;
}

Status shape_broadcast(const Shape *a, const Shape *b, Shape *ret_shape) {
    if (a->rank == SHAPE_UNRANKED || b->rank == SHAPE_UNRANKED) {
        *ret_shape = SHAPE_UNKNOWN;
        return status_ok();
    }
    Shape shape = { .rank = MAX_OF(a->rank, b->rank) };
    for (int32_t i = 0; i < shape.rank; i++) {
        int32_t in_a = i - (shape.rank - a->rank), in_b = i - (shape.rank - b->rank);
        if (!broadcast_dim(in_a < 0 ? 1 : a->dims[in_a], in_b < 0 ? 1 : b->dims[in_b],
                           &shape.dims[i]))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "shapes %s and %s cannot be broadcast together", SHAPE_TEXT(a),
                                SHAPE_TEXT(b));
    }
    *ret_shape = shape;
    return status_ok();
}

Status shape_axis(int64_t axis, int32_t rank, size_t *ret_axis) {
    if (axis < -(int64_t)rank || axis >= rank)
        return status_error(STATUS_INVALID_ARGUMENT, "axis %" PRId64 " is outside of rank %" PRId32,
                            axis, rank);
    *ret_axis = (size_t)(axis < 0 ? axis + rank : axis);
    return status_ok();
}

void shape_strides(const Shape *shape, int64_t strides[static SHAPE_MAX_RANK]) {
    uint64_t stride = 1;
    for (int32_t i = shape->rank - 1; i >= 0; i--) {
        strides[i] = (int64_t)stride;
        stride *= (uint64_t)shape->dims[i];
    }
}

size_t shape_product(const Shape *shape, size_t begin, size_t end) {
    size_t product = 1;
    for (size_t i = begin; i < end; i++)
        product *= (size_t)shape->dims[i];
    return product;
}

const char *shape_format(const Shape *shape, char buffer[static SHAPE_TEXT_BYTES]) {
    if (shape->rank < 0) {
        snprintf(buffer, SHAPE_TEXT_BYTES, "[...]");
        return buffer;
    }
    size_t at = (size_t)snprintf(buffer, SHAPE_TEXT_BYTES, "[");
    for (int32_t i = 0; i < shape->rank; i++) {
        const char *comma = i ? "," : "";
        if (shape->dims[i] < 0)
            at += (size_t)snprintf(buffer + at, SHAPE_TEXT_BYTES - at, "%s?", comma);
        else
            at += (size_t)snprintf(buffer + at, SHAPE_TEXT_BYTES - at, "%s%" PRId64, comma,
                                   shape->dims[i]);
    }
    snprintf(buffer + at, SHAPE_TEXT_BYTES - at, "]");
    return buffer;
}
