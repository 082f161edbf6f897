/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How durations are counted: one set of bounds for all of them, TensorFlow Serving's 10 us * 1.8^i,
 * so that both servers' dashboards and our own see the same figures. In a tally a histogram is
 * HISTOGRAM_CELLS cells in a row: the buckets, not cumulative, and the sum.
 */

#include "runtime/base/tally.h"

enum { HISTOGRAM_BOUNDS = 33, HISTOGRAM_SUM = HISTOGRAM_BOUNDS + 1, HISTOGRAM_CELLS };

/* Upper bounds, inclusive; what is longer belongs into bucket HISTOGRAM_BOUNDS. */
extern const uint64_t HISTOGRAM_BOUND_NS[HISTOGRAM_BOUNDS];

size_t histogram_bucket(uint64_t ns);
void histogram_add(TallyCells cells, size_t first_cell, uint64_t ns);
/* @cells  of one histogram, summed */
uint64_t histogram_count(const uint64_t *cells);
