/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Characters of UTF-8 text. A byte that begins no character stands for itself, above all of them.
 */

#include "runtime/tensor/dtype.h"

enum { UTF8_STRAY = 0x200000, UTF8_MAX_BYTES = 4 }; /* UTF8_STRAY + byte */

/* The first character of text, which is not empty, and how many bytes it has. */
uint32_t utf8_read(StringView text, size_t *ret_bytes);
/* Bytes written. */
size_t utf8_write(uint32_t character, char bytes[static UTF8_MAX_BYTES]);
/* One character for one, in any script, whatever the process' locale. */
uint32_t utf8_lower(uint32_t character);
uint32_t utf8_upper(uint32_t character);
