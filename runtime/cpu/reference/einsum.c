/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Einsum, one operand after the other: what only one operand knows is summed out of it first, then
 * it is joined with the result so far, keeping the labels that are still needed. So the work is
 * that of matrix products, and a sum over many letters does not multiply their dims. Integers are
 * computed as int64, which wraps as their own arithmetic would.
 *
 * Thread: any that runs kernels. Invariant: the sizes of all intermediate results are summed before
 * any is computed, as the scratch is one piece. Source: ONNX Einsum 12.
 */

#include "runtime/graph/einsum.h"
#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/reference_util.h"

enum { INTERMEDIATE_MAX = 1 << 28 }; /* elements; more would be a mistake or an attack */

typedef uint64_t LabelSet;

/* 8-byte elements (double or int64) by label. */
typedef struct Operand {
    LabelSet labels;
    int64_t strides[EINSUM_LABELS];
    void *data;
    size_t count;
} Operand;

typedef struct EinsumRun {
    const KernelCall *call;
    Einsum einsum;
    LabelSet output;
    bool is_float;
    char *next; /* free scratch; NULL while sizes are counted */
    size_t total;
} EinsumRun;

static LabelSet bit(size_t label) {
    return UINT64_C(1) << label;
}

static LabelSet term_labels(const EinsumTerm *term) {
    LabelSet set = 0;
    for (size_t i = 0; i < term->count; i++)
        set |= bit(term->labels[i]);
    return set;
}

static Status claim(EinsumRun *run, Operand *operand) {
    size_t bytes;
    if (!size_mul(operand->count, sizeof(double), &bytes) ||
        !size_add(run->total, bytes, &run->total))
        return call_invalid(run->call, "size of the operands overflows");
    operand->data = run->next;
    if (run->next)
        run->next += bytes;
    return status_ok();
}

/* Input number `index` by label: a letter that is repeated walks the diagonal, a dim of 1 behind an
 * ellipsis stands still. */
static Status load_operand(EinsumRun *run, size_t index, Operand *operand) {
    const Tensor *src = run->call->src[index];
    const EinsumTerm *term = &run->einsum.terms[index];
    const ElementIo *io = element_io_find(src->dtype);
    int64_t strides[SHAPE_MAX_RANK];
    *operand = (Operand){ .labels = term_labels(term), .count = tensor_elements(src) };
    shape_strides(&src->shape, strides);
    for (size_t i = 0; i < term->count; i++)
        if (src->shape.dims[i] == run->einsum.dims[term->labels[i]])
            operand->strides[term->labels[i]] += strides[i];
    TRY(claim(run, operand));
    if (operand->data && operand->count > 0 && run->is_float)
        io->load_f64(src->data, 0, 1, operand->count, operand->data);
    else if (operand->data && operand->count > 0)
        io->load_i64(src->data, 0, 1, operand->count, operand->data);
    return status_ok();
}

/* A loop nest over labels, the outermost first. */
typedef struct Nest {
    size_t depth;
    int64_t dims[EINSUM_LABELS + 1], index[EINSUM_LABELS + 1]; /* one of 1 is always there */
    int64_t strides[3][EINSUM_LABELS + 1];                     /* of the result, a and b */
} Nest;

static void nest_add(Nest *nest, const EinsumRun *run, LabelSet set, const Operand *operands[3]) {
    for (size_t label = 0; label < EINSUM_LABELS; label++) {
        if (!(set & bit(label)))
            continue;
        nest->dims[nest->depth] = run->einsum.dims[label];
        for (size_t i = 0; i < 3; i++)
            nest->strides[i][nest->depth] = operands[i] ? operands[i]->strides[label] : 0;
        nest->depth++;
    }
}

/* Moves to the next row of the innermost dim; false behind the last. */
static bool nest_next(Nest *nest, int64_t at[3]) {
    for (size_t d = nest->depth - 1; d-- > 0;) {
        bool wraps = ++nest->index[d] == nest->dims[d];
        for (size_t i = 0; i < 3; i++)
            at[i] += nest->strides[i][d] * (wraps ? 1 - nest->dims[d] : 1);
        if (!wraps)
            return true;
        nest->index[d] = 0;
    }
    return false;
}

/* to[...] += a[...] * b[...]; b NULL: 1 */
#define RUN_NEST(S, T, P)                                                                          \
    static void run_nest_##S(Nest *nest, T *to, const T *a, const T *b) {                          \
        size_t last = nest->depth - 1;                                                             \
        int64_t at[3] = { 0 }, count = nest->dims[last];                                           \
        int64_t step[3] = { nest->strides[0][last], nest->strides[1][last],                        \
                            nest->strides[2][last] };                                              \
        do {                                                                                       \
            for (int64_t i = 0; i < count; i++)                                                    \
                to[at[0] + i * step[0]] +=                                                         \
                    (P)a[at[1] + i * step[1]] * (b ? (P)b[at[2] + i * step[2]] : (P)1);            \
        } while (nest_next(nest, at));                                                             \
    }
RUN_NEST(float, double, double)
RUN_NEST(integer, uint64_t, uint64_t)

/* Row-major over the kept labels, in the order of the output's term, then of the alphabet. */
static Status shape_result(EinsumRun *run, LabelSet kept, Operand *result) {
    *result = (Operand){ .labels = kept, .count = 1 };
    uint8_t order[EINSUM_LABELS];
    size_t depth = 0;
    for (size_t i = 0; i < run->einsum.output.count; i++)
        if (kept & bit(run->einsum.output.labels[i]))
            order[depth++] = run->einsum.output.labels[i];
    for (size_t label = 0; label < EINSUM_LABELS; label++)
        if (kept & bit(label) & ~run->output)
            order[depth++] = (uint8_t)label;
    while (depth-- > 0) {
        result->strides[order[depth]] = (int64_t)result->count;
        if (!size_mul(result->count, (size_t)run->einsum.dims[order[depth]], &result->count) ||
            result->count > INTERMEDIATE_MAX)
            return status_error(STATUS_RESOURCE_EXHAUSTED,
                                "%s: an intermediate result is above %d elements",
                                run->call->node->op->name, INTERMEDIATE_MAX);
    }
    return claim(run, result);
}

/* result[kept] = sum over the rest of a * b; b may be NULL */
static Status join(EinsumRun *run, const Operand *a, const Operand *b, LabelSet kept,
                   Operand *result) {
    LabelSet all = a->labels | (b ? b->labels : 0);
    TRY(shape_result(run, kept & all, result));
    if (!result->data)
        return status_ok();
    uint64_t *clear = result->data;
    for (size_t i = 0; i < result->count; i++)
        clear[i] = 0; /* 0.0 as well */
    Nest nest = { .depth = 1, .dims = { 1 } };
    const Operand *operands[] = { result, a, b };
    nest_add(&nest, run, kept & all, operands);
    nest_add(&nest, run, all & ~kept, operands);
    for (size_t d = 0; d < nest.depth; d++)
        if (nest.dims[d] == 0)
            return status_ok();
    if (run->is_float)
        run_nest_float(&nest, result->data, a->data, b ? b->data : NULL);
    else
        run_nest_integer(&nest, result->data, a->data, b ? b->data : NULL);
    return status_ok();
}

/* Labels of terms [first, count). */
static LabelSet labels_from(const Einsum *einsum, size_t first) {
    LabelSet set = 0;
    for (size_t i = first; i < einsum->term_count; i++)
        set |= term_labels(&einsum->terms[i]);
    return set;
}

static Status run_terms(EinsumRun *run, Operand *ret_result) {
    Operand result, input, reduced, joined;
    LabelSet later = run->output | labels_from(&run->einsum, 1);
    TRY(load_operand(run, 0, &input));
    TRY(join(run, &input, NULL, later, &result));
    for (size_t i = 1; i < run->einsum.term_count; i++) {
        later = run->output | labels_from(&run->einsum, i + 1);
        TRY(load_operand(run, i, &input));
        TRY(join(run, &input, NULL, later | result.labels, &reduced));
        TRY(join(run, &result, &reduced, later, &joined));
        result = joined;
    }
    *ret_result = result;
    return status_ok();
}

static Status einsum_open(const KernelCall *call, const Tensor *dst, EinsumRun *run) {
    const Shape *shapes[EINSUM_TERMS_MAX] = { NULL };
    size_t count = call->node->input_count;
    for (size_t i = 0; i < count; i++) {
        const Tensor *src;
        TRY(call_get_src(call, i, &src));
        TRY(call_check_dtype(call, dst->dtype, src));
        if (i < EINSUM_TERMS_MAX)
            shapes[i] = &src->shape;
    }
    if (!element_io_find(dst->dtype))
        return call_lacks_dtype(call, dst->dtype);
    *run = (EinsumRun){ .call = call, .is_float = dtype_info(dst->dtype)->is_float };
    Status status =
        einsum_parse(node_get_string(call->node, "equation", ""), shapes, count, &run->einsum);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", call->node->op->name);
    run->output = term_labels(&run->einsum.output);
    Shape shape = { .rank = (int32_t)run->einsum.output.count };
    for (size_t i = 0; i < run->einsum.output.count; i++)
        shape.dims[i] = run->einsum.dims[run->einsum.output.labels[i]];
    return call_check_shape(call, &shape, dst);
}

Status reference_einsum(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    EinsumRun run;
    Operand result;
    void *memory;
    TRY(call_get_first(call, &src, &dst));
    TRY(einsum_open(call, dst, &run));
    TRY(run_terms(&run, &result)); /* counts only */
    TRY(call_get_scratch(call, run.total, &memory));
    run.next = memory;
    run.total = 0;
    TRY(run_terms(&run, &result));
    const ElementIo *io = element_io_find(dst->dtype);
    if (result.count > 0 && run.is_float)
        io->store_f64(dst->data, 0, result.count, result.data);
    else if (result.count > 0)
        io->store_i64(dst->data, 0, result.count, result.data);
    return status_ok();
}
