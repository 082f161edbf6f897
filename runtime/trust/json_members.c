/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tables over the JSON reader. A member that is known and there twice is a mistake: two readers
 * could believe different ones, and only one of them has been judged by whoever signed.
 * Pure but for the arena; any thread.
 */

#include "runtime/trust/json_members.h"

#include <string.h>

bool json_text_is(StringView text, const char *other) {
    return text.length == strlen(other) && memcmp(text.data, other, text.length) == 0;
}

bool json_text_once(JsonReader *reader, Arena *arena, StringView *dst) {
    if (dst->data || json_peek(reader) != JSON_KIND_STRING)
        return json_fail(reader, reader->at, "a member is there twice, or not text");
    return json_read_string(reader, arena, dst);
}

bool json_member_text(JsonReader *reader, Arena *arena, void *dst) {
    return json_text_once(reader, arena, dst);
}

bool json_member_int(JsonReader *reader, Arena *arena, void *dst) {
    (void)arena;
    if (json_peek(reader) != JSON_KIND_NUMBER || !json_read_int(reader, dst))
        return json_fail(reader, reader->at, "a member is no whole number");
    return true;
}

bool json_member_bool(JsonReader *reader, Arena *arena, void *dst) {
    (void)arena;
    if (json_peek(reader) != JSON_KIND_BOOL || !json_read_bool(reader, dst))
        return json_fail(reader, reader->at, "a member is neither true nor false");
    return true;
}

static bool read_members(JsonReader *reader, Arena *arena, const JsonMember *members, size_t count,
                         void *object, bool only) {
    uint32_t seen = 0;
    StringView name;
    if (json_peek(reader) != JSON_KIND_OBJECT || !json_open(reader))
        return json_fail(reader, reader->at, "expected an object");
    while (json_next_member(reader, arena, &name)) {
        size_t i = 0;
        while (i < count && !json_text_is(name, members[i].name))
            i++;
        if (i == count && only)
            return json_fail(reader, reader->at, "a member is not known");
        if (i == count) {
            json_skip(reader, NULL);
            continue;
        }
        if (seen >> i & 1)
            return json_fail(reader, reader->at, "a member is there twice");
        seen |= UINT32_C(1) << i;
        if (!members[i].read(reader, arena, (char *)object + members[i].offset))
            return json_fail(reader, reader->at, "a member is not what it should be");
    }
    return !reader->mistake;
}

bool json_members(JsonReader *reader, Arena *arena, const JsonMember *members, size_t count,
                  void *object) {
    return read_members(reader, arena, members, count, object, false);
}

bool json_members_only(JsonReader *reader, Arena *arena, const JsonMember *members, size_t count,
                       void *object) {
    return read_members(reader, arena, members, count, object, true);
}

Status json_document_status(JsonReader *reader, const Arena *arena) {
    if (reader->memory)
        return arena_exhausted(arena);
    if (!reader->mistake && (json_peek(reader) != JSON_KIND_NOTHING || reader->at != reader->end))
        json_fail(reader, reader->at, "there is text behind it");
    if (!reader->mistake)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "offset %zu: %s",
                        (size_t)(reader->at - reader->begin), reader->mistake);
}
