/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Nested JSON arrays -> tensor. The first elements tell the shape, every array must then have it.
 * Depth is bounded by the rank of tensors (and jansson's own limit before that). Pure but for the
 * arena.
 */

#include "clients/inferctl/source.h"

#include "runtime/base/size.h"
#include "runtime/base/cleanup.h"

#include <jansson.h>
#include <string.h>

typedef struct Fill {
    ClientTensor *tensor;
    char *at; /* the next element */
} Fill;

static void json_decref_owner(json_t *owner) {
    json_decref(owner);
}
DEFINE_AUTO(json_t, json_decref_owner);

static Status find_shape(const json_t *value, ClientTensor *tensor) {
    while (json_is_array(value)) {
        if (tensor->rank == CLIENT_RANK_MAX)
            return status_error(STATUS_INVALID_ARGUMENT, "the JSON has more than %d nested arrays",
                                CLIENT_RANK_MAX);
        tensor->dims[tensor->rank++] = (int64_t)json_array_size(value);
        value = json_array_get(value, 0); /* NULL when empty: the end */
    }
    return status_ok();
}

static Status put_string(Fill *fill, const json_t *value) {
    if (!json_is_string(value))
        return status_error(STATUS_INVALID_ARGUMENT, "the JSON should hold strings only");
    uint32_t length = (uint32_t)json_string_length(value);
    memcpy(fill->at, &length, sizeof length);
    memcpy(fill->at + sizeof length, json_string_value(value), length);
    fill->at += sizeof length + length;
    return status_ok();
}

static Status put_leaf(Fill *fill, const json_t *value) {
    const ClientType *type = fill->tensor->type;
    if (type->bytes == 0)
        return put_string(fill, value);
    Number number;
    if (json_is_integer(value))
        number = (Number){ .kind = NUMBER_SIGNED, .i = json_integer_value(value) };
    else if (json_is_real(value))
        number = (Number){ .kind = NUMBER_REAL, .r = json_real_value(value) };
    else if (json_is_boolean(value))
        number = (Number){ .kind = NUMBER_BOOL, .b = json_is_true(value) };
    else
        return status_error(STATUS_INVALID_ARGUMENT, "the JSON should hold %s values only",
                            type->name);
    TRY(number_write(number, type, fill->at));
    fill->at += type->bytes;
    return status_ok();
}

static Status put_values(Fill *fill, const json_t *value, size_t depth) {
    if (depth == fill->tensor->rank)
        return json_is_array(value)
                   ? status_error(STATUS_INVALID_ARGUMENT,
                                  "the JSON is nested %zu deep in one place, deeper in another",
                                  depth)
                   : put_leaf(fill, value);
    size_t expected = (size_t)fill->tensor->dims[depth];
    if (!json_is_array(value) || json_array_size(value) != expected)
        return status_error(
            STATUS_INVALID_ARGUMENT,
            "the JSON's arrays at depth %zu differ: the first has %zu elements, another %zu%s",
            depth + 1, expected, json_array_size(value),
            json_is_array(value) ? "" : " (it is no array)");
    for (size_t i = 0; i < expected; i++)
        TRY(put_values(fill, json_array_get(value, i), depth + 1));
    return status_ok();
}

/* Bytes of the longest possible result: text of strings is never longer than the document. */
static size_t bytes_bound(const ClientTensor *tensor, size_t elements, size_t length) {
    size_t bytes = tensor->type->bytes > 0 ? tensor->type->bytes : sizeof(uint32_t);
    return elements * bytes + (tensor->type->bytes > 0 ? 0 : length);
}

Status json_tensor_read(const char *text, size_t length, const ClientType *type, Arena *arena,
                        ClientTensor *ret_tensor) {
    json_error_t error;
    AUTO(json_decref_owner) json_t *document = json_loadb(text, length, JSON_DECODE_ANY, &error);
    if (!document)
        return status_error(STATUS_INVALID_ARGUMENT, "line %d, column %d of the JSON: %s",
                            error.line, error.column, error.text);
    ClientTensor tensor = { .type = type };
    TRY(find_shape(document, &tensor));
    size_t elements;
    /* Every element takes a byte of text at least. */
    if (!client_tensor_elements(&tensor, &elements) || elements > length)
        return status_error(STATUS_INVALID_ARGUMENT, "the JSON's arrays are of different lengths");
    char *data = arena_alloc(arena, bytes_bound(&tensor, elements, length));
    if (!data)
        return arena_exhausted(arena);
    Fill fill = { .tensor = &tensor, .at = data };
    TRY(put_values(&fill, document, 0));
    tensor.data = data;
    tensor.bytes = (size_t)(fill.at - data);
    *ret_tensor = tensor;
    return status_ok();
}
