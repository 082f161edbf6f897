/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Arithmetic on sizes that come from outside: false on overflow, and *ret is then untouched. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INDEX_NONE          SIZE_MAX
#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define MIN_OF(a, b)        ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b)        ((a) > (b) ? (a) : (b))

static inline bool size_add(size_t a, size_t b, size_t *ret) {
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *ret = sum;
    return true;
}

static inline bool size_mul(size_t a, size_t b, size_t *ret) {
    size_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *ret = product;
    return true;
}

/* Rounds up to a multiple of alignment, a power of two. */
static inline bool size_align(size_t bytes, size_t alignment, size_t *ret) {
    size_t sum;
    if (!size_add(bytes, alignment - 1, &sum))
        return false;
    *ret = sum & ~(alignment - 1);
    return true;
}
