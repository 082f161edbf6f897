/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Compressed requests. The core would inflate them itself, but without a bound: 260 KB on the wire
 * became 283 MiB. So its decompression is off and this does it, stopping at the limit. The output
 * doubles as it grows, so that a small message costs a small buffer and a bomb never more than the
 * limit. Thread: rpc for small ones, worker.
 */

#include "runtime/base/size.h"
#include "server/rpc/slices.h"

#include <zlib.h>

enum { FIRST_BYTES = 16384, DETECT_GZIP_OR_ZLIB = 15 + 32 };

typedef struct Inflation {
    z_stream stream;
    unsigned char *data;
    size_t capacity;
    size_t limit; /* of capacity: one above what a message may have */
} Inflation;

static Status grow(Inflation *inflation) {
    size_t used = inflation->stream.total_out;
    if (inflation->capacity >= inflation->limit)
        return status_error(STATUS_RESOURCE_EXHAUSTED,
                            "a compressed request inflates to more than the limit of %zu bytes",
                            inflation->limit - 1);
    size_t capacity = inflation->capacity ? 2 * inflation->capacity : FIRST_BYTES;
    capacity = MIN_OF(capacity, inflation->limit);
    unsigned char *data = realloc(inflation->data, capacity);
    if (!data)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory for a compressed request");
    inflation->data = data;
    inflation->capacity = capacity;
    inflation->stream.next_out = data + used;
    inflation->stream.avail_out = (uInt)MIN_OF(capacity - used, (size_t)UINT32_MAX);
    return status_ok();
}

/* *ret_ended: the compressed stream came to its end. */
static Status inflate_span(Inflation *inflation, const Span *span, bool *ret_ended) {
    z_stream *stream = &inflation->stream;
    stream->next_in =
        (unsigned char *)(uintptr_t)span->data; /* zlib reads only; its type is from before const */
    stream->avail_in = (uInt)span->bytes;
    while (stream->avail_in) {
        if (*ret_ended)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "a compressed request has bytes after its end");
        if (!stream->avail_out)
            TRY(grow(inflation));
        int result = inflate(stream, Z_NO_FLUSH);
        *ret_ended = result == Z_STREAM_END;
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "a compressed request cannot be inflated: %s",
                                stream->msg ? stream->msg : "malformed");
    }
    return status_ok();
}

/* Input is used up; zlib may still hold output back for want of room. */
static Status inflate_rest(Inflation *inflation, bool *ret_ended) {
    z_stream *stream = &inflation->stream;
    while (!*ret_ended && !stream->avail_out) {
        TRY(grow(inflation));
        int result = inflate(stream, Z_NO_FLUSH);
        *ret_ended = result == Z_STREAM_END;
        if (result == Z_BUF_ERROR)
            break;
    }
    return status_ok();
}

static Status inflate_all(Inflation *inflation, const Spans *compressed) {
    bool ended = false;
    for (size_t i = 0; i < compressed->count; i++)
        TRY(inflate_span(inflation, &compressed->items[i], &ended));
    TRY(inflate_rest(inflation, &ended));
    if (!ended)
        return status_error(STATUS_INVALID_ARGUMENT, "a compressed request is cut off");
    return status_ok();
}

Status slices_inflate(const Spans *compressed, size_t limit_bytes, void **ret_data,
                      size_t *ret_bytes) {
    /* One more than allowed: a stream that ends exactly at the limit still needs room to say so. */
    Inflation inflation = { .limit = limit_bytes + 1 };
    if (inflateInit2(&inflation.stream, DETECT_GZIP_OR_ZLIB) != Z_OK)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory for a compressed request");
    Status status = inflate_all(&inflation, compressed);
    size_t bytes = inflation.stream.total_out;
    inflateEnd(&inflation.stream);
    if (status_is_ok(&status) && bytes > limit_bytes)
        status = status_error(STATUS_RESOURCE_EXHAUSTED,
                              "a compressed request inflates to more than the limit of %zu bytes",
                              limit_bytes);
    if (!status_is_ok(&status)) {
        free(inflation.data);
        return status;
    }
    *ret_data = inflation.data;
    *ret_bytes = bytes;
    return status_ok();
}
