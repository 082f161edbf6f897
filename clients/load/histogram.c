/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Bucket = exponent of two, then 64 linear steps within it. Pure. */

#include "clients/load/histogram.h"

enum { STEP_BITS = 6 };

static unsigned bucket_of(uint64_t value) {
    if (value < HISTOGRAM_STEPS)
        return (unsigned)value;
    unsigned exponent = 63 - (unsigned)__builtin_clzll(value);
    unsigned step = (unsigned)(value >> (exponent - STEP_BITS)) - HISTOGRAM_STEPS;
    unsigned bucket = (exponent - STEP_BITS + 1) * HISTOGRAM_STEPS + step;
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* Middle of the bucket. */
static uint64_t value_of(unsigned bucket) {
    if (bucket < HISTOGRAM_STEPS)
        return bucket;
    unsigned exponent = bucket / HISTOGRAM_STEPS + STEP_BITS - 1;
    uint64_t width = UINT64_C(1) << (exponent - STEP_BITS);
    return (HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS) * width + width / 2;
}

void histogram_add(Histogram *histogram, uint64_t value_ns) {
    histogram->counts[bucket_of(value_ns)]++;
    if (histogram->total == 0 || value_ns < histogram->min_ns)
        histogram->min_ns = value_ns;
    if (value_ns > histogram->max_ns)
        histogram->max_ns = value_ns;
    histogram->total++;
    histogram->sum_ns += value_ns;
}

void histogram_merge(Histogram *histogram, const Histogram *other) {
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        histogram->counts[i] += other->counts[i];
    if (other->total > 0 && (histogram->total == 0 || other->min_ns < histogram->min_ns))
        histogram->min_ns = other->min_ns;
    if (other->max_ns > histogram->max_ns)
        histogram->max_ns = other->max_ns;
    histogram->total += other->total;
    histogram->sum_ns += other->sum_ns;
}

uint64_t histogram_percentile(const Histogram *histogram, double fraction) {
    if (histogram->total == 0)
        return 0;
    uint64_t wanted = (uint64_t)(fraction * (double)(histogram->total - 1)) + 1, seen = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen >= wanted) {
            uint64_t value = value_of(i);
            return value < histogram->min_ns   ? histogram->min_ns
                   : value > histogram->max_ns ? histogram->max_ns
                                               : value;
        }
    }
    return histogram->max_ns;
}
