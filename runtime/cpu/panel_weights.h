/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/cpu/kernel.h"

/* Floats of one packed matrix [rows, inner]. */
size_t panel_weights_floats(size_t rows, size_t inner);

/**
 * A constant of `count` matrices [rows, inner], transposed into panels for SmallGemm: b of matrix i
 * is *ret_packed + i * panel_weights_floats(rows, inner), with b_step panel_columns and b_panel
 * panel_columns * inner. Shared by all plans of the model.
 *
 * @ret_packed  NULL when the value is computed
 *
 * Thread: loader, or a worker that builds a plan
 */
Status panel_weights_get(const KernelBuild *build, const Value *value, size_t count, size_t rows,
                         size_t inner, const float **ret_packed);

/* Weights [rows, channels, taps] of a convolution: one matrix as above, whose inner dim is [taps,
 * channels]. */
Status panel_weights_get_taps(const KernelBuild *build, const Value *value, size_t rows,
                              size_t channels, size_t taps, const float **ret_packed);
