/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs the rows that fit a draft, and holds what rows are written with. Rows only change the draft
 * or add nodes before it in the graph; a row that needs a node behind renames the draft's output to
 * a new value and emits a node that makes the old one, which graph_sort puts in its place. Values
 * keep their names, so that messages and graph outputs are those of the file.
 */

#include "runtime/onnx/upgrade.h"

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/onnx/contrib.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

typedef struct UpgradeTable {
    const char *domain;
    const UpgradeRow *rows;
} UpgradeTable;

static const UpgradeTable tables[] = {
    { "", upgrade_rows_attribute_input },
    { "", upgrade_rows_broadcast },
    { "", upgrade_rows_image },
    { "", upgrade_rows_normalization },
    { "", upgrade_rows_scan },
    { "", upgrade_rows_sequence },
    { "ai.onnx.ml", upgrade_rows_ml },
};

static bool row_fits(const UpgradeRow *row, const char *op, int64_t opset) {
    return row->first_opset <= opset && opset <= row->last_opset && strcmp(row->op, op) == 0;
}

bool upgrade_covers(const char *domain, const char *op, int64_t opset) {
    if (contrib_covers(domain, op))
        return true;
    for (size_t table = 0; table < ARRAY_LENGTH(tables); table++)
        for (const UpgradeRow *row = tables[table].rows; row->op; row++)
            if (strcmp(tables[table].domain, domain) == 0 && row_fits(row, op, opset))
                return true;
    return false;
}

Status upgrade_node(ImportContext *context, NodeDraft *draft) {
    /* Rows may rename it: the others of the old name still apply. */
    const char *op = draft->op, *domain = draft->domain;
    if (contrib_covers(domain, op))
        return contrib_upgrade(context, draft);
    for (size_t table = 0; table < ARRAY_LENGTH(tables); table++)
        for (const UpgradeRow *row = tables[table].rows; row->op; row++)
            if (strcmp(tables[table].domain, domain) == 0 && row_fits(row, op, draft->opset))
                TRY(row->upgrade(context, draft));
    return status_ok();
}

static Status check_arity(const OpSchema *op, const NodeDraft *draft) {
    bool inputs_fit = draft->input_count >= op->min_inputs &&
                      (op->max_inputs == ARITY_ANY || draft->input_count <= op->max_inputs);
    bool outputs_fit = draft->output_count >= op->min_outputs &&
                       (op->max_outputs == ARITY_ANY || draft->output_count <= op->max_outputs);
    if (!inputs_fit)
        return status_error(STATUS_INVALID_ARGUMENT, "has %u inputs, expected %u to %u",
                            draft->input_count, op->min_inputs, op->max_inputs);
    if (!outputs_fit)
        return status_error(STATUS_INVALID_ARGUMENT, "has %u outputs, expected %u to %u",
                            draft->output_count, op->min_outputs, op->max_outputs);
    for (uint32_t i = 0; i < op->min_inputs; i++)
        if (draft->inputs[i] == VALUE_NONE)
            return status_error(STATUS_INVALID_ARGUMENT, "input %u is left out", i);
    return status_ok();
}

static Status join_captures(ImportContext *context, const NodeDraft *draft,
                            const ValueId **ret_inputs) {
    size_t count = (size_t)draft->input_count + draft->capture_count;
    ValueId *inputs = arena_calloc(context->node_arena, count, sizeof *inputs);
    if (!inputs)
        return arena_exhausted(context->node_arena);
    memcpy(inputs, draft->inputs, draft->input_count * sizeof *inputs);
    memcpy(inputs + draft->input_count, draft->captures, draft->capture_count * sizeof *inputs);
    *ret_inputs = inputs;
    return status_ok();
}

Status draft_add(ImportContext *context, const NodeDraft *draft) {
    const OpSchema *op = op_schema_find(draft->domain, draft->op);
    if (!op || (op->flags & OP_INTERNAL))
        return status_error(STATUS_UNIMPLEMENTED,
                            "operator '%s' (domain '%s', opset %" PRId64 ") is not supported",
                            draft->op, draft->domain, draft->opset);
    TRY(check_arity(op, draft));
    size_t input_count = (size_t)draft->input_count + draft->capture_count;
    const ValueId *inputs = draft->inputs;
    if (draft->capture_count > 0)
        TRY(join_captures(context, draft, &inputs));
    NodeSpec spec = { .op = op,
                      .name = draft->name,
                      .inputs = inputs,
                      .outputs = draft->outputs,
                      .attributes = draft->attributes,
                      .input_count = input_count,
                      .output_count = draft->output_count,
                      .attribute_count = draft->attribute_count,
                      .capture_count = draft->capture_count };
    NodeId node;
    TRY(graph_add_node(context->graph, &spec, &node));
    if (graph_node_count(context->graph) > context->limits.nodes)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "the model has more than %zu nodes",
                            context->limits.nodes);
    /* Rows for older forms and for contributed operators want ranks and types where they can be
     * had. What does not fit is told by graph_infer, later and for every model alike. */
    if (draft->opset < 13 || context->has_contrib) {
        Status ignored = graph_infer_node(context->graph, node);
        (void)ignored;
    }
    return status_ok();
}

const Attribute *draft_find(const NodeDraft *draft, const char *name) {
    for (uint32_t i = 0; i < draft->attribute_count; i++)
        if (strcmp(draft->attributes[i].name, name) == 0)
            return &draft->attributes[i];
    return NULL;
}

int64_t draft_get_int(const NodeDraft *draft, const char *name, int64_t fallback) {
    const Attribute *attribute = draft_find(draft, name);
    return attribute && attribute->kind == ATTRIBUTE_INT ? attribute->i : fallback;
}

void draft_drop(NodeDraft *draft, const char *name) {
    const Attribute *found = draft_find(draft, name);
    if (!found)
        return;
    size_t index = (size_t)(found - draft->attributes);
    draft->attribute_count--;
    memmove(&draft->attributes[index], &draft->attributes[index + 1],
            (draft->attribute_count - index) * sizeof *draft->attributes);
}

void draft_set_int(NodeDraft *draft, const char *name, int64_t value) {
    draft_drop(draft, name);
    draft->attributes[draft->attribute_count++] =
        (Attribute){ .name = name, .kind = ATTRIBUTE_INT, .i = value };
}

void draft_set_input(NodeDraft *draft, uint32_t index, ValueId value) {
    while (draft->input_count <= index)
        draft->inputs[draft->input_count++] = VALUE_NONE;
    draft->inputs[index] = value;
}

bool draft_has_input(const NodeDraft *draft, uint32_t index) {
    return index < draft->input_count && draft->inputs[index] != VALUE_NONE;
}

Status upgrade_ints(ImportContext *context, const int64_t *values, size_t count,
                    ValueId *ret_value) {
    Tensor *tensor;
    Shape shape = SHAPE((int64_t)count);
    TRY(import_charge_constant(context, count * sizeof *values));
    TRY(graph_add_constant_new(context->graph, DTYPE_I64, &shape, ret_value, &tensor));
    if (count > 0)
        memcpy(tensor->data, values, count * sizeof *values);
    return status_ok();
}

Status upgrade_ints_to_input(ImportContext *context, NodeDraft *draft, const char *name,
                             uint32_t index) {
    const Attribute *attribute = draft_find(draft, name);
    if (!attribute)
        return status_ok();
    if (attribute->kind != ATTRIBUTE_INTS || index > draft->input_count + 1 ||
        draft_has_input(draft, index))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "attribute '%s' does not fit this operator at opset %" PRId64, name,
                            draft->opset);
    ValueId value;
    TRY(upgrade_ints(context, attribute->ints, attribute->count, &value));
    draft_set_input(draft, index, value);
    draft_drop(draft, name);
    return status_ok();
}

static bool store_float(Tensor *tensor, float value) {
    uint16_t half = tensor->dtype == DTYPE_F16 ? f32_to_f16(value) : f32_to_bf16(value);
    double wide = value;
    switch (tensor->dtype) {
    case DTYPE_F32:
        memcpy(tensor->data, &value, sizeof value);
        return true;
    case DTYPE_F64:
        memcpy(tensor->data, &wide, sizeof wide);
        return true;
    case DTYPE_F16:
    case DTYPE_BF16:
        memcpy(tensor->data, &half, sizeof half);
        return true;
    default:
        return false;
    }
}

static bool is_storable(DType dtype) {
    return dtype == DTYPE_F32 || dtype == DTYPE_F64 || dtype == DTYPE_F16 || dtype == DTYPE_BF16;
}

Status upgrade_scalar_like(ImportContext *context, const NodeDraft *draft, float value,
                           ValueId *ret_value) {
    ValueId like = draft_has_input(draft, 0) ? draft->inputs[0] : VALUE_NONE;
    DType wanted = like == VALUE_NONE ? DTYPE_F32 : graph_value_const(context->graph, like)->dtype;
    DType dtype = is_storable(wanted) ? wanted : DTYPE_F32;
    Tensor *tensor;
    ValueId scalar;
    TRY(import_charge_constant(context, dtype_bytes(dtype)));
    TRY(graph_add_constant_new(context->graph, dtype, &SHAPE_SCALAR, &scalar, &tensor));
    bool stored = store_float(tensor, value);
    assert(stored);
    if (dtype == wanted || like == VALUE_NONE) {
        *ret_value = scalar;
        return status_ok();
    }
    return upgrade_emit(context, draft, "CastLike", (ValueId[]){ scalar, like }, 2, NULL,
                        ret_value);
}

Status upgrade_value(ImportContext *context, ValueId *ret_value) {
    if (graph_value_count(context->graph) >= context->limits.values)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "the model has more than %zu values",
                            context->limits.values);
    return graph_add_value(context->graph, NULL, DTYPE_INVALID, &SHAPE_UNKNOWN, ret_value);
}

Status upgrade_emit(ImportContext *context, const NodeDraft *draft, const char *op,
                    const ValueId *inputs, size_t input_count, const Attribute *attribute,
                    ValueId *ret_value) {
    ValueId output, lent_inputs[4];
    assert(input_count <= ARRAY_LENGTH(lent_inputs));
    memcpy(lent_inputs, inputs, input_count * sizeof *inputs);
    TRY(upgrade_value(context, &output));
    Attribute lent_attribute = attribute ? *attribute : (Attribute){ 0 };
    NodeDraft node = { .op = op,
                       .domain = "",
                       .name = draft->name,
                       .opset = draft->opset,
                       .inputs = lent_inputs,
                       .outputs = &output,
                       .attributes = &lent_attribute,
                       .input_count = (uint32_t)input_count,
                       .output_count = 1,
                       .attribute_count = attribute ? 1 : 0 };
    TRY(draft_add(context, &node));
    *ret_value = output;
    return status_ok();
}
