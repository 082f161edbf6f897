/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Attention operators of com.microsoft in terms of the standard Attention and RotaryEmbedding.
 * What the standard one lacks is put together around it: projections and their biases, masks of
 * any rank as a term that is added to the scores (mask_filter_value where a key is hidden, not
 * minus infinity: a row without any visible key is defined here), a past that is one tensor.
 */

#include "runtime/onnx/contrib.h"

#include "runtime/base/size.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES = 1600, OPERANDS_MAX = 8 };

/* A body that is put together from pieces, which are constants of this file. */
typedef struct Body {
    char text[BODY_BYTES];
    size_t length;
} Body;

static void say(Body *body, const char *piece) {
    size_t length = strlen(piece);
    if (body->length + length >= sizeof body->text)
        abort(); /* never: the longest body has half the room */
    memcpy(body->text + body->length, piece, length + 1);
    body->length += length;
}

static int32_t rank_of(const ImportContext *context, const NodeDraft *draft, uint32_t index) {
    return draft_has_input(draft, index)
               ? graph_value_const(context->graph, draft->inputs[index])->shape.rank
               : 0;
}

/* By rank of the mask: 1 for what is seen as `seen`, of the shape of the scores or broadcast. */
static const char *const masks[] = {
    [1] = "n = Shape(input) {start=1 end=2}; l = Squeeze(n); i = Range(@0 l @1); "
          "d = CastLike(mask i); c = Unsqueeze(d #1); b = Less(i c); b4 = Unsqueeze(b #1,2); ",
    [2] = "b = Cast(mask) {to=9}; b4 = Unsqueeze(b #1,2); ",
    [3] = "b = Cast(mask) {to=9}; b4 = Unsqueeze(b #1); ",
    [4] = "b4 = Cast(mask) {to=9}; ",
};

/* term: what is added to the scores; without a mask what is added anyway. */
static Status say_mask(Body *body, const ImportContext *context, const NodeDraft *draft,
                       uint32_t index) {
    int32_t rank = rank_of(context, draft, index);
    if (!draft_has_input(draft, index)) {
        say(body, "term = Add?(added mask); ");
        return status_ok();
    }
    if (rank < 1 || rank > 4)
        return status_error(STATUS_UNIMPLEMENTED,
                            "a mask whose rank is not 1 to 4 (as far as known: %d)", rank);
    if (rank == 1 && draft_has_input(draft, 4) && strcmp(draft->op, "Attention") == 0)
        return status_error(STATUS_UNIMPLEMENTED, "a mask of lengths beside a past");
    say(body, masks[rank]);
    say(body, "h = Where(b4 %0:hidden hidden); term = Add?(h added); ");
    return status_ok();
}

/* A scale of 0 asks for the usual one. */
static void drop_usual_scale(NodeDraft *draft) {
    const Attribute *scale = draft_find(draft, "scale");
    if (scale && scale->kind == ATTRIBUTE_FLOAT && scale->f == 0.0f)
        draft_drop(draft, "scale");
}

/* The value of a hidden key's term, as a scalar of the type of input 0. */
static Status hidden_value(ImportContext *context, const NodeDraft *draft, ValueId *ret_value) {
    const Attribute *found = draft_find(draft, "mask_filter_value");
    float value = found && found->kind == ATTRIBUTE_FLOAT ? found->f : -10000.0f;
    return upgrade_scalar_like(context, draft, value, ret_value);
}

#define ATTEND                                                                                     \
    "Attention(q k v term past_key past_value) {q_num_heads=$num_heads kv_num_heads=$num_heads "   \
    "is_causal=$unidirectional:0 scale=$scale}"

Status contrib_attention(ImportContext *context, NodeDraft *draft) {
    Body body = { 0 };
    ValueId inputs[OPERANDS_MAX];
    bool has_past = draft_has_input(draft, 4), wants_present = draft->output_count > 1;
    if (draft_get_int(draft, "do_rotary", 0) != 0 || draft->input_count > 6)
        return status_error(STATUS_UNIMPLEMENTED, "rotary embedding inside is not supported");
    for (uint32_t i = 0; i < 6; i++)
        inputs[i] = draft_has_input(draft, i) ? draft->inputs[i] : VALUE_NONE;
    drop_usual_scale(draft);
    TRY(hidden_value(context, draft, &inputs[6]));
    say(&body, "m = MatMul(input weights); p = Add?(m bias); ");
    say(&body, draft_find(draft, "qkv_hidden_sizes")
                   ? "q, k, v = Split(p $qkv_hidden_sizes) {axis=-1}; "
                   : "q, k, v = Split(p) {axis=-1 num_outputs=3}; ");
    TRY(say_mask(&body, context, draft, 3));
    if (has_past)
        say(&body, "pk, pv = Split(past) {axis=0 num_outputs=2}; past_key = Squeeze(pk #0); "
                   "past_value = Squeeze(pv #0); ");
    if (wants_present)
        say(&body, "output, ck, cv = " ATTEND "; uk = Unsqueeze(ck #0); uv = Unsqueeze(cv #0); "
                   "present = Concat(uk uv) {axis=0}");
    else
        say(&body, "output = " ATTEND);
    draft->inputs = inputs;
    draft->input_count = 7;
    return recipe_expand(
        context, draft,
        &(Recipe){ "input weights bias? mask? past? added? hidden", "output present", body.text });
}

/* q, k and v as [batch, length, heads * size], with their biases. */
static Status say_projections(Body *body, const ImportContext *context, const NodeDraft *draft) {
    int32_t query = rank_of(context, draft, 0), key = rank_of(context, draft, 1);
    bool has_key = draft_has_input(draft, 1), has_value = draft_has_input(draft, 2);
    if (query == SHAPE_UNRANKED || key == SHAPE_UNRANKED)
        return status_error(STATUS_UNIMPLEMENTED, "queries or keys of unknown rank");
    if (draft_has_input(draft, 3))
        say(body, "bq, bk, bv = Split(bias) {axis=0 num_outputs=3}; ");
    if (query == 5 && !has_key) /* [batch, length, heads, 3, size] */
        say(body, "xq, xk, xv = Split(query) {axis=3 num_outputs=3}; "
                  "tq = Reshape(xq #0,0,-1); tk = Reshape(xk #0,0,-1); tv = Reshape(xv #0,0,-1); ");
    else if (key == 5 && has_key && !has_value && query == 3)
        say(body, "xk, xv = Split(key) {axis=3 num_outputs=2}; tq = Add?(query none); "
                  "tk = Reshape(xk #0,0,-1); tv = Reshape(xv #0,0,-1); ");
    else if (query == 3 && key == 4 && has_value) /* [batch, heads, length, size] already */
        say(body, "tq = Add?(query none); yk = Transpose(key) {perm=[0,2,1,3]}; "
                  "tk = Reshape(yk #0,0,-1); yv = Transpose(value) {perm=[0,2,1,3]}; "
                  "tv = Reshape(yv #0,0,-1); ");
    else if (query == 3 && key == 3 && has_value)
        say(body, "tq = Add?(query none); tk = Add?(key none); tv = Add?(value none); ");
    else
        return status_error(STATUS_UNIMPLEMENTED,
                            "a query of rank %d with a key of rank %d is not supported", query,
                            key);
    say(body, key == 4 ? "q = Add?(tq bq); k = Add?(tk none); v = Add?(tv none); "
                       : "q = Add?(tq bq); k = Add?(tk bk); v = Add?(tv bv); ");
    return status_ok();
}

Status contrib_multi_head_attention(ImportContext *context, NodeDraft *draft) {
    Body body = { 0 };
    ValueId inputs[OPERANDS_MAX + 1];
    for (uint32_t i = 0; i < OPERANDS_MAX; i++)
        inputs[i] = draft_has_input(draft, i) ? draft->inputs[i] : VALUE_NONE;
    if (rank_of(context, draft, 4) == 1)
        return status_error(STATUS_UNIMPLEMENTED, "a padding mask of lengths is not supported");
    drop_usual_scale(draft);
    TRY(hidden_value(context, draft, &inputs[OPERANDS_MAX]));
    TRY(say_projections(&body, context, draft));
    TRY(say_mask(&body, context, draft, 4));
    say(&body, draft->output_count > 1 ? "output, present_key, present_value = " ATTEND
                                       : "output = " ATTEND);
    draft->inputs = inputs;
    draft->input_count = OPERANDS_MAX + 1;
    return recipe_expand(context, draft,
                         &(Recipe){ "query key? value? bias? mask? added? past_key? past_value? "
                                    "hidden",
                                    "output present_key present_value", body.text });
}

/* Heads of a packed input: as many as halves of a head fill its rows of the cache. */
static int64_t head_count(const ImportContext *context, const NodeDraft *draft) {
    const Shape *x = &graph_value_const(context->graph, draft->inputs[0])->shape;
    const Shape *cos = &graph_value_const(context->graph, draft->inputs[2])->shape;
    int64_t given = draft_get_int(draft, "num_heads", 0);
    bool is_known = x->rank == 3 && cos->rank == 2 && x->dims[2] > 0 && cos->dims[1] > 0 &&
                    cos->dims[1] <= x->dims[2];
    return given > 0 || !is_known ? given : x->dims[2] / (2 * cos->dims[1]);
}

Status contrib_rotary_embedding(ImportContext *context, NodeDraft *draft) {
    Body body = { 0 };
    int32_t rank = rank_of(context, draft, 0), positions = rank_of(context, draft, 1);
    const Attribute *scale = draft_find(draft, "scale");
    if ((rank != 3 && rank != 4) || (positions != 1 && positions != 2))
        return status_error(STATUS_UNIMPLEMENTED,
                            "an input of rank %d with positions of rank %d is not supported", rank,
                            positions);
    if ((scale && scale->kind == ATTRIBUTE_FLOAT && scale->f != 1.0f) ||
        draft_get_int(draft, "is_packed_batching", 0) != 0)
        return status_error(STATUS_UNIMPLEMENTED, "a scale or packed batches are not supported");
    if (rank == 3)
        draft_set_int(draft, "num_heads", head_count(context, draft));
    if (positions == 1) { /* an offset: rows count on from there */
        say(&body, rank == 3 ? "n = Shape(x) {start=1 end=2}; " : "n = Shape(x) {start=2 end=3}; ");
        say(&body, "b = Shape(x) {start=0 end=1}; l = Squeeze(n); i = Range(@0 l @1); "
                   "o = Add(i position_ids); u = Concat(b n) {axis=0}; at = Expand(o u); ");
    } else {
        say(&body, "at = Add?(position_ids none); ");
    }
    say(&body, "y = RotaryEmbedding(x cos sin at) {interleaved=$interleaved:0 "
               "num_heads=$num_heads:0 rotary_embedding_dim=$rotary_embedding_dim:0}");
    return recipe_expand(context, draft, &(Recipe){ "x position_ids cos sin", "y", body.text });
}
