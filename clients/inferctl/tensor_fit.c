/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Brings a tensor that was read to what a model's input is declared as. Pure but for the arena. */

#include "clients/inferctl/source.h"

#include <string.h>

static bool dims_accepted(const ClientTensor *tensor, const ClientPort *port) {
    if (port->rank == CLIENT_UNRANKED)
        return true;
    if (port->rank != (int32_t)tensor->rank)
        return false;
    for (size_t i = 0; i < tensor->rank; i++)
        if (port->dims[i] >= 0 && port->dims[i] != tensor->dims[i])
            return false;
    return true;
}

/* A row without its batch dim gets one. */
static Status fit_shape(ClientTensor *tensor, const ClientPort *port) {
    bool one_short = port->rank > 0 && (int32_t)tensor->rank + 1 == port->rank &&
                     (port->dims[0] < 0 || port->dims[0] == 1);
    ClientTensor batch = *tensor;
    if (one_short) {
        memmove(batch.dims + 1, tensor->dims, tensor->rank * sizeof *tensor->dims);
        batch.dims[0] = 1;
        batch.rank++;
    }
    if (!dims_accepted(&batch, port))
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s': expected %s, got %s", port->name,
                            CLIENT_DIMS_TEXT(port->dims, port->rank),
                            CLIENT_DIMS_TEXT(tensor->dims, tensor->rank));
    *tensor = batch;
    return status_ok();
}

static bool is_complex(const ClientType *type) {
    return strncmp(type->name, "complex", 7) == 0;
}

static Status fit_type(ClientTensor *tensor, const ClientPort *port, Arena *arena) {
    if (tensor->type == port->type)
        return status_ok();
    if (tensor->type->bytes == 0 || port->type->bytes == 0 || is_complex(tensor->type))
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s': expected %s, got %s", port->name,
                            port->type->name, tensor->type->name);
    size_t elements = tensor->bytes / tensor->type->bytes, width = port->type->bytes;
    char *data = arena_calloc(arena, elements, width);
    if (!data)
        return arena_exhausted(arena);
    for (size_t i = 0; i < elements; i++) {
        Number number =
            number_read(tensor->type, (const char *)tensor->data + i * tensor->type->bytes);
        Status stored = number_write(number, port->type, data + i * width);
        if (!status_is_ok(&stored))
            return status_prefix(&stored, "input '%s' is %s, element %zu of the given %s",
                                 port->name, port->type->name, i, tensor->type->name);
    }
    tensor->type = port->type;
    tensor->data = data;
    tensor->bytes = elements * width;
    return status_ok();
}

Status tensor_fit(const ClientTensor *given, const ClientPort *port, Arena *arena,
                  ClientTensor *ret_tensor) {
    ClientTensor tensor = *given;
    tensor.name = port->name;
    TRY(fit_shape(&tensor, port));
    TRY(fit_type(&tensor, port, arena));
    *ret_tensor = tensor;
    return status_ok();
}
