/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Pattern to instructions, by recursive descent. Each atom and each alternative begins with a spare
 * JUMP to what follows it; an operator found behind the atom turns it into a SPLIT, so that nothing
 * is ever moved. A counted repetition parses its atom again for every copy.
 *
 * Bounds: depth of groups, instructions, ranges, and steps of the parser, since copies of copies
 * multiply. Pure; any thread. Source: RE2 syntax; Thompson's construction.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/reference/regex_class.h"

#include <string.h>

enum { REPEAT_MAX = 1000, REPEAT_NO_END = -1 };

static Status parse_alternatives(RegexParser *parser);

static Status emit(RegexParser *parser, RegexOp op, uint32_t x, uint32_t y) {
    Regex *regex = parser->regex;
    if (regex->code_count == REGEX_CODE_MAX || ++parser->steps > REGEX_STEPS_MAX)
        return status_error(STATUS_RESOURCE_EXHAUSTED,
                            "the pattern is too long when its repetitions are written out");
    regex->code[regex->code_count++] =
        (RegexInstruction){ .op = (uint8_t)op, .flags = parser->flags, .x = x, .y = y };
    return status_ok();
}

static uint32_t here(const RegexParser *parser) {
    return parser->regex->code_count;
}

/* A JUMP to the next instruction, to be made something else later. */
static Status emit_spare(RegexParser *parser, uint32_t *ret_at) {
    *ret_at = here(parser);
    return emit(parser, REGEX_JUMP, here(parser) + 1, 0);
}

static void make_split(RegexParser *parser, uint32_t at, uint32_t y) {
    parser->regex->code[at].op = REGEX_SPLIT;
    parser->regex->code[at].y = y;
}

static Status emit_class(RegexParser *parser, uint32_t first, bool negated) {
    uint8_t flags = parser->flags;
    parser->flags = (uint8_t)(flags | (negated ? REGEX_NEGATED : 0));
    Status status = emit(parser, REGEX_CLASS, first, parser->regex->range_count - first);
    parser->flags = flags;
    return status;
}

static Status emit_character(RegexParser *parser, uint32_t character) {
    uint32_t first = parser->regex->range_count;
    TRY(regex_add_range(parser, character, character));
    return emit_class(parser, first, false);
}

/* \Q...\E; its last character is what a repetition behind it would repeat, so only whole quotes
 * without one are taken. */
static Status parse_quote(RegexParser *parser) {
    while (!regex_at_end(parser) && !regex_take(parser, "\\E"))
        TRY(emit_character(parser, regex_next_character(parser)));
    return status_ok();
}

static Status parse_escape(RegexParser *parser) {
    static const struct {
        const char *letter;
        RegexOp op;
    } places[] = {
        { "A", REGEX_BEGIN }, { "z", REGEX_END }, { "b", REGEX_BOUNDARY }, { "B", REGEX_INSIDE }
    };
    bool is_class, negated;
    uint32_t character, first = parser->regex->range_count;
    uint8_t flags = parser->flags;
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++)
        if (regex_take(parser, places[i].letter)) {
            parser->flags = (uint8_t)(flags & ~REGEX_LINES);
            Status status = emit(parser, places[i].op, 0, 0);
            parser->flags = flags;
            return status;
        }
    if (regex_take(parser, "Q"))
        return parse_quote(parser);
    TRY(regex_escape(parser, &is_class, &negated, &character));
    return is_class ? emit_class(parser, first, negated) : emit_character(parser, character);
}

/* Behind "(?": flags up to ':' (a group follows) or ')' (they hold from here on). */
static Status parse_flags(RegexParser *parser, bool *ret_group) {
    static const char letters[] = "imsU";
    bool clears = false;
    while (!regex_at_end(parser)) {
        char c = parser->pattern.data[parser->at++];
        const char *letter = c ? strchr(letters, c) : NULL;
        if (letter) {
            uint8_t bit = (uint8_t)(1u << (letter - letters));
            parser->flags = (uint8_t)(clears ? parser->flags & ~bit : parser->flags | bit);
        } else if (c == '-' && !clears) {
            clears = true;
        } else if (c == ':' || c == ')') {
            *ret_group = c == ':';
            return status_ok();
        } else {
            break;
        }
    }
    return regex_bad(parser, "bad group");
}

static Status parse_group(RegexParser *parser) {
    uint8_t flags = parser->flags;
    bool is_group = true;
    if (regex_take(parser, "?P<") || regex_take(parser, "?<")) {
        size_t start = parser->at;
        while (!regex_at_end(parser) && regex_peek(parser) != '>')
            parser->at++;
        if (parser->at == start || !regex_take(parser, ">"))
            return regex_bad(parser, "bad name of a group");
    } else if (regex_take(parser, "?")) {
        TRY(parse_flags(parser, &is_group));
    }
    if (!is_group)
        return status_ok();
    if (++parser->depth > REGEX_DEPTH_MAX)
        return regex_bad(parser, "groups are nested too deeply");
    TRY(parse_alternatives(parser));
    if (!regex_take(parser, ")"))
        return regex_bad(parser, "no )");
    parser->depth--;
    parser->flags = flags;
    return status_ok();
}

static Status parse_atom(RegexParser *parser) {
    uint32_t first = parser->regex->range_count;
    bool negated;
    if (regex_take(parser, "("))
        return parse_group(parser);
    if (regex_take(parser, "\\"))
        return parse_escape(parser);
    if (regex_take(parser, "^"))
        return emit(parser, REGEX_BEGIN, 0, 0);
    if (regex_take(parser, "$"))
        return emit(parser, REGEX_END, 0, 0);
    if (regex_take(parser, "[")) {
        TRY(regex_bracket(parser, &negated));
        return emit_class(parser, first, negated);
    }
    if (regex_take(parser, ".")) {
        if (!(parser->flags & REGEX_DOT_ALL))
            TRY(regex_add_range(parser, '\n', '\n'));
        return emit_class(parser, first, true);
    }
    char c = regex_peek(parser);
    if (c == '*' || c == '+' || c == '?')
        return regex_bad(parser, "nothing to repeat");
    return emit_character(parser, regex_next_character(parser));
}

static bool read_number(RegexParser *parser, int *ret_number) {
    size_t start = parser->at;
    *ret_number = 0;
    for (char c; (c = regex_peek(parser)) >= '0' && c <= '9' && *ret_number <= REPEAT_MAX;
         parser->at++)
        *ret_number = *ret_number * 10 + (c - '0');
    return parser->at > start;
}

/* {n}, {n,} or {n,m}; anything else is a literal brace: false, and nothing is taken. */
static bool take_count(RegexParser *parser, int *ret_least, int *ret_most) {
    size_t before = parser->at;
    if (regex_take(parser, "{") && read_number(parser, ret_least)) {
        *ret_most = *ret_least;
        if (regex_take(parser, ",") && !read_number(parser, ret_most))
            *ret_most = REPEAT_NO_END;
        if (regex_take(parser, "}"))
            return true;
    }
    parser->at = before;
    return false;
}

static bool take_repetition(RegexParser *parser, int *ret_least, int *ret_most) {
    *ret_least = regex_peek(parser) == '+';
    *ret_most = regex_peek(parser) == '?' ? 1 : REPEAT_NO_END;
    return regex_take(parser, "*") || regex_take(parser, "+") || regex_take(parser, "?") ||
           take_count(parser, ret_least, ret_most);
}

/* One more copy of the atom that begins at byte `start`, behind a spare instruction. */
static Status copy_atom(RegexParser *parser, size_t start, uint8_t flags, uint32_t *ret_spare) {
    uint8_t flags_behind = parser->flags;
    size_t behind = parser->at;
    parser->at = start;
    parser->flags = flags;
    TRY(emit_spare(parser, ret_spare));
    TRY(parse_atom(parser));
    parser->at = behind;
    parser->flags = flags_behind;
    return status_ok();
}

/* least to most copies, the first of which stands already, behind `spare`. */
static Status repeat(RegexParser *parser, size_t start, uint8_t flags, uint32_t spare, int least,
                     int most) {
    uint32_t code_begin = spare, chain = UINT32_MAX;
    if (most == 0) { /* nothing of it stays */
        parser->regex->code_count = code_begin;
        return emit_spare(parser, &spare);
    }
    for (int made = 1; made < least; made++)
        TRY(copy_atom(parser, start, flags, &spare));
    if (most == REPEAT_NO_END) {
        TRY(emit(parser, REGEX_SPLIT, spare + 1, here(parser) + 1));
        if (least == 0)
            make_split(parser, spare, here(parser));
        return status_ok();
    }
    for (int made = MAX_OF(least, 1); made <= most; made++) {
        if (made > least) { /* the copy at spare may be left out, with all that follow */
            make_split(parser, spare, chain);
            chain = spare;
        }
        if (made < most)
            TRY(copy_atom(parser, start, flags, &spare));
    }
    while (chain != UINT32_MAX) {
        uint32_t next = parser->regex->code[chain].y;
        parser->regex->code[chain].y = here(parser);
        chain = next;
    }
    return status_ok();
}

static Status parse_piece(RegexParser *parser) {
    size_t start = parser->at;
    uint8_t flags = parser->flags;
    uint32_t spare;
    int least, most;
    TRY(emit_spare(parser, &spare));
    TRY(parse_atom(parser));
    if (!take_repetition(parser, &least, &most))
        return status_ok();
    (void)regex_take(parser, "?"); /* lazy: the same when all of the text must match */
    if (least > REPEAT_MAX || most > REPEAT_MAX || (most != REPEAT_NO_END && most < least))
        return regex_bad(parser, "bad number of repetitions");
    TRY(repeat(parser, start, flags, spare, least, most));
    if (take_repetition(parser, &least, &most))
        return regex_bad(parser, "a repetition is repeated");
    return status_ok();
}

static Status parse_alternatives(RegexParser *parser) {
    uint32_t spare, ends = UINT32_MAX;
    for (;;) {
        TRY(emit_spare(parser, &spare));
        while (!regex_at_end(parser) && regex_peek(parser) != '|' && regex_peek(parser) != ')')
            TRY(parse_piece(parser));
        if (!regex_take(parser, "|"))
            break;
        TRY(emit(parser, REGEX_JUMP, ends, 0));
        ends = here(parser) - 1;
        make_split(parser, spare, here(parser));
    }
    while (ends != UINT32_MAX) {
        uint32_t next = parser->regex->code[ends].x;
        parser->regex->code[ends].x = here(parser);
        ends = next;
    }
    return status_ok();
}

Status regex_compile(StringView pattern, Regex *regex) {
    RegexParser parser = { .pattern = pattern, .regex = regex };
    regex->code_count = regex->range_count = 0;
    TRY(parse_alternatives(&parser));
    if (!regex_at_end(&parser))
        return regex_bad(&parser, "a ) without its (");
    return emit(&parser, REGEX_MATCH, 0, 0);
}
