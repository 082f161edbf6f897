/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A payload as it arrived: pieces in order, lent by whoever holds the receive buffers. It is copied
 * once, straight to where it is needed.
 */

#include <stdbool.h>
#include <stddef.h>

typedef struct Span {
    const void *data;
    size_t bytes;
} Span;

typedef struct Spans {
    const Span *items;
    size_t count;
    size_t bytes; /* sum over items */
} Spans;

/* Copies [offset, offset + bytes) of the payload; the caller has checked that it lies inside. */
void spans_copy(const Spans *spans, size_t offset, size_t bytes, void *dst);
