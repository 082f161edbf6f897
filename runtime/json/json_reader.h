/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A walk over a JSON text where it lies, without recursion: the caller asks for what he expects,
 * and skips what he does not care for. Duplicate keys, unknown keys and text after the value are
 * the caller's to judge. The first mistake is kept with its place; from then on every call fails.
 */

#include "runtime/base/arena.h"
#include "runtime/tensor/dtype.h"

/* Levels that may be skipped over; deeper ones are a mistake of the text. */
enum { JSON_DEPTH_MAX = 128 };

typedef struct JsonReader {
    const char *begin, *at, *end;
    const char *mistake; /* NULL: none so far; "Invalid value." */
    bool has_members;    /* of the object or array that was opened last and not yet asked for */
    bool memory;         /* the mistake is ours: the arena is full */
} JsonReader;

/* What the next value is, by its first character. */
typedef enum JsonKind {
    JSON_KIND_NOTHING, /* end of the text, or no value starts so */
    JSON_KIND_OBJECT,
    JSON_KIND_ARRAY,
    JSON_KIND_STRING,
    JSON_KIND_NUMBER, /* NaN and infinities too */
    JSON_KIND_BOOL,
    JSON_KIND_NULL,
} JsonKind;

JsonReader json_reader_of(const char *text, size_t length);
/* Skips blanks and says what stands there. */
JsonKind json_peek(JsonReader *reader);

/* Opens an object or array that json_peek has announced. */
bool json_open(JsonReader *reader);
/* The next member's key; false when the object is closed, or on a mistake. The value must be read
 * or skipped before the next call. */
bool json_next_member(JsonReader *reader, Arena *arena, StringView *ret_key);
/* The same for an array's elements. */
bool json_next_element(JsonReader *reader);

/* A string, unescaped, checked UTF-8, NUL-terminated in the arena. */
bool json_read_string(JsonReader *reader, Arena *arena, StringView *ret_text);
bool json_read_bool(JsonReader *reader, bool *ret_value);
/* A JSON integer that fits. */
bool json_read_int(JsonReader *reader, int64_t *ret_value);
/* Any value; its extent, for later or for messages, if ret_text is not NULL. */
bool json_skip(JsonReader *reader, StringView *ret_text);

/* Notes a mistake at `at` unless there is one; always false. */
bool json_fail(JsonReader *reader, const char *at, const char *mistake);

/* The end of a string that begins at the quote at `at`: behind its closing quote. NULL: not within
 * end. */
const char *json_string_end(const char *at, const char *end);
/* Unescapes what is between the quotes. NULL, or what is wrong with it. */
const char *json_unescape(const char *begin, const char *end, char *dst, size_t *ret_length);
/* The end of NaN, Inf, Infinity, -Inf or -Infinity; NULL: none of them. */
const char *json_not_finite(const char *at, const char *end, double *ret_value);

static inline const char *json_skip_blanks(const char *at, const char *end) {
    while (at < end && (unsigned char)*at <= ' ' &&
           (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}
