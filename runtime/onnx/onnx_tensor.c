/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TensorProto -> Tensor. Elements stand either in raw_data, little-endian and fixed width, or in
 * the one typed field that belongs to the element type; a table says which. A first walk finds
 * shape, type and how much data is there and compares the two, so that dims that lie are refused
 * before anything as large as they claim is allocated. A second walk decodes. Raw bytes that happen
 * to lie aligned for their type are lent and never copied; those of a large initializer of the
 * model are moved the one to three bytes that are missing, over the field's own head, which nobody
 * reads again. Arena memory is ARENA_ALIGNMENT-aligned, which suits every type.
 *
 * Source: onnx.proto3, TensorProto; ONNX IR, "Data types". Little-endian hosts only (asserted
 * below).
 */

#include "runtime/onnx/import_context.h"

#include "runtime/base/size.h"

#include <string.h>

enum { COPIED_MIN_BYTES = 64 << 10 };

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is lent as it is");

enum {
    FIELD_DIMS = 1,
    FIELD_DATA_TYPE = 2,
    FIELD_SEGMENT = 3,
    FIELD_FLOAT_DATA = 4,
    FIELD_INT32_DATA = 5,
    FIELD_STRING_DATA = 6,
    FIELD_INT64_DATA = 7,
    FIELD_NAME = 8,
    FIELD_RAW_DATA = 9,
    FIELD_DOUBLE_DATA = 10,
    FIELD_UINT64_DATA = 11,
    FIELD_EXTERNAL_DATA = 13,
    FIELD_DATA_LOCATION = 14,
};

/* How elements of a type stand in their typed field. */
typedef struct TypedForm {
    uint8_t field;
    uint8_t entry_bytes;         /* in memory, of one entry; 0: a string */
    uint8_t entries_per_element; /* 2 for complex numbers */
    uint8_t elements_per_entry;  /* 2 and 4 for the packed types */
} TypedForm;

static const TypedForm typed_forms[DTYPE_COUNT] = {
    [DTYPE_F32] = { FIELD_FLOAT_DATA, 4, 1, 1 },
    [DTYPE_U8] = { FIELD_INT32_DATA, 1, 1, 1 },
    [DTYPE_I8] = { FIELD_INT32_DATA, 1, 1, 1 },
    [DTYPE_U16] = { FIELD_INT32_DATA, 2, 1, 1 },
    [DTYPE_I16] = { FIELD_INT32_DATA, 2, 1, 1 },
    [DTYPE_I32] = { FIELD_INT32_DATA, 4, 1, 1 },
    [DTYPE_I64] = { FIELD_INT64_DATA, 8, 1, 1 },
    [DTYPE_STRING] = { FIELD_STRING_DATA, 0, 1, 1 },
    [DTYPE_BOOL] = { FIELD_INT32_DATA, 1, 1, 1 },
    [DTYPE_F16] = { FIELD_INT32_DATA, 2, 1, 1 },
    [DTYPE_F64] = { FIELD_DOUBLE_DATA, 8, 1, 1 },
    [DTYPE_U32] = { FIELD_UINT64_DATA, 4, 1, 1 },
    [DTYPE_U64] = { FIELD_UINT64_DATA, 8, 1, 1 },
    [DTYPE_C64] = { FIELD_FLOAT_DATA, 4, 2, 1 },
    [DTYPE_C128] = { FIELD_DOUBLE_DATA, 8, 2, 1 },
    [DTYPE_BF16] = { FIELD_INT32_DATA, 2, 1, 1 },
    [DTYPE_F8E4M3FN] = { FIELD_INT32_DATA, 1, 1, 1 },
    [DTYPE_F8E4M3FNUZ] = { FIELD_INT32_DATA, 1, 1, 1 },
    [DTYPE_F8E5M2] = { FIELD_INT32_DATA, 1, 1, 1 },
    [DTYPE_F8E5M2FNUZ] = { FIELD_INT32_DATA, 1, 1, 1 },
    [DTYPE_U4] = { FIELD_INT32_DATA, 1, 1, 2 },
    [DTYPE_I4] = { FIELD_INT32_DATA, 1, 1, 2 },
    [DTYPE_F4E2M1] = { FIELD_INT32_DATA, 1, 1, 2 },
    [DTYPE_F8E8M0] = { FIELD_INT32_DATA, 1, 1, 1 },
    [DTYPE_U2] = { FIELD_INT32_DATA, 1, 1, 4 },
    [DTYPE_I2] = { FIELD_INT32_DATA, 1, 1, 4 },
};

typedef struct TypedField {
    const char *name;
    WireType item;
} TypedField;

/* Indexed by field number. */
static const TypedField typed_fields[FIELD_UINT64_DATA + 1] = {
    [FIELD_FLOAT_DATA] = { "float_data", WIRE_FIXED32 },
    [FIELD_INT32_DATA] = { "int32_data", WIRE_VARINT },
    [FIELD_STRING_DATA] = { "string_data", WIRE_BYTES },
    [FIELD_INT64_DATA] = { "int64_data", WIRE_VARINT },
    [FIELD_DOUBLE_DATA] = { "double_data", WIRE_FIXED64 },
    [FIELD_UINT64_DATA] = { "uint64_data", WIRE_VARINT },
};

typedef struct ParseState {
    OnnxTensor tensor;
    int64_t dims[SHAPE_MAX_RANK];
    size_t rank; /* as the file has it, may exceed SHAPE_MAX_RANK */
    size_t entries[FIELD_UINT64_DATA + 1];
    uint64_t data_type;
    bool segment;
} ParseState;

static Status parse_dims(const WireReader *reader, const WireField *field, ParseState *state) {
    size_t count;
    TRY(wire_count_scalars(reader, field, WIRE_VARINT, "dims", &count));
    WireBytes bytes = field->bytes;
    for (uint64_t dim; wire_next_scalar(&bytes, WIRE_VARINT, &dim); state->rank++)
        if (state->rank < SHAPE_MAX_RANK)
            state->dims[state->rank] = (int64_t)dim;
    return status_ok();
}

static Status parse_entries(const WireReader *reader, const WireField *field, ParseState *state) {
    const TypedField *typed = &typed_fields[field->number];
    size_t count = 1;
    if (typed->item == WIRE_BYTES)
        TRY(wire_expect(reader, field, WIRE_BYTES, typed->name));
    else
        TRY(wire_count_scalars(reader, field, typed->item, typed->name, &count));
    state->entries[field->number] += count;
    return status_ok();
}

static Status parse_field(const WireReader *reader, const WireField *field, ParseState *state) {
    WireReader entry;
    if (field->number <= FIELD_UINT64_DATA && typed_fields[field->number].name)
        return parse_entries(reader, field, state);
    switch (field->number) {
    case FIELD_DIMS:
        return parse_dims(reader, field, state);
    case FIELD_DATA_TYPE:
        state->data_type = field->value;
        return wire_expect(reader, field, WIRE_VARINT, "data_type");
    case FIELD_NAME:
        state->tensor.name = field->bytes;
        return wire_expect(reader, field, WIRE_BYTES, "name");
    case FIELD_RAW_DATA:
        state->tensor.raw = field->bytes;
        state->tensor.has_raw = true;
        return wire_expect(reader, field, WIRE_BYTES, "raw_data");
    case FIELD_SEGMENT:
        state->segment = true;
        return status_ok();
    case FIELD_EXTERNAL_DATA:
        state->tensor.external.is_external = true;
        TRY(wire_enter(reader, field, "external_data", &entry));
        return onnx_external_parse(entry, &state->tensor.external);
    case FIELD_DATA_LOCATION:
        state->tensor.external.is_external |= field->value != 0;
        return wire_expect(reader, field, WIRE_VARINT, "data_location");
    default:
        return status_ok();
    }
}

/* Shape and type fit together and to memory. */
static Status check_size(ParseState *state) {
    OnnxTensor *tensor = &state->tensor;
    if (state->segment)
        return status_error(STATUS_UNIMPLEMENTED, "a tensor in segments is not supported");
    if (state->data_type == 0 || state->data_type >= DTYPE_COUNT)
        return status_error(STATUS_INVALID_ARGUMENT, "element type %llu is unknown",
                            (unsigned long long)state->data_type);
    tensor->dtype = (DType)state->data_type;
    TRY(shape_make(state->dims, state->rank, &tensor->shape));
    if (!shape_is_known(&tensor->shape))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "dims %s of a tensor with data must all be known",
                            SHAPE_TEXT(&tensor->shape));
    if (!shape_elements(&tensor->shape, &tensor->elements) ||
        !shape_bytes(&tensor->shape, tensor->dtype, &tensor->bytes))
        return status_error(STATUS_INVALID_ARGUMENT, "shape %s of %s is more than memory can hold",
                            SHAPE_TEXT(&tensor->shape), dtype_name(tensor->dtype));
    return status_ok();
}

static Status check_raw(const ParseState *state) {
    const OnnxTensor *tensor = &state->tensor;
    if (tensor->dtype == DTYPE_STRING)
        return status_error(STATUS_INVALID_ARGUMENT, "strings cannot stand in raw_data");
    for (size_t i = 0; i < ARRAY_LENGTH(state->entries); i++)
        if (state->entries[i] > 0)
            return status_error(STATUS_INVALID_ARGUMENT, "holds both raw_data and %s",
                                typed_fields[i].name);
    if (tensor->raw.length != tensor->bytes)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "%s of shape %s needs %zu bytes, raw_data has %zu",
                            dtype_name(tensor->dtype), SHAPE_TEXT(&tensor->shape), tensor->bytes,
                            tensor->raw.length);
    if (tensor->dtype == DTYPE_BOOL)
        for (size_t i = 0; i < tensor->raw.length; i++)
            if (tensor->raw.data[i] > 1)
                return status_error(STATUS_INVALID_ARGUMENT,
                                    "bool element %zu is %u, neither 0 nor 1", i,
                                    tensor->raw.data[i]);
    return status_ok();
}

static Status check_external(const ParseState *state) {
    const OnnxTensor *tensor = &state->tensor;
    bool has_data = tensor->has_raw;
    for (size_t i = 0; i < ARRAY_LENGTH(state->entries); i++)
        has_data |= state->entries[i] > 0;
    if (has_data || tensor->dtype == DTYPE_STRING)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "says that its data is external, and holds data or strings");
    if (tensor->external.has_length && tensor->external.length != tensor->bytes)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "%s of shape %s needs %zu bytes, its external data has %llu",
                            dtype_name(tensor->dtype), SHAPE_TEXT(&tensor->shape), tensor->bytes,
                            (unsigned long long)tensor->external.length);
    return status_ok();
}

static Status check_typed(const ParseState *state) {
    const OnnxTensor *tensor = &state->tensor;
    const TypedForm *form = &typed_forms[tensor->dtype];
    for (size_t i = 0; i < ARRAY_LENGTH(state->entries); i++)
        if (state->entries[i] > 0 && i != form->field)
            return status_error(STATUS_INVALID_ARGUMENT, "%s elements belong in %s, not in %s",
                                dtype_name(tensor->dtype), typed_fields[form->field].name,
                                typed_fields[i].name);
    size_t needed = tensor->elements / form->elements_per_entry +
                    (tensor->elements % form->elements_per_entry != 0);
    if (!size_mul(needed, form->entries_per_element, &needed) ||
        state->entries[form->field] != needed)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "%s of shape %s needs %zu entries in %s, it has %zu",
                            dtype_name(tensor->dtype), SHAPE_TEXT(&tensor->shape), needed,
                            typed_fields[form->field].name, state->entries[form->field]);
    return status_ok();
}

static Status check_data(const ParseState *state) {
    if (state->tensor.external.is_external)
        return check_external(state);
    return state->tensor.has_raw ? check_raw(state) : check_typed(state);
}

static Status prefix_tensor(const OnnxTensor *tensor, Status status) {
    return status_prefix(&status, "tensor '%.*s'", (int)MIN_OF(tensor->name.length, (size_t)120),
                         (const char *)tensor->name.data);
}

Status onnx_tensor_parse(WireReader reader, OnnxTensor *ret_tensor) {
    ParseState state = { .tensor = { .reader = reader, .name = { (const uint8_t *)"", 0 } } };
    Status status;
    WireField field;
    while (wire_next(&reader, &field, &status)) {
        status = parse_field(&reader, &field, &state);
        if (!status_is_ok(&status))
            return prefix_tensor(&state.tensor, status);
    }
    if (status_is_ok(&status))
        status = check_size(&state);
    if (status_is_ok(&status))
        status = check_data(&state);
    if (!status_is_ok(&status))
        return prefix_tensor(&state.tensor, status);
    state.tensor.entries = state.entries[typed_forms[state.tensor.dtype].field];
    *ret_tensor = state.tensor;
    return status_ok();
}

/* Every entry of one field occurrence to dst; returns the place behind the last. */
static uint8_t *decode_entries(const WireField *field, const TypedForm *form, uint8_t *dst) {
    if (form->entry_bytes == 0) {
        StringView text = { (const char *)field->bytes.data, field->bytes.length };
        memcpy(dst, &text, sizeof text);
        return dst + sizeof text;
    }
    WireBytes bytes = field->bytes;
    for (uint64_t value; wire_next_scalar(&bytes, typed_fields[form->field].item, &value);) {
        memcpy(dst, &value, form->entry_bytes);
        dst += form->entry_bytes;
    }
    return dst;
}

Status onnx_tensor_decode(const OnnxTensor *tensor, void *dst) {
    if (tensor->bytes == 0)
        return status_ok();
    if (tensor->has_raw) {
        memcpy(dst, tensor->raw.data, tensor->bytes);
        return status_ok();
    }
    const TypedForm *form = &typed_forms[tensor->dtype];
    WireReader reader = tensor->reader;
    uint8_t *cursor = dst;
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);)
        if (field.number == form->field)
            cursor = decode_entries(&field, form, cursor);
    TRY(status);
    if (tensor->dtype == DTYPE_BOOL)
        for (size_t i = 0; i < tensor->bytes; i++)
            ((uint8_t *)dst)[i] = ((uint8_t *)dst)[i] != 0;
    return status_ok();
}

static size_t bytes_over_alignment(const OnnxTensor *source) {
    size_t element_bytes = dtype_bytes(source->dtype);
    size_t alignment =
        source->dtype == DTYPE_C64 ? 4 : MIN_OF(MAX_OF(element_bytes, (size_t)1), (size_t)8);
    return (uintptr_t)source->raw.data % alignment;
}

/* Before so many bytes stand a tag and a length of three bytes at least. */
static bool is_movable(const OnnxTensor *source) {
    return source->read_once && source->raw.length >= COPIED_MIN_BYTES &&
           bytes_over_alignment(source) < sizeof(uint32_t);
}

/* false: it has to be copied. */
static bool lend_raw(const OnnxTensor *source, void **ret_data) {
    size_t over = source->has_raw ? bytes_over_alignment(source) : 0;
    if (!source->has_raw || (over > 0 && !is_movable(source)))
        return false;
    uint8_t *data = (uint8_t *)(uintptr_t)source->raw.data - over;
    if (over > 0)
        memmove(data, source->raw.data, source->raw.length);
    *ret_data = data;
    return true;
}

/* The file's bytes of a large tensor are not needed once they are copied; they go when the import
 * has succeeded. */
static Status note_copied(ImportContext *context, const OnnxTensor *source) {
    if (!source->has_raw || source->raw.length < COPIED_MIN_BYTES)
        return status_ok();
    CopiedBytes *copied = arena_alloc(context->scratch, sizeof *copied);
    if (!copied)
        return arena_exhausted(context->scratch);
    *copied = (CopiedBytes){ .next = context->copied, .raw = source->raw };
    context->copied = copied;
    return status_ok();
}

Status import_tensor(ImportContext *context, const OnnxTensor *source, Tensor *ret_tensor) {
    void *data = NULL;
    if (source->bytes > 0 && source->external.is_external) {
        TRY(import_external(context, source, &data));
    } else if (source->bytes > 0 && !lend_raw(source, &data)) {
        TRY(import_charge_constant(context, source->bytes));
        data = arena_calloc(context->arena, 1, source->bytes);
        if (!data)
            return arena_exhausted(context->arena);
        TRY(onnx_tensor_decode(source, data));
        TRY(note_copied(context, source));
    }
    return tensor_make(source->dtype, &source->shape, data, source->bytes, ret_tensor);
}

Status onnx_read_tensor(const void *bytes, size_t length, Tensor *ret_tensor) {
    OnnxTensor source;
    TRY(onnx_tensor_parse(wire_reader(bytes, length, ONNX_LIMITS_DEFAULT.depth), &source));
    if (source.external.is_external)
        return status_error(STATUS_UNIMPLEMENTED, "a tensor of its own with external data");
    Tensor tensor;
    TRY(tensor_init(&tensor, source.dtype, &source.shape));
    Status status = onnx_tensor_decode(&source, tensor.data);
    if (!status_is_ok(&status)) {
        tensor_deinit(&tensor);
        return status;
    }
    *ret_tensor = tensor;
    return status_ok();
}
