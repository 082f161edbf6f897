/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* SHA-256. */

#include "runtime/tensor/dtype.h"

enum { DIGEST_BYTES = 32, DIGEST_TEXT_BYTES = 2 * DIGEST_BYTES + 1 };

typedef struct Digest {
    unsigned char bytes[DIGEST_BYTES];
} Digest;

Digest digest_of(const void *data, size_t length);
bool digest_equal(const Digest *a, const Digest *b);
/* 64 hex digits; false otherwise. */
bool digest_parse(StringView text, Digest *ret_digest);

/* Lower case, NUL-terminated: DIGEST_TEXT(&digest) in the arguments of printf. */
typedef struct DigestText {
    char text[DIGEST_TEXT_BYTES];
} DigestText;
DigestText digest_text(const Digest *digest);
#define DIGEST_TEXT(digest) (digest_text(digest).text)
