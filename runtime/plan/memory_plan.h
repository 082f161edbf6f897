/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where each value lies: offsets in one arena such that values alive at the same time do not
 * overlap. Greedy by decreasing size, best fitting gap. Pure: intervals in, offsets out.
 */

#include "runtime/base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct MemoryInterval {
    uint32_t first, last; /* inclusive */
    size_t bytes;
    size_t offset; /* result; TENSOR_ALIGNMENT-aligned */
} MemoryInterval;

/** RESOURCE_EXHAUSTED when the total exceeds limit_bytes or overflows. */
Status memory_plan_assign(MemoryInterval *intervals, size_t count, size_t limit_bytes,
                          size_t *ret_bytes);
