/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * SHA-256 by OpenSSL. It fails only without memory or without the algorithm; the digest is then
 * zeros, which no content has: a check that compares it refuses, and never takes what it could not
 * compute. Thread: any.
 */

#include "runtime/trust/digest.h"

#include <openssl/evp.h>
#include <string.h>

Digest digest_of(const void *data, size_t length) {
    Digest digest = { 0 };
    if (EVP_Digest(data, length, digest.bytes, NULL, EVP_sha256(), NULL) != 1)
        digest = (Digest){ 0 };
    return digest;
}

bool digest_equal(const Digest *a, const Digest *b) {
    static const Digest nothing;
    return memcmp(a, b, sizeof *a) == 0 && memcmp(a, &nothing, sizeof *a) != 0;
}

static int hex_value(char character) {
    if (character >= '0' && character <= '9')
        return character - '0';
    char lower = (char)(character | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool digest_parse(StringView text, Digest *ret_digest) {
    Digest digest;
    if (text.length != 2 * DIGEST_BYTES)
        return false;
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        int high = hex_value(text.data[2 * i]), low = hex_value(text.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        digest.bytes[i] = (unsigned char)(high << 4 | low);
    }
    *ret_digest = digest;
    return true;
}

DigestText digest_text(const Digest *digest) {
    static const char digits[] = "0123456789abcdef";
    DigestText text;
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        text.text[2 * i] = digits[digest->bytes[i] >> 4];
        text.text[2 * i + 1] = digits[digest->bytes[i] & 15];
    }
    text.text[DIGEST_TEXT_BYTES - 1] = '\0';
    return text;
}
