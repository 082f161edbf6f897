/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * dst[i] += factor * src[i * step]: the one inner loop of convolution and matrix products. Integers
 * wrap.
 */

#include "runtime/tensor/dtype.h"

typedef void (*AxpyFn)(void *dst, const void *factor, const void *src, int64_t step, size_t count);

/* F32, F64, I32, U32, I64, U64; NULL for others. */
AxpyFn axpy_find(DType dtype);
