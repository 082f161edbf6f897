/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Operators said in standard ones, as text: one statement a node, in the order they run.
 *
 *     sum = Add(input skip); sum2 = Add?(sum bias); y, mean = LayerNormalization(sum2 scale)
 * {axis=-1}
 *
 * An operand is a name; `#0,2` a constant list, `@1` a constant scalar (both int64), `%0.5:x` a
 * constant scalar of x's type (`%$alpha:0.5:x` from an attribute), `$axes` the list in that
 * attribute. A name that is not bound, because an optional input was left out, leaves the operand
 * out. `Op?` stands only where all its operands do: else its result is the first of them. The
 * result `_` is not wanted.
 *
 * An attribute is key=value with an integer, a float (it has a point or an exponent), [a,b] or a
 * word; key=$name takes it from the node, key=$name:value with a default; `*` takes all.
 */

#include "runtime/onnx/upgrade.h"

typedef struct Recipe {
    const char *inputs;  /* names in order; "bias?" may be left out */
    const char *outputs; /* names in order */
    const char *body;
} Recipe;

/* Do the draft's inputs fit: all that are required, and none beyond? */
bool recipe_fits(const char *inputs, const NodeDraft *draft);
/**
 * Adds all statements but the last one as nodes; the draft becomes the last.
 *
 * Errors: UNIMPLEMENTED (an output is wanted that the body does not make), those of draft_add
 */
Status recipe_expand(ImportContext *context, NodeDraft *draft, const Recipe *recipe);
