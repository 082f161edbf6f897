/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Escapes and character classes of regular expressions. A negated class inside of brackets, as in
 * [^\d_], is turned into the ranges between its own, so that only the whole can be negated.
 *
 * Pure; any thread. The pattern is a file's: every step looks for the end. Source: RE2 syntax.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/reference/regex_class.h"
#include "runtime/cpu/reference/utf8.h"

#include <string.h>

enum { CHARACTER_MAX = 0x10FFFF };

Status regex_bad(const RegexParser *parser, const char *why) {
    return status_error(STATUS_INVALID_ARGUMENT, "pattern '%.*s': %s at byte %zu",
                        (int)MIN_OF(parser->pattern.length, (size_t)120), parser->pattern.data, why,
                        parser->at);
}

bool regex_at_end(const RegexParser *parser) {
    return parser->at >= parser->pattern.length;
}

char regex_peek(const RegexParser *parser) {
    return regex_at_end(parser) ? '\0' : parser->pattern.data[parser->at];
}

bool regex_take(RegexParser *parser, const char *text) {
    size_t length = strlen(text);
    if (parser->pattern.length - parser->at < length ||
        memcmp(parser->pattern.data + parser->at, text, length) != 0)
        return false;
    parser->at += length;
    return true;
}

uint32_t regex_next_character(RegexParser *parser) {
    size_t bytes;
    StringView rest = { parser->pattern.data + parser->at, parser->pattern.length - parser->at };
    uint32_t character = utf8_read(rest, &bytes);
    parser->at += bytes;
    return character;
}

Status regex_add_range(RegexParser *parser, uint32_t low, uint32_t high) {
    Regex *regex = parser->regex;
    if (low > high)
        return regex_bad(parser, "a range runs backwards");
    if (regex->range_count == REGEX_RANGE_MAX)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "the pattern has more than %d ranges",
                            REGEX_RANGE_MAX);
    regex->ranges[regex->range_count++] = (RegexRange){ low, high };
    return status_ok();
}

/* Pairs of first and last character, in order. */
typedef struct NamedClass {
    const char *name;
    const char *pairs;
} NamedClass;

static const NamedClass escapes[] = { { "d", "09" }, { "s", "\t\n\f\r  " }, { "w", "09AZ__az" } };

static const NamedClass posix[] = {
    { "alnum", "09AZaz" },
    { "alpha", "AZaz" },
    { "ascii", "\x01\x7F" },
    { "blank", "\t\t  " },
    { "cntrl", "\x01\x1F\x7F\x7F" },
    { "digit", "09" },
    { "graph", "!~" },
    { "lower", "az" },
    { "print", " ~" },
    { "punct", "!/:@[`{~" },
    { "space", "\t\r  " },
    { "upper", "AZ" },
    { "word", "09AZ__az" },
    { "xdigit", "09AFaf" },
};

/* The class, or what is between its ranges. */
static Status add_named(RegexParser *parser, const NamedClass *named, bool negated) {
    uint32_t from = 0;
    for (const char *pair = named->pairs; *pair; pair += 2) {
        uint32_t low = (unsigned char)pair[0], high = (unsigned char)pair[1];
        if (!negated)
            TRY(regex_add_range(parser, low, high));
        else if (low > from)
            TRY(regex_add_range(parser, from, low - 1));
        from = high + 1;
    }
    return negated ? regex_add_range(parser, from, CHARACTER_MAX) : status_ok();
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \x41 or \x{10FFFF} */
static Status read_hex(RegexParser *parser, uint32_t *ret_character) {
    bool braced = regex_take(parser, "{");
    size_t most = braced ? 6 : 2, count = 0;
    uint32_t value = 0;
    for (; count < most && hex_digit(regex_peek(parser)) >= 0; count++, parser->at++)
        value = value * 16 + (uint32_t)hex_digit(regex_peek(parser));
    if (count == 0 || (!braced && count != 2) || (braced && !regex_take(parser, "}")) ||
        value > CHARACTER_MAX)
        return regex_bad(parser, "bad \\x escape");
    *ret_character = value;
    return status_ok();
}

/* @negated  add what the class leaves out instead, for \D inside of brackets */
static Status read_escape(RegexParser *parser, bool *ret_is_class, uint32_t *ret_character,
                          bool *ret_negated) {
    static const char controls[] = "a\af\fn\nr\rt\tv\v";
    *ret_is_class = *ret_negated = false;
    if (regex_at_end(parser))
        return regex_bad(parser, "a backslash at the end");
    char c = regex_peek(parser);
    for (size_t i = 0; i < ARRAY_LENGTH(escapes); i++)
        if ((c | 0x20) == escapes[i].name[0]) {
            parser->at++;
            *ret_is_class = true;
            *ret_negated = c != escapes[i].name[0];
            *ret_character = (uint32_t)i;
            return status_ok();
        }
    if (regex_take(parser, "x"))
        return read_hex(parser, ret_character);
    for (size_t i = 0; controls[i]; i += 2)
        if (c == controls[i]) {
            parser->at++;
            *ret_character = (uint32_t)controls[i + 1];
            return status_ok();
        }
    bool is_word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (is_word)
        return status_error(STATUS_UNIMPLEMENTED, "pattern: escape \\%c is not supported", c);
    *ret_character = regex_next_character(parser);
    return status_ok();
}

Status regex_escape(RegexParser *parser, bool *ret_is_class, bool *ret_negated,
                    uint32_t *ret_character) {
    TRY(read_escape(parser, ret_is_class, ret_character, ret_negated));
    return *ret_is_class ? add_named(parser, &escapes[*ret_character], false) : status_ok();
}

/* Behind "[:", as in [:^alpha:] */
static Status add_posix(RegexParser *parser) {
    bool negated = regex_take(parser, "^");
    for (size_t i = 0; i < ARRAY_LENGTH(posix); i++) {
        size_t before = parser->at;
        if (regex_take(parser, posix[i].name) && regex_take(parser, ":]"))
            return add_named(parser, &posix[i], negated);
        parser->at = before;
    }
    return regex_bad(parser, "no class of that name");
}

/* One end of a range, or a class, which cannot be one. */
static Status read_member(RegexParser *parser, bool *ret_is_class, uint32_t *ret_character) {
    bool negated;
    *ret_is_class = false;
    if (!regex_take(parser, "\\")) {
        *ret_character = regex_next_character(parser);
        return status_ok();
    }
    TRY(read_escape(parser, ret_is_class, ret_character, &negated));
    return *ret_is_class ? add_named(parser, &escapes[*ret_character], negated) : status_ok();
}

Status regex_bracket(RegexParser *parser, bool *ret_negated) {
    *ret_negated = regex_take(parser, "^");
    for (bool first = true; first || !regex_take(parser, "]"); first = false) {
        bool is_class;
        uint32_t low, high;
        if (regex_at_end(parser))
            return regex_bad(parser, "no ]");
        if (regex_take(parser, "[:")) {
            TRY(add_posix(parser));
            continue;
        }
        TRY(read_member(parser, &is_class, &low));
        if (is_class)
            continue;
        high = low;
        size_t before = parser->at;
        if (regex_take(parser, "-") && !regex_at_end(parser) && regex_peek(parser) != ']') {
            TRY(read_member(parser, &is_class, &high));
            if (is_class)
                return regex_bad(parser, "a class cannot end a range");
        } else {
            parser->at = before;
        }
        TRY(regex_add_range(parser, low, high));
    }
    return status_ok();
}
