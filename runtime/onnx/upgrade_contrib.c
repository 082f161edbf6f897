/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators of com.microsoft that optimising tools write, said in standard ones: activations (Gelu,
 * BiasGelu, FastGelu, QuickGelu), a matrix product with an activation behind it (FusedGemm), and
 * elementwise operators on quantised tensors (QLinearAdd and kin), which are the plain operator
 * between DequantizeLinear and QuantizeLinear. That may round a tie to the other side
 * than a runtime that computes it in one piece.
 *
 * Source: ONNX Runtime's document of contributed operators, version 1 of each.
 */

#include "runtime/onnx/upgrade.h"

#include <string.h>

static Status check_inputs(const NodeDraft *draft, uint32_t least, uint32_t most) {
    bool fits =
        draft->input_count >= least && draft->input_count <= most && draft->output_count == 1;
    for (uint32_t i = 0; i < least && fits; i++)
        fits = draft->inputs[i] != VALUE_NONE;
    return fits ? status_ok()
                : status_error(STATUS_INVALID_ARGUMENT,
                               "has %u inputs and %u outputs, expected %u to %u and 1",
                               draft->input_count, draft->output_count, least, most);
}

/* The draft becomes op(input), with at most one attribute. */
static void become(NodeDraft *draft, const char *op, ValueId input, const Attribute *attribute) {
    draft->op = op;
    draft->domain = "";
    draft->inputs[0] = input;
    draft->input_count = 1;
    draft->attribute_count = attribute ? 1 : 0;
    if (attribute)
        draft->attributes[0] = *attribute;
}

static Status gelu(ImportContext *context, NodeDraft *draft) {
    Attribute tanh_form = { .name = "approximate", .kind = ATTRIBUTE_STRING, .s = { "tanh", 4 } };
    bool fast = strcmp(draft->op, "FastGelu") == 0, bias = strcmp(draft->op, "BiasGelu") == 0;
    ValueId input;
    TRY(check_inputs(draft, bias ? 2 : 1, bias || fast ? 2 : 1));
    input = draft->inputs[0];
    if (draft_has_input(draft, 1))
        TRY(upgrade_emit(context, draft, "Add", draft->inputs, 2, NULL, &input));
    become(draft, "Gelu", input, fast ? &tanh_form : NULL);
    return status_ok();
}

static Status quick_gelu(ImportContext *context, NodeDraft *draft) {
    (void)context;
    const Attribute *given = draft_find(draft, "alpha");
    Attribute alpha = { .name = "alpha", .kind = ATTRIBUTE_FLOAT, .f = 1.702f };
    TRY(check_inputs(draft, 1, 1));
    if (given && given->kind == ATTRIBUTE_FLOAT)
        alpha.f = given->f;
    become(draft, "Swish", draft->inputs[0], &alpha);
    return status_ok();
}

/* Attribute `name` out of the draft; false when it is not there. */
static bool take_float(NodeDraft *draft, const char *name, float *value) {
    const Attribute *found = draft_find(draft, name);
    if (!found || found->kind != ATTRIBUTE_FLOAT)
        return false;
    *value = found->f;
    draft_drop(draft, name);
    return true;
}

static bool text_is(StringView text, const char *name) {
    return strlen(name) == text.length && memcmp(name, text.data, text.length) == 0;
}

/* Puts `op` behind the draft: it makes the draft's output. */
static Status put_behind(ImportContext *context, NodeDraft *draft, const char *op,
                         const Attribute *attribute) {
    ValueId output = draft->outputs[0], made;
    Attribute lent = attribute ? *attribute : (Attribute){ 0 };
    TRY(upgrade_value(context, &made));
    NodeDraft behind = { .op = op,
                         .domain = "",
                         .name = draft->name,
                         .opset = draft->opset,
                         .inputs = &made,
                         .outputs = &output,
                         .attributes = &lent,
                         .input_count = 1,
                         .output_count = 1,
                         .attribute_count = attribute ? 1 : 0 };
    draft->outputs[0] = made;
    return draft_add(context, &behind);
}

static Status fused_gemm(ImportContext *context, NodeDraft *draft) {
    static const char *const plain[] = { "Relu", "Sigmoid", "Tanh" };
    const Attribute *activation = draft_find(draft, "activation");
    StringView text =
        activation && activation->kind == ATTRIBUTE_STRING ? activation->s : (StringView){ "", 0 };
    Attribute slope = { .name = "alpha", .kind = ATTRIBUTE_FLOAT, .f = 0.01f };
    const char *op = NULL;
    TRY(check_inputs(draft, 2, 3));
    draft_drop(draft, "activation");
    (void)take_float(draft, "activation_alpha", &slope.f);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (text_is(text, plain[i]))
            op = plain[i];
    if (!op && text.length > 0 && !text_is(text, "LeakyRelu"))
        return status_error(STATUS_UNIMPLEMENTED, "activation '%.*s' is not supported",
                            (int)text.length, text.data);
    draft->op = "Gemm";
    draft->domain = "";
    if (text.length == 0)
        return status_ok();
    return put_behind(context, draft, op ? op : "LeakyRelu", op ? NULL : &slope);
}

static Status dequantize(ImportContext *context, const NodeDraft *draft, uint32_t first,
                         ValueId *ret_value) {
    ValueId inputs[3] = { draft->inputs[first], draft->inputs[first + 1],
                          draft->inputs[first + 2] };
    return upgrade_emit(context, draft, "DequantizeLinear", inputs, inputs[2] == VALUE_NONE ? 2 : 3,
                        NULL, ret_value);
}

/* The draft becomes QuantizeLinear(value, scale, zero), the last two being its inputs from `first`.
 */
static Status requantize(NodeDraft *draft, ValueId value, uint32_t first) {
    ValueId scale = draft->inputs[first],
            zero = draft_has_input(draft, first + 1) ? draft->inputs[first + 1] : VALUE_NONE;
    if (zero == VALUE_NONE) /* the type of the result would not be known */
        return status_error(STATUS_UNIMPLEMENTED, "without a zero point of the result");
    become(draft, "QuantizeLinear", value, NULL);
    draft->inputs[1] = scale;
    draft->inputs[2] = zero;
    draft->input_count = 3;
    return status_ok();
}

static Status qlinear_binary(ImportContext *context, NodeDraft *draft) {
    const char *op = strcmp(draft->op, "QLinearAdd") == 0 ? "Add" : "Mul";
    ValueId operands[2], value;
    TRY(check_inputs(draft, 2, 8));
    if (!draft_has_input(draft, 6) || !draft_has_input(draft, 1) || !draft_has_input(draft, 3) ||
        !draft_has_input(draft, 4))
        return status_error(STATUS_INVALID_ARGUMENT, "an operand or a scale is left out");
    TRY(dequantize(context, draft, 0, &operands[0]));
    TRY(dequantize(context, draft, 3, &operands[1]));
    TRY(upgrade_emit(context, draft, op, operands, 2, NULL, &value));
    return requantize(draft, value, 6);
}

static Status qlinear_unary(ImportContext *context, NodeDraft *draft) {
    bool leaky = strcmp(draft->op, "QLinearLeakyRelu") == 0;
    Attribute alpha = { .name = "alpha", .kind = ATTRIBUTE_FLOAT, .f = 0.01f };
    ValueId value;
    TRY(check_inputs(draft, 2, 5));
    if (!draft_has_input(draft, 3))
        return status_error(STATUS_INVALID_ARGUMENT, "the scale of the result is left out");
    (void)take_float(draft, "alpha", &alpha.f);
    TRY(dequantize(context, draft, 0, &value));
    TRY(upgrade_emit(context, draft, leaky ? "LeakyRelu" : "Sigmoid", &value, 1,
                     leaky ? &alpha : NULL, &value));
    return requantize(draft, value, 3);
}

const UpgradeRow upgrade_rows_contrib[] = {
    { "BiasGelu", 1, 1, gelu },
    { "FastGelu", 1, 1, gelu },
    { "FusedGemm", 1, 1, fused_gemm },
    { "Gelu", 1, 1, gelu },
    { "QLinearAdd", 1, 1, qlinear_binary },
    { "QLinearLeakyRelu", 1, 1, qlinear_unary },
    { "QLinearMul", 1, 1, qlinear_binary },
    { "QLinearSigmoid", 1, 1, qlinear_unary },
    { "QuickGelu", 1, 1, quick_gelu },
    { NULL, 0, 0, NULL },
};
