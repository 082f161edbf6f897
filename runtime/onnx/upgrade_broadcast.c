/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Broadcasting before opset 7: the second input could be smaller only with `broadcast`, and `axis`
 * said where its dims lie among those of the first. Without axis they lie at the end, which is what
 * numpy's rule does anyway. With axis, 1s are appended to its shape until it reaches to the end;
 * that needs both ranks, which the import knows by inference in file order. PRelu's one-dim slope
 * likewise went over the channels.
 *
 * Source: ONNX Add, opset 1 and 6; PRelu, opset 1 and 6.
 */

#include "runtime/onnx/upgrade.h"

static int32_t rank_of(const ImportContext *context, ValueId value) {
    return graph_value_const(context->graph, value)->shape.rank;
}

/* Appends `count` dims of 1 to input 1, whose rank is `rank`. */
static Status append_ones(ImportContext *context, NodeDraft *draft, int32_t rank, int32_t count) {
    int64_t axes[SHAPE_MAX_RANK];
    for (int32_t i = 0; i < count; i++)
        axes[i] = rank + i;
    ValueId axes_value, unsqueezed;
    TRY(upgrade_ints(context, axes, (size_t)count, &axes_value));
    TRY(upgrade_emit(context, draft, "Unsqueeze", (ValueId[]){ draft->inputs[1], axes_value }, 2,
                     NULL, &unsqueezed));
    draft->inputs[1] = unsqueezed;
    return status_ok();
}

static Status broadcast_axis(ImportContext *context, NodeDraft *draft) {
    bool broadcast = draft_get_int(draft, "broadcast", 0) != 0;
    bool has_axis = draft_find(draft, "axis") != NULL;
    int64_t axis = draft_get_int(draft, "axis", 0);
    draft_drop(draft, "broadcast");
    draft_drop(draft, "axis");
    draft_drop(draft, "consumed_inputs");
    if (!broadcast || !has_axis || !draft_has_input(draft, 0) || !draft_has_input(draft, 1))
        return status_ok();

    int32_t a = rank_of(context, draft->inputs[0]), b = rank_of(context, draft->inputs[1]);
    if (a == SHAPE_UNRANKED || b == SHAPE_UNRANKED)
        return status_error(STATUS_UNIMPLEMENTED,
                            "broadcast along an axis needs inputs of known rank");
    if (axis < 0)
        axis += a;
    if (axis < 0 || axis + b > a)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "axis places %d dims outside of the %d dims they broadcast to", b, a);
    int32_t missing = a - b - (int32_t)axis;
    return missing > 0 ? append_ones(context, draft, b, missing) : status_ok();
}

static Status prelu_channels(ImportContext *context, NodeDraft *draft) {
    if (!draft_has_input(draft, 0) || !draft_has_input(draft, 1))
        return status_ok();
    int32_t x = rank_of(context, draft->inputs[0]), slope = rank_of(context, draft->inputs[1]);
    if (x == SHAPE_UNRANKED || slope == SHAPE_UNRANKED)
        return status_error(STATUS_UNIMPLEMENTED,
                            "a slope over the channels needs inputs of known rank");
    return slope == 1 && x > 2 ? append_ones(context, draft, 1, x - 2) : status_ok();
}

static Status drop_broadcast(ImportContext *context, NodeDraft *draft) {
    (void)context;
    draft_drop(draft, "broadcast"); /* C of Gemm broadcasts by numpy's rule with or without */
    return status_ok();
}

const UpgradeRow upgrade_rows_broadcast[] = {
    { "Add", 1, 6, broadcast_axis },     { "Sub", 1, 6, broadcast_axis },
    { "Mul", 1, 6, broadcast_axis },     { "Div", 1, 6, broadcast_axis },
    { "Pow", 1, 6, broadcast_axis },     { "And", 1, 6, broadcast_axis },
    { "Or", 1, 6, broadcast_axis },      { "Xor", 1, 6, broadcast_axis },
    { "Equal", 1, 6, broadcast_axis },   { "Less", 1, 6, broadcast_axis },
    { "Greater", 1, 6, broadcast_axis }, { "PRelu", 1, 6, prelu_channels },
    { "Gemm", 1, 6, drop_broadcast },    { NULL, 0, 0, NULL },
};
