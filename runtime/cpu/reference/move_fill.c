/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators that choose or make elements: Where, Pad, ConstantOfShape, Range, Shape, Size. Pad
 * finds, for every axis and position of the result, the position in the source it shows; all four
 * modes differ in that one function.
 */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/move.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <string.h>

static Status where(const KernelCall *call) {
    size_t bytes;
    const Tensor *sources[3];
    Broadcast walk;
    TRY(move_check_types(call, 1, 2, &bytes));
    for (size_t s = 0; s < 3; s++)
        TRY(call_get_src(call, s, &sources[s]));
    TRY(call_check_dtype(call, DTYPE_BOOL, sources[0]));
    Tensor *dst = &call->dst[0];
    TRY(broadcast_init(&walk, call, sources, 3, &dst->shape));
    while (broadcast_next(&walk)) {
        const uint8_t *condition = (const uint8_t *)sources[0]->data + walk.src[0];
        char *to = (char *)dst->data + walk.dst * bytes;
        for (size_t i = 0; i < walk.row_count; i++) {
            size_t s = condition[i * walk.step[0]] ? 1 : 2;
            memcpy(to + i * bytes,
                   (const char *)sources[s]->data + (walk.src[s] + i * walk.step[s]) * bytes,
                   bytes);
        }
    }
    return status_ok();
}
MOVE_KERNEL(where)

typedef enum PadMode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP } PadMode;
static const char *const PAD_MODES[] = { "constant", "reflect", "edge", "wrap" };

typedef struct PadSpec {
    PadMode mode;
    int64_t begin[SHAPE_MAX_RANK];
    Shape shape; /* of the result */
} PadSpec;

enum { PAD_OUTSIDE = -1 };
static const int64_t PAD_MAX = INT64_C(1) << 60; /* positions then never overflow */

/* Where in a dim of the source position p (which may lie outside) is taken from. The dim is not
 * empty. */
static int64_t pad_source(PadMode mode, int64_t p, int64_t dim) {
    if (p >= 0 && p < dim)
        return p;
    if (mode == PAD_CONSTANT)
        return PAD_OUTSIDE;
    if (mode == PAD_EDGE)
        return p < 0 ? 0 : dim - 1;
    int64_t period = mode == PAD_WRAP ? dim : dim > 1 ? 2 * (dim - 1) : 1;
    int64_t rest = p % period;
    if (rest < 0)
        rest += period;
    return rest < dim ? rest : period - rest; /* the way back of a reflection */
}

static Status pad_mode(const KernelCall *call, PadMode *ret_mode) {
    StringView text = node_get_string(call->node, "mode", "constant");
    for (size_t i = 0; i < ARRAY_LENGTH(PAD_MODES); i++)
        if (strlen(PAD_MODES[i]) == text.length &&
            memcmp(PAD_MODES[i], text.data, text.length) == 0) {
            *ret_mode = (PadMode)i;
            return status_ok();
        }
    return call_invalid(call, "mode '%.*s' is none of constant, reflect, edge, wrap",
                        (int)MIN_OF(text.length, 64u), text.data);
}

static Status pad_read(const KernelCall *call, const Shape *shape, PadSpec *spec) {
    int64_t pads[2 * SHAPE_MAX_RANK], axes[SHAPE_MAX_RANK];
    size_t pad_count, axis_count = (size_t)shape->rank, axis;
    const Tensor *src;
    TRY(pad_mode(call, &spec->mode));
    TRY(call_get_src(call, 1, &src));
    TRY(call_get_ints(call, src, 2 * SHAPE_MAX_RANK, pads, &pad_count));
    const Tensor *axes_tensor = call_find_src(call, 3);
    if (axes_tensor)
        TRY(call_get_ints(call, axes_tensor, SHAPE_MAX_RANK, axes, &axis_count));
    if (pad_count != 2 * axis_count || axis_count > (size_t)shape->rank)
        return call_invalid(call, "%zu pads for %zu axes", pad_count, axis_count);
    spec->shape = *shape;
    for (size_t i = 0; i < axis_count; i++) {
        TRY(shape_axis(axes_tensor ? axes[i] : (int64_t)i, shape->rank, &axis));
        int64_t begin = pads[i], end = pads[i + axis_count], dim;
        bool is_sane = begin > -PAD_MAX && begin < PAD_MAX && end > -PAD_MAX && end < PAD_MAX;
        dim = is_sane ? shape->dims[axis] + begin + end : -1;
        if (dim < 0)
            return call_invalid(call, "pads %lld and %lld are out of range", (long long)begin,
                                (long long)end);
        spec->begin[axis] = begin;
        spec->shape.dims[axis] = dim;
        if (dim > 0 && shape->dims[axis] == 0 && spec->mode != PAD_CONSTANT)
            return call_invalid(call, "axis %zu is empty: nothing to pad from", axis);
    }
    return status_ok();
}

/* Element offset in the source of the row that holds dst's position; PAD_OUTSIDE when one of its
 * dims lies outside. */
static int64_t pad_row_source(const PadSpec *spec, const Shape *src, const int64_t *strides,
                              const int64_t *position) {
    int64_t offset = 0;
    for (int32_t d = 0; d + 1 < src->rank; d++) {
        int64_t p = pad_source(spec->mode, position[d] - spec->begin[d], src->dims[d]);
        if (p == PAD_OUTSIDE)
            return PAD_OUTSIDE;
        offset += p * strides[d];
    }
    return offset;
}

static void pad_rows(const PadSpec *spec, const Tensor *src, Tensor *dst, const char *fill,
                     size_t bytes) {
    int64_t strides[SHAPE_MAX_RANK], position[SHAPE_MAX_RANK] = { 0 };
    int32_t last = src->shape.rank - 1, d;
    int64_t row_count = last < 0 ? 1 : spec->shape.dims[last];
    char *to = dst->data;
    shape_strides(&src->shape, strides);
    do {
        int64_t row = pad_row_source(spec, &src->shape, strides, position);
        for (int64_t i = 0; i < row_count; i++, to += bytes) {
            int64_t p = 0;
            if (last >= 0)
                p = pad_source(spec->mode, i - spec->begin[last], src->shape.dims[last]);
            bool is_inside = row != PAD_OUTSIDE && p != PAD_OUTSIDE;
            memcpy(to, is_inside ? (const char *)src->data + (size_t)(row + p) * bytes : fill,
                   bytes);
        }
        for (d = last - 1; d >= 0; d--) {
            if (++position[d] < spec->shape.dims[d])
                break;
            position[d] = 0;
        }
    } while (d >= 0);
}

static Status pad(const KernelCall *call) {
    size_t bytes;
    PadSpec spec = { .mode = PAD_CONSTANT };
    char fill[16] = { 0 };
    TRY(move_check_source(call, &bytes));
    const Tensor *src = call->src[0], *value = call_find_src(call, 2);
    Tensor *dst = &call->dst[0];
    TRY(pad_read(call, &src->shape, &spec));
    TRY(call_check_shape(call, &spec.shape, dst));
    if (value) {
        TRY(call_check_dtype(call, src->dtype, value));
        if (tensor_elements(value) != 1)
            return call_invalid(call, "the constant must be a scalar, got %s",
                                SHAPE_TEXT(&value->shape));
        memcpy(fill, value->data, bytes);
    }
    if (tensor_elements(dst) > 0)
        pad_rows(&spec, src, dst, fill, bytes);
    return status_ok();
}
MOVE_KERNEL(pad)

/* A packed element is repeated over its byte, so that whole bytes can be filled. */
static uint8_t packed_fill(const Tensor *value) {
    unsigned bits = dtype_info(value->dtype)->bits,
             byte = *(const uint8_t *)value->data & ((1u << bits) - 1);
    for (; bits < 8; bits *= 2)
        byte |= byte << bits;
    return (uint8_t)byte;
}

Status reference_constant_of_shape(const KernelCall *call) {
    static float zero = 0.0f;
    Tensor fill = { .dtype = DTYPE_F32, .shape = SHAPE(1), .data = &zero, .bytes = sizeof zero };
    const Attribute *attribute = node_find_attribute(call->node, "value");
    Tensor *dst = call_find_dst(call, 0);
    if (!dst)
        return call_invalid(call, "output 0 is missing");
    if (attribute && attribute->kind == ATTRIBUTE_TENSOR && attribute->tensor)
        fill = *attribute->tensor;
    TRY(call_check_dtype(call, fill.dtype, dst));
    if (tensor_elements(&fill) != 1)
        return call_invalid(call, "value must hold one element, got %s", SHAPE_TEXT(&fill.shape));
    if (dtype_is_packed(fill.dtype)) {
        if (dst->bytes)
            memset(dst->data, packed_fill(&fill), dst->bytes);
        return status_ok();
    }
    size_t bytes = dtype_bytes(fill.dtype);
    for (size_t i = 0; i < dst->bytes; i += bytes)
        memcpy((char *)dst->data + i, fill.data, bytes);
    return status_ok();
}

/* start + i * delta; how many there are is what shape inference found from limit. */
Status reference_range(const KernelCall *call) {
    const Tensor *ends[3];
    Tensor *dst;
    double start[3], values[ELEMENT_CHUNK];
    int64_t start_int[3], ints[ELEMENT_CHUNK];
    TRY(call_get_first(call, &ends[0], &dst));
    const ElementIo *io = element_io_find(dst->dtype);
    if (!io)
        return call_lacks_dtype(call, dst->dtype);
    for (size_t s = 0; s < 3; s++) {
        TRY(call_get_src(call, s, &ends[s]));
        TRY(call_check_dtype(call, dst->dtype, ends[s]));
        if (tensor_elements(ends[s]) != 1)
            return call_invalid(call, "input %zu must be a scalar, got %s", s,
                                SHAPE_TEXT(&ends[s]->shape));
        io->load_f64(ends[s]->data, 0, 1, 1, &start[s]);
        io->load_i64(ends[s]->data, 0, 1, 1, &start_int[s]);
    }
    size_t count = tensor_elements(dst);
    for (size_t first = 0; first < count; first += ELEMENT_CHUNK) {
        size_t chunk = MIN_OF((size_t)ELEMENT_CHUNK, count - first);
        for (size_t i = 0; i < chunk; i++) {
            values[i] = start[0] + (double)(first + i) * start[2];
            ints[i] =
                (int64_t)((uint64_t)start_int[0] + (uint64_t)(first + i) * (uint64_t)start_int[2]);
        }
        if (dtype_info(dst->dtype)->is_integer)
            io->store_i64(dst->data, first, chunk, ints);
        else
            io->store_f64(dst->data, first, chunk, values);
    }
    return status_ok();
}

Status reference_shape(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    TRY(call_get_first(call, &src, &dst));
    int64_t rank = src->shape.rank;
    int64_t start = node_get_int(call->node, "start", 0),
            end = node_get_int(call->node, "end", rank);
    start = start < -rank ? 0 : start < 0 ? start + rank : MIN_OF(start, rank);
    end = end < -rank ? 0 : end < 0 ? end + rank : MIN_OF(end, rank);
    Shape expected = SHAPE(end > start ? end - start : 0);
    TRY(call_check_dtype(call, DTYPE_I64, dst));
    TRY(call_check_shape(call, &expected, dst));
    if (dst->bytes)
        memcpy(dst->data, src->shape.dims + start, dst->bytes);
    return status_ok();
}

Status reference_size(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_dtype(call, DTYPE_I64, dst));
    if (tensor_elements(dst) != 1)
        return call_shape_mismatch(call, &SHAPE_SCALAR, &dst->shape);
    *(int64_t *)dst->data = (int64_t)tensor_elements(src);
    return status_ok();
}
