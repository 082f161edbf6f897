/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * AttributeProto -> Attribute. The kind an attribute declares, the field that holds its value and
 * what operators expect under that name (attribute_kinds.c) must agree: kernels ask for an
 * attribute by name and kind and would otherwise silently see a default.
 *
 * Floats, ints and strings are copied into the graph's arena (strings stay in the file), tensors go
 * through import_tensor.
 */

#include "runtime/onnx/onnx_function.h"

#include "runtime/base/size.h"

#include <string.h>

enum {
    FIELD_NODE_ATTRIBUTE = 5, /* of NodeProto */
    FIELD_NAME = 1,
    FIELD_F = 2,
    FIELD_I = 3,
    FIELD_S = 4,
    FIELD_T = 5,
    FIELD_G = 6,
    FIELD_FLOATS = 7,
    FIELD_INTS = 8,
    FIELD_STRINGS = 9,
    FIELD_TYPE = 20,
    FIELD_REF_NAME = 21,
    FIELD_SPARSE_TENSOR = 22,
    FIELDS = 24,
};

#define ATTRIBUTE_NONE ((AttributeKind)0)

enum { KIND_SPARSE_TENSOR = 11 };

/* Left out of the node: nobody reads it, or it refers to what a call does not give. */
static bool is_kept(const Attribute *attribute) {
    return attribute->kind != ATTRIBUTE_NONE && attribute->kind <= ATTRIBUTE_STRINGS;
}

/* Indexed by AttributeProto.AttributeType. */
typedef struct KindInfo {
    const char *name;
    uint8_t field;
    WireType item;
    bool plural;
} KindInfo;

static const KindInfo kinds[] = {
    [ATTRIBUTE_FLOAT] = { "FLOAT", FIELD_F, WIRE_FIXED32, false },
    [ATTRIBUTE_INT] = { "INT", FIELD_I, WIRE_VARINT, false },
    [ATTRIBUTE_STRING] = { "STRING", FIELD_S, WIRE_BYTES, false },
    [ATTRIBUTE_TENSOR] = { "TENSOR", FIELD_T, WIRE_BYTES, false },
    [ATTRIBUTE_GRAPH] = { "GRAPH", FIELD_G, WIRE_BYTES, false },
    [ATTRIBUTE_FLOATS] = { "FLOATS", FIELD_FLOATS, WIRE_FIXED32, true },
    [ATTRIBUTE_INTS] = { "INTS", FIELD_INTS, WIRE_VARINT, true },
    [ATTRIBUTE_STRINGS] = { "STRINGS", FIELD_STRINGS, WIRE_BYTES, true },
    [9] = { "TENSORS", 10, WIRE_BYTES, true },
    [10] = { "GRAPHS", 11, WIRE_BYTES, true },
    [11] = { "SPARSE_TENSOR", FIELD_SPARSE_TENSOR, WIRE_BYTES, false },
    [12] = { "SPARSE_TENSORS", 23, WIRE_BYTES, true },
    [13] = { "TYPE_PROTO", 14, WIRE_BYTES, false },
    [14] = { "TYPE_PROTOS", 15, WIRE_BYTES, true },
};

/* What the first walk over an AttributeProto finds. */
typedef struct RawAttribute {
    WireReader reader;
    const char *name;
    uint64_t type;
    WireBytes reference;   /* name of an attribute of the function's call; empty: none */
    size_t counts[FIELDS]; /* items seen under each field number */
    WireField last[FIELDS];
} RawAttribute;

static const KindInfo *kind_of_field(uint32_t field) {
    for (size_t i = 1; i < ARRAY_LENGTH(kinds); i++)
        if (kinds[i].field == field)
            return &kinds[i];
    return NULL;
}

static Status read_field(ImportContext *context, const WireReader *reader, const WireField *field,
                         RawAttribute *raw) {
    if (field->number == FIELD_NAME) {
        TRY(wire_expect(reader, field, WIRE_BYTES, "name"));
        return import_text(context, context->arena, field->bytes, "name of an attribute",
                           &raw->name);
    }
    if (field->number == FIELD_TYPE) {
        raw->type = field->value;
        return wire_expect(reader, field, WIRE_VARINT, "type");
    }
    if (field->number == FIELD_REF_NAME) {
        raw->reference = field->bytes;
        return wire_expect(reader, field, WIRE_BYTES, "ref_attr_name");
    }
    const KindInfo *kind = kind_of_field(field->number);
    if (!kind)
        return status_ok();
    size_t count = 1;
    if (kind->plural && kind->item != WIRE_BYTES)
        TRY(wire_count_scalars(reader, field, kind->item, kind->name, &count));
    else
        TRY(wire_expect(reader, field, kind->item, kind->name));
    raw->counts[field->number] += count;
    raw->last[field->number] = *field;
    return status_ok();
}

static Status read_attribute(ImportContext *context, WireReader reader, RawAttribute *raw) {
    *raw = (RawAttribute){ .reader = reader, .name = "" };
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);)
        TRY(read_field(context, &reader, &field, raw));
    return status;
}

/* The declared kind, or for files of IR 1 the one whose field is there; no other kind's field may
 * be. */
static Status find_kind(const RawAttribute *raw, AttributeKind *ret_kind) {
    uint64_t type = raw->type;
    for (size_t i = 1; i < ARRAY_LENGTH(kinds) && type == 0; i++)
        if (raw->counts[kinds[i].field] > 0)
            type = i;
    if (type == 0 || type >= ARRAY_LENGTH(kinds))
        return status_error(STATUS_INVALID_ARGUMENT, "kind %llu is unknown",
                            (unsigned long long)type);
    for (size_t i = 1; i < ARRAY_LENGTH(kinds); i++)
        if (i != type && raw->counts[kinds[i].field] > 0)
            return status_error(STATUS_INVALID_ARGUMENT, "declares kind %s, but holds %s",
                                kinds[type].name, kinds[i].name);
    *ret_kind = (AttributeKind)type;
    return status_ok();
}

static Status check_kind(const char *op, const char *name, AttributeKind kind) {
    uint32_t expected = op ? attribute_kinds_expected(op, name) : 0;
    if (expected && !(expected & 1u << kind))
        return status_error(STATUS_INVALID_ARGUMENT, "expected kind %s, got %s",
                            kinds[__builtin_ctz(expected)].name, kinds[kind].name);
    if ((kind > ATTRIBUTE_STRINGS || kind == ATTRIBUTE_GRAPH) && !expected)
        return status_error(STATUS_UNIMPLEMENTED, "kind %s is not supported", kinds[kind].name);
    return status_ok();
}

static Status take_tensor(ImportContext *context, const RawAttribute *raw, Attribute *attribute) {
    if (raw->counts[FIELD_T] == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "declares a tensor and holds none");
    WireReader reader;
    TRY(wire_enter(&raw->reader, &raw->last[FIELD_T], "tensor", &reader));
    OnnxTensor source;
    TRY(onnx_tensor_parse(reader, &source));
    Tensor *tensor = arena_calloc(context->arena, 1, sizeof *tensor);
    if (!tensor)
        return arena_exhausted(context->arena);
    TRY(import_tensor(context, &source, tensor));
    attribute->tensor = tensor;
    return status_ok();
}

/* From here on a tensor like any other. */
static Status take_sparse(ImportContext *context, const RawAttribute *raw, Attribute *attribute) {
    if (raw->counts[FIELD_SPARSE_TENSOR] == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "declares a sparse tensor and holds none");
    WireReader reader;
    TRY(wire_enter(&raw->reader, &raw->last[FIELD_SPARSE_TENSOR], "sparse tensor", &reader));
    Tensor *tensor = arena_calloc(context->arena, 1, sizeof *tensor);
    if (!tensor)
        return arena_exhausted(context->arena);
    TRY(import_sparse(context, reader, tensor));
    attribute->kind = ATTRIBUTE_TENSOR;
    attribute->tensor = tensor;
    return status_ok();
}

static Status take_body(ImportContext *context, const RawAttribute *raw, Attribute *attribute) {
    if (raw->counts[FIELD_G] == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "declares a graph and holds none");
    WireReader reader;
    TRY(wire_enter(&raw->reader, &raw->last[FIELD_G], "graph", &reader));
    return import_body(context, reader, &attribute->graph);
}

static void store_item(void *items, size_t index, AttributeKind kind, uint64_t value) {
    uint32_t low = (uint32_t)value;
    if (kind == ATTRIBUTE_FLOATS)
        memcpy((float *)items + index, &low, sizeof low);
    else
        ((int64_t *)items)[index] = (int64_t)value;
}

/* Floats, ints or strings, from every occurrence of their field in order. */
static Status take_items(ImportContext *context, const RawAttribute *raw, Attribute *attribute) {
    const KindInfo *kind = &kinds[attribute->kind];
    static const size_t item_bytes[] = { [ATTRIBUTE_FLOATS] = sizeof(float),
                                         [ATTRIBUTE_INTS] = sizeof(int64_t),
                                         [ATTRIBUTE_STRINGS] = sizeof(StringView) };
    attribute->count = raw->counts[kind->field];
    void *items = arena_calloc(context->arena, attribute->count, item_bytes[attribute->kind]);
    if (!items)
        return arena_exhausted(context->arena);
    size_t index = 0;
    WireReader reader = raw->reader;
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);) {
        if (field.number != kind->field)
            continue;
        if (attribute->kind == ATTRIBUTE_STRINGS) {
            ((StringView *)items)[index++] =
                (StringView){ (const char *)field.bytes.data, field.bytes.length };
            continue;
        }
        for (uint64_t value; wire_next_scalar(&field.bytes, kind->item, &value); index++)
            store_item(items, index, attribute->kind, value);
    }
    TRY(status);
    attribute->ints = items; /* the union's pointers are one */
    return status_ok();
}

static Status take_value(ImportContext *context, const RawAttribute *raw, Attribute *attribute) {
    const WireField *last = &raw->last[kinds[attribute->kind].field];
    uint32_t low = (uint32_t)last->value;
    switch (attribute->kind) {
    case ATTRIBUTE_FLOAT: /* absent is zero: writers of proto3 leave zeros out */
        memcpy(&attribute->f, &low, sizeof low);
        return status_ok();
    case ATTRIBUTE_INT:
        attribute->i = (int64_t)last->value;
        return status_ok();
    case ATTRIBUTE_STRING:
        attribute->s = (StringView){ last->bytes.length ? (const char *)last->bytes.data : "",
                                     last->bytes.length };
        return status_ok();
    case ATTRIBUTE_TENSOR:
        return take_tensor(context, raw, attribute);
    case ATTRIBUTE_GRAPH:
        return take_body(context, raw, attribute);
    default:
        return take_items(context, raw, attribute);
    }
}

/* As the call of the function gives it; not at all where the call does not. */
static Status take_reference(ImportContext *context, const RawAttribute *raw, const char *op,
                             Attribute *attribute) {
    if (!context->frame)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "refers to an attribute of a function, outside of one");
    const Attribute *found = function_find_attribute(context, raw->reference);
    if (!found)
        return status_ok();
    if (raw->type != 0 && raw->type != found->kind)
        return status_error(STATUS_INVALID_ARGUMENT, "expected kind %s, the call gives %s",
                            raw->type < ARRAY_LENGTH(kinds) && kinds[raw->type].name
                                ? kinds[raw->type].name
                                : "unknown",
                            kinds[found->kind].name);
    TRY(check_kind(op, raw->name, found->kind));
    *attribute = *found;
    attribute->name = raw->name;
    return status_ok();
}

static Status import_attribute(ImportContext *context, WireReader reader, const char *op,
                               Attribute *ret_attribute) {
    RawAttribute raw;
    TRY(read_attribute(context, reader, &raw));
    if (raw.name[0] == '\0')
        return status_error(STATUS_INVALID_ARGUMENT, "an attribute has no name");
    *ret_attribute = (Attribute){ .name = raw.name, .kind = ATTRIBUTE_NONE };
    if (raw.reference.length > 0) {
        Status found = take_reference(context, &raw, op, ret_attribute);
        return status_prefix(&found, "attribute '%s'", raw.name);
    }
    Status status = find_kind(&raw, &ret_attribute->kind);
    if (status_is_ok(&status))
        status = check_kind(op, raw.name, ret_attribute->kind);
    if (status_is_ok(&status) && ret_attribute->kind <= ATTRIBUTE_STRINGS)
        status = take_value(context, &raw, ret_attribute);
    else if (status_is_ok(&status) && (int)ret_attribute->kind == KIND_SPARSE_TENSOR)
        status = take_sparse(context, &raw, ret_attribute);
    return context->told_where ? status : status_prefix(&status, "attribute '%s'", raw.name);
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static Status refuse_duplicates(ImportContext *context, const Attribute *attributes, size_t count) {
    const char **names = arena_calloc(context->node_arena, count, sizeof *names);
    if (!names)
        return arena_exhausted(context->node_arena);
    for (size_t i = 0; i < count; i++)
        names[i] = attributes[i].name;
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            return status_error(STATUS_INVALID_ARGUMENT, "attribute '%s' is given twice", names[i]);
    return status_ok();
}

Status import_attributes(ImportContext *context, WireReader node, const char *op,
                         Attribute **ret_attributes, uint32_t *ret_count) {
    return import_attribute_list(context, node, FIELD_NODE_ATTRIBUTE, op, ret_attributes,
                                 ret_count);
}

Status import_attribute_list(ImportContext *context, WireReader node, uint32_t number,
                             const char *op, Attribute **ret_attributes, uint32_t *ret_count) {
    size_t count = 0, index = 0;
    WireReader reader = node;
    Status status;
    WireField field;
    while (wire_next(&reader, &field, &status))
        count += field.number == number;
    TRY(status);
    Attribute *attributes =
        arena_calloc(context->node_arena, count + ATTRIBUTE_SPARE, sizeof *attributes);
    if (!attributes)
        return arena_exhausted(context->node_arena);
    for (reader = node; wire_next(&reader, &field, &status);) {
        if (field.number != number)
            continue;
        WireReader attribute;
        TRY(wire_enter(&reader, &field, "attribute", &attribute));
        TRY(import_attribute(context, attribute, op, &attributes[index]));
        index += is_kept(&attributes[index]);
    }
    TRY(status);
    TRY(refuse_duplicates(context, attributes, index));
    *ret_attributes = attributes;
    *ret_count = (uint32_t)index;
    return status_ok();
}
