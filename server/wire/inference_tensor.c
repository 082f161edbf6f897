/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Tensors of the Open Inference Protocol. One row per datatype. Thread: that of the request; pure
 * but for the arena. */

#include "server/wire/inference_tensor.h"

#include "runtime/base/size.h"

typedef struct TypeRow {
    DType dtype;
    const char *name;
    TypedField field; /* in InferTensorContents; number 0: raw only */
} TypeRow;

static const TypeRow TYPES[] = {
    { DTYPE_BOOL, "BOOL", { 1, TYPED_BOOL, 1 } },
    { DTYPE_U8, "UINT8", { 4, TYPED_VARINT, 1 } },
    { DTYPE_U16, "UINT16", { 4, TYPED_VARINT, 1 } },
    { DTYPE_U32, "UINT32", { 4, TYPED_VARINT, 1 } },
    { DTYPE_U64, "UINT64", { 5, TYPED_VARINT, 1 } },
    { DTYPE_I8, "INT8", { 2, TYPED_VARINT, 1 } },
    { DTYPE_I16, "INT16", { 2, TYPED_VARINT, 1 } },
    { DTYPE_I32, "INT32", { 2, TYPED_VARINT, 1 } },
    { DTYPE_I64, "INT64", { 3, TYPED_VARINT, 1 } },
    { DTYPE_F16, "FP16", { 0 } },
    { DTYPE_F32, "FP32", { 6, TYPED_FIXED, 1 } },
    { DTYPE_F64, "FP64", { 7, TYPED_FIXED, 1 } },
    { DTYPE_STRING, "BYTES", { 8, TYPED_BYTES, 1 } },
    { DTYPE_BF16, "BF16", { 0 } },
};

/* Names of the fields of InferTensorContents by number, as errors say them. */
static const char *const FIELD_TYPES[] = { "",       "BOOL", "INT32", "INT64", "UINT32",
                                           "UINT64", "FP32", "FP64",  "BYTES" };

static const TypeRow *find_row(DType dtype) {
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++)
        if (TYPES[i].dtype == dtype)
            return &TYPES[i];
    return NULL;
}

const char *inference_dtype_name(DType dtype) {
    const TypeRow *row = find_row(dtype);
    return row ? row->name : NULL;
}

DType inference_dtype_find(StringView name) {
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++)
        if (text_equal(text_view(TYPES[i].name), name))
            return TYPES[i].dtype;
    return DTYPE_INVALID;
}

static Status size_error(const WireTensor *tensor, StringView model, const char *unit,
                         size_t expected, size_t given) {
    return status_error(
        STATUS_INVALID_ARGUMENT,
        "input %s size mismatch for input '%.*s' for model '%.*s'. Expected %zu, got %zu", unit,
        TEXT_ARGS(tensor->name), TEXT_ARGS(model), expected, given);
}

/* A field of contents that is not the datatype's: which one. */
static Status check_fields(SpanReader contents, const TypeRow *row, StringView model,
                           const WireTensor *tensor) {
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&contents, &field)) == WIRE_FIELD)
        if (field.number < ARRAY_LENGTH(FIELD_TYPES) && field.number != row->field.number)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "unexpected explicit tensor data for input tensor '%.*s' for model "
                                "'%.*s' of type '%s', "
                                "expected datatype '%s'",
                                TEXT_ARGS(tensor->name), TEXT_ARGS(model),
                                FIELD_TYPES[field.number], row->name);
    return result == WIRE_END ? status_ok() : wire_malformed("InferTensorContents");
}

Status inference_contents_decode(SpanReader contents, StringView model, Arena *arena,
                                 WireTensor *tensor) {
    const TypeRow *row = find_row(tensor->dtype);
    TRY(check_fields(contents, row, model, tensor));
    size_t elements, element_bytes = dtype_bytes(tensor->dtype);
    if (!shape_elements(&tensor->shape, &elements))
        return status_error(STATUS_INVALID_ARGUMENT, "the shape %s of input '%.*s' overflows",
                            SHAPE_TEXT(&tensor->shape), TEXT_ARGS(tensor->name));
    tensor->has_data = true;
    TypedFound found = { 0 };
    if (row->field.number != 0)
        TRY(typed_find(contents, &row->field, element_bytes, &found));
    if (found.items != elements)
        return size_error(tensor, model, "element", elements, found.items);
    if (elements == 0)
        return status_ok();
    if (tensor->dtype == DTYPE_STRING)
        tensor->text_bytes = contents.left;
    if (row->field.kind == TYPED_FIXED && found.chunks == 1 && found.packed)
        return wire_payload(found.only, arena, &tensor->payload);
    void *items = arena_calloc(arena, elements, element_bytes);
    if (!items)
        return arena_exhausted(arena);
    TRY(typed_read(contents, &row->field, element_bytes, elements, arena, items));
    return wire_payload_of(items, elements * element_bytes, arena, &tensor->payload);
}

static Status decode_raw_strings(SpanReader raw, size_t elements, Arena *arena,
                                 WireTensor *tensor) {
    StringView *views;
    tensor->text_bytes = raw.left;
    TRY(wire_prefixed_strings(raw, elements, tensor->name.data, arena, &views));
    return wire_payload_of(views, elements * sizeof *views, arena, &tensor->payload);
}

/* Whatever is not 0 is true; in memory a bool is 0 or 1. */
static Status decode_odd_bools(SpanReader raw, Arena *arena, WireTensor *tensor) {
    size_t elements = raw.left;
    unsigned char *bools = arena_alloc(arena, elements);
    if (!bools)
        return arena_exhausted(arena);
    span_reader_copy(&raw, elements, bools);
    for (size_t i = 0; i < elements; i++)
        bools[i] = bools[i] != 0;
    return wire_payload_of(bools, elements, arena, &tensor->payload);
}

Status inference_raw_decode(SpanReader raw, StringView model, Arena *arena, WireTensor *tensor) {
    size_t elements, bytes;
    if (!shape_elements(&tensor->shape, &elements) ||
        !shape_bytes(&tensor->shape, tensor->dtype, &bytes))
        return status_error(STATUS_INVALID_ARGUMENT, "the shape %s of input '%.*s' overflows",
                            SHAPE_TEXT(&tensor->shape), TEXT_ARGS(tensor->name));
    tensor->has_data = true;
    if (tensor->dtype == DTYPE_STRING)
        return decode_raw_strings(raw, elements, arena, tensor);
    if (raw.left != bytes)
        return size_error(tensor, model, "byte", bytes, raw.left);
    if (tensor->dtype == DTYPE_BOOL && !wire_bools_are_valid(raw))
        return decode_odd_bools(raw, arena, tensor);
    return bytes > 0 ? wire_payload(raw, arena, &tensor->payload) : status_ok();
}

size_t inference_raw_bytes(const Tensor *tensor) {
    if (tensor->dtype != DTYPE_STRING)
        return tensor->bytes;
    const StringView *views = tensor->data;
    size_t bytes = 0, elements = tensor_elements(tensor);
    for (size_t i = 0; i < elements; i++)
        bytes += sizeof(uint32_t) + views[i].length;
    return bytes;
}

Status inference_raw_put(const Tensor *tensor, OutputBlock *block, WireReply *reply) {
    if (tensor->dtype != DTYPE_STRING)
        return wire_reply_add(reply, tensor->data, tensor->bytes, block);
    unsigned char *at = wire_reply_reserve(reply, inference_raw_bytes(tensor));
    if (!at)
        return arena_exhausted(reply->arena);
    const StringView *views = tensor->data;
    size_t elements = tensor_elements(tensor);
    for (size_t i = 0; i < elements; i++) {
        uint32_t length = (uint32_t)views[i].length;
        memcpy(at, &length, sizeof length);
        if (length > 0)
            memcpy(at + sizeof length, views[i].data, length);
        at += sizeof length + length;
    }
    return status_ok();
}
