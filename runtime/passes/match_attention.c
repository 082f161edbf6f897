/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Scaled dot-product attention that an exporter spelled out becomes one node:
 *
 *     Softmax(q kT * scale [+ mask]) v                     Attention
 *
 * q, k and v are [batch, heads, positions, size]; factors may stand before or after the first
 * product. Where all three come from [batch, positions, heads, size] by Transpose and the result
 * goes back there, the node works on the packed form [batch, positions, heads * size] and the four
 * transposes are gone: Reshape between the two is a view.
 *
 * On plan: the shapes that tell heads from positions are known only then. Every inner value must
 * have this one reader. Rounding: the scores are scaled and summed in another order. Source: ONNX
 * Attention 24.
 */

#include "runtime/passes/passes.h"
#include "runtime/passes/product.h"
#include "runtime/passes/scalar_constant.h"

#include <string.h>

enum { RANK = 4, AXIS_HEADS = 1, AXIS_POSITIONS = 2, AXIS_SIZE = 3 };

typedef struct Found {
    ValueId query, key, value; /* [b,h,s,d]; packed: [b,s,h,d] */
    ValueId mask;
    ValueId result; /* what is replaced: [b,h,s,v]; packed: [b,s,h,v] */
    NodeId last;
    double scale;
    bool packed;
} Found;

static const Shape *shape_of(const Graph *graph, ValueId value) {
    return &graph_value_const(graph, value)->shape;
}

static bool is_f32_of_rank_4(const Graph *graph, ValueId value) {
    return graph_value_const(graph, value)->dtype == DTYPE_F32 &&
           shape_is_known(shape_of(graph, value)) && shape_of(graph, value)->rank == RANK;
}

/* value = Transpose(*ret_src) by this permutation */
static bool is_transposed(const Graph *graph, ValueId value, const int64_t perm[RANK],
                          ValueId *ret_src) {
    const Node *node = value_made_by(graph, value, "Transpose", 1);
    size_t count;
    const int64_t *own = node ? node_get_ints(node, "perm", &count) : NULL;
    if (!own || count != RANK || memcmp(own, perm, RANK * sizeof *perm) != 0)
        return false;
    *ret_src = node->inputs[0];
    return true;
}

static const int64_t SWAP_INNER[] = { 0, 2, 1, 3 }; /* [b,h,s,d] <-> [b,s,h,d] */
static const int64_t SWAP_LAST[] = { 0, 1, 3, 2 };  /* k -> kT */
static const int64_t TURN_KEYS[] = { 0, 2, 3, 1 };  /* [b,s,h,d] -> kT */

/* Takes Mul and Div by a scalar off a value. */
static ValueId peel(const Graph *graph, ValueId value, double *scale) {
    Product product;
    while (product_of(graph, value, &product) && product.count == 1 &&
           product.factors[0] != value) {
        *scale *= product.constant;
        value = product.factors[0];
    }
    return value;
}

static bool has_one_reader(const Graph *graph, ValueId value) {
    return graph_single_user(graph, value) != NODE_NONE;
}

/* As peel, through values that nobody else reads. */
static ValueId peel_own(const Graph *graph, ValueId value, double *scale) {
    ValueId inner = peel(graph, value, scale);
    for (ValueId at = value; at != inner;) {
        const Node *node = value_producer(graph, at);
        float number;
        if (!has_one_reader(graph, at))
            return VALUE_NONE;
        at = node->inputs[scalar_constant(graph, node->inputs[0], &number) ? 1 : 0];
    }
    return inner;
}

/* Is each dim of the mask 1 or the scores' own, the last one whole? */
static bool is_mask_of(const Graph *graph, ValueId mask, const Shape *scores) {
    const Value *value = graph_value_const(graph, mask);
    const Shape *shape = &value->shape;
    if (value->dtype != DTYPE_F32 || !shape_is_known(shape) || shape->rank < 2 ||
        shape->rank > RANK || shape->dims[shape->rank - 1] != scores->dims[AXIS_SIZE])
        return false;
    for (int32_t i = 0; i < shape->rank; i++)
        if (shape->dims[i] != 1 && shape->dims[i] != scores->dims[RANK - shape->rank + i])
            return false;
    return true;
}

/* scores = product * scale [+ mask]: *ret_product is the MatMul. */
static const Node *match_scores(const Graph *graph, ValueId scores, Found *found) {
    const Node *add = value_made_by(graph, scores, "Add", 2);
    const Shape *shape = shape_of(graph, scores);
    for (uint32_t i = 0; add && i < 2; i++) {
        if (!is_mask_of(graph, add->inputs[1 - i], shape) ||
            !shape_equal(shape_of(graph, add->inputs[i]), shape))
            continue;
        double scale = 1;
        ValueId inner = peel_own(graph, add->inputs[i], &scale);
        if (inner == VALUE_NONE || !has_one_reader(graph, inner) ||
            !value_made_by(graph, inner, "MatMul", 2))
            continue;
        found->mask = add->inputs[1 - i];
        found->scale = scale;
        return has_one_reader(graph, scores) ? value_producer(graph, inner) : NULL;
    }
    ValueId inner = peel_own(graph, scores, &found->scale);
    if (inner == VALUE_NONE || !has_one_reader(graph, inner))
        return NULL;
    return value_made_by(graph, inner, "MatMul", 2);
}

/* kT as keys. ret_packed: [b,s,h,d], VALUE_NONE when they do not come from there */
static bool match_keys(const Graph *graph, ValueId turned, double *scale, ValueId *ret_keys,
                       ValueId *ret_packed) {
    *ret_keys = *ret_packed = VALUE_NONE;
    turned = peel(graph, turned, scale);
    if (is_transposed(graph, turned, TURN_KEYS, ret_packed)) {
        *ret_packed = peel(graph, *ret_packed, scale);
        return true;
    }
    if (!is_transposed(graph, turned, SWAP_LAST, ret_keys))
        return false;
    *ret_keys = peel(graph, *ret_keys, scale);
    if (!is_transposed(graph, *ret_keys, SWAP_INNER, ret_packed))
        *ret_packed = VALUE_NONE;
    return true;
}

static bool dims_agree(const Graph *graph, ValueId query, ValueId turned, ValueId value) {
    const Shape *q = shape_of(graph, query), *k = shape_of(graph, turned),
                *v = shape_of(graph, value);
    return q->dims[0] == k->dims[0] && q->dims[0] == v->dims[0] &&
           q->dims[AXIS_HEADS] == k->dims[AXIS_HEADS] &&
           q->dims[AXIS_HEADS] == v->dims[AXIS_HEADS] &&
           q->dims[AXIS_SIZE] == k->dims[AXIS_POSITIONS] &&
           k->dims[AXIS_SIZE] == v->dims[AXIS_POSITIONS] && shape_product(q, 0, RANK) > 0 &&
           shape_product(v, 0, RANK) > 0;
}

/* Decides between the packed form and the other. */
static bool choose_form(const Graph *graph, Found *found, ValueId keys, ValueId packed_keys) {
    ValueId query, value, result;
    NodeId user = graph_single_user(graph, found->result);
    found->packed =
        packed_keys != VALUE_NONE && user != NODE_NONE &&
        is_transposed(graph, found->query, SWAP_INNER, &query) &&
        is_transposed(graph, found->value, SWAP_INNER, &value) &&
        is_transposed(graph, graph_node_const(graph, user)->outputs[0], SWAP_INNER, &result);
    if (!found->packed) {
        found->key = keys;
        return keys != VALUE_NONE;
    }
    found->query = query;
    found->key = packed_keys;
    found->value = value;
    found->last = user;
    found->result = graph_node_const(graph, user)->outputs[0];
    return true;
}

static bool match(const Graph *graph, NodeId id, Found *ret_found) {
    const Node *softmax = graph_node_const(graph, id);
    if (!node_is_op(softmax, "Softmax") || !is_f32_of_rank_4(graph, softmax->inputs[0]) ||
        softmax->epilogue_count > 0)
        return false;
    int64_t axis = node_get_int(softmax, "axis", -1);
    NodeId user = graph_single_user(graph, softmax->outputs[0]);
    const Node *last = user == NODE_NONE ? NULL : graph_node_const(graph, user);
    if ((axis != -1 && axis != AXIS_SIZE) || !last || !node_is_op(last, "MatMul") ||
        last->input_count != 2 || last->inputs[0] != softmax->outputs[0] ||
        last->epilogue_count > 0)
        return false;
    *ret_found = (Found){ .value = last->inputs[1],
                          .mask = VALUE_NONE,
                          .result = last->outputs[0],
                          .last = user,
                          .scale = 1 };
    const Node *product = match_scores(graph, softmax->inputs[0], ret_found);
    if (!product || product->input_count != 2 || product->epilogue_count > 0)
        return false;
    ValueId turned = product->inputs[1], keys, packed_keys;
    ret_found->query = peel(graph, product->inputs[0], &ret_found->scale);
    return is_f32_of_rank_4(graph, ret_found->query) && is_f32_of_rank_4(graph, turned) &&
           is_f32_of_rank_4(graph, ret_found->value) &&
           dims_agree(graph, ret_found->query, turned, ret_found->value) &&
           match_keys(graph, turned, &ret_found->scale, &keys, &packed_keys) &&
           choose_form(graph, ret_found, keys, packed_keys);
}

/* [b,s,h,d] as [b,s,h*d], or back: a view. */
static Status reshape(Graph *graph, ValueId src, const Shape *shape, ValueId dst) {
    ValueId inputs[2] = { src };
    Tensor *dims;
    TRY(graph_add_constant_new(graph, DTYPE_I64, &SHAPE(shape->rank), &inputs[1], &dims));
    memcpy(dims->data, shape->dims, (size_t)shape->rank * sizeof *shape->dims);
    NodeSpec spec = { .op = op_schema_find("", "Reshape"),
                      .name = "",
                      .inputs = inputs,
                      .outputs = &dst,
                      .input_count = 2,
                      .output_count = 1 };
    return graph_add_node(graph, &spec, NULL);
}

static Status pack(Graph *graph, ValueId *value) {
    const Shape apart = *shape_of(graph, *value);
    Shape shape = { .rank = 3,
                    .dims = { apart.dims[0], apart.dims[1], apart.dims[2] * apart.dims[3] } };
    ValueId packed;
    TRY(graph_add_value(graph, NULL, DTYPE_F32, &shape, &packed));
    TRY(reshape(graph, *value, &shape, packed));
    *value = packed;
    return status_ok();
}

static Status replace(Graph *graph, Found *found) {
    const Shape full = *shape_of(graph, found->result);
    const Node *last = graph_node_const(graph, found->last);
    const char *name = last->name;
    int64_t heads = full.dims[found->packed ? 2 : AXIS_HEADS];
    ValueId inputs[] = { found->query, found->key, found->value, found->mask }, result, fresh;
    Shape shape = full;
    for (size_t i = 0; found->packed && i < 3; i++)
        TRY(pack(graph, &inputs[i]));
    if (found->packed)
        shape = (Shape){ .rank = 3,
                         .dims = { full.dims[0], full.dims[1], full.dims[2] * full.dims[3] } };
    TRY(graph_add_value(graph, NULL, DTYPE_F32, &shape, &result));
    Attribute attributes[] = {
        { .name = "scale", .kind = ATTRIBUTE_FLOAT, .f = (float)found->scale },
        { .name = "q_num_heads", .kind = ATTRIBUTE_INT, .i = heads },
        { .name = "kv_num_heads", .kind = ATTRIBUTE_INT, .i = heads },
    };
    NodeSpec spec = { .op = op_schema_find("", "Attention"),
                      .name = name,
                      .inputs = inputs,
                      .outputs = &result,
                      .attributes = attributes,
                      .input_count = found->mask == VALUE_NONE ? 3 : 4,
                      .output_count = 1,
                      .attribute_count = found->packed ? 3 : 1 };
    TRY(graph_add_node(graph, &spec, NULL));
    fresh = result;
    if (found->packed) {
        TRY(graph_add_value(graph, NULL, DTYPE_F32, &full, &fresh));
        TRY(reshape(graph, result, &full, fresh));
    }
    graph_replace_value(graph, found->result, fresh);
    graph_remove_node(graph, found->last);
    return status_ok();
}

Status pass_match_attention(Graph *graph, const PassContext *context) {
    (void)context;
    size_t count = graph_node_count(graph);
    for (NodeId id = 0; id < count; id++) {
        Found found;
        if (match(graph, id, &found))
            TRY(replace(graph, &found));
    }
    return graph_compact(graph);
}
