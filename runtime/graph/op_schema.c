/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Finding operators, and inference for one node or a whole graph. Checks that hold for every
 * operator are made here, around the operator's own function: arity and types before it, and after
 * it that no output shape is beyond what memory can address. Nothing is trusted: a model file may
 * say anything.
 *
 * Thread: any; graph_infer* write into the graph, so one owner at a time.
 */

#include "runtime/graph/op_schema.h"

#include "runtime/base/size.h"
#include "runtime/graph/infer.h"
#include "runtime/graph/infer_control.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PORTS_ON_STACK = 16 };

static int compare_name(const void *name, const void *row) {
    return strcmp(name, ((const OpSchema *)row)->name);
}

const OpSchema *op_schema_find(const char *domain, const char *name) {
    size_t count;
    bool is_ml = strcmp(domain, "ai.onnx.ml") == 0;
    const OpSchema *rows = is_ml ? op_schema_table_ml(&count) : op_schema_table(&count);
    const OpSchema *row = bsearch(name, rows, count, sizeof *rows, compare_name);
    if (strcmp(domain, "ai.onnx") == 0)
        domain = "";
    return row && strcmp(row->domain, domain) == 0 ? row : NULL;
}

/* Residuals and factors that passes have fused come after the operator's own inputs. */
static size_t epilogue_inputs(const Node *node) {
    size_t count = 0;
    for (size_t i = 0; i < node->epilogue_count; i++) {
        const EpilogueStep *step = &node->epilogue[i];
        if (step->kind != EPILOGUE_ADD && step->kind != EPILOGUE_MUL)
            continue;
        assert(step->input >= node->op->max_inputs && step->input < node->input_count);
        count++;
    }
    return count;
}

static Status check_arity(const InferCall *call) {
    const Node *node = call->node;
    const OpSchema *op = node->op;
    size_t most = op->max_inputs == ARITY_ANY ? SIZE_MAX : op->max_inputs + epilogue_inputs(node);
    uint32_t own = node_own_inputs(node);
    if (own < op->min_inputs || own > most)
        return status_error(STATUS_INVALID_ARGUMENT, "expected %u to %zu inputs, got %u",
                            op->min_inputs, most, own);
    if (node->output_count < op->min_outputs ||
        (op->max_outputs != ARITY_ANY && node->output_count > op->max_outputs))
        return status_error(STATUS_INVALID_ARGUMENT, "expected %u to %u outputs, got %u",
                            op->min_outputs, op->max_outputs, node->output_count);
    for (size_t i = 0; i < op->min_inputs; i++)
        if (!call->inputs[i].present)
            return status_error(STATUS_INVALID_ARGUMENT, "input %zu is required, but left out", i);
    return op->types ? infer_check_types(call, 0, op->types) : status_ok();
}

static Status check_outputs(const InferCall *call) {
    for (size_t i = 0; i < call->node->output_count; i++) {
        const InferPort *port = &call->outputs[i];
        Shape checked;
        size_t bytes;
        if (!port->present || port->shape.rank == SHAPE_UNRANKED)
            continue;
        Status status = shape_make(port->shape.dims, (size_t)port->shape.rank, &checked);
        if (!status_is_ok(&status))
            return status_prefix(&status, "output %zu", i);
        DType dtype = port->dtype == DTYPE_INVALID ? DTYPE_U8 : port->dtype;
        if (shape_is_known(&checked) && !shape_bytes(&checked, dtype, &bytes))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "output %zu: shape %s of %s is too large to address", i,
                                SHAPE_TEXT(&checked), dtype_name(port->dtype));
    }
    return status_ok();
}

/* Captures are the bodies' business. */
Status op_check_lists(const InferCall *call) {
    uint32_t own = node_own_inputs(call->node);
    for (uint32_t i = 0; i < own && !(call->node->op->flags & OP_LISTS); i++)
        if (call->inputs[i].present && dtype_is_list(call->inputs[i].dtype))
            return status_error(STATUS_INVALID_ARGUMENT, "input %u: expected a tensor, got %s", i,
                                dtype_name(call->inputs[i].dtype));
    return status_ok();
}

static Status infer_checked(InferCall *call) {
    TRY(check_arity(call));
    TRY(op_check_lists(call));
    TRY(call->node->op->infer(call));
    return check_outputs(call);
}

Status op_infer(InferCall *call) {
    Status status = infer_checked(call);
    if (status_is_ok(&status))
        return status;
    const Node *node = call->node;
    if (!*node->name)
        return status_prefix(&status, "%s", node->op->name);
    return status_prefix(&status, "%s '%.100s'", node->op->name, node->name);
}

static InferPort port_of(const Graph *graph, ValueId id) {
    if (id == VALUE_NONE)
        return (InferPort){ .present = false, .shape = SHAPE_UNKNOWN };
    const Value *value = graph_value_const(graph, id);
    return (InferPort){
        .present = true, .dtype = value->dtype, .shape = value->shape, .value = value->constant
    };
}

Status graph_infer_node(Graph *graph, NodeId id) {
    const Node *node = graph_node(graph, id);
    size_t count = (size_t)node->input_count + node->output_count;
    InferPort small[PORTS_ON_STACK];
    AUTO(free) InferPort *large = count > PORTS_ON_STACK ? calloc(count, sizeof *large) : NULL;
    InferPort *ports = count > PORTS_ON_STACK ? large : small;
    if (!ports)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory for a node of %zu values",
                            count);

    InferPort *outputs = ports + node->input_count;
    for (size_t i = 0; i < node->input_count; i++)
        ports[i] = port_of(graph, node->inputs[i]);
    for (size_t i = 0; i < node->output_count; i++)
        outputs[i] =
            (InferPort){ .present = node->outputs[i] != VALUE_NONE, .shape = SHAPE_UNKNOWN };
    TRY(op_infer(&(InferCall){ .node = node, .inputs = ports, .outputs = outputs }));

    for (size_t i = 0; i < node->output_count; i++) {
        if (!outputs[i].present)
            continue;
        Value *value = graph_value(graph, node->outputs[i]);
        value->dtype = outputs[i].dtype;
        value->shape = outputs[i].shape;
    }
    if (!node_body(node, 0))
        return status_ok();
    Status status = graph_infer_bodies(graph, id);
    return status_prefix(&status, "%s '%.100s'", node->op->name, node->name);
}

Status graph_infer(Graph *graph) {
    size_t count = graph_node_count(graph);
    for (size_t i = 0; i < count; i++)
        if (!graph_node(graph, (NodeId)i)->removed)
            TRY(graph_infer_node(graph, (NodeId)i));
    return status_ok();
}
