/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ValueInfoProto -> Port: what the file says of a graph input or output. Tensors, sequences and
 * optionals; a map that goes in is a tensor of its values (upgrade_ml.c); other maps and sparse
 * tensors are named as what we lack. A shape that is absent is an
 * unknown rank, an empty one a scalar; a dim is a number, a name, or nothing. Negative numbers,
 * which some exporters write for "any", count as nothing.
 */

#include "runtime/onnx/import_context.h"

#include "runtime/base/size.h"

#include <string.h>

enum {
    VALUE_INFO_NAME = 1,
    VALUE_INFO_TYPE = 2,
    TYPE_TENSOR = 1,
    TYPE_SEQUENCE = 4,
    TYPE_MAP = 5,
    TYPE_OPTIONAL = 9,
    SEQUENCE_ELEM_TYPE = 1,
    MAP_VALUE_TYPE = 2,
    TENSOR_ELEM_TYPE = 1,
    TENSOR_SHAPE = 2,
    SHAPE_DIM = 1,
    DIM_VALUE = 1,
    DIM_PARAM = 2,
};

/* Indexed by field number of TypeProto. */
static const char *const type_names[] = {
    [4] = "sequence", [5] = "map", [7] = "opaque", [8] = "sparse tensor", [9] = "optional"
};

/* Of what they hold nothing is kept: elements say it themselves. */
static const DType list_types[ARRAY_LENGTH(type_names)] = {
    [TYPE_SEQUENCE] = DTYPE_SEQUENCE, [TYPE_OPTIONAL] = DTYPE_OPTIONAL
};

static Status import_dim(ImportContext *context, WireReader reader, int64_t *ret_dim,
                         const char **ret_name) {
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);) {
        if (field.number == DIM_VALUE) {
            TRY(wire_expect(&reader, &field, WIRE_VARINT, "dim_value"));
            *ret_dim = (int64_t)field.value < 0 ? DIM_UNKNOWN : (int64_t)field.value;
            *ret_name = NULL;
        } else if (field.number == DIM_PARAM) {
            TRY(wire_expect(&reader, &field, WIRE_BYTES, "dim_param"));
            *ret_dim = DIM_UNKNOWN;
            TRY(import_text(context, context->arena, field.bytes, "dim_param", ret_name));
        }
    }
    if (*ret_name && **ret_name == '\0')
        *ret_name = NULL;
    return status;
}

static Status import_shape(ImportContext *context, WireReader reader, Port *port) {
    int64_t dims[SHAPE_MAX_RANK];
    size_t rank = 0;
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);) {
        if (field.number != SHAPE_DIM)
            continue;
        if (rank == SHAPE_MAX_RANK)
            return status_error(STATUS_UNIMPLEMENTED, "has more than %d dims", SHAPE_MAX_RANK);
        WireReader dim;
        TRY(wire_enter(&reader, &field, "dim", &dim));
        dims[rank] = DIM_UNKNOWN;
        port->dim_names[rank] = NULL;
        TRY(import_dim(context, dim, &dims[rank], &port->dim_names[rank]));
        rank++;
    }
    TRY(status);
    return shape_make(dims, rank, &port->shape);
}

static Status import_tensor_type(ImportContext *context, WireReader reader, Port *port) {
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);) {
        if (field.number == TENSOR_ELEM_TYPE) {
            TRY(wire_expect(&reader, &field, WIRE_VARINT, "elem_type"));
            if (field.value >= DTYPE_COUNT)
                return status_error(STATUS_INVALID_ARGUMENT, "element type %llu is unknown",
                                    (unsigned long long)field.value);
            port->dtype = (DType)field.value;
        } else if (field.number == TENSOR_SHAPE) {
            WireReader shape;
            TRY(wire_enter(&reader, &field, "shape", &shape));
            TRY(import_shape(context, shape, port));
        }
    }
    return status;
}

/* What ZipMap makes, sequence(map(class, float)), is served as the tensor of scores that it is made
 * of. */
static Status is_zip_map(WireReader reader, const WireField *field, bool *ret_is) {
    WireReader sequence, element;
    Status status, inner;
    *ret_is = false;
    TRY(wire_enter(&reader, field, "sequence_type", &sequence));
    for (WireField part; wire_next(&sequence, &part, &status);) {
        if (part.number != SEQUENCE_ELEM_TYPE)
            continue;
        TRY(wire_enter(&sequence, &part, "elem_type", &element));
        for (WireField kind; wire_next(&element, &kind, &inner);)
            *ret_is = kind.number == TYPE_MAP;
        TRY(inner);
    }
    return status;
}

/* An input that is a map is served as a tensor of its values, a row a map: [rows, entries]. */
static Status import_map_input(ImportContext *context, const WireReader *reader,
                               const WireField *field, Port *port) {
    WireReader map, value, tensor;
    Status status, inner;
    TRY(wire_enter(reader, field, "map_type", &map));
    for (WireField part; wire_next(&map, &part, &status);) {
        if (part.number != MAP_VALUE_TYPE)
            continue;
        TRY(wire_enter(&map, &part, "value_type", &value));
        for (WireField kind; wire_next(&value, &kind, &inner);) {
            if (kind.number != TYPE_TENSOR)
                continue;
            TRY(wire_enter(&value, &kind, "tensor_type", &tensor));
            TRY(import_tensor_type(context, tensor, port));
        }
        TRY(inner);
    }
    TRY(status);
    port->shape = SHAPE(DIM_UNKNOWN, DIM_UNKNOWN);
    return status_ok();
}

static Status import_type(ImportContext *context, WireReader reader, const char *what, Port *port) {
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);) {
        if (field.number == TYPE_TENSOR) {
            WireReader tensor;
            TRY(wire_enter(&reader, &field, "tensor_type", &tensor));
            TRY(import_tensor_type(context, tensor, port));
        } else if (field.number < ARRAY_LENGTH(type_names) && type_names[field.number]) {
            bool zip_map = false;
            if (field.number == TYPE_SEQUENCE && strcmp(what, "output") == 0)
                TRY(is_zip_map(reader, &field, &zip_map));
            if (zip_map) {
                port->dtype = DTYPE_F32;
                continue;
            }
            if (field.number == TYPE_MAP && strcmp(what, "input") == 0) {
                TRY(import_map_input(context, &reader, &field, port));
                continue;
            }
            if (list_types[field.number] != DTYPE_INVALID) {
                port->dtype = list_types[field.number];
                continue;
            }
            return status_error(STATUS_UNIMPLEMENTED, "expected a tensor, got %s: not supported",
                                type_names[field.number]);
        }
    }
    return status;
}

Status import_port(ImportContext *context, WireReader reader, const char *what, Port *ret_port) {
    Port port = { .name = "", .value = VALUE_NONE, .dtype = DTYPE_INVALID, .shape = SHAPE_UNKNOWN };
    WireReader type = { 0 };
    bool has_type = false;
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);) {
        if (field.number == VALUE_INFO_NAME) {
            TRY(wire_expect(&reader, &field, WIRE_BYTES, "name"));
            TRY(import_text(context, context->arena, field.bytes, "name of a graph input or output",
                            &port.name));
        } else if (field.number == VALUE_INFO_TYPE) {
            TRY(wire_enter(&reader, &field, "type", &type));
            has_type = true;
        }
    }
    TRY(status);
    if (port.name[0] == '\0')
        return status_error(STATUS_INVALID_ARGUMENT, "a graph %s has no name", what);
    if (has_type) {
        status = import_type(context, type, what, &port);
        if (!status_is_ok(&status))
            return status_prefix(&status, "%s '%s'", what, port.name);
    }
    *ret_port = port;
    return status_ok();
}
