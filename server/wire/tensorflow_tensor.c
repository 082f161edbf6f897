/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TensorProto. One row per dtype says its number, its name and its typed field; decoding and
 * encoding are loops over what the row says. Quantised types are their integers. 4- and 2-bit types
 * have an int_val per element, and a byte per element in tensor_content, and are packed for the
 * engine. Thread: that of the request; pure but for the arena.
 */

#include "server/wire/tensorflow_tensor.h"

#include "runtime/base/size.h"
#include "server/wire/wire_writer.h"

enum {
    FIELD_DTYPE = 1,
    FIELD_SHAPE = 2,
    FIELD_CONTENT = 4,
    FIELD_STRING_VAL = 8,
    FIELD_RESOURCE = 14,
    FIELD_VARIANT = 15,
    SHAPE_DIM = 2,
    DIM_SIZE = 1,
};

typedef struct TypeRow {
    DType dtype;
    uint8_t number;
    const char *name;
    TypedField field;
} TypeRow;

/* The first row of a dtype is the one it is encoded as. */
static const TypeRow TYPES[] = {
    { DTYPE_F32, 1, "float", { 5, TYPED_FIXED, 1 } },
    { DTYPE_F64, 2, "double", { 6, TYPED_FIXED, 1 } },
    { DTYPE_I32, 3, "int32", { 7, TYPED_VARINT, 1 } },
    { DTYPE_U8, 4, "uint8", { 7, TYPED_VARINT, 1 } },
    { DTYPE_I16, 5, "int16", { 7, TYPED_VARINT, 1 } },
    { DTYPE_I8, 6, "int8", { 7, TYPED_VARINT, 1 } },
    { DTYPE_STRING, 7, "string", { FIELD_STRING_VAL, TYPED_BYTES, 1 } },
    { DTYPE_C64, 8, "complex64", { 9, TYPED_FIXED, 2 } },
    { DTYPE_I64, 9, "int64", { 10, TYPED_VARINT, 1 } },
    { DTYPE_BOOL, 10, "bool", { 11, TYPED_BOOL, 1 } },
    { DTYPE_I8, 11, "qint8", { 7, TYPED_VARINT, 1 } },
    { DTYPE_U8, 12, "quint8", { 7, TYPED_VARINT, 1 } },
    { DTYPE_I32, 13, "qint32", { 7, TYPED_VARINT, 1 } },
    { DTYPE_BF16, 14, "bfloat16", { 13, TYPED_VARINT, 1 } },
    { DTYPE_I16, 15, "qint16", { 7, TYPED_VARINT, 1 } },
    { DTYPE_U16, 17, "uint16", { 7, TYPED_VARINT, 1 } },
    { DTYPE_U16, 16, "quint16", { 7, TYPED_VARINT, 1 } },
    { DTYPE_C128, 18, "complex128", { 12, TYPED_FIXED, 2 } },
    { DTYPE_F16, 19, "half", { 13, TYPED_VARINT, 1 } },
    { DTYPE_U32, 22, "uint32", { 16, TYPED_VARINT, 1 } },
    { DTYPE_U64, 23, "uint64", { 17, TYPED_VARINT, 1 } },
    { DTYPE_F8E5M2, 24, "float8_e5m2", { 18, TYPED_BLOB, 1 } },
    { DTYPE_F8E4M3FN, 25, "float8_e4m3fn", { 18, TYPED_BLOB, 1 } },
    { DTYPE_F8E4M3FNUZ, 26, "float8_e4m3fnuz", { 18, TYPED_BLOB, 1 } },
    { DTYPE_F8E5M2FNUZ, 28, "float8_e5m2fnuz", { 18, TYPED_BLOB, 1 } },
    { DTYPE_I4, 29, "int4", { 7, TYPED_VARINT, 1 } },
    { DTYPE_U4, 30, "uint4", { 7, TYPED_VARINT, 1 } },
    { DTYPE_I2, 31, "int2", { 7, TYPED_VARINT, 1 } },
    { DTYPE_U2, 32, "uint2", { 7, TYPED_VARINT, 1 } },
};

static const TypeRow *find_dtype(DType dtype) {
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++)
        if (TYPES[i].dtype == dtype)
            return &TYPES[i];
    return NULL;
}

static const TypeRow *find_number(uint64_t number) {
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++)
        if (TYPES[i].number == number)
            return &TYPES[i];
    return NULL;
}

const char *tensorflow_dtype_name(DType dtype) {
    const TypeRow *row = find_dtype(dtype);
    return row ? row->name : dtype_name(dtype);
}

uint32_t tensorflow_dtype_number(DType dtype) {
    const TypeRow *row = find_dtype(dtype);
    return row ? row->number : 0;
}

/* The typed field's bytes are the elements' own. */
static bool is_fixed(const TypeRow *row) {
    return row->field.kind == TYPED_FIXED || row->field.kind == TYPED_BLOB;
}

/* Bytes of one element as the wire's content holds it; sub-byte types take a byte each there. */
static size_t content_bytes(DType dtype) {
    size_t bytes = dtype_bytes(dtype);
    return bytes ? bytes : 1;
}

/* What the first walk over a TensorProto finds. */
typedef struct Head {
    uint64_t number;
    Shape shape;
    SpanReader content;
    bool recursive; /* a resource handle or a variant is in it */
} Head;

static Status parse_error(StringView alias, const char *reason) {
    return status_error(STATUS_INVALID_ARGUMENT, "tensor parsing error: %.*s: %s", TEXT_ARGS(alias),
                        reason);
}

static bool read_dim(SpanReader dim, int64_t *ret_size) {
    *ret_size = 0;
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&dim, &field)) == WIRE_FIELD)
        if (field.number == DIM_SIZE && field.type == WIRE_VARINT)
            *ret_size = (int64_t)field.scalar;
    return result == WIRE_END;
}

static Status read_shape(SpanReader message, StringView alias, Shape *shape) {
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&message, &field)) == WIRE_FIELD) {
        if (field.number != SHAPE_DIM || field.type != WIRE_BYTES)
            continue;
        if (shape->rank == SHAPE_MAX_RANK)
            return parse_error(alias, "more than 8 dimensions");
        int64_t size;
        if (!read_dim(field.bytes, &size))
            return parse_error(alias, "malformed shape");
        if (size < 0)
            return parse_error(alias, "a dimension is negative");
        shape->dims[shape->rank++] = size;
    }
    return result == WIRE_END ? status_ok() : parse_error(alias, "malformed shape");
}

static Status read_head(SpanReader message, StringView alias, Head *head) {
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&message, &field)) == WIRE_FIELD) {
        if (field.number == FIELD_DTYPE && field.type == WIRE_VARINT)
            head->number = field.scalar;
        else if (field.number == FIELD_CONTENT && field.type == WIRE_BYTES)
            head->content = field.bytes;
        else if (field.number == FIELD_RESOURCE || field.number == FIELD_VARIANT)
            head->recursive = true;
        else if (field.number == FIELD_SHAPE && field.type == WIRE_BYTES)
            TRY(read_shape(field.bytes, alias, &head->shape));
    }
    return result == WIRE_END ? status_ok() : parse_error(alias, "malformed message");
}

/* 8-bit elements to packed 4- or 2-bit ones, in place. */
static void pack_elements(unsigned char *bytes, size_t elements, unsigned bits) {
    unsigned per_byte = 8 / bits, mask = (1U << bits) - 1;
    for (size_t i = 0; i < elements; i++) {
        unsigned value = (bytes[i] & mask) << (i % per_byte * bits);
        bytes[i / per_byte] = (unsigned char)(i % per_byte ? bytes[i / per_byte] | value : value);
    }
}

static Status finish_bytes(unsigned char *bytes, size_t elements, Arena *arena,
                           WireTensor *tensor) {
    size_t length = elements * content_bytes(tensor->dtype);
    if (dtype_bytes(tensor->dtype) == 0) {
        pack_elements(bytes, elements, dtype_info(tensor->dtype)->bits);
        shape_bytes(&tensor->shape, tensor->dtype, &length);
    }
    return wire_payload_of(bytes, length, arena, &tensor->payload);
}

static Status decode_string_content(SpanReader content, size_t elements, StringView alias,
                                    Arena *arena, WireTensor *tensor) {
    tensor->text_bytes = content.left;
    if (elements > content.left)
        return parse_error(alias, "string content is shorter than its element count");
    StringView *views = arena_calloc(arena, elements, sizeof *views);
    if (!views)
        return arena_exhausted(arena);
    for (size_t i = 0; i < elements; i++) {
        uint64_t length;
        if (!span_reader_varint(&content, &length))
            return parse_error(alias, "malformed string lengths");
        views[i].length = (size_t)length;
    }
    for (size_t i = 0; i < elements; i++) {
        if (views[i].length > content.left)
            return parse_error(alias, "string lengths exceed the content");
        char *text = arena_alloc(arena, views[i].length);
        if (!text)
            return arena_exhausted(arena);
        span_reader_copy(&content, views[i].length, text);
        views[i].data = text;
    }
    if (content.left > 0)
        return parse_error(alias, "bytes are left after the last string");
    return wire_payload_of(views, elements * sizeof *views, arena, &tensor->payload);
}

static Status decode_content(SpanReader content, size_t elements, StringView alias, Arena *arena,
                             WireTensor *tensor) {
    if (tensor->dtype == DTYPE_STRING)
        return decode_string_content(content, elements, alias, arena, tensor);
    size_t wanted = SIZE_MAX;
    if (!size_mul(elements, content_bytes(tensor->dtype), &wanted) || wanted != content.left)
        return status_error(
            STATUS_INVALID_ARGUMENT,
            "tensor parsing error: %.*s: tensor_content has %zu bytes, %s of shape %s wants %zu",
            TEXT_ARGS(alias), content.left, tensorflow_dtype_name(tensor->dtype),
            SHAPE_TEXT(&tensor->shape), wanted);
    if (tensor->dtype == DTYPE_BOOL && !wire_bools_are_valid(content))
        return parse_error(alias, "a bool in tensor_content is neither 0 nor 1");
    if (dtype_bytes(tensor->dtype) > 0)
        return wire_payload(content, arena, &tensor->payload);
    unsigned char *bytes = arena_alloc(arena, elements);
    if (!bytes)
        return arena_exhausted(arena);
    span_reader_copy(&content, elements, bytes);
    return finish_bytes(bytes, elements, arena, tensor);
}

/* Fills the rest with the last element given; ever longer runs, for there may be millions. */
static void repeat_last(unsigned char *bytes, size_t item_bytes, size_t given, size_t wanted) {
    if (given == 0)
        return;
    unsigned char *last = bytes + (given - 1) * item_bytes;
    size_t filled = 1, rest = wanted - given + 1;
    while (filled < rest) {
        size_t count = MIN_OF(filled, rest - filled);
        memcpy(last + filled * item_bytes, last, count * item_bytes);
        filled += count;
    }
}

static Status decode_typed(SpanReader message, const TypeRow *row, size_t elements, Arena *arena,
                           WireTensor *tensor) {
    size_t element_bytes = content_bytes(row->dtype);
    size_t item_bytes = element_bytes / row->field.items_per_element;
    TypedFound found;
    TRY(typed_find(message, &row->field, item_bytes, &found));
    size_t given = MIN_OF(found.items / row->field.items_per_element, elements);

    if (is_fixed(row) && found.chunks == 1 && found.packed && given == elements) {
        SpanReader exact;
        if (span_reader_sub(&found.only, elements * element_bytes, &exact))
            return wire_payload(exact, arena, &tensor->payload);
    }
    unsigned char *bytes = arena_calloc(arena, elements, element_bytes);
    if (!bytes)
        return arena_exhausted(arena);
    if (tensor->dtype == DTYPE_STRING)
        tensor->text_bytes = message.left;
    if (row->field.kind == TYPED_BLOB)
        span_reader_copy(&found.only, given, bytes);
    else
        TRY(typed_read(message, &row->field, item_bytes, given * row->field.items_per_element,
                       arena, bytes));
    repeat_last(bytes, element_bytes, given, elements);
    return finish_bytes(bytes, elements, arena, tensor);
}

Status tensorflow_tensor_decode(SpanReader message, StringView alias, Arena *arena,
                                WireTensor *ret_tensor) {
    Head head = { .shape = SHAPE_SCALAR };
    TRY(read_head(message, alias, &head));
    const TypeRow *row = find_number(head.number);
    if (head.recursive || !row)
        return parse_error(alias, head.recursive ? "resource and variant tensors are not supported"
                                                 : "its dtype is not set or not supported");
    size_t elements;
    if (!shape_elements(&head.shape, &elements))
        return parse_error(alias, "the number of elements overflows");

    WireTensor tensor = {
        .name = alias, .dtype = row->dtype, .shape = head.shape, .has_data = true
    };
    if (elements > 0 && head.content.left > 0)
        TRY(decode_content(head.content, elements, alias, arena, &tensor));
    else if (elements > 0)
        TRY(decode_typed(message, row, elements, arena, &tensor));
    *ret_tensor = tensor;
    return status_ok();
}

size_t tensorflow_shape_bytes(const Shape *shape) {
    size_t bytes = 0;
    for (int32_t i = 0; i < shape->rank; i++) {
        size_t dim = number_bytes(DIM_SIZE, (uint64_t)shape->dims[i]);
        bytes += head_bytes(SHAPE_DIM, dim) + dim;
    }
    return bytes;
}

unsigned char *tensorflow_shape_put(unsigned char *at, const Shape *shape) {
    for (int32_t i = 0; i < shape->rank; i++) {
        at = put_head(at, SHAPE_DIM, number_bytes(DIM_SIZE, (uint64_t)shape->dims[i]));
        at = put_number(at, DIM_SIZE, (uint64_t)shape->dims[i]);
    }
    return at;
}

/* Element i as the varint its typed field carries; sign-extended where the type is signed. */
static uint64_t varint_of(const Tensor *tensor, size_t index) {
    uint64_t bits = 0;
    size_t bytes = dtype_bytes(tensor->dtype);
    if (bytes == 0 || dtype_info(tensor->dtype)->is_signed)
        if (dtype_info(tensor->dtype)->is_integer)
            return (uint64_t)tensor_get_int(tensor, index);
    memcpy(&bits, (const unsigned char *)tensor->data + index * bytes, bytes);
    return bits;
}

/* Bytes of the typed field, tags included. */
static size_t typed_bytes(const Tensor *tensor, const TypeRow *row, size_t *ret_inside) {
    size_t elements = tensor_elements(tensor), inside = 0;
    if (row->field.kind == TYPED_BYTES) {
        const StringView *views = tensor->data;
        for (size_t i = 0; i < elements; i++)
            inside += head_bytes(row->field.number, views[i].length) + views[i].length;
        *ret_inside = inside;
        return inside;
    }
    if (is_fixed(row))
        inside = tensor->bytes;
    else
        for (size_t i = 0; i < elements; i++)
            inside += varint_bytes(varint_of(tensor, i));
    *ret_inside = inside;
    return inside ? head_bytes(row->field.number, inside) + inside : 0;
}

size_t tensorflow_tensor_bytes(const Tensor *tensor) {
    const TypeRow *row = find_dtype(tensor->dtype);
    size_t inside, shape = tensorflow_shape_bytes(&tensor->shape);
    return number_bytes(FIELD_DTYPE, row ? row->number : 0) + head_bytes(FIELD_SHAPE, shape) +
           shape + (row ? typed_bytes(tensor, row, &inside) : 0);
}

static void put_varints(unsigned char *at, const Tensor *tensor) {
    size_t elements = tensor_elements(tensor);
    for (size_t i = 0; i < elements; i++)
        at = put_varint(at, varint_of(tensor, i));
}

static void put_strings(unsigned char *at, const Tensor *tensor) {
    const StringView *views = tensor->data;
    size_t elements = tensor_elements(tensor);
    for (size_t i = 0; i < elements; i++) {
        at = put_head(at, FIELD_STRING_VAL, views[i].length);
        if (views[i].length > 0)
            memcpy(at, views[i].data, views[i].length);
        at += views[i].length;
    }
}

Status tensorflow_tensor_put(const Tensor *tensor, OutputBlock *block, WireReply *reply) {
    const TypeRow *row = find_dtype(tensor->dtype);
    if (!row)
        return status_error(STATUS_UNIMPLEMENTED, "TensorFlow has no type for %s",
                            dtype_name(tensor->dtype));
    size_t inside, shape = tensorflow_shape_bytes(&tensor->shape);
    size_t typed = typed_bytes(tensor, row, &inside);
    bool from_block = is_fixed(row);
    size_t bytes = number_bytes(FIELD_DTYPE, row->number) + head_bytes(FIELD_SHAPE, shape) + shape +
                   typed - (from_block ? inside : 0);
    unsigned char *at = wire_reply_reserve(reply, bytes);
    if (!at)
        return arena_exhausted(reply->arena);
    at = put_number(at, FIELD_DTYPE, row->number);
    at = tensorflow_shape_put(put_head(at, FIELD_SHAPE, shape), &tensor->shape);
    if (inside == 0)
        return status_ok();
    if (row->field.kind == TYPED_BYTES) {
        put_strings(at, tensor);
        return status_ok();
    }
    at = put_head(at, row->field.number, inside);
    if (from_block)
        return wire_reply_add(reply, tensor->data, inside, block);
    put_varints(at, tensor);
    return status_ok();
}

Status tensorflow_tensor_encode(const Tensor *tensor, OutputBlock *block, uint32_t number,
                                WireReply *reply) {
    size_t bytes = tensorflow_tensor_bytes(tensor);
    unsigned char *at = wire_reply_reserve(reply, head_bytes(number, bytes));
    if (!at)
        return arena_exhausted(reply->arena);
    put_head(at, number, bytes);
    return tensorflow_tensor_put(tensor, block, reply);
}
