/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* JSON values as tensors, and tensors brought to what a model declares. */

#include "runtime/base/size.h"
#include "tests/unit/clients/inferctl/source_case.h"

static Status read(const char *text, const char *type, Arena *arena, ClientTensor *tensor) {
    return json_tensor_read(text, strlen(text), client_type_by_name(type), arena, tensor);
}

static void test_nested_arrays_give_the_shape(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    ClientTensor tensor;
    check_ok(read("[[1, 2.5, 3], [4, 5, -6e1]]", "float32", arena, &tensor));
    static const float EXPECTED[] = { 1, 2.5f, 3, 4, 5, -60 };
    assert_int_equal(tensor.rank, 2);
    assert_int_equal(tensor.dims[1], 3);
    assert_memory_equal(tensor.data, EXPECTED, sizeof EXPECTED);
    check_ok(read("7", "int32", arena, &tensor));
    assert_int_equal(tensor.rank, 0);
    check_ok(read("[]", "int32", arena, &tensor));
    assert_int_equal(tensor.dims[0], 0);
    check_ok(read("[[], []]", "string", arena, &tensor));
    assert_int_equal(tensor.bytes, 0);
}

static void test_strings_and_bools_have_their_own_types(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    ClientTensor tensor;
    check_ok(read("[\"ab\", \"\", \"\\u20ac\"]", "string", arena, &tensor));
    assert_memory_equal(tensor.data, "\2\0\0\0ab\0\0\0\0\3\0\0\0\xE2\x82\xAC", 17);
    check_ok(read("[true, 0, 1]", "bool", arena, &tensor));
    assert_memory_equal(tensor.data, "\1\0\1", 3);
}

static void test_what_does_not_fit_is_refused(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    static const struct {
        const char *text, *type, *message;
    } CASES[] = {
        { "[1, 300]", "uint8", "300 does not fit uint8" },
        { "[-1]", "uint64", "-1 does not fit uint64" },
        { "[1.5]", "int32", "1.5 does not fit int32: it wants whole numbers" },
        { "[2]", "bool", "2 does not fit bool" },
        { "[true]", "float32", "true does not fit float32" },
        { "[1]", "string", "the JSON should hold strings only" },
        { "[\"1\"]", "int8", "the JSON should hold int8 values only" },
        { "[null]", "int8", "the JSON should hold int8 values only" },
        { "{}", "int8", "the JSON should hold int8 values only" },
        { "[[1], [2, 3]]", "int8",
          "the JSON's arrays at depth 2 differ: the first has 1 elements, another 2" },
        { "[[1], 2]", "int8",
          "the JSON's arrays at depth 2 differ: the first has 1 elements, another 0 (it is no "
          "array)" },
        { "[1, [2]]", "int8", "the JSON is nested 1 deep in one place, deeper in another" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++) {
        ClientTensor tensor;
        Status status = read(CASES[i].text, CASES[i].type, arena, &tensor);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        assert_string_equal(status.message, CASES[i].message);
    }
}

static void test_hostile_documents_are_refused(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    enum { DEPTH = 1000000 };
    AUTO(free) char *deep = malloc(DEPTH + 1);
    memset(deep, '[', DEPTH);
    deep[DEPTH] = '\0';
    ClientTensor tensor;
    assert_int_equal(read(deep, "float32", arena, &tensor).code, STATUS_INVALID_ARGUMENT);
    deep[100] = '\0';
    memset(deep + 50, ']', 50);
    assert_int_equal(read(deep, "float32", arena, &tensor).code,
                     STATUS_INVALID_ARGUMENT); /* 50 dims */
    static const char *const TEXTS[] = {
        "", "[1,", "[1]x", "\xff", "[\"\xff\"]", "[1e999]", "[99999999999999999999]", "nan"
    };
    for (size_t i = 0; i < ARRAY_LENGTH(TEXTS); i++)
        assert_int_equal(read(TEXTS[i], "float32", arena, &tensor).code, STATUS_INVALID_ARGUMENT);
}

static void test_a_missing_batch_dim_is_added(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    ClientPort port = case_port("float32", 2, -1, 3);
    ClientTensor given, tensor;
    check_ok(read("[1, 2, 3]", "float32", arena, &given));
    check_ok(tensor_fit(&given, &port, arena, &tensor));
    assert_int_equal(tensor.rank, 2);
    assert_int_equal(tensor.dims[0], 1);
    assert_int_equal(tensor.dims[1], 3);
    assert_string_equal(tensor.name, "x");
}

static void test_another_shape_is_an_error_that_names_both(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    ClientPort port = case_port("float32", 2, 5, 3);
    ClientTensor given, tensor;
    check_ok(read("[1, 2, 3]", "float32", arena, &given));
    Status status = tensor_fit(&given, &port, arena, &tensor);
    assert_string_equal(status.message, "input 'x': expected [5,3], got [3]");
}

static void test_types_are_converted_without_losing_whole_numbers(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    static const double REALS[] = { 0.1, 2 };
    static const int64_t WHOLE[] = { 1, 70000 };
    ClientTensor given = {
        .type = client_type_by_name("float64"), .rank = 1, .dims = { 2 }, .data = REALS, .bytes = 16
    };
    ClientPort port = case_port("float32", 1, -1);
    ClientTensor tensor;
    check_ok(tensor_fit(&given, &port, arena, &tensor));
    assert_true(((const float *)tensor.data)[0] == 0.1f);
    given.type = client_type_by_name("int64");
    given.data = WHOLE;
    port = case_port("uint16", 1, -1);
    Status status = tensor_fit(&given, &port, arena, &tensor);
    assert_string_equal(
        status.message,
        "input 'x' is uint16, element 1 of the given int64: 70000 does not fit uint16");
    port = case_port("float16", 1, -1);
    given.data = REALS;
    given.type = client_type_by_name("float64");
    check_ok(tensor_fit(&given, &port, arena, &tensor));
    assert_int_equal(((const uint16_t *)tensor.data)[1], 0x4000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nested_arrays_give_the_shape),
        cmocka_unit_test(test_strings_and_bools_have_their_own_types),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
        cmocka_unit_test(test_hostile_documents_are_refused),
        cmocka_unit_test(test_a_missing_batch_dim_is_added),
        cmocka_unit_test(test_another_shape_is_an_error_that_names_both),
        cmocka_unit_test(test_types_are_converted_without_losing_whole_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
