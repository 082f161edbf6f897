/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * For tests of server/wire: messages written by hand, laid out in pieces that end where they end
 * (so that ASan sees a read beyond), a literal model to bind to, and answers as one run of bytes.
 */

#include "server/wire/span_reader.h"
#include "server/wire/wire_request.h"
#include "tests/support/check.h"

#include <string.h>

/* A message that is being written. Zeroed is empty; memory is taken on the way, and given back by
 * bytes_free. */
typedef struct Bytes {
    unsigned char *data;
    size_t count, capacity;
} Bytes;

void bytes_add(Bytes *bytes, const void *data, size_t count);
void bytes_varint(Bytes *bytes, uint64_t value);
void bytes_key(Bytes *bytes, uint32_t field, unsigned type);
void bytes_number(Bytes *bytes, uint32_t field, uint64_t value);
void bytes_fixed(Bytes *bytes, uint32_t field, const void *data, size_t count); /* 4 or 8 */
void bytes_field(Bytes *bytes, uint32_t field, const void *data, size_t count);
void bytes_text(Bytes *bytes, uint32_t field, const char *text);
/* inner is freed. */
void bytes_message(Bytes *bytes, uint32_t field, Bytes *inner);
void bytes_free(Bytes *bytes);

/* One message in up to three pieces, each in memory of its own that is exactly as long. */
typedef struct Pieces {
    Span items[3];
    Spans spans;
} Pieces;

Pieces *pieces_new(const void *data, size_t count, size_t first_cut, size_t second_cut);
void pieces_free(Pieces *pieces);

/* Budget of the arenas below: what a hostile message may make a decoder hold. */
enum { CASE_ARENA_BYTES = 1 << 20 };
Arena *case_arena_new(void);

/*
 * Model "m", version 3, at most 8 rows: inputs x float32 [?,2], s string [?] and, optional, o int64
 * [?]; outputs y float32
 * [?,2] and t string [?].
 */
extern ModelVersion CASE_MODEL;
/* The same without the optional input. */
extern ModelVersion CASE_MODEL_STRICT;

/* The reply's bytes, in arena. */
Bytes case_flatten(const WireReply *reply);

/* decode, then bind to version; what failed first. */
Status case_decode_bind(const InferProtocol *protocol, const Spans *message, ModelVersion *version,
                        Arena *arena, WireInfer *ret_infer, InferRequest *ret_request);
/* A sum over everything that decoding and binding said, names and payload bytes included: equal
 * sums, equal results. */
uint64_t case_digest(const Status *status, const WireInfer *infer, const InferRequest *request);
