/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where each field stood: a tree beside the message, one entry a field given. Paths
 * ("input[0].dims") are looked up by walking it, so an entry costs 32 bytes however deep it stands.
 * Private to runtime/config.
 */

#include "runtime/base/arena.h"
#include "runtime/config/text_format.h"

enum { TEXT_NO_PARENT = -1 };

typedef struct TextEntry {
    const ProtobufCFieldDescriptor *field;
    int32_t parent; /* entry of the message it stands in; TEXT_NO_PARENT at the root */
    uint32_t index; /* of a repeated field */
    TextPosition position;
} TextEntry;

struct TextMessage {
    ProtobufCMessage *root;
    Arena *arena;
    TextEntry *entries;
    size_t count, capacity;
    bool is_bare; /* made of a message: there was no text, so nothing has a position */
};

/* RESOURCE_EXHAUSTED when the file gives more fields than TEXT_ENTRIES_MAX. */
Status text_positions_add(TextMessage *message, const TextEntry *entry, int32_t *ret_entry);
/* First entry of that field in that parent; NULL. */
const TextEntry *text_positions_find(const TextMessage *message, int32_t parent,
                                     const ProtobufCFieldDescriptor *field);
