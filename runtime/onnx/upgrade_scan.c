/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Scan as it was in opset 8: with a batch as axis 0 of everything, and the sequence as axis 1.
 * Today's form has no batch, so the old one becomes two: a Scan over the batch, whose body is a
 * Scan over the sequence of one entry. Lengths of their own for the entries (sequence_lens) are not
 * supported.
 *
 * Source: ONNX Scan 8, 9.
 */

#include "runtime/graph/op_schema.h"
#include "runtime/onnx/upgrade.h"

enum { WRAPPER_BYTES = 1 << 20, PORTS_MAX = 4096 };

/* The wrapper's inputs, or the outputs of its node, all without names. */
static Status add_ports(Graph *wrapper, size_t count, bool inputs, ValueId *values) {
    for (size_t i = 0; i < count; i++) {
        TRY(graph_add_value(wrapper, NULL, DTYPE_INVALID, &SHAPE_UNKNOWN, &values[i]));
        Port port = { .name = "", .value = values[i], .shape = SHAPE_UNKNOWN };
        if (inputs)
            TRY(graph_add_input(wrapper, &port));
    }
    return status_ok();
}

static Status fill_wrapper(ImportContext *context, const NodeDraft *draft, const Graph *body,
                           Graph *wrapper) {
    size_t inputs = (size_t)draft->input_count - 1 + draft->capture_count;
    size_t outputs = graph_output_count(body);
    if (inputs > PORTS_MAX || outputs > PORTS_MAX)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "has more than %d inputs or outputs",
                            PORTS_MAX);
    ValueId *values = arena_calloc(context->node_arena, inputs + outputs, sizeof *values);
    Attribute attributes[3];
    size_t count = 0;
    if (!values)
        return arena_exhausted(context->node_arena);
    TRY(add_ports(wrapper, inputs, true, values));
    TRY(add_ports(wrapper, outputs, false, values + inputs));
    attributes[count++] = *draft_find(draft, "body");
    attributes[count++] = *draft_find(draft, "num_scan_inputs");
    if (draft_find(draft, "directions")) {
        attributes[count] = *draft_find(draft, "directions");
        attributes[count++].name = "scan_input_directions";
    }
    NodeSpec spec = { .op = op_schema_find("", "Scan"),
                      .name = draft->name,
                      .inputs = values,
                      .outputs = values + inputs,
                      .attributes = attributes,
                      .input_count = inputs,
                      .output_count = outputs,
                      .attribute_count = count,
                      .capture_count = draft->capture_count };
    TRY(graph_add_node(wrapper, &spec, NULL));
    for (size_t i = 0; i < outputs; i++) {
        Port port = { .name = "", .value = values[inputs + i], .shape = SHAPE_UNKNOWN };
        TRY(graph_add_output(wrapper, &port));
    }
    return status_ok();
}

static Status scan_with_batch(ImportContext *context, NodeDraft *draft) {
    const Attribute *body = draft_find(draft, "body");
    const Attribute *scanned = draft_find(draft, "num_scan_inputs");
    if (!body || !scanned || scanned->kind != ATTRIBUTE_INT || draft->input_count < 2)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "has no body, no num_scan_inputs or too few inputs");
    if (draft_has_input(draft, 0))
        return status_error(STATUS_UNIMPLEMENTED, "input 'sequence_lens' is not supported");
    AUTO(graph_free) Graph *wrapper = NULL;
    TRY(graph_new(WRAPPER_BYTES, &wrapper));
    TRY(fill_wrapper(context, draft, body->graph, wrapper));
    TRY(graph_keep_body(context->graph, wrapper));
    draft->inputs++; /* sequence_lens was the first */
    draft->input_count--;
    draft->attributes[0] =
        (Attribute){ .name = "body", .kind = ATTRIBUTE_GRAPH, .graph = TAKE(wrapper) };
    draft->attributes[1] =
        (Attribute){ .name = "num_scan_inputs", .kind = ATTRIBUTE_INT, .i = draft->input_count };
    draft->attribute_count = 2;
    return status_ok();
}

const UpgradeRow upgrade_rows_scan[] = {
    { "Scan", 8, 8, scan_with_batch },
    { NULL, 0, 0, NULL },
};
