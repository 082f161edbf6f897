/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the two halves of the regex compiler share: the parser's state and its reading of classes.
 */

#include "runtime/cpu/reference/regex.h"

typedef struct RegexParser {
    StringView pattern;
    size_t at;
    Regex *regex;
    uint8_t flags;
    uint32_t depth, steps;
} RegexParser;

/* Errors: INVALID_ARGUMENT naming the place */
Status regex_bad(const RegexParser *parser, const char *why);
bool regex_at_end(const RegexParser *parser);
/* The byte at the place, 0 at the end. */
char regex_peek(const RegexParser *parser);
/* Takes text if it comes next. */
bool regex_take(RegexParser *parser, const char *text);
uint32_t regex_next_character(RegexParser *parser);
Status regex_add_range(RegexParser *parser, uint32_t low, uint32_t high);
/* Behind a backslash. A character, or a class whose ranges are added: then *ret_is_class, and
 * *ret_negated for \D and kin. */
Status regex_escape(RegexParser *parser, bool *ret_is_class, bool *ret_negated,
                    uint32_t *ret_character);
/* Behind '[': adds the ranges. */
Status regex_bracket(RegexParser *parser, bool *ret_negated);
