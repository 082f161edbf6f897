/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is compared are hashes of random secrets, in constant time and always all of them: how long
 * it takes tells nothing about how near a guess was. A plain hash is right for tokens that are
 * random; it would not be for passwords. Parsing on main; finding on any thread.
 */

#include "server/access/static_token.h"

#include "runtime/base/size.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

static int hex_digit(char character) {
    if (character >= '0' && character <= '9')
        return character - '0';
    char lower = (char)(character | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool read_hash(const char *text, size_t length, unsigned char *hash) {
    if (length != 2 * STATIC_TOKEN_HASH_BYTES)
        return false;
    for (size_t i = 0; i < STATIC_TOKEN_HASH_BYTES; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        hash[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

/* One line without its end. */
static bool read_line(const char *line, size_t length, StaticToken *token) {
    while (length && (line[length - 1] == '\r' || line[length - 1] == ' '))
        length--;
    const char *blank = memchr(line, ' ', length);
    if (!blank || blank == line)
        return false;
    token->name = (StringView){ line, (size_t)(blank - line) };
    while (*blank == ' ')
        blank++;
    return read_hash(blank, (size_t)(line + length - blank), token->hash);
}

Status static_tokens_parse(const char *text, size_t length, Arena *arena,
                           StaticTokens *ret_tokens) {
    StaticTokens tokens = { .items = arena_calloc(arena, STATIC_TOKENS_MAX, sizeof(StaticToken)) };
    if (!tokens.items)
        return arena_exhausted(arena);
    size_t number = 1;
    for (size_t at = 0; at < length; number++) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t bytes = end ? (size_t)(end - text) - at : length - at;
        const char *line = text + at;
        at += bytes + 1;
        if (bytes == 0 || *line == '#' || *line == '\r')
            continue;
        if (tokens.count == STATIC_TOKENS_MAX)
            return status_error(STATUS_INVALID_ARGUMENT, "line %zu: more than %d tokens", number,
                                STATIC_TOKENS_MAX);
        if (!read_line(line, bytes, &tokens.items[tokens.count++]))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "line %zu: expected a name and a SHA-256 in hex", number);
    }
    *ret_tokens = tokens;
    return status_ok();
}

bool static_tokens_find(const StaticTokens *tokens, StringView token, StringView *ret_name) {
    unsigned char hash[STATIC_TOKEN_HASH_BYTES];
    size_t found = INDEX_NONE;
    if (!tokens->count || EVP_Digest(token.data, token.length, hash, NULL, EVP_sha256(), NULL) != 1)
        return false;
    for (size_t i = 0; i < tokens->count; i++)
        if (!CRYPTO_memcmp(tokens->items[i].hash, hash, sizeof hash))
            found = i;
    if (found == INDEX_NONE)
        return false;
    *ret_name = tokens->items[found].name;
    return true;
}
