/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Pieces of an answer. Short bytes go into the request's arena, and neighbours there become one
 * piece; what lies in a block and is long stays where it is. One thread at a time: the one that
 * encodes.
 */

#include "server/wire/wire_reply.h"

#include "runtime/base/size.h"

#include <string.h>

enum { FIRST_PIECES = 8 };

void wire_reply_init(WireReply *reply, Arena *arena) {
    *reply = (WireReply){ .arena = arena };
}

static WirePiece *add_piece(WireReply *reply) {
    if (reply->count == reply->capacity) {
        size_t capacity = MAX_OF((size_t)FIRST_PIECES, 2 * reply->capacity);
        WirePiece *pieces = arena_calloc(reply->arena, capacity, sizeof *pieces);
        if (!pieces)
            return NULL;
        if (reply->count > 0)
            memcpy(pieces, reply->pieces, reply->count * sizeof *pieces);
        reply->pieces = pieces;
        reply->capacity = capacity;
    }
    return &reply->pieces[reply->count++];
}

void *wire_reply_reserve(WireReply *reply, size_t bytes) {
    unsigned char *memory = arena_alloc(reply->arena, bytes);
    if (!memory)
        return NULL;
    reply->bytes += bytes;
    WirePiece *last = reply->count > 0 ? &reply->pieces[reply->count - 1] : NULL;
    if (last && !last->block && (const unsigned char *)last->data + last->bytes == memory) {
        last->bytes += bytes;
        return memory;
    }
    WirePiece *piece = add_piece(reply);
    if (!piece)
        return NULL;
    *piece = (WirePiece){ .data = memory, .bytes = bytes };
    return memory;
}

Status wire_reply_add(WireReply *reply, const void *data, size_t bytes, OutputBlock *block) {
    if (bytes == 0)
        return status_ok();
    if (block && bytes > WIRE_COPY_BYTES) {
        WirePiece *piece = add_piece(reply);
        if (!piece)
            return arena_exhausted(reply->arena);
        *piece = (WirePiece){ .data = data, .bytes = bytes, .block = block };
        reply->bytes += bytes;
        return status_ok();
    }
    void *memory = wire_reply_reserve(reply, bytes);
    if (!memory)
        return arena_exhausted(reply->arena);
    memcpy(memory, data, bytes);
    return status_ok();
}
