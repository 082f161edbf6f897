/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tensors of the Open Inference Protocol: datatype names, typed contents and raw contents. Source:
 * reference open_inference_triton.md 1.2, 1.3.
 */

#include "server/wire/wire_tensor.h"

/* "FP32", "BYTES"; NULL when the protocol has none. */
const char *inference_dtype_name(DType dtype);
/* DTYPE_INVALID for an unknown name. */
DType inference_dtype_find(StringView name);

/**
 * InferTensorContents into tensor, whose name, dtype and shape are set.
 *
 * Errors: INVALID_ARGUMENT (another field than the datatype's is set, element count)
 */
Status inference_contents_decode(SpanReader contents, StringView model, Arena *arena,
                                 WireTensor *tensor);
/* One raw_input_contents entry into tensor. INVALID_ARGUMENT on a byte count that is not the
 * shape's. */
Status inference_raw_decode(SpanReader raw, StringView model, Arena *arena, WireTensor *tensor);

/* raw_output_contents form of a tensor. */
size_t inference_raw_bytes(const Tensor *tensor);
Status inference_raw_put(const Tensor *tensor, OutputBlock *block, WireReply *reply);
