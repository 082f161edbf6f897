/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tokens of protobuf text format, one at a time. Strings come decoded: quotes off, escapes
 * resolved, UTF-8 not yet checked. Private to runtime/config.
 */

#include "runtime/base/arena.h"
#include "runtime/config/text_format.h"

typedef enum TokenKind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_STRING, TOKEN_MARK } TokenKind;

typedef struct Token {
    TokenKind kind;
    char mark; /* MARK: one of { } < > [ ] : , ; - */
    /* NAME, NUMBER: in the source; STRING: decoded, in the arena, NUL beyond length */
    const char *text;
    size_t length;
    TextPosition position;
} Token;

typedef struct TextLexer {
    const char *cursor, *end;
    TextPosition position; /* of cursor; columns count characters, not bytes */
    Arena *arena;
    Token token; /* the current one */
} TextLexer;

/* Makes the first token current. Errors: as text_lexer_next. */
Status text_lexer_init(TextLexer *lexer, const char *text, size_t length, Arena *arena);
/* Errors: INVALID_ARGUMENT "line:column: ...", RESOURCE_EXHAUSTED */
Status text_lexer_next(TextLexer *lexer);

bool text_token_is_mark(const Token *token, char mark);
/* The current token for a message: "'name'", "end of file"; cut to what is readable. */
enum { TOKEN_TEXT_BYTES = 48 };
const char *text_token_format(const Token *token, char buffer[static TOKEN_TEXT_BYTES]);
#define TOKEN_TEXT(token) text_token_format((token), (char[TOKEN_TEXT_BYTES]){ 0 })

/* INVALID_ARGUMENT "line:column: ..." */
Status text_error_at(TextPosition position, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
