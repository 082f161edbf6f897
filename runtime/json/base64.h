/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Base64, as JSON carries bytes. Both alphabets are read, padding may be left out; the standard one
 * is written. */

#include <stdbool.h>
#include <stddef.h>

static inline size_t base64_bytes_max(size_t length) {
    return length / 4 * 3 + 3;
}
/* false when it is not Base64. */
bool base64_decode(const char *text, size_t length, char *dst, size_t *ret_bytes);

static inline size_t base64_text_bytes(size_t bytes) {
    return (bytes + 2) / 3 * 4;
}
/* Exactly base64_text_bytes at dst. */
void base64_encode(const void *data, size_t bytes, char *dst);
