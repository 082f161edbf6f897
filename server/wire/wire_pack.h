/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Messages off the hot path are built as protobuf-c structs in the request's arena and packed into
 * the reply.
 */

#include "server/wire/wire_reply.h"

#include <protobuf-c/protobuf-c.h>

/* A message of the type, initialised, in arena memory. Returns from the calling function when the
 * arena is full. */
#define MESSAGE_NEW(Type, variable, INIT, arena)                                                   \
    Type *variable = arena_alloc((arena), sizeof *variable);                                       \
    if (!variable)                                                                                 \
        return arena_exhausted(arena);                                                             \
    *variable = (Type)INIT

/* An array of pointers for a repeated field. */
#define MESSAGE_LIST(Type, variable, count, arena)                                                 \
    Type **variable = arena_calloc((arena), (count), sizeof *variable);                            \
    if (!variable)                                                                                 \
    return arena_exhausted(arena)

/* Packs the whole message as the reply's next bytes. */
Status wire_pack(const ProtobufCMessage *message, WireReply *reply);
/* protobuf-c's strings are not const; it does not write to them. */
static inline char *message_text(const char *text) {
    return (char *)(uintptr_t)text;
}
