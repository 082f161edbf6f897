/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The one copy of a payload that arrived in pieces. The range has been checked by the caller:
 * running out of pieces is our bug. Any thread; the pieces are lent.
 */

#include "runtime/tensor/spans.h"

#include "runtime/base/size.h"

#include <assert.h>
#include <string.h>

void spans_copy(const Spans *spans, size_t offset, size_t bytes, void *dst) {
    assert(offset <= spans->bytes && bytes <= spans->bytes - offset);
    char *to = dst;
    for (size_t i = 0; i < spans->count && bytes > 0; i++) {
        const Span *span = &spans->items[i];
        if (offset >= span->bytes) {
            offset -= span->bytes;
            continue;
        }
        size_t piece = MIN_OF(span->bytes - offset, bytes);
        memcpy(to, (const char *)span->data + offset, piece);
        to += piece;
        bytes -= piece;
        offset = 0;
    }
    assert(bytes == 0);
}
