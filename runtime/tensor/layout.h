/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/tensor/tensor.h"

/* Known shapes. Are the bytes in memory the same in both layouts? So it is with one channel, one
 * position, or none. */
static inline bool layout_same_bytes(const Shape *shape) {
    return shape->rank < 3 || shape->dims[1] <= 1 ||
           shape_product(shape, 2, (size_t)shape->rank) <= 1;
}
