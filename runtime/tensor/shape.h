/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Shapes: up to SHAPE_MAX_RANK dims of int64, as in ONNX. The same struct serves what is only
 * partly known (while a model is loaded): rank SHAPE_UNRANKED, or single dims DIM_UNKNOWN.
 * Functions that say "known" want none of these.
 */

#include "runtime/base/status.h"
#include "runtime/tensor/dtype.h"

#include <stddef.h>
#include <stdint.h>

enum { SHAPE_MAX_RANK = 8, SHAPE_UNRANKED = -1, DIM_UNKNOWN = -1 };

typedef struct Shape {
    int32_t rank;
    int64_t dims[SHAPE_MAX_RANK]; /* the first rank of them */
} Shape;

/* SHAPE(2, 3) is the shape [2,3]; SHAPE_SCALAR is []. */
#define SHAPE(...)                                                                                 \
    ((Shape){ .rank = (int32_t)(sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t)),             \
              .dims = { __VA_ARGS__ } })
#define SHAPE_SCALAR  ((Shape){ .rank = 0 })
#define SHAPE_UNKNOWN ((Shape){ .rank = SHAPE_UNRANKED })

/* INVALID_ARGUMENT above SHAPE_MAX_RANK (naming the limit) or for a negative dim other than
 * DIM_UNKNOWN. */
Status shape_make(const int64_t *dims, size_t rank, Shape *ret_shape);

bool shape_is_known(const Shape *shape);
bool shape_equal(const Shape *a, const Shape *b);
/* May a tensor of shape b stand where a is declared: unknown dims and rank of a match anything. */
bool shape_accepts(const Shape *declared, const Shape *actual);

/* Known shapes only. false when the product overflows. An empty tensor has 0 elements. */
bool shape_elements(const Shape *shape, size_t *ret_elements);
bool shape_bytes(const Shape *shape, DType dtype,
                 size_t *ret_bytes); /* packed types round up to a byte */

/* Numpy rules; an unknown dim beside 1 stays unknown, beside another known dim it must be 1 or that
 * one, so the result is known. INVALID_ARGUMENT naming both shapes. Source: ONNX Broadcasting. */
Status shape_broadcast(const Shape *a, const Shape *b, Shape *ret_shape);
/* -rank..rank-1 to 0..rank-1; INVALID_ARGUMENT naming both. */
Status shape_axis(int64_t axis, int32_t rank, size_t *ret_axis);
/* Elements per step of each dim, row-major, known shapes. */
void shape_strides(const Shape *shape, int64_t strides[static SHAPE_MAX_RANK]);
/* Product of dims [begin, end); known, already checked by shape_elements. */
size_t shape_product(const Shape *shape, size_t begin, size_t end);

/* "[1,3,?,224]", "[]", "[...]" when unranked; returns buffer. SHAPE_TEXT lives to the end of the
 * enclosing block. */
enum { SHAPE_TEXT_BYTES = 176 };
const char *shape_format(const Shape *shape, char buffer[static SHAPE_TEXT_BYTES]);
#define SHAPE_TEXT(shape) shape_format((shape), (char[SHAPE_TEXT_BYTES]){ 0 })
