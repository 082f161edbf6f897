/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Strings, n-grams and random numbers. */

#include "tests/unit/runtime/cpu/reference/run_kernel.h"

#define WORDS(key, ...)                                                                            \
    {                                                                                              \
        .name = (key), .kind = ATTRIBUTE_STRINGS,                                                  \
        .count = sizeof((StringView[]){ __VA_ARGS__ }) / sizeof(StringView),                       \
        .strings = (StringView[]) {                                                                \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static void test_concat_broadcasts(void **state) {
    (void)state;
    check(&(Run){ .op = "StringConcat",
                  .src = { &STRINGS(SHAPE(2, 1), TEXT("a"), TEXT("")),
                           &STRINGS(SHAPE(2), TEXT("xy"), TEXT("")) },
                  .dst = { STRINGS(SHAPE(2, 2), TEXT("axy"), TEXT("a"), TEXT("xy"), TEXT("")) } });
    check_fails(&(Run){ .op = "StringConcat",
                        .src = { &STRINGS(SHAPE(1), TEXT("a")), &I64(SHAPE(1), 1) },
                        .dst = { STRINGS(SHAPE(1), TEXT("a")) } },
                STATUS_INVALID_ARGUMENT, "int64");
}

static void test_split_by_space_and_by_delimiter(void **state) {
    (void)state;
    Tensor x = STRINGS(SHAPE(2), TEXT("  a  b c "), TEXT(""));
    check(&(Run){ .op = "StringSplit",
                  .src = { &x },
                  .dst = { STRINGS(SHAPE(2, 3), TEXT("a"), TEXT("b"), TEXT("c"), TEXT(""), TEXT(""),
                                   TEXT("")),
                           I64(SHAPE(2), 3, 0) } });
    check(&(Run){ .op = "StringSplit",
                  .attributes = { INT("maxsplit", 1) },
                  .src = { &x },
                  .dst = { STRINGS(SHAPE(2, 2), TEXT("a"), TEXT("b c "), TEXT(""), TEXT("")),
                           I64(SHAPE(2), 2, 0) } });
    check(&(Run){ .op = "StringSplit",
                  .attributes = { STRING("delimiter", "--") },
                  .src = { &STRINGS(SHAPE(2), TEXT("a----b-"), TEXT("")) },
                  .dst = { STRINGS(SHAPE(2, 3), TEXT("a"), TEXT(""), TEXT("b-"), TEXT(""), TEXT(""),
                                   TEXT("")),
                           I64(SHAPE(2), 3, 1) } });
    Tensor full = { .dtype = DTYPE_STRING, .shape = { .rank = SHAPE_MAX_RANK } };
    check_fails(&(Run){ .op = "StringSplit", .src = { &full }, .dst = { full } },
                STATUS_INVALID_ARGUMENT, "limit");
}

static void test_normalizer_drops_words_and_changes_case(void **state) {
    (void)state;
    Tensor x = STRINGS(SHAPE(1, 3), TEXT("Ähre"), TEXT("The"), TEXT("z\xFFz"));
    check(&(Run){
        .op = "StringNormalizer",
        .attributes = { STRING("case_change_action", "UPPER"), WORDS("stopwords", TEXT("tHE")) },
        .src = { &x },
        .dst = { STRINGS(SHAPE(1, 2), TEXT("ÄHRE"), TEXT("Z\xFFZ")) } });
    check(&(Run){ .op = "StringNormalizer",
                  .attributes = { INT("is_case_sensitive", 1), WORDS("stopwords", TEXT("the")) },
                  .src = { &x },
                  .dst = { x } });
    check(&(Run){ .op = "StringNormalizer", /* nothing is left */
                  .attributes = { WORDS("stopwords", TEXT("ähRE"), TEXT("the"), TEXT("Z\xFFz")) },
                  .src = { &x },
                  .dst = { STRINGS(SHAPE(1, 1), TEXT("")) } });
    check_fails(&(Run){ .op = "StringNormalizer",
                        .attributes = { STRING("case_change_action", "TITLE") },
                        .src = { &x },
                        .dst = { x } },
                STATUS_INVALID_ARGUMENT, "'TITLE'");
    Tensor rows = STRINGS(SHAPE(2, 1), TEXT("a"), TEXT("b"));
    check_fails(&(Run){ .op = "StringNormalizer", .src = { &rows }, .dst = { rows } },
                STATUS_INVALID_ARGUMENT, "[2,1]");
}

/* Single tokens 1 and 2, pairs (1,2) and (2,1). */
#define POOL    INTS("pool_int64s", 1, 2, 1, 2, 2, 1), INTS("ngram_counts", 0, 2)
#define PLACES  INTS("ngram_indexes", 3, 1, 0, 2)
#define LENGTHS INT("min_gram_length", 1), INT("max_gram_length", 2)

static void test_n_grams_are_counted_over_skips(void **state) {
    (void)state;
    Tensor x = I32(SHAPE(2, 4), 1, 1, 2, 1, 7, 7, 7, 2);
    check(&(Run){
        .op = "TfIdfVectorizer",
        .attributes = { POOL, PLACES, LENGTHS, STRING("mode", "TF"), INT("max_skip_count", 0) },
        .src = { &x },
        .dst = { F32(SHAPE(2, 4), 1, 1, 1, 3, 0, 1, 0, 0) } });
    check(&(Run){
        .op = "TfIdfVectorizer",
        .attributes = { POOL, PLACES, LENGTHS, STRING("mode", "TF"), INT("max_skip_count", 1) },
        .src = { &x },
        .dst = { F32(SHAPE(2, 4), 2, 1, 1, 3, 0, 1, 0, 0) } });
    check(&(Run){ .op = "TfIdfVectorizer",
                  .attributes = { POOL, PLACES, LENGTHS, STRING("mode", "IDF") },
                  .src = { &I64(SHAPE(3), 1, 1, 2) },
                  .dst = { F32(SHAPE(4), 1, 1, 0, 1) } });
    check(&(Run){ .op = "TfIdfVectorizer",
                  .attributes = { WORDS("pool_strings", TEXT("ab"), TEXT("c")),
                                  INTS("ngram_counts", 0), INTS("ngram_indexes", 0, 1),
                                  STRING("mode", "TF") },
                  .src = { &STRINGS(SHAPE(3), TEXT("c"), TEXT("ab"), TEXT("c")) },
                  .dst = { F32(SHAPE(2), 1, 2) } });
}

static void test_a_pool_that_does_not_fit_is_refused(void **state) {
    (void)state;
    Tensor x = I64(SHAPE(1), 1);
    const struct {
        Attribute counts, indexes;
        const char *error;
    } cases[] = {
        { INTS("ngram_counts", 0, 9), INTS("ngram_indexes", 0, 1), "ngram_counts" },
        { INTS("ngram_counts", -1), INTS("ngram_indexes", 0, 1), "ngram_counts" },
        { INTS("ngram_counts", 0, 2, 2), INTS("ngram_indexes", 0), "ngram_counts" },
        { INTS("ngram_counts", 0), INTS("ngram_indexes", 0, 1), "ngram_indexes" },
        { INTS("ngram_counts", 0, 0, 0), INTS("ngram_indexes", 0, 5), "none of 2" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        check_fails(&(Run){ .op = "TfIdfVectorizer",
                            .attributes = { INTS("pool_int64s", 1, 2, 3), STRING("mode", "TF"),
                                            cases[i].counts, cases[i].indexes },
                            .src = { &x },
                            .dst = { F32(SHAPE(2), 0, 0) } },
                    STATUS_INVALID_ARGUMENT, cases[i].error);
    check_fails(&(Run){ .op = "TfIdfVectorizer",
                        .attributes = { INTS("pool_int64s", 1), INTS("ngram_counts", 0),
                                        INTS("ngram_indexes", 0), STRING("mode", "TF") },
                        .src = { &STRINGS(SHAPE(1), TEXT("a")) },
                        .dst = { F32(SHAPE(1), 0) } },
                STATUS_INVALID_ARGUMENT, "string");
}

enum { DRAWN = 4000 };

/* Runs an operator twice into the two halves; its mean and variance. */
static void draw(Run *run, double values[2 * DRAWN], double *ret_mean, double *ret_variance) {
    for (size_t half = 0; half < 2; half++) {
        Tensor dst[4];
        RunState state = { .text_used = 0 };
        size_t count;
        Status status = run_call(run, &state, dst, &count);
        assert_int_equal(status.code, STATUS_OK);
        memcpy(values + half * DRAWN, dst[0].data, DRAWN * sizeof *values);
        free(dst[0].data);
    }
    *ret_mean = *ret_variance = 0.0;
    for (size_t i = 0; i < DRAWN; i++)
        *ret_mean += values[i] / DRAWN;
    for (size_t i = 0; i < DRAWN; i++)
        *ret_variance += (values[i] - *ret_mean) * (values[i] - *ret_mean) / DRAWN;
}

static void test_a_seed_gives_the_same_numbers_again(void **state) {
    (void)state;
    static double values[2 * DRAWN], memory[DRAWN];
    double mean, variance;
    Tensor dst = {
        .dtype = DTYPE_F64, .shape = SHAPE(DRAWN), .data = memory, .bytes = sizeof memory
    };
    draw(&(Run){ .op = "RandomUniform",
                 .attributes = { FLOAT("seed", 7), FLOAT("low", 2), FLOAT("high", 4) },
                 .dst = { dst } },
         values, &mean, &variance);
    assert_memory_equal(values, values + DRAWN, sizeof memory);
    assert_true(fabs(mean - 3.0) < 0.05 && fabs(variance - 1.0 / 3.0) < 0.03);
    for (size_t i = 0; i < DRAWN; i++)
        assert_true(values[i] >= 2.0 && values[i] < 4.0);
    draw(&(Run){ .op = "RandomNormal",
                 .attributes = { FLOAT("mean", -5), FLOAT("scale", 2) },
                 .dst = { dst } },
         values, &mean, &variance);
    assert_memory_not_equal(values, values + DRAWN, sizeof memory);
    assert_true(fabs(mean + 5.0) < 0.2 && fabs(variance - 4.0) < 0.4);
    for (size_t i = 0; i < DRAWN; i++)
        memory[i] = 0.25;
    draw(&(Run){ .op = "Bernoulli",
                 .attributes = { FLOAT("seed", 1) },
                 .src = { &dst },
                 .dst = { dst } },
         values, &mean, &variance);
    assert_true(fabs(mean - 0.25) < 0.04);
}

static void test_classes_are_drawn_where_they_are_likely(void **state) {
    (void)state;
    check(&(Run){ .op = "Multinomial",
                  .attributes = { INT("sample_size", 3) },
                  .src = { &F32(SHAPE(2, 3), 0, 900, 0, 5, -INFINITY, -INFINITY) },
                  .dst = { I32(SHAPE(2, 3), 1, 1, 1, 0, 0, 0) } });
    check_fails(&(Run){ .op = "Multinomial",
                        .src = { &F32(SHAPE(1, 1), -INFINITY) },
                        .dst = { I32(SHAPE(1, 1), 0) } },
                STATUS_INVALID_ARGUMENT, "row 0");
    Tensor none = EMPTY(DTYPE_F32, SHAPE(1, 0));
    check_fails(&(Run){ .op = "Multinomial", .src = { &none }, .dst = { I32(SHAPE(1, 1), 0) } },
                STATUS_INVALID_ARGUMENT, "row 0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_concat_broadcasts),
        cmocka_unit_test(test_split_by_space_and_by_delimiter),
        cmocka_unit_test(test_normalizer_drops_words_and_changes_case),
        cmocka_unit_test(test_n_grams_are_counted_over_skips),
        cmocka_unit_test(test_a_pool_that_does_not_fit_is_refused),
        cmocka_unit_test(test_a_seed_gives_the_same_numbers_again),
        cmocka_unit_test(test_classes_are_drawn_where_they_are_likely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
