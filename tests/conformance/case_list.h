/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/base/status.h"
#include "runtime/tensor/tensor.h"

/* A SequenceProto or OptionalProto, by dtype, as a list. Memory is left to the end of the process.
 */
Status case_read_list(const void *bytes, size_t length, DType dtype, Tensor *ret_list);
