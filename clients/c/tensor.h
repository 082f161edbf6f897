/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tensors as both protocols carry them, and one table of element types. Data is row-major and
 * little-endian; a string tensor's data is, for each element, its length as a 32-bit number and its
 * bytes (the Open Inference Protocol's form).
 */

#include "runtime/base/arena.h"
#include "runtime/base/status.h"

#include <stdint.h>

enum { CLIENT_RANK_MAX = 32, CLIENT_UNRANKED = -1 };

typedef enum ClientProtocol { CLIENT_INFERENCE, CLIENT_TENSORFLOW } ClientProtocol;

typedef struct ClientType {
    const char *name;           /* "float32" */
    const char *inference_name; /* "FP32"; NULL: the Open Inference Protocol has none */
    int32_t tensorflow_number;  /* of tensorflow.DataType */
    int32_t onnx_number;        /* of TensorProto.DataType, as runtime/tensor/dtype.h counts too */
    size_t bytes;               /* an element; 0 for strings */
} ClientType;

/* NULL when there is none. */
const ClientType *client_type_by_name(const char *name);
const ClientType *client_type_by_inference_name(const char *name);
const ClientType *client_type_by_tensorflow_number(int32_t number);
const ClientType *client_type_by_onnx_number(int32_t number);

/* What a model says of an input or output. */
typedef struct ClientPort {
    const char *name;
    const ClientType *type;
    int32_t rank;                  /* CLIENT_UNRANKED: any */
    int64_t dims[CLIENT_RANK_MAX]; /* -1: any */
} ClientPort;

typedef struct ClientTensor {
    const char *name;
    const ClientType *type;
    size_t rank;
    int64_t dims[CLIENT_RANK_MAX];
    const void *data;
    size_t bytes;
    /* Of an input: data is sent from where it lies, and this called when nothing needs it any more,
     * perhaps after the call and on any thread. NULL: it is copied. */
    void (*release)(void *user);
    void *release_user;
} ClientTensor;

/* Product of the dims; false when it overflows or a dim is negative. */
bool client_tensor_elements(const ClientTensor *tensor, size_t *ret_elements);
/* Data is as long as type and dims say; strings are walked. INVALID_ARGUMENT naming both sizes. */
Status client_tensor_check(const ClientTensor *tensor);
/* The next string of a string tensor: advances *offset. The tensor was checked. */
const char *client_tensor_string(const ClientTensor *tensor, size_t *offset, size_t *ret_length);

/* "[1,?,8]"; returns buffer. */
enum { CLIENT_DIMS_TEXT_BYTES = 256 };
const char *client_dims_format(const int64_t *dims, int32_t rank,
                               char buffer[static CLIENT_DIMS_TEXT_BYTES]);
#define CLIENT_DIMS_TEXT(dims, rank)                                                               \
    client_dims_format((dims), (int32_t)(rank), (char[CLIENT_DIMS_TEXT_BYTES]){ 0 })
