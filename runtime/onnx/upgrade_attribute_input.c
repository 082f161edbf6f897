/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Forms whose attributes became inputs, changed their kind or went away: axes, pads, split, bounds,
 * shapes. The values are constants of the file, so nothing is lost by moving them; what was an
 * attribute's default and differs from today's is written out.
 *
 * Bounds of Clip before opset 11 default to the largest finite float, today to none: the two differ
 * for infinities alone, and no bound is what exporters meant.
 *
 * Source: ONNX operator versions, the opset beside each row.
 */

#include "runtime/onnx/upgrade.h"

#include "runtime/base/size.h"

#include <inttypes.h>
#include <string.h>

static Status axes_to_input(ImportContext *context, NodeDraft *draft) {
    const Attribute *axes = draft_find(draft, "axes");
    if (axes && axes->kind == ATTRIBUTE_INTS && axes->count == 0)
        draft_drop(draft, "axes"); /* none named was all of them, then as now */
    return upgrade_ints_to_input(context, draft, "axes", 1);
}

static Status slice_to_inputs(ImportContext *context, NodeDraft *draft) {
    TRY(upgrade_ints_to_input(context, draft, "starts", 1));
    TRY(upgrade_ints_to_input(context, draft, "ends", 2));
    return upgrade_ints_to_input(context, draft, "axes", 3);
}

/* `split` names the sizes; without it the parts were equal, which today num_outputs says. */
static Status split_to_input(ImportContext *context, NodeDraft *draft) {
    if (draft->opset < 13)
        TRY(upgrade_ints_to_input(context, draft, "split", 1));
    if (!draft_has_input(draft, 1))
        draft_set_int(draft, "num_outputs", draft->output_count);
    return status_ok();
}

static Status float_to_input(ImportContext *context, NodeDraft *draft, const char *name,
                             uint32_t index) {
    const Attribute *attribute = draft_find(draft, name);
    if (!attribute)
        return status_ok();
    if (index > draft->input_count + 1 || draft_has_input(draft, index))
        return status_error(STATUS_INVALID_ARGUMENT, "has %u inputs, expected 1",
                            draft->input_count);
    float value =
        attribute->f; /* FLOAT: the table of expected kinds has a row for each name used here */
    ValueId constant;
    TRY(upgrade_scalar_like(context, draft, value, &constant));
    draft_set_input(draft, index, constant);
    draft_drop(draft, name);
    return status_ok();
}

static Status clip_to_inputs(ImportContext *context, NodeDraft *draft) {
    TRY(float_to_input(context, draft, "min", 1));
    return float_to_input(context, draft, "max", 2);
}

static Status pad_to_inputs(ImportContext *context, NodeDraft *draft) {
    TRY(upgrade_ints_to_input(context, draft, draft->opset < 2 ? "paddings" : "pads", 1));
    return float_to_input(context, draft, "value", 2);
}

static Status shape_to_input(ImportContext *context, NodeDraft *draft) {
    return upgrade_ints_to_input(context, draft, "shape", 1);
}

static Status k_to_input(ImportContext *context, NodeDraft *draft) {
    const Attribute *k = draft_find(draft, "k");
    if (!k || k->kind != ATTRIBUTE_INT || draft->input_count != 1)
        return status_error(STATUS_INVALID_ARGUMENT, "needs attribute 'k' and one input");
    ValueId value;
    TRY(upgrade_ints(context, &k->i, 1, &value));
    draft_set_input(draft, 1, value);
    draft_drop(draft, "k");
    return status_ok();
}

static Status concat_axis(ImportContext *context, NodeDraft *draft) {
    (void)context;
    draft_set_int(draft, "axis", draft_get_int(draft, "axis", 1));
    return status_ok();
}

/* Names of TensorProto.DataType as Cast wrote them before opset 6. */
static const struct {
    const char *name;
    DType dtype;
} cast_names[] = {
    { "FLOAT", DTYPE_F32 },   { "UINT8", DTYPE_U8 },      { "INT8", DTYPE_I8 },
    { "UINT16", DTYPE_U16 },  { "INT16", DTYPE_I16 },     { "INT32", DTYPE_I32 },
    { "INT64", DTYPE_I64 },   { "STRING", DTYPE_STRING }, { "BOOL", DTYPE_BOOL },
    { "FLOAT16", DTYPE_F16 }, { "DOUBLE", DTYPE_F64 },    { "UINT32", DTYPE_U32 },
    { "UINT64", DTYPE_U64 },  { "COMPLEX64", DTYPE_C64 }, { "COMPLEX128", DTYPE_C128 },
};

static Status cast_name_to_int(ImportContext *context, NodeDraft *draft) {
    (void)context;
    const Attribute *to = draft_find(draft, "to");
    if (!to || to->kind != ATTRIBUTE_STRING)
        return status_ok();
    for (size_t i = 0; i < ARRAY_LENGTH(cast_names); i++) {
        if (strlen(cast_names[i].name) != to->s.length ||
            memcmp(cast_names[i].name, to->s.data, to->s.length) != 0)
            continue;
        draft_set_int(draft, "to", cast_names[i].dtype);
        return status_ok();
    }
    return status_error(STATUS_INVALID_ARGUMENT, "attribute 'to': no element type of that name");
}

static Status drop_consumed(ImportContext *context, NodeDraft *draft) {
    (void)context;
    draft_drop(draft, "consumed_inputs");
    return status_ok();
}

/* p of a norm was a float once; kernels know whole numbers. */
static Status power_to_int(ImportContext *context, NodeDraft *draft) {
    (void)context;
    const Attribute *p = draft_find(draft, "p");
    if (!p || p->kind != ATTRIBUTE_FLOAT)
        return status_ok();
    if (!(p->f >= 1.0f && p->f <= 1e6f) || p->f != (float)(int64_t)p->f)
        return status_error(STATUS_UNIMPLEMENTED, "a norm of p = %g is not supported",
                            (double)p->f);
    draft_set_int(draft, "p", (int64_t)p->f);
    return status_ok();
}

/* Read as it is: what later forms added is off by default. */
static Status keep_form(ImportContext *context, NodeDraft *draft) {
    (void)context;
    (void)draft;
    return status_ok();
}

static Status refuse_form(ImportContext *context, NodeDraft *draft) {
    (void)context;
    return status_error(STATUS_UNIMPLEMENTED,
                        "operator '%s' (domain '', opset %" PRId64
                        ") is not supported in this old form",
                        draft->op, draft->opset);
}

static Status rename_scatter(ImportContext *context, NodeDraft *draft) {
    (void)context;
    draft->op = "ScatterElements";
    return status_ok();
}

const UpgradeRow upgrade_rows_attribute_input[] = {
    { "Squeeze", 1, 12, axes_to_input },
    { "Unsqueeze", 1, 12, axes_to_input },
    { "ReduceSum", 1, 12, axes_to_input },
    { "ReduceL1", 1, 17, axes_to_input },
    { "ReduceL2", 1, 17, axes_to_input },
    { "ReduceLogSum", 1, 17, axes_to_input },
    { "ReduceLogSumExp", 1, 17, axes_to_input },
    { "ReduceMax", 1, 17, axes_to_input },
    { "ReduceMean", 1, 17, axes_to_input },
    { "ReduceMin", 1, 17, axes_to_input },
    { "ReduceProd", 1, 17, axes_to_input },
    { "ReduceSumSquare", 1, 17, axes_to_input },
    { "Slice", 1, 9, slice_to_inputs },
    { "Split", 1, 17, split_to_input },
    { "Clip", 1, 10, clip_to_inputs },
    { "Pad", 1, 10, pad_to_inputs },
    { "Reshape", 1, 4, shape_to_input },
    { "TopK", 1, 9, k_to_input },
    { "Concat", 1, 3, concat_axis },
    { "Cast", 1, 5, cast_name_to_int },
    { "AveragePool", 1, 6, keep_form },
    { "Tile", 1, 5, refuse_form },
    { "Scatter", 9, 10, rename_scatter },
    { "LpPool", 1, 1, power_to_int },
    { "GlobalLpPool", 1, 1, power_to_int },
    { "InstanceNormalization", 1, 5, drop_consumed },
    { "Relu", 1, 5, drop_consumed },
    { "LeakyRelu", 1, 5, drop_consumed },
    { "PRelu", 1, 5, drop_consumed },
    { "Clip", 1, 5, drop_consumed },
    { "Sigmoid", 1, 5, drop_consumed },
    { "HardSigmoid", 1, 5, drop_consumed },
    { "Sum", 1, 5, drop_consumed },
    { "Min", 1, 5, drop_consumed },
    { "Max", 1, 5, drop_consumed },
    { "Mean", 1, 5, drop_consumed },
    { "Floor", 1, 5, drop_consumed },
    { "Ceil", 1, 5, drop_consumed },
    { "Abs", 1, 5, drop_consumed },
    { "Neg", 1, 5, drop_consumed },
    { "Sqrt", 1, 5, drop_consumed },
    { "Exp", 1, 5, drop_consumed },
    { "Log", 1, 5, drop_consumed },
    { "Reciprocal", 1, 5, drop_consumed },
    { "Reshape", 1, 4, drop_consumed },
    { NULL, 0, 0, NULL },
};
