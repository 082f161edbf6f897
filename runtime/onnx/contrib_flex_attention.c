/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * FlexAttention: plain, it is Attention. Where a graph changes the scores (score_mod) or the
 * probabilities (prob_mod), the product is taken apart and the graphs' nodes stand in between.
 *
 * Source: ONNX ai.onnx.preview FlexAttention 1.
 */

#include "runtime/onnx/contrib.h"

#include "runtime/base/size.h"

#include <math.h>
#include <string.h>

/* 1 / sqrt(size of a head), unless the node says otherwise. */
static Status scale_of(ImportContext *context, const NodeDraft *draft, ValueId *ret_value) {
    const Attribute *given = draft_find(draft, "scale");
    const Shape *query = &graph_value_const(context->graph, draft->inputs[0])->shape;
    if (given && given->kind == ATTRIBUTE_FLOAT)
        return upgrade_scalar_like(context, draft, given->f, ret_value);
    if (query->rank != 4 || query->dims[3] <= 0)
        return status_error(STATUS_UNIMPLEMENTED, "heads of a size that is not known");
    return upgrade_scalar_like(context, draft, 1.0f / sqrtf((float)query->dims[3]), ret_value);
}

/* The value after the graph of that attribute; the same where there is none. */
static Status pass_through(ImportContext *context, const NodeDraft *draft, const char *name,
                           ValueId *value) {
    const Attribute *found = draft_find(draft, name);
    if (!found)
        return status_ok();
    if (found->kind != ATTRIBUTE_GRAPH ||
        graph_input_count(found->graph) != 1 + (size_t)draft->capture_count ||
        graph_output_count(found->graph) != 1)
        return status_error(STATUS_INVALID_ARGUMENT, "%s: expected a graph of one tensor", name);
    ValueId *inputs =
        arena_calloc(context->node_arena, 1 + (size_t)draft->capture_count, sizeof *inputs);
    if (!inputs)
        return arena_exhausted(context->node_arena);
    inputs[0] = *value;
    for (uint32_t i = 0; i < draft->capture_count; i++)
        inputs[1 + i] = draft->captures[i];
    TRY(graph_inline(context->graph, found->graph, inputs, value));
    return *value == VALUE_NONE
               ? status_error(STATUS_INVALID_ARGUMENT, "%s: the graph gives nothing", name)
               : status_ok();
}

static Status check_heads(const ImportContext *context, const NodeDraft *draft) {
    const Shape *query = &graph_value_const(context->graph, draft->inputs[0])->shape,
                *key = &graph_value_const(context->graph, draft->inputs[1])->shape;
    if (query->rank == 4 && key->rank == 4 && query->dims[1] == key->dims[1] &&
        key->dims[1] != DIM_UNKNOWN)
        return status_ok();
    return status_error(STATUS_UNIMPLEMENTED, "graphs of scores where heads share keys");
}

Status contrib_flex_attention(ImportContext *context, NodeDraft *draft) {
    static const Recipe plain = { "q k v", "y", "y = Attention(q k v) {scale=$scale}" };
    static const int64_t swapped[] = { 0, 1, 3, 2 };
    Attribute order = { .name = "perm", .kind = ATTRIBUTE_INTS, .count = 4, .ints = swapped };
    Attribute last = { .name = "axis", .kind = ATTRIBUTE_INT, .i = -1 };
    ValueId key, scores, scale;
    if (draft_find(draft, "softmax_precision"))
        return status_error(STATUS_UNIMPLEMENTED, "softmax_precision is not supported");
    if (!draft_find(draft, "score_mod") && !draft_find(draft, "prob_mod"))
        return recipe_expand(context, draft, &plain);
    TRY(check_heads(context, draft));
    TRY(scale_of(context, draft, &scale));
    TRY(upgrade_emit(context, draft, "Transpose", &draft->inputs[1], 1, &order, &key));
    TRY(upgrade_emit(context, draft, "MatMul", (ValueId[]){ draft->inputs[0], key }, 2, NULL,
                     &scores));
    TRY(upgrade_emit(context, draft, "Mul", (ValueId[]){ scores, scale }, 2, NULL, &scores));
    TRY(pass_through(context, draft, "score_mod", &scores));
    TRY(upgrade_emit(context, draft, "Softmax", &scores, 1, &last, &scores));
    TRY(pass_through(context, draft, "prob_mod", &scores));
    draft->op = "MatMul";
    draft->domain = "";
    draft->inputs[0] = scores;
    draft->inputs[1] = draft->inputs[2];
    draft->input_count = 2;
    draft->attribute_count = draft->capture_count = 0;
    return status_ok();
}
