/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * An answer's bytes, as pieces in order: short ones in the request's arena, tensors as views of a
 * counted OutputBlock, so that they leave without a copy. Transport-free: rpc turns pieces into
 * slices, rest into buffers.
 */

#include "runtime/base/arena.h"
#include "runtime/exec/output_block.h"

typedef struct WirePiece {
    const void *data;
    size_t bytes;
    OutputBlock *block; /* what keeps data alive, borrowed: the sender takes references; NULL: the
                           arena does */
} WirePiece;

typedef struct WireReply {
    Arena *arena; /* lent; holds pieces and the bytes of those without a block */
    WirePiece *pieces;
    size_t count, capacity;
    size_t bytes;
} WireReply;

/* Payloads up to this size are copied into the arena: a slow reader must not pin a batch for a few
 * rows. */
enum { WIRE_COPY_BYTES = 4096 };

void wire_reply_init(WireReply *reply, Arena *arena);
/* data is copied when short or without a block. RESOURCE_EXHAUSTED when the arena is full. */
Status wire_reply_add(WireReply *reply, const void *data, size_t bytes, OutputBlock *block);
/* Room for bytes that the caller fills; NULL when the arena is full. Adjacent reservations become
 * one piece. */
void *wire_reply_reserve(WireReply *reply, size_t bytes);
