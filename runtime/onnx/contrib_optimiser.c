/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Optimiser steps of training: learning rate r and step count t, then for each kind of tensor (the
 * parameters x, their gradients g, the states) all of them. One recipe is followed for each
 * parameter; the last one's last statement is what the draft becomes.
 */

#include "runtime/onnx/contrib.h"

#include "runtime/base/size.h"

#include <string.h>

typedef struct Optimiser {
    const char *op, *mode; /* mode NULL: it has none */
    Recipe recipe;
    uint32_t kinds, states; /* of tensors that go in, and of those come out */
} Optimiser;

#define REGULARISED "n = Mul(x %$norm_coefficient:0.0:x); d = Add(n g); "
#define VELOCITY                                                                                   \
    "late = Cast(t) {to=9}; b = Where(late %$beta:0.0:x %1.0:x); a = Mul(v %$alpha:0.0:x); "       \
    "c = Mul(d b); v_new = Add(a c); "

static const Optimiser optimisers[] = {
    { "Adagrad",
      NULL,
      { "r t x g h", "x_new h_new",
        "f = CastLike(t r); e = Mul(f %$decay_factor:0.0:r); i = Add(e %1.0:r); rate = Div(r "
        "i); " REGULARISED
        "s = Mul(d d); h_new = Add(h s); q = Sqrt(h_new); w = Add(q %$epsilon:1e-6:x); "
        "m = Mul(rate d); u = Div(m w); x_new = Sub(x u)" },
      3,
      2 },
    { "Adam",
      NULL,
      { "r t x g v h", "x_new v_new h_new",
        REGULARISED
        "a = Mul(v %$alpha:0.9:x); ca = Sub(%1.0:x %$alpha:0.9:x); c = Mul(d ca); v_new = Add(a "
        "c); "
        "s = Mul(d d); cb = Sub(%1.0:x %$beta:0.999:x); e = Mul(s cb); k = Mul(h %$beta:0.999:x); "
        "h_new = Add(k e); q = Sqrt(h_new); w = Add(q %$epsilon:1e-6:x); f = CastLike(t r); "
        "pb = Pow(%$beta:0.999:r f); pa = Pow(%$alpha:0.9:r f); ob = Sub(%1.0:r pb); "
        "oa = Sub(%1.0:r pa); sb = Sqrt(ob); up = Mul(r sb); fixed = Div(up oa); "
        "late = Cast(t) {to=9}; rate = Where(late fixed r); z = Div(v_new w); m = Mul(rate z); "
        "y = Sub(x m); keep = Sub(%1.0:x %$norm_coefficient_post:0.0:x); x_new = Mul(y keep)" },
      4,
      3 },
    { "Momentum",
      "standard",
      { "r t x g v", "x_new v_new", REGULARISED VELOCITY "m = Mul(r v_new); x_new = Sub(x m)" },
      3,
      2 },
    { "Momentum",
      "nesterov",
      { "r t x g v", "x_new v_new",
        REGULARISED VELOCITY
        "j = Mul(v_new %$alpha:0.0:x); k = Add(d j); m = Mul(r k); x_new = Sub(x m)" },
      3,
      2 },
};

static const Optimiser *find(const NodeDraft *draft) {
    const Attribute *mode = draft_find(draft, "mode");
    for (size_t i = 0; i < ARRAY_LENGTH(optimisers); i++) {
        const Optimiser *row = &optimisers[i];
        if (strcmp(row->op, draft->op) != 0)
            continue;
        if (!row->mode ||
            (mode && mode->kind == ATTRIBUTE_STRING && mode->s.length == strlen(row->mode) &&
             memcmp(mode->s.data, row->mode, mode->s.length) == 0))
            return row;
    }
    return NULL;
}

enum { SHARED = 2, PORTS_MAX = 8 };

static Status expand_one(ImportContext *context, const NodeDraft *draft, const Optimiser *optimiser,
                         uint32_t index, uint32_t count, NodeDraft *ret_node) {
    ValueId inputs[PORTS_MAX] = { draft->inputs[0], draft->inputs[1] }, outputs[PORTS_MAX];
    for (uint32_t k = 0; k < optimiser->kinds; k++)
        inputs[SHARED + k] = draft->inputs[SHARED + k * count + index];
    for (uint32_t k = 0; k < optimiser->states; k++)
        outputs[k] = draft->outputs[k * count + index];
    NodeDraft node = *draft;
    node.inputs = inputs;
    node.outputs = outputs;
    node.input_count = SHARED + optimiser->kinds;
    node.output_count = optimiser->states;
    if (!recipe_fits(optimiser->recipe.inputs, &node))
        return status_error(STATUS_INVALID_ARGUMENT, "an input of tensor %u is left out", index);
    TRY(recipe_expand(context, &node, &optimiser->recipe));
    *ret_node = node;
    return status_ok();
}

Status contrib_optimiser(ImportContext *context, NodeDraft *draft) {
    const Optimiser *optimiser = find(draft);
    if (!optimiser)
        return status_error(STATUS_INVALID_ARGUMENT, "mode: expected standard or nesterov");
    uint32_t count =
        draft->input_count < SHARED ? 0 : (draft->input_count - SHARED) / optimiser->kinds;
    if (count == 0 || draft->input_count != SHARED + count * optimiser->kinds ||
        draft->output_count != count * optimiser->states)
        return status_error(
            STATUS_INVALID_ARGUMENT,
            "has %u inputs and %u outputs, expected 2 and %u for each tensor, and %u",
            draft->input_count, draft->output_count, optimiser->kinds, optimiser->states);
    NodeDraft node;
    for (uint32_t i = 0; i < count; i++) {
        TRY(expand_one(context, draft, optimiser, i, count, &node));
        if (i + 1 < count)
            TRY(draft_add(context, &node));
    }
    *draft = node;
    return status_ok();
}
