/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Gives spatial values the layout that the device likes. One sweep in order: a node for which the
 * device prefers channels-last gets its spatial inputs and its result in it; a node that merely
 * supports it (elementwise, Concat) keeps the layout of what comes in, so that a chain of
 * convolutions is not left and entered again. Everything else is plain, graph inputs and outputs
 * included; inferd.Reorder stands where two layouts meet, once a value.
 *
 * On plan: shapes are known. Weights, biases and operands that only broadcast stay as they are.
 */

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/passes/passes.h"
#include "runtime/tensor/layout.h"

#include <string.h>

enum { SPATIAL_RANK = 3 };

typedef struct LayoutCall {
    Graph *graph;
    const PassContext *context;
    ValueId *reordered; /* by value: the same in the other layout; VALUE_NONE */
    size_t value_count; /* of those that were there before */
} LayoutCall;

static bool is_spatial(const Graph *graph, ValueId value) {
    return value != VALUE_NONE && graph_value_const(graph, value)->shape.rank >= SPATIAL_RANK;
}

/* Weights are read as they are, also where they are computed or fed. */
static bool is_weights(const Node *node, uint32_t index) {
    static const char *const products[] = { "Conv", "ConvTranspose" };
    for (size_t i = 0; i < ARRAY_LENGTH(products); i++)
        if (strcmp(node->op->name, products[i]) == 0)
            return index > 0 && index < node->op->max_inputs;
    return false;
}

/* Is input number index read as a spatial value (not as weights or a broadcast operand)? */
static bool takes_layout(const Graph *graph, const Node *node, uint32_t index) {
    ValueId value = node->inputs[index];
    if (!is_spatial(graph, value) || graph_value_const(graph, value)->constant ||
        is_weights(node, index))
        return false;
    return graph_value_const(graph, value)->shape.rank ==
           graph_value_const(graph, node->outputs[0])->shape.rank;
}

/* Every operand must be spatial, or look the same in both layouts when it is read against the
 * result. */
static bool operands_allow(const Graph *graph, const Node *node) {
    int32_t rank = graph_value_const(graph, node->outputs[0])->shape.rank;
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == VALUE_NONE || takes_layout(graph, node, i))
            continue;
        const Value *value = graph_value_const(graph, node->inputs[i]);
        if (!shape_is_known(&value->shape) || value->layout != LAYOUT_PLAIN ||
            value->shape.rank > rank)
            return false;
        Shape aligned = { .rank = rank };
        for (int32_t dim = 0; dim < rank; dim++) {
            int32_t from = dim - (rank - value->shape.rank);
            aligned.dims[dim] = from < 0 ? 1 : value->shape.dims[from];
        }
        if (!layout_same_bytes(&aligned))
            return false;
    }
    return true;
}

static bool has_channels_last_input(const Graph *graph, const Node *node) {
    for (uint32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != VALUE_NONE &&
            graph_value_const(graph, node->inputs[i])->layout == LAYOUT_CHANNELS_LAST)
            return true;
    return false;
}

/* One result, or several that are all spatial (Split). */
static bool outputs_allow(const Graph *graph, const Node *node) {
    for (uint32_t i = 0; i < node->output_count; i++)
        if (node->outputs[i] == VALUE_NONE ? i == 0 : !is_spatial(graph, node->outputs[i]))
            return false;
    return node->output_count > 0;
}

static Layout choose(const LayoutCall *call, NodeId id) {
    const Node *node = graph_node_const(call->graph, id);
    const Device *device = call->context->device;
    if (!outputs_allow(call->graph, node))
        return LAYOUT_PLAIN;
    if (device->api->preferred_layout(device, call->graph, id) == LAYOUT_CHANNELS_LAST)
        return LAYOUT_CHANNELS_LAST;
    bool passes_on = has_channels_last_input(call->graph, node) &&
                     operands_allow(call->graph, node) &&
                     device->api->supports_layout(device, call->graph, id, LAYOUT_CHANNELS_LAST);
    return passes_on ? LAYOUT_CHANNELS_LAST : LAYOUT_PLAIN;
}

/* The value in that layout. */
static Status reorder(LayoutCall *call, ValueId value, Layout layout, ValueId *ret_value) {
    const Value from = *graph_value_const(call->graph, value);
    *ret_value = value;
    if (from.layout == layout)
        return status_ok();
    if (value < call->value_count && call->reordered[value] != VALUE_NONE) {
        *ret_value = call->reordered[value];
        return status_ok();
    }
    ValueId result;
    TRY(graph_add_value(call->graph, NULL, from.dtype, &from.shape, &result));
    graph_value(call->graph, result)->layout = layout;
    NodeSpec spec = { .op = op_schema_find("inferd", "Reorder"),
                      .name = "",
                      .inputs = &value,
                      .outputs = &result,
                      .input_count = 1,
                      .output_count = 1 };
    TRY(graph_add_node(call->graph, &spec, NULL));
    if (value < call->value_count)
        call->reordered[value] = result;
    *ret_value = result;
    return status_ok();
}

static Status lay_out_node(LayoutCall *call, NodeId id) {
    Layout layout = choose(call, id);
    for (uint32_t i = 0; i < graph_node_const(call->graph, id)->input_count; i++) {
        const Node *node = graph_node_const(call->graph, id);
        ValueId value = node->inputs[i];
        if (value == VALUE_NONE)
            continue;
        bool spatial = layout == LAYOUT_CHANNELS_LAST && takes_layout(call->graph, node, i);
        TRY(reorder(call, value, spatial ? LAYOUT_CHANNELS_LAST : LAYOUT_PLAIN, &value));
        if (value != graph_node_const(call->graph, id)->inputs[i])
            graph_set_input(call->graph, id, i, value);
    }
    const Node *node = graph_node_const(call->graph, id);
    for (uint32_t i = 0; layout == LAYOUT_CHANNELS_LAST && i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE)
            graph_value(call->graph, node->outputs[i])->layout = layout;
    return status_ok();
}

Status pass_assign_layouts(Graph *graph, const PassContext *context) {
    LayoutCall call = { .graph = graph,
                        .context = context,
                        .value_count = graph_value_count(graph) };
    AUTO(free) ValueId *reordered = malloc((call.value_count + 1) * sizeof *reordered);
    if (!reordered)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "assign_layouts: out of memory");
    for (size_t i = 0; i < call.value_count; i++)
        reordered[i] = VALUE_NONE;
    call.reordered = reordered;
    size_t node_count = graph_node_count(graph);
    for (NodeId id = 0; id < node_count; id++)
        if (!graph_node_const(graph, id)->removed)
            TRY(lay_out_node(&call, id));
    for (size_t i = 0; i < graph_output_count(graph); i++) {
        ValueId value = graph_output(graph, i)->value;
        TRY(reorder(&call, value, LAYOUT_PLAIN, &value));
        graph_set_output_value(graph, i, value);
    }
    return graph_sort(graph);
}
