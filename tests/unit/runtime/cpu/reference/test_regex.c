/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* RegexFullMatch: syntax by table, bad patterns, and patterns that make others slow. */

#include "tests/unit/runtime/cpu/reference/run_kernel.h"

static Attribute pattern_of(const char *text) {
    return (Attribute){ .name = "pattern", .kind = ATTRIBUTE_STRING, .s = { text, strlen(text) } };
}

static const struct {
    const char *pattern, *text;
    bool matches;
} cases[] = {
    { "", "", true },
    { "", "a", false },
    { "abc", "abc", true },
    { "ab", "abc", false },
    { "a|bc|", "bc", true },
    { "a|bc|", "", true },
    { "a|bc|", "abc", false },
    { "a.c",
      "a\xC3\xA4"
      "c",
      true },
    { "a.c", "a\nc", false },
    { "(?s)a.c", "a\nc", true },
    { "(?:ab)*", "ababab", true },
    { "(ab)+?c", "ababc", true },
    { "(?P<n>ab)?", "abab", false },
    { "a{2,3}", "a", false },
    { "a{2,3}", "aaa", true },
    { "a{2,3}", "aaaa", false },
    { "a{2,}", "aaaaa", true },
    { "a{0}b", "b", true },
    { "(a{1,2}b){2}", "abaab", true },
    { "a{,2}", "a{,2}", true },
    { "[a-c]+", "abcabc", true },
    { "[^a-c]", "d", true },
    { "[]a-]+", "]-a", true },
    { "[[:digit:]x]*", "1x2", true },
    { "[^\\D]+", "42", true },
    { "\\d{3}-\\d{4}", "555-1234", true },
    { "\\w+@\\w+\\.com", "me_1@example.com", true },
    { "\\W\\S\\s", "!! ", true },
    { "\\x41\\x{e4}\\t", "A\xC3\xA4\t", true },
    { "(?i)stra\xC3\x9F"
      "e\xC3\xA4",
      "STRA\xC3\x9F"
      "E\xC3\x84",
      true },
    { "(?i:a)b", "AB", false },
    { "^a$", "a", true },
    { "(?m)a$\n^b", "a\nb", true },
    { "a$\nb", "a\nb", false },
    { "a\\b.\\Bb?", "a b", false },
    { "a\\b.b", "a b", true },
    { "\\Qa.b\\E", "a.b", true },
    { "(a*)*b", "aaaab", true },
};

static void test_patterns_match_all_of_a_text(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        StringView text = { cases[i].text, strlen(cases[i].text) };
        Tensor x = {
            .dtype = DTYPE_STRING, .shape = SHAPE(1), .data = &text, .bytes = sizeof text
        };
        uint8_t expected = cases[i].matches;
        Tensor y = { .dtype = DTYPE_BOOL, .shape = SHAPE(1), .data = &expected, .bytes = 1 };
        check(&(Run){ .op = "RegexFullMatch",
                      .attributes = { pattern_of(cases[i].pattern) },
                      .src = { &x },
                      .dst = { y } });
    }
}

static void test_bad_patterns_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = { "a**",   "*a",      "(a",   "a)",   "[a",       "a\\",
                                       "[b-a]", "a{9999}", "(?z)", "\\x4", "[[:no:]]", "a{2}{3}+" };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        check_fails(&(Run){ .op = "RegexFullMatch",
                            .attributes = { pattern_of(bad[i]) },
                            .src = { &STRINGS(SHAPE(1), TEXT("a")) },
                            .dst = { BOOL(SHAPE(1), 0) } },
                    STATUS_INVALID_ARGUMENT, "pattern");
    static const char *const long_ones[] = { "((a{1000}){1000}){1000}",
                                             "(((((){1000}){1000}){1000}){1000}){1000}" };
    for (size_t i = 0; i < ARRAY_LENGTH(long_ones); i++)
        check_fails(&(Run){ .op = "RegexFullMatch",
                            .attributes = { pattern_of(long_ones[i]) },
                            .src = { &STRINGS(SHAPE(1), TEXT("a")) },
                            .dst = { BOOL(SHAPE(1), 0) } },
                    STATUS_RESOURCE_EXHAUSTED, "too long");
}

static void test_time_does_not_explode(void **state) {
    (void)state;
    static char letters[20000];
    memset(letters, 'a', sizeof letters);
    StringView text = { letters, sizeof letters };
    Tensor x = { .dtype = DTYPE_STRING, .shape = SHAPE(1), .data = &text, .bytes = sizeof text };
    check(&(Run){ .op = "RegexFullMatch",
                  .attributes = { pattern_of("(a|aa|a?)+(a*)*b") },
                  .src = { &x },
                  .dst = { BOOL(SHAPE(1), 0) } });
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns_match_all_of_a_text),
        cmocka_unit_test(test_bad_patterns_are_refused),
        cmocka_unit_test(test_time_does_not_explode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
