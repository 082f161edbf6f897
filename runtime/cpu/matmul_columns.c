/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * oneDNN packs weights in blocks of columns that lie one behind the other, so the packed weights of
 * a run of whole blocks are a part of those of the whole (dnnl_op_weights_part asks the formats
 * whether it is so): nothing is packed twice. It takes its blocked products only where rows of the
 * result lie one behind the other; a slice of several rows is therefore written beside and copied,
 * which is little for the few rows that are cut this way.
 *
 * Each element is the same sum in the same order as in the whole (test_matmul, bit for bit).
 *
 * Thread: made by a loader; run by any.
 */

#include "runtime/cpu/matmul_columns.h"

#include "runtime/base/size.h"

#include <stdatomic.h>
#include <string.h>

enum {
    BLOCK_COLUMNS = 64,
    ROWS_MAX = 31, /* more are cut by rows */
    SLICES_A_THREAD = 2,
    SLICE_MIN_BYTES =
        256 << 10, /* of weights: some 6 us of one core; waking another takes as long */
};

struct MatmulColumns {
    DnnlOp **slices;
    size_t slice_count, rows, columns;
    size_t width;   /* columns of a slice; the last has what is left, some more or fewer */
    size_t copy_at; /* in scratch, behind the operations' own */
};

static size_t first_of(const MatmulColumns *columns, size_t slice) {
    return slice * columns->width;
}

static size_t width_of(const MatmulColumns *columns, size_t slice) {
    return slice + 1 < columns->slice_count ? columns->width
                                            : columns->columns - first_of(columns, slice);
}

/* How many columns a slice has; 0: not worth it. */
static size_t choose_width(const MatmulColumnsSource *source, size_t rows, size_t columns) {
    size_t bytes = dnnl_op_weights_bytes(source->whole);
    size_t slices = MIN_OF(bytes / SLICE_MIN_BYTES, source->threads * SLICES_A_THREAD);
    slices = MIN_OF(slices, columns / BLOCK_COLUMNS);
    if (source->threads < 2 || slices < 2 || rows > ROWS_MAX)
        return 0;
    size_t blocks = (columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
    return (blocks + slices - 1) / slices * BLOCK_COLUMNS;
}

static Status make_slice(const MatmulColumnsSource *source, MatmulColumns *columns, size_t slice,
                         bool *ret_fits) {
    DnnlMatmulSpec spec = *source->spec;
    int64_t rows = (int64_t)columns->rows, width = (int64_t)width_of(columns, slice);
    size_t first = first_of(columns, slice), offset;
    DType type = spec.dst.dtype;
    spec.weights.dims[1] = width; /* its strides stay those of the whole */
    spec.dst = dnnl_view_plain((int64_t[]){ rows, width }, 2);
    spec.dst.dtype = type;
    spec.post_count = dnnl_op_post_count(source->whole);
    TRY(dnnl_matmul_new(&spec, &columns->slices[slice]));
    const DnnlOp *op = columns->slices[slice];
    *ret_fits = dnnl_op_post_count(op) == spec.post_count &&
                strcmp(dnnl_op_implementation(op), dnnl_op_implementation(source->whole)) == 0 &&
                dnnl_op_weights_part(source->whole, op, first, &offset);
    if (!*ret_fits)
        return status_ok();
    columns->copy_at = MAX_OF(columns->copy_at, dnnl_op_scratch_bytes(op));
    return dnnl_op_bind(columns->slices[slice], (const char *)source->packed + offset,
                        source->bias ? (const float *)source->bias + first : NULL);
}

Status matmul_columns_new(const MatmulColumnsSource *source, MatmulColumns **ret_columns) {
    *ret_columns = NULL;
    size_t rows = (size_t)source->spec->dst.dims[0], count = (size_t)source->spec->dst.dims[1];
    size_t width = choose_width(source, rows, count);
    if (width == 0 || width >= count || source->spec->dst.rank != 2)
        return status_ok();
    AUTO(matmul_columns_free) MatmulColumns *columns = calloc(1, sizeof *columns);
    if (!columns)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    *columns = (MatmulColumns){
        .rows = rows, .columns = count, .width = width, .slice_count = (count + width - 1) / width
    };
    if (width_of(columns, columns->slice_count - 1) < BLOCK_COLUMNS)
        columns->slice_count--; /* another format would be chosen for so few */
    columns->slices = calloc(columns->slice_count, sizeof(DnnlOp *));
    if (!columns->slices)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    for (size_t i = 0; i < columns->slice_count; i++) {
        bool fits;
        TRY(make_slice(source, columns, i, &fits));
        if (!fits)
            return status_ok();
    }
    if (!size_align(columns->copy_at, TENSOR_ALIGNMENT, &columns->copy_at))
        return status_ok();
    *ret_columns = TAKE(columns);
    return status_ok();
}

void matmul_columns_free(MatmulColumns *columns) {
    if (!columns)
        return;
    for (size_t i = 0; i < columns->slice_count; i++)
        dnnl_op_free(columns->slices[i]);
    free(columns->slices);
    free(columns);
}

size_t matmul_columns_scratch_bytes(const MatmulColumns *columns) {
    size_t last = width_of(columns, columns->slice_count - 1);
    return columns->copy_at + columns->rows * MAX_OF(columns->width, last) * sizeof(float);
}

typedef struct Sliced {
    const MatmulColumns *columns;
    const MatmulColumnsRun *run;
    _Atomic int failed; /* StatusCode of a slice that did not run; any one of them */
} Sliced;

/* Between the slice's own rows and its columns of the whole. */
static void copy_rows(const Sliced *sliced, size_t slice, float *own, bool out) {
    const MatmulColumns *columns = sliced->columns;
    size_t width = width_of(columns, slice);
    for (size_t row = 0; row < columns->rows; row++) {
        float *whole = sliced->run->dst + row * columns->columns + first_of(columns, slice);
        if (out)
            memcpy(whole, own + row * width, width * sizeof *own);
        else
            memcpy(own + row * width, whole, width * sizeof *own);
    }
}

static Status run_slice(const Sliced *sliced, size_t slice) {
    const MatmulColumns *columns = sliced->columns;
    const MatmulColumnsRun *run = sliced->run;
    char *scratch = thread_scratch(run->scratch_offset + matmul_columns_scratch_bytes(columns));
    if (!scratch)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "no memory for scratch");
    scratch += run->scratch_offset;
    bool beside = columns->rows > 1;
    float *dst = beside ? (float *)(void *)(scratch + columns->copy_at)
                        : run->dst + first_of(columns, slice);
    if (beside && run->has_sum)
        copy_rows(sliced, slice, dst, false);
    const void *data[DNNL_SLOT_COUNT] = {
        [DNNL_SLOT_SRC] = run->src, [DNNL_SLOT_DST] = dst, [DNNL_SLOT_SCRATCH] = scratch
    };
    TRY(dnnl_op_run(columns->slices[slice], data));
    if (beside)
        copy_rows(sliced, slice, dst, true);
    return status_ok();
}

static void run_slices(void *user, size_t begin, size_t end) {
    Sliced *sliced = user;
    for (size_t i = begin; i < end; i++) {
        Status status = run_slice(sliced, i);
        if (!status_is_ok(&status))
            atomic_store(&sliced->failed, (int)status.code);
    }
}

Status matmul_columns_run(const MatmulColumns *columns, Pool *pool, const MatmulColumnsRun *run) {
    Sliced sliced = { .columns = columns, .run = run };
    pool_for(pool, columns->slice_count, 1, run_slices, &sliced);
    int failed = atomic_load(&sliced.failed);
    return failed == STATUS_OK ? status_ok()
                               : status_error((StatusCode)failed, "a slice of the product failed");
}
