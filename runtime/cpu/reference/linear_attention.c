/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * LinearAttention and CausalConvWithState: what recurrent language models carry from one call to
 * the next. The state of each key head is a matrix that decays, learns a key's value and answers
 * the queries that share the head, one time step after the other.
 *
 * Thread: any that runs kernels. Source: ONNX LinearAttention 27, CausalConvWithState 27.
 */

#include "runtime/graph/attention.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/wide.h"

#include <math.h>
#include <string.h>

typedef struct Linear {
    size_t batch, steps, query_heads, heads, key_size, value_size;
    size_t decay_dim, beta_dim; /* last dims of the inputs; 0: left out */
    double scale;
    const Wide *wide;
    double *change; /* value_size */
} Linear;

/* @step  batch * steps + time */
static void decay_state(const Linear *l, double *state, size_t step, size_t head) {
    for (size_t k = 0; l->decay_dim > 0 && k < l->key_size; k++) {
        bool per_head = l->decay_dim == l->heads;
        size_t at = step * l->decay_dim + (per_head ? head : head * l->key_size + k);
        double factor = exp(l->wide->src[4][at]);
        for (size_t v = 0; v < l->value_size; v++)
            state[k * l->value_size + v] *= factor;
    }
}

/* What the key's entry is to gain: the value, or the part of it that the state does not know. */
static void find_change(const Linear *l, const double *state, const double *key,
                        const double *value, double beta) {
    memcpy(l->change, value, l->value_size * sizeof *value);
    if (l->beta_dim == 0)
        return;
    for (size_t k = 0; k < l->key_size; k++)
        for (size_t v = 0; v < l->value_size; v++)
            l->change[v] -= key[k] * state[k * l->value_size + v];
    for (size_t v = 0; v < l->value_size; v++)
        l->change[v] *= beta;
}

static void answer(const Linear *l, const double *state, size_t step, size_t head) {
    size_t share = l->query_heads / l->heads;
    for (size_t q = head * share; q < (head + 1) * share; q++) {
        const double *query = l->wide->src[0] + (step * l->query_heads + q) * l->key_size;
        double *dst = l->wide->dst[0] + (step * l->query_heads + q) * l->value_size;
        for (size_t v = 0; v < l->value_size; v++) {
            double sum = 0.0;
            for (size_t k = 0; k < l->key_size; k++)
                sum += query[k] * state[k * l->value_size + v];
            dst[v] = sum * l->scale;
        }
    }
}

static void run_head(const Linear *l, double *state, size_t batch, size_t head) {
    for (size_t t = 0; t < l->steps; t++) {
        size_t step = batch * l->steps + t;
        const double *key = l->wide->src[1] + (step * l->heads + head) * l->key_size;
        const double *value = l->wide->src[2] + (step * l->heads + head) * l->value_size;
        double beta = 1.0;
        if (l->beta_dim > 0)
            beta = l->wide->src[5][step * l->beta_dim + (l->beta_dim == 1 ? 0 : head)];
        decay_state(l, state, step, head);
        find_change(l, state, key, value, beta);
        for (size_t k = 0; k < l->key_size; k++)
            for (size_t v = 0; v < l->value_size; v++)
                state[k * l->value_size + v] += key[k] * l->change[v];
        answer(l, state, step, head);
    }
}

static Status bind_linear(const KernelCall *call, DimNames *names) {
    const Shape *shapes[LINEAR_ATTENTION_INPUTS];
    for (size_t i = 0; i < LINEAR_ATTENTION_INPUTS; i++)
        shapes[i] = call_find_src(call, i) ? &call->src[i]->shape : NULL;
    Status status = linear_attention_bind(call->node, shapes, names);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", call->node->op->name);
    TRY(call_check_dst(call, names, 0, "btO"));
    return call_check_dst(call, names, 1, "bhkv");
}

Status reference_linear_attention(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    DimNames names;
    Wide wide;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_get_src(call, 1, &src));
    TRY(call_get_src(call, 2, &src));
    TRY(call_check_floats(call, LINEAR_ATTENTION_INPUTS));
    TRY(bind_linear(call, &names));
    Linear l = { .batch = call_dim(&names, 'b'),
                 .steps = call_dim(&names, 't'),
                 .query_heads = call_dim(&names, 'g'),
                 .heads = call_dim(&names, 'h'),
                 .key_size = call_dim(&names, 'k'),
                 .value_size = call_dim(&names, 'v'),
                 .decay_dim = call_dim(&names, 'D'),
                 .beta_dim = call_dim(&names, 'E'),
                 .scale = (double)node_get_float(call->node, "scale", 0.0f) };
    size_t state_count = l.key_size * l.value_size; /* no more than K * V, which are allocated */
    TRY(wide_open(call, l.value_size + state_count, &wide));
    l.wide = &wide;
    l.change = wide.work;
    l.scale = l.scale == 0.0 ? 1.0 / sqrt((double)l.key_size) : l.scale;
    for (size_t i = 0; i < l.batch * l.heads; i++) {
        double *state = wide.dst[1] ? wide.dst[1] + i * state_count : wide.work + l.value_size;
        for (size_t k = 0; k < state_count; k++)
            state[k] = wide.src[3] ? wide.src[3][i * state_count + k] : 0.0;
        run_head(&l, state, i / l.heads, i % l.heads);
    }
    wide_store(call, &wide);
    return status_ok();
}

typedef struct CausalConv {
    size_t rows, channels, length, taps;
    bool swish;
} CausalConv;

static Status causal_open(const KernelCall *call, CausalConv *conv) {
    DimNames names;
    StringView activation = node_get_string(call->node, "activation", "none");
    bool none = activation.length == 4 && memcmp(activation.data, "none", 4) == 0;
    conv->swish = (activation.length == 4 && memcmp(activation.data, "silu", 4) == 0) ||
                  (activation.length == 5 && memcmp(activation.data, "swish", 5) == 0);
    if (!none && !conv->swish)
        return call_invalid(call, "activation: expected none, silu or swish, got '%.*s'",
                            (int)MIN_OF(activation.length, (size_t)40), activation.data);
    dim_names_init(&names);
    TRY(call_bind(call, &names, 0, "bcl"));
    TRY(call_bind(call, &names, 1, "c1k"));
    TRY(call_bind(call, &names, 2, "c"));
    conv->taps = call_dim(&names, 'k');
    if (conv->taps == 0)
        return call_invalid(call, "the kernel has no taps");
    *dim_name(&names, 'm') = (int64_t)conv->taps - 1;
    TRY(call_bind(call, &names, 3, "bcm"));
    TRY(call_check_dst(call, &names, 0, "bcl"));
    TRY(call_check_dst(call, &names, 1, "bcm"));
    conv->channels = call_dim(&names, 'c');
    conv->rows = call_dim(&names, 'b') * conv->channels;
    conv->length = call_dim(&names, 'l');
    return status_ok();
}

/* One channel, with the past put before it in the work area. */
static void convolve_row(const CausalConv *conv, const Wide *wide, size_t row) {
    size_t past = conv->taps - 1, channel = row % conv->channels;
    double *padded = wide->work;
    const double *taps = wide->src[1] + channel * conv->taps;
    for (size_t i = 0; i < past; i++)
        padded[i] = wide->src[3] ? wide->src[3][row * past + i] : 0.0;
    for (size_t i = 0; i < conv->length; i++)
        padded[past + i] = wide->src[0][row * conv->length + i];
    for (size_t i = 0; i < conv->length; i++) {
        double sum = wide->src[2] ? wide->src[2][channel] : 0.0;
        for (size_t k = 0; k < conv->taps; k++)
            sum += taps[k] * padded[i + k];
        wide->dst[0][row * conv->length + i] = conv->swish ? sum / (1.0 + exp(-sum)) : sum;
    }
    for (size_t i = 0; wide->dst[1] && i < past; i++)
        wide->dst[1][row * past + i] = padded[conv->length + i];
}

Status reference_causal_conv_with_state(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    CausalConv conv;
    Wide wide;
    size_t padded;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_get_src(call, 1, &src));
    TRY(call_check_floats(call, 4));
    TRY(causal_open(call, &conv));
    if (!size_add(conv.length, conv.taps, &padded))
        return call_invalid(call, "size of the operands overflows");
    TRY(wide_open(call, padded, &wide));
    for (size_t row = 0; row < conv.rows; row++)
        convolve_row(&conv, &wide, row);
    wide_store(call, &wide);
    return status_ok();
}
