/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Shared steps of binding. Thread: that of the request; pure but for the arena. */

#include "server/wire/wire_bind.h"

#include "runtime/base/size.h"

#include <stdio.h>
#include <stdlib.h>

Status bind_rooms(const Signature *signature, Arena *arena, InferRequest *request) {
    request->inputs = arena_calloc(arena, signature->all_input_count, sizeof *request->inputs);
    request->outputs = arena_calloc(arena, signature->all_output_count, sizeof *request->outputs);
    if (!request->inputs || !request->outputs)
        return arena_exhausted(arena);
    request->payload_bytes = 0;
    return status_ok();
}

void bind_input(InferRequest *request, size_t index, const WireTensor *tensor) {
    request->inputs[index] = (RequestInput){ .dtype = tensor->dtype,
                                             .shape = tensor->shape,
                                             .payload = tensor->payload };
    request->payload_bytes += tensor->payload.bytes + tensor->text_bytes;
}

Status bind_otherwise(const Signature *signature, size_t index, Arena *arena,
                      InferRequest *request) {
    const Tensor *tensor = signature->inputs[index].otherwise;
    if (!tensor)
        return status_ok();
    Span *span = arena_alloc(arena, sizeof *span);
    if (!span)
        return arena_exhausted(arena);
    *span = (Span){ tensor->data, tensor->bytes };
    request->inputs[index] = (RequestInput){ .dtype = tensor->dtype,
                                             .shape = tensor->shape,
                                             .payload = { span, 1, tensor->bytes } };
    return status_ok();
}

const WireTensor *wire_find_input(const WireInfer *infer, const char *name) {
    StringView wanted = text_view(name);
    for (size_t i = 0; i < infer->input_count; i++)
        if (text_equal(infer->inputs[i].name, wanted))
            return &infer->inputs[i];
    return NULL;
}

/* By length first: most names differ there. Equal ones stand in the order in which they were given.
 */
static int compare_names(const void *left, const void *right) {
    const StringView *a = *(const StringView *const *)left, *b = *(const StringView *const *)right;
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    int order = a->length > 0 ? memcmp(a->data, b->data, a->length) : 0;
    return order != 0 ? order : (a > b) - (a < b);
}

Status wire_sort_names(const StringView *first, size_t stride, size_t count, Arena *arena,
                       const StringView ***ret_sorted) {
    const StringView **sorted = arena_calloc(arena, count, sizeof *sorted);
    if (!sorted)
        return arena_exhausted(arena);
    for (size_t i = 0; i < count; i++)
        sorted[i] = (const StringView *)(const void *)((const char *)first + i * stride);
    qsort(sorted, count, sizeof *sorted, compare_names);
    *ret_sorted = sorted;
    return status_ok();
}

static Status find_duplicate(const StringView *first, size_t stride, size_t count, Arena *arena,
                             const StringView **ret_name) {
    const StringView **sorted;
    TRY(wire_sort_names(first, stride, count, arena, &sorted));
    *ret_name = NULL;
    for (size_t i = 1; i < count; i++)
        if (text_equal(*sorted[i - 1], *sorted[i]) && (!*ret_name || sorted[i] < *ret_name))
            *ret_name = sorted[i];
    return status_ok();
}

Status wire_duplicate_output(const WireInfer *infer, Arena *arena, const StringView **ret_name) {
    return find_duplicate(infer->outputs, sizeof *infer->outputs, infer->output_count, arena,
                          ret_name);
}

Status wire_duplicate_input(const WireInfer *infer, Arena *arena, const StringView **ret_name) {
    return find_duplicate(&infer->inputs->name, sizeof *infer->inputs, infer->input_count, arena,
                          ret_name);
}

RowsProblem bind_rows(const Signature *signature, const InferRequest *request, size_t *ret_rows,
                      size_t *ret_input) {
    *ret_rows = 1;
    if (!signature->batched)
        return ROWS_OK;
    bool first = true;
    for (size_t i = 0; i < signature->input_count; i++) {
        const RequestInput *input = &request->inputs[i];
        if (input->dtype == DTYPE_INVALID)
            continue; /* optional and left out */
        *ret_input = i;
        if (input->shape.rank == 0)
            return ROWS_SCALAR;
        if (!first && *ret_rows != (size_t)input->shape.dims[0])
            return ROWS_UNEQUAL;
        *ret_rows = (size_t)input->shape.dims[0];
        first = false;
    }
    return ROWS_OK;
}

void name_list_add(NameList *list, StringView name, const char *separator) {
    if (list->is_cut)
        return;
    size_t room = sizeof list->text - list->used - 4; /* for the mark and the end */
    size_t separator_length = list->used ? strlen(separator) : 0;
    list->is_cut = separator_length > room || name.length > room - separator_length;
    if (separator_length <= room) {
        StringView part = text_cut(name, room - separator_length);
        list->used += (size_t)sprintf(list->text + list->used, "%.*s%.*s", (int)separator_length,
                                      separator, TEXT_ARGS(part));
    }
    if (list->is_cut)
        memcpy(list->text + list->used, "...", 4);
}
