/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads an Einsum equation: terms of letters with at most one ellipsis each, separated by commas,
 * then perhaps "->" and the output's term. Without it the output has the ellipsis' dims and then
 * every letter that occurs once, in alphabetical order. Spaces mean nothing.
 *
 * Pure; any thread. The text comes from a file: nothing about it is trusted. Source: ONNX Einsum
 * 12.
 */

#include "runtime/graph/einsum.h"

#include "runtime/base/size.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* A term before its ellipsis is spread. */
typedef struct RawTerm {
    size_t count; /* letters */
    uint8_t letters[SHAPE_MAX_RANK];
    size_t dots_at; /* INDEX_NONE: has none */
} RawTerm;

static Status bad(StringView text, const char *why) {
    return status_error(STATUS_INVALID_ARGUMENT, "equation '%.*s': %s",
                        (int)MIN_OF(text.length, (size_t)120), text.data, why);
}

static int label_of(char letter) {
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    return letter >= 'a' && letter <= 'z' ? 26 + letter - 'a' : -1;
}

/* Reads up to a comma, an arrow or the end. */
static Status read_term(StringView text, size_t *at, RawTerm *term) {
    *term = (RawTerm){ .dots_at = INDEX_NONE };
    while (*at < text.length && text.data[*at] != ',' && text.data[*at] != '-') {
        char c = text.data[*at];
        if (c == ' ') {
            ++*at;
        } else if (c == '.') {
            bool whole = text.length - *at >= 3 && memcmp(text.data + *at, "...", 3) == 0;
            if (!whole || term->dots_at != INDEX_NONE)
                return bad(text, "expected one ... a term at most");
            term->dots_at = term->count;
            *at += 3;
        } else {
            if (label_of(c) < 0)
                return bad(text, "expected letters");
            if (term->count == SHAPE_MAX_RANK)
                return bad(text, "a term has too many letters");
            term->letters[term->count++] = (uint8_t)label_of(c);
            ++*at;
        }
    }
    return status_ok();
}

/* @dots  dims that the ellipsis stands for */
static Status spread_term(StringView text, const RawTerm *raw, size_t dots, EinsumTerm *term) {
    *term = (EinsumTerm){ .count = 0 };
    if (raw->count + dots > SHAPE_MAX_RANK)
        return bad(text, "the result has too many dims");
    for (size_t i = 0; i <= raw->count; i++) {
        for (size_t d = 0; i == raw->dots_at && d < dots; d++)
            term->labels[term->count++] = (uint8_t)(EINSUM_LABELS - dots + d);
        if (i < raw->count)
            term->labels[term->count++] = raw->letters[i];
    }
    return status_ok();
}

/* Letters must agree; what stands behind an ellipsis may also be 1. */
static Status bind_dims(StringView text, const EinsumTerm *term, const Shape *shape,
                        Einsum *einsum) {
    for (size_t i = 0; i < term->count; i++) {
        int64_t dim = shape->dims[i], *known = &einsum->dims[term->labels[i]];
        bool spreads = term->labels[i] >= EINSUM_LETTERS;
        if (dim == DIM_UNKNOWN || dim == *known || (spreads && dim == 1 && *known != DIM_UNKNOWN))
            continue;
        if (*known != DIM_UNKNOWN && !(spreads && *known == 1))
            return status_error(
                STATUS_INVALID_ARGUMENT, "equation '%.*s': dim %zu of shape %s: expected %" PRId64,
                (int)MIN_OF(text.length, (size_t)120), text.data, i, SHAPE_TEXT(shape), *known);
        *known = dim;
    }
    return status_ok();
}

/* Where there is no arrow. */
static RawTerm implicit_output(const Einsum *einsum) {
    size_t uses[EINSUM_LETTERS] = { 0 };
    RawTerm output = { .dots_at = 0 };
    for (size_t t = 0; t < einsum->term_count; t++)
        for (size_t i = 0; i < einsum->terms[t].count; i++)
            if (einsum->terms[t].labels[i] < EINSUM_LETTERS)
                uses[einsum->terms[t].labels[i]]++;
    for (size_t letter = 0; letter < EINSUM_LETTERS && output.count < SHAPE_MAX_RANK; letter++)
        if (uses[letter] == 1)
            output.letters[output.count++] = (uint8_t)letter;
    return output;
}

static Status check_output(StringView text, const Einsum *einsum) {
    bool inside[EINSUM_LABELS] = { false }, seen[EINSUM_LABELS] = { false };
    for (size_t t = 0; t < einsum->term_count; t++)
        for (size_t i = 0; i < einsum->terms[t].count; i++)
            inside[einsum->terms[t].labels[i]] = true;
    for (size_t i = 0; i < einsum->output.count; i++) {
        uint8_t label = einsum->output.labels[i];
        if (!inside[label] || seen[label])
            return bad(text, "each letter of the output must occur once there, and before the ->");
        seen[label] = true;
    }
    return status_ok();
}

static Status read_operand(StringView text, size_t *at, const Shape *shape, Einsum *einsum,
                           size_t *most_dots) {
    RawTerm raw;
    TRY(read_term(text, at, &raw));
    size_t rank = (size_t)shape->rank;
    bool fits = raw.dots_at == INDEX_NONE ? rank == raw.count : rank >= raw.count;
    if (!fits)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "equation '%.*s': term %zu does not fit shape %s",
                            (int)MIN_OF(text.length, (size_t)120), text.data, einsum->term_count,
                            SHAPE_TEXT(shape));
    size_t dots = rank - raw.count;
    EinsumTerm *term = &einsum->terms[einsum->term_count++];
    TRY(spread_term(text, &raw, dots, term));
    *most_dots = MAX_OF(*most_dots, dots);
    return bind_dims(text, term, shape, einsum);
}

Status einsum_parse(StringView text, const Shape *const *shapes, size_t count, Einsum *ret_einsum) {
    Einsum einsum = { .term_count = 0 };
    size_t at = 0, dots = 0;
    RawTerm output;
    if (count > EINSUM_TERMS_MAX)
        return status_error(STATUS_UNIMPLEMENTED, "%zu operands, at most %d are supported", count,
                            EINSUM_TERMS_MAX);
    for (size_t i = 0; i < EINSUM_LABELS; i++)
        einsum.dims[i] = DIM_UNKNOWN;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && (at >= text.length || text.data[at++] != ','))
            return bad(text, "has fewer terms than there are operands");
        TRY(read_operand(text, &at, shapes[i], &einsum, &dots));
    }
    if (at == text.length) {
        output = implicit_output(&einsum);
    } else {
        if (text.length - at < 2 || memcmp(text.data + at, "->", 2) != 0)
            return bad(text, "has more terms than there are operands");
        at += 2;
        TRY(read_term(text, &at, &output));
        if (at != text.length)
            return bad(text, "goes on behind the output");
    }
    TRY(spread_term(text, &output, output.dots_at == INDEX_NONE ? 0 : dots, &einsum.output));
    TRY(check_output(text, &einsum));
    *ret_einsum = einsum;
    return status_ok();
}
