/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The lexer of protobuf text format. It walks the text once, keeps line and column as it goes and
 * never looks further than one character ahead. Text may be hostile: every read is checked against
 * the end, a string costs one copy in the arena, and nothing recurses.
 *
 * Adjacent string literals are joined by the parser, since comments and blank lines may stand
 * between them.
 *
 * Thread: any, one lexer a thread.
 */

#include "runtime/config/text_lexer.h"

#include <stdio.h>
#include <string.h>

Status text_error_at(TextPosition position, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Status status = status_error_v(STATUS_INVALID_ARGUMENT, format, args);
    va_end(args);
    return status_error(STATUS_INVALID_ARGUMENT, "%u:%u: %s", position.line, position.column,
                        status.message);
}

bool text_token_is_mark(const Token *token, char mark) {
    return token->kind == TOKEN_MARK && token->mark == mark;
}

const char *text_token_format(const Token *token, char buffer[static TOKEN_TEXT_BYTES]) {
    if (token->kind == TOKEN_END)
        snprintf(buffer, TOKEN_TEXT_BYTES, "end of file");
    else if (token->kind == TOKEN_MARK)
        snprintf(buffer, TOKEN_TEXT_BYTES, "'%c'", token->mark);
    else if (token->kind == TOKEN_STRING)
        snprintf(buffer, TOKEN_TEXT_BYTES, "a string");
    else
        snprintf(buffer, TOKEN_TEXT_BYTES, "'%.*s'", (int)(token->length > 40 ? 40 : token->length),
                 token->text);
    return buffer;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static int hex_value(char c) {
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void advance(TextLexer *lexer) {
    char c = *lexer->cursor++;
    if (c == '\n') {
        lexer->position.line++;
        lexer->position.column = 1;
    } else if (((unsigned char)c & 0xC0) != 0x80) {
        lexer->position.column++;
    }
}

static void skip_blanks(TextLexer *lexer) {
    while (lexer->cursor < lexer->end) {
        char c = *lexer->cursor;
        if (c == '#') {
            while (lexer->cursor < lexer->end && *lexer->cursor != '\n')
                advance(lexer);
        } else if (c == ' ' || (c >= '\t' && c <= '\r')) {
            advance(lexer);
        } else {
            return;
        }
    }
}

/* A code point as UTF-8; the caller has room for four bytes. */
static size_t put_utf8(uint32_t code, char *dst) {
    if (code < 0x80) {
        dst[0] = (char)code;
        return 1;
    }
    size_t tail = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = { 0, 0xC0, 0xE0, 0xF0 };
    dst[0] = (char)(lead[tail] | code >> (6 * tail));
    for (size_t i = 1; i <= tail; i++)
        dst[i] = (char)(0x80 | (code >> (6 * (tail - i)) & 0x3F));
    return tail + 1;
}

/* Up to max_digits digits of the base at the cursor; false when there is none. */
static bool read_digits(TextLexer *lexer, int base, size_t max_digits, size_t *ret_digits,
                        uint32_t *ret_value) {
    uint32_t value = 0;
    size_t digits = 0;
    while (digits < max_digits && lexer->cursor < lexer->end) {
        int digit = hex_value(*lexer->cursor);
        if (digit < 0 || digit >= base)
            break;
        value = value * (uint32_t)base + (uint32_t)digit;
        digits++;
        advance(lexer);
    }
    *ret_digits = digits;
    *ret_value = value;
    return digits > 0;
}

/* \xHH, \ooo, \uHHHH, \UHHHHHHHH; the cursor is behind the backslash. Writes at most four bytes. */
static Status read_coded_escape(TextLexer *lexer, TextPosition start, char *dst,
                                size_t *ret_bytes) {
    char kind = *lexer->cursor;
    size_t digits;
    uint32_t value;
    if (is_digit(kind)) {
        if (!read_digits(lexer, 8, 3, &digits, &value) || value > 0xFF)
            return text_error_at(start, "octal escape is out of range");
        dst[0] = (char)value;
        *ret_bytes = 1;
        return status_ok();
    }
    advance(lexer);
    size_t wanted = kind == 'u' ? 4 : kind == 'U' ? 8 : 2;
    bool exact = kind == 'u' || kind == 'U';
    if (!read_digits(lexer, 16, wanted, &digits, &value) || (exact && digits != wanted))
        return text_error_at(start, "escape \\%c wants %zu hexadecimal digits", kind, wanted);
    if (!exact) {
        dst[0] = (char)value;
        *ret_bytes = 1;
        return status_ok();
    }
    if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return text_error_at(start, "escape \\%c does not name a character", kind);
    *ret_bytes = put_utf8(value, dst);
    return status_ok();
}

static Status read_escape(TextLexer *lexer, char *dst, size_t *ret_bytes) {
    static const char letters[] = "abfnrtv\\'\"?";
    static const char values[] = "\a\b\f\n\r\t\v\\'\"?";
    TextPosition start = lexer->position;
    advance(lexer); /* the backslash */
    if (lexer->cursor == lexer->end)
        return text_error_at(start, "string is not closed");
    char kind = *lexer->cursor;
    const char *simple = kind ? strchr(letters, kind) : NULL;
    if (simple) {
        dst[0] = values[simple - letters];
        *ret_bytes = 1;
        advance(lexer);
        return status_ok();
    }
    if (is_digit(kind) || kind == 'x' || kind == 'X' || kind == 'u' || kind == 'U')
        return read_coded_escape(lexer, start, dst, ret_bytes);
    return text_error_at(start, "unknown escape in string");
}

static Status read_string(TextLexer *lexer) {
    TextPosition start = lexer->position;
    char quote = *lexer->cursor;
    advance(lexer);
    /* What the text between the quotes decodes to is never longer than it: find the end first, copy
     * once. */
    const char *scan = lexer->cursor;
    while (scan < lexer->end && *scan != quote && *scan != '\n')
        scan += *scan == '\\' && lexer->end - scan > 1 ? 2 : 1;
    if (scan >= lexer->end || *scan != quote)
        return text_error_at(start, "string is not closed");
    char *decoded = arena_alloc(lexer->arena, (size_t)(scan - lexer->cursor) + 1);
    if (!decoded)
        return arena_exhausted(lexer->arena);
    size_t length = 0;
    while (lexer->cursor < scan) {
        if (*lexer->cursor == '\\') {
            size_t bytes = 0;
            TRY(read_escape(lexer, decoded + length, &bytes));
            length += bytes;
        } else {
            decoded[length++] = *lexer->cursor;
            advance(lexer);
        }
    }
    decoded[length] = '\0';
    advance(lexer); /* the closing quote */
    lexer->token =
        (Token){ .kind = TOKEN_STRING, .text = decoded, .length = length, .position = start };
    return status_ok();
}

/* Anything that starts like a number; whether it is one is decided where its type is known. */
static void read_number(TextLexer *lexer) {
    TextPosition start = lexer->position;
    const char *text = lexer->cursor;
    char last = 0;
    while (lexer->cursor < lexer->end) {
        char c = *lexer->cursor;
        bool hexadecimal = lexer->cursor - text >= 2 && (text[1] == 'x' || text[1] == 'X');
        bool exponent_sign = (c == '+' || c == '-') && (last == 'e' || last == 'E') && !hexadecimal;
        if (!is_digit(c) && !is_letter(c) && c != '.' && !exponent_sign)
            break;
        last = c;
        advance(lexer);
    }
    lexer->token = (Token){ .kind = TOKEN_NUMBER,
                            .text = text,
                            .length = (size_t)(lexer->cursor - text),
                            .position = start };
}

static void read_name(TextLexer *lexer) {
    TextPosition start = lexer->position;
    const char *text = lexer->cursor;
    while (lexer->cursor < lexer->end && (is_letter(*lexer->cursor) || is_digit(*lexer->cursor)))
        advance(lexer);
    lexer->token = (Token){ .kind = TOKEN_NAME,
                            .text = text,
                            .length = (size_t)(lexer->cursor - text),
                            .position = start };
}

Status text_lexer_next(TextLexer *lexer) {
    skip_blanks(lexer);
    TextPosition start = lexer->position;
    if (lexer->cursor == lexer->end) {
        lexer->token = (Token){ .kind = TOKEN_END, .position = start };
        return status_ok();
    }
    char c = *lexer->cursor;
    if (c == '"' || c == '\'')
        return read_string(lexer);
    bool fraction = c == '.' && lexer->end - lexer->cursor > 1 && is_digit(lexer->cursor[1]);
    if (is_digit(c) || fraction) {
        read_number(lexer);
        return status_ok();
    }
    if (is_letter(c)) {
        read_name(lexer);
        return status_ok();
    }
    if (c && strchr("{}<>[]:,;-", c)) {
        advance(lexer);
        lexer->token = (Token){ .kind = TOKEN_MARK, .mark = c, .position = start };
        return status_ok();
    }
    if (c > ' ' && c < 0x7F)
        return text_error_at(start, "unexpected '%c'", c);
    return text_error_at(start, "unexpected byte 0x%02X", (unsigned char)c);
}

Status text_lexer_init(TextLexer *lexer, const char *text, size_t length, Arena *arena) {
    *lexer =
        (TextLexer){ .cursor = text, .end = text + length, .position = { 1, 1 }, .arena = arena };
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        lexer->cursor += 3; /* a byte order mark, as some editors write */
    return text_lexer_next(lexer);
}
