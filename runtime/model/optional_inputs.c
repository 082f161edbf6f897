/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Inputs that a request may leave out. An ONNX input has a default where an initializer has its
 * name; the importer makes that a constant, as it is for nearly everybody. Where config.pbtxt says
 * `optional` of it, it becomes an input again, and what it held is given to requests that do not.
 *
 * Thread: loader, before shapes are inferred.
 */

#include "runtime/model/version_parts.h"

#include "runtime/base/size.h"

#include <string.h>

static ValueId find_constant(const Graph *graph, const char *name) {
    for (size_t i = 0; i < graph_value_count(graph); i++) {
        const Value *value = graph_value_const(graph, (ValueId)i);
        if (value->constant && strcmp(value->name, name) == 0)
            return (ValueId)i;
    }
    return VALUE_NONE;
}

static Status copy_constant(const Tensor *constant, Arena *arena, Tensor **ret_copy) {
    Tensor *copy = arena_calloc(arena, 1, sizeof *copy);
    void *data = arena_alloc(arena, constant->bytes + 1);
    if (!copy || !data)
        return arena_exhausted(arena);
    if (constant->bytes > 0)
        memcpy(data, constant->data, constant->bytes);
    *copy = *constant;
    copy->data = data;
    *ret_copy = copy;
    return status_ok();
}

static Status open_input(ModelVersion *version, Graph *graph, ConfigTensor *input) {
    ValueId id = find_constant(graph, input->name);
    if (id == VALUE_NONE) /* it has no default: requests must give it */
        return status_ok();
    const Tensor *constant = graph_value_const(graph, id)->constant;
    /* Bodies are lent constants of the graphs around them, and would keep this one. */
    bool has_bodies = graph_height(graph) > 0;
    if (constant->dtype == DTYPE_STRING || dtype_is_list(constant->dtype) || has_bodies)
        return status_error(
            STATUS_UNIMPLEMENTED, "model '%s', input '%s': optional is not supported for %s",
            version->name, input->name, has_bodies ? "models with If, Loop or Scan" : "its type");
    Tensor *copy;
    TRY(copy_constant(constant, version->arena, &copy));
    Port port = { .name = input->name, .value = id, .dtype = copy->dtype, .shape = copy->shape };
    Value *value = graph_value(graph, id);
    value->constant = NULL;
    value->is_lasting = value->is_weights = false;
    TRY(graph_add_input(graph, &port));
    input->otherwise = copy;
    return status_ok();
}

Status model_version_open_optional(ModelVersion *version, Graph *graph) {
    ModelConfig *config = &version->config;
    size_t optional = 0;
    for (size_t i = 0; i < config->input_count; i++)
        optional += config->inputs[i].optional;
    if (optional == 0)
        return status_ok();
    ConfigTensor *inputs = arena_calloc(version->arena, config->input_count, sizeof *inputs);
    if (!inputs)
        return arena_exhausted(version->arena);
    memcpy(inputs, config->inputs, config->input_count * sizeof *inputs);
    for (size_t i = 0; i < config->input_count; i++)
        if (inputs[i].optional)
            TRY(open_input(version, graph, &inputs[i]));
    config->inputs = inputs;
    return status_ok();
}
