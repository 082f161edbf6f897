/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Byte buffers are walked through their public slice array: the reader API would take a reference
 * per slice. A reply's tensors become slices that hold their OutputBlock, so that they are written
 * to the socket from where the kernel left them; unref is what the core calls when they are gone,
 * short and lock-free for us. Thread: any; the core's own threads for releases.
 */

#include "server/rpc/slices.h"

#include "runtime/base/size.h"

#include <string.h>

enum { SLICES_ON_STACK = 16, RECEIVE_BLOCK_BYTES = 8192 };

Status slices_view(const grpc_byte_buffer *message, Arena *arena, Spans *ret_spans) {
    const grpc_slice_buffer *buffer = &message->data.raw.slice_buffer;
    Span *items = arena_calloc(arena, buffer->count ? buffer->count : 1, sizeof *items);
    if (!items)
        return arena_exhausted(arena);
    size_t count = 0;
    for (size_t i = 0; i < buffer->count; i++) {
        /* The address of the slice itself matters: short ones lie inside it. */
        const grpc_slice *slice = &buffer->slices[i];
        if (GRPC_SLICE_LENGTH(*slice))
            items[count++] = (Span){ GRPC_SLICE_START_PTR(*slice), GRPC_SLICE_LENGTH(*slice) };
    }
    *ret_spans = (Spans){ .items = items, .count = count, .bytes = buffer->length };
    return status_ok();
}

size_t slices_charge(const grpc_byte_buffer *message) {
    size_t bytes = message->data.raw.slice_buffer.length;
    return MAX_OF(bytes, (size_t)RECEIVE_BLOCK_BYTES);
}

static void release_block(void *block) {
    output_block_unref(block);
}

/* How many bytes the pieces from begin on have that are to be copied together; *ret_end: the first
 * that is not. */
static size_t copied_run(const WireReply *reply, size_t begin, size_t *ret_end) {
    size_t bytes = 0, end = begin;
    while (end < reply->count && !reply->pieces[end].block)
        bytes += reply->pieces[end++].bytes;
    *ret_end = end;
    return bytes;
}

static grpc_slice copy_run(const WireReply *reply, size_t begin, size_t end, size_t bytes) {
    grpc_slice slice = grpc_slice_malloc(bytes);
    uint8_t *dst = GRPC_SLICE_START_PTR(slice);
    for (size_t i = begin; i < end; i++) {
        if (reply->pieces[i].bytes)
            memcpy(dst, reply->pieces[i].data, reply->pieces[i].bytes);
        dst += reply->pieces[i].bytes;
    }
    return slice;
}

static grpc_slice share_piece(const WirePiece *piece) {
    void *data = (void *)(uintptr_t)piece->data; /* the core only reads it */
    return grpc_slice_new_with_user_data(data, piece->bytes, release_block,
                                         output_block_ref(piece->block));
}

Status slices_encode(const WireReply *reply, grpc_byte_buffer **ret_message) {
    grpc_slice stack[SLICES_ON_STACK];
    AUTO(free) grpc_slice *heap = NULL;
    grpc_slice *slices = stack;
    if (reply->count > SLICES_ON_STACK) {
        heap = calloc(reply->count, sizeof *heap);
        if (!heap)
            return status_error(STATUS_RESOURCE_EXHAUSTED,
                                "out of memory for a reply of %zu pieces", reply->count);
        slices = heap;
    }
    size_t count = 0;
    for (size_t i = 0; i < reply->count;) {
        size_t end;
        size_t bytes = copied_run(reply, i, &end);
        if (bytes)
            slices[count++] = copy_run(reply, i, end, bytes);
        if (end < reply->count)
            slices[count++] = share_piece(&reply->pieces[end++]);
        i = end;
    }
    if (!count)
        slices[count++] = grpc_empty_slice();
    *ret_message = grpc_raw_byte_buffer_create(slices, count);
    for (size_t i = 0; i < count; i++)
        grpc_slice_unref(slices[i]); /* the message has its own references */
    return status_ok();
}
