/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* JSON text into growing memory. Out of memory is remembered: everything after it does nothing, and
 * is asked for once, at the end. */

#include "runtime/tensor/tensor.h"

#include <string.h>

typedef struct JsonWriter {
    char *data; /* malloc */
    size_t length, capacity;
    bool failed;
} JsonWriter;

void json_writer_deinit(JsonWriter *writer);

/* As it is: punctuation, keys that need no escape. */
void json_put_raw(JsonWriter *writer, const char *text, size_t length);
static inline void json_put(JsonWriter *writer, const char *text) {
    json_put_raw(writer, text, strlen(text));
}
/* In quotes, escaped. */
void json_put_string(JsonWriter *writer, const char *text, size_t length);
void json_put_int(JsonWriter *writer, int64_t value);
void json_put_f32(JsonWriter *writer, float value);

typedef struct JsonTensorStyle {
    bool is_flat;   /* one list whatever the shape */
    bool is_base64; /* strings as {"b64": "..."} */
} JsonTensorStyle;

/* Whether tensors of the type have a JSON form. */
bool json_can_write(DType dtype);
/* The whole tensor; a scalar is a bare value, unless flat. */
void json_put_tensor(JsonWriter *writer, const Tensor *tensor, JsonTensorStyle style);
/* Entry `row` of axis 0. */
void json_put_row(JsonWriter *writer, const Tensor *tensor, size_t row, JsonTensorStyle style);
