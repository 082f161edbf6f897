/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The hash gives its authors' published results, however the content is cut. */

#include "runtime/base/keyed_hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { CONTENT_BYTES = 64 };

static const unsigned char KEY_BYTES[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static Hash128 hash_in_pieces(const unsigned char *data, size_t bytes, size_t piece) {
    HashKey key;
    KeyedHash hash;
    memcpy(&key, KEY_BYTES, sizeof key);
    keyed_hash_init(&hash, &key);
    for (size_t at = 0; at < bytes; at += piece)
        keyed_hash_add(&hash, data + at, bytes - at < piece ? bytes - at : piece);
    return keyed_hash_end(&hash);
}

/* Bytes 0, 1, 2 ... of the length that is the row's index. */
static const unsigned char PUBLISHED[][16] = {
    { 0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02,
      0x93 },
    { 0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc,
      0x45 },
};

static void test_results_are_the_published_ones(void **state) {
    (void)state;
    unsigned char content[CONTENT_BYTES];
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof PUBLISHED / sizeof PUBLISHED[0]; i++) {
        Hash128 hash = hash_in_pieces(content, i, CONTENT_BYTES);
        assert_memory_equal(&hash, PUBLISHED[i], sizeof hash);
    }
}

static void test_pieces_make_no_difference(void **state) {
    (void)state;
    unsigned char content[CONTENT_BYTES];
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (unsigned char)(i * 7 + 3);
    for (size_t bytes = 0; bytes <= sizeof content; bytes++) {
        Hash128 whole = hash_in_pieces(content, bytes, sizeof content);
        for (size_t piece = 1; piece < 20; piece++) {
            Hash128 cut = hash_in_pieces(content, bytes, piece);
            assert_memory_equal(&cut, &whole, sizeof whole);
        }
        Hash128 other = hash_in_pieces(content, bytes > 0 ? bytes - 1 : 1, sizeof content);
        assert_true(memcmp(&other, &whole, sizeof whole) != 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_are_the_published_ones),
        cmocka_unit_test(test_pieces_make_no_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
