/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rows of sliding windows. Result o of a dim sees source position o * stride - pad_begin + tap *
 * dilation. All numbers are limited to 31 bits and the taps to WINDOW_TAPS_MAX, so that neither
 * positions overflow nor a hostile window takes for ever; rows are cut to the source whatever the
 * shapes say, so no shape of the result can lead outside.
 *
 * Pure but for the plane that is filled in. Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/window_rows.h"

#include "runtime/base/size.h"

enum { WINDOW_TAPS_MAX = 1 << 26 };

static int64_t divide_up(int64_t value, int64_t by) {
    return value > 0 ? (value + by - 1) / by : value / by;
}

/* A huge kernel over a small source is mostly taps that lie behind its end. */
static void cut_taps(WindowPlane *plane, bool has_weights) {
    const Window *window = &plane->window;
    for (size_t d = 0; d < window->rank; d++) {
        int64_t seen = divide_up(window->in[d] + window->pad_begin[d], window->dilation[d]);
        plane->taps[d] =
            has_weights ? window->kernel[d] : MIN_OF(window->kernel[d], MAX_OF(seen, 1));
    }
}

/* A window of one tap that moves by one is a row over the whole plane. */
static void collapse(WindowPlane *plane) {
    Window *window = &plane->window;
    for (size_t d = 0; d < window->rank; d++)
        if (window->kernel[d] != 1 || window->stride[d] != 1 || window->pad_begin[d] != 0 ||
            window->in[d] != window->out[d])
            return;
    window->rank = 1;
    window->in[0] = window->out[0] = (int64_t)plane->in_count;
}

Status window_plane_init(WindowPlane *plane, const KernelCall *call, const Shape *src,
                         const Shape *dst, const int64_t *kernel) {
    *plane = (WindowPlane){ .in_count = 1, .out_count = 1, .tap_count = 1 };
    Window *window = &plane->window;
    Status resolved = window_resolve(call->node, src, kernel, window);
    if (!status_is_ok(&resolved))
        return call_invalid(call, "%s", resolved.message);
    Shape given = *dst;
    given.rank = src->rank;
    for (size_t d = 0; d < window->rank; d++)
        given.dims[d + 2] = window->out[d];
    if (!shape_equal(&given, dst))
        return call_shape_mismatch(call, &given, dst);
    for (size_t d = 0; d < window->rank; d++) {
        if (window->in[d] > INT32_MAX || window->out[d] > INT32_MAX ||
            !size_mul(plane->tap_count, (size_t)window->kernel[d], &plane->tap_count) ||
            plane->tap_count > WINDOW_TAPS_MAX)
            return call_invalid(call, "window or image is too large");
        plane->in_count *= (size_t)window->in[d];
        plane->out_count *= (size_t)window->out[d];
    }
    cut_taps(plane, kernel != NULL);
    collapse(plane);
    return status_ok();
}

Status window_plane_init_transposed(WindowPlane *plane, const KernelCall *call, const Shape *src,
                                    const Shape *dst, const int64_t *kernel) {
    *plane = (WindowPlane){ .in_count = 1, .out_count = 1, .tap_count = 1 };
    Window *window = &plane->window;
    Status resolved = window_resolve_transposed(call->node, src, kernel, window);
    if (!status_is_ok(&resolved))
        return call_invalid(call, "%s", resolved.message);
    Shape given = *dst;
    given.rank = src->rank;
    for (size_t d = 0; d < window->rank; d++)
        given.dims[d + 2] = window->in[d];
    if (!shape_equal(&given, dst))
        return call_shape_mismatch(call, &given, dst);
    for (size_t d = 0; d < window->rank; d++) {
        if (window->in[d] > INT32_MAX || window->out[d] > INT32_MAX ||
            !size_mul(plane->tap_count, (size_t)window->kernel[d], &plane->tap_count) ||
            plane->tap_count > WINDOW_TAPS_MAX)
            return call_invalid(call, "window or image is too large");
        plane->in_count *= (size_t)window->in[d];
        plane->out_count *= (size_t)window->out[d];
        plane->taps[d] = window->kernel[d];
    }
    return status_ok();
}

bool window_next_tap(const WindowPlane *plane, int64_t tap[static WINDOW_MAX_RANK]) {
    for (size_t d = plane->window.rank; d-- > 0;) {
        if (++tap[d] < plane->taps[d])
            return true;
        tap[d] = 0;
    }
    return false;
}

WindowRows window_rows_begin(const WindowPlane *plane, const int64_t tap[static WINDOW_MAX_RANK]) {
    const Window *window = &plane->window;
    WindowRows rows = { .plane = plane };
    for (size_t d = 0; d < window->rank; d++) {
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
    const Window *window = &rows->plane->window;
    size_t last = window->rank - 1;
    if (rows->done)
        return false;
    int64_t dst = 0, src = 0;
    for (size_t d = 0; d <= last; d++) {
        dst = dst * window->out[d] + rows->position[d];
        src = src * window->in[d] + rows->position[d] * window->stride[d] + rows->offset[d];
    }
    *ret_row = (WindowRow){ .dst = (size_t)dst,
                            .src = (size_t)src,
                            .count = (size_t)(rows->end[last] - rows->first[last]),
                            .step = window->stride[last] };
    rows->done = true;
    for (size_t d = last; d-- > 0;) {
        if (++rows->position[d] < rows->end[d]) {
            rows->done = false;
            break;
        }
        rows->position[d] = rows->first[d];
    }
    return true;
}

int64_t window_count(const WindowPlane *plane, const int64_t *position, bool with_padding) {
    const Window *window = &plane->window;
    int64_t count = 1;
    for (size_t d = 0; d < window->rank; d++) {
        int64_t base = position[d] * window->stride[d] - window->pad_begin[d];
        int64_t low = with_padding ? -window->pad_begin[d] : 0;
        int64_t high = window->in[d] + (with_padding ? window->pad_end[d] : 0);
        int64_t first = MAX_OF(divide_up(low - base, window->dilation[d]), 0);
        int64_t end = MIN_OF(divide_up(high - base, window->dilation[d]), window->kernel[d]);
        count *= MAX_OF(end - first, 0);
    }
    return count;
}
