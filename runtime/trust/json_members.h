/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Objects of JSON by a table: a row a member. Others are skipped. */

#include "runtime/json/json_reader.h"

typedef struct JsonMember {
    const char *name;
    bool (*read)(JsonReader *reader, Arena *arena, void *dst); /* false: a mistake is noted */
    size_t offset;                                             /* of dst in what the table is of */
} JsonMember;

/* Reads an object. false: a mistake is noted. At most 32 rows; a row's member may be there once. */
bool json_members(JsonReader *reader, Arena *arena, const JsonMember *members, size_t count,
                  void *object);
/* The same; a member without a row is a mistake. */
bool json_members_only(JsonReader *reader, Arena *arena, const JsonMember *members, size_t count,
                       void *object);
/* For tables: dst is a StringView. */
bool json_member_text(JsonReader *reader, Arena *arena, void *dst);
/* For tables: dst is an int64_t, or a bool. */
bool json_member_int(JsonReader *reader, Arena *arena, void *dst);
bool json_member_bool(JsonReader *reader, Arena *arena, void *dst);
/* Text into an empty dst; false: a mistake is noted. */
bool json_text_once(JsonReader *reader, Arena *arena, StringView *dst);
bool json_text_is(StringView text, const char *other);

/* After the whole document: INVALID_ARGUMENT with the mistake and its offset, or text behind it;
 * RESOURCE_EXHAUSTED. */
Status json_document_status(JsonReader *reader, const Arena *arena);
