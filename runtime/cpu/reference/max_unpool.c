/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * MaxUnpool: elements go back to where MaxPool found them, zeros elsewhere. Indices count in the
 * tensor that the pooling window implies; where output_shape asks for a larger one, that tensor
 * lies in its corner. Each index is checked before it is written through.
 *
 * Source: ONNX MaxUnpool 22. Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/move.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/graph/window.h"

#include <string.h>

/* Where an element of `from` lies in a tensor of `to`, which is as large in every dim. */
static size_t move_index(const Shape *from, const Shape *to, size_t index) {
    size_t moved = 0, stride = 1;
    for (int32_t d = from->rank; d-- > 0;) {
        moved += index % (size_t)from->dims[d] * stride;
        index /= (size_t)from->dims[d];
        stride *= (size_t)to->dims[d];
    }
    return moved;
}

/* The pooled tensor's shape before pooling. */
static Status implied_shape(const KernelCall *call, const Shape *x, const Shape *dst,
                            Shape *ret_shape) {
    Window window;
    Status status = window_resolve_transposed(call->node, x, NULL, &window);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", call->node->op->name);
    Shape implied = *x;
    for (size_t d = 0; d < window.rank; d++)
        implied.dims[d + 2] = window.in[d];
    bool fits = dst->rank == x->rank;
    for (int32_t d = 0; fits && d < x->rank; d++)
        fits = d < 2 ? dst->dims[d] == x->dims[d] : dst->dims[d] >= implied.dims[d];
    if (!fits)
        return call_shape_mismatch(call, &implied, dst);
    *ret_shape = implied;
    return status_ok();
}

Status reference_max_unpool(const KernelCall *call) {
    const Tensor *indices;
    Shape implied;
    size_t bytes, total;
    TRY(move_check_source(call, &bytes));
    TRY(call_get_src(call, 1, &indices));
    const Tensor *x = call->src[0];
    Tensor *dst = &call->dst[0];
    TRY(call_check_dtype(call, DTYPE_I64, indices));
    TRY(call_check_shape(call, &x->shape, indices));
    TRY(implied_shape(call, &x->shape, &dst->shape, &implied));
    if (!shape_elements(&implied, &total))
        return call_invalid(call, "%s has too many elements", SHAPE_TEXT(&implied));
    if (dst->bytes)
        memset(dst->data, 0, dst->bytes);
    size_t count = tensor_elements(x);
    for (size_t i = 0; i < count; i++) {
        int64_t index = ((const int64_t *)indices->data)[i];
        if (index < 0 || (uint64_t)index >= total)
            return call_invalid(call, "index %lld is outside of %s", (long long)index,
                                SHAPE_TEXT(&implied));
        memcpy((char *)dst->data + move_index(&implied, &dst->shape, (size_t)index) * bytes,
               (const char *)x->data + i * bytes, bytes);
    }
    return status_ok();
}
