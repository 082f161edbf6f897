/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Status values: messages are bounded and cut between characters. */

#include "runtime/base/status.h"

#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_ok_has_no_message(void **state) {
    (void)state;
    Status status = status_ok();
    assert_true(status_is_ok(&status));
    assert_string_equal(status.message, "");
}

static void test_error_keeps_code_and_text(void **state) {
    (void)state;
    Status status = status_error(STATUS_NOT_FOUND, "no model '%s'", "m");
    assert_int_equal(status.code, STATUS_NOT_FOUND);
    assert_string_equal(status.message, "no model 'm'");
}

static void test_long_message_is_cut_between_characters(void **state) {
    (void)state;
    char text[2 * STATUS_MESSAGE_BYTES];
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xC3\xA9", 3); /* two bytes a character */
    for (size_t pad = 0; pad < 2; pad++) {
        Status status = status_error(STATUS_INTERNAL, "%.*s%s", (int)pad, "x", text);
        size_t length = strlen(status.message);
        assert_true(length < STATUS_MESSAGE_BYTES);
        assert_string_equal(status.message + length - 3, "...");
        assert_int_equal((unsigned char)status.message[length - 4], 0xA9);
    }
}

static void test_prefix_keeps_the_code(void **state) {
    (void)state;
    Status inner = status_error(STATUS_UNIMPLEMENTED, "operator Foo");
    Status outer = status_prefix(&inner, "model %s", "m");
    assert_int_equal(outer.code, STATUS_UNIMPLEMENTED);
    assert_string_equal(outer.message, "model m: operator Foo");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ok_has_no_message),
        cmocka_unit_test(test_error_keeps_code_and_text),
        cmocka_unit_test(test_long_message_is_cut_between_characters),
        cmocka_unit_test(test_prefix_keeps_the_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
