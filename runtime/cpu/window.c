/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Attributes of sliding windows, as numbers. The end padding is never read from the node: it
 * follows from the output shape, which also covers ceil_mode and windows that stop before the last
 * element.
 *
 * Thread: any; pure.
 */

#include "runtime/cpu/window.h"

#include "runtime/base/size.h"

#include <string.h>

static const struct {
    const char *name;
    WindowPadding padding;
} paddings[] = {
    { "NOTSET", WINDOW_EXPLICIT },       { "", WINDOW_EXPLICIT },
    { "SAME_UPPER", WINDOW_SAME_UPPER }, { "SAME_LOWER", WINDOW_SAME_LOWER },
    { "VALID", WINDOW_VALID },
};

static bool read_padding(const Node *node, WindowPadding *ret_padding) {
    StringView text = node_get_string(node, "auto_pad", "NOTSET");
    for (size_t i = 0; i < ARRAY_LENGTH(paddings); i++)
        if (strlen(paddings[i].name) == text.length &&
            (text.length == 0 || memcmp(paddings[i].name, text.data, text.length) == 0)) {
            *ret_padding = paddings[i].padding;
            return true;
        }
    return false;
}

/* One value a spatial dim; values stay as they are when the attribute is absent. */
static bool read_dims(const Node *node, const char *name, size_t expected, int64_t least,
                      int64_t *values) {
    size_t count;
    const int64_t *given = node_get_ints(node, name, &count);
    if (!given)
        return true;
    if (count != expected)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (given[i] < least || given[i] > INT32_MAX)
            return false;
        values[i] = given[i];
    }
    return true;
}

bool window_read(const Node *node, int32_t spatial, const int64_t *kernel, Window *ret_window) {
    if (spatial < 1 || spatial > WINDOW_MAX)
        return false;
    Window window = { .spatial = spatial, .stride = { 1, 1, 1 }, .dilation = { 1, 1, 1 } };
    if (kernel)
        memcpy(window.kernel, kernel, (size_t)spatial * sizeof *kernel);
    size_t n = (size_t)spatial;
    int64_t pads[2 * WINDOW_MAX] = { 0 };
    if (!read_padding(node, &window.padding) ||
        !read_dims(node, "kernel_shape", n, 1, window.kernel) ||
        !read_dims(node, "strides", n, 1, window.stride) ||
        !read_dims(node, "dilations", n, 1, window.dilation) ||
        !read_dims(node, "pads", 2 * n, 0, pads))
        return false;
    memcpy(window.begin, pads, n * sizeof *pads);
    memcpy(window.end, pads + n, n * sizeof *pads);
    for (int32_t i = 0; i < spatial; i++)
        if (window.kernel[i] < 1)
            return false;
    *ret_window = window;
    return true;
}

static int64_t reach(const Window *window, const Shape *dst, int32_t i) {
    return (dst->dims[i + 2] - 1) * window->stride[i] +
           (window->kernel[i] - 1) * window->dilation[i] + 1;
}

void window_begin(const Window *window, const Shape *src, const Shape *dst,
                  int64_t ret_begin[WINDOW_MAX]) {
    for (int32_t i = 0; i < window->spatial; i++) {
        int64_t total = MAX_OF(reach(window, dst, i) - src->dims[i + 2], 0);
        ret_begin[i] = window->padding == WINDOW_EXPLICIT     ? window->begin[i]
                       : window->padding == WINDOW_SAME_UPPER ? total / 2
                       : window->padding == WINDOW_SAME_LOWER ? total - total / 2
                                                              : 0;
    }
}

void window_end(const Window *window, const Shape *src, const Shape *dst,
                const int64_t begin[WINDOW_MAX], int64_t ret_end[WINDOW_MAX]) {
    for (int32_t i = 0; i < window->spatial; i++)
        ret_end[i] = reach(window, dst, i) - src->dims[i + 2] - begin[i];
}
