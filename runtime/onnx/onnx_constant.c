/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Node Constant -> graph constant, in each of its attribute forms: passes and kernels never meet
 * the operator. Exactly one attribute must be there. The singular forms are scalars, the plural
 * ones have one dim.
 *
 * Source: ONNX Constant, opset 1 to 25.
 */

#include "runtime/onnx/import_context.h"

#include "runtime/base/size.h"

#include <string.h>

typedef struct ConstantForm {
    const char *name;
    AttributeKind kind;
    DType dtype;
    bool plural;
} ConstantForm;

static const ConstantForm forms[] = {
    { "value_float", ATTRIBUTE_FLOAT, DTYPE_F32, false },
    { "value_floats", ATTRIBUTE_FLOATS, DTYPE_F32, true },
    { "value_int", ATTRIBUTE_INT, DTYPE_I64, false },
    { "value_ints", ATTRIBUTE_INTS, DTYPE_I64, true },
    { "value_string", ATTRIBUTE_STRING, DTYPE_STRING, false },
    { "value_strings", ATTRIBUTE_STRINGS, DTYPE_STRING, true },
};

static const ConstantForm *find_form(const Attribute *attribute) {
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++)
        if (strcmp(forms[i].name, attribute->name) == 0 && forms[i].kind == attribute->kind)
            return &forms[i];
    return NULL;
}

/* A tensor over the attribute's own items; single ones are copied to the arena first. */
static Status make_tensor(ImportContext *context, const Attribute *attribute,
                          const ConstantForm *form, Tensor *ret_tensor) {
    if (form->plural) {
        Shape shape = SHAPE((int64_t)attribute->count);
        size_t bytes = 0;
        if (!shape_bytes(&shape, form->dtype, &bytes))
            return status_error(STATUS_INVALID_ARGUMENT, "attribute '%s' is too large",
                                attribute->name);
        return tensor_make(form->dtype, &shape, bytes ? (void *)(uintptr_t)attribute->ints : NULL,
                           bytes, ret_tensor);
    }
    size_t bytes = dtype_bytes(form->dtype);
    void *data = arena_calloc(context->arena, 1, bytes);
    if (!data)
        return arena_exhausted(context->arena);
    memcpy(data, &attribute->f, bytes); /* f, i and s begin where the union does */
    return tensor_make(form->dtype, &SHAPE_SCALAR, data, bytes, ret_tensor);
}

Status import_constant_node(ImportContext *context, WireReader node, const char *name,
                            ValueId *ret_value) {
    Attribute *attributes;
    uint32_t count;
    TRY(import_attributes(context, node, "Constant", &attributes, &count));
    if (count != 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "has %u attributes, expected exactly one value", count);
    if (attributes[0].kind == ATTRIBUTE_TENSOR && (strcmp(attributes[0].name, "value") == 0 ||
                                                   strcmp(attributes[0].name, "sparse_value") == 0))
        return graph_add_constant(context->graph, name, attributes[0].tensor, ret_value);
    const ConstantForm *form = find_form(&attributes[0]);
    if (!form)
        return status_error(STATUS_INVALID_ARGUMENT, "attribute '%s' is no form of a constant",
                            attributes[0].name);
    Tensor tensor;
    TRY(make_tensor(context, &attributes[0], form, &tensor));
    return graph_add_constant(context->graph, name, &tensor, ret_value);
}
