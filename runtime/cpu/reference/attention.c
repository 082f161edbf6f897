/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Attention, one query of one head at a time: scores of all keys, softcap, mask, softmax, weighted
 * sum of the values. Keys of the past and new ones stay where they are; the present caches are
 * written only where they are wanted. A query whose every key is masked gives NaN, as the
 * operator's own decomposition does.
 *
 * Thread: any that runs kernels. Source: ONNX Attention 24.
 */

#include "runtime/graph/attention.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/wide.h"

#include <math.h>
#include <string.h>

/* Vectors of `size` by batch, head and position. */
typedef struct Heads {
    const double *data;
    size_t batch, head, position, size;
} Heads;

typedef struct Attention {
    size_t batch, heads, groups, queries, fresh, past, keys, size, value_size;
    Heads query, key, value, past_key, past_value, result;
    const double *mask, *valid; /* NULL: none */
    size_t mask_strides[3], mask_keys;
    bool mask_is_bool, is_causal;
    double scale, softcap;
    int64_t mode;
} Attention;

/* The bits of qk_matmul_output_mode, in the order of the pipeline. */
enum { SCORES_RAW, SCORES_CAPPED, SCORES_MASKED, SCORES_SOFTMAX };

static Heads heads_of(const double *data, bool packed, size_t heads, size_t positions,
                      size_t size) {
    return (Heads){ .data = data,
                    .batch = heads * positions * size,
                    .head = packed ? size : positions * size,
                    .position = packed ? heads * size : size,
                    .size = size };
}

static const double *vector_at(const Heads *heads, size_t batch, size_t head, size_t position) {
    return heads->data + batch * heads->batch + head * heads->head + position * heads->position;
}

/* Of the past, then of the new ones. */
static const double *cached(const Attention *a, const Heads *past, const Heads *fresh, size_t batch,
                            size_t group, size_t key) {
    return key < a->past ? vector_at(past, batch, group, key)
                         : vector_at(fresh, batch, group, key - a->past);
}

static double masked(const Attention *a, const size_t at[3], size_t key, double score) {
    if (a->is_causal && key > a->past + at[2])
        return -(double)INFINITY;
    if (a->valid && (double)key >= a->valid[at[0]])
        return -(double)INFINITY;
    if (!a->mask)
        return score;
    if (key >= a->mask_keys)
        return -(double)INFINITY;
    double value = a->mask[at[0] * a->mask_strides[0] + at[1] * a->mask_strides[1] +
                           at[2] * a->mask_strides[2] + key];
    if (a->mask_is_bool)
        return value != 0.0 ? score : -(double)INFINITY;
    return score + value;
}

static void softmax_row(double *scores, size_t count) {
    double best = -(double)INFINITY, sum = 0.0;
    for (size_t i = 0; i < count; i++)
        best = fmax(best, scores[i]);
    for (size_t i = 0; i < count; i++)
        sum += scores[i] = exp(scores[i] - best);
    for (size_t i = 0; i < count; i++)
        scores[i] /= sum;
}

static void keep(const Attention *a, int64_t mode, double *kept, const double *scores) {
    if (kept && a->mode == mode)
        memcpy(kept, scores, a->keys * sizeof *scores);
}

/* @at  batch, head, query. @kept  row of the scores' own output, or NULL */
static void attend(const Attention *a, const size_t at[3], double *scores, double *kept,
                   double *dst) {
    size_t group = at[1] / (a->heads / a->groups);
    const double *query = vector_at(&a->query, at[0], at[1], at[2]);
    for (size_t j = 0; j < a->keys; j++) {
        const double *key = cached(a, &a->past_key, &a->key, at[0], group, j);
        double sum = 0.0;
        for (size_t i = 0; i < a->size; i++)
            sum += query[i] * key[i];
        scores[j] = sum * a->scale;
    }
    keep(a, SCORES_RAW, kept, scores);
    for (size_t j = 0; j < a->keys && a->softcap > 0.0; j++)
        scores[j] = tanh(scores[j] / a->softcap) * a->softcap;
    keep(a, SCORES_CAPPED, kept, scores);
    for (size_t j = 0; j < a->keys; j++)
        scores[j] = masked(a, at, j, scores[j]);
    keep(a, SCORES_MASKED, kept, scores);
    softmax_row(scores, a->keys);
    keep(a, SCORES_SOFTMAX, kept, scores);
    for (size_t i = 0; i < a->value_size; i++)
        dst[i] = 0.0;
    for (size_t j = 0; j < a->keys; j++) {
        const double *value = cached(a, &a->past_value, &a->value, at[0], group, j);
        for (size_t i = 0; i < a->value_size; i++)
            dst[i] += scores[j] * value[i];
    }
}

static void attend_all(const Attention *a, const Wide *wide) {
    for (size_t row = 0; row < a->batch * a->heads * a->queries; row++) {
        size_t at[3] = { row / a->queries / a->heads, row / a->queries % a->heads,
                         row % a->queries };
        double *kept = wide->dst[3] ? wide->dst[3] + row * a->keys : NULL;
        double *dst = wide->dst[0] + at[0] * a->result.batch + at[1] * a->result.head +
                      at[2] * a->result.position;
        attend(a, at, wide->work, kept, dst);
    }
}

static void store_present(const Attention *a, double *dst, const Heads *past, const Heads *fresh) {
    for (size_t i = 0; dst && i < a->batch * a->groups * a->keys; i++)
        memcpy(
            dst + i * fresh->size,
            cached(a, past, fresh, i / a->keys / a->groups, i / a->keys % a->groups, i % a->keys),
            fresh->size * sizeof *dst);
}

/* Strides of the mask's dims before the last; attention_bind has checked that it broadcasts. */
static void set_mask(Attention *a, const Tensor *mask, const double *values) {
    if (!mask)
        return;
    int64_t strides[SHAPE_MAX_RANK];
    int32_t rank = mask->shape.rank;
    shape_strides(&mask->shape, strides);
    a->mask = values;
    a->mask_is_bool = mask->dtype == DTYPE_BOOL;
    a->mask_keys = rank > 0 ? (size_t)mask->shape.dims[rank - 1] : a->keys;
    for (int32_t d = 0; d < 3; d++) {
        int32_t own = rank - 4 + d;
        a->mask_strides[d] = own >= 0 && mask->shape.dims[own] != 1 ? (size_t)strides[own] : 0;
    }
}

static Status bind(const KernelCall *call, DimNames *names) {
    const Shape *shapes[ATTENTION_INPUTS];
    for (size_t i = 0; i < ATTENTION_INPUTS; i++)
        shapes[i] = call_find_src(call, i) ? &call->src[i]->shape : NULL;
    Status status = attention_bind(call->node, shapes, names);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", call->node->op->name);
    bool packed = shapes[0]->rank == 3;
    TRY(call_check_dst(call, names, 0, packed ? "bsO" : "bhsv"));
    TRY(call_check_dst(call, names, 1, "bgtd"));
    TRY(call_check_dst(call, names, 2, "bgtv"));
    return call_check_dst(call, names, 3, "bhst");
}

static Attention attention_of(const KernelCall *call, const DimNames *names, const Wide *wide) {
    Attention a = { .batch = call_dim(names, 'b'),
                    .heads = call_dim(names, 'h'),
                    .groups = call_dim(names, 'g'),
                    .queries = call_dim(names, 's'),
                    .fresh = call_dim(names, 'k'),
                    .past = call_dim(names, 'p'),
                    .keys = call_dim(names, 't'),
                    .size = call_dim(names, 'd'),
                    .value_size = call_dim(names, 'v'),
                    .valid = wide->src[6],
                    .is_causal = node_get_int(call->node, "is_causal", 0) != 0,
                    .softcap = (double)node_get_float(call->node, "softcap", 0.0f),
                    .mode = node_get_int(call->node, "qk_matmul_output_mode", 0) };
    const Attribute *scale = node_find_attribute(call->node, "scale");
    a.scale =
        scale ? (double)node_get_float(call->node, "scale", 1.0f) : 1.0 / sqrt((double)a.size);
    bool packed = call->src[0]->shape.rank == 3;
    a.query = heads_of(wide->src[0], packed, a.heads, a.queries, a.size);
    a.key = heads_of(wide->src[1], packed, a.groups, a.fresh, a.size);
    a.value = heads_of(wide->src[2], packed, a.groups, a.fresh, a.value_size);
    a.past_key = heads_of(wide->src[4], false, a.groups, a.past, a.size);
    a.past_value = heads_of(wide->src[5], false, a.groups, a.past, a.value_size);
    a.result = heads_of(NULL, packed, a.heads, a.queries, a.value_size);
    set_mask(&a, call_find_src(call, 3), wide->src[3]);
    return a;
}

Status reference_attention(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    DimNames names;
    Wide wide;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_get_src(call, 1, &src));
    TRY(call_get_src(call, 2, &src));
    TRY(call_check_floats(call, 3));
    TRY(bind(call, &names));
    TRY(wide_open(call, call_dim(&names, 't'), &wide));
    for (size_t i = 3; i < call->node->input_count; i++)
        if (call->src[i] && !wide.src[i])
            return call_lacks_dtype(call, call->src[i]->dtype);
    Attention attention = attention_of(call, &names, &wide);
    store_present(&attention, wide.dst[1], &attention.past_key, &attention.key);
    store_present(&attention, wide.dst[2], &attention.past_value, &attention.value);
    attend_all(&attention, &wide);
    wide_store(call, &wide);
    return status_ok();
}
