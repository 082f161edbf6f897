/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ConvTranspose and Col2Im: what a convolution gathers, spread back. The window is that of the
 * convolution from the result to the source, so a tap pairs contiguous source elements with result
 * elements a stride apart. ConvTranspose first sums a piece of a row over all channels, which
 * vectorises, then adds it once; result planes are spread over the pool. Half precision is computed
 * in float.
 *
 * Source: ONNX ConvTranspose 22, Col2Im 18. Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/axpy.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/window_rows.h"

#include <string.h>

enum { PIECE = 256 };

/* dst[i * step] += src[i] */
typedef void (*SpreadFn)(void *dst, int64_t step, const void *src, size_t count);

#define SPREAD(S, T, W)                                                                            \
    static void spread_##S(void *dst, int64_t step, const void *src, size_t count) {               \
        T *to = dst;                                                                               \
        const T *from = src;                                                                       \
        for (size_t i = 0; i < count; i++)                                                         \
            to[(int64_t)i * step] = (T)((W)to[(int64_t)i * step] + (W)from[i]);                    \
    }
SPREAD(F32, float, float)
SPREAD(F64, double, double)
SPREAD(I8, int8_t, uint32_t)
SPREAD(U8, uint8_t, uint32_t)
SPREAD(I16, int16_t, uint32_t)
SPREAD(U16, uint16_t, uint32_t)
SPREAD(I32, int32_t, uint32_t)
SPREAD(U32, uint32_t, uint32_t)
SPREAD(I64, int64_t, uint64_t)
SPREAD(U64, uint64_t, uint64_t)

static const SpreadFn SPREADS[DTYPE_COUNT] = {
    [DTYPE_F32] = spread_F32, [DTYPE_F64] = spread_F64, [DTYPE_I8] = spread_I8,
    [DTYPE_U8] = spread_U8,   [DTYPE_I16] = spread_I16, [DTYPE_U16] = spread_U16,
    [DTYPE_I32] = spread_I32, [DTYPE_U32] = spread_U32, [DTYPE_I64] = spread_I64,
    [DTYPE_U64] = spread_U64,
};

typedef struct Transpose {
    WindowPlane plane;
    const Tensor *src, *weights, *bias;
    Tensor *dst;
    size_t sources, results; /* channels of one group on each side */
    size_t bytes;
    AxpyFn axpy;
    SpreadFn spread;
} Transpose;

static void start_plane(const Transpose *conv, char *plane, size_t channel) {
    memset(plane, 0, conv->plane.in_count * conv->bytes);
    for (size_t i = 0; conv->bias && i < conv->plane.in_count; i++)
        memcpy(plane + i * conv->bytes, (const char *)conv->bias->data + channel * conv->bytes,
               conv->bytes);
}

/* @src      first source plane of the group
 * @weights  of its first channel for this result and tap */
static void add_row(const Transpose *conv, const WindowRow *row, char *dst, const char *src,
                    const char *weights) {
    double piece[PIECE];
    size_t bytes = conv->bytes, next_channel = conv->results * conv->plane.tap_count * bytes;
    for (size_t i = 0; i < row->count; i += PIECE) {
        size_t count = MIN_OF((size_t)PIECE, row->count - i);
        memset(piece, 0, count * bytes);
        for (size_t c = 0; c < conv->sources; c++)
            conv->axpy(piece, weights + c * next_channel,
                       src + (c * conv->plane.out_count + row->dst + i) * bytes, 1, count);
        conv->spread(dst + (row->src + i * (size_t)row->step) * bytes, row->step, piece, count);
    }
}

static void run_planes(void *user, size_t begin, size_t end) {
    const Transpose *conv = user;
    const WindowPlane *plane = &conv->plane;
    size_t channels = (size_t)conv->dst->shape.dims[1], bytes = conv->bytes;
    size_t groups = channels / conv->results;
    for (size_t i = begin; i < end; i++) {
        size_t n = i / channels, m = i % channels, group = m / conv->results;
        char *dst = (char *)conv->dst->data + i * plane->in_count * bytes;
        size_t first = group * conv->sources;
        const char *src = (const char *)conv->src->data +
                          (n * groups * conv->sources + first) * plane->out_count * bytes;
        const char *weights =
            (const char *)conv->weights->data +
            (first * conv->results + m % conv->results) * plane->tap_count * bytes;
        int64_t tap[WINDOW_MAX_RANK] = { 0 };
        start_plane(conv, dst, m);
        do {
            WindowRow row;
            WindowRows rows = window_rows_begin(plane, tap);
            while (window_rows_next(&rows, &row))
                add_row(conv, &row, dst, src, weights);
            weights += bytes;
        } while (window_next_tap(plane, tap));
    }
}

static Status check_channels(const KernelCall *call, Transpose *conv) {
    const Shape *src = &conv->src->shape, *weights = &conv->weights->shape;
    const Shape *dst = &conv->dst->shape;
    int64_t groups = node_get_int(call->node, "group", 1);
    if (src->rank < 3 || weights->rank != src->rank || dst->rank != src->rank)
        return call_invalid(call, "ranks do not fit: %s with weights %s", SHAPE_TEXT(src),
                            SHAPE_TEXT(weights));
    bool fits = groups >= 1 && groups <= MAX_OF(src->dims[1], 1) && src->dims[1] % groups == 0 &&
                weights->dims[0] == src->dims[1] && dst->dims[1] % groups == 0 &&
                dst->dims[1] / groups == weights->dims[1] && dst->dims[0] == src->dims[0];
    if (!fits)
        return call_invalid(call, "%s with weights %s in %lld groups gives no %s", SHAPE_TEXT(src),
                            SHAPE_TEXT(weights), (long long)groups, SHAPE_TEXT(dst));
    if (conv->bias && tensor_elements(conv->bias) != (size_t)dst->dims[1])
        return call_invalid(call, "bias %s for %s", SHAPE_TEXT(&conv->bias->shape),
                            SHAPE_TEXT(dst));
    conv->sources = (size_t)(src->dims[1] / groups);
    conv->results = (size_t)weights->dims[1];
    return window_plane_init_transposed(&conv->plane, call, src, dst, weights->dims + 2);
}

static Status conv_transpose(const KernelCall *call) {
    Transpose conv = { .bias = call_find_src(call, 2) };
    TRY(call_get_first(call, &conv.src, &conv.dst));
    TRY(call_get_src(call, 1, &conv.weights));
    TRY(call_check_dtype(call, conv.src->dtype, conv.weights));
    TRY(call_check_dtype(call, conv.src->dtype, conv.dst));
    if (conv.bias)
        TRY(call_check_dtype(call, conv.src->dtype, conv.bias));
    conv.axpy = axpy_find(conv.src->dtype);
    conv.spread = SPREADS[conv.src->dtype];
    if (!conv.axpy || !conv.spread || !dtype_info(conv.src->dtype)->is_float)
        return call_lacks_dtype(call, conv.src->dtype);
    conv.bytes = dtype_bytes(conv.src->dtype);
    TRY(check_channels(call, &conv));
    if (tensor_elements(conv.dst) > 0)
        pool_for(call->pool, shape_product(&conv.dst->shape, 0, 2), 1, run_planes, &conv);
    return status_ok();
}

Status reference_conv_transpose(const KernelCall *call) {
    return run_widened(call, conv_transpose);
}

/* Reads block_shape; x: [N, C * taps, blocks], dst: [N, C, image...]. */
static Status col2im_open(const KernelCall *call, const Tensor *x, const Tensor *dst,
                          WindowPlane *plane) {
    const Tensor *image_tensor, *block_tensor;
    int64_t block[WINDOW_MAX_RANK];
    size_t count;
    Window window;
    TRY(call_get_src(call, 1, &image_tensor)); /* dst has its dims */
    TRY(call_get_src(call, 2, &block_tensor));
    TRY(call_get_ints(call, block_tensor, WINDOW_MAX_RANK, block, &count));
    if (x->shape.rank != 3 || count < 1 || dst->shape.rank != (int32_t)count + 2)
        return call_invalid(call, "%s in blocks of %zu dims gives no %s", SHAPE_TEXT(&x->shape),
                            count, SHAPE_TEXT(&dst->shape));
    Status status = window_resolve(call->node, &dst->shape, block, &window);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", call->node->op->name);
    Shape blocks = dst->shape;
    for (size_t d = 0; d < count; d++)
        blocks.dims[d + 2] = window.out[d];
    TRY(window_plane_init(plane, call, &dst->shape, &blocks, block));
    int64_t rows;
    if (__builtin_mul_overflow(dst->shape.dims[1], (int64_t)plane->tap_count, &rows))
        return call_invalid(call, "blocks are too large");
    return call_check_shape(call, &SHAPE(dst->shape.dims[0], rows, (int64_t)plane->out_count), x);
}

static Status col2im(const KernelCall *call) {
    const Tensor *x;
    Tensor *dst;
    WindowPlane plane;
    TRY(call_get_first(call, &x, &dst));
    TRY(call_check_dtype(call, x->dtype, dst));
    SpreadFn spread = SPREADS[x->dtype];
    if (!spread)
        return call_lacks_dtype(call, x->dtype);
    TRY(col2im_open(call, x, dst, &plane));
    if (tensor_elements(dst) == 0)
        return status_ok();
    size_t bytes = dtype_bytes(x->dtype), images = shape_product(&dst->shape, 0, 2);
    const char *from = x->data;
    memset(dst->data, 0, dst->bytes);
    for (size_t i = 0; i < images; i++) {
        char *to = (char *)dst->data + i * plane.in_count * bytes;
        int64_t tap[WINDOW_MAX_RANK] = { 0 };
        do {
            WindowRow row;
            WindowRows rows = window_rows_begin(&plane, tap);
            while (window_rows_next(&rows, &row))
                spread(to + row.src * bytes, row.step, from + row.dst * bytes, row.count);
            from += plane.out_count * bytes;
        } while (window_next_tap(&plane, tap));
    }
    return status_ok();
}

Status reference_col2im(const KernelCall *call) {
    return run_widened(call, col2im);
}
