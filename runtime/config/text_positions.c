/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The position table. protobuf-c keeps no presence for
 * scalars, so "was it given" is asked here too. Lookups are linear: they happen for a dozen paths a
 * file and on the way to an error, never per field of a long list.
 *
 * Thread: any; fixed after parsing.
 */

#include "runtime/config/text_positions.h"

#include "runtime/base/size.h"
#include "runtime/config/text_values.h"

#include <string.h>

enum { TEXT_ENTRIES_MAX = 1 << 18 };

Status text_positions_add(TextMessage *message, const TextEntry *entry, int32_t *ret_entry) {
    if (message->count == message->capacity) {
        if (message->count >= TEXT_ENTRIES_MAX)
            return status_error(STATUS_RESOURCE_EXHAUSTED, "%u:%u: more than %d fields in one file",
                                entry->position.line, entry->position.column,
                                (int)TEXT_ENTRIES_MAX);
        size_t capacity = message->capacity ? 2 * message->capacity : 64;
        TextEntry *grown = arena_calloc(message->arena, capacity, sizeof *grown);
        if (!grown)
            return arena_exhausted(message->arena);
        if (message->count > 0)
            memcpy(grown, message->entries, message->count * sizeof *grown);
        message->entries = grown;
        message->capacity = capacity;
    }
    message->entries[message->count] = *entry;
    *ret_entry = (int32_t)message->count++;
    return status_ok();
}

const TextEntry *text_positions_find(const TextMessage *message, int32_t parent,
                                     const ProtobufCFieldDescriptor *field) {
    for (size_t i = 0; i < message->count; i++)
        if (message->entries[i].parent == parent && message->entries[i].field == field)
            return &message->entries[i];
    return NULL;
}

typedef struct Segment {
    const char *name;
    size_t length;
    uint32_t index;
} Segment;

/* Takes "name[3]" off the front of a path. */
static Segment take_segment(const char **path) {
    Segment segment = { .name = *path, .length = strcspn(*path, ".[") };
    const char *cursor = *path + segment.length;
    if (*cursor == '[') {
        segment.index = (uint32_t)strtoul(cursor + 1, NULL, 10);
        cursor += strcspn(cursor, ".");
    }
    *path = *cursor == '.' ? cursor + 1 : cursor;
    return segment;
}

static int32_t find_segment(const TextMessage *message, int32_t parent, const Segment *segment) {
    for (size_t i = 0; i < message->count; i++) {
        const TextEntry *entry = &message->entries[i];
        if (entry->parent == parent && entry->index == segment->index &&
            strlen(entry->field->name) == segment->length &&
            memcmp(entry->field->name, segment->name, segment->length) == 0)
            return (int32_t)i;
    }
    return -1;
}

/* The deepest entry on the path that was given; *ret_whole says whether that is all of it. NULL:
 * not even the first. */
static const TextEntry *walk_path(const TextMessage *message, const char *path, bool *ret_whole) {
    const TextEntry *deepest = NULL;
    int32_t parent = TEXT_NO_PARENT;
    *ret_whole = true;
    while (*path) {
        Segment segment = take_segment(&path);
        parent = find_segment(message, parent, &segment);
        if (parent < 0) {
            *ret_whole = false;
            break;
        }
        deepest = &message->entries[parent];
    }
    return deepest;
}

const ProtobufCMessage *text_message_root(const TextMessage *message) {
    return message->root;
}

TextPosition text_message_position(const TextMessage *message, const char *path) {
    bool whole;
    const TextEntry *entry = walk_path(message, path, &whole);
    return entry && whole ? entry->position : (TextPosition){ 0, 0 };
}

Status text_message_of(ProtobufCMessage *root, Arena *arena, TextMessage **ret_message) {
    TextMessage *message = arena_calloc(arena, 1, sizeof *message);
    if (!message)
        return arena_exhausted(arena);
    *message = (TextMessage){ .root = root, .arena = arena, .is_bare = true };
    *ret_message = message;
    return status_ok();
}

/* Where there is no text: does the field hold anything but its default? */
static bool is_set(const ProtobufCMessage *root, const ProtobufCFieldDescriptor *field) {
    const char *value = (const char *)root + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)(const void *)((const char *)root + field->quantifier_offset) > 0;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return *(const uint32_t *)(const void *)((const char *)root + field->quantifier_offset) ==
               field->id;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return **(const char *const *)(const void *)value != '\0';
    static const char zeros[sizeof(ProtobufCBinaryData)];
    return memcmp(value, zeros, text_value_bytes(field->type)) != 0;
}

bool text_message_has(const TextMessage *message, const char *field) {
    if (!message->is_bare)
        return text_message_position(message, field).line > 0;
    const ProtobufCFieldDescriptor *row =
        protobuf_c_message_descriptor_get_field_by_name(message->root->descriptor, field);
    return row && is_set(message->root, row);
}

Status text_message_error(const TextMessage *message, const char *path, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Status status = status_error_v(STATUS_INVALID_ARGUMENT, format, args);
    va_end(args);
    if (message->is_bare)
        return status_prefix(&status, "%s", path);
    bool whole;
    const TextEntry *entry = walk_path(message, path, &whole);
    TextPosition position = entry ? entry->position : (TextPosition){ 1, 1 };
    return status_error(STATUS_INVALID_ARGUMENT, "%u:%u: %s: %s", position.line, position.column,
                        path, status.message);
}
