/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One row per element type that at least one protocol can carry. Everything here is pure. Sizes of
 * tensors come from a server or a file, so they are checked before data is touched. Thread: any.
 */

#include "clients/c/tensor.h"

#include "runtime/base/size.h"

#include "tensorflow/core/framework/types.pb-c.h"

#include <stdio.h>
#include <string.h>

#define DT(name) TENSORFLOW__DATA_TYPE__DT_##name

static const ClientType TYPES[] = {
    { "float32", "FP32", DT(FLOAT), 1, 4 },
    { "uint8", "UINT8", DT(UINT8), 2, 1 },
    { "int8", "INT8", DT(INT8), 3, 1 },
    { "uint16", "UINT16", DT(UINT16), 4, 2 },
    { "int16", "INT16", DT(INT16), 5, 2 },
    { "int32", "INT32", DT(INT32), 6, 4 },
    { "int64", "INT64", DT(INT64), 7, 8 },
    { "string", "BYTES", DT(STRING), 8, 0 },
    { "bool", "BOOL", DT(BOOL), 9, 1 },
    { "float16", "FP16", DT(HALF), 10, 2 },
    { "float64", "FP64", DT(DOUBLE), 11, 8 },
    { "uint32", "UINT32", DT(UINT32), 12, 4 },
    { "uint64", "UINT64", DT(UINT64), 13, 8 },
    { "complex64", NULL, DT(COMPLEX64), 14, 8 },
    { "complex128", NULL, DT(COMPLEX128), 15, 16 },
    { "bfloat16", "BF16", DT(BFLOAT16), 16, 2 },
};

const ClientType *client_type_by_name(const char *name) {
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++)
        if (strcmp(TYPES[i].name, name) == 0)
            return &TYPES[i];
    return NULL;
}

const ClientType *client_type_by_inference_name(const char *name) {
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++)
        if (TYPES[i].inference_name && strcmp(TYPES[i].inference_name, name) == 0)
            return &TYPES[i];
    return NULL;
}

const ClientType *client_type_by_tensorflow_number(int32_t number) {
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++)
        if (TYPES[i].tensorflow_number == number)
            return &TYPES[i];
    return NULL;
}

const ClientType *client_type_by_onnx_number(int32_t number) {
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++)
        if (TYPES[i].onnx_number == number)
            return &TYPES[i];
    return NULL;
}

bool client_tensor_elements(const ClientTensor *tensor, size_t *ret_elements) {
    size_t elements = 1;
    for (size_t i = 0; i < tensor->rank; i++)
        if (tensor->dims[i] < 0 || !size_mul(elements, (size_t)tensor->dims[i], &elements))
            return false;
    *ret_elements = elements;
    return true;
}

static Status check_strings(const ClientTensor *tensor, size_t elements) {
    size_t offset = 0;
    for (size_t i = 0; i < elements; i++) {
        uint32_t length;
        if (tensor->bytes - offset < sizeof length)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "tensor '%s': %zu bytes end before string %zu of %zu", tensor->name,
                                tensor->bytes, i, elements);
        memcpy(&length, (const char *)tensor->data + offset, sizeof length);
        offset += sizeof length;
        if (tensor->bytes - offset < length)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "tensor '%s': string %zu says %u bytes, %zu are left", tensor->name,
                                i, length, tensor->bytes - offset);
        offset += length;
    }
    if (offset != tensor->bytes)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "tensor '%s': %zu bytes are left after %zu strings", tensor->name,
                            tensor->bytes - offset, elements);
    return status_ok();
}

Status client_tensor_check(const ClientTensor *tensor) {
    size_t elements, bytes;
    if (!client_tensor_elements(tensor, &elements))
        return status_error(STATUS_INVALID_ARGUMENT, "tensor '%s' has the impossible shape %s",
                            tensor->name, CLIENT_DIMS_TEXT(tensor->dims, tensor->rank));
    if (tensor->type->bytes == 0)
        return check_strings(tensor, elements);
    if (!size_mul(elements, tensor->type->bytes, &bytes) || bytes != tensor->bytes)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "tensor '%s' is %s of %s, which does not fit its %zu bytes",
                            tensor->name, CLIENT_DIMS_TEXT(tensor->dims, tensor->rank),
                            tensor->type->name, tensor->bytes);
    return status_ok();
}

const char *client_tensor_string(const ClientTensor *tensor, size_t *offset, size_t *ret_length) {
    uint32_t length;
    const char *start = (const char *)tensor->data + *offset;
    memcpy(&length, start, sizeof length);
    *offset += sizeof length + length;
    *ret_length = length;
    return start + sizeof length;
}

const char *client_dims_format(const int64_t *dims, int32_t rank,
                               char buffer[static CLIENT_DIMS_TEXT_BYTES]) {
    if (rank < 0) {
        snprintf(buffer, CLIENT_DIMS_TEXT_BYTES, "[...]");
        return buffer;
    }
    size_t used = 0;
    buffer[used++] = '[';
    for (int32_t i = 0; i < rank && used + 24 < CLIENT_DIMS_TEXT_BYTES; i++) {
        int length = dims[i] < 0
                         ? snprintf(buffer + used, 24, "%s?", i ? "," : "")
                         : snprintf(buffer + used, 24, "%s%lld", i ? "," : "", (long long)dims[i]);
        used += (size_t)length;
    }
    snprintf(buffer + used, CLIENT_DIMS_TEXT_BYTES - used, "]");
    return buffer;
}
