/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tensorflow.TensorProto <-> tensors. Source: reference tensorflow_serving.md 1.4.
 */

#include "server/wire/wire_tensor.h"

/* "float", "int32", "string", as TensorFlow's messages say. */
const char *tensorflow_dtype_name(DType dtype);
/* Number in tensorflow.DataType; 0 when TensorFlow has none. */
uint32_t tensorflow_dtype_number(DType dtype);

/**
 * name is set by the caller. tensor_content wins over typed fields; fewer typed values than
 * elements repeat the last one; none is zeros.
 *
 * Errors: INVALID_ARGUMENT "tensor parsing error: <alias>" with the reason, RESOURCE_EXHAUSTED
 * (arena)
 */
Status tensorflow_tensor_decode(SpanReader message, StringView alias, Arena *arena,
                                WireTensor *ret_tensor);

/* Appends one field `number` holding the tensor as a TensorProto with its typed field, fully
 * expanded. Fixed-width elements are sent from the block. */
Status tensorflow_tensor_encode(const Tensor *tensor, OutputBlock *block, uint32_t number,
                                WireReply *reply);
/* Bytes that TensorProto takes. */
size_t tensorflow_tensor_bytes(const Tensor *tensor);
/* The TensorProto itself, for callers that have written the tag. */
Status tensorflow_tensor_put(const Tensor *tensor, OutputBlock *block, WireReply *reply);

/* TensorShapeProto body for a possibly partly unknown shape: -1 for unknown dims. */
size_t tensorflow_shape_bytes(const Shape *shape);
unsigned char *tensorflow_shape_put(unsigned char *at, const Shape *shape);
