/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Gradient (preview, training): derivatives of one value of the graph by others, as nodes. They are
 * carried forward from each input through the nodes between, by one rule an operator. The rules are
 * for elements that stay apart, so every value on the way must be of one known shape; anything else
 * is told as what we lack.
 *
 * Source: ONNX ai.onnx.preview.training Gradient 1.
 */

#include "runtime/onnx/contrib.h"

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/onnx/onnx_names.h"

#include <string.h>

typedef struct Derivative {
    ImportContext *context;
    const NodeDraft *draft;
    ValueId *of; /* by value: its derivative; VALUE_NONE: zero */
} Derivative;

static Status emit(const Derivative *call, const char *op, ValueId a, ValueId b,
                   ValueId *ret_value) {
    ValueId inputs[] = { a, b };
    return upgrade_emit(call->context, call->draft, op, inputs, b == VALUE_NONE ? 1 : 2, NULL,
                        ret_value);
}

static Status filled(const Derivative *call, const Shape *shape, float number, ValueId *ret_value) {
    ValueId scalar, dims;
    TRY(upgrade_scalar_like(call->context, call->draft, number, &scalar));
    TRY(upgrade_ints(call->context, shape->dims, (size_t)shape->rank, &dims));
    return emit(call, "Expand", scalar, dims, ret_value);
}

/* a + b, or a - b, where either may be zero. */
static Status combine(const Derivative *call, const char *op, ValueId a, ValueId b,
                      ValueId *ret_value) {
    *ret_value = a;
    if (a != VALUE_NONE && b != VALUE_NONE)
        return emit(call, op, a, b, ret_value);
    if (b == VALUE_NONE)
        return status_ok();
    *ret_value = b;
    return strcmp(op, "Sub") == 0 ? emit(call, "Neg", b, VALUE_NONE, ret_value) : status_ok();
}

static Status of_sum(const Derivative *call, const Node *node, ValueId *ret_value) {
    return combine(call, node->op->name, call->of[node->inputs[0]], call->of[node->inputs[1]],
                   ret_value);
}

static Status of_product(const Derivative *call, const Node *node, ValueId *ret_value) {
    ValueId terms[2];
    for (size_t i = 0; i < 2; i++) {
        terms[i] = call->of[node->inputs[i]];
        if (terms[i] != VALUE_NONE)
            TRY(emit(call, "Mul", terms[i], node->inputs[1 - i], &terms[i]));
    }
    return combine(call, "Add", terms[0], terms[1], ret_value);
}

static Status of_linear(const Derivative *call, const Node *node, ValueId *ret_value) {
    return emit(call, node->op->name, call->of[node->inputs[0]], VALUE_NONE, ret_value);
}

typedef struct Rule {
    const char *op;
    Status (*derive)(const Derivative *call, const Node *node, ValueId *ret_value);
} Rule;

static const Rule rules[] = {
    { "Add", of_sum },    { "Identity", of_linear }, { "Mul", of_product },
    { "Neg", of_linear }, { "Sub", of_sum },
};

static Status derive(const Derivative *call, const Node *node, const Shape *shape) {
    const Graph *graph = call->context->graph;
    bool depends = false, fits = node->output_count == 1 && node->outputs[0] != VALUE_NONE;
    for (uint32_t i = 0; i < node->input_count; i++)
        depends |= node->inputs[i] != VALUE_NONE && call->of[node->inputs[i]] != VALUE_NONE;
    if (!depends)
        return status_ok();
    for (uint32_t i = 0; i < node->input_count && fits; i++)
        fits = node->inputs[i] != VALUE_NONE &&
               shape_equal(&graph_value_const(graph, node->inputs[i])->shape, shape);
    for (size_t i = 0; i < ARRAY_LENGTH(rules) && fits; i++)
        if (strcmp(rules[i].op, node->op->name) == 0 && node->op->domain[0] == '\0')
            return rules[i].derive(call, node, &call->of[node->outputs[0]]);
    return status_error(STATUS_UNIMPLEMENTED, "the derivative of %s '%.80s' at these shapes",
                        node->op->name, node->name);
}

/* d(y) / d(x), or zeros. Nodes that stand before the draft's alone are looked at. */
static Status derive_by(Derivative *call, ValueId x, ValueId y, size_t node_count,
                        ValueId *ret_value) {
    Graph *graph = call->context->graph;
    const Shape shape = graph_value_const(graph, x)->shape;
    ValueId zeros;
    if (!shape_is_known(&shape))
        return status_error(STATUS_UNIMPLEMENTED, "derivatives of shapes that are not known");
    TRY(filled(call, &shape, 0, &zeros));
    TRY(filled(call, &shape, 1, &call->of[x]));
    for (NodeId id = 0; id < node_count; id++) {
        const Node node = *graph_node_const(graph, id); /* by value: nodes are added */
        TRY(derive(call, &node, &shape));
    }
    *ret_value = call->of[y] == VALUE_NONE ? zeros : call->of[y];
    return status_ok();
}

Status contrib_gradient(ImportContext *context, NodeDraft *draft) {
    const Attribute *name = draft_find(draft, "y");
    if (!name || name->kind != ATTRIBUTE_STRING || draft->input_count == 0 ||
        draft->output_count == 0 || draft->output_count > draft->input_count)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "expected attribute 'y', inputs, and no more outputs than those");
    WireBytes text = { (const uint8_t *)name->s.data, name->s.length };
    const NameEntry *y = name_table_find(context->names, text);
    if (!y || y->value == VALUE_NONE)
        return status_error(STATUS_INVALID_ARGUMENT, "'y' names no value of the graph");
    size_t nodes = graph_node_count(context->graph), values = graph_value_count(context->graph);
    Derivative call = { .context = context, .draft = draft };
    call.of = arena_calloc(context->node_arena, values, sizeof *call.of);
    if (!call.of)
        return arena_exhausted(context->node_arena);
    for (uint32_t i = 0; i < draft->output_count; i++) {
        ValueId result;
        memset(call.of, 0xff, values * sizeof *call.of); /* VALUE_NONE */
        if (draft->inputs[i] == VALUE_NONE || draft->outputs[i] == VALUE_NONE)
            return status_error(STATUS_INVALID_ARGUMENT, "input or output %u is left out", i);
        TRY(derive_by(&call, draft->inputs[i], y->value, nodes, &result));
        NodeDraft node = { .op = "Identity",
                           .domain = "",
                           .name = draft->name,
                           .opset = draft->opset,
                           .inputs = &result,
                           .outputs = &draft->outputs[i],
                           .input_count = 1,
                           .output_count = 1 };
        if (i + 1 < draft->output_count)
            TRY(draft_add(context, &node));
        else
            draft->inputs[0] = result;
    }
    draft->op = "Identity";
    draft->domain = "";
    draft->outputs += draft->output_count - 1;
    draft->input_count = draft->output_count = 1;
    draft->attribute_count = 0;
    return status_ok();
}
