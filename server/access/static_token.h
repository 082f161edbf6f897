/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tokens that do not expire, kept as hashes: a file of lines "NAME SHA256-in-hex", where the hash
 * is that of the token ("printf %s TOKEN | sha256sum"). '#' begins a comment.
 */

#include "runtime/base/arena.h"
#include "runtime/tensor/dtype.h"

enum { STATIC_TOKENS_MAX = 1024, STATIC_TOKEN_HASH_BYTES = 32 };

typedef struct StaticToken {
    StringView name;
    unsigned char hash[STATIC_TOKEN_HASH_BYTES];
} StaticToken;

typedef struct StaticTokens {
    StaticToken *items;
    size_t count;
} StaticTokens;

/* Errors: INVALID_ARGUMENT (the line), RESOURCE_EXHAUSTED. Names live in the text. */
Status static_tokens_parse(const char *text, size_t length, Arena *arena, StaticTokens *ret_tokens);
/* Takes as long whichever fits, and when none does. Thread: any. */
bool static_tokens_find(const StaticTokens *tokens, StringView token, StringView *ret_name);
