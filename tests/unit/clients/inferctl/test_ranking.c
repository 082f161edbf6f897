/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The best of each row, and what JSON says of a tensor. */

#include "clients/inferctl/print.h"
#include "tests/unit/clients/inferctl/source_case.h"

#include <math.h>

static ClientTensor floats(const float *data, int64_t rows, int64_t columns) {
    return (ClientTensor){ .name = "y",
                           .type = client_type_by_name("float32"),
                           .rank = 2,
                           .dims = { rows, columns },
                           .data = data,
                           .bytes = (size_t)(rows * columns) * sizeof *data };
}

static void test_rows_are_ranked_best_first(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    static const float DATA[] = { 0.1f, 0.7f, 0.2f, NAN, -1, 5 };
    ClientTensor tensor = floats(DATA, 2, 3);
    const char *names[] = { "cat", "" };
    Labels labels = { .lines = names, .count = 2 };
    Ranking ranking;
    check_ok(ranking_make(&tensor, 2, &labels, arena, &ranking));
    assert_int_equal(ranking.rows, 2);
    assert_int_equal(ranking.scores[0].index, 1);
    assert_string_equal(ranking.scores[0].label, "1"); /* an empty label is none */
    assert_int_equal(ranking.scores[1].index, 2);
    assert_int_equal(ranking.scores[2].index, 2);
    assert_int_equal(ranking.scores[3].index, 1); /* NaN comes last */
    check_ok(ranking_make(&tensor, 9, &labels, arena, &ranking));
    assert_int_equal(ranking.per_row, 3);
    assert_string_equal(ranking.scores[2].label, "cat");
    assert_true(isnan(ranking.scores[5].score));
}

static void test_equal_scores_rank_by_index(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    static const float DATA[] = { 1, 2, 2, 2 };
    ClientTensor tensor = floats(DATA, 1, 4);
    Ranking ranking;
    check_ok(ranking_make(&tensor, 3, &(Labels){ 0 }, arena, &ranking));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(ranking.scores[i].index, i + 1);
}

static void test_what_cannot_be_ranked_says_so(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    ClientTensor scalar = {
        .name = "y", .type = client_type_by_name("float32"), .data = "1234", .bytes = 4
    };
    ClientTensor text = {
        .name = "y", .type = client_type_by_name("string"), .rank = 1, .dims = { 0 }
    };
    Ranking ranking;
    assert_int_equal(ranking_make(&scalar, 1, &(Labels){ 0 }, arena, &ranking).code,
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(ranking_make(&text, 1, &(Labels){ 0 }, arena, &ranking).code,
                     STATUS_INVALID_ARGUMENT);
    ClientTensor empty = floats(NULL, 0, 3);
    check_ok(ranking_make(&empty, 1, &(Labels){ 0 }, arena, &ranking));
    assert_int_equal(ranking.rows, 0);
}

static void check_json(const ClientTensor *tensor, const char *expected) {
    json_t *document = json_tensor(tensor);
    AUTO(free) char *text = json_dumps(document, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(document);
    assert_non_null(text);
    assert_string_equal(text, expected);
}

static void test_json_says_what_json_cannot(void **state) {
    (void)state;
    static const float DATA[] = { 1, NAN, INFINITY, -INFINITY };
    ClientTensor tensor = floats(DATA, 2, 2);
    check_json(&tensor, "{\"name\":\"y\",\"dtype\":\"float32\",\"shape\":[2,2],\"data\":[[1.0,"
                        "\"NaN\"],[\"Infinity\","
                        "\"-Infinity\"]]}");
    ClientTensor text = { .name = "s",
                          .type = client_type_by_name("string"),
                          .rank = 1,
                          .dims = { 4 },
                          .data = "\1\0\0\0a\1\0\0\0\xff\2\0\0\0\xff\xfe\3\0\0\0\xff\xfe\xfd",
                          .bytes = 23 };
    check_ok(client_tensor_check(&text));
    check_json(&text, "{\"name\":\"s\",\"dtype\":\"string\",\"shape\":[4],\"data\":[\"a\",{\"b64\":"
                      "\"/w==\"},{\"b64\":\"//4=\"},"
                      "{\"b64\":\"//79\"}]}");
    ClientTensor number = {
        .name = "u", .type = client_type_by_name("uint64"), .data = "\1\0\0\0\0\0\0\0", .bytes = 8
    };
    check_json(&number, "{\"name\":\"u\",\"dtype\":\"uint64\",\"shape\":[],\"data\":1}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_ranked_best_first),
        cmocka_unit_test(test_equal_scores_rank_by_index),
        cmocka_unit_test(test_what_cannot_be_ranked_says_so),
        cmocka_unit_test(test_json_says_what_json_cannot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
