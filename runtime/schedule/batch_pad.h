/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Private to runtime/schedule. */

#include "runtime/schedule/batch_rows.h"

/* As batch_gather, into a tensor whose shape is set and larger than what the requests bring. */
void batch_gather_padded(const Batch *batch, size_t input, Tensor *dst);
