/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is sent and what came, as bytes. A message is made of pieces: copied ones, and lent ones
 * that the core sends from where they lie and gives back when its last reference is gone, which may
 * be after the call and on a thread of the core. A reply that came as one slice is used in place;
 * one of many is joined once, so that its last byte ends on a 16-byte boundary: a reply's large
 * tensor comes last, and is then aligned for any element. Thread: the client's, releases any.
 */

#include "clients/c/client_internal.h"

#include "runtime/base/size.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>
#include <string.h>

enum { REPLY_ALIGNMENT = 16 };

static grpc_slice slice_of(const ClientPiece *piece) {
    if (!piece->release)
        return grpc_slice_from_copied_buffer(piece->data, piece->bytes);
    return grpc_slice_new_with_user_data((void *)(uintptr_t)piece->data, piece->bytes,
                                         piece->release, piece->user);
}

Status client_message_join(const ClientPiece *pieces, size_t count, ClientMessage **ret_message) {
    AUTO(free) ClientMessage *message = malloc(sizeof *message);
    AUTO(free) grpc_slice *slices = calloc(MAX_OF(count, (size_t)1), sizeof *slices);
    if (!message || !slices)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    for (size_t i = 0; i < count; i++)
        slices[i] = slice_of(&pieces[i]);
    message->buffer = grpc_raw_byte_buffer_create(slices, count);
    for (size_t i = 0; i < count; i++)
        grpc_slice_unref(slices[i]);
    *ret_message = TAKE(message);
    return status_ok();
}

Status client_message_new(const void *bytes, size_t length, ClientMessage **ret_message) {
    return client_message_join(&(ClientPiece){ .data = bytes, .bytes = length }, 1, ret_message);
}

void client_message_free(ClientMessage *message) {
    if (!message)
        return;
    grpc_byte_buffer_destroy(message->buffer);
    free(message);
}

void client_reply_deinit(ClientReply *reply) {
    if (reply->slices)
        grpc_byte_buffer_destroy(reply->slices);
    free(reply->memory);
    *reply = (ClientReply){ 0 };
}

/* data stays NULL when memory is out. */
static void join(grpc_byte_buffer *buffer, ClientReply *reply) {
    size_t bytes = grpc_byte_buffer_length(buffer), used = 0;
    grpc_byte_buffer_reader reader;
    grpc_slice *slice;
    char *memory = malloc(bytes + REPLY_ALIGNMENT);
    if (!memory || !grpc_byte_buffer_reader_init(&reader, buffer)) {
        free(memory);
        return;
    }
    char *data = memory + (REPLY_ALIGNMENT - bytes % REPLY_ALIGNMENT) % REPLY_ALIGNMENT;
    while (grpc_byte_buffer_reader_peek(&reader, &slice)) {
        memcpy(data + used, GRPC_SLICE_START_PTR(*slice), GRPC_SLICE_LENGTH(*slice));
        used += GRPC_SLICE_LENGTH(*slice);
    }
    grpc_byte_buffer_reader_destroy(&reader);
    *reply = (ClientReply){ .data = data, .bytes = used, .memory = memory };
}

void client_reply_take(grpc_byte_buffer *buffer, ClientReply *ret_reply) {
    grpc_byte_buffer_reader reader;
    grpc_slice *first;
    *ret_reply = (ClientReply){ 0 };
    bool is_plain = buffer->data.raw.compression == GRPC_COMPRESS_NONE &&
                    grpc_byte_buffer_reader_init(&reader, buffer);
    if (is_plain && grpc_byte_buffer_reader_peek(&reader, &first) &&
        GRPC_SLICE_LENGTH(*first) == grpc_byte_buffer_length(buffer)) {
        *ret_reply = (ClientReply){ .data = GRPC_SLICE_START_PTR(*first),
                                    .bytes = GRPC_SLICE_LENGTH(*first),
                                    .slices = buffer };
        grpc_byte_buffer_reader_destroy(&reader);
        return;
    }
    if (is_plain)
        grpc_byte_buffer_reader_destroy(&reader);
    join(buffer, ret_reply);
    grpc_byte_buffer_destroy(buffer);
}
