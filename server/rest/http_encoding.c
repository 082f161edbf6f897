/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * zlib around whole bodies. What comes out of a request's body is bounded before it is allocated:
 * the buffer grows with what is really there. Replies are compressed at the fastest level, since it
 * is a worker's time. Pure but for memory; any thread.
 */

#include "server/rest/http_encoding.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/size.h"

#include <event2/buffer.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

enum { WINDOW = 15, WINDOW_GZIP = 16, WINDOW_DETECT = 32, FIRST_FACTOR = 4, PIECE = 16384 };

static const struct {
    const char *name;
    HttpCoding coding;
} NAMES[] = { { "identity", CODING_IDENTITY },
              { "gzip", CODING_GZIP },
              { "x-gzip", CODING_GZIP },
              { "deflate", CODING_DEFLATE } };

static HttpCoding find_name(const char *name, size_t length) {
    for (size_t i = 0; i < ARRAY_LENGTH(NAMES); i++)
        if (strlen(NAMES[i].name) == length && !strncasecmp(NAMES[i].name, name, length))
            return NAMES[i].coding;
    return CODING_UNKNOWN;
}

HttpCoding http_coding_find(const char *name) {
    return name && *name ? find_name(name, strlen(name)) : CODING_IDENTITY;
}

const char *http_coding_name(HttpCoding coding) {
    return coding == CODING_GZIP ? "gzip" : coding == CODING_DEFLATE ? "deflate" : "identity";
}

/* "q=0.5" among the parameters, in thousandths; 1000 without. */
static int quality(const char *parameters, const char *end) {
    for (const char *at = parameters; at < end; at++) {
        if ((*at | 0x20) != 'q' || end - at < 3 || at[1] != '=')
            continue;
        int value = at[2] == '1' ? 1000 : 0, unit = 100;
        if (at[2] == '0' && end - at > 3 && at[3] == '.')
            for (at += 4; at < end && *at >= '0' && *at <= '9'; at++, unit /= 10)
                value += (*at - '0') * unit;
        return value;
    }
    return 1000;
}

HttpCoding http_coding_choose(const char *accept) {
    HttpCoding best = CODING_IDENTITY;
    int best_quality = 0;
    for (const char *at = accept; at && *at;) {
        at += strspn(at, " \t,");
        size_t item = strcspn(at, ","), name = strcspn(at, " \t,;");
        HttpCoding coding = find_name(at, name);
        if (name == 1 && *at == '*')
            coding = CODING_GZIP;
        int value = quality(at + name, at + item);
        bool ours = coding == CODING_GZIP || coding == CODING_DEFLATE;
        if (ours && value > best_quality) {
            best = coding;
            best_quality = value;
        }
        at += item;
    }
    return best;
}

/* --- requests --- */

typedef struct Output {
    char *data;
    size_t bytes, capacity;
    size_t limit; /* one above what is allowed: an end of the stream may need a call with room */
} Output;

/* Room for at least one more byte and the NUL. */
static Status make_room(Output *output) {
    if (output->bytes < output->capacity)
        return status_ok();
    if (output->bytes >= output->limit)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "the inflated body is above the limit of %zu bytes", output->limit - 1);
    size_t capacity = MIN_OF(2 * output->capacity, output->limit);
    char *data = realloc(output->data, capacity + 1);
    if (!data)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    output->data = data;
    output->capacity = capacity;
    return status_ok();
}

static Status inflate_all(z_stream *stream, Output *output) {
    int result = Z_OK;
    while (result == Z_OK || result == Z_BUF_ERROR) {
        TRY(make_room(output));
        uInt room = (uInt)MIN_OF(output->capacity - output->bytes, (size_t)1 << 30);
        stream->next_out = (Bytef *)output->data + output->bytes;
        stream->avail_out = room;
        result = inflate(stream, Z_NO_FLUSH);
        output->bytes += room - stream->avail_out;
        if (result == Z_BUF_ERROR && stream->avail_in == 0)
            break;
        if (result == Z_OK && stream->avail_in == 0 && stream->avail_out > 0)
            break;
    }
    if (output->bytes == output->limit)
        TRY(make_room(output));
    if (result != Z_STREAM_END || stream->avail_in > 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "the body is not a whole stream of its Content-Encoding");
    return status_ok();
}

Status http_inflate(const char *data, size_t bytes, HttpCoding coding, size_t limit_bytes,
                    char **ret_data, size_t *ret_bytes) {
    bool zlib_head = bytes >= 2 && (data[0] & 0x0F) == 8 &&
                     (((unsigned char)data[0] << 8) + (unsigned char)data[1]) % 31 == 0;
    int window = coding == CODING_GZIP ? WINDOW + WINDOW_GZIP : zlib_head ? WINDOW : -WINDOW;
    z_stream stream = { .next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)bytes };
    if (bytes > UINT32_MAX || inflateInit2(&stream, window) != Z_OK)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    Output output = { .limit = limit_bytes + 1,
                      .capacity = MIN_OF(FIRST_FACTOR * bytes + 64, limit_bytes + 1) };
    output.data = malloc(output.capacity + 1);
    Status status = output.data ? inflate_all(&stream, &output)
                                : status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    (void)inflateEnd(&stream);
    if (!status_is_ok(&status)) {
        free(output.data);
        return status;
    }
    output.data[output.bytes] = '\0';
    *ret_data = output.data;
    *ret_bytes = output.bytes;
    return status_ok();
}

/* --- replies --- */

/* One piece of input, with what comes out of it. */
static bool deflate_piece(z_stream *stream, const void *data, size_t bytes, int flush,
                          struct evbuffer *output) {
    stream->next_in = (Bytef *)(uintptr_t)data;
    stream->avail_in = (uInt)bytes;
    do {
        unsigned char piece[PIECE];
        stream->next_out = piece;
        stream->avail_out = sizeof piece;
        if (deflate(stream, flush) == Z_STREAM_ERROR ||
            evbuffer_add(output, piece, sizeof piece - stream->avail_out))
            return false;
    } while (stream->avail_out == 0);
    return true;
}

static bool deflate_all(struct evbuffer *body, z_stream *stream, struct evbuffer *output) {
    struct evbuffer_ptr at;
    size_t left = evbuffer_get_length(body);
    evbuffer_ptr_set(body, &at, 0, EVBUFFER_PTR_SET);
    while (left > 0) {
        struct evbuffer_iovec piece;
        if (evbuffer_peek(body, -1, &at, &piece, 1) < 1)
            return false;
        size_t bytes = MIN_OF(MIN_OF(piece.iov_len, left), (size_t)1 << 30);
        if (!deflate_piece(stream, piece.iov_base, bytes, Z_NO_FLUSH, output))
            return false;
        left -= bytes;
        if (left > 0)
            evbuffer_ptr_set(body, &at, bytes, EVBUFFER_PTR_ADD);
    }
    return deflate_piece(stream, "", 0, Z_FINISH, output);
}

struct evbuffer *http_deflate(struct evbuffer *body, HttpCoding coding) {
    z_stream stream = { 0 };
    int window = coding == CODING_GZIP ? WINDOW + WINDOW_GZIP : WINDOW;
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    struct evbuffer *output = evbuffer_new();
    bool good = output && deflate_all(body, &stream, output) &&
                evbuffer_get_length(output) < evbuffer_get_length(body);
    (void)deflateEnd(&stream);
    if (!good && output) {
        evbuffer_free(output);
        return NULL;
    }
    return output;
}
