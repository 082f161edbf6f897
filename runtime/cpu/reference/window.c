/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sliding windows. Result o of a dim sees source position o * stride - pad_begin + tap * dilation.
 * All attributes are limited to 31 bits and the taps to WINDOW_TAPS_MAX, so that neither positions
 * overflow nor a hostile window takes for ever; rows are cut to the source whatever the shapes say,
 * so no shape of the result can lead outside.
 *
 * Source: ONNX Conv 22, MaxPool 22, AveragePool 22. auto_pad is deprecated there but in every old
 * model.
 */

#include "runtime/cpu/reference/window.h"

#include <string.h>

enum { WINDOW_TAPS_MAX = 1 << 26 };

/* Attribute of rank entries, each in [low, INT32_MAX]; fallback when it is absent. */
static Status read_ints(const KernelCall *call, const char *name, size_t count, int64_t low,
                        int64_t fallback, int64_t *values) {
    size_t given;
    const int64_t *ints = node_get_ints(call->node, name, &given);
    if (ints && given != count)
        return call_invalid(call, "%s has %zu entries, expected %zu", name, given, count);
    for (size_t i = 0; i < count; i++) {
        values[i] = ints ? ints[i] : fallback;
        if (values[i] < low || values[i] > INT32_MAX)
            return call_invalid(call, "%s: %lld is out of range", name, (long long)values[i]);
    }
    return status_ok();
}

static bool view_is(StringView text, const char *literal) {
    return text.length == strlen(literal) && memcmp(text.data, literal, text.length) == 0;
}

static Status read_pads(Window *window, const KernelCall *call) {
    int64_t pads[2 * WINDOW_MAX_RANK];
    size_t rank = (size_t)window->rank;
    StringView mode = node_get_string(call->node, "auto_pad", "NOTSET");
    bool is_upper = view_is(mode, "SAME_UPPER"), is_lower = view_is(mode, "SAME_LOWER");
    if (!is_upper && !is_lower && !view_is(mode, "VALID")) {
        TRY(read_ints(call, "pads", 2 * rank, -INT32_MAX, 0, pads));
        memcpy(window->pad_begin, pads, rank * sizeof *pads);
        memcpy(window->pad_end, pads + rank, rank * sizeof *pads);
        return status_ok();
    }
    for (size_t d = 0; d < rank && (is_upper || is_lower); d++) {
        int64_t out = (window->in[d] + window->stride[d] - 1) / window->stride[d];
        int64_t reach = (window->kernel[d] - 1) * window->dilation[d] + 1;
        int64_t total = MAX_OF((out - 1) * window->stride[d] + reach - window->in[d], 0);
        window->pad_begin[d] = is_upper ? total / 2 : total - total / 2;
        window->pad_end[d] = total - window->pad_begin[d];
    }
    return status_ok();
}

static int64_t divide_up(int64_t value, int64_t by) {
    return value > 0 ? (value + by - 1) / by : value / by;
}

/* A huge kernel over a small source is mostly taps that lie behind its end. */
static void cut_taps(Window *window, bool has_weights) {
    for (int32_t d = 0; d < window->rank; d++) {
        int64_t seen = divide_up(window->in[d] + window->pad_begin[d], window->dilation[d]);
        window->taps[d] =
            has_weights ? window->kernel[d] : MIN_OF(window->kernel[d], MAX_OF(seen, 1));
    }
}

/* A window of one tap that moves by one is a row over the whole plane. */
static void collapse(Window *window) {
    for (int32_t d = 0; d < window->rank; d++)
        if (window->kernel[d] != 1 || window->stride[d] != 1 || window->pad_begin[d] != 0 ||
            window->in[d] != window->out[d])
            return;
    window->rank = 1;
    window->in[0] = window->out[0] = (int64_t)window->in_count;
}

Status window_init(Window *window, const KernelCall *call, const Shape *src, const Shape *dst,
                   const int64_t *kernel) {
    *window = (Window){ .rank = src->rank - 2, .in_count = 1, .out_count = 1, .tap_count = 1 };
    if (src->rank < 3 || dst->rank != src->rank)
        return call_invalid(call, "expected [N,C,spatial...], got %s to %s", SHAPE_TEXT(src),
                            SHAPE_TEXT(dst));
    size_t rank = (size_t)window->rank;
    TRY(read_ints(call, "kernel_shape", rank, 1, kernel ? 1 : 0, window->kernel)); /* 0: refused */
    TRY(read_ints(call, "strides", rank, 1, 1, window->stride));
    TRY(read_ints(call, "dilations", rank, 1, 1, window->dilation));
    for (size_t d = 0; d < rank; d++) {
        if (kernel)
            window->kernel[d] = kernel[d]; /* what is stored counts, not what is declared */
        window->in[d] = src->dims[d + 2];
        window->out[d] = dst->dims[d + 2];
        if (window->kernel[d] > INT32_MAX || window->in[d] > INT32_MAX ||
            window->out[d] > INT32_MAX ||
            !size_mul(window->tap_count, (size_t)window->kernel[d], &window->tap_count) ||
            window->tap_count > WINDOW_TAPS_MAX)
            return call_invalid(call, "window or image is too large");
        window->in_count *= (size_t)window->in[d];
        window->out_count *= (size_t)window->out[d];
    }
    TRY(read_pads(window, call));
    cut_taps(window, kernel != NULL);
    collapse(window);
    return status_ok();
}

bool window_next_tap(const Window *window, int64_t tap[static WINDOW_MAX_RANK]) {
    for (int32_t d = window->rank - 1; d >= 0; d--) {
        if (++tap[d] < window->taps[d])
            return true;
        tap[d] = 0;
    }
    return false;
}

WindowRows window_rows_begin(const Window *window, const int64_t tap[static WINDOW_MAX_RANK]) {
    WindowRows rows = { .window = window };
    for (int32_t d = 0; d < window->rank; d++) {
        int64_t offset = tap[d] * window->dilation[d] - window->pad_begin[d];
        int64_t first = MAX_OF(divide_up(-offset, window->stride[d]), 0);
        int64_t end = MIN_OF(divide_up(window->in[d] - offset, window->stride[d]), window->out[d]);
        rows.offset[d] = offset;
        rows.first[d] = rows.position[d] = first;
        rows.end[d] = end;
        rows.done |= first >= end;
    }
    return rows;
}

bool window_rows_next(WindowRows *rows, WindowRow *ret_row) {
    const Window *window = rows->window;
    int32_t last = window->rank - 1;
    if (rows->done)
        return false;
    int64_t dst = 0, src = 0;
    for (int32_t d = 0; d <= last; d++) {
        dst = dst * window->out[d] + rows->position[d];
        src = src * window->in[d] + rows->position[d] * window->stride[d] + rows->offset[d];
    }
    *ret_row = (WindowRow){ .dst = (size_t)dst,
                            .src = (size_t)src,
                            .count = (size_t)(rows->end[last] - rows->first[last]),
                            .step = window->stride[last] };
    rows->done = true;
    for (int32_t d = last - 1; d >= 0; d--) {
        if (++rows->position[d] < rows->end[d]) {
            rows->done = false;
            break;
        }
        rows->position[d] = rows->first[d];
    }
    return true;
}

int64_t window_count(const Window *window, const int64_t *position, bool with_padding) {
    int64_t count = 1;
    for (int32_t d = 0; d < window->rank; d++) {
        int64_t base = position[d] * window->stride[d] - window->pad_begin[d];
        int64_t low = with_padding ? -window->pad_begin[d] : 0;
        int64_t high = window->in[d] + (with_padding ? window->pad_end[d] : 0);
        int64_t first = MAX_OF(divide_up(low - base, window->dilation[d]), 0);
        int64_t end = MIN_OF(divide_up(high - base, window->dilation[d]), window->kernel[d]);
        count *= MAX_OF(end - first, 0);
    }
    return count;
}
