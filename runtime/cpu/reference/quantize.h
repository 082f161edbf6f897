/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the kernels of quantised operators share. */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/reference_util.h"

/* Nearest value of a float type; types without fewer digits than double give it back. */
double quantize_round(DType dtype, double value);

/* dst[index + i] = saturate(round(scaled[i]) + zeros[i]), at most ELEMENT_CHUNK of them; floats are
 * not rounded to whole numbers first. NaN becomes the least integer. saturate matters to 8-bit
 * floats alone. */
void quantize_store(const Tensor *dst, size_t index, size_t count, const double *scaled,
                    const double *zeros, bool saturate);

/* Integers that quantised data may be stored in, or a float of at most 8 bits. */
bool quantize_is_target(DType dtype);

/* The plain products on given operands of one type (F32, F64, I32 ...); attributes are the call's.
 * They use no scratch. */
Status conv_plain(const KernelCall *call, const Tensor *src, const Tensor *weights,
                  const Tensor *bias, Tensor *dst);
Status matmul_plain(const KernelCall *call, const Tensor *left, const Tensor *right, Tensor *dst);
