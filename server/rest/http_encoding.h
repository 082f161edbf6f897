/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Content codings: gzip and deflate, both ways, within bounds. */

#include "runtime/base/status.h"

typedef enum HttpCoding { CODING_IDENTITY, CODING_GZIP, CODING_DEFLATE, CODING_UNKNOWN } HttpCoding;

/* Of a Content-Encoding; NULL: identity. */
HttpCoding http_coding_find(const char *name);
const char *http_coding_name(HttpCoding coding);
/* The one that an Accept-Encoding likes best of those we have; identity where it says nothing. */
HttpCoding http_coding_choose(const char *accept);

/**
 * gzip and zlib streams; deflate without zlib's head too, as some clients send it.
 *
 * @ret_data  malloc, a NUL follows
 *
 * Errors: INVALID_ARGUMENT (not such a stream, or cut, or above limit_bytes), RESOURCE_EXHAUSTED
 * (out of memory)
 */
Status http_inflate(const char *data, size_t bytes, HttpCoding coding, size_t limit_bytes,
                    char **ret_data, size_t *ret_bytes);

struct evbuffer;
/* The whole body in the coding; NULL: it would not be shorter, or memory is out. */
struct evbuffer *http_deflate(struct evbuffer *body, HttpCoding coding);
