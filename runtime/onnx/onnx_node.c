/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * NodeProto -> NodeDraft -> node. A draft lives in node_arena, which is reset for every node; only
 * its name and its attributes go to the graph's arena. The operator is looked up before attributes
 * are read, so that an operator we lack is told as just that, whatever it carries (a subgraph,
 * say).
 *
 * Outer errors carry "node 'x' (Op)" once, added in here.
 */

#include "runtime/onnx/onnx_node.h"

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/onnx/onnx_function.h"
#include "runtime/onnx/onnx_scope.h"
#include "runtime/onnx/upgrade.h"

#include <inttypes.h>
#include <string.h>

enum { NODE_OUTPUTS_MAX = 1024 }; /* the graph compares the outputs of a node with each other */

typedef struct NodeFields {
    const char *op, *domain, *name; /* in node_arena */
    WireBytes overload;
    size_t inputs, outputs;
} NodeFields;

static Status read_node_field(ImportContext *context, const WireReader *reader,
                              const WireField *field, NodeFields *node) {
    Arena *arena = context->node_arena;
    switch (field->number) {
    case NODE_INPUT:
        node->inputs++;
        return wire_expect(reader, field, WIRE_BYTES, "input");
    case NODE_OUTPUT:
        node->outputs++;
        return wire_expect(reader, field, WIRE_BYTES, "output");
    case NODE_NAME:
        TRY(wire_expect(reader, field, WIRE_BYTES, "name"));
        return import_text(context, arena, field->bytes, "name of a node", &node->name);
    case NODE_OP_TYPE:
        TRY(wire_expect(reader, field, WIRE_BYTES, "op_type"));
        return import_text(context, arena, field->bytes, "op_type of a node", &node->op);
    case NODE_DOMAIN:
        TRY(wire_expect(reader, field, WIRE_BYTES, "domain"));
        return import_text(context, arena, field->bytes, "domain of a node", &node->domain);
    case NODE_OVERLOAD:
        node->overload = field->bytes;
        return wire_expect(reader, field, WIRE_BYTES, "overload");
    default:
        return status_ok();
    }
}

static Status read_node(ImportContext *context, WireReader reader, NodeFields *ret_node) {
    NodeFields node = { .op = "", .domain = "", .name = "" };
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);)
        TRY(read_node_field(context, &reader, &field, &node));
    TRY(status);
    if (node.op[0] == '\0')
        return status_error(STATUS_INVALID_ARGUMENT, "node '%s' has no op_type", node.name);
    if (node.outputs > NODE_OUTPUTS_MAX)
        return status_error(STATUS_RESOURCE_EXHAUSTED,
                            "node '%s' (%s) has %zu outputs, at most %d are allowed", node.name,
                            node.op, node.outputs, NODE_OUTPUTS_MAX);
    if (strcmp(node.domain, "ai.onnx") == 0)
        node.domain = "";
    *ret_node = node;
    return status_ok();
}

static bool is_constant_op(const NodeFields *node) {
    return node->domain[0] == '\0' && strcmp(node->op, "Constant") == 0;
}

static Status prefix_node(Status status, const NodeFields *node) {
    return status_prefix(&status, "node '%s' (%s)", node->name, node->op);
}

static Status make_constant(ImportContext *context, WireReader reader, const NodeFields *node,
                            NameEntry *entry) {
    if (node->inputs != 0 || node->outputs != 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "has %zu inputs and %zu outputs, expected 0 and 1", node->inputs,
                            node->outputs);
    int64_t opset;
    TRY(import_find_opset(context, node->domain, &opset));
    const char *name;
    TRY(import_text(context, context->node_arena, entry->name, "name", &name));
    return import_constant_node(context, reader, name, &entry->value);
}

Status node_make_outputs(ImportContext *context, WireReader reader, NameTable *names,
                         size_t *next) {
    arena_reset(context->node_arena);
    NodeFields node;
    TRY(read_node(context, reader, &node));
    WireReader outputs = reader;
    Status status;
    for (WireField field; wire_next(&outputs, &field, &status);) {
        if (field.number != NODE_OUTPUT || field.bytes.length == 0)
            continue;
        NameEntry *entry = &names->entries[(*next)++];
        if (is_constant_op(&node)) {
            TRY(prefix_node(make_constant(context, reader, &node, entry), &node));
            continue;
        }
        const char *name;
        TRY(import_text(context, context->node_arena, entry->name, "name", &name));
        TRY(graph_add_value(context->graph, name, DTYPE_INVALID, &SHAPE_UNKNOWN, &entry->value));
    }
    return status;
}

Status node_find_value(ImportContext *context, NameTable *names, WireBytes name,
                       ValueId *ret_value) {
    *ret_value = VALUE_NONE;
    if (name.length == 0)
        return status_ok();
    bool found;
    TRY(scope_find(context, names, name, ret_value, &found));
    if (!found)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input '%.*s' is defined by no node, input or initializer",
                            (int)(wire_is_text(name) ? MIN_OF(name.length, (size_t)120) : 0),
                            (const char *)name.data);
    return status_ok();
}

static Status resolve_values(ImportContext *context, NameTable *names, WireReader reader,
                             NodeDraft *draft) {
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);) {
        if (field.number == NODE_INPUT)
            TRY(node_find_value(context, names, field.bytes, &draft->inputs[draft->input_count++]));
        else if (field.number == NODE_OUTPUT)
            TRY(node_find_value(context, names, field.bytes,
                                &draft->outputs[draft->output_count++]));
    }
    TRY(status);
    /* Trailing ones that are left out are as good as not written. */
    while (draft->input_count > 0 && draft->inputs[draft->input_count - 1] == VALUE_NONE)
        draft->input_count--;
    while (draft->output_count > 0 && draft->outputs[draft->output_count - 1] == VALUE_NONE)
        draft->output_count--;
    return status_ok();
}

/* Operators whose newest form has another name. */
static const struct {
    const char *old_name, *name;
} renamed[] = { { "Scatter", "ScatterElements" }, { "Upsample", "Resize" } };

/* An opset before an operator's first lacks the operator too. */
static Status check_operator(const NodeFields *node, int64_t opset) {
    const char *name = node->op;
    for (size_t i = 0; i < ARRAY_LENGTH(renamed) && node->domain[0] == '\0'; i++)
        if (strcmp(node->op, renamed[i].old_name) == 0)
            name = renamed[i].name;
    const OpSchema *op = op_schema_find(node->domain, name);
    bool is_known = upgrade_covers(node->domain, node->op, opset) ||
                    (op && !(op->flags & OP_INTERNAL) && opset >= op->oldest_opset);
    if (!is_known)
        return status_error(STATUS_UNIMPLEMENTED,
                            "operator '%s' (domain '%s', opset %" PRId64
                            ") of node '%s' is not supported",
                            node->op, node->domain, opset, node->name);
    return status_ok();
}

static Status draft_and_add(ImportContext *context, WireReader reader, const NodeFields *node,
                            int64_t opset, NameTable *names) {
    NodeDraft draft = { .op = node->op, .domain = node->domain, .opset = opset };
    draft.name = arena_strndup(context->arena, node->name, strlen(node->name));
    draft.inputs =
        arena_calloc(context->node_arena, node->inputs + DRAFT_SPARE, sizeof *draft.inputs);
    draft.outputs = arena_calloc(context->node_arena, node->outputs + 1, sizeof *draft.outputs);
    if (!draft.name || !draft.inputs || !draft.outputs)
        return arena_exhausted(context->arena);
    TRY(resolve_values(context, names, reader, &draft));
    NodeCaptures captures = { 0 };
    context->captures = &captures;
    TRY(import_attributes(context, reader, node->op, &draft.attributes, &draft.attribute_count));
    TRY(captures_bind(context, &captures, &draft));
    TRY(upgrade_node(context, &draft));
    return draft_add(context, &draft);
}

Status node_add(ImportContext *context, WireReader reader, NameTable *names) {
    arena_reset(context->node_arena);
    NodeFields node;
    TRY(read_node(context, reader, &node));
    if (is_constant_op(&node))
        return status_ok();
    FunctionCall call = {
        .op = node.op, .domain = node.domain, .overload = node.overload, .node = reader
    };
    const OnnxFunction *function = function_find(context, &call);
    if (function) {
        Status expanded = function_expand(context, function, &call, names);
        return context->told_where ? expanded : prefix_node(expanded, &node);
    }
    int64_t opset;
    TRY(prefix_node(import_find_opset(context, node.domain, &opset), &node));
    TRY(check_operator(&node, opset));
    Status status = draft_and_add(context, reader, &node, opset, names);
    return context->told_where ? status : prefix_node(status, &node);
}
