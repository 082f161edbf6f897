/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* NodeProto -> node: the two walks over nodes that onnx_graph.c takes, values first. */

#include "runtime/onnx/onnx_names.h"

enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP_TYPE = 4, NODE_DOMAIN = 7 };

/* Values for the named outputs, entries *next and following; a Constant becomes a graph constant
 * here. */
Status node_make_outputs(ImportContext *context, WireReader node, NameTable *names, size_t *next);
/* Resolves inputs, upgrades and adds. Errors name node, operator and opset. */
Status node_add(ImportContext *context, WireReader node, NameTable *names);
