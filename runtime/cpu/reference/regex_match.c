/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * RegexFullMatch, and the automaton behind it: before each character the list of instructions that
 * could be next. Every instruction is in the list once, so a step costs no more than the pattern is
 * long.
 *
 * Thread: any that runs kernels; the pattern is compiled for each run. Source: ONNX RegexFullMatch
 * 20; Thompson's simulation.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/reference_util.h"
#include "runtime/cpu/reference/regex.h"
#include "runtime/cpu/reference/utf8.h"

#include <string.h>

enum { NO_CHARACTER = UINT32_MAX }; /* beyond the ends of the text */

typedef struct StateList {
    uint32_t *items;
    size_t count;
} StateList;

typedef struct Simulation {
    const Regex *regex;
    StateList now, next;
    uint32_t *marks, *stack;
    uint32_t round;
    uint32_t before, after; /* characters around the place */
} Simulation;

static bool is_word(uint32_t c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool holds(const Simulation *s, const RegexInstruction *code) {
    bool lines = code->flags & REGEX_LINES;
    switch ((RegexOp)code->op) {
    case REGEX_BEGIN:
        return s->before == NO_CHARACTER || (lines && s->before == '\n');
    case REGEX_END:
        return s->after == NO_CHARACTER || (lines && s->after == '\n');
    case REGEX_BOUNDARY:
        return is_word(s->before) != is_word(s->after);
    case REGEX_INSIDE:
        return is_word(s->before) == is_word(s->after);
    default:
        return false;
    }
}

static void push(Simulation *s, size_t *depth, uint32_t at) {
    if (s->marks[at] == s->round)
        return;
    s->marks[at] = s->round;
    s->stack[(*depth)++] = at;
}

/* Adds what can be reached from an instruction without a character. */
static void follow(Simulation *s, StateList *list, uint32_t from) {
    size_t depth = 0;
    push(s, &depth, from);
    while (depth > 0) {
        uint32_t at = s->stack[--depth];
        const RegexInstruction *code = &s->regex->code[at];
        if (code->op == REGEX_CLASS || code->op == REGEX_MATCH) {
            list->items[list->count++] = at;
        } else if (code->op == REGEX_JUMP || code->op == REGEX_SPLIT) {
            push(s, &depth, code->x);
            if (code->op == REGEX_SPLIT)
                push(s, &depth, code->y);
        } else if (holds(s, code)) {
            push(s, &depth, at + 1);
        }
    }
}

static bool in_ranges(const Regex *regex, const RegexInstruction *code, uint32_t c) {
    for (uint32_t i = 0; i < code->y; i++)
        if (regex->ranges[code->x + i].low <= c && c <= regex->ranges[code->x + i].high)
            return true;
    return false;
}

static bool class_takes(const Regex *regex, const RegexInstruction *code, uint32_t c) {
    bool found = in_ranges(regex, code, c);
    if (!found && code->flags & REGEX_FOLD)
        found = in_ranges(regex, code, utf8_lower(c)) || in_ranges(regex, code, utf8_upper(c));
    return found != ((code->flags & REGEX_NEGATED) != 0);
}

static uint32_t first_character(StringView text, size_t *ret_bytes) {
    *ret_bytes = 0;
    return text.length > 0 ? utf8_read(text, ret_bytes) : NO_CHARACTER;
}

static void new_round(Simulation *s) {
    if (++s->round == 0) { /* once in 4 billion characters */
        memset(s->marks, 0, s->regex->code_count * sizeof *s->marks);
        s->round = 1;
    }
}

bool regex_matches(const Regex *regex, StringView text) {
    Simulation s = { .regex = regex,
                     .now = { .items = regex->states },
                     .next = { .items = regex->states + REGEX_CODE_MAX },
                     .marks = regex->states + 2 * REGEX_CODE_MAX,
                     .stack = regex->states + 3 * REGEX_CODE_MAX,
                     .before = NO_CHARACTER };
    size_t bytes;
    memset(s.marks, 0, regex->code_count * sizeof *s.marks);
    s.after = first_character(text, &bytes);
    new_round(&s);
    follow(&s, &s.now, 0);
    while (text.length > 0 && s.now.count > 0) {
        uint32_t c = s.after;
        text = (StringView){ text.data + bytes, text.length - bytes };
        s.before = c;
        s.after = first_character(text, &bytes);
        s.next.count = 0;
        new_round(&s);
        for (size_t i = 0; i < s.now.count; i++) {
            const RegexInstruction *code = &regex->code[s.now.items[i]];
            if (code->op == REGEX_CLASS && class_takes(regex, code, c))
                follow(&s, &s.next, s.now.items[i] + 1);
        }
        StateList keep = s.now;
        s.now = s.next;
        s.next = keep;
    }
    bool found = false;
    for (size_t i = 0; i < s.now.count && text.length == 0; i++)
        found |= regex->code[s.now.items[i]].op == REGEX_MATCH;
    return found;
}

Status reference_regex_full_match(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    void *memory;
    const Attribute *pattern = node_find_attribute(call->node, "pattern");
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_dtype(call, DTYPE_STRING, src));
    TRY(call_check_dtype(call, DTYPE_BOOL, dst));
    TRY(call_check_shape(call, &src->shape, dst));
    if (!pattern || pattern->kind != ATTRIBUTE_STRING)
        return call_invalid(call, "pattern: expected a text, got none");
    TRY(call_get_scratch(call,
                         REGEX_RANGE_MAX * sizeof(RegexRange) +
                             REGEX_CODE_MAX * (sizeof(RegexInstruction) + 4 * sizeof(uint32_t)),
                         &memory));
    Regex regex = { .ranges = memory };
    regex.code = (RegexInstruction *)(void *)(regex.ranges + REGEX_RANGE_MAX);
    regex.states = (uint32_t *)(void *)(regex.code + REGEX_CODE_MAX);
    Status status = regex_compile(pattern->s, &regex);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", call->node->op->name);
    const StringView *texts = src->data;
    for (size_t i = 0; i < tensor_elements(src); i++)
        ((uint8_t *)dst->data)[i] = regex_matches(&regex, texts[i]);
    return status_ok();
}
