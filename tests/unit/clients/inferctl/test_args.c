/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Command lines, right and wrong. */

#include "clients/inferctl/args.h"
#include "runtime/base/size.h"
#include "tests/support/check.h"

#include <string.h>

enum { WORDS_MAX = 16 };

/* Splits at single spaces. */
static Status parse(const char *line, Args *args) {
    static char text[512];
    static char *words[WORDS_MAX];
    int count = 0;
    snprintf(text, sizeof text, "inferctl %s", line);
    for (char *word = strtok(text, " "); word && count < WORDS_MAX; word = strtok(NULL, " "))
        words[count++] = word;
    return args_parse(count, words, args);
}

static void test_options_may_stand_anywhere(void **state) {
    (void)state;
    static const char *const LINES[] = {
        "--server h:1 --json predict m --input x=a --top 3 --timeout 2.5",
        "predict --server=h:1 m --top=3 --json --input=x=a --timeout=2.5",
        "--top 3 --timeout 2.5 predict m --input x=a --json --server h:1",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(LINES); i++) {
        Args args;
        check_ok(parse(LINES[i], &args));
        assert_string_equal(args.command, "predict");
        assert_string_equal(args.argument, "m");
        assert_string_equal(args.server, "h:1");
        assert_int_equal(args.inputs.count, 1);
        assert_string_equal(args.inputs.items[0], "x=a");
        assert_int_equal(args.top, 3);
        assert_true(args.json && args.timeout_s == 2.5);
    }
}

static void test_hyphen_and_underscore_are_one(void **state) {
    (void)state;
    Args args;
    check_ok(parse("bench m --warm_up 2", &args));
    assert_true(args.warm_up_s == 2);
    check_ok(parse("bench m --warm-up 3", &args));
    assert_true(args.warm_up_s == 3);
}

static void test_defaults_are_as_told(void **state) {
    (void)state;
    Args args;
    check_ok(parse("models", &args));
    assert_string_equal(args.server, "127.0.0.1:8500");
    assert_int_equal(args.protocol, CLIENT_INFERENCE);
    assert_true(args.timeout_s == 30 && !args.json);
}

static void test_a_value_may_look_like_an_option(void **state) {
    (void)state;
    Args args;
    check_ok(parse("predict --input -5 -- --odd", &args));
    assert_string_equal(args.inputs.items[0], "-5");
    assert_string_equal(args.argument, "--odd");
}

static void test_help_needs_nothing_else(void **state) {
    (void)state;
    static const char *const LINES[] = { "--help",         "-h",           "help",
                                         "predict --help", "help predict", "predict -h" };
    for (size_t i = 0; i < ARRAY_LENGTH(LINES); i++) {
        Args args;
        check_ok(parse(LINES[i], &args));
        assert_true(args.help);
    }
}

static void test_wrong_lines_say_what_is_wrong(void **state) {
    (void)state;
    static const struct {
        const char *line, *message;
    } CASES[] = {
        { "", "which command?" },
        { "fly", "there is no command 'fly'" },
        { "predict", "'predict' wants MODEL" },
        { "predict m n", "'n' is one word too many after 'm'" },
        { "models m", "'models' takes no 'm'" },
        { "predict m --wings", "there is no option --wings" },
        { "predict m -x", "there is no option -x" },
        { "predict m --top", "--top wants K" },
        { "predict m --top 0", "--top wants a whole number from 1 to 1000000, got '0'" },
        { "predict m --top 3x", "--top wants a whole number from 1 to 1000000, got '3x'" },
        { "predict m --version 99999999999999999999",
          "--version wants a whole number from 1 to 9000000000000000000, got "
          "'99999999999999999999'" },
        { "predict m --json=1", "--json takes no value" },
        { "predict m --rate 5", "'predict' does not take --rate" },
        { "inspect f --server x", "'inspect' does not take --server" },
        { "predict m --timeout nan", "--timeout wants a number from 0.001 to 86400, got 'nan'" },
        { "predict m --server=", "--server wants HOST:PORT, got nothing" },
        { "predict m --protocol soap", "--protocol wants inference or tensorflow, got 'soap'" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++) {
        Args args;
        Status status = parse(CASES[i].line, &args);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        assert_string_equal(status.message, CASES[i].message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_may_stand_anywhere),
        cmocka_unit_test(test_hyphen_and_underscore_are_one),
        cmocka_unit_test(test_defaults_are_as_told),
        cmocka_unit_test(test_a_value_may_look_like_an_option),
        cmocka_unit_test(test_help_needs_nothing_else),
        cmocka_unit_test(test_wrong_lines_say_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
