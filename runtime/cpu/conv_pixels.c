/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Conv in f32 where pixels are few and channels many: the last stages of a classifier, the small
 * maps of a detector. There weights are what is read, once each and from far away, and a library
 * that waits for them reaches 60 % of the peak. Here a panel of 64 output channels is multiplied by
 * the pixels under each tap of the window, while the next rows of weights are fetched; taps that
 * fall into the padding are left out.
 *
 * The same kernel runs whatever the batch is, and an element is one chain of multiply-adds in the
 * order of taps and channels: bits depend neither on the batch nor on threads, which take panels.
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX Conv 22.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/conv_ops.h"
#include "runtime/cpu/fused_steps.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/layout_convert.h"
#include "runtime/cpu/panel_weights.h"
#include "runtime/cpu/vector_loops.h"
#include "runtime/cpu/vector_nn.h"

#include <stdatomic.h>
#include <string.h>

enum {
    PIXELS_LEAST = 16,
    BLOCK_ROWS_MOST = 208, /* whose sums stay near */
    PANEL_COLUMNS = 64,    /* where registers hold less, the library is as good */
};

/* Where this was measured to be faster than the library's convolutions: many taps are many products
 * for each sum that is loaded, and large weights have far to come. */
typedef struct Domain {
    size_t taps_least, pixels_most, weight_bytes_least;
} Domain;

static const Domain domains[] = {
    { 1, 256, 512 << 10 },
    { 9, 400, 128 << 10 },
};

/* The pixels of a block of the result that a tap reaches: where they begin, in the source and among
 * the block's sums. */
typedef struct Tap {
    size_t first, count;
} Tap;

typedef struct ConvPixels {
    Kernel base;
    const float *weights, *bias;         /* panels of [tap, channel, 64]; bias may be NULL */
    size_t rows, inner, columns, panels; /* rows: pixels of the result of all images */
    size_t block_rows, blocks, tap_count;
    bool panels_first;         /* weights are more than the source: read them once */
    uint32_t sum_input;        /* of a first step that adds; UINT32_MAX: there is none */
    bool relu;                 /* is the next step */
    size_t steps_done;         /* of the node's, by store_rows */
    Tap *taps;                 /* [block, tap] */
    uint32_t *src_at, *sum_at; /* of all taps, one behind the other; in floats */
} ConvPixels;

static void conv_pixels_free(Kernel *kernel) {
    ConvPixels *conv = (ConvPixels *)kernel;
    free(conv->taps);
    free(conv->src_at);
    free(conv->sum_at);
    free(conv);
}

static void conv_pixels_drop(ConvPixels *conv) {
    conv_pixels_free(&conv->base);
}
DEFINE_AUTO(ConvPixels, conv_pixels_drop);

static bool is_channels_last(const Value *value) {
    return value_is_f32(value) &&
           (value->layout == LAYOUT_CHANNELS_LAST || layout_is_same(&value->shape));
}

/* Of the shapes of one image alone, so that every batch is computed alike. */
static bool is_in_domain(const ConvShape *shape) {
    size_t pixels = shape_product(&shape->dst, 2, 4), taps = shape_product(&shape->weights, 2, 4),
           bytes = shape_product(&shape->weights, 0, 4) * sizeof(float);
    if (pixels < PIXELS_LEAST || shape->weights.dims[0] % PANEL_COLUMNS != 0 ||
        shape->weights.dims[1] < PANEL_COLUMNS)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(domains); i++)
        if (taps >= domains[i].taps_least && pixels <= domains[i].pixels_most &&
            bytes >= domains[i].weight_bytes_least)
            return true;
    return false;
}

static bool takes(const KernelBuild *build, ConvShape *ret_shape) {
    const Value *src = build_input(build, 0), *weights = build_input(build, 1),
                *bias = fused_steps_free_input(build, 2), *dst = build_output(build, 0);
    if (!node_is(build->node, "", "Conv") || build->precision != PRECISION_F32 ||
        vector_loops()->nn->panel_columns != PANEL_COLUMNS || !src || !is_channels_last(src) ||
        !dst || !is_channels_last(dst) || !value_is_f32(weights) || !weights->constant ||
        (bias && (!value_is_f32(bias) || !bias->constant)) || src->shape.rank != 4)
        return false;
    *ret_shape = (ConvShape){ .src = src->shape,
                              .weights = weights->shape,
                              .dst = dst->shape,
                              .groups = node_get_int(build->node, "group", 1),
                              .has_bias = bias != NULL };
    if (!conv_shape_resolve(build->node, ret_shape) || ret_shape->groups != 1)
        return false;
    return is_in_domain(ret_shape) && shape_product(&src->shape, 0, 4) < UINT32_MAX &&
           shape_product(&dst->shape, 0, 4) < UINT32_MAX;
}

/* Where pixel `row` of the result has the tap (y, x) in the source; false: in the padding. */
static bool find_source(const ConvShape *shape, int64_t row, int64_t y, int64_t x,
                        int64_t *ret_pixel) {
    const int64_t *src = shape->src.dims, *dst = shape->dst.dims;
    int64_t image = row / (dst[2] * dst[3]), at = row % (dst[2] * dst[3]);
    int64_t src_y =
        at / dst[3] * shape->strides[0] + y * shape->dilations[0] - shape->pads_begin[0];
    int64_t src_x =
        at % dst[3] * shape->strides[1] + x * shape->dilations[1] - shape->pads_begin[1];
    *ret_pixel = (image * src[2] + src_y) * src[3] + src_x;
    return src_y >= 0 && src_y < src[2] && src_x >= 0 && src_x < src[3];
}

static void list_tap(const ConvShape *shape, size_t block, size_t index, ConvPixels *conv) {
    int64_t width = shape->weights.dims[3];
    Tap *tap = &conv->taps[block * conv->tap_count + index];
    size_t first = block * conv->block_rows, end = MIN_OF(first + conv->block_rows, conv->rows);
    for (size_t row = first; row < end; row++) {
        int64_t pixel;
        if (!find_source(shape, (int64_t)row, (int64_t)index / width, (int64_t)index % width,
                         &pixel))
            continue;
        conv->src_at[tap->first + tap->count] = (uint32_t)pixel * (uint32_t)conv->inner;
        conv->sum_at[tap->first + tap->count++] = (uint32_t)(row - first) * PANEL_COLUMNS;
    }
}

static Status list_taps(const ConvShape *shape, ConvPixels *conv) {
    size_t most,
        taps; /* taps are at most as many as the weights have bytes, and rows are checked */
    conv->blocks = (conv->rows + BLOCK_ROWS_MOST - 1) / BLOCK_ROWS_MOST;
    conv->block_rows = (conv->rows + conv->blocks - 1) / conv->blocks;
    conv->tap_count = shape_product(&shape->weights, 2, 4);
    if (!size_mul(conv->tap_count, conv->rows, &most) ||
        !size_mul(conv->tap_count, conv->blocks, &taps))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    conv->taps = calloc(taps, sizeof *conv->taps);
    conv->src_at = calloc(most, sizeof *conv->src_at);
    conv->sum_at = calloc(most, sizeof *conv->sum_at);
    if (!conv->taps || !conv->src_at || !conv->sum_at)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    for (size_t i = 0, used = 0; i < taps; i++) {
        conv->taps[i].first = used;
        list_tap(shape, i / conv->tap_count, i % conv->tap_count, conv);
        used += conv->taps[i].count;
    }
    return status_ok();
}

/* A sum and a Relu, in this order, are done while the result is stored. */
static void take_steps(const Node *node, ConvPixels *conv) {
    conv->sum_input = UINT32_MAX;
    if (node->epilogue_count > 0 && node->epilogue[0].kind == EPILOGUE_ADD) {
        conv->sum_input = node->epilogue[0].input;
        conv->steps_done = 1;
    }
    conv->relu = node->epilogue_count > conv->steps_done &&
                 node->epilogue[conv->steps_done].kind == EPILOGUE_RELU;
    conv->steps_done += conv->relu;
    conv->base.in_place_input = conv->sum_input;
}

static Status conv_pixels_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    ConvShape shape;
    if (!takes(build, &shape))
        return status_ok();
    AUTO(conv_pixels_drop) ConvPixels *conv = NULL;
    TRY(kernel_alloc(&conv_pixels_kernel_type, sizeof *conv, &conv));
    conv->rows = (size_t)shape.dst.dims[0] * shape_product(&shape.dst, 2, 4);
    conv->inner = (size_t)shape.src.dims[1];
    conv->columns = (size_t)shape.dst.dims[1];
    conv->panels = conv->columns / PANEL_COLUMNS;
    if (shape.has_bias)
        conv->bias = build_input(build, 2)->constant->data;
    conv->panels_first =
        build_input(build, 1)->constant->bytes > shape_product(&shape.src, 0, 4) * sizeof(float);
    take_steps(build->node, conv);
    TRY(list_taps(&shape, conv));
    TRY(panel_weights_get_taps(build, build_input(build, 1), conv->columns, conv->inner,
                               conv->tap_count, &conv->weights));
    conv->base.weights_bound = true;
    conv->base.scratch_bytes = conv->block_rows * PANEL_COLUMNS * sizeof(float);
    *ret_kernel = &TAKE(conv)->base;
    return status_ok();
}

typedef struct PixelsRun {
    const ConvPixels *conv;
    const float *src, *residual;
    float *dst;
    _Atomic bool starved; /* a thread had no memory for its scratch */
} PixelsRun;

static void run_block(const PixelsRun *run, size_t block, size_t panel, float *sums) {
    const ConvPixels *conv = run->conv;
    const VectorNn *nn = vector_loops()->nn;
    size_t column = panel * PANEL_COLUMNS;
    size_t first = block * conv->block_rows, rows = MIN_OF(conv->rows - first, conv->block_rows);
    float start[PANEL_COLUMNS] = { 0 };
    if (conv->bias)
        memcpy(start, conv->bias + column, sizeof start);
    for (size_t row = 0; row < rows; row++)
        memcpy(sums + row * PANEL_COLUMNS, start, sizeof start);
    for (size_t i = 0; i < conv->tap_count; i++) {
        const Tap *tap = &conv->taps[block * conv->tap_count + i];
        size_t line = (panel * conv->tap_count + i) * conv->inner;
        nn->gemm(&(SmallGemm){ .rows = tap->count,
                               .columns = PANEL_COLUMNS,
                               .inner = conv->inner,
                               .a = run->src,
                               .a_at = conv->src_at + tap->first,
                               .b = conv->weights + line * PANEL_COLUMNS,
                               .b_step = PANEL_COLUMNS,
                               .c = sums,
                               .c_at = conv->sum_at + tap->first,
                               .accumulate = true,
                               .ahead = true });
    }
    size_t at = first * conv->columns + column;
    nn->store_rows(run->dst + at, conv->columns, sums, PANEL_COLUMNS,
                   run->residual ? run->residual + at : NULL, conv->relu, rows, PANEL_COLUMNS);
}

static void run_items(void *user, size_t begin, size_t end) {
    PixelsRun *run = user;
    const ConvPixels *conv = run->conv;
    float *sums = thread_scratch(conv->base.scratch_bytes);
    if (!sums)
        atomic_store(&run->starved, true);
    for (size_t i = begin; sums && i < end; i++)
        if (conv->panels_first)
            run_block(run, i % conv->blocks, i / conv->blocks, sums);
        else
            run_block(run, i / conv->panels, i % conv->panels, sums);
}

static Status conv_pixels_run(const Kernel *kernel, const KernelCall *call) {
    const ConvPixels *conv = (const ConvPixels *)kernel;
    PixelsRun run = { .conv = conv, .src = call->src[0]->data, .dst = call->dst[0].data };
    if (conv->sum_input != UINT32_MAX)
        run.residual = call->src[conv->sum_input]->data;
    pool_for(call->pool, conv->blocks * conv->panels, 1, run_items, &run);
    if (atomic_load(&run.starved))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "no memory for %zu bytes of scratch",
                            conv->base.scratch_bytes);
    fused_steps_run(call, conv->steps_done);
    return status_ok();
}

const KernelType conv_pixels_kernel_type = {
    .name = "vector_conv",
    .prepare = conv_pixels_prepare,
    .run = conv_pixels_run,
    .free = conv_pixels_free,
};
