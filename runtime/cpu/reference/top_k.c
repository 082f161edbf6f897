/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TopK: a heap keeps the best k of each line along the axis while it is read once; of equal
 * elements the first is better. The result is always sorted: sorted = 0 allows any order.
 *
 * Source: ONNX TopK 24. Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/order_key.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/reference_util.h"

#include <string.h>

typedef struct TopK {
    const Tensor *src;
    Tensor *values, *indices; /* either may be NULL */
    OrderItem *heap;
    size_t k, outer, dim, inner, bytes;
    int64_t flip; /* -1 turns the order of keys around for the smallest */
} TopK;

static void find_best(const TopK *top, size_t first) {
    int64_t keys[ELEMENT_CHUNK];
    size_t kept = 0;
    for (size_t i = 0; i < top->dim; i++) {
        if (i % ELEMENT_CHUNK == 0)
            order_keys(top->src->dtype, top->src->data, first + i * top->inner, (int64_t)top->inner,
                       MIN_OF((size_t)ELEMENT_CHUNK, top->dim - i), keys);
        OrderItem item = { .key = keys[i % ELEMENT_CHUNK] ^ top->flip, .index = (int64_t)i };
        if (kept < top->k) {
            top->heap[kept++] = item;
            if (kept == top->k)
                order_heap_build(top->heap, kept);
        } else if (order_item_before(&item, &top->heap[0])) {
            top->heap[0] = item;
            order_heap_sift(top->heap, kept, 0);
        }
    }
    order_heap_sort(top->heap, kept);
}

static void store_best(const TopK *top, size_t first, size_t dst) {
    for (size_t i = 0; i < top->k; i++, dst += top->inner) {
        size_t index = (size_t)top->heap[i].index;
        if (top->indices)
            ((int64_t *)top->indices->data)[dst] = (int64_t)index;
        if (top->values)
            memcpy((char *)top->values->data + dst * top->bytes,
                   (const char *)top->src->data + (first + index * top->inner) * top->bytes,
                   top->bytes);
    }
}

static Status top_k_open(const KernelCall *call, TopK *top) {
    size_t axis;
    const Tensor *k;
    TRY(call_get_src(call, 0, &top->src));
    TRY(call_get_src(call, 1, &k));
    TRY(call_get_axis(call, -1, top->src->shape.rank, &axis));
    if (tensor_elements(k) != 1 || !dtype_info(k->dtype)->is_integer)
        return call_invalid(call, "k must be one integer");
    int64_t wanted = tensor_get_int(k, 0), dim = top->src->shape.dims[axis];
    if (wanted < 0 || wanted > dim)
        return call_invalid(call, "k of %lld for a dim of %lld", (long long)wanted, (long long)dim);
    top->bytes = dtype_bytes(top->src->dtype);
    if (!element_io_find(top->src->dtype) || !top->bytes)
        return call_lacks_dtype(call, top->src->dtype);
    Shape expected = top->src->shape;
    expected.dims[axis] = wanted;
    top->values = call_find_dst(call, 0);
    top->indices = call_find_dst(call, 1);
    if (top->values) {
        TRY(call_check_dtype(call, top->src->dtype, top->values));
        TRY(call_check_shape(call, &expected, top->values));
    }
    if (top->indices) {
        TRY(call_check_dtype(call, DTYPE_I64, top->indices));
        TRY(call_check_shape(call, &expected, top->indices));
    }
    top->k = (size_t)wanted;
    top->dim = (size_t)dim;
    top->outer = shape_product(&expected, 0, axis);
    top->inner = shape_product(&expected, axis + 1, (size_t)expected.rank);
    top->flip = node_get_int(call->node, "largest", 1) != 0 ? 0 : -1;
    void *memory;
    TRY(call_get_scratch(call, top->k * sizeof *top->heap, &memory)); /* k <= elements in memory */
    top->heap = memory;
    return status_ok();
}

Status reference_top_k(const KernelCall *call) {
    TopK top;
    TRY(top_k_open(call, &top));
    for (size_t outer = 0; top.k > 0 && outer < top.outer; outer++)
        for (size_t inner = 0; inner < top.inner; inner++) {
            size_t first = outer * top.dim * top.inner + inner;
            find_best(&top, first);
            store_best(&top, first, outer * top.k * top.inner + inner);
        }
    return status_ok();
}
