/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * AttributeProto -> Attribute. The kind an attribute declares, the field that holds its value and
 * what operators expect under that name must agree: kernels ask for an attribute by name and kind
 * and would otherwise silently see a default. Names mean the same kind in nearly every operator, so
 * one table of names serves them all; rows for a single operator come first. A name that is not in
 * the table is kept as it is: exporters leave notes of their own.
 *
 * Floats, ints and strings are copied into the graph's arena (strings stay in the file), tensors go
 * through import_tensor.
 */

#include "runtime/onnx/import_context.h"

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

enum { KIND_TYPE_PROTO = 13 }; /* read by nobody: dropped */

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

#define KIND(kind) (1u << (kind))

typedef struct ExpectedKind {
    const char *op; /* NULL: any */
    const char *name;
    uint32_t kinds;
} ExpectedKind;

static const ExpectedKind expected_kinds[] = {
    { "Cast", "to", KIND(ATTRIBUTE_INT) | KIND(ATTRIBUTE_STRING) },
    { "Pad", "value", KIND(ATTRIBUTE_FLOAT) },
    { "Constant", "value", KIND(ATTRIBUTE_TENSOR) },
    { "ConstantOfShape", "value", KIND(ATTRIBUTE_TENSOR) },
    { "Constant", "value_float", KIND(ATTRIBUTE_FLOAT) },
    { "Constant", "value_floats", KIND(ATTRIBUTE_FLOATS) },
    { "Constant", "value_int", KIND(ATTRIBUTE_INT) },
    { "Constant", "value_ints", KIND(ATTRIBUTE_INTS) },
    { "Constant", "value_string", KIND(ATTRIBUTE_STRING) },
    { "Constant", "value_strings", KIND(ATTRIBUTE_STRINGS) },
    { "Clip", "min", KIND(ATTRIBUTE_FLOAT) },
    { "Clip", "max", KIND(ATTRIBUTE_FLOAT) },
    { "Reshape", "shape", KIND(ATTRIBUTE_INTS) },
    { "Split", "split", KIND(ATTRIBUTE_INTS) },
    { "FlexAttention", "prob_mod", KIND(ATTRIBUTE_GRAPH) },
    { "FlexAttention", "score_mod", KIND(ATTRIBUTE_GRAPH) },
    { "If", "else_branch", KIND(ATTRIBUTE_GRAPH) },
    { "If", "then_branch", KIND(ATTRIBUTE_GRAPH) },
    { "Loop", "body", KIND(ATTRIBUTE_GRAPH) },
    { "Scan", "body", KIND(ATTRIBUTE_GRAPH) },
    { "SequenceMap", "body", KIND(ATTRIBUTE_GRAPH) },
    { "Optional", "type", KIND(KIND_TYPE_PROTO) },
    { NULL, "aggregate_function", KIND(ATTRIBUTE_INT) | KIND(ATTRIBUTE_STRING) },
    { NULL, "align_corners", KIND(ATTRIBUTE_INT) },
    { NULL, "allowzero", KIND(ATTRIBUTE_INT) },
    { NULL, "alpha", KIND(ATTRIBUTE_FLOAT) },
    { NULL, "antialias", KIND(ATTRIBUTE_INT) },
    { NULL, "auto_pad", KIND(ATTRIBUTE_STRING) },
    { NULL, "axes", KIND(ATTRIBUTE_INTS) },
    { NULL, "axis", KIND(ATTRIBUTE_INT) },
    { NULL, "base_values", KIND(ATTRIBUTE_FLOATS) },
    { NULL, "base_values_as_tensor", KIND(ATTRIBUTE_TENSOR) },
    { NULL, "batch_axis", KIND(ATTRIBUTE_INT) },
    { NULL, "batch_dims", KIND(ATTRIBUTE_INT) },
    { NULL, "beta", KIND(ATTRIBUTE_FLOAT) },
    { NULL, "bias", KIND(ATTRIBUTE_FLOAT) },
    { NULL, "block_size", KIND(ATTRIBUTE_INT) },
    { NULL, "blocksize", KIND(ATTRIBUTE_INT) },
    { NULL, "broadcast", KIND(ATTRIBUTE_INT) },
    { NULL, "cats_int64s", KIND(ATTRIBUTE_INTS) },
    { NULL, "cats_strings", KIND(ATTRIBUTE_STRINGS) },
    { NULL, "ceil_mode", KIND(ATTRIBUTE_INT) },
    { NULL, "center_point_box", KIND(ATTRIBUTE_INT) },
    { NULL, "class_ids", KIND(ATTRIBUTE_INTS) },
    { NULL, "class_nodeids", KIND(ATTRIBUTE_INTS) },
    { NULL, "class_treeids", KIND(ATTRIBUTE_INTS) },
    { NULL, "class_weights", KIND(ATTRIBUTE_FLOATS) },
    { NULL, "class_weights_as_tensor", KIND(ATTRIBUTE_TENSOR) },
    { NULL, "classes_strings", KIND(ATTRIBUTE_STRINGS) },
    { NULL, "classlabels_int64s", KIND(ATTRIBUTE_INTS) },
    { NULL, "classlabels_ints", KIND(ATTRIBUTE_INTS) },
    { NULL, "classlabels_strings", KIND(ATTRIBUTE_STRINGS) },
    { NULL, "coefficients", KIND(ATTRIBUTE_FLOATS) },
    { NULL, "coordinate_transformation_mode", KIND(ATTRIBUTE_STRING) },
    { NULL, "count_include_pad", KIND(ATTRIBUTE_INT) },
    { NULL, "cubic_coeff_a", KIND(ATTRIBUTE_FLOAT) },
    { NULL, "default_float", KIND(ATTRIBUTE_FLOAT) },
    { NULL, "default_int64", KIND(ATTRIBUTE_INT) },
    { NULL, "default_string", KIND(ATTRIBUTE_STRING) },
    { NULL, "default_tensor", KIND(ATTRIBUTE_TENSOR) },
    { NULL, "dilations", KIND(ATTRIBUTE_INTS) },
    { NULL, "end", KIND(ATTRIBUTE_INT) },
    { NULL, "ends", KIND(ATTRIBUTE_INTS) },
    { NULL, "epsilon", KIND(ATTRIBUTE_FLOAT) },
    { NULL, "exclude_outside", KIND(ATTRIBUTE_INT) },
    { NULL, "exclusive", KIND(ATTRIBUTE_INT) },
    { NULL, "extrapolation_value", KIND(ATTRIBUTE_FLOAT) },
    { NULL, "fmod", KIND(ATTRIBUTE_INT) },
    { NULL, "gamma", KIND(ATTRIBUTE_FLOAT) },
    { NULL, "group", KIND(ATTRIBUTE_INT) },
    { NULL, "imputed_value_floats", KIND(ATTRIBUTE_FLOATS) },
    { NULL, "imputed_value_int64s", KIND(ATTRIBUTE_INTS) },
    { NULL, "inputdimensions", KIND(ATTRIBUTE_INTS) },
    { NULL, "intercepts", KIND(ATTRIBUTE_FLOATS) },
    { NULL, "is_test", KIND(ATTRIBUTE_INT) },
    { NULL, "k", KIND(ATTRIBUTE_INT) },
    { NULL, "keep_aspect_ratio_policy", KIND(ATTRIBUTE_STRING) },
    { NULL, "keepdims", KIND(ATTRIBUTE_INT) },
    { NULL, "kernel_params", KIND(ATTRIBUTE_FLOATS) },
    { NULL, "kernel_shape", KIND(ATTRIBUTE_INTS) },
    { NULL, "kernel_type", KIND(ATTRIBUTE_STRING) },
    { NULL, "keys_floats", KIND(ATTRIBUTE_FLOATS) },
    { NULL, "keys_int64s", KIND(ATTRIBUTE_INTS) },
    { NULL, "keys_strings", KIND(ATTRIBUTE_STRINGS) },
    { NULL, "keys_tensor", KIND(ATTRIBUTE_TENSOR) },
    { NULL, "largest", KIND(ATTRIBUTE_INT) },
    { NULL, "leaf_targetids", KIND(ATTRIBUTE_INTS) },
    { NULL, "leaf_weights", KIND(ATTRIBUTE_TENSOR) },
    { NULL, "membership_values", KIND(ATTRIBUTE_TENSOR) },
    { NULL, "mode", KIND(ATTRIBUTE_STRING) },
    { NULL, "momentum", KIND(ATTRIBUTE_FLOAT) },
    { NULL, "n_supports", KIND(ATTRIBUTE_INT) },
    { NULL, "n_targets", KIND(ATTRIBUTE_INT) },
    { NULL, "nearest_mode", KIND(ATTRIBUTE_STRING) },
    { NULL, "nodes_falseleafs", KIND(ATTRIBUTE_INTS) },
    { NULL, "nodes_falsenodeids", KIND(ATTRIBUTE_INTS) },
    { NULL, "nodes_featureids", KIND(ATTRIBUTE_INTS) },
    { NULL, "nodes_missing_value_tracks_true", KIND(ATTRIBUTE_INTS) },
    { NULL, "nodes_modes", KIND(ATTRIBUTE_TENSOR) | KIND(ATTRIBUTE_STRINGS) },
    { NULL, "nodes_nodeids", KIND(ATTRIBUTE_INTS) },
    { NULL, "nodes_splits", KIND(ATTRIBUTE_TENSOR) },
    { NULL, "nodes_treeids", KIND(ATTRIBUTE_INTS) },
    { NULL, "nodes_trueleafs", KIND(ATTRIBUTE_INTS) },
    { NULL, "nodes_truenodeids", KIND(ATTRIBUTE_INTS) },
    { NULL, "nodes_values", KIND(ATTRIBUTE_FLOATS) },
    { NULL, "nodes_values_as_tensor", KIND(ATTRIBUTE_TENSOR) },
    { NULL, "noop_with_empty_axes", KIND(ATTRIBUTE_INT) },
    { NULL, "norm", KIND(ATTRIBUTE_STRING) },
    { NULL, "num_outputs", KIND(ATTRIBUTE_INT) },
    { NULL, "offset", KIND(ATTRIBUTE_FLOATS) },
    { NULL, "offset_group", KIND(ATTRIBUTE_INT) },
    { NULL, "one_class", KIND(ATTRIBUTE_INT) },
    { NULL, "output_dtype", KIND(ATTRIBUTE_INT) },
    { NULL, "output_height", KIND(ATTRIBUTE_INT) },
    { NULL, "output_padding", KIND(ATTRIBUTE_INTS) },
    { NULL, "output_shape", KIND(ATTRIBUTE_INTS) },
    { NULL, "output_width", KIND(ATTRIBUTE_INT) },
    { NULL, "padding_mode", KIND(ATTRIBUTE_STRING) },
    { NULL, "paddings", KIND(ATTRIBUTE_INTS) },
    { NULL, "pads", KIND(ATTRIBUTE_INTS) },
    { NULL, "perm", KIND(ATTRIBUTE_INTS) },
    { NULL, "pooled_shape", KIND(ATTRIBUTE_INTS) },
    { NULL, "post_transform", KIND(ATTRIBUTE_INT) | KIND(ATTRIBUTE_STRING) },
    { NULL, "precision", KIND(ATTRIBUTE_INT) },
    { NULL, "prob_a", KIND(ATTRIBUTE_FLOATS) },
    { NULL, "prob_b", KIND(ATTRIBUTE_FLOATS) },
    { NULL, "ratio", KIND(ATTRIBUTE_FLOAT) },
    { NULL, "reduction", KIND(ATTRIBUTE_STRING) },
    { NULL, "replaced_value_float", KIND(ATTRIBUTE_FLOAT) },
    { NULL, "replaced_value_int64", KIND(ATTRIBUTE_INT) },
    { NULL, "reverse", KIND(ATTRIBUTE_INT) },
    { NULL, "rho", KIND(ATTRIBUTE_FLOATS) },
    { NULL, "round_mode", KIND(ATTRIBUTE_STRING) },
    { NULL, "sampling_ratio", KIND(ATTRIBUTE_INT) },
    { NULL, "saturate", KIND(ATTRIBUTE_INT) },
    { NULL, "select_last_index", KIND(ATTRIBUTE_INT) },
    { NULL, "size", KIND(ATTRIBUTE_INT) },
    { NULL, "sorted", KIND(ATTRIBUTE_INT) },
    { NULL, "spatial", KIND(ATTRIBUTE_INT) },
    { NULL, "spatial_scale", KIND(ATTRIBUTE_FLOAT) },
    { NULL, "start", KIND(ATTRIBUTE_INT) },
    { NULL, "starts", KIND(ATTRIBUTE_INTS) },
    { NULL, "stash_type", KIND(ATTRIBUTE_INT) },
    { NULL, "storage_order", KIND(ATTRIBUTE_INT) },
    { NULL, "strides", KIND(ATTRIBUTE_INTS) },
    { NULL, "support_vectors", KIND(ATTRIBUTE_FLOATS) },
    { NULL, "target_ids", KIND(ATTRIBUTE_INTS) },
    { NULL, "target_nodeids", KIND(ATTRIBUTE_INTS) },
    { NULL, "target_treeids", KIND(ATTRIBUTE_INTS) },
    { NULL, "target_weights", KIND(ATTRIBUTE_FLOATS) },
    { NULL, "target_weights_as_tensor", KIND(ATTRIBUTE_TENSOR) },
    { NULL, "targets", KIND(ATTRIBUTE_INT) },
    { NULL, "threshold", KIND(ATTRIBUTE_FLOAT) },
    { NULL, "time_axis", KIND(ATTRIBUTE_INT) },
    { NULL, "training_mode", KIND(ATTRIBUTE_INT) },
    { NULL, "transA", KIND(ATTRIBUTE_INT) },
    { NULL, "transB", KIND(ATTRIBUTE_INT) },
    { NULL, "tree_roots", KIND(ATTRIBUTE_INTS) },
    { NULL, "upper", KIND(ATTRIBUTE_INT) },
    { NULL, "values_floats", KIND(ATTRIBUTE_FLOATS) },
    { NULL, "values_int64s", KIND(ATTRIBUTE_INTS) },
    { NULL, "values_strings", KIND(ATTRIBUTE_STRINGS) },
    { NULL, "values_tensor", KIND(ATTRIBUTE_TENSOR) },
    { NULL, "vectors_per_class", KIND(ATTRIBUTE_INTS) },
    { NULL, "zeros", KIND(ATTRIBUTE_INT) },
};

/* What the first walk over an AttributeProto finds. */
typedef struct RawAttribute {
    WireReader reader;
    const char *name;
    uint64_t type;
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
    if (field->number == FIELD_REF_NAME && field->bytes.length > 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "refers to an attribute of a function, outside of one");
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
    const ExpectedKind *expected = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(expected_kinds) && !expected; i++)
        if (strcmp(expected_kinds[i].name, name) == 0 &&
            (!expected_kinds[i].op || strcmp(expected_kinds[i].op, op) == 0))
            expected = &expected_kinds[i];
    if (expected && !(expected->kinds & KIND(kind)))
        return status_error(STATUS_INVALID_ARGUMENT, "expected kind %s, got %s",
                            kinds[__builtin_ctz(expected->kinds)].name, kinds[kind].name);
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

static Status import_attribute(ImportContext *context, WireReader reader, const char *op,
                               Attribute *ret_attribute) {
    RawAttribute raw;
    TRY(read_attribute(context, reader, &raw));
    if (raw.name[0] == '\0')
        return status_error(STATUS_INVALID_ARGUMENT, "an attribute has no name");
    *ret_attribute = (Attribute){ .name = raw.name };
    Status status = find_kind(&raw, &ret_attribute->kind);
    if (status_is_ok(&status))
        status = check_kind(op, raw.name, ret_attribute->kind);
    if (status_is_ok(&status) && ret_attribute->kind <= ATTRIBUTE_STRINGS)
        status = take_value(context, &raw, ret_attribute);
    return context->failed_in_body ? status : status_prefix(&status, "attribute '%s'", raw.name);
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
    size_t count = 0, index = 0;
    WireReader reader = node;
    Status status;
    WireField field;
    while (wire_next(&reader, &field, &status))
        count += field.number == FIELD_NODE_ATTRIBUTE;
    TRY(status);
    Attribute *attributes =
        arena_calloc(context->node_arena, count + ATTRIBUTE_SPARE, sizeof *attributes);
    if (!attributes)
        return arena_exhausted(context->node_arena);
    for (reader = node; wire_next(&reader, &field, &status);) {
        if (field.number != FIELD_NODE_ATTRIBUTE)
            continue;
        WireReader attribute;
        TRY(wire_enter(&reader, &field, "attribute", &attribute));
        TRY(import_attribute(context, attribute, op, &attributes[index]));
        index += attributes[index].kind <= ATTRIBUTE_STRINGS;
    }
    TRY(status);
    TRY(refuse_duplicates(context, attributes, index));
    *ret_attributes = attributes;
    *ret_count = (uint32_t)index;
    return status_ok();
}
