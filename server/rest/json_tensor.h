/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Nested JSON arrays -> elements of one type in a row, and their shape. Fed in pieces of any size,
 * or all at once; no recursion, no more memory than elements and one token. The shape is that of
 * the first element at each level; what differs from it is refused with both sides.
 */

#include "runtime/base/arena.h"
#include "runtime/tensor/shape.h"

typedef struct JsonTensorOptions {
    DType dtype;
    Arena *arena;          /* holds elements and the text of strings; its budget bounds both */
    const char *type_name; /* of dtype, for messages: "float", "FP32" */
    size_t hint_bytes;     /* of text to come; 0: unknown */
    bool is_instances;     /* messages speak of TensorFlow's rows */
} JsonTensorOptions;

typedef struct JsonTensor {
    JsonTensorOptions options;
    size_t element_bytes;
    unsigned char *data; /* in the arena */
    size_t count, capacity;
    size_t text_bytes; /* of strings */
    /* where in the nest */
    int32_t depth, rank; /* rank -1: no element yet */
    size_t counts[SHAPE_MAX_RANK + 1], dims[SHAPE_MAX_RANK];
    bool has_dim[SHAPE_MAX_RANK];
    bool expects_value; /* else a comma or the end of an array */
    bool may_close;     /* right behind an opening bracket */
    bool is_done;
    size_t offset; /* of the next byte, in all that was fed */
    /* a token that was cut by the end of a piece */
    char *token;
    size_t token_length, token_capacity;
} JsonTensor;

/* Whether a tensor of the type can be written in JSON. */
bool json_tensor_has_type(DType dtype);

void json_tensor_init(JsonTensor *tensor, const JsonTensorOptions *options);
void json_tensor_deinit(JsonTensor *tensor);
DEFINE_AUTO_VALUE(JsonTensor, json_tensor_deinit);

/**
 * Takes the next bytes. Stops behind the value's end.
 *
 * @is_last     nothing comes behind these bytes
 * @ret_used    bytes taken; fewer than given only when the value has ended
 *
 * Errors: INVALID_ARGUMENT (syntax, type, raggedness, depth, a token too long), RESOURCE_EXHAUSTED
 */
Status json_tensor_feed(JsonTensor *tensor, const char *text, size_t bytes, bool is_last,
                        size_t *ret_used);
/* Begins the next value of the same shape: rows that stand apart, as in [{"x": 1}, {"x": 2}]. */
void json_tensor_next(JsonTensor *tensor);
/* Of what was read; when values were read apart, `rows` of them, that is the leading dim. */
void json_tensor_shape(const JsonTensor *tensor, Shape *ret_shape);
