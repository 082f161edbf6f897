/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Upsample and the first Resize are today's Resize with coordinates that begin at the corner
 * (asymmetric) and nearest positions rounded down; their scales were attributes once. RoiAlign knew
 * no shift by half a pixel before opset 16.
 *
 * Source: ONNX Upsample 1, 7, 9; Resize 10, 11; RoiAlign 10, 16.
 */

#include "runtime/onnx/upgrade.h"

#include <string.h>

static void set_string(NodeDraft *draft, const char *name, const char *value) {
    draft_drop(draft, name);
    draft->attributes[draft->attribute_count++] = (Attribute){
        .name = name, .kind = ATTRIBUTE_STRING, .s = { .data = value, .length = strlen(value) }
    };
}

static Status add_floats(ImportContext *context, const float *values, size_t count,
                         ValueId *ret_value) {
    Tensor *tensor;
    TRY(import_charge_constant(context, count * sizeof *values));
    TRY(graph_add_constant_new(context->graph, DTYPE_F32, &SHAPE((int64_t)count), ret_value,
                               &tensor));
    if (count > 0)
        memcpy(tensor->data, values, count * sizeof *values);
    return status_ok();
}

/* Inputs x, scales -> x, no roi, scales. */
static Status resize_from_corner(ImportContext *context, NodeDraft *draft) {
    (void)context;
    if (draft->input_count != 2)
        return status_error(STATUS_INVALID_ARGUMENT, "has %u inputs, expected 2",
                            draft->input_count);
    draft_set_input(draft, 2, draft->inputs[1]);
    draft->inputs[1] = VALUE_NONE;
    draft->op = "Resize";
    set_string(draft, "coordinate_transformation_mode", "asymmetric");
    set_string(draft, "nearest_mode", "floor");
    return status_ok();
}

static Status upsample_by_attribute(ImportContext *context, NodeDraft *draft) {
    const Attribute *scales = draft_find(draft, "scales");
    if (!scales || scales->kind != ATTRIBUTE_FLOATS || draft->input_count != 1)
        return status_error(STATUS_INVALID_ARGUMENT, "needs attribute 'scales' and one input");
    ValueId value;
    TRY(add_floats(context, scales->floats, scales->count, &value));
    draft_set_input(draft, 1, value);
    draft_drop(draft, "scales");
    return resize_from_corner(context, draft);
}

static Status upsample_by_height(ImportContext *context, NodeDraft *draft) {
    const Attribute *height = draft_find(draft, "height_scale");
    const Attribute *width = draft_find(draft, "width_scale");
    const Attribute *mode = draft_find(draft, "mode");
    if (!height || height->kind != ATTRIBUTE_FLOAT || !width || width->kind != ATTRIBUTE_FLOAT ||
        draft->input_count != 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "needs attributes 'height_scale' and 'width_scale' and one input");
    ValueId value;
    TRY(add_floats(context, (float[]){ 1.0f, 1.0f, height->f, width->f }, 4, &value));
    draft_set_input(draft, 1, value);
    bool is_linear = mode && mode->kind == ATTRIBUTE_STRING && mode->s.length > 0 &&
                     mode->s.data[0] == 'b'; /* bilinear */
    draft_drop(draft, "height_scale");
    draft_drop(draft, "width_scale");
    if (is_linear)
        set_string(draft, "mode", "linear");
    return resize_from_corner(context, draft);
}

static Status align_without_shift(ImportContext *context, NodeDraft *draft) {
    (void)context;
    set_string(draft, "coordinate_transformation_mode", "output_half_pixel");
    return status_ok();
}

const UpgradeRow upgrade_rows_image[] = {
    { "Upsample", 1, 6, upsample_by_height },    { "Upsample", 7, 8, upsample_by_attribute },
    { "Upsample", 9, 9, resize_from_corner },    { "Resize", 10, 10, resize_from_corner },
    { "RoiAlign", 10, 15, align_without_shift }, { NULL, 0, 0, NULL },
};
