/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Size arithmetic of Resize. Everything is limited to RESIZE_DIM_MAX, so that doubles hold it
 * exactly; an empty dim may only stay empty. Pure functions, any thread.
 */

#include "runtime/graph/resize.h"

#include "runtime/base/size.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define RESIZE_DIM_MAX 0x1p40

static bool text_is(StringView text, const char *literal) {
    return text.length == strlen(literal) && memcmp(text.data, literal, text.length) == 0;
}

Status resize_axes(const Node *node, int32_t rank, size_t axes[static SHAPE_MAX_RANK],
                   size_t *ret_count) {
    size_t count;
    const int64_t *given = node_get_ints(node, "axes", &count);
    bool seen[SHAPE_MAX_RANK] = { false };
    if (!given)
        count = (size_t)rank;
    if (count > (size_t)rank)
        return status_error(STATUS_INVALID_ARGUMENT, "axes: %zu for rank %" PRId32, count, rank);
    for (size_t i = 0; i < count; i++) {
        TRY(shape_axis(given ? given[i] : (int64_t)i, rank, &axes[i]));
        if (seen[axes[i]])
            return status_error(STATUS_INVALID_ARGUMENT, "axes: %zu is given twice", axes[i]);
        seen[axes[i]] = true;
    }
    *ret_count = count;
    return status_ok();
}

static bool is_given(const Tensor *tensor) {
    return tensor && tensor_elements(tensor) > 0;
}

static Status check_count(const Tensor *tensor, const char *what, size_t wanted) {
    size_t count = tensor_elements(tensor);
    const DTypeInfo *info = dtype_info(tensor->dtype);
    if (count != wanted || !(info->is_float || info->is_integer))
        return status_error(STATUS_INVALID_ARGUMENT, "%s: expected %zu numbers, got %s%s", what,
                            wanted, dtype_name(tensor->dtype), SHAPE_TEXT(&tensor->shape));
    return status_ok();
}

static Status check_out(const Shape *x, size_t axis, double out) {
    if (!(out >= 0 && out <= RESIZE_DIM_MAX) || (x->dims[axis] == 0 && out > 0))
        return status_error(STATUS_INVALID_ARGUMENT, "axis %zu of %s cannot be resized to %g", axis,
                            SHAPE_TEXT(x), out);
    return status_ok();
}

static Status by_scales(const Shape *x, const Tensor *scales, const size_t *axes, size_t count,
                        ResizeDims *dims) {
    TRY(check_count(scales, "scales", count));
    for (size_t i = 0; i < count; i++) {
        size_t axis = axes[i];
        double scale = tensor_get_float(scales, i);
        if (!(scale > 0) || isinf(scale))
            return status_error(STATUS_INVALID_ARGUMENT, "scale %zu: expected above 0, got %g", i,
                                scale);
        double out = (double)floorf((float)x->dims[axis] * (float)scale);
        TRY(check_out(x, axis, out));
        dims->out[axis] = (int64_t)out;
        dims->scale[axis] = scale;
        dims->width[axis] = (double)x->dims[axis] * scale;
    }
    return status_ok();
}

/* One scale for all axes: the least or the greatest that sizes ask for. */
static void keep_aspect_ratio(const Shape *x, bool larger, const size_t *axes, size_t count,
                              ResizeDims *dims) {
    double scale = dims->scale[axes[0]];
    for (size_t i = 1; i < count; i++)
        scale = larger ? fmax(scale, dims->scale[axes[i]]) : fmin(scale, dims->scale[axes[i]]);
    for (size_t i = 0; i < count; i++) {
        double width = scale * (double)x->dims[axes[i]];
        dims->scale[axes[i]] = scale;
        dims->width[axes[i]] = width;
        dims->out[axes[i]] = (int64_t)fmin(floor(width + 0.5), RESIZE_DIM_MAX);
    }
}

static Status by_sizes(const Node *node, const Shape *x, const Tensor *sizes, const size_t *axes,
                       size_t count, ResizeDims *dims) {
    StringView policy = node_get_string(node, "keep_aspect_ratio_policy", "stretch");
    bool larger = text_is(policy, "not_smaller");
    TRY(check_count(sizes, "sizes", count));
    for (size_t i = 0; i < count; i++) {
        double out = tensor_get_float(sizes, i);
        TRY(check_out(x, axes[i], out));
        dims->out[axes[i]] = (int64_t)out;
        dims->width[axes[i]] = out;
        dims->scale[axes[i]] = x->dims[axes[i]] > 0 ? out / (double)x->dims[axes[i]] : 1.0;
    }
    if (larger || text_is(policy, "not_larger"))
        keep_aspect_ratio(x, larger, axes, count, dims);
    else if (!text_is(policy, "stretch"))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "keep_aspect_ratio_policy: expected stretch, not_larger or "
                            "not_smaller, got '%.*s'",
                            (int)MIN_OF(policy.length, (size_t)40), policy.data);
    return status_ok();
}

Status resize_resolve(const Node *node, const Shape *x, const Tensor *roi, const Tensor *scales,
                      const Tensor *sizes, ResizeDims *ret_dims) {
    size_t axes[SHAPE_MAX_RANK], count;
    TRY(resize_axes(node, x->rank, axes, &count));
    for (int32_t d = 0; d < x->rank; d++) {
        ret_dims->out[d] = x->dims[d];
        ret_dims->width[d] = (double)x->dims[d];
        ret_dims->scale[d] = ret_dims->roi_end[d] = 1.0;
        ret_dims->roi_begin[d] = 0.0;
    }
    if (count == 0)
        return status_ok();
    if (is_given(scales) == is_given(sizes))
        return status_error(STATUS_INVALID_ARGUMENT, "expected either scales or sizes, got %s",
                            is_given(scales) ? "both" : "none");
    if (is_given(scales))
        TRY(by_scales(x, scales, axes, count, ret_dims));
    else
        TRY(by_sizes(node, x, sizes, axes, count, ret_dims));
    if (is_given(roi)) {
        TRY(check_count(roi, "roi", 2 * count));
        for (size_t i = 0; i < count; i++) {
            ret_dims->roi_begin[axes[i]] = tensor_get_float(roi, i);
            ret_dims->roi_end[axes[i]] = tensor_get_float(roi, count + i);
        }
    }
    return status_ok();
}
