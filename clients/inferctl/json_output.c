/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Tensors as JSON. What JSON cannot say (NaN, infinities, bytes) is said as strings; see print.h.
 */

#include "clients/inferctl/print.h"

#include "runtime/base/size.h"

#include <math.h>
#include <string.h>

static json_t *json_bytes(const char *bytes, size_t length) {
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    AUTO(free) char *text = malloc((length + 2) / 3 * 4 + 1);
    if (!text)
        return NULL;
    size_t used = 0;
    for (size_t i = 0; i < length; i += 3) {
        uint32_t group = 0;
        for (size_t j = 0; j < 3; j++)
            group = group << 8 | (i + j < length ? (unsigned char)bytes[i + j] : 0);
        for (size_t j = 0; j < 4; j++)
            text[used++] = i + j > length ? '=' : DIGITS[group >> (18 - 6 * j) & 63];
    }
    return json_pack("{s:s%}", "b64", text, used);
}

static json_t *json_double(double value) {
    if (isnan(value))
        return json_string("NaN");
    if (isinf(value))
        return json_string(value > 0 ? "Infinity" : "-Infinity");
    return json_real(value);
}

static json_t *json_number(Number number) {
    switch (number.kind) {
    case NUMBER_BOOL:
        return json_boolean(number.b);
    case NUMBER_SIGNED:
        return json_integer(number.i);
    case NUMBER_UNSIGNED:
        return number.u <= INT64_MAX ? json_integer((json_int_t)number.u)
                                     : json_real((double)number.u);
    default:
        return json_double(number.r);
    }
}

static json_t *json_element(const ClientTensor *tensor, size_t index, size_t *string_offset) {
    if (tensor->type->bytes == 0) {
        size_t length;
        const char *text = client_tensor_string(tensor, string_offset, &length);
        json_t *string = json_stringn(text, length);
        return string ? string : json_bytes(text, length);
    }
    const char *element = (const char *)tensor->data + index * tensor->type->bytes;
    if (strncmp(tensor->type->name, "complex", 7) != 0)
        return json_number(number_read(tensor->type, element));
    const ClientType *half = client_type_by_name(tensor->type->bytes == 8 ? "float32" : "float64");
    return json_pack("[o,o]", json_number(number_read(half, element)),
                     json_number(number_read(half, element + half->bytes)));
}

/* Depth is the tensor's rank at most. */
static json_t *json_nested(const ClientTensor *tensor, size_t depth, size_t *index,
                           size_t *string_offset) {
    if (depth == tensor->rank)
        return json_element(tensor, (*index)++, string_offset);
    json_t *array = json_array();
    for (int64_t i = 0; array && i < tensor->dims[depth]; i++)
        if (json_array_append_new(array, json_nested(tensor, depth + 1, index, string_offset)) !=
            0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

json_t *json_dims(const int64_t *dims, size_t rank) {
    json_t *array = json_array();
    for (size_t i = 0; array && i < rank; i++)
        json_array_append_new(array, json_integer(dims[i]));
    return array;
}

json_t *json_tensor(const ClientTensor *tensor) {
    size_t index = 0, string_offset = 0;
    return json_pack("{s:s,s:s,s:o,s:o}", "name", tensor->name, "dtype", tensor->type->name,
                     "shape", json_dims(tensor->dims, tensor->rank), "data",
                     json_nested(tensor, 0, &index, &string_offset));
}

int json_digits(const ClientTensor *tensors, size_t count) {
    enum { FLOAT_DIGITS = 9, DOUBLE_DIGITS = 17 };
    for (size_t i = 0; i < count; i++)
        if (strcmp(tensors[i].type->name, "float64") == 0 ||
            strcmp(tensors[i].type->name, "complex128") == 0)
            return DOUBLE_DIGITS;
    return FLOAT_DIGITS;
}
