/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Unique elements, or slices along an axis. Slices are sorted by index through a heap (bounded time
 * for any data); equal ones then lie side by side, the first occurrence ahead. Numbers are compared
 * by their sort keys, strings by bytes.
 *
 * Source: ONNX Unique 11. Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/order_key.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/reference_util.h"

#include <string.h>

typedef struct Unique {
    const Tensor *src;
    size_t outer, dim, inner, bytes; /* src as [outer, dim, inner]; a slice is one of dim */
    int64_t *keys;                   /* of all elements; NULL for strings */
    size_t *order;                   /* slices, sorted */
    int64_t *group;                  /* of each slice */
    int64_t *firsts, *counts;        /* of each group: first slice, number of slices */
    int64_t *renamed;                /* group in order of first occurrence */
    size_t group_count;
} Unique;

static int compare_text(const StringView *a, const StringView *b) {
    size_t shared = MIN_OF(a->length, b->length);
    int order = shared > 0 ? memcmp(a->data, b->data, shared) : 0;
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

static int compare_slices(const Unique *unique, size_t a, size_t b) {
    const StringView *texts = unique->src->data;
    for (size_t outer = 0; outer < unique->outer; outer++)
        for (size_t inner = 0; inner < unique->inner; inner++) {
            size_t at_a = (outer * unique->dim + a) * unique->inner + inner;
            size_t at_b = (outer * unique->dim + b) * unique->inner + inner;
            int order = unique->keys ? (unique->keys[at_a] > unique->keys[at_b]) -
                                           (unique->keys[at_a] < unique->keys[at_b])
                                     : compare_text(&texts[at_a], &texts[at_b]);
            if (order)
                return order;
        }
    return 0;
}

static bool comes_before(const Unique *unique, size_t a, size_t b) {
    int order = compare_slices(unique, a, b);
    return order ? order < 0 : a < b;
}

static void sift(const Unique *unique, size_t count, size_t at) {
    size_t item = unique->order[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count &&
            comes_before(unique, unique->order[child], unique->order[child + 1]))
            child++;
        if (comes_before(unique, unique->order[child], item))
            break;
        unique->order[at] = unique->order[child];
    }
    unique->order[at] = item;
}

static void sort_slices(Unique *unique) {
    for (size_t i = 0; i < unique->dim; i++)
        unique->order[i] = i;
    for (size_t i = unique->dim / 2; i-- > 0;)
        sift(unique, unique->dim, i);
    for (size_t left = unique->dim; left > 1; left--) {
        size_t last = unique->order[0];
        unique->order[0] = unique->order[left - 1];
        unique->order[left - 1] = last;
        sift(unique, left - 1, 0);
    }
}

static void find_groups(Unique *unique) {
    for (size_t i = 0; i < unique->dim; i++) {
        size_t slice = unique->order[i];
        if (i == 0 || compare_slices(unique, unique->order[i - 1], slice) != 0) {
            unique->firsts[unique->group_count] = (int64_t)slice;
            unique->counts[unique->group_count++] = 0;
        }
        unique->group[slice] = (int64_t)unique->group_count - 1;
        unique->counts[unique->group_count - 1]++;
    }
}

/* renamed[group] is its place in the result. */
static void name_groups(Unique *unique, bool sorted) {
    int64_t next = 0;
    for (size_t g = 0; g < unique->group_count; g++)
        unique->renamed[g] = sorted ? (int64_t)g : -1;
    for (size_t i = 0; !sorted && i < unique->dim; i++)
        if (unique->renamed[unique->group[i]] < 0)
            unique->renamed[unique->group[i]] = next++;
}

static Status get_memory(const KernelCall *call, Unique *unique, size_t total) {
    size_t bytes, each, key_bytes = 0;
    void *memory;
    bool has_keys = unique->src->dtype != DTYPE_STRING;
    if (!size_mul(unique->dim, 5 * sizeof(int64_t), &each) ||
        (has_keys && !size_mul(total, sizeof(int64_t), &key_bytes)) ||
        !size_add(each, key_bytes, &bytes))
        return call_invalid(call, "size of the operands overflows");
    TRY(call_get_scratch(call, bytes, &memory));
    int64_t *next = memory;
    unique->group = next;
    unique->firsts = next + unique->dim;
    unique->counts = next + 2 * unique->dim;
    unique->renamed = next + 3 * unique->dim;
    unique->order = (size_t *)(next + 4 * unique->dim);
    unique->keys = has_keys ? next + 5 * unique->dim : NULL;
    for (size_t i = 0; has_keys && i < total; i += ELEMENT_CHUNK)
        order_keys(unique->src->dtype, unique->src->data, i, 1,
                   MIN_OF((size_t)ELEMENT_CHUNK, total - i), unique->keys + i);
    return status_ok();
}

static Status unique_open(const KernelCall *call, Unique *unique, Shape *ret_shape) {
    const Tensor *src;
    TRY(call_get_src(call, 0, &src));
    size_t total = tensor_elements(src), axis = 0;
    *unique = (Unique){ .src = src, .outer = 1, .dim = total, .inner = 1 };
    *ret_shape = SHAPE((int64_t)total);
    if (node_find_attribute(call->node, "axis")) {
        TRY(call_get_axis(call, 0, src->shape.rank, &axis));
        *ret_shape = src->shape;
        unique->outer = shape_product(&src->shape, 0, axis);
        unique->dim = (size_t)src->shape.dims[axis];
        unique->inner = shape_product(&src->shape, axis + 1, (size_t)src->shape.rank);
    }
    unique->bytes = dtype_bytes(src->dtype);
    if (!unique->bytes || (src->dtype != DTYPE_STRING && !element_io_find(src->dtype)))
        return call_lacks_dtype(call, src->dtype);
    TRY(get_memory(call, unique, total));
    sort_slices(unique);
    find_groups(unique);
    name_groups(unique, node_get_int(call->node, "sorted", 1) != 0);
    ret_shape->dims[axis] = (int64_t)unique->group_count;
    return status_ok();
}

static void store_slices(const Unique *unique, char *dst) {
    size_t width = unique->inner * unique->bytes;
    for (size_t g = 0; g < unique->group_count && width > 0; g++)
        for (size_t outer = 0; outer < unique->outer; outer++)
            memcpy(dst + (outer * unique->group_count + (size_t)unique->renamed[g]) * width,
                   (const char *)unique->src->data +
                       (outer * unique->dim + (size_t)unique->firsts[g]) * width,
                   width);
}

Status reference_unique(const KernelCall *call) {
    Unique unique;
    Shape shape;
    TRY(unique_open(call, &unique, &shape));
    const Shape groups = SHAPE((int64_t)unique.group_count), slices = SHAPE((int64_t)unique.dim);
    const Shape *shapes[] = { &shape, &groups, &slices, &groups };
    for (size_t i = 0; i < call->node->output_count && i < ARRAY_LENGTH(shapes); i++)
        if (call_find_dst(call, i))
            TRY(call->output_new(call, i, i == 0 ? unique.src->dtype : DTYPE_I64, shapes[i]));

    const Tensor *values = call_find_dst(call, 0), *firsts = call_find_dst(call, 1);
    const Tensor *inverse = call_find_dst(call, 2), *counts = call_find_dst(call, 3);
    if (values)
        store_slices(&unique, values->data);
    for (size_t g = 0; g < unique.group_count; g++) {
        if (firsts)
            ((int64_t *)firsts->data)[unique.renamed[g]] = unique.firsts[g];
        if (counts)
            ((int64_t *)counts->data)[unique.renamed[g]] = unique.counts[g];
    }
    for (size_t i = 0; inverse && i < unique.dim; i++)
        ((int64_t *)inverse->data)[i] = unique.renamed[unique.group[i]];
    return status_ok();
}
