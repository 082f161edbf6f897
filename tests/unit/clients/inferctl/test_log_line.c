/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Lines of a log, whole and cut. */

#include "clients/inferctl/log_line.h"
#include "tests/support/check.h"

#include <stdlib.h>
#include <string.h>

static const char LINE[] = "pod/a time=2026-11-25T16:36:03.891Z level=warn event=x model=\"a b\" "
                           "reason=\"say \\\"no\\\"\"\n";

static void test_fields_are_read_without_quotes_and_prefix(void **state) {
    (void)state;
    char text[sizeof LINE];
    LogLine line;
    memcpy(text, LINE, sizeof text);
    assert_true(log_line_split(text, &line));
    assert_int_equal(line.count, 5);
    assert_string_equal(log_line_get(&line, "level"), "warn");
    assert_string_equal(log_line_get(&line, "model"), "a b");
    assert_string_equal(log_line_get(&line, "reason"), "say \"no\"");
    assert_string_equal(log_line_get(&line, "nothing"), "");
}

static void test_no_cut_is_read_beyond_its_end(void **state) {
    (void)state;
    for (size_t length = 0; length < sizeof LINE; length++) {
        char *cut = strndup(LINE, length); /* so that ASan sees a read beyond it */
        LogLine line;
        assert_non_null(cut);
        log_line_split(cut, &line);
        free(cut);
    }
}

static void test_other_lines_are_left_as_they_are(void **state) {
    (void)state;
    char text[] = "Segmentation fault (uptime=3)\n";
    LogLine line;
    assert_false(log_line_split(text, &line));
    assert_string_equal(text, "Segmentation fault (uptime=3)\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_are_read_without_quotes_and_prefix),
        cmocka_unit_test(test_no_cut_is_read_beyond_its_end),
        cmocka_unit_test(test_other_lines_are_left_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
