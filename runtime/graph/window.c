/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Window arithmetic. Attributes are limited to WINDOW_ATTRIBUTE_MAX and dims to WINDOW_DIM_MAX
 * first, so that sums and products below cannot overflow; no real model comes near. Pure functions,
 * any thread.
 */

#include "runtime/graph/window.h"

#include "runtime/base/size.h"

#include <inttypes.h>
#include <string.h>

#define WINDOW_ATTRIBUTE_MAX (INT64_C(1) << 30)
#define WINDOW_DIM_MAX       (INT64_C(1) << 60)

typedef enum AutoPad { PAD_EXPLICIT, PAD_VALID, PAD_SAME_UPPER, PAD_SAME_LOWER } AutoPad;

static const char *const AUTO_PADS[] = {
    [PAD_EXPLICIT] = "NOTSET",
    [PAD_VALID] = "VALID",
    [PAD_SAME_UPPER] = "SAME_UPPER",
    [PAD_SAME_LOWER] = "SAME_LOWER",
};

static Status find_auto_pad(const Node *node, AutoPad *ret_pad) {
    StringView text = node_get_string(node, "auto_pad", "NOTSET");
    for (size_t i = 0; i < ARRAY_LENGTH(AUTO_PADS); i++) {
        if (text.length == strlen(AUTO_PADS[i]) &&
            memcmp(text.data, AUTO_PADS[i], text.length) == 0) {
            *ret_pad = (AutoPad)i;
            return status_ok();
        }
    }
    return status_error(STATUS_INVALID_ARGUMENT,
                        "auto_pad: expected NOTSET, VALID, SAME_UPPER or SAME_LOWER, got '%.*s'",
                        (int)MIN_OF(text.length, (size_t)40), text.data);
}

/* An attribute of count integers of least or more; fallback for each where it is absent. */
static Status read_ints(const Node *node, const char *name, size_t count, int64_t least,
                        int64_t fallback, int64_t *ret_items) {
    size_t given;
    const int64_t *items = node_get_ints(node, name, &given);
    if (items && given != count)
        return status_error(STATUS_INVALID_ARGUMENT, "%s: expected %zu numbers, got %zu", name,
                            count, given);
    for (size_t i = 0; i < count; i++) {
        ret_items[i] = items ? items[i] : fallback;
        if (items && (items[i] < least || items[i] > WINDOW_ATTRIBUTE_MAX))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "%s: expected %" PRId64 " to %" PRId64 ", got %" PRId64, name,
                                least, WINDOW_ATTRIBUTE_MAX, items[i]);
    }
    return status_ok();
}

static Status read_kernel(const Node *node, const int64_t *kernel, Window *window) {
    int64_t given[WINDOW_MAX_RANK];
    TRY(read_ints(node, "kernel_shape", window->rank, 1, DIM_UNKNOWN, given));
    for (size_t i = 0; i < window->rank; i++) {
        int64_t of_weights = kernel ? kernel[i] : DIM_UNKNOWN;
        window->kernel[i] = of_weights == DIM_UNKNOWN ? given[i] : of_weights;
        if (given[i] != DIM_UNKNOWN && given[i] != window->kernel[i])
            return status_error(STATUS_INVALID_ARGUMENT,
                                "kernel_shape: expected %" PRId64
                                " as in the weights, got %" PRId64,
                                window->kernel[i], given[i]);
        if (!kernel && given[i] == DIM_UNKNOWN)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "kernel_shape: expected %zu numbers, got none", window->rank);
        if (window->kernel[i] != DIM_UNKNOWN &&
            (window->kernel[i] < 1 || window->kernel[i] > WINDOW_ATTRIBUTE_MAX))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "kernel of %" PRId64 " is outside of 1 to %" PRId64,
                                window->kernel[i], WINDOW_ATTRIBUTE_MAX);
    }
    return status_ok();
}

static int64_t divide_up(int64_t a, int64_t b) {
    return a / b + (a % b > 0); /* truncation already rounds up where a is negative */
}

/* out, and the pads of SAME_*, of one known dim */
static Status resolve_dim(Window *window, size_t i, AutoPad auto_pad, bool ceil_mode) {
    int64_t in = window->in[i], stride = window->stride[i];
    int64_t reach = (window->kernel[i] - 1) * window->dilation[i] + 1;
    if (in > WINDOW_DIM_MAX)
        return status_error(STATUS_INVALID_ARGUMENT, "dim %zu: %" PRId64 " is too large", i + 2,
                            in);
    if (auto_pad == PAD_SAME_UPPER || auto_pad == PAD_SAME_LOWER) {
        window->out[i] = divide_up(in, stride);
        int64_t total = MAX_OF((window->out[i] - 1) * stride + reach - in, 0);
        window->pad_begin[i] = auto_pad == PAD_SAME_UPPER ? total / 2 : total - total / 2;
        window->pad_end[i] = total - window->pad_begin[i];
        return status_ok();
    }
    int64_t room = in + window->pad_begin[i] + window->pad_end[i] - reach;
    int64_t out = room >= 0 ? room / stride + 1 : 0;
    if (ceil_mode && room > -stride) {
        out = divide_up(room, stride) + 1;
        if ((out - 1) * stride >=
            in + window->pad_begin[i]) /* would start in the padding at the end */
            out--;
    }
    if (out < 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "dim %zu: a window of %" PRId64 " does not fit into %" PRId64
                            " with padding of %" PRId64 " and %" PRId64,
                            i + 2, reach, in, window->pad_begin[i], window->pad_end[i]);
    window->out[i] = out;
    return status_ok();
}

Status window_resolve(const Node *node, const Shape *x, const int64_t *kernel, Window *ret_window) {
    if (x->rank < 3 || x->rank > SHAPE_MAX_RANK)
        return status_error(STATUS_INVALID_ARGUMENT, "input 0: expected rank 3 to %d, got shape %s",
                            SHAPE_MAX_RANK, SHAPE_TEXT(x));
    Window window = { .rank = (size_t)x->rank - 2 };
    AutoPad auto_pad = PAD_EXPLICIT;
    int64_t pads[2 * WINDOW_MAX_RANK];
    TRY(find_auto_pad(node, &auto_pad));
    TRY(read_kernel(node, kernel, &window));
    TRY(read_ints(node, "strides", window.rank, 1, 1, window.stride));
    TRY(read_ints(node, "dilations", window.rank, 1, 1, window.dilation));
    TRY(read_ints(node, "pads", 2 * window.rank, 0, 0, pads));
    bool ceil_mode = node_get_int(node, "ceil_mode", 0) != 0 && auto_pad == PAD_EXPLICIT;

    for (size_t i = 0; i < window.rank; i++) {
        window.in[i] = x->dims[i + 2];
        window.out[i] = DIM_UNKNOWN;
        if (auto_pad == PAD_EXPLICIT) {
            window.pad_begin[i] = pads[i];
            window.pad_end[i] = pads[i + window.rank];
        }
        if (window.in[i] != DIM_UNKNOWN && window.kernel[i] != DIM_UNKNOWN)
            TRY(resolve_dim(&window, i, auto_pad, ceil_mode));
    }
    *ret_window = window;
    return status_ok();
}

int64_t window_overhang(const Window *window, size_t dim) {
    int64_t reach = (window->kernel[dim] - 1) * window->dilation[dim] + 1;
    return (window->out[dim] - 1) * window->stride[dim] + reach - window->in[dim] -
           window->pad_begin[dim];
}

/* The large side of one known dim, and its pads where they follow from it. wanted: of output_shape,
 * or DIM_UNKNOWN. */
static Status resolve_large(Window *window, size_t i, AutoPad auto_pad, int64_t extra,
                            int64_t wanted) {
    int64_t small = window->out[i], stride = window->stride[i];
    int64_t reach = (window->kernel[i] - 1) * window->dilation[i] + 1, whole;
    if (__builtin_mul_overflow(small - 1, stride, &whole) || whole > WINDOW_DIM_MAX)
        return status_error(STATUS_INVALID_ARGUMENT, "dim %zu: %" PRId64 " is too large", i + 2,
                            small);
    whole += reach + extra;
    bool is_same = auto_pad == PAD_SAME_UPPER || auto_pad == PAD_SAME_LOWER;
    if (is_same && wanted == DIM_UNKNOWN)
        wanted = small * stride;
    if (wanted != DIM_UNKNOWN) {
        int64_t total = MAX_OF(whole - wanted, 0);
        window->pad_begin[i] = auto_pad == PAD_SAME_UPPER ? total / 2 : total - total / 2;
        window->pad_end[i] = total - window->pad_begin[i];
        window->in[i] = wanted;
    } else {
        window->in[i] = whole - window->pad_begin[i] - window->pad_end[i];
    }
    if (small < 1 || window->in[i] < 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "dim %zu: %" PRId64 " becomes %" PRId64 ", expected 1 or more", i + 2,
                            small, window->in[i]);
    return status_ok();
}

Status window_resolve_transposed(const Node *node, const Shape *x, const int64_t *kernel,
                                 Window *ret_window) {
    if (x->rank < 3 || x->rank > SHAPE_MAX_RANK)
        return status_error(STATUS_INVALID_ARGUMENT, "input 0: expected rank 3 to %d, got shape %s",
                            SHAPE_MAX_RANK, SHAPE_TEXT(x));
    Window window = { .rank = (size_t)x->rank - 2 };
    AutoPad auto_pad = PAD_EXPLICIT;
    int64_t pads[2 * WINDOW_MAX_RANK], extra[WINDOW_MAX_RANK], wanted[WINDOW_MAX_RANK];
    TRY(find_auto_pad(node, &auto_pad));
    TRY(read_kernel(node, kernel, &window));
    TRY(read_ints(node, "strides", window.rank, 1, 1, window.stride));
    TRY(read_ints(node, "dilations", window.rank, 1, 1, window.dilation));
    TRY(read_ints(node, "pads", 2 * window.rank, 0, 0, pads));
    TRY(read_ints(node, "output_padding", window.rank, 0, 0, extra));
    TRY(read_ints(node, "output_shape", window.rank, 1, DIM_UNKNOWN, wanted));
    for (size_t i = 0; i < window.rank; i++) {
        window.out[i] = x->dims[i + 2];
        window.in[i] = wanted[i];
        if (auto_pad == PAD_EXPLICIT) {
            window.pad_begin[i] = pads[i];
            window.pad_end[i] = pads[i + window.rank];
        }
        if (window.out[i] != DIM_UNKNOWN && window.kernel[i] != DIM_UNKNOWN)
            TRY(resolve_large(&window, i, auto_pad, extra[i], wanted[i]));
    }
    *ret_window = window;
    return status_ok();
}
