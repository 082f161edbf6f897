/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Quantised operators of com.microsoft that one recipe cannot say: any number of inputs
 * (QLinearConcat), or channels that may come last (the pools).
 */

#include "runtime/onnx/contrib.h"

#include "runtime/base/size.h"

#include <string.h>

Status contrib_qlinear_concat(ImportContext *context, NodeDraft *draft) {
    enum { RESULT_SCALE, RESULT_ZERO, FIRST, STEP = 3 };
    ValueId output = draft->outputs[0], joined,
            quantize[] = { VALUE_NONE, draft->inputs[RESULT_SCALE], draft->inputs[RESULT_ZERO] };
    if (draft->input_count < FIRST + STEP || (draft->input_count - FIRST) % STEP != 0 ||
        draft->output_count != 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "has %u inputs, expected a scale and a zero point, then three for "
                            "each tensor",
                            draft->input_count);
    NodeDraft concat = *draft;
    concat.op = "Concat";
    concat.domain = "";
    concat.input_count = 0;
    for (uint32_t i = FIRST; i < draft->input_count; i += STEP) {
        ValueId operand[STEP];
        memcpy(operand, &draft->inputs[i], sizeof operand);
        for (uint32_t k = 0; k < STEP; k++)
            if (operand[k] == VALUE_NONE)
                return status_error(STATUS_INVALID_ARGUMENT, "input %u is left out", i + k);
        TRY(upgrade_emit(context, draft, "DequantizeLinear", operand, STEP, NULL,
                         &concat.inputs[concat.input_count++]));
    }
    TRY(upgrade_value(context, &joined));
    concat.outputs = &joined;
    TRY(draft_add(context, &concat));
    quantize[0] = joined;
    draft->op = "QuantizeLinear";
    draft->domain = "";
    memcpy(draft->inputs, quantize, sizeof quantize);
    draft->outputs[0] = output;
    draft->input_count = ARRAY_LENGTH(quantize);
    draft->attribute_count = 0;
    return status_ok();
}

#define POOL_HEAD "f = DequantizeLinear(x x_scale x_zero); "
#define POOL_TAIL "y = QuantizeLinear(r scale zero)"
#define POOL_LAST(op)                                                                              \
    POOL_HEAD "c = Transpose(f) {perm=[0,3,1,2]}; p = " op "; r = Transpose(p) "                   \
              "{perm=[0,2,3,1]}; " POOL_TAIL

static const struct {
    const char *op, *channels_first, *channels_last;
} pools[] = {
    { "QLinearAveragePool", POOL_HEAD "r = AveragePool(f) {*}; " POOL_TAIL,
      POOL_LAST("AveragePool(c) {*}") },
    { "QLinearGlobalAveragePool", POOL_HEAD "r = GlobalAveragePool(f); " POOL_TAIL,
      POOL_LAST("GlobalAveragePool(c)") },
};

Status contrib_qlinear_pool(ImportContext *context, NodeDraft *draft) {
    bool is_last = draft_get_int(draft, "channels_last", 0) != 0;
    const char *body = NULL;
    int32_t rank = graph_value_const(context->graph, draft->inputs[0])->shape.rank;
    if (is_last && rank != 4 && rank != SHAPE_UNRANKED)
        return status_error(STATUS_UNIMPLEMENTED,
                            "channels last: expected an input of rank 4, got %d", rank);
    for (size_t i = 0; i < ARRAY_LENGTH(pools); i++)
        if (strcmp(draft->op, pools[i].op) == 0)
            body = is_last ? pools[i].channels_last : pools[i].channels_first;
    draft_drop(draft, "channels_last");
    return recipe_expand(context, draft, &(Recipe){ "x x_scale x_zero? scale zero", "y", body });
}
