/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/base/pool.h"
#include "runtime/tensor/tensor.h"

/* Are the bytes of both layouts the same: below rank 3, one channel, one pixel, or nothing at all?
 */
bool layout_is_same(const Shape *shape);

/* Copies f32 data of the given logical shape from one layout to the other. dst and src do not
 * overlap. */
void layout_to_channels_last(Pool *pool, const Shape *shape, float *dst, const float *src);
void layout_to_plain(Pool *pool, const Shape *shape, float *dst, const float *src);

/* Where an axis lies in memory: how many runs there are that it cuts, and how many elements stand
 * together at each of its positions. */
void layout_axis_span(const Shape *shape, Layout layout, size_t axis, size_t *ret_outer,
                      size_t *ret_inner);
