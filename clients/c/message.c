/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Packs and unpacks protobuf-c messages in arena memory, so that nobody walks a reply to free it,
 * and so that a reply that explodes when it is unpacked meets the arena's budget. Thread: the
 * caller's.
 */

#include "clients/c/message.h"

#include "runtime/base/size.h"

#include <stdio.h>

char *message_version(int64_t version, char room[static MESSAGE_VERSION_BYTES]) {
    if (version == 0)
        return message_text("");
    snprintf(room, MESSAGE_VERSION_BYTES, "%lld", (long long)version);
    return room;
}

static void *allocate(void *arena, size_t bytes) {
    return arena_alloc(arena, bytes);
}

static void keep(void *arena, void *memory) {
    (void)arena, (void)memory; /* freed with the arena */
}

Status message_pack(const ProtobufCMessage *message, Arena *arena, ClientBytes *ret_packed) {
    size_t bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *data = arena_alloc(arena, bytes);
    if (!data)
        return arena_exhausted(arena);
    protobuf_c_message_pack(message, data);
    *ret_packed = (ClientBytes){ .data = data, .bytes = bytes };
    return status_ok();
}

Status message_unpack(const ProtobufCMessageDescriptor *type, ClientBytes bytes, const char *method,
                      Arena *arena, void *ret_message) {
    ProtobufCAllocator allocator = { .alloc = allocate, .free = keep, .allocator_data = arena };
    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &allocator, bytes.bytes, bytes.data);
    if (!message)
        return status_error(STATUS_INTERNAL, "the answer of %s (%zu bytes) is not a %s", method,
                            bytes.bytes, type->name);
    *(ProtobufCMessage **)ret_message = message;
    return status_ok();
}

Status message_call(const MessageCall *call, void *ret_message) {
    ClientBytes request;
    TRY(message_pack(call->request, call->arena, &request));
    AUTO(client_reply_deinit) ClientReply reply = { 0 };
    TRY(client_unary(call->client, call->method, request.data, request.bytes, call->timeout_ns,
                     &reply));
    return message_unpack(call->reply_type,
                          (ClientBytes){ .data = reply.data, .bytes = reply.bytes }, call->method,
                          call->arena, ret_message);
}
