/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Valid requests for CASE_MODEL, packed by protobuf-c: what is cut, damaged and mutated. */

#include "tests/support/wire_case.h"

enum { GOLDEN_COUNT = 4 };

/* Predict typed, Predict with tensor_content, ModelInfer with contents, ModelInfer raw. The caller
 * frees it. */
Bytes golden_request(size_t index);
const InferProtocol *golden_protocol(size_t index);
