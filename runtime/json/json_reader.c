/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * JSON as RFC 8259 has it, plus the bare words for numbers that are not finite. Nothing recurses:
 * what is skipped is tracked with one bit a level. Mistakes are told in RapidJSON's words, which is
 * what both servers print and clients may look for. Any thread.
 */

#include "runtime/json/json_reader.h"

#include "runtime/base/size.h"
#include "runtime/json/decimal_read.h"

#include <math.h>
#include <string.h>

static const char INVALID_VALUE[] = "Invalid value.";
static const char MISSING_QUOTE[] = "Missing a closing quotation mark in string.";
static const char MISSING_NAME[] = "Missing a name for object member.";
static const char MISSING_COLON[] = "Missing a colon after a name of object member.";
static const char MISSING_COMMA_OR_BRACE[] = "Missing a comma or } after an object member.";
static const char MISSING_COMMA_OR_BRACKET[] = "Missing a comma or ] after an array element.";
static const char BAD_ESCAPE[] = "Invalid escape character in string.";
static const char BAD_ENCODING[] = "Invalid encoding in string.";
static const char BAD_SURROGATE[] = "The surrogate pair in string is invalid.";
static const char BAD_HEX[] = "Incorrect hex digit after \\u escape in string.";
static const char TOO_DEEP[] = "Nesting is too deep.";
static const char TOO_LONG[] = "Number too long.";

JsonReader json_reader_of(const char *text, size_t length) {
    return (JsonReader){ .begin = text, .at = text, .end = text + length };
}

bool json_fail(JsonReader *reader, const char *at, const char *mistake) {
    if (!reader->mistake) {
        reader->mistake = mistake;
        reader->at = at;
    }
    return false;
}

/* --- strings --- */

const char *json_string_end(const char *at, const char *end) {
    for (at++; at < end; at++) {
        if (*at == '"')
            return at + 1;
        if (*at == '\\' && ++at == end)
            return NULL;
    }
    return NULL;
}

/* Four hex digits; -1. */
static int32_t hex4(const char *at, const char *end) {
    int32_t value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char lower = (char)(at[i] | 0x20);
        int digit = at[i] >= '0' && at[i] <= '9'   ? at[i] - '0'
                    : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10
                                                   : -1;
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static char *put_utf8(char *at, uint32_t point) {
    if (point < 0x80) {
        *at++ = (char)point;
        return at;
    }
    if (point < 0x800) {
        *at++ = (char)(0xC0 | point >> 6);
    } else if (point < 0x10000) {
        *at++ = (char)(0xE0 | point >> 12);
        *at++ = (char)(0x80 | (point >> 6 & 0x3F));
    } else {
        *at++ = (char)(0xF0 | point >> 18);
        *at++ = (char)(0x80 | (point >> 12 & 0x3F));
        *at++ = (char)(0x80 | (point >> 6 & 0x3F));
    }
    *at++ = (char)(0x80 | (point & 0x3F));
    return at;
}

/* Behind "\u"; steps over the digits and, for a pair, over the second half. */
static const char *unescape_point(const char **at, const char *end, char **dst) {
    int32_t high = hex4(*at, end);
    if (high < 0)
        return BAD_HEX;
    *at += 4;
    uint32_t point = (uint32_t)high;
    if (point >= 0xDC00 && point <= 0xDFFF)
        return BAD_SURROGATE;
    if (point >= 0xD800 && point <= 0xDBFF) {
        if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
            return BAD_SURROGATE;
        int32_t low = hex4(*at + 2, end);
        if (low < 0xDC00 || low > 0xDFFF)
            return low < 0 ? BAD_HEX : BAD_SURROGATE;
        point = 0x10000 + ((point - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
        *at += 6;
    }
    *dst = put_utf8(*dst, point);
    return NULL;
}

/* Bytes of the UTF-8 character at text, 0 if it is none. Overlong forms and surrogates are none. */
static size_t utf8_bytes(const unsigned char *text, size_t length) {
    size_t bytes = text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
    if (text[0] < 0xC2 || text[0] > 0xF4 || bytes > length)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xF0 && text[1] < 0x90);
    bool outside = (text[0] == 0xED && text[1] > 0x9F) || (text[0] == 0xF4 && text[1] > 0x8F);
    return overlong || outside ? 0 : bytes;
}

const char *json_unescape(const char *begin, const char *end, char *dst, size_t *ret_length) {
    static const char escapes[][2] = {
        { '"', '"' },  { '\\', '\\' }, { '/', '/' },  { 'b', '\b' },
        { 'f', '\f' }, { 'n', '\n' },  { 'r', '\r' }, { 't', '\t' }
    };
    char *to = dst;
    for (const char *at = begin; at < end;) {
        unsigned char byte = (unsigned char)*at;
        if (byte >= 0x80) {
            size_t bytes = utf8_bytes((const unsigned char *)at, (size_t)(end - at));
            if (bytes == 0)
                return BAD_ENCODING;
            memcpy(to, at, bytes);
            at += bytes;
            to += bytes;
        } else if (byte < 0x20) {
            return BAD_ENCODING;
        } else if (byte != '\\') {
            *to++ = *at++;
        } else if (end - at >= 2 && at[1] == 'u') {
            at += 2;
            const char *wrong = unescape_point(&at, end, &to);
            if (wrong)
                return wrong;
        } else {
            size_t row = 0;
            while (row < ARRAY_LENGTH(escapes) && end - at >= 2 && escapes[row][0] != at[1])
                row++;
            if (row == ARRAY_LENGTH(escapes) || end - at < 2)
                return BAD_ESCAPE;
            *to++ = escapes[row][1];
            at += 2;
        }
    }
    *ret_length = (size_t)(to - dst);
    return NULL;
}

bool json_read_string(JsonReader *reader, Arena *arena, StringView *ret_text) {
    if (reader->mistake)
        return false;
    const char *begin = reader->at;
    const char *end = json_string_end(begin, reader->end);
    if (!end)
        return json_fail(reader, begin, MISSING_QUOTE);
    char *text = arena_alloc(arena, (size_t)(end - begin));
    if (!text) {
        reader->memory = true;
        return json_fail(reader, begin, "Out of memory.");
    }
    size_t length;
    const char *wrong = json_unescape(begin + 1, end - 1, text, &length);
    if (wrong)
        return json_fail(reader, begin, wrong);
    text[length] = '\0';
    *ret_text = (StringView){ .data = text, .length = length };
    reader->at = end;
    return true;
}

/* --- scalars --- */

static const struct {
    const char *word;
    double value;
} NOT_FINITE[] = { { "NaN", (double)NAN },
                   { "Infinity", (double)INFINITY },
                   { "Inf", (double)INFINITY },
                   { "-Infinity", (double)-INFINITY },
                   { "-Inf", (double)-INFINITY } };

const char *json_not_finite(const char *at, const char *end, double *ret_value) {
    for (size_t i = 0; i < ARRAY_LENGTH(NOT_FINITE); i++) {
        size_t length = strlen(NOT_FINITE[i].word);
        if ((size_t)(end - at) >= length && !memcmp(at, NOT_FINITE[i].word, length)) {
            *ret_value = NOT_FINITE[i].value;
            return at + length;
        }
    }
    return NULL;
}

static const char *match_word(const char *at, const char *end, const char *word) {
    size_t length = strlen(word);
    return (size_t)(end - at) >= length && !memcmp(at, word, length) ? at + length : NULL;
}

bool json_read_bool(JsonReader *reader, bool *ret_value) {
    if (reader->mistake)
        return false;
    const char *yes = match_word(reader->at, reader->end, "true");
    const char *behind = yes ? yes : match_word(reader->at, reader->end, "false");
    if (!behind)
        return json_fail(reader, reader->at, INVALID_VALUE);
    *ret_value = yes != NULL;
    reader->at = behind;
    return true;
}

bool json_read_int(JsonReader *reader, int64_t *ret_value) {
    Decimal decimal;
    if (reader->mistake)
        return false;
    const char *behind = decimal_scan(reader->at, reader->end, &decimal);
    if (!behind || !decimal_to_i64(&decimal, ret_value))
        return json_fail(reader, reader->at, INVALID_VALUE);
    reader->at = behind;
    return true;
}

JsonKind json_peek(JsonReader *reader) {
    if (reader->mistake)
        return JSON_KIND_NOTHING;
    reader->at = json_skip_blanks(reader->at, reader->end);
    if (reader->at == reader->end)
        return JSON_KIND_NOTHING;
    switch (*reader->at) {
    case '{':
        return JSON_KIND_OBJECT;
    case '[':
        return JSON_KIND_ARRAY;
    case '"':
        return JSON_KIND_STRING;
    case 't':
    case 'f':
        return JSON_KIND_BOOL;
    case 'n':
        return JSON_KIND_NULL;
    case 'N':
    case 'I':
    case '-':
        return JSON_KIND_NUMBER;
    default:
        return *reader->at >= '0' && *reader->at <= '9' ? JSON_KIND_NUMBER : JSON_KIND_NOTHING;
    }
}

/* --- members --- */

bool json_open(JsonReader *reader) {
    if (reader->mistake)
        return false;
    reader->at++;
    reader->has_members = false;
    return true;
}

/* At the next member, behind a comma or the opening; false: closed, or a mistake. */
static bool step(JsonReader *reader, char close, const char *missing) {
    if (reader->mistake)
        return false;
    /* Behind an opening bracket nothing has been read yet: the one before tells. */
    reader->at = json_skip_blanks(reader->at, reader->end);
    bool first = !reader->has_members;
    reader->has_members = true;
    if (reader->at < reader->end && *reader->at == close) {
        reader->at++;
        return false;
    }
    if (first)
        return true;
    if (reader->at == reader->end || *reader->at != ',')
        return json_fail(reader, reader->at, missing);
    reader->at = json_skip_blanks(reader->at + 1, reader->end);
    return true;
}

bool json_next_member(JsonReader *reader, Arena *arena, StringView *ret_key) {
    if (!step(reader, '}', MISSING_COMMA_OR_BRACE))
        return false;
    if (reader->at == reader->end || *reader->at != '"')
        return json_fail(reader, reader->at, MISSING_NAME);
    if (!json_read_string(reader, arena, ret_key))
        return false;
    reader->at = json_skip_blanks(reader->at, reader->end);
    if (reader->at == reader->end || *reader->at != ':')
        return json_fail(reader, reader->at, MISSING_COLON);
    reader->at = json_skip_blanks(reader->at + 1, reader->end);
    return true;
}

bool json_next_element(JsonReader *reader) {
    return step(reader, ']', MISSING_COMMA_OR_BRACKET);
}

/* --- skipping --- */

/* Behind a scalar; NULL with the mistake noted. */
static const char *skip_scalar(JsonReader *reader, const char *at) {
    Decimal decimal;
    double value;
    const char *behind = NULL;
    if (at == reader->end) {
        json_fail(reader, at, INVALID_VALUE);
        return NULL;
    }
    if (*at == '"') {
        behind = json_string_end(at, reader->end);
        if (!behind)
            json_fail(reader, at, MISSING_QUOTE);
        return behind;
    }
    if (*at == 't' || *at == 'f' || *at == 'n')
        behind = match_word(at, reader->end, *at == 't' ? "true" : *at == 'f' ? "false" : "null");
    else
        behind = decimal_scan(at, reader->end, &decimal);
    if (behind && *at != 't' && *at != 'f' && *at != 'n' && behind - at > DECIMAL_LENGTH_MAX) {
        json_fail(reader, at, TOO_LONG);
        return NULL;
    }
    if (!behind)
        behind = json_not_finite(at, reader->end, &value);
    if (!behind)
        json_fail(reader, at, INVALID_VALUE);
    return behind;
}

/* Behind `"key" :`; NULL with the mistake noted. */
static const char *skip_key(JsonReader *reader, const char *at) {
    if (at == reader->end || *at != '"') {
        json_fail(reader, at, MISSING_NAME);
        return NULL;
    }
    const char *behind = json_string_end(at, reader->end);
    if (!behind) {
        json_fail(reader, at, MISSING_QUOTE);
        return NULL;
    }
    behind = json_skip_blanks(behind, reader->end);
    if (behind == reader->end || *behind != ':') {
        json_fail(reader, behind, MISSING_COLON);
        return NULL;
    }
    return json_skip_blanks(behind + 1, reader->end);
}

typedef struct Levels {
    size_t depth;
    bool is_object[JSON_DEPTH_MAX];
} Levels;

/* Behind a value: closes what ends there, steps over a comma and a key. NULL: a mistake. */
static const char *skip_between(JsonReader *reader, Levels *levels, const char *at) {
    while (levels->depth > 0) {
        bool object = levels->is_object[levels->depth - 1];
        at = json_skip_blanks(at, reader->end);
        if (at < reader->end && *at == ',') {
            at = json_skip_blanks(at + 1, reader->end);
            return object ? skip_key(reader, at) : at;
        }
        if (at == reader->end || *at != (object ? '}' : ']')) {
            json_fail(reader, at, object ? MISSING_COMMA_OR_BRACE : MISSING_COMMA_OR_BRACKET);
            return NULL;
        }
        at++;
        levels->depth--;
    }
    return at;
}

bool json_skip(JsonReader *reader, StringView *ret_text) {
    if (reader->mistake)
        return false;
    Levels levels;
    levels.depth = 0;
    const char *at = json_skip_blanks(reader->at, reader->end), *begin = at;
    do {
        if (at < reader->end && (*at == '{' || *at == '[')) {
            bool object = *at == '{';
            if (levels.depth == JSON_DEPTH_MAX)
                return json_fail(reader, at, TOO_DEEP);
            levels.is_object[levels.depth++] = object;
            at = json_skip_blanks(at + 1, reader->end);
            bool closed = at < reader->end && *at == (object ? '}' : ']');
            if (closed)
                levels.depth--, at = skip_between(reader, &levels, at + 1);
            else if (object)
                at = skip_key(reader, at);
        } else {
            at = skip_scalar(reader, at);
            at = at ? skip_between(reader, &levels, at) : NULL;
        }
    } while (at && levels.depth > 0);
    if (!at)
        return false;
    if (ret_text)
        *ret_text = (StringView){ .data = begin, .length = (size_t)(at - begin) };
    reader->at = at;
    return true;
}
