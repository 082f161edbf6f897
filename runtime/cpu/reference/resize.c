/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Resize. Nearest moves elements of any type, rows at a time. Linear and cubic go axis by axis,
 * those that shrink most first, so that nothing in between is larger than source or result; a pass
 * adds up weighted rows, which vectorises, or, along the last axis, weighted elements. float32 is
 * computed in float, all else in double; integers are rounded to nearest and saturate.
 *
 * Source: ONNX Resize 19. Thread: any that runs kernels; passes are spread over the pool.
 */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/offsets.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/resize_taps.h"

#include <math.h>
#include <string.h>

typedef struct Resize {
    const Tensor *src;
    Tensor *dst;
    ResizeSpec spec;
    ResizeDims dims;
    ResizeTaps taps[SHAPE_MAX_RANK];          /* by axis; in 0: stays as it is */
    size_t order[SHAPE_MAX_RANK], pass_count; /* axes that change */
    char *buffers[2];                         /* of values on the way */
    size_t width;                             /* of a value there: 4 or 8 bytes */
} Resize;

static bool add_bytes(size_t *total, size_t count, size_t item) {
    size_t bytes;
    return size_mul(count, item, &bytes) && size_align(bytes, TENSOR_ALIGNMENT, &bytes) &&
           size_add(*total, bytes, total);
}

static void order_passes(Resize *resize) {
    const Shape *x = &resize->src->shape;
    for (size_t d = 0; d < (size_t)x->rank; d++) {
        if (resize_is_identity(&resize->spec, &resize->dims, x, d))
            continue;
        size_t at = resize->pass_count++;
        double ratio = (double)resize->dims.out[d] / (double)x->dims[d];
        for (; at > 0; at--) {
            size_t before = resize->order[at - 1];
            if ((double)resize->dims.out[before] / (double)x->dims[before] <= ratio)
                break;
            resize->order[at] = before;
        }
        resize->order[at] = d;
    }
}

/* Scratch: taps of every axis, then two buffers for what is between passes. */
static Status get_memory(const KernelCall *call, Resize *resize) {
    size_t total = 0, largest = MAX_OF(tensor_elements(resize->src), tensor_elements(resize->dst));
    bool fits = true, computes = resize->spec.mode != RESIZE_NEAREST;
    for (size_t i = 0; i < resize->pass_count; i++) {
        ResizeTaps *taps = &resize->taps[resize->order[i]];
        size_t axis = resize->order[i], count = 0;
        taps->in = (size_t)resize->src->shape.dims[axis];
        taps->out = (size_t)resize->dims.out[axis];
        taps->taps = resize_tap_count(&resize->spec, resize->dims.scale[axis]);
        fits = fits && size_mul(taps->out, taps->taps, &count) &&
               add_bytes(&total, count, sizeof(int64_t)) &&
               add_bytes(&total, count, sizeof(double)) && add_bytes(&total, taps->out, 1);
    }
    for (size_t i = 0; i < 2 && computes; i++)
        fits = fits && add_bytes(&total, largest, resize->width);
    if (!fits)
        return call_invalid(call, "size of the operands overflows");
    void *memory;
    TRY(call_get_scratch(call, total, &memory));

    size_t used = 0;
    for (size_t i = 0; i < resize->pass_count; i++) {
        ResizeTaps *taps = &resize->taps[resize->order[i]];
        size_t count = taps->out * taps->taps;
        taps->index = (int64_t *)(void *)((char *)memory + used);
        (void)add_bytes(&used, count, sizeof(int64_t));
        taps->weight = (double *)(void *)((char *)memory + used);
        (void)add_bytes(&used, count, sizeof(double));
        taps->is_outside = (bool *)((char *)memory + used);
        (void)add_bytes(&used, taps->out, 1);
        resize_taps_fill(&resize->spec, &resize->dims, resize->order[i], taps);
    }
    for (size_t i = 0; i < 2; i++) {
        resize->buffers[i] = (char *)memory + used;
        (void)add_bytes(&used, largest, resize->width);
    }
    return status_ok();
}

/* src [outer, in, inner] -> dst [outer, out, inner] */
typedef struct Pass {
    const ResizeTaps *taps;
    const void *src;
    void *dst;
    size_t outer, inner;
    double outside;
} Pass;

#define PASS_TYPE(T)                                                                               \
    static void add_rows_##T(const Pass *pass, size_t outer, size_t out) {                         \
        const ResizeTaps *taps = pass->taps;                                                       \
        const T *src = (const T *)pass->src + outer * taps->in * pass->inner;                      \
        T *dst = (T *)pass->dst + (outer * taps->out + out) * pass->inner;                         \
        const int64_t *index = taps->index + out * taps->taps;                                     \
        const double *weight = taps->weight + out * taps->taps;                                    \
        for (size_t k = 0; k < taps->taps; k += 2) { /* their number is even */                    \
            const T *a = src + (size_t)index[k] * pass->inner;                                     \
            const T *b = src + (size_t)index[k + 1] * pass->inner;                                 \
            const T wa = (T)weight[k], wb = (T)weight[k + 1];                                      \
            for (size_t i = 0; i < pass->inner; i++)                                               \
                dst[i] = (k ? dst[i] : (T)0) + wa * a[i] + wb * b[i];                              \
        }                                                                                          \
        for (size_t i = 0; taps->is_outside[out] && i < pass->inner; i++)                          \
            dst[i] = (T)pass->outside;                                                             \
    }                                                                                              \
    static void add_elements_##T(const Pass *pass, size_t outer) {                                 \
        const ResizeTaps *taps = pass->taps;                                                       \
        const T *src = (const T *)pass->src + outer * taps->in;                                    \
        T *dst = (T *)pass->dst + outer * taps->out;                                               \
        for (size_t out = 0; out < taps->out; out++) {                                             \
            const int64_t *index = taps->index + out * taps->taps;                                 \
            const double *weight = taps->weight + out * taps->taps;                                \
            T sum = 0;                                                                             \
            for (size_t k = 0; k < taps->taps; k++)                                                \
                sum += (T)weight[k] * src[index[k]];                                               \
            dst[out] = taps->is_outside[out] ? (T)pass->outside : sum;                             \
        }                                                                                          \
    }                                                                                              \
    static void run_rows_##T(void *user, size_t begin, size_t end) {                               \
        const Pass *pass = user;                                                                   \
        for (size_t i = begin; i < end; i++) {                                                     \
            if (pass->inner > 1)                                                                   \
                add_rows_##T(pass, i / pass->taps->out, i % pass->taps->out);                      \
            else                                                                                   \
                add_elements_##T(pass, i);                                                         \
        }                                                                                          \
    }
PASS_TYPE(float)
PASS_TYPE(double)

enum { PASS_GRAIN = 1 << 14 }; /* elements a chunk at least */

static void run_passes(const KernelCall *call, Resize *resize, const void *from, void *to) {
    Shape shape = resize->src->shape;
    for (size_t i = 0; i < resize->pass_count; i++) {
        size_t axis = resize->order[i];
        Pass pass = { .taps = &resize->taps[axis],
                      .src = from,
                      .dst = i + 1 == resize->pass_count ? to : resize->buffers[i % 2],
                      .outer = shape_product(&shape, 0, axis),
                      .inner = shape_product(&shape, axis + 1, (size_t)shape.rank),
                      .outside = resize->spec.extrapolation };
        shape.dims[axis] = resize->dims.out[axis];
        size_t items = pass.inner > 1 ? pass.outer * pass.taps->out : pass.outer;
        size_t each = pass.inner > 1 ? pass.inner : pass.taps->out;
        pool_for(call->pool, items, PASS_GRAIN / MAX_OF(each, 1) + 1,
                 resize->width == sizeof(float) ? run_rows_float : run_rows_double, &pass);
        from = pass.dst;
    }
}

/* Largest and least whole numbers of a type, as doubles that convert back. */
static void round_and_limit(const DTypeInfo *info, double *values, size_t count) {
    double end = ldexp(1.0, info->bits - info->is_signed);
    double high = info->bits == 64 ? nextafter(end, 0.0) : end - 1.0;
    double low = info->is_signed ? -ldexp(1.0, info->bits - 1) : 0.0;
    for (size_t i = 0; i < count; i++)
        values[i] = fmin(fmax(rint(values[i]), low), high);
}

/* Any number type through double: the second buffer holds the source, then the result. */
static void run_wide(const KernelCall *call, Resize *resize) {
    const ElementIo *io = element_io_find(resize->src->dtype);
    const DTypeInfo *info = dtype_info(resize->src->dtype);
    size_t in = tensor_elements(resize->src), out = tensor_elements(resize->dst);
    double *from = (double *)(void *)resize->buffers[1];
    double *to = (double *)(void *)resize->buffers[(resize->pass_count + 1) % 2];
    io->load_f64(resize->src->data, 0, 1, in, from);
    run_passes(call, resize, from, to);
    if (info->is_integer)
        round_and_limit(info, to, out);
    io->store_f64(resize->dst->data, 0, out, to);
}

static void fill_outside(const Resize *resize, size_t first, size_t count) {
    const ElementIo *io = element_io_find(resize->dst->dtype);
    for (size_t i = 0; io && i < count; i++)
        io->store_f64(resize->dst->data, first + i, 1, &resize->spec.extrapolation);
}

/* Row of the source for a row of the result; is any of its positions outside? */
static size_t nearest_row(const Resize *resize, const int64_t *position, const int64_t *strides,
                          bool *ret_outside) {
    int64_t row = 0;
    *ret_outside = false;
    for (int32_t d = 0; d + 1 < resize->src->shape.rank; d++) {
        const ResizeTaps *taps = &resize->taps[d];
        row += (taps->in ? taps->index[position[d]] : position[d]) * strides[d];
        *ret_outside |= taps->in && taps->is_outside[position[d]];
    }
    return (size_t)row;
}

static void run_nearest(const Resize *resize, size_t bytes) {
    int64_t strides[SHAPE_MAX_RANK], position[SHAPE_MAX_RANK] = { 0 };
    const Shape *shape = &resize->dst->shape;
    int32_t last = shape->rank - 1, d;
    const ResizeTaps *taps = &resize->taps[last];
    size_t width = (size_t)shape->dims[last], at = 0;
    shape_strides(&resize->src->shape, strides);
    do {
        bool outside;
        size_t row = nearest_row(resize, position, strides, &outside);
        const char *from = (const char *)resize->src->data + row * bytes;
        if (outside)
            fill_outside(resize, at, width);
        else if (!taps->in)
            memcpy((char *)resize->dst->data + at * bytes, from, width * bytes);
        else
            gather_offsets((char *)resize->dst->data + at * bytes, from, taps->index, width, bytes);
        for (size_t i = 0; !outside && taps->in && i < width; i++)
            if (taps->is_outside[i])
                fill_outside(resize, at + i, 1);
        at += width;
        for (d = last - 1; d >= 0; d--) {
            if (++position[d] < shape->dims[d])
                break;
            position[d] = 0;
        }
    } while (d >= 0);
}

static Status resize_open(const KernelCall *call, Resize *resize) {
    TRY(call_get_first(call, &resize->src, &resize->dst));
    TRY(call_check_dtype(call, resize->src->dtype, resize->dst));
    TRY(resize_spec_read(call, &resize->spec));
    const Shape *x = &resize->src->shape;
    const Tensor *roi = call_find_src(call, 1);
    bool crops = resize->spec.coordinate == RESIZE_CROP;
    if (crops && !roi)
        return call_invalid(call, "tf_crop_and_resize needs a roi");
    Status status = resize_resolve(call->node, x, crops ? roi : NULL, call_find_src(call, 2),
                                   call_find_src(call, 3), &resize->dims);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", call->node->op->name);
    Shape expected = { .rank = x->rank };
    memcpy(expected.dims, resize->dims.out, sizeof expected.dims);
    return call_check_shape(call, &expected, resize->dst);
}

Status reference_resize(const KernelCall *call) {
    Resize resize = { .pass_count = 0 };
    TRY(resize_open(call, &resize));
    size_t bytes = dtype_bytes(resize.src->dtype);
    bool computes = resize.spec.mode != RESIZE_NEAREST;
    if (!bytes || (computes && (!element_io_find(resize.src->dtype))))
        return call_lacks_dtype(call, resize.src->dtype);
    if (tensor_elements(resize.dst) == 0)
        return status_ok();
    order_passes(&resize);
    resize.width = resize.src->dtype == DTYPE_F32 ? sizeof(float) : sizeof(double);
    TRY(get_memory(call, &resize));
    if (resize.pass_count == 0)
        memcpy(resize.dst->data, resize.src->data, resize.src->bytes);
    else if (!computes)
        run_nearest(&resize, bytes);
    else if (resize.src->dtype == DTYPE_F32)
        run_passes(call, &resize, resize.src->data, resize.dst->data);
    else
        run_wide(call, &resize);
    return status_ok();
}
