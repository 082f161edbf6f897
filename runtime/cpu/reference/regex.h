/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Regular expressions in RE2's syntax, matched in time bounded by pattern times text: the automaton
 * keeps all states it could be in, and never goes back.
 *
 * Known: literals, . [] | () (?:) (?P<n>) (?flags) * + ? {n,m} and their lazy forms, ^ $ \A \z \b
 * \B, \d \w \s and their complements, [:alpha:] and kin, \x and control escapes, \Q..\E. Not known:
 * \p classes, \C, octal escapes.
 */

#include "runtime/base/status.h"
#include "runtime/tensor/dtype.h"

enum {
    REGEX_CODE_MAX = 20000,  /* instructions */
    REGEX_RANGE_MAX = 20000, /* ranges in all classes together */
    REGEX_DEPTH_MAX = 100,   /* of groups */
    REGEX_STEPS_MAX = 1 << 20,
};

typedef enum RegexOp {
    REGEX_JUMP,  /* to x */
    REGEX_SPLIT, /* to x and to y */
    REGEX_CLASS, /* a character in ranges [x, x + y) */
    REGEX_BEGIN, /* of text; with REGEX_LINES of a line */
    REGEX_END,
    REGEX_BOUNDARY, /* between a word character and another */
    REGEX_INSIDE,   /* not there */
    REGEX_MATCH,
} RegexOp;

enum { REGEX_FOLD = 1, REGEX_LINES = 2, REGEX_DOT_ALL = 4, REGEX_UNGREEDY = 8, REGEX_NEGATED = 16 };

typedef struct RegexInstruction {
    uint8_t op, flags;
    uint32_t x, y;
} RegexInstruction;

typedef struct RegexRange {
    uint32_t low, high;
} RegexRange;

typedef struct Regex {
    RegexInstruction *code; /* REGEX_CODE_MAX, lent */
    RegexRange *ranges;     /* REGEX_RANGE_MAX, lent */
    uint32_t *states;       /* 4 * REGEX_CODE_MAX, lent: two lists, marks and a stack */
    uint32_t code_count, range_count;
} Regex;

/* regex->code and so on point to memory. Errors: INVALID_ARGUMENT (bad pattern, at which byte),
 * UNIMPLEMENTED (syntax we lack), RESOURCE_EXHAUSTED (too long when written out) */
Status regex_compile(StringView pattern, Regex *regex);
/* Does all of text match? */
bool regex_matches(const Regex *regex, StringView text);
