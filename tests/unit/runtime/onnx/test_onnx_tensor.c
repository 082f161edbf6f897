/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* TensorProto in every element type, in raw and in typed fields, packed and not. */

#include "runtime/onnx/onnx_import.h"

#include "tests/support/onnx_writer.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    FLOAT_DATA = 4,
    INT32_DATA = 5,
    STRING_DATA = 6,
    INT64_DATA = 7,
    DOUBLE_DATA = 10,
    UINT64_DATA = 11
};

/* Three elements of a type: what is in memory, and the entries of the typed field that say the
 * same. */
typedef struct TypeCase {
    DType dtype;
    uint32_t field;
    size_t bytes, entries;
    uint8_t memory[48];
    int64_t values[6]; /* bits, for FLOAT_DATA and DOUBLE_DATA */
} TypeCase;

#define F32_1 0x3F800000
#define F64_1 INT64_C(0x3FF0000000000000)

static const TypeCase types[] = {
    { DTYPE_F32,
      FLOAT_DATA,
      12,
      3,
      { 0, 0, 0x80, 0x3F, 0, 0, 0x80, 0x3F, 0, 0, 0x80, 0x3F },
      { F32_1, F32_1, F32_1 } },
    { DTYPE_U8, INT32_DATA, 3, 3, { 1, 2, 255 }, { 1, 2, 255 } },
    { DTYPE_I8, INT32_DATA, 3, 3, { 1, 2, 0xFF }, { 1, 2, -1 } },
    { DTYPE_U16, INT32_DATA, 6, 3, { 1, 0, 2, 0, 0xFF, 0xFF }, { 1, 2, 65535 } },
    { DTYPE_I16, INT32_DATA, 6, 3, { 1, 0, 2, 0, 0xFF, 0xFF }, { 1, 2, -1 } },
    { DTYPE_I32,
      INT32_DATA,
      12,
      3,
      { 1, 0, 0, 0, 2, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF },
      { 1, 2, -1 } },
    { DTYPE_I64, INT64_DATA, 24, 3, { 1, [8] = 2, [17] = 1 }, { 1, 2, 256 } },
    { DTYPE_BOOL, INT32_DATA, 3, 3, { 1, 0, 1 }, { 1, 0, 1 } },
    { DTYPE_F16, INT32_DATA, 6, 3, { 0, 0x3C, 0, 0, 1, 0x80 }, { 0x3C00, 0, 0x8001 } },
    { DTYPE_F64, DOUBLE_DATA, 24, 3, { [6] = 0xF0, 0x3F, [14] = 0xF0, 0x3F }, { F64_1, F64_1, 0 } },
    { DTYPE_U32,
      UINT64_DATA,
      12,
      3,
      { 1, 0, 0, 0, 2, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF },
      { 1, 2, UINT32_MAX } },
    { DTYPE_U64, UINT64_DATA, 24, 3, { 1, [8] = 2, [17] = 1 }, { 1, 2, 256 } },
    { DTYPE_C64,
      FLOAT_DATA,
      24,
      6,
      { [2] = 0x80, 0x3F, [22] = 0x80, 0x3F },
      { F32_1, 0, 0, 0, 0, F32_1 } },
    { DTYPE_C128,
      DOUBLE_DATA,
      48,
      6,
      { [6] = 0xF0, 0x3F, [46] = 0xF0, 0x3F },
      { F64_1, 0, 0, 0, 0, F64_1 } },
    { DTYPE_BF16, INT32_DATA, 6, 3, { 0x80, 0x3F, 0, 0, 1, 0x80 }, { 0x3F80, 0, 0x8001 } },
    { DTYPE_F8E4M3FN, INT32_DATA, 3, 3, { 1, 2, 0xFF }, { 1, 2, 0xFF } },
    { DTYPE_F8E4M3FNUZ, INT32_DATA, 3, 3, { 1, 2, 0xFF }, { 1, 2, 0xFF } },
    { DTYPE_F8E5M2, INT32_DATA, 3, 3, { 1, 2, 0xFF }, { 1, 2, 0xFF } },
    { DTYPE_F8E5M2FNUZ, INT32_DATA, 3, 3, { 1, 2, 0xFF }, { 1, 2, 0xFF } },
    { DTYPE_U4, INT32_DATA, 2, 2, { 0x21, 0x03 }, { 0x21, 0x03 } },
    { DTYPE_I4, INT32_DATA, 2, 2, { 0xF1, 0x03 }, { 0xF1, 0x03 } },
    { DTYPE_F4E2M1, INT32_DATA, 2, 2, { 0x21, 0x03 }, { 0x21, 0x03 } },
    { DTYPE_F8E8M0, INT32_DATA, 3, 3, { 1, 2, 0xFF }, { 1, 2, 0xFF } },
    { DTYPE_U2, INT32_DATA, 1, 1, { 0x39 }, { 0x39 } },
    { DTYPE_I2, INT32_DATA, 1, 1, { 0x39 }, { 0x39 } },
};

static void put_entry(WireWriter *file, const TypeCase *type, size_t index) {
    if (type->field == FLOAT_DATA)
        wire_put_raw(file, &type->values[index], 4);
    else if (type->field == DOUBLE_DATA)
        wire_put_raw(file, &type->values[index], 8);
    else
        wire_put_varint(file, (uint64_t)type->values[index]);
}

static void put_typed(WireWriter *file, const TypeCase *type, bool packed) {
    size_t at = packed ? wire_open(file, type->field) : 0;
    uint64_t wire_type = type->field == FLOAT_DATA ? 5 : type->field == DOUBLE_DATA ? 1 : 0;
    for (size_t i = 0; i < type->entries; i++) {
        if (!packed)
            wire_put_varint(file, (uint64_t)type->field << 3 | wire_type);
        put_entry(file, type, i);
    }
    if (packed)
        wire_close(file, at);
}

static void expect_tensor(const WireWriter *file, const TypeCase *type) {
    Tensor tensor;
    Status status = onnx_read_tensor(file->data, file->length, &tensor);
    if (!status_is_ok(&status))
        fail_msg("%s: %s", dtype_name(type->dtype), status.message);
    assert_int_equal(tensor.dtype, type->dtype);
    assert_string_equal(SHAPE_TEXT(&tensor.shape), "[3]");
    assert_int_equal(tensor.bytes, type->bytes);
    assert_memory_equal(tensor.data, type->memory, type->bytes);
    tensor_deinit(&tensor);
}

static void test_every_type_in_every_spelling(void **state) {
    (void)state;
    assert_int_equal(sizeof types / sizeof *types,
                     DTYPE_COUNT - 2); /* all but INVALID and STRING */
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const TypeCase *type = &types[i];
        for (int spelling = 0; spelling < 3; spelling++) { /* raw, packed, unpacked */
            WireWriter file = { 0 };
            onnx_put_tensor(&file, 0, "t", type->dtype, (int64_t[]){ 3 }, 1,
                            spelling ? NULL : type->memory, type->bytes);
            if (spelling > 0)
                put_typed(&file, type, spelling == 1);
            expect_tensor(&file, type);
            wire_writer_deinit(&file);
        }
    }
}

static void test_strings_point_into_the_file(void **state) {
    (void)state;
    WireWriter file = { 0 };
    onnx_put_tensor(&file, 0, "t", DTYPE_STRING, (int64_t[]){ 2 }, 1, NULL, 0);
    wire_put_bytes(&file, STRING_DATA, "a\0b", 3);
    wire_put_text(&file, STRING_DATA, "");
    Tensor tensor;
    Status status = onnx_read_tensor(file.data, file.length, &tensor);
    assert_string_equal(status.message, "");
    const StringView *items = tensor.data;
    assert_int_equal(items[0].length, 3);
    assert_memory_equal(items[0].data, "a\0b", 3);
    assert_int_equal(items[1].length, 0);
    tensor_deinit(&tensor);
    wire_writer_deinit(&file);
}

static void test_empty_tensors_and_scalars(void **state) {
    (void)state;
    WireWriter file = { 0 };
    onnx_put_tensor(&file, 0, "t", DTYPE_F32, (int64_t[]){ 0, 5 }, 2, NULL, 0);
    Tensor tensor;
    Status status = onnx_read_tensor(file.data, file.length, &tensor);
    assert_string_equal(status.message, "");
    assert_int_equal(tensor.bytes, 0);
    tensor_deinit(&tensor);
    wire_writer_deinit(&file);
    onnx_put_tensor(&file, 0, "t", DTYPE_I64, NULL, 0, (int64_t[]){ 7 }, 8);
    status = onnx_read_tensor(file.data, file.length, &tensor);
    assert_string_equal(status.message, "");
    assert_int_equal(tensor.shape.rank, 0);
    assert_int_equal(tensor_get_int(&tensor, 0), 7);
    tensor_deinit(&tensor);
    wire_writer_deinit(&file);
}

/* One tensor [2] of `dtype`, with raw data or not, and one entry in a typed field. */
static const struct {
    DType dtype;
    const char *raw;
    uint32_t field;
    const char *message;
} refusals[] = {
    { DTYPE_F32, "12345678", INT32_DATA, "holds both raw_data and int32_data" },
    { DTYPE_F32, NULL, INT32_DATA, "float32 elements belong in float_data, not in int32_data" },
    { DTYPE_I32, NULL, INT32_DATA, "int32 of shape [2] needs 2 entries in int32_data, it has 1" },
    { DTYPE_STRING, "ab", 0, "strings cannot stand in raw_data" },
    { DTYPE_I8, "a", 0, "int8 of shape [2] needs 2 bytes, raw_data has 1" },
};

static void test_data_must_be_where_it_belongs(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        WireWriter file = { 0 };
        const char *raw = refusals[i].raw;
        onnx_put_tensor(&file, 0, "t", refusals[i].dtype, (int64_t[]){ 2 }, 1, raw,
                        raw ? strlen(raw) : 0);
        if (refusals[i].field)
            wire_put_int(&file, refusals[i].field, 1);
        Tensor tensor;
        Status status = onnx_read_tensor(file.data, file.length, &tensor);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        if (!strstr(status.message, refusals[i].message))
            fail_msg("row %zu: expected '%s', got '%s'", i, refusals[i].message, status.message);
        wire_writer_deinit(&file);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_in_every_spelling),
        cmocka_unit_test(test_strings_point_into_the_file),
        cmocka_unit_test(test_empty_tensors_and_scalars),
        cmocka_unit_test(test_data_must_be_where_it_belongs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
