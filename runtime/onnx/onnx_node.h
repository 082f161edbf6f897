/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* NodeProto -> node: the two walks over nodes that onnx_graph.c takes, values first. */

#include "runtime/onnx/onnx_names.h"

enum {
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_OP_TYPE = 4,
    NODE_DOMAIN = 7,
    NODE_OVERLOAD = 8
};

/* Values for the named outputs, entries *next and following; a Constant becomes a graph constant
 * here. */
Status node_make_outputs(ImportContext *context, WireReader node, NameTable *names, size_t *next);
/* The value of that name, VALUE_NONE for an empty one. INVALID_ARGUMENT when nothing defines it. */
Status node_find_value(ImportContext *context, NameTable *names, WireBytes name,
                       ValueId *ret_value);
/* Resolves inputs, upgrades and adds. Errors name node, operator and opset. */
Status node_add(ImportContext *context, WireReader node, NameTable *names);
