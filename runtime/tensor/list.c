/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lists, and copies of tensors together with what they refer to (characters of strings, elements of
 * lists), which leave a run as one piece of memory. Every part starts aligned, since elements are
 * tensors like any other. Depth is bounded: ONNX has optionals of sequences of tensors, and no
 * more.
 *
 * Pure; any thread.
 */

#include "runtime/tensor/list.h"

#include "runtime/base/size.h"

#include <assert.h>
#include <string.h>

enum { DEPTH_MAX = 4 };

const Tensor *list_items(const Tensor *list) {
    assert(dtype_is_list(list->dtype));
    return list->data;
}

size_t list_count(const Tensor *list) {
    return tensor_elements(list);
}

bool tensor_refers(const Tensor *tensor) {
    return tensor->dtype == DTYPE_STRING || dtype_is_list(tensor->dtype);
}

static Status too_large(void) {
    return status_error(STATUS_RESOURCE_EXHAUSTED, "a list or string tensor is too large");
}

static Status add_deep(const Tensor *tensor, size_t depth, size_t *bytes) {
    if (depth == DEPTH_MAX)
        return status_error(STATUS_INVALID_ARGUMENT, "lists are nested deeper than %d", DEPTH_MAX);
    if (!size_add(*bytes, tensor->bytes, bytes))
        return too_large();
    size_t count = tensor_refers(tensor) ? tensor_elements(tensor) : 0;
    for (size_t i = 0; tensor->dtype == DTYPE_STRING && i < count; i++)
        if (!size_add(*bytes, ((const StringView *)tensor->data)[i].length, bytes))
            return too_large();
    for (size_t i = 0; dtype_is_list(tensor->dtype) && i < count; i++) {
        if (!size_align(*bytes, TENSOR_ALIGNMENT, bytes))
            return too_large();
        TRY(add_deep(&list_items(tensor)[i], depth + 1, bytes));
    }
    return status_ok();
}

Status tensor_deep_bytes(const Tensor *tensor, size_t *ret_bytes) {
    size_t bytes = 0;
    TRY(add_deep(tensor, 0, &bytes));
    *ret_bytes = bytes;
    return status_ok();
}

static size_t copy_deep(const Tensor *tensor, char *base, size_t at, Tensor *ret_copy) {
    Tensor copy = *tensor;
    copy.data = tensor->bytes > 0 ? base + at : NULL;
    if (tensor->bytes > 0)
        memcpy(copy.data, tensor->data, tensor->bytes);
    at += tensor->bytes;
    size_t count = tensor_refers(tensor) ? tensor_elements(tensor) : 0;
    for (size_t i = 0; tensor->dtype == DTYPE_STRING && i < count; i++) {
        StringView *view = &((StringView *)copy.data)[i];
        if (view->length > 0)
            memcpy(base + at, view->data, view->length);
        view->data = base + at;
        at += view->length;
    }
    for (size_t i = 0; dtype_is_list(tensor->dtype) && i < count; i++) {
        at = (at + TENSOR_ALIGNMENT - 1) & ~(size_t)(TENSOR_ALIGNMENT - 1);
        at = copy_deep(&list_items(tensor)[i], base, at, &((Tensor *)copy.data)[i]);
    }
    *ret_copy = copy;
    return at;
}

void tensor_deep_copy(const Tensor *tensor, void *memory, Tensor *ret_copy) {
    copy_deep(tensor, memory, 0, ret_copy);
}
