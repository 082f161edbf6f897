/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* .npy files as numpy writes them, and as nobody should. */

#include "runtime/base/size.h"
#include "tests/unit/clients/inferctl/source_case.h"

typedef struct File {
    unsigned char bytes[1024];
    size_t length;
} File;

/* A file of version 1 with this header and data. */
static File make_file(const char *header, const void *data, size_t bytes) {
    File file = { 0 };
    size_t header_bytes = strlen(header);
    memcpy(file.bytes, "\x93NUMPY\x01\x00", 8);
    file.bytes[8] = (unsigned char)header_bytes;
    memcpy(file.bytes + 10, header, header_bytes);
    memcpy(file.bytes + 10 + header_bytes, data, bytes);
    file.length = 10 + header_bytes + bytes;
    return file;
}

static void test_floats_are_read_as_they_lie(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    static const float DATA[6] = { 1, 2, 3, 4, 5, 6 };
    File file = make_file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n", DATA,
                          sizeof DATA);
    ClientTensor tensor;
    check_ok(npy_read(file.bytes, file.length, arena, &tensor));
    assert_string_equal(tensor.type->name, "float32");
    assert_int_equal(tensor.rank, 2);
    assert_int_equal(tensor.dims[1], 3);
    assert_memory_equal(tensor.data, DATA, sizeof DATA);
}

static void test_version_two_has_a_longer_header(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    static const char FILE_BYTES[] =
        "\x93NUMPY\x02\x00\x38\x00\x00\x00"
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}\n\x07\x09";
    ClientTensor tensor;
    check_ok(npy_read(FILE_BYTES, sizeof FILE_BYTES - 1, arena, &tensor));
    assert_int_equal(tensor.rank, 1);
    assert_int_equal(((const uint8_t *)tensor.data)[1], 9);
}

static void test_scalars_and_empty_arrays_are_arrays(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    int64_t number = -7;
    File file = make_file("{'descr': '<i8', 'fortran_order': False, 'shape': ()}", &number, 8);
    ClientTensor tensor;
    check_ok(npy_read(file.bytes, file.length, arena, &tensor));
    assert_int_equal(tensor.rank, 0);
    assert_int_equal(number_read(tensor.type, tensor.data).i, -7);
    file = make_file("{'descr': '<i8', 'fortran_order': True, 'shape': (3, 0)}", "", 0);
    check_ok(npy_read(file.bytes, file.length, arena, &tensor));
    assert_int_equal(tensor.bytes, 0);
}

static void test_the_other_byte_order_is_swapped(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    File file =
        make_file("{'descr': '>i2', 'fortran_order': False, 'shape': (2,)}", "\x01\x02\xff\xfe", 4);
    ClientTensor tensor;
    check_ok(npy_read(file.bytes, file.length, arena, &tensor));
    assert_int_equal(((const int16_t *)tensor.data)[0], 0x0102);
    assert_int_equal(((const int16_t *)tensor.data)[1], -2);
    /* 1+2i: each half is swapped by itself */
    file = make_file("{'descr': '>c8', 'fortran_order': False, 'shape': (1,)}",
                     "\x3f\x80\0\0\x40\0\0\0", 8);
    check_ok(npy_read(file.bytes, file.length, arena, &tensor));
    assert_true(((const float *)tensor.data)[0] == 1 && ((const float *)tensor.data)[1] == 2);
}

static void test_fortran_order_becomes_row_major(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    static const uint8_t COLUMNS[] = { 1, 4, 2, 5, 3, 6 }, ROWS[] = { 1, 2, 3, 4, 5, 6 };
    File file = make_file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}", COLUMNS,
                          sizeof COLUMNS);
    ClientTensor tensor;
    check_ok(npy_read(file.bytes, file.length, arena, &tensor));
    assert_memory_equal(tensor.data, ROWS, sizeof ROWS);
}

static void test_strings_become_utf_8(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    static const uint32_t POINTS[] = { 'a', 0, 0x20AC, 0x1F600 };
    File file =
        make_file("{'descr': '<U2', 'fortran_order': False, 'shape': (2,)}", POINTS, sizeof POINTS);
    ClientTensor tensor;
    check_ok(npy_read(file.bytes, file.length, arena, &tensor));
    static const char EXPECTED[] = "\1\0\0\0a\7\0\0\0\xE2\x82\xAC\xF0\x9F\x98\x80";
    assert_int_equal(tensor.bytes, sizeof EXPECTED - 1);
    assert_memory_equal(tensor.data, EXPECTED, sizeof EXPECTED - 1);
    tensor.name = "x";
    check_ok(client_tensor_check(&tensor));
    file = make_file("{'descr': '|S3', 'fortran_order': False, 'shape': (2,)}", "ab\0\0\0\0", 6);
    check_ok(npy_read(file.bytes, file.length, arena, &tensor));
    assert_memory_equal(tensor.data, "\2\0\0\0ab\0\0\0\0", 10);
}

static void test_damaged_headers_are_refused(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    static const struct {
        const char *header;
        StatusCode code;
    } CASES[] = {
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)", STATUS_INVALID_ARGUMENT },
        { "{'descr': '<f4', 'shape': (2, 3)}", STATUS_INVALID_ARGUMENT },
        { "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2, 3)}", STATUS_INVALID_ARGUMENT },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2, -3)}", STATUS_INVALID_ARGUMENT },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
          STATUS_INVALID_ARGUMENT },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296)}",
          STATUS_INVALID_ARGUMENT },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (7,)}", STATUS_INVALID_ARGUMENT },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}", STATUS_INVALID_ARGUMENT },
        { "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", STATUS_UNIMPLEMENTED },
        { "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
          STATUS_UNIMPLEMENTED },
        { "{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", STATUS_UNIMPLEMENTED },
        { "{'descr': '', 'fortran_order': False, 'shape': (1,)}", STATUS_UNIMPLEMENTED },
        { "{'descr': '<U9999999', 'fortran_order': False, 'shape': (4,)}",
          STATUS_INVALID_ARGUMENT },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'code': 'x'}",
          STATUS_INVALID_ARGUMENT },
        { "[1]", STATUS_INVALID_ARGUMENT },
    };
    static const char DATA[24] = { 0 };
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++) {
        File file = make_file(CASES[i].header, DATA, sizeof DATA);
        ClientTensor tensor;
        assert_int_equal(npy_read(file.bytes, file.length, arena, &tensor).code, CASES[i].code);
    }
}

static void test_a_size_mismatch_names_both_sides(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    File file = make_file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", "1234", 4);
    ClientTensor tensor;
    Status status = npy_read(file.bytes, file.length, arena, &tensor);
    assert_string_equal(status.message, "its header says [2,3] of '<f4', 24 bytes, but it holds 4");
}

static void read_any(const void *bytes, size_t length) {
    AUTO(arena_free) Arena *arena = case_arena();
    ClientTensor tensor = { .name = "x" };
    Status status = npy_read(bytes, length, arena, &tensor);
    tensor.name = "x";
    if (status_is_ok(&status))
        check_ok(client_tensor_check(&tensor)); /* what is read at all is whole */
}

static void test_damage_is_survived(void **state) {
    (void)state;
    static const uint32_t POINTS[] = { 'a', 0, 0x20AC, 0x1F600 };
    File file = make_file("{'descr': '<U2', 'fortran_order': True, 'shape': (1, 2)}", POINTS,
                          sizeof POINTS);
    case_damage(file.bytes, file.length, file.length, read_any);
    file = make_file("{'descr': '>f2', 'fortran_order': True, 'shape': (2, 2)}", POINTS, 8);
    case_damage(file.bytes, file.length, file.length, read_any);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floats_are_read_as_they_lie),
        cmocka_unit_test(test_version_two_has_a_longer_header),
        cmocka_unit_test(test_scalars_and_empty_arrays_are_arrays),
        cmocka_unit_test(test_the_other_byte_order_is_swapped),
        cmocka_unit_test(test_fortran_order_becomes_row_major),
        cmocka_unit_test(test_strings_become_utf_8),
        cmocka_unit_test(test_damaged_headers_are_refused),
        cmocka_unit_test(test_a_size_mismatch_names_both_sides),
        cmocka_unit_test(test_damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
