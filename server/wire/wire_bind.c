/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Shared steps of binding. Thread: that of the request; pure but for the arena. */

#include "server/wire/wire_bind.h"

#include "runtime/base/size.h"

#include <stdio.h>

Status bind_rooms(const Signature *signature, Arena *arena, InferRequest *request) {
    request->inputs = arena_calloc(arena, signature->input_count, sizeof *request->inputs);
    request->outputs = arena_calloc(arena, signature->output_count, sizeof *request->outputs);
    if (!request->inputs || !request->outputs)
        return arena_exhausted(arena);
    request->payload_bytes = 0;
    return status_ok();
}

void bind_input(InferRequest *request, size_t index, const WireTensor *tensor) {
    request->inputs[index] = (RequestInput){ .dtype = tensor->dtype,
                                             .shape = tensor->shape,
                                             .payload = tensor->payload };
    request->payload_bytes += tensor->payload.bytes;
}

const WireTensor *wire_find_input(const WireInfer *infer, const char *name) {
    StringView wanted = text_view(name);
    for (size_t i = 0; i < infer->input_count; i++)
        if (text_equal(infer->inputs[i].name, wanted))
            return &infer->inputs[i];
    return NULL;
}

size_t wire_duplicate_output(const WireInfer *infer) {
    for (size_t i = 1; i < infer->output_count; i++)
        for (size_t j = 0; j < i; j++)
            if (text_equal(infer->outputs[i], infer->outputs[j]))
                return i;
    return INDEX_NONE;
}

size_t wire_duplicate_input(const WireInfer *infer) {
    for (size_t i = 1; i < infer->input_count; i++)
        for (size_t j = 0; j < i; j++)
            if (text_equal(infer->inputs[i].name, infer->inputs[j].name))
                return i;
    return INDEX_NONE;
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
    size_t room = sizeof list->text - list->used;
    int length = snprintf(list->text + list->used, room, "%s%.*s", list->used ? separator : "",
                          TEXT_ARGS(name));
    if (length < 0 || (size_t)length < room) {
        list->used += (size_t)MAX_OF(length, 0);
        return;
    }
    memcpy(list->text + sizeof list->text - 4, "...", 4);
    list->used = sizeof list->text - 1;
}
