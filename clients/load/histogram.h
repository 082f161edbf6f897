/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Latencies by logarithmic buckets: 64 to a doubling, so a percentile is right within 1.1 %. Fixed
 * size, no allocation.
 */

#include <stdint.h>

enum { HISTOGRAM_STEPS = 64, HISTOGRAM_BUCKETS = 59 * HISTOGRAM_STEPS };

typedef struct Histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total, sum_ns, min_ns, max_ns;
} Histogram;

void histogram_add(Histogram *histogram, uint64_t value_ns);
void histogram_merge(Histogram *histogram, const Histogram *other);
/* @fraction  0.5, 0.99; 0 when empty */
uint64_t histogram_percentile(const Histogram *histogram, double fraction);
