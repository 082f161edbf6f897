/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Tensors as TensorProto, read back by protobuf-c: what clients will see, and what leaves without a
 * copy. */

#include "runtime/base/size.h"
#include "tests/support/wire_case.h"
#include "tests/unit/server/wire/tensorflow_types.h"

#include "tensorflow/core/framework/tensor.pb-c.h"

static Tensorflow__TensorProto *round_trip(const Tensor *tensor, OutputBlock *block, Arena *arena) {
    WireReply reply;
    wire_reply_init(&reply, arena);
    check_ok(tensorflow_tensor_put(tensor, block, &reply));
    Bytes flat = case_flatten(&reply);
    assert_int_equal(flat.count, tensorflow_tensor_bytes(tensor));
    Tensorflow__TensorProto *proto = tensorflow__tensor_proto__unpack(NULL, flat.count, flat.data);
    bytes_free(&flat);
    assert_non_null(proto);
    return proto;
}

/* The typed field's items by its number: how many, where, how wide. */
static const void *typed_items(const Tensorflow__TensorProto *proto, uint32_t field,
                               size_t *ret_count, size_t *ret_bytes) {
    switch (field) {
    case 5:
        return *ret_count = proto->n_float_val, *ret_bytes = 4, (const void *)proto->float_val;
    case 6:
        return *ret_count = proto->n_double_val, *ret_bytes = 8, (const void *)proto->double_val;
    case 7:
        return *ret_count = proto->n_int_val, *ret_bytes = 4, (const void *)proto->int_val;
    case 9:
        return *ret_count = proto->n_scomplex_val, *ret_bytes = 4,
               (const void *)proto->scomplex_val;
    case 10:
        return *ret_count = proto->n_int64_val, *ret_bytes = 8, (const void *)proto->int64_val;
    case 11:
        return *ret_count = proto->n_bool_val, *ret_bytes = sizeof(protobuf_c_boolean),
               (const void *)proto->bool_val;
    case 12:
        return *ret_count = proto->n_dcomplex_val, *ret_bytes = 8,
               (const void *)proto->dcomplex_val;
    case 13:
        return *ret_count = proto->n_half_val, *ret_bytes = 4, (const void *)proto->half_val;
    case 16:
        return *ret_count = proto->n_uint32_val, *ret_bytes = 4, (const void *)proto->uint32_val;
    case 17:
        return *ret_count = proto->n_uint64_val, *ret_bytes = 8, (const void *)proto->uint64_val;
    default:
        return *ret_count = proto->float8_val.len, *ret_bytes = 1,
               (const void *)proto->float8_val.data;
    }
}

static void test_every_type_comes_back_through_protobuf(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++) {
        const TypeCase *type = &TYPES[i];
        if (!type->name)
            continue;
        AUTO(arena_free) Arena *arena = case_arena_new();
        unsigned char elements[48], memory[48];
        make_elements(type, elements);
        Tensor tensor = { .dtype = type->dtype, .shape = SHAPE(3, 1), .data = memory };
        tensor.bytes = make_expected(type, elements, memory);
        Tensorflow__TensorProto *proto = round_trip(&tensor, NULL, arena);
        assert_int_equal(proto->dtype, type->number);
        assert_int_equal(proto->tensor_shape->n_dim, 2);
        assert_int_equal(proto->tensor_shape->dim[0]->size, 3);
        assert_int_equal(proto->tensor_content.len, 0);
        size_t count, bytes, item = type->bytes / type->items;
        const unsigned char *items = typed_items(proto, type->field, &count, &bytes);
        assert_int_equal(count, 3 * type->items);
        for (size_t k = 0; k < count; k++)
            if (memcmp(items + k * bytes, elements + k * item, MIN_OF(item, bytes)) != 0)
                fail_msg("%s item %zu", type->name, k);
        tensorflow__tensor_proto__free_unpacked(proto, NULL);
    }
}

static void test_negative_numbers_keep_their_sign(void **state) {
    (void)state;
    int8_t eight[] = { -128, -1 };
    int16_t sixteen[] = { -32768, -2 };
    int32_t thirty_two[] = { INT32_MIN, -3 };
    int64_t sixty_four[] = { INT64_MIN, -4 };
    unsigned char four[] = { 0xF8 }; /* -8, -1 */
    const struct {
        Tensor tensor;
        int64_t values[2];
    } rows[] = {
        { { DTYPE_I8, LAYOUT_PLAIN, SHAPE(2), eight, 2 }, { -128, -1 } },
        { { DTYPE_I16, LAYOUT_PLAIN, SHAPE(2), sixteen, 4 }, { -32768, -2 } },
        { { DTYPE_I32, LAYOUT_PLAIN, SHAPE(2), thirty_two, 8 }, { INT32_MIN, -3 } },
        { { DTYPE_I64, LAYOUT_PLAIN, SHAPE(2), sixty_four, 16 }, { INT64_MIN, -4 } },
        { { DTYPE_I4, LAYOUT_PLAIN, SHAPE(2), four, 1 }, { -8, -1 } },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        AUTO(arena_free) Arena *arena = case_arena_new();
        Tensorflow__TensorProto *proto = round_trip(&rows[i].tensor, NULL, arena);
        for (size_t k = 0; k < 2; k++)
            assert_true((proto->n_int_val ? proto->int_val[k] : proto->int64_val[k]) ==
                        rows[i].values[k]);
        tensorflow__tensor_proto__free_unpacked(proto, NULL);
    }
}

static void test_strings_scalars_and_nothing_come_back(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena_new();
    StringView views[] = { { "one", 3 }, { NULL, 0 }, { "t\0o", 3 } };
    Tensor strings = {
        .dtype = DTYPE_STRING, .shape = SHAPE(3), .data = views, .bytes = sizeof views
    };
    Tensorflow__TensorProto *proto = round_trip(&strings, NULL, arena);
    assert_int_equal(proto->n_string_val, 3);
    assert_int_equal(proto->string_val[1].len, 0);
    assert_memory_equal(proto->string_val[2].data, "t\0o", 3);
    tensorflow__tensor_proto__free_unpacked(proto, NULL);

    float one = 1;
    Tensor scalar = { .dtype = DTYPE_F32, .shape = SHAPE_SCALAR, .data = &one, .bytes = 4 };
    proto = round_trip(&scalar, NULL, arena);
    assert_non_null(proto->tensor_shape);
    assert_int_equal(proto->tensor_shape->n_dim, 0);
    assert_int_equal(proto->n_float_val, 1);
    tensorflow__tensor_proto__free_unpacked(proto, NULL);

    Tensor empty = { .dtype = DTYPE_F32, .shape = SHAPE(0, 4) };
    proto = round_trip(&empty, NULL, arena);
    assert_int_equal(proto->tensor_shape->n_dim, 2);
    assert_int_equal(proto->tensor_shape->dim[0]->size, 0);
    assert_int_equal(proto->n_float_val, 0);
    tensorflow__tensor_proto__free_unpacked(proto, NULL);
}

static void test_long_rows_leave_from_the_block(void **state) {
    (void)state;
    AUTO(output_pool_free) OutputPool *pool = NULL;
    check_ok(output_pool_new(1 << 20, &pool));
    AUTO(output_block_unref) OutputBlock *block = NULL;
    check_ok(output_block_new(pool, &block));
    float *data = output_block_alloc(block, WIRE_COPY_BYTES + 4);
    assert_non_null(data);
    memset(data, 0, WIRE_COPY_BYTES + 4);
    for (int64_t count = WIRE_COPY_BYTES / 4; count <= WIRE_COPY_BYTES / 4 + 1; count++) {
        AUTO(arena_free) Arena *arena = case_arena_new();
        Tensor tensor = {
            .dtype = DTYPE_F32, .shape = SHAPE(count), .data = data, .bytes = (size_t)count * 4
        };
        WireReply reply;
        wire_reply_init(&reply, arena);
        check_ok(tensorflow_tensor_encode(&tensor, block, 3, &reply));
        const WirePiece *last = &reply.pieces[reply.count - 1];
        bool is_long = tensor.bytes > WIRE_COPY_BYTES;
        assert_int_equal(last->block == block, is_long);
        assert_int_equal(last->data == data, is_long);
    }
}

static void test_types_that_tensorflow_lacks(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena_new();
    unsigned char byte = 0;
    Tensor tensor = { .dtype = DTYPE_F8E8M0, .shape = SHAPE(1), .data = &byte, .bytes = 1 };
    WireReply reply;
    wire_reply_init(&reply, arena);
    Status status = tensorflow_tensor_encode(&tensor, NULL, 1, &reply);
    assert_int_equal(status.code, STATUS_UNIMPLEMENTED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_comes_back_through_protobuf),
        cmocka_unit_test(test_negative_numbers_keep_their_sign),
        cmocka_unit_test(test_strings_scalars_and_nothing_come_back),
        cmocka_unit_test(test_long_rows_leave_from_the_block),
        cmocka_unit_test(test_types_that_tensorflow_lacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
