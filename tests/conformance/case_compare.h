/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/base/status.h"
#include "runtime/tensor/tensor.h"

/* The official runner's rules: type and shape equal; strings equal; numbers |got - expected| <=
 * absolute + relative * |expected|, NaN equal to NaN, infinities of the same sign. DATA_LOSS naming
 * the first element that differs. */
Status case_compare(const Tensor *expected, const Tensor *got, double relative, double absolute);
