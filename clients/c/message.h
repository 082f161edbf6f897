/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* protobuf-c messages in an arena: what the files of this folder share. */

#include "clients/c/client.h"
#include "runtime/base/arena.h"

#include <protobuf-c/protobuf-c.h>

/* A message of the type, initialised. Returns from the calling function when the arena is full. */
#define MESSAGE_NEW(Type, variable, INIT, arena)                                                   \
    Type *variable = arena_alloc((arena), sizeof *variable);                                       \
    if (!variable)                                                                                 \
        return arena_exhausted(arena);                                                             \
    *variable = (Type)INIT

/* A zeroed array. */
#define MESSAGE_ARRAY(Type, variable, count, arena)                                                \
    Type *variable = arena_calloc((arena), (count), sizeof *variable);                             \
    if (!variable)                                                                                 \
    return arena_exhausted(arena)

/* protobuf-c's strings are not const; it does not write to them. */
static inline char *message_text(const char *text) {
    return (char *)(uintptr_t)text;
}

enum { MESSAGE_VERSION_BYTES = 24 };
/* A version as the Open Inference Protocol names it, in room where it is a number; 0 is "", the
 * server's choice. */
char *message_version(int64_t version, char room[static MESSAGE_VERSION_BYTES]);

typedef struct ClientBytes {
    const void *data;
    size_t bytes;
} ClientBytes;

Status message_pack(const ProtobufCMessage *message, Arena *arena, ClientBytes *ret_packed);
/* The message and all it holds live in arena. INTERNAL naming the method when the bytes are no such
 * message. */
Status message_unpack(const ProtobufCMessageDescriptor *type, ClientBytes bytes, const char *method,
                      Arena *arena, void *ret_message);

/* One call: request packed, sent, reply unpacked into *ret_message. */
typedef struct MessageCall {
    Client *client;
    const char *method;
    const ProtobufCMessage *request;
    const ProtobufCMessageDescriptor *reply_type;
    uint64_t timeout_ns;
    Arena *arena;
} MessageCall;
Status message_call(const MessageCall *call, void *ret_message);
