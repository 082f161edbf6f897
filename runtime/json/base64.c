/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * See the header. Strict: no blanks, no bits left over that are not zero. Pure; any thread. Source:
 * RFC 4648, 4 and 5.
 */

#include "runtime/json/base64.h"

#include <stdint.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int value_of(char character) {
    if (character >= 'A' && character <= 'Z')
        return character - 'A';
    if (character >= 'a' && character <= 'z')
        return character - 'a' + 26;
    if (character >= '0' && character <= '9')
        return character - '0' + 52;
    if (character == '+' || character == '-')
        return 62;
    return character == '/' || character == '_' ? 63 : -1;
}

bool base64_decode(const char *text, size_t length, char *dst, size_t *ret_bytes) {
    size_t bytes = 0, padding = 0;
    while (length > 0 && padding < 2 && text[length - 1] == '=') {
        length--;
        padding++;
    }
    if (length % 4 == 1 || (padding && (length + padding) % 4 != 0))
        return false;
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < length; i++) {
        int value = value_of(text[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            dst[bytes++] = (char)(bits >> held & 0xFF);
        }
    }
    *ret_bytes = bytes;
    return (bits & ((1U << held) - 1)) == 0;
}

void base64_encode(const void *data, size_t bytes, char *dst) {
    const unsigned char *at = data;
    for (; bytes >= 3; bytes -= 3, at += 3) {
        uint32_t bits = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
        for (int i = 3; i >= 0; i--, bits >>= 6)
            dst[i] = ALPHABET[bits & 63];
        dst += 4;
    }
    if (bytes == 0)
        return;
    uint32_t bits = (uint32_t)at[0] << 16 | (bytes == 2 ? (uint32_t)at[1] << 8 : 0);
    dst[0] = ALPHABET[bits >> 18];
    dst[1] = ALPHABET[bits >> 12 & 63];
    dst[2] = bytes == 2 ? ALPHABET[bits >> 6 & 63] : '=';
    dst[3] = '=';
}
