/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The driver of elementwise kernels. Rows of equal shapes merge into a single one, so the plain
 * case is one call over the whole tensor. Narrow floats have no row functions: chunks of them are
 * widened to float on the stack, computed by the F32 row and rounded once on the way back, which is
 * what "computed in float" means for f16 and bf16.
 *
 * Thread: any that runs kernels; no scratch. Invariant: a result may be its own first source
 * (variadic sums), since an element is read before it is written.
 */

#include "runtime/cpu/reference/elementwise.h"

#include "runtime/cpu/reference/element_io.h"

#include <string.h>

static void widen(DType dtype, const void *base, size_t index, size_t count, float *values) {
    double wide[ELEMENT_CHUNK];
    if (dtype == DTYPE_F16 || dtype == DTYPE_BF16) {
        const uint16_t *codes = (const uint16_t *)base + index;
        for (size_t i = 0; i < count; i++)
            values[i] = dtype == DTYPE_F16 ? f16_to_f32(codes[i]) : bf16_to_f32(codes[i]);
        return;
    }
    element_io_find(dtype)->load_f64(base, index, 1, count, wide);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)wide[i];
}

static void narrow(DType dtype, void *base, size_t index, size_t count, const float *values) {
    double wide[ELEMENT_CHUNK];
    if (dtype == DTYPE_F16 || dtype == DTYPE_BF16) {
        uint16_t *codes = (uint16_t *)base + index;
        for (size_t i = 0; i < count; i++)
            codes[i] = dtype == DTYPE_F16 ? f32_to_f16(values[i]) : f32_to_bf16(values[i]);
        return;
    }
    for (size_t i = 0; i < count; i++)
        wide[i] = (double)values[i];
    element_io_find(dtype)->store_f64(base, index, count, wide);
}

/* One row in chunks through float. row holds the bases and steps; offsets are walk's. */
static void run_row_widened(RowFn fn, Row row, const Broadcast *walk, DType src_type,
                            DType dst_type) {
    float from[BROADCAST_MAX][ELEMENT_CHUNK], to[ELEMENT_CHUNK];
    void *dst = row.dst;
    const void *src[BROADCAST_MAX];
    memcpy(src, row.src, sizeof src);
    for (size_t begin = 0; begin < walk->row_count; begin += ELEMENT_CHUNK) {
        row.count = MIN_OF((size_t)ELEMENT_CHUNK, walk->row_count - begin);
        for (size_t s = 0; s < walk->source_count; s++) {
            row.src[s] = src[s] ? from[s] : NULL;
            if (src[s])
                widen(src_type, src[s], walk->src[s] + begin * row.step[s],
                      row.step[s] ? row.count : 1, from[s]);
        }
        bool narrows = dst_type != DTYPE_BOOL;
        row.dst = narrows ? (void *)to : (char *)dst + walk->dst + begin;
        fn(&row);
        if (narrows)
            narrow(dst_type, dst, walk->dst + begin, row.count, to);
    }
}

static void run_rows(RowFn fn, Row row, Broadcast *walk, size_t src_bytes, size_t dst_bytes) {
    char *dst = row.dst;
    const void *src[BROADCAST_MAX];
    memcpy(src, row.src, sizeof src);
    row.count = walk->row_count;
    while (broadcast_next(walk)) {
        for (size_t s = 0; s < walk->source_count; s++)
            row.src[s] = src[s] ? (const char *)src[s] + walk->src[s] * src_bytes : NULL;
        row.dst = dst + walk->dst * dst_bytes;
        fn(&row);
    }
}

Status elementwise_apply(const KernelCall *call, const ElementwiseOp *op,
                         const Tensor *const *sources, size_t source_count, Tensor *dst) {
    DType dtype = sources[0]->dtype;
    RowFn fn = op->rows[dtype];
    bool widens = !fn && dtype_is_narrow_float(dtype) && !dtype_is_packed(dtype);
    if (widens)
        fn = op->rows[DTYPE_F32];
    if (!fn)
        return call_lacks_dtype(call, dtype);
    TRY(call_check_dtype(call, op->dst == DTYPE_INVALID ? dtype : op->dst, dst));

    if (source_count == 1) /* rows of one operand do not repeat elements */
        TRY(call_check_shape(call, &sources[0]->shape, dst));
    Broadcast walk;
    TRY(broadcast_init(&walk, call, sources, source_count, &dst->shape));
    Row row = { .dst = dst->data,
                .alpha =
                    (double)(op->alpha_name ? node_get_float(call->node, op->alpha_name, op->alpha)
                                            : op->alpha),
                .beta = (double)(op->beta_name ? node_get_float(call->node, op->beta_name, op->beta)
                                               : op->beta) };
    for (size_t s = 0; s < source_count; s++) {
        if (sources[s])
            TRY(call_check_dtype(call, dtype, sources[s]));
        row.src[s] = sources[s] ? sources[s]->data : NULL;
        row.step[s] = walk.step[s];
    }
    if (!widens) {
        run_rows(fn, row, &walk, dtype_bytes(dtype), dtype_bytes(dst->dtype));
        return status_ok();
    }
    while (broadcast_next(&walk))
        run_row_widened(fn, row, &walk, dtype, dst->dtype);
    return status_ok();
}

Status elementwise_run(const KernelCall *call, const ElementwiseOp *op, size_t source_count) {
    const Tensor *sources[BROADCAST_MAX];
    Tensor *dst;
    TRY(call_get_first(call, &sources[0], &dst));
    for (size_t s = 1; s < source_count; s++)
        TRY(call_get_src(call, s, &sources[s]));
    return elementwise_apply(call, op, sources, source_count, dst);
}
