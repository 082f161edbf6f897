/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Attention as two batched products with the scores between them in place: q kT into scratch, then
 * scale, mask and softmax a line, then times v. The packed form [batch, positions, heads * size] is
 * the same products with other strides, a call per batch entry. Caches, grouped heads, and further
 * outputs stay on the CPU.
 */

#include "cuda/build.h"

#include <math.h>
#include <string.h>

/* Of one operand: [batch][head][position][size] by strides. */
typedef struct Heads {
    uint32_t batch, heads, positions, size;
    int64_t of_batch, of_head, of_position;
} Heads;

static bool read_heads(const Value *value, int64_t packed_heads, Heads *ret_heads) {
    if (value_count(value) == 0 || !value_is_plain(value))
        return false;
    const int64_t *dims = value->shape.dims;
    if (value->shape.rank == 4) {
        *ret_heads = (Heads){ .batch = (uint32_t)dims[0],
                              .heads = (uint32_t)dims[1],
                              .positions = (uint32_t)dims[2],
                              .size = (uint32_t)dims[3],
                              .of_batch = dims[1] * dims[2] * dims[3],
                              .of_head = dims[2] * dims[3],
                              .of_position = dims[3] };
        return true;
    }
    if (value->shape.rank != 3 || packed_heads <= 0 || dims[2] % packed_heads != 0)
        return false;
    *ret_heads = (Heads){ .batch = (uint32_t)dims[0],
                          .heads = (uint32_t)packed_heads,
                          .positions = (uint32_t)dims[1],
                          .size = (uint32_t)(dims[2] / packed_heads),
                          .of_batch = dims[1] * dims[2],
                          .of_head = dims[2] / packed_heads,
                          .of_position = dims[2] };
    return true;
}

typedef struct AttentionNode {
    Heads query, key, value, result;
    DType dtype;
} AttentionNode;

static bool read_attention(const NodeBuild *build, AttentionNode *attention) {
    const Node *node = build->node;
    int64_t query_heads = node_get_int(node, "q_num_heads", 0);
    int64_t key_heads = node_get_int(node, "kv_num_heads", query_heads);
    attention->dtype = build_output(build, 0)->dtype;
    for (uint32_t i = 0; i < 3; i++)
        if (build_input(build, i)->dtype != attention->dtype)
            return false;
    for (uint32_t i = 4; i < node->input_count; i++)
        if (build_input(build, i))
            return false;
    for (uint32_t i = 1; i < node->output_count; i++)
        if (build_output(build, i))
            return false;
    return read_heads(build_input(build, 0), query_heads, &attention->query) &&
           read_heads(build_input(build, 1), key_heads, &attention->key) &&
           read_heads(build_input(build, 2), key_heads, &attention->value) &&
           read_heads(build_output(build, 0), query_heads, &attention->result) &&
           attention->query.heads == attention->key.heads &&
           attention->query.size == attention->key.size;
}

/* Strides of the mask for [batch, heads, queries, keys]; 0 where it repeats. */
static bool read_mask(const NodeBuild *build, const AttentionNode *attention, ScoresArgs *args) {
    const Value *mask = build_input(build, 3);
    args->mask.dims[0] = attention->query.batch;
    args->mask.dims[1] = attention->query.heads;
    args->mask.dims[2] = attention->query.positions;
    args->mask.dims[3] = attention->key.positions;
    if (!mask)
        return true;
    if (value_count(mask) == 0 || !value_is_plain(mask) || mask->shape.rank > 4 ||
        (mask->dtype != DTYPE_BOOL && mask->dtype != attention->dtype))
        return false;
    int32_t strides[SHAPE_MAX_RANK], shift = 4 - mask->shape.rank;
    value_strides(mask, strides);
    for (int32_t i = 0; i < mask->shape.rank; i++) {
        int64_t dim = mask->shape.dims[i];
        if (dim != 1 && dim != args->mask.dims[i + shift])
            return false;
        args->mask.src[i + shift] = dim == 1 ? 0 : strides[i];
    }
    return true;
}

static bool read_scores(const NodeBuild *build, const AttentionNode *attention, ScoresArgs *args) {
    float fallback = 1.0f / sqrtf((float)attention->query.size);
    *args = (ScoresArgs){ .keys = attention->key.positions,
                          .queries = attention->query.positions,
                          .scale = node_get_float(build->node, "scale", fallback),
                          .softcap = node_get_float(build->node, "softcap", 0),
                          .causal_past = INT32_MAX };
    if (args->scale == 0.0f)
        args->scale = fallback;
    if (node_get_int(build->node, "is_causal", 0) != 0)
        args->causal_past = 0;
    args->rows = attention->query.batch * attention->query.heads * attention->query.positions;
    return args->softcap == 0.0f && read_mask(build, attention, args);
}

/* Places are whole values: a product of one batch entry starts inside one. */
static bool is_one_batch(const Heads *heads) {
    return heads->batch == 1 || heads->of_batch == heads->of_head * heads->heads;
}

static bool products(NodeBuild *build, const AttentionNode *attention, const ScoresArgs *scores,
                     PlaceId probs) {
    const Heads *q = &attention->query, *k = &attention->key, *v = &attention->value,
                *y = &attention->result;
    uint32_t batch = q->batch * q->heads;
    Product first = { .dtype = attention->dtype,
                      .m = q->positions,
                      .n = k->positions,
                      .k = q->size,
                      .batch = batch,
                      .stride_a = q->of_head,
                      .stride_b = k->of_head,
                      .stride_d = (int64_t)q->positions * k->positions,
                      .row_a = q->of_position,
                      .row_b = k->of_position,
                      .row_d = k->positions,
                      .turned_b = true,
                      .a = arg_input(build, 0).place,
                      .b = arg_input(build, 1).place,
                      .d = probs,
                      .alpha = 1 };
    Product second = { .dtype = attention->dtype,
                       .m = q->positions,
                       .n = v->size,
                       .k = k->positions,
                       .batch = batch,
                       .stride_a = first.stride_d,
                       .stride_b = v->of_head,
                       .stride_d = y->of_head,
                       .row_a = k->positions,
                       .row_b = v->of_position,
                       .row_d = y->of_position,
                       .a = probs,
                       .b = arg_input(build, 2).place,
                       .d = arg_output(build, 0).place,
                       .alpha = 1 };
    const Value *mask = build_input(build, 3);
    const void *kernel = kernel_scores(attention->dtype, mask && mask->dtype == DTYPE_BOOL);
    return build_product(build, &first) &&
           BUILD_LAUNCH(build, kernel, grid_rows(scores->rows), arg_place(probs),
                        arg_input(build, 3), ARG(*scores)) &&
           build_product(build, &second);
}

bool build_attention(NodeBuild *build) {
    AttentionNode attention;
    ScoresArgs scores;
    if (value_count(build_output(build, 0)) == 0 || !read_attention(build, &attention) ||
        !read_scores(build, &attention, &scores) || !is_one_batch(&attention.query) ||
        !is_one_batch(&attention.key) || !is_one_batch(&attention.value) ||
        !is_one_batch(&attention.result))
        return false;
    PlaceId probs;
    size_t bytes = (size_t)scores.rows * scores.keys * dtype_bytes(attention.dtype);
    return scores.rows < INT32_MAX && build_scratch(build, bytes, &probs) &&
           products(build, &attention, &scores, probs);
}
