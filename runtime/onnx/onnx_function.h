/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Functions that a model brings with it: a node that calls one becomes the function's nodes, in the
 * graph where it stands.
 */

#include "runtime/onnx/onnx_names.h"

/* One FunctionProto; texts point into the file. */
struct OnnxFunction {
    WireBytes domain, name, overload;
    WireReader reader;
};

/* A call that is being expanded. */
struct FunctionFrame {
    const OnnxFunction *function;
    const Attribute *attributes; /* of the call, defaults included */
    uint32_t attribute_count;
    FunctionFrame *caller;
};

typedef struct FunctionCall {
    const char *op, *domain;
    WireBytes overload;
    WireReader node; /* the NodeProto */
} FunctionCall;

/* All of the model, sorted. INVALID_ARGUMENT naming one that is defined twice. */
Status functions_read(ImportContext *context, WireReader model);
/* NULL when the model has none of that name. */
const OnnxFunction *function_find(const ImportContext *context, const FunctionCall *call);
/* The nodes of the function instead of the call. Errors: INVALID_ARGUMENT (a function that calls
 * itself, an input that is missing), RESOURCE_EXHAUSTED (too deep, too many nodes) */
Status function_expand(ImportContext *context, const OnnxFunction *function,
                       const FunctionCall *call, NameTable *names);
/* The attribute of the call that an attribute inside the function refers to; NULL: left out. */
const Attribute *function_find_attribute(const ImportContext *context, WireBytes name);
