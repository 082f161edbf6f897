/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * oneDNN runs on the calling thread only; parallel work is cut here. A slice is a run of output
 * rows (the first spatial dim) of one image: with channels last both its input, halo included, and
 * its output are contiguous. Slices at the edges have padding of their own, so a convolution has up
 * to four different slice operations; they take their weights in the same packed format as the
 * whole, else the convolution is not sliced. Each output is the same sum in the same order whether
 * sliced or not (checked by test_conv, bit for bit).
 *
 * Thread: made by a loader; run by any.
 */

#include "runtime/cpu/conv_ops.h"

#include "runtime/base/size.h"
#include "runtime/graph/window.h"

#include <stdatomic.h>
#include <string.h>

enum {
    SLICE_KINDS_MAX = 6,
    SLICES_A_THREAD = 4,
    SLICE_MIN_FLOPS =
        4 * 1000 * 1000, /* some 20 us of one core: a few times what handing it out costs */
};

/* Rows of the output and the rows of the input under them, in one image. */
typedef struct Slice {
    int64_t dst_row, dst_rows, src_row, src_rows, pad_begin, pad_end;
    size_t kind;
} Slice;

struct ConvOps {
    DnnlOp *whole;
    DnnlOp *kinds[SLICE_KINDS_MAX];
    size_t kind_count, slice_count; /* slices of one image; 0: not sliced */
    size_t images, scratch_bytes;
    size_t src_image, src_row, dst_image, dst_row; /* bytes */
    Slice *slices;
};

static bool nothing_in(const Shape *shape) {
    return shape_product(shape, 0, (size_t)shape->rank) == 0;
}

bool conv_shape_resolve(const Node *node, ConvShape *shape) {
    const Shape *src = &shape->src, *weights = &shape->weights, *dst = &shape->dst;
    if (src->rank < 3 || src->rank != weights->rank || src->rank != dst->rank || nothing_in(src) ||
        nothing_in(weights) || nothing_in(dst) || shape->groups < 1 ||
        weights->dims[0] % shape->groups != 0 || weights->dims[1] * shape->groups != src->dims[1])
        return false;
    Window window;
    Status resolved = window_resolve(node, src, &weights->dims[2], &window);
    if (!status_is_ok(&resolved) || window.rank > ARRAY_LENGTH(shape->strides))
        return false;
    for (size_t i = 0; i < window.rank; i++) {
        if (window.out[i] != dst->dims[i + 2])
            return false;
        shape->strides[i] = window.stride[i];
        shape->dilations[i] = window.dilation[i];
        shape->pads_begin[i] = window.pad_begin[i];
        shape->pads_end[i] = window_overhang(&window, i);
    }
    return true;
}

static DnnlView weights_view(const ConvShape *shape) {
    const Shape *weights = &shape->weights;
    if (shape->groups == 1)
        return dnnl_view_plain(weights->dims, weights->rank);
    int64_t dims[SHAPE_MAX_RANK + 1] = { shape->groups, weights->dims[0] / shape->groups };
    memcpy(&dims[2], &weights->dims[1], (size_t)(weights->rank - 1) * sizeof *dims);
    return dnnl_view_plain(dims, weights->rank + 1);
}

static Status op_new(const ConvShape *shape, const Shape *src, const Shape *dst,
                     const int64_t edge[2], DnnlOp **ret_op) {
    DnnlConvSpec spec = {
        .src = dnnl_view_channels_last(src->dims, src->rank),
        .dst = dnnl_view_channels_last(dst->dims, dst->rank),
        .weights = weights_view(shape),
        .has_bias = shape->has_bias,
        .posts = shape->posts,
        .post_count = shape->post_count,
        .quantization = shape->quantization,
    };
    spec.src.dtype = shape->src_dtype;
    spec.weights.dtype = shape->weights_dtype;
    spec.dst.dtype = shape->dst_dtype;
    memcpy(spec.strides, shape->strides, sizeof spec.strides);
    memcpy(spec.dilations, shape->dilations, sizeof spec.dilations);
    memcpy(spec.pads_begin, shape->pads_begin, sizeof spec.pads_begin);
    memcpy(spec.pads_end, shape->pads_end, sizeof spec.pads_end);
    spec.pads_begin[0] = edge[0];
    spec.pads_end[0] = edge[1];
    return dnnl_conv_new(&spec, ret_op);
}

static bool same_weights(const DnnlOp *a, const DnnlOp *b) {
    char left[64], right[64];
    dnnl_op_weights_format(a, left, sizeof left);
    dnnl_op_weights_format(b, right, sizeof right);
    return memcmp(left, right, sizeof left) == 0;
}

/* Rows of the input that output rows [row, row + rows) read. */
static Slice slice_at(const ConvShape *shape, int64_t row, int64_t rows) {
    int64_t height = shape->src.dims[2];
    int64_t span = (shape->weights.dims[2] - 1) * shape->dilations[0] + 1;
    int64_t first = row * shape->strides[0] - shape->pads_begin[0];
    int64_t last = first + (rows - 1) * shape->strides[0] + span; /* one past */
    int64_t begin = MIN_OF(MAX_OF(first, 0), height), end = MAX_OF(MIN_OF(last, height), begin);
    return (Slice){ .dst_row = row,
                    .dst_rows = rows,
                    .src_row = begin,
                    .src_rows = end - begin,
                    .pad_begin = begin - first,
                    .pad_end = last - end };
}

static bool same_kind(const Slice *a, const Slice *b) {
    return a->dst_rows == b->dst_rows && a->src_rows == b->src_rows &&
           a->pad_begin == b->pad_begin && a->pad_end == b->pad_end;
}

/* Gives the slice its operation, a new one if no earlier slice has the like. false: cannot be
 * sliced. */
static bool slice_set_kind(ConvOps *ops, const ConvShape *shape, size_t index) {
    Slice *slice = &ops->slices[index];
    for (size_t i = 0; i < index; i++)
        if (same_kind(&ops->slices[i], slice)) {
            slice->kind = ops->slices[i].kind;
            return true;
        }
    if (ops->kind_count == SLICE_KINDS_MAX || slice->src_rows == 0)
        return false;
    Shape src = shape->src, dst = shape->dst;
    src.dims[0] = dst.dims[0] = 1;
    src.dims[2] = slice->src_rows;
    dst.dims[2] = slice->dst_rows;
    ConvShape part = *shape;
    part.post_count = dnnl_op_post_count(ops->whole);
    DnnlOp *op;
    Status status = op_new(&part, &src, &dst, (int64_t[]){ slice->pad_begin, slice->pad_end }, &op);
    if (!status_is_ok(&status))
        return false;
    slice->kind = ops->kind_count;
    ops->kinds[ops->kind_count++] = op;
    ops->scratch_bytes = MAX_OF(ops->scratch_bytes, dnnl_op_scratch_bytes(op));
    return dnnl_op_post_count(op) == part.post_count && same_weights(op, ops->whole) &&
           strcmp(dnnl_op_implementation(op), dnnl_op_implementation(ops->whole)) == 0;
}

static double flops_of(const ConvShape *shape) {
    double flops = 2;
    for (int32_t i = 0; i < shape->dst.rank; i++)
        flops *= (double)shape->dst.dims[i];
    for (int32_t i = 1; i < shape->weights.rank; i++)
        flops *= (double)shape->weights.dims[i];
    return flops;
}

/* How many output rows a slice has; 0: too little work, or nothing to cut. */
static int64_t rows_a_slice(const ConvShape *shape, size_t threads) {
    int64_t images = shape->dst.dims[0], rows = shape->dst.dims[2];
    double most = flops_of(shape) / SLICE_MIN_FLOPS;
    double wanted = (double)(threads * SLICES_A_THREAD);
    double slices = MIN_OF(most, wanted) / (double)images;
    if (threads < 2 || slices * (double)images < 2)
        return 0;
    return slices <= 1 ? rows : MAX_OF((rows + (int64_t)slices - 1) / (int64_t)slices, 1);
}

static void forget_slices(ConvOps *ops) {
    for (size_t i = 0; i < ops->kind_count; i++)
        dnnl_op_free(ops->kinds[i]);
    ops->kind_count = ops->slice_count = 0;
}

static Status make_slices(ConvOps *ops, const ConvShape *shape, size_t threads) {
    int64_t step = rows_a_slice(shape, threads), rows = shape->dst.dims[2];
    if (step == 0)
        return status_ok();
    size_t count = (size_t)((rows + step - 1) / step);
    ops->slices = calloc(count, sizeof *ops->slices);
    if (!ops->slices)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    for (size_t i = 0; i < count; i++) {
        int64_t row = (int64_t)i * step;
        ops->slices[i] = slice_at(shape, row, MIN_OF(step, rows - row));
        if (!slice_set_kind(ops, shape, i)) {
            forget_slices(ops);
            return status_ok();
        }
    }
    ops->slice_count = count;
    return status_ok();
}

static size_t item_bytes(DType dtype) {
    return dtype == DTYPE_INVALID ? sizeof(float) : dtype_bytes(dtype);
}

Status conv_ops_new(const ConvShape *shape, size_t threads, ConvOps **ret_ops) {
    AUTO(conv_ops_free) ConvOps *ops = calloc(1, sizeof *ops);
    if (!ops)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    TRY(op_new(shape, &shape->src, &shape->dst,
               (int64_t[]){ shape->pads_begin[0], shape->pads_end[0] }, &ops->whole));
    ops->scratch_bytes = dnnl_op_scratch_bytes(ops->whole);
    ops->images = (size_t)shape->dst.dims[0];
    ops->src_image =
        shape_product(&shape->src, 1, (size_t)shape->src.rank) * item_bytes(shape->src_dtype);
    ops->dst_image =
        shape_product(&shape->dst, 1, (size_t)shape->dst.rank) * item_bytes(shape->dst_dtype);
    ops->src_row = ops->src_image / (size_t)shape->src.dims[2];
    ops->dst_row = ops->dst_image / (size_t)shape->dst.dims[2];
    TRY(make_slices(ops, shape, threads));
    *ret_ops = TAKE(ops);
    return status_ok();
}

void conv_ops_free(ConvOps *ops) {
    if (!ops)
        return;
    forget_slices(ops);
    dnnl_op_free(ops->whole);
    free(ops->slices);
    free(ops);
}

const DnnlOp *conv_ops_whole(const ConvOps *ops) {
    return ops->whole;
}

size_t conv_ops_scratch_bytes(const ConvOps *ops) {
    return ops->scratch_bytes;
}

size_t conv_ops_slice_count(const ConvOps *ops) {
    return ops->slice_count == 0 ? 1 : ops->slice_count * ops->images;
}

Status conv_ops_bind(ConvOps *ops, const void *weights, const void *bias) {
    TRY(dnnl_op_bind(ops->whole, weights, bias));
    for (size_t i = 0; i < ops->kind_count; i++)
        TRY(dnnl_op_bind(ops->kinds[i], weights, bias));
    return status_ok();
}

typedef struct SlicedRun {
    const ConvOps *ops;
    const ConvData *data;
    _Atomic int failed; /* StatusCode of a slice that did not run; any one of them */
} SlicedRun;

static Status run_op(const ConvOps *ops, const DnnlOp *op, const ConvData *data, size_t src,
                     size_t dst) {
    char *scratch = thread_scratch(data->scratch_offset + ops->scratch_bytes);
    if (!scratch)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "no memory for scratch");
    const void *slots[DNNL_SLOT_COUNT] = {
        [DNNL_SLOT_SRC] = (const char *)data->src + src,
        [DNNL_SLOT_WEIGHTS] = data->weights,
        [DNNL_SLOT_BIAS] = data->bias,
        [DNNL_SLOT_DST] = (char *)data->dst + dst,
        [DNNL_SLOT_SCRATCH] = scratch + data->scratch_offset,
    };
    for (size_t i = 0; i < EPILOGUE_MAX; i++)
        slots[DNNL_SLOT_POST + i] = data->operands[i];
    return dnnl_op_run(op, slots);
}

static void run_slices(void *user, size_t begin, size_t end) {
    SlicedRun *run = user;
    const ConvOps *ops = run->ops;
    for (size_t i = begin; i < end; i++) {
        size_t image = i / ops->slice_count;
        const Slice *slice = &ops->slices[i % ops->slice_count];
        Status status = run_op(ops, ops->kinds[slice->kind], run->data,
                               image * ops->src_image + (size_t)slice->src_row * ops->src_row,
                               image * ops->dst_image + (size_t)slice->dst_row * ops->dst_row);
        if (!status_is_ok(&status))
            atomic_store(&run->failed, (int)status.code);
    }
}

Status conv_ops_run(const ConvOps *ops, Pool *pool, const ConvData *data) {
    if (ops->slice_count == 0 || pool_helper_count(pool) == 0)
        return run_op(ops, ops->whole, data, 0, 0);
    SlicedRun run = { .ops = ops, .data = data };
    pool_for(pool, ops->images * ops->slice_count, 1, run_slices, &run);
    int failed = atomic_load(&run.failed);
    return failed == STATUS_OK
               ? status_ok()
               : status_error((StatusCode)failed, "a slice of the convolution failed");
}
