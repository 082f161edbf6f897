/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * UTF-8, one character at a time. Case comes from the C library's tables of the C.UTF-8 locale,
 * which every glibc since 2.35 has built in; where that cannot be had, ASCII alone has case.
 *
 * Thread: any; the locale is made once and never freed.
 */

#include "runtime/cpu/reference/utf8.h"

#include <locale.h>
#include <pthread.h>
#include <wctype.h>

static locale_t unicode;

static void make_locale(void) {
    unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

static locale_t get_locale(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_locale);
    return unicode;
}

/* Bytes of a character that begins so; 0: none does. */
static size_t sequence_length(unsigned char first) {
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first < 0xE0)
        return 2;
    if (first >= 0xE0 && first < 0xF0)
        return 3;
    return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

uint32_t utf8_read(StringView text, size_t *ret_bytes) {
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *bytes = (const unsigned char *)text.data;
    size_t length = sequence_length(bytes[0]);
    *ret_bytes = 1;
    if (length == 1)
        return bytes[0];
    if (length == 0 || length > text.length)
        return UTF8_STRAY + bytes[0];
    uint32_t character = bytes[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return UTF8_STRAY + bytes[0];
        character = character << 6 | (bytes[i] & 0x3F);
    }
    if (character < least[length] || character > 0x10FFFF ||
        (character >= 0xD800 && character < 0xE000))
        return UTF8_STRAY + bytes[0];
    *ret_bytes = length;
    return character;
}

size_t utf8_write(uint32_t character, char bytes[static UTF8_MAX_BYTES]) {
    if (character >= UTF8_STRAY || character < 0x80) {
        bytes[0] = (char)(character & 0xFF);
        return 1;
    }
    size_t length = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 1; character >>= 6)
        bytes[i] = (char)(0x80 | (character & 0x3F));
    bytes[0] = (char)(0xFFu << (8 - length) | character);
    return length;
}

uint32_t utf8_lower(uint32_t character) {
    if (character < 0x80)
        return character >= 'A' && character <= 'Z' ? character + 32 : character;
    locale_t locale = character < UTF8_STRAY ? get_locale() : (locale_t)0;
    return locale ? (uint32_t)towlower_l((wint_t)character, locale) : character;
}

uint32_t utf8_upper(uint32_t character) {
    if (character < 0x80)
        return character >= 'a' && character <= 'z' ? character - 32 : character;
    locale_t locale = character < UTF8_STRAY ? get_locale() : (locale_t)0;
    return locale ? (uint32_t)towupper_l((wint_t)character, locale) : character;
}
