/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * N,C,spatial... to N,spatial...,C and back: a transpose of [C, pixels] per image. Work is cut by
 * images and by runs of pixels, so that a single image spreads over the pool too.
 *
 * Thread: any.
 */

#include "runtime/cpu/layout_convert.h"

#include "runtime/base/size.h"
#include "runtime/cpu/vector_loops.h"

#include <string.h>

enum { PIECE_PIXELS = 1024 };

typedef struct Conversion {
    const VectorLoops *loops;
    size_t channels, pixels, pieces; /* pieces an image */
    float *dst;
    const float *src;
    bool to_plain;
} Conversion;

bool layout_is_same(const Shape *shape) {
    if (shape->rank < 3)
        return true;
    size_t pixels = shape_product(shape, 2, (size_t)shape->rank);
    return shape->dims[0] == 0 || shape->dims[1] <= 1 || pixels <= 1;
}

static void convert_pieces(void *user, size_t begin, size_t end) {
    const Conversion *conversion = user;
    for (size_t i = begin; i < end; i++) {
        size_t image = i / conversion->pieces * conversion->channels * conversion->pixels;
        size_t first = i % conversion->pieces * PIECE_PIXELS;
        size_t count = MIN_OF((size_t)PIECE_PIXELS, conversion->pixels - first);
        size_t plain = image + first, last = image + first * conversion->channels;
        if (conversion->to_plain)
            conversion->loops->transpose(conversion->dst + plain, conversion->pixels,
                                         conversion->src + last, conversion->channels, count,
                                         conversion->channels);
        else
            conversion->loops->transpose(conversion->dst + last, conversion->channels,
                                         conversion->src + plain, conversion->pixels,
                                         conversion->channels, count);
    }
}

static void convert(Pool *pool, const Shape *shape, Conversion conversion) {
    if (layout_is_same(shape)) {
        size_t bytes = shape_product(shape, 0, (size_t)shape->rank) * sizeof(float);
        if (bytes > 0)
            memcpy(conversion.dst, conversion.src, bytes);
        return;
    }
    conversion.loops = vector_loops();
    conversion.channels = (size_t)shape->dims[1];
    conversion.pixels = shape_product(shape, 2, (size_t)shape->rank);
    conversion.pieces = (conversion.pixels + PIECE_PIXELS - 1) / PIECE_PIXELS;
    size_t grain =
        1 + 16384 / (conversion.channels * MIN_OF(conversion.pixels, (size_t)PIECE_PIXELS));
    pool_for(pool, (size_t)shape->dims[0] * conversion.pieces, grain, convert_pieces, &conversion);
}

void layout_to_channels_last(Pool *pool, const Shape *shape, float *dst, const float *src) {
    convert(pool, shape, (Conversion){ .dst = dst, .src = src, .to_plain = false });
}

void layout_to_plain(Pool *pool, const Shape *shape, float *dst, const float *src) {
    convert(pool, shape, (Conversion){ .dst = dst, .src = src, .to_plain = true });
}

void layout_axis_span(const Shape *shape, Layout layout, size_t axis, size_t *ret_outer,
                      size_t *ret_inner) {
    size_t rank = (size_t)shape->rank;
    bool channels_last = layout == LAYOUT_CHANNELS_LAST && rank >= 3;
    if (channels_last && axis == 1) {
        *ret_outer = (size_t)shape->dims[0] * shape_product(shape, 2, rank);
        *ret_inner = 1;
        return;
    }
    /* The channels stand last, not between N and the rest. */
    bool is_spatial = channels_last && axis > 1;
    *ret_outer = is_spatial ? (size_t)shape->dims[0] * shape_product(shape, 2, axis)
                            : shape_product(shape, 0, axis);
    *ret_inner = shape_product(shape, axis + 1, rank) * (is_spatial ? (size_t)shape->dims[1] : 1);
}
