/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Softmax and its kin, BatchNormalization and Dropout. Before opset 13 Softmax coerced its input to
 * two dims, cut before `axis`, and normalized whole rows: Flatten -> Softmax -> Reshape says so
 * today. Where axis is the last one both definitions agree and no node is added.
 *
 * Before opset 14 the number of outputs (before 7: is_test) told BatchNormalization that it was
 * training, now training_mode does. Its outputs saved_mean and saved_var are gone; a model that
 * reads them is refused when the import finds values without a producer. Dropout's ratio matters in
 * training alone.
 *
 * Source: ONNX Softmax 1, 11, 13; BatchNormalization 1, 6, 7, 9, 14; Dropout 1, 6, 7, 10, 12.
 */

#include "runtime/onnx/upgrade.h"

/* draft -> Flatten(axis) -> draft(axis -1) -> Reshape to the shape from before. */
static Status wrap_in_flatten(ImportContext *context, NodeDraft *draft, int64_t axis) {
    ValueId input = draft->inputs[0], output = draft->outputs[0], flat, shape, inner;
    Attribute flatten_axis = { .name = "axis", .kind = ATTRIBUTE_INT, .i = axis };
    TRY(upgrade_emit(context, draft, "Flatten", &input, 1, &flatten_axis, &flat));
    TRY(upgrade_emit(context, draft, "Shape", &input, 1, NULL, &shape));
    TRY(upgrade_value(context, &inner));

    Attribute last = { .name = "axis", .kind = ATTRIBUTE_INT, .i = -1 };
    NodeDraft softmax = *draft;
    softmax.inputs = &flat;
    softmax.outputs = &inner;
    softmax.attributes = &last;
    softmax.attribute_count = 1;
    TRY(draft_add(context, &softmax));

    /* The draft itself becomes the Reshape: it makes the output of the file's name. */
    draft->op = "Reshape";
    draft->inputs[0] = inner;
    draft_set_input(draft, 1, shape);
    draft->outputs[0] = output;
    draft_drop(draft, "axis");
    draft_set_int(draft, "allowzero", 1);
    return status_ok();
}

static Status softmax_rows(ImportContext *context, NodeDraft *draft) {
    if (draft->input_count != 1 || draft->inputs[0] == VALUE_NONE || draft->output_count != 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "has %u inputs and %u outputs, expected 1 and 1", draft->input_count,
                            draft->output_count);
    int64_t axis = draft_get_int(draft, "axis", 1);
    int32_t rank = graph_value_const(context->graph, draft->inputs[0])->shape.rank;
    if (axis != -1 && (rank == SHAPE_UNRANKED || axis != rank - 1))
        return wrap_in_flatten(context, draft, axis);
    draft_set_int(draft, "axis", -1);
    return status_ok();
}

static Status batch_normalization_mode(ImportContext *context, NodeDraft *draft) {
    (void)context;
    bool training =
        draft->opset < 7 ? draft_get_int(draft, "is_test", 0) == 0 : draft->output_count > 1;
    if (draft->opset < 9 && draft_get_int(draft, "spatial", 1) == 0)
        return status_error(STATUS_UNIMPLEMENTED,
                            "normalization per activation (spatial = 0) is not supported");
    draft_drop(draft, "is_test");
    draft_drop(draft, "spatial");
    draft_drop(draft, "consumed_inputs");
    if (draft->output_count > 3)
        draft->output_count = 3;
    if (training)
        draft_set_int(draft, "training_mode", 1);
    return status_ok();
}

/* The mask had the type of the data before opset 10. */
static Status retype_mask(ImportContext *context, NodeDraft *draft) {
    ValueId mask = draft->outputs[1], made;
    TRY(upgrade_value(context, &made));
    NodeDraft cast = *draft;
    cast.op = "CastLike";
    cast.inputs = (ValueId[]){ made, draft->inputs[0] };
    cast.input_count = 2;
    cast.outputs = &mask;
    cast.output_count = 1;
    cast.attribute_count = 0;
    draft->outputs[1] = made;
    return draft_add(context, &cast);
}

static Status dropout_mode(ImportContext *context, NodeDraft *draft) {
    if (!draft_has_input(draft, 0) || draft->input_count != 1)
        return status_error(STATUS_INVALID_ARGUMENT, "has %u inputs, expected 1",
                            draft->input_count);
    if (draft->opset < 7 && draft_get_int(draft, "is_test", 0) == 0)
        return status_error(STATUS_UNIMPLEMENTED,
                            "dropout in training mode (is_test = 0) is not supported");
    draft_drop(draft, "is_test");
    draft_drop(draft, "ratio");
    draft_drop(draft, "consumed_inputs");
    bool has_mask = draft->output_count > 1 && draft->outputs[1] != VALUE_NONE;
    return has_mask && draft->opset < 10 ? retype_mask(context, draft) : status_ok();
}

/* ONNX Runtime's optimiser writes it before it was an operator of ONNX: the form is the same. */
static Status early_layer_normalization(ImportContext *context, NodeDraft *draft) {
    (void)context;
    (void)draft;
    return status_ok();
}

static Status simplified_layer_normalization(ImportContext *context, NodeDraft *draft) {
    (void)context;
    if (draft->output_count > 1)
        return status_error(STATUS_UNIMPLEMENTED, "the inverse deviation is not supported");
    draft->op = "RMSNormalization";
    return status_ok();
}

const UpgradeRow upgrade_rows_normalization[] = {
    { "Softmax", 1, 12, softmax_rows },
    { "LogSoftmax", 1, 12, softmax_rows },
    { "Hardmax", 1, 12, softmax_rows },
    { "BatchNormalization", 1, 13, batch_normalization_mode },
    { "Dropout", 1, 11, dropout_mode },
    { "LayerNormalization", 1, 16, early_layer_normalization },
    { "SimplifiedLayerNormalization", 1, INT64_MAX, simplified_layer_normalization },
    { NULL, 0, 0, NULL },
};
