/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * See the header. Numbers are as short as they can be and read back the same (decimal_write.c).
 * Bytes above 0x7F in strings are passed on as they are. One thread at a time.
 */

#include "server/rest/json_writer.h"

#include "runtime/base/size.h"
#include "runtime/json/base64.h"
#include "server/rest/decimal_write.h"

#include <stdlib.h>

enum { FIRST_BYTES = 512 };

void json_writer_deinit(JsonWriter *writer) {
    free(writer->data);
    *writer = (JsonWriter){ 0 };
}

/* Room for bytes more; false: there is none. */
static inline bool reserve(JsonWriter *writer, size_t bytes) {
    if (__builtin_expect(bytes <= writer->capacity - writer->length, 1))
        return true;
    size_t needed, capacity = MAX_OF(2 * writer->capacity, (size_t)FIRST_BYTES);
    char *data = NULL;
    if (!writer->failed && size_add(writer->length, bytes, &needed))
        data = realloc(writer->data, capacity = MAX_OF(capacity, needed));
    if (!data) {
        writer->failed = true;
        return false;
    }
    writer->data = data;
    writer->capacity = capacity;
    return true;
}

void json_put_raw(JsonWriter *writer, const char *text, size_t length) {
    if (length == 0 || !reserve(writer, length))
        return;
    memcpy(writer->data + writer->length, text, length);
    writer->length += length;
}

static inline void put_character(JsonWriter *writer, char character) {
    if (reserve(writer, 1))
        writer->data[writer->length++] = character;
}

void json_put_string(JsonWriter *writer, const char *text, size_t length) {
    static const char hex[] = "0123456789abcdef";
    static const char named[][2] = { { '"', '"' },  { '\\', '\\' }, { '\b', 'b' }, { '\f', 'f' },
                                     { '\n', 'n' }, { '\r', 'r' },  { '\t', 't' } };
    put_character(writer, '"');
    size_t plain = 0; /* where what needs no escape began */
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        json_put_raw(writer, text + plain, i - plain);
        plain = i + 1;
        char escape[] = { '\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15] };
        size_t bytes = sizeof escape;
        for (size_t row = 0; row < ARRAY_LENGTH(named); row++)
            if (named[row][0] == text[i])
                escape[1] = named[row][1], bytes = 2;
        json_put_raw(writer, escape, bytes);
    }
    json_put_raw(writer, text + plain, length - plain);
    put_character(writer, '"');
}

void json_put_int(JsonWriter *writer, int64_t value) {
    if (reserve(writer, DECIMAL_TEXT_BYTES))
        writer->length =
            (size_t)(decimal_write_i64(writer->data + writer->length, value) - writer->data);
}

void json_put_f32(JsonWriter *writer, float value) {
    if (reserve(writer, DECIMAL_TEXT_BYTES))
        writer->length =
            (size_t)(decimal_write_f32(writer->data + writer->length, value) - writer->data);
}

/* --- elements --- */

static char *write_bool(char *at, const void *data, size_t index) {
    bool value = ((const unsigned char *)data)[index];
    memcpy(at, value ? "true" : "false", value ? 4 : 5);
    return at + (value ? 4 : 5);
}

#define WRITE_NUMBER(name_, type_, wide_, write_)                                                  \
    static char *name_(char *at, const void *data, size_t index) {                                 \
        return write_(at, (wide_)((const type_ *)data)[index]);                                    \
    }

WRITE_NUMBER(write_f32, float, float, decimal_write_f32)
WRITE_NUMBER(write_f64, double, double, decimal_write_f64)
WRITE_NUMBER(write_i8, int8_t, int64_t, decimal_write_i64)
WRITE_NUMBER(write_i16, int16_t, int64_t, decimal_write_i64)
WRITE_NUMBER(write_i32, int32_t, int64_t, decimal_write_i64)
WRITE_NUMBER(write_i64, int64_t, int64_t, decimal_write_i64)
WRITE_NUMBER(write_u8, uint8_t, uint64_t, decimal_write_u64)
WRITE_NUMBER(write_u16, uint16_t, uint64_t, decimal_write_u64)
WRITE_NUMBER(write_u32, uint32_t, uint64_t, decimal_write_u64)
WRITE_NUMBER(write_u64, uint64_t, uint64_t, decimal_write_u64)

/* At most DECIMAL_TEXT_BYTES an element; NULL: strings, or no JSON form. */
typedef char *(*WriteElement)(char *at, const void *data, size_t index);

static const WriteElement WRITERS[DTYPE_COUNT] = {
    [DTYPE_F32] = write_f32, [DTYPE_F64] = write_f64,   [DTYPE_I8] = write_i8,
    [DTYPE_I16] = write_i16, [DTYPE_I32] = write_i32,   [DTYPE_I64] = write_i64,
    [DTYPE_U8] = write_u8,   [DTYPE_U16] = write_u16,   [DTYPE_U32] = write_u32,
    [DTYPE_U64] = write_u64, [DTYPE_BOOL] = write_bool,
};

bool json_can_write(DType dtype) {
    return dtype == DTYPE_STRING || (dtype < DTYPE_COUNT && WRITERS[dtype]);
}

static void put_text(JsonWriter *writer, const StringView *view, bool is_base64) {
    if (!is_base64) {
        json_put_string(writer, view->data, view->length);
        return;
    }
    size_t bytes = base64_text_bytes(view->length);
    json_put(writer, "{\"b64\":\"");
    if (reserve(writer, bytes)) {
        base64_encode(view->data, view->length, writer->data + writer->length);
        writer->length += bytes;
    }
    json_put(writer, "\"}");
}

static void put_elements(JsonWriter *writer, const Tensor *tensor, size_t first, size_t count,
                         JsonTensorStyle style) {
    WriteElement write = WRITERS[tensor->dtype];
    for (size_t i = first; i < first + count; i++) {
        if (!reserve(writer, DECIMAL_TEXT_BYTES + 1))
            return;
        if (i > first)
            writer->data[writer->length++] = ',';
        if (write)
            writer->length =
                (size_t)(write(writer->data + writer->length, tensor->data, i) - writer->data);
        else
            put_text(writer, (const StringView *)tensor->data + i, style.is_base64);
    }
}

/* Dims from `axis` on, beginning with element `first`. As deep as the rank, which is at most 8. */
static void put_nested(JsonWriter *writer, const Tensor *tensor, int32_t axis, size_t first,
                       JsonTensorStyle style) {
    const Shape *shape = &tensor->shape;
    if (axis == shape->rank) {
        put_elements(writer, tensor, first, 1, style);
        return;
    }
    size_t count = (size_t)shape->dims[axis];
    put_character(writer, '[');
    if (axis == shape->rank - 1) {
        put_elements(writer, tensor, first, count, style);
    } else {
        size_t stride = shape_product(shape, (size_t)axis + 1, (size_t)shape->rank);
        for (size_t i = 0; i < count; i++) {
            if (i > 0)
                put_character(writer, ',');
            put_nested(writer, tensor, axis + 1, first + i * stride, style);
        }
    }
    put_character(writer, ']');
}

void json_put_tensor(JsonWriter *writer, const Tensor *tensor, JsonTensorStyle style) {
    if (!style.is_flat) {
        put_nested(writer, tensor, 0, 0, style);
        return;
    }
    put_character(writer, '[');
    put_elements(writer, tensor, 0, tensor_elements(tensor), style);
    put_character(writer, ']');
}

void json_put_row(JsonWriter *writer, const Tensor *tensor, size_t row, JsonTensorStyle style) {
    size_t stride = shape_product(&tensor->shape, 1, (size_t)tensor->shape.rank);
    put_nested(writer, tensor, 1, row * stride, style);
}
