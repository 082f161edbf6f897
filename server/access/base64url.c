/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Decoding that has one spelling for each value, so that a signed text cannot be written in two
 * ways: what base64_decode takes besides (the other alphabet, padding) is refused; bits that mean
 * nothing it refuses itself. Pure; any thread.
 */

#include "server/access/base64url.h"

#include "runtime/json/base64.h"

#include <string.h>

bool base64url_decode(StringView text, Arena *arena, StringView *ret_bytes) {
    for (size_t i = 0; i < text.length; i++)
        if (memchr("+/=", text.data[i], 3))
            return false;
    char *bytes = arena_alloc(arena, base64_bytes_max(text.length) + 1);
    size_t length;
    if (!bytes || !base64_decode(text.data, text.length, bytes, &length))
        return false;
    bytes[length] = '\0';
    *ret_bytes = (StringView){ .data = bytes, .length = length };
    return true;
}
