/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Attention in f32 without a cache of past keys. A head is taken at a time and never leaves the
 * nearest caches: its keys are turned into panels and its values copied beside each other once,
 * then blocks of queries are scored, soft-maxed (scale, mask and causality in the same pass) and
 * multiplied with the values, straight from and into tensors whose heads lie side by side: nothing
 * is transposed in memory and the scores of all heads never exist at once.
 *
 * Work is cut by batch, head and block of queries. A query's bits depend on its own row and its
 * sample's keys alone: neither batch nor threads change them. A query whose every key is masked
 * gives NaN, as the operator's own text does.
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX Attention 24.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/vector_loops.h"
#include "runtime/cpu/vector_nn.h"
#include "runtime/graph/attention.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum {
    VECTOR_FLOATS = 16,      /* what the products read at once */
    SCORE_FLOATS = 64 << 10, /* of a block of queries: a quarter of a usual second cache */
    BLOCK_ROWS_MIN = 12,     /* fewer would not pay for the panels */
    MASK_INPUT = 3,
};

/* Where the vectors of a batch entry, head and position lie: floats to the next. */
typedef struct Heads {
    size_t batch, head, position;
} Heads;

typedef struct AttentionKernel {
    Kernel base;
    size_t batch, heads, groups, queries, keys, size, value_size;
    Heads query, key, value, result;
    size_t mask_steps[3]; /* elements to the next batch entry, head, query */
    DType mask_dtype;     /* INVALID: none */
    bool is_causal;
    float scale;
    size_t padded_keys, padded_values;               /* whole vectors */
    size_t block_rows, blocks;                       /* of queries */
    size_t panels_at, values_at, scores_at, mask_at; /* in scratch, in floats */
} AttentionKernel;

static Heads heads_of(bool packed, size_t heads, size_t positions, size_t size) {
    return (Heads){ .batch = heads * positions * size,
                    .head = packed ? size : positions * size,
                    .position = packed ? heads * size : size };
}

static bool is_plain_f32(const Value *value) {
    return value_is_f32(value) && value->layout == LAYOUT_PLAIN;
}

static bool has_only_result(const KernelBuild *build) {
    for (uint32_t i = 1; i < build->node->output_count; i++)
        if (build->node->outputs[i] != VALUE_NONE)
            return false;
    for (uint32_t i = MASK_INPUT + 1; i < build->node->input_count; i++)
        if (build->node->inputs[i] != VALUE_NONE)
            return false;
    return build->node->epilogue_count == 0 && node_get_float(build->node, "softcap", 0) == 0;
}

/* false: a mask that is not as long as the keys, or of another type. */
static bool describe_mask(const KernelBuild *build, AttentionKernel *attention) {
    const Value *mask = build_input(build, MASK_INPUT);
    if (!mask)
        return true;
    int64_t strides[SHAPE_MAX_RANK];
    const Shape *shape = &mask->shape;
    if (!shape_is_known(shape) || shape->rank < 1 || mask->layout != LAYOUT_PLAIN ||
        (mask->dtype != DTYPE_F32 && mask->dtype != DTYPE_BOOL) ||
        shape->dims[shape->rank - 1] != (int64_t)attention->keys)
        return false;
    attention->mask_dtype = mask->dtype;
    shape_strides(shape, strides);
    for (int32_t i = 0; i < 3; i++) {
        int32_t own = shape->rank - 4 + i;
        attention->mask_steps[i] = own >= 0 && shape->dims[own] != 1 ? (size_t)strides[own] : 0;
    }
    return true;
}

static Status bind(const KernelBuild *build, AttentionKernel *attention) {
    const Shape *shapes[ATTENTION_INPUTS] = { NULL };
    DimNames names;
    for (uint32_t i = 0; i <= MASK_INPUT; i++)
        shapes[i] = build_input(build, i) ? &build_input(build, i)->shape : NULL;
    TRY(attention_bind(build->node, shapes, &names));
    const struct {
        char letter;
        size_t *dim;
    } dims[] = { { 'b', &attention->batch },     { 'h', &attention->heads },
                 { 'g', &attention->groups },    { 's', &attention->queries },
                 { 't', &attention->keys },      { 'd', &attention->size },
                 { 'v', &attention->value_size } };
    for (size_t i = 0; i < ARRAY_LENGTH(dims); i++)
        *dims[i].dim = (size_t)*dim_name(&names, dims[i].letter);
    return status_ok();
}

static size_t round_up(size_t count) {
    return (count + VECTOR_FLOATS - 1) / VECTOR_FLOATS * VECTOR_FLOATS;
}

/* Sizes of scratch and how queries are cut. false: too large to address. */
static bool measure(const KernelBuild *build, AttentionKernel *a) {
    size_t threads = build->pool ? pool_thread_count(build->pool) : 1;
    size_t panels, values, floats;
    a->padded_keys = (a->keys + 63) / 64 * 64; /* whole panels of every instruction set */
    a->padded_values = round_up(a->value_size);
    a->block_rows = MAX_OF(SCORE_FLOATS / a->padded_keys, (size_t)BLOCK_ROWS_MIN);
    a->block_rows = MIN_OF(a->block_rows, a->queries);
    if (a->batch * a->heads < 2 * threads) { /* few heads: cut queries as well */
        size_t share = (a->queries + 2 * threads - 1) / (2 * threads);
        a->block_rows = MIN_OF(a->block_rows, MAX_OF(share, (size_t)BLOCK_ROWS_MIN));
    }
    a->blocks = (a->queries + a->block_rows - 1) / a->block_rows;
    if (!size_mul(a->padded_keys, a->size, &panels) ||
        !size_mul(a->keys, a->padded_values, &values) ||
        !size_mul(a->block_rows, a->padded_keys, &floats))
        return false;
    a->values_at = round_up(panels);
    a->scores_at = a->values_at + round_up(values);
    a->mask_at = a->scores_at + floats;
    return size_mul(a->mask_at + a->padded_keys, sizeof(float), &a->base.scratch_bytes);
}

static Status attention_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    if (!node_is(build->node, "", "Attention") || build->node->input_count < 3)
        return status_ok();
    const Value *query = build_input(build, 0), *dst = build_output(build, 0);
    if (!is_plain_f32(query) || !is_plain_f32(build_input(build, 1)) ||
        !is_plain_f32(build_input(build, 2)) || !is_plain_f32(dst) || !has_only_result(build))
        return status_ok();
    AttentionKernel found = { .mask_dtype = DTYPE_INVALID };
    TRY(bind(build, &found));
    if (found.batch * found.heads * found.queries * found.keys * found.size * found.value_size ==
            0 ||
        !describe_mask(build, &found) || !measure(build, &found))
        return status_ok();
    AttentionKernel *attention;
    TRY(kernel_alloc(&attention_kernel_type, sizeof *attention, &attention));
    Kernel base = attention->base;
    base.scratch_bytes = found.base.scratch_bytes;
    *attention = found;
    attention->base = base;
    bool packed = query->shape.rank == 3;
    attention->query = heads_of(packed, found.heads, found.queries, found.size);
    attention->key = heads_of(packed, found.groups, found.keys, found.size);
    attention->value = heads_of(packed, found.groups, found.keys, found.value_size);
    attention->result = heads_of(packed, found.heads, found.queries, found.value_size);
    attention->is_causal = node_get_int(build->node, "is_causal", 0) != 0;
    attention->scale =
        node_get_float(build->node, "scale", (float)(1.0 / sqrt((double)found.size)));
    *ret_kernel = &attention->base;
    return status_ok();
}

typedef struct AttentionRun {
    const AttentionKernel *attention;
    const VectorLoops *loops;
    const float *query, *key, *value;
    const void *mask;
    float *dst;
    _Atomic bool starved; /* a thread had no memory for its scratch */
} AttentionRun;

/* One head's keys as [size, panel of keys] panels, zeros behind the last; its values row by row. */
static void gather_head(const AttentionRun *run, const float *key, const float *value,
                        float *scratch) {
    const AttentionKernel *a = run->attention;
    size_t panel = run->loops->nn->panel_columns;
    float *panels = scratch, *values = scratch + a->values_at;
    for (size_t at = 0; at < a->keys; at += panel) {
        size_t count = MIN_OF(panel, a->keys - at);
        float *to = panels + at * a->size;
        if (count < panel)
            memset(to, 0, panel * a->size * sizeof *to);
        run->loops->transpose(to, panel, key + at * a->key.position, a->key.position, count,
                              a->size);
    }
    for (size_t i = 0; i < a->keys; i++) {
        float *to = values + i * a->padded_values;
        memcpy(to, value + i * a->value.position, a->value_size * sizeof *to);
        memset(to + a->value_size, 0, (a->padded_values - a->value_size) * sizeof *to);
    }
}

/* The mask of one query as numbers to add; NULL: none. */
static const float *mask_row(const AttentionRun *run, const size_t at[3], float *scratch) {
    const AttentionKernel *a = run->attention;
    if (a->mask_dtype == DTYPE_INVALID)
        return NULL;
    size_t offset = 0;
    for (size_t i = 0; i < 3; i++)
        offset += at[i] * a->mask_steps[i];
    if (a->mask_dtype == DTYPE_F32)
        return (const float *)run->mask + offset;
    const bool *keep = (const bool *)run->mask + offset;
    float *row = scratch + a->mask_at;
    for (size_t i = 0; i < a->keys; i++)
        row[i] = keep[i] ? 0.0f : -INFINITY;
    return row;
}

/* Scores of a block become weights that do not sum to 1 yet; what they sum to is the row's share.
 */
static void weigh(const AttentionRun *run, size_t at[3], size_t rows, float *scratch,
                  float *ret_shares) {
    const AttentionKernel *a = run->attention;
    size_t first = at[2];
    for (size_t i = 0; i < rows; i++) {
        float *row = scratch + a->scores_at + i * a->padded_keys;
        at[2] = first + i;
        size_t seen = a->is_causal ? MIN_OF(at[2] + 1, a->keys) : a->keys;
        ret_shares[i] =
            1.0f / run->loops->nn->attend(row, mask_row(run, at, scratch), seen, a->scale);
        memset(row + seen, 0, (a->keys - seen) * sizeof *row);
    }
    at[2] = first;
}

enum { SHARES_MAX = SCORE_FLOATS / 64 }; /* the most rows a block can have */

static void run_block(const AttentionRun *run, size_t at[3], float *scratch) {
    const AttentionKernel *a = run->attention;
    const VectorNn *nn = run->loops->nn;
    size_t rows = MIN_OF(a->block_rows, a->queries - at[2]);
    float shares[SHARES_MAX], *scores = scratch + a->scores_at;
    const Heads *q = &a->query, *r = &a->result;
    nn->gemm(&(SmallGemm){
        .rows = rows,
        .columns = a->keys,
        .inner = a->size,
        .a = run->query + at[0] * q->batch + at[1] * q->head + at[2] * q->position,
        .a_step = q->position,
        .b = scratch,
        .b_step = nn->panel_columns,
        .b_panel = nn->panel_columns * a->size,
        .c = scores,
        .c_step = a->padded_keys,
    });
    weigh(run, at, rows, scratch, shares);
    float *dst = run->dst + at[0] * r->batch + at[1] * r->head + at[2] * r->position;
    nn->gemm(&(SmallGemm){
        .rows = rows,
        .columns = a->value_size,
        .inner = a->keys,
        .a = scores,
        .a_step = a->padded_keys,
        .b = scratch + a->values_at,
        .b_step = a->padded_values,
        .b_panel = nn->panel_columns,
        .c = dst,
        .c_step = r->position,
    });
    for (size_t i = 0; i < rows; i++)
        run->loops->binary_right[BINARY_MUL](dst + i * r->position, dst + i * r->position,
                                             &shares[i], a->value_size);
}

/* Items in the order of batch, head, block: a thread gathers a head once for blocks in a row. */
static void run_items(void *user, size_t begin, size_t end) {
    AttentionRun *run = user;
    const AttentionKernel *a = run->attention;
    float *scratch = thread_scratch(a->base.scratch_bytes);
    if (!scratch) {
        atomic_store(&run->starved, true);
        return;
    }
    size_t gathered = INDEX_NONE;
    for (size_t item = begin; item < end; item++) {
        size_t head = item / a->blocks;
        size_t at[3] = { head / a->heads, head % a->heads, item % a->blocks * a->block_rows };
        size_t group = at[1] / (a->heads / a->groups);
        if (gathered != at[0] * a->groups + group)
            gather_head(run, run->key + at[0] * a->key.batch + group * a->key.head,
                        run->value + at[0] * a->value.batch + group * a->value.head, scratch);
        gathered = at[0] * a->groups + group;
        run_block(run, at, scratch);
    }
}

static Status attention_run(const Kernel *kernel, const KernelCall *call) {
    const AttentionKernel *attention = (const AttentionKernel *)kernel;
    AttentionRun run = { .attention = attention,
                         .loops = vector_loops(),
                         .query = call->src[0]->data,
                         .key = call->src[1]->data,
                         .value = call->src[2]->data,
                         .dst = call->dst[0].data };
    if (attention->mask_dtype != DTYPE_INVALID)
        run.mask = call->src[MASK_INPUT]->data;
    pool_for(call->pool, attention->batch * attention->heads * attention->blocks, 1, run_items,
             &run);
    if (atomic_load(&run.starved))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "no memory for %zu bytes of scratch",
                            attention->base.scratch_bytes);
    return status_ok();
}

const KernelType attention_kernel_type = {
    .name = "vector_attention",
    .prepare = attention_prepare,
    .run = attention_run,
    .free = kernel_free_plain,
};
