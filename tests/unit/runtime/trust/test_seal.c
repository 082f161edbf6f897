/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Encrypted files: what goes in comes out, and nothing that was touched does. */

#include "tests/support/check.h"

#include "runtime/base/size.h"
#include "runtime/trust/seal.h"

#include <string.h>

static const char KEY[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n";

static SealKeys *keys_of(const char *text) {
    SealKeys *keys = NULL;
    check_ok(seal_keys_new(&keys));
    check_ok(seal_keys_add(keys, text, strlen(text)));
    return keys;
}

static char *pattern(size_t length) {
    char *data = malloc(length + 1);
    assert_non_null(data);
    for (size_t i = 0; i < length; i++)
        data[i] = (char)(i * 31 + (i >> 11));
    return data;
}

static void test_what_goes_in_comes_out(void **state) {
    (void)state;
    static const size_t lengths[] = {
        0, 1, 15, 4096, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20
    };
    AUTO(seal_keys_free) SealKeys *keys = keys_of(KEY);
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        AUTO(free) char *plain = pattern(lengths[i]);
        AUTO(free) char *sealed = NULL;
        AUTO(file_bytes_deinit) FileBytes opened = { 0 };
        size_t length;
        check_ok(seal_make(keys, plain, lengths[i], &sealed, &length));
        assert_true(seal_is_sealed(sealed, length));
        check_ok(seal_open(keys, sealed, length, &opened));
        assert_int_equal(opened.length, lengths[i]);
        assert_memory_equal(opened.data, plain, lengths[i]);
        assert_int_equal(opened.data[lengths[i]], '\0');
    }
}

static void check_refused(const SealKeys *keys, const char *sealed, size_t length) {
    FileBytes opened = { 0 };
    Status status = seal_open(keys, sealed, length, &opened);
    assert_false(status_is_ok(&status));
    assert_null(opened.data);
}

static void test_every_touched_byte_is_refused(void **state) {
    (void)state;
    AUTO(seal_keys_free) SealKeys *keys = keys_of(KEY);
    AUTO(free) char *plain = pattern(300);
    AUTO(free) char *sealed = NULL;
    size_t length;
    check_ok(seal_make(keys, plain, 300, &sealed, &length));
    for (size_t i = 0; i < 8 * length; i++) {
        sealed[i / 8] = (char)(sealed[i / 8] ^ 1 << i % 8);
        check_refused(keys, sealed, length);
        sealed[i / 8] = (char)(sealed[i / 8] ^ 1 << i % 8);
    }
    for (size_t cut = 0; cut < length; cut++)
        check_refused(keys, sealed, cut);
    FileBytes opened = { 0 };
    check_ok(seal_open(keys, sealed, length, &opened)); /* as it was, it is good */
    file_bytes_deinit(&opened);
}

static void test_chunks_stay_in_place(void **state) {
    (void)state;
    enum { CHUNK = 1 << 20, STEP = CHUNK + 16, HEAD = SEAL_HEAD_BYTES };
    AUTO(seal_keys_free) SealKeys *keys = keys_of(KEY);
    AUTO(free) char *plain = pattern(2 * CHUNK);
    AUTO(free) char *sealed = NULL;
    AUTO(free) char *other = NULL;
    size_t length;
    check_ok(seal_make(keys, plain, 2 * CHUNK, &sealed, &length));
    other = malloc(length);
    assert_non_null(other);
    memcpy(other, sealed, HEAD); /* swapped */
    memcpy(other + HEAD, sealed + HEAD + STEP, STEP);
    memcpy(other + HEAD + STEP, sealed + HEAD, STEP);
    check_refused(keys, other, length);
    memcpy(other, sealed, HEAD + STEP); /* one left out, and the head says so */
    uint64_t bytes = CHUNK;
    memcpy(other + 16, &bytes, sizeof bytes);
    check_refused(keys, other, HEAD + STEP);
}

static void test_keys_are_told_apart(void **state) {
    (void)state;
    AUTO(seal_keys_free) SealKeys *keys = keys_of(KEY);
    AUTO(seal_keys_free)
    SealKeys *others = keys_of("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
    AUTO(free) char *sealed = NULL;
    AUTO(file_bytes_deinit) FileBytes opened = { 0 };
    size_t length;
    check_ok(seal_make(keys, "model", 5, &sealed, &length));
    Status status = seal_open(others, sealed, length, &opened);
    assert_int_equal(status.code, STATUS_FAILED_PRECONDITION);
    status = seal_open(NULL, sealed, length, &opened);
    assert_int_equal(status.code, STATUS_FAILED_PRECONDITION);
    check_ok(seal_keys_add(others, KEY, strlen(KEY))); /* a key that is no longer the first */
    check_ok(seal_open(others, sealed, length, &opened));
    assert_memory_equal(opened.data, "model", 5);
    static const char *const wrong[] = { "", "0123", "not hex at all" };
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        status = seal_keys_add(others, wrong[i], strlen(wrong[i]));
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    }
    char raw[SEAL_KEY_BYTES] = { 7 };
    for (size_t i = 2; i < SEAL_KEYS_MAX; i++)
        check_ok(seal_keys_add(others, raw, sizeof raw));
    status = seal_keys_add(others, raw, sizeof raw);
    assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_goes_in_comes_out),
        cmocka_unit_test(test_every_touched_byte_is_refused),
        cmocka_unit_test(test_chunks_stay_in_place),
        cmocka_unit_test(test_keys_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
