/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Decoding that has one spelling for each value: padding, blanks and bits that mean nothing are
 * refused, so that a signed text cannot be written in two ways. Pure; any thread.
 */

#include "server/access/base64url.h"

static int digit(char character) {
    if (character >= 'A' && character <= 'Z')
        return character - 'A';
    if (character >= 'a' && character <= 'z')
        return character - 'a' + 26;
    if (character >= '0' && character <= '9')
        return character - '0' + 52;
    if (character == '-')
        return 62;
    return character == '_' ? 63 : -1;
}

bool base64url_decode(StringView text, Arena *arena, StringView *ret_bytes) {
    if (text.length % 4 == 1)
        return false;
    size_t length = 0;
    char *bytes = arena_alloc(arena, text.length / 4 * 3 + 3);
    if (!bytes)
        return false;
    unsigned kept = 0, bits = 0;
    for (size_t i = 0; i < text.length; i++) {
        int value = digit(text.data[i]);
        if (value < 0)
            return false;
        kept = kept << 6 | (unsigned)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[length++] = (char)(kept >> bits & 0xff);
        }
        kept &= (1u << bits) - 1;
    }
    if (kept)
        return false;
    bytes[length] = '\0';
    *ret_bytes = (StringView){ .data = bytes, .length = length };
    return true;
}
