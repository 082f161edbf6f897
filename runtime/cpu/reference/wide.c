/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operands as doubles. All of them lie one after the other in one piece of the thread's scratch,
 * the work area last.
 *
 * Thread: any that runs kernels. Invariant: sizes are summed with overflow checks before anything
 * is carved.
 */

#include "runtime/cpu/reference/wide.h"

#include "runtime/cpu/reference/element_io.h"

#include <string.h>

static bool count_elements(const Tensor *tensor, size_t *total) {
    return !element_io_find(tensor->dtype) || size_add(*total, tensor_elements(tensor), total);
}

static bool count_all(const KernelCall *call, size_t work_count, size_t *ret_bytes) {
    size_t total = work_count;
    bool fits = true;
    for (size_t i = 0; i < call->node->input_count && fits; i++)
        if (call->src[i])
            fits = count_elements(call->src[i], &total);
    for (size_t i = 0; i < call->node->output_count && fits; i++)
        fits = count_elements(&call->dst[i], &total);
    return fits && size_mul(total, sizeof(double), ret_bytes);
}

Status wide_open(const KernelCall *call, size_t work_count, Wide *ret_wide) {
    const Node *node = call->node;
    size_t bytes;
    void *memory;
    *ret_wide = (Wide){ .work = NULL };
    if (node->input_count > WIDE_PORTS || node->output_count > WIDE_PORTS)
        return call_invalid(call, "expected at most %d operands", WIDE_PORTS);
    if (!count_all(call, work_count, &bytes))
        return call_invalid(call, "size of the operands overflows");
    TRY(call_get_scratch(call, bytes, &memory));
    double *next = memory;
    for (size_t i = 0; i < node->input_count; i++) {
        const Tensor *src = call->src[i];
        const ElementIo *io = src ? element_io_find(src->dtype) : NULL;
        if (!io)
            continue;
        size_t count = tensor_elements(src);
        if (count > 0)
            io->load_f64(src->data, 0, 1, count, next);
        ret_wide->src[i] = next;
        next += count;
    }
    for (size_t i = 0; i < node->output_count; i++) {
        if (!element_io_find(call->dst[i].dtype))
            continue;
        ret_wide->dst[i] = next;
        next += tensor_elements(&call->dst[i]);
    }
    ret_wide->work = next;
    return status_ok();
}

void wide_store(const KernelCall *call, const Wide *wide) {
    for (size_t i = 0; i < call->node->output_count; i++) {
        Tensor *dst = &call->dst[i];
        size_t count = wide->dst[i] ? tensor_elements(dst) : 0;
        if (count > 0)
            element_io_find(dst->dtype)->store_f64(dst->data, 0, count, wide->dst[i]);
    }
}

static bool is_real_float(DType dtype) {
    return dtype_info(dtype)->is_float && element_io_find(dtype);
}

Status call_check_floats(const KernelCall *call, size_t src_count) {
    for (size_t i = 0; i < src_count; i++) {
        const Tensor *src = call_find_src(call, i);
        if (src && !is_real_float(src->dtype))
            return call_lacks_dtype(call, src->dtype);
    }
    for (size_t i = 0; i < call->node->output_count; i++)
        if (call_find_dst(call, i) && !is_real_float(call->dst[i].dtype))
            return call_lacks_dtype(call, call->dst[i].dtype);
    return status_ok();
}

Status call_bind(const KernelCall *call, DimNames *names, size_t index, const char *pattern) {
    const Tensor *src = call_find_src(call, index);
    Status status = dim_names_bind(names, src ? &src->shape : NULL, pattern, index);
    return status_is_ok(&status) ? status : status_prefix(&status, "%s", call->node->op->name);
}

Status call_check_dst(const KernelCall *call, const DimNames *names, size_t index,
                      const char *pattern) {
    Tensor *dst = call_find_dst(call, index);
    Shape expected = dim_names_shape(names, pattern);
    return dst ? call_check_shape(call, &expected, dst) : status_ok();
}

size_t call_dim(const DimNames *names, char letter) {
    int64_t dim = names->dims[letter - 'A'];
    return dim > 0 ? (size_t)dim : 0;
}
