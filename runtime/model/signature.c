/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The graph's ports and config.pbtxt become one signature. What the config leaves out is taken from
 * the model, what it gives must agree; texts follow Triton's, since its users search for them
 * (reference open_inference_triton.md 3.4). Clients see full shapes: where axis 0 is a batch, dim 0
 * is unknown.
 *
 * Thread: loader; the result is fixed afterwards.
 */

#include "runtime/model/signature.h"

#include "runtime/base/size.h"
#include "runtime/model/hidden_tensors.h"

#include <stdio.h>
#include <string.h>

enum { LIST_TEXT_BYTES = 160 };

/* One side of the model: inputs or outputs, of the executor and of the config. */
typedef struct Side {
    const char *word; /* "input" */
    const Executor *executor;
    const ModelConfig *config;
    size_t port_count;
    const Port *(*port)(const Executor *executor, size_t index);
    const ConfigTensor *tensors;
    size_t tensor_count;
    const ConfigTensor *hidden; /* that no client sees */
    size_t hidden_count;
} Side;

/* "[-1,16]", as configs write it. */
static const char *format_dims(const Shape *shape, char buffer[static SHAPE_TEXT_BYTES]) {
    size_t used = (size_t)snprintf(buffer, SHAPE_TEXT_BYTES, "[");
    for (int32_t i = 0; i < shape->rank; i++)
        used += (size_t)snprintf(buffer + used, SHAPE_TEXT_BYTES - used, "%s%lld", i > 0 ? "," : "",
                                 (long long)shape->dims[i]);
    snprintf(buffer + used, SHAPE_TEXT_BYTES - used, "]");
    return buffer;
}
#define DIMS_TEXT(shape) format_dims((shape), (char[SHAPE_TEXT_BYTES]){ 0 })

static bool first_dim_varies(const Port *port) {
    return port->shape.rank == SHAPE_UNRANKED ||
           (port->shape.rank > 0 && port->shape.dims[0] == DIM_UNKNOWN);
}

/* Declared, and not fixed by what inference found: exporters leave dims free that cannot vary. */
static bool output_varies(const Graph *graph, const Port *port) {
    const Shape *inferred = &graph_value_const(graph, port->value)->shape;
    return first_dim_varies(port) && (inferred->rank <= 0 || inferred->dims[0] == DIM_UNKNOWN);
}

static bool gives_full_shape(const ConfigTensor *tensors, size_t count, const Port *port) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(tensors[i].name, port->name) == 0 && tensors[i].dims.rank == port->shape.rank)
            return true;
    return false;
}

size_t signature_max_batch_size(const Graph *graph, const ModelConfig *config,
                                size_t default_rows) {
    if (config->has_max_batch_size)
        return config->max_batch_size;
    for (size_t i = 0; i < graph_input_count(graph); i++) {
        const Port *port = graph_input(graph, i);
        if (!first_dim_varies(port) || gives_full_shape(config->inputs, config->input_count, port))
            return 0;
    }
    for (size_t i = 0; i < graph_output_count(graph); i++) {
        const Port *port = graph_output(graph, i);
        if (!output_varies(graph, port) ||
            gives_full_shape(config->outputs, config->output_count, port))
            return 0;
    }
    return graph_input_count(graph) > 0 ? default_rows : 0;
}

static Status check_batchable(const Side *side) {
    for (size_t i = 0; i < side->port_count; i++) {
        const Port *port = side->port(side->executor, i);
        if (!first_dim_varies(port))
            return status_error(
                STATUS_INVALID_ARGUMENT,
                "autofill failed for model '%s': model does not support batching while non-zero "
                "max_batch_size is specified (%s '%s' has shape %s)",
                side->config->name, side->word, port->name, DIMS_TEXT(&port->shape));
    }
    return status_ok();
}

static size_t find_port(const Side *side, const char *name) {
    for (size_t i = 0; i < side->port_count; i++)
        if (strcmp(side->port(side->executor, i)->name, name) == 0)
            return i;
    return INDEX_NONE;
}

static const char *list_ports(const Side *side, char buffer[static LIST_TEXT_BYTES]) {
    size_t used = 0;
    buffer[0] = '\0';
    for (size_t i = 0; i < side->port_count && used < LIST_TEXT_BYTES; i++)
        used += (size_t)snprintf(buffer + used, LIST_TEXT_BYTES - used, "%s%s", i > 0 ? ", " : "",
                                 side->port(side->executor, i)->name);
    return buffer;
}

/* The shape that the config means, with the batch in front. */
static Status complete_shape(const Side *side, const ConfigTensor *tensor, const Shape *configured,
                             Shape *ret_shape) {
    int64_t dims[SHAPE_MAX_RANK + 1] = { DIM_UNKNOWN };
    size_t lead = side->config->max_batch_size > 0 ? 1 : 0;
    for (int32_t i = 0; i < configured->rank; i++)
        dims[lead + (size_t)i] = configured->dims[i];
    Status status = shape_make(dims, lead + (size_t)configured->rank, ret_shape);
    return status_prefix(&status, "model '%s', tensor '%s'", side->config->name, tensor->name);
}

static Status shape_mismatch(const Side *side, const Port *port, const Shape *configured) {
    bool batched = side->config->max_batch_size > 0;
    return status_error(
        STATUS_INVALID_ARGUMENT,
        "model '%s', tensor '%s': the model expects %d dimensions (shape %s) but the model "
        "configuration specifies %d dimensions (%s %s)",
        side->config->name, port->name, (int)port->shape.rank, DIMS_TEXT(&port->shape),
        (int)configured->rank,
        batched ? "an initial batch dimension because max_batch_size > 0 followed by the explicit "
                  "tensor shape, making complete shape"
                : "shape",
        DIMS_TEXT(configured));
}

size_t signature_source_of(const Signature *signature, const char *name) {
    return signature_find_input(signature, (StringView){ name, strlen(name) });
}

/* batch_output: cut by the rows of an input. */
static bool find_scatter(const ModelConfig *config, const char *output, size_t *ret_input) {
    for (size_t i = 0; i < config->scatter_output_count; i++) {
        if (strcmp(config->scatter_outputs[i].key, output) != 0)
            continue;
        for (*ret_input = 0; *ret_input < config->input_count; ++*ret_input)
            if (strcmp(config->inputs[*ret_input].name, config->scatter_outputs[i].value) == 0)
                return true;
    }
    return false;
}

/* As clients see it and as the model has it. Optional is what has something that stands for it:
 * every input is needed to run. */
static Status make_tensor(const Side *side, const ConfigTensor *tensor, size_t port,
                          SignatureTensor *ret_tensor) {
    bool is_input = strcmp(side->word, "input") == 0;
    *ret_tensor = (SignatureTensor){ .name = tensor->name,
                                     .dtype = tensor->dtype,
                                     .port = port,
                                     .ragged = tensor->ragged,
                                     .optional = tensor->otherwise != NULL,
                                     .otherwise = tensor->otherwise };
    if (tensor->dims.rank == SHAPE_UNRANKED)
        return status_ok();
    TRY(complete_shape(side, tensor, &tensor->dims, &ret_tensor->shape));
    ret_tensor->model_shape = ret_tensor->shape;
    ret_tensor->scattered =
        !is_input && find_scatter(side->config, tensor->name, &ret_tensor->scattered_by);
    if (ret_tensor->ragged || ret_tensor->scattered)
        ret_tensor->model_shape = SHAPE(DIM_UNKNOWN);
    if (!tensor->has_reshape || shape_equal(&tensor->reshape, &tensor->dims))
        return status_ok();
    if (ret_tensor->ragged || ret_tensor->scattered)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "model '%s', tensor '%s': reshape conflicts with allow_ragged_batch "
                            "and batch_output",
                            side->config->name, tensor->name);
    ret_tensor->reshaped = true;
    return complete_shape(side, tensor, &tensor->reshape, &ret_tensor->model_shape);
}

static Status merge_tensor(const Side *side, const ConfigTensor *tensor,
                           SignatureTensor *ret_tensor) {
    size_t index = find_port(side, tensor->name);
    if (index == INDEX_NONE)
        return status_error(
            STATUS_INVALID_ARGUMENT, "unexpected inference %s '%s', allowed %ss are: %s",
            side->word, tensor->name, side->word, list_ports(side, (char[LIST_TEXT_BYTES]){ 0 }));
    const Port *port = side->port(side->executor, index);
    if (port->dtype != tensor->dtype && port->dtype != DTYPE_INVALID)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "unable to load model '%s', configuration expects datatype %s for %s "
                            "'%s', model provides "
                            "%s",
                            side->config->name, dtype_name(tensor->dtype), side->word, tensor->name,
                            dtype_name(port->dtype));
    TRY(make_tensor(side, tensor, index, ret_tensor));
    if (tensor->dims.rank == SHAPE_UNRANKED) /* hidden ones may leave it to the model */
        ret_tensor->shape = ret_tensor->model_shape = port->shape;
    const Shape *shape = &ret_tensor->model_shape;
    bool fits = port->shape.rank == SHAPE_UNRANKED || port->shape.rank == shape->rank;
    for (int32_t i = 0; fits && port->shape.rank != SHAPE_UNRANKED && i < shape->rank; i++)
        fits = port->shape.dims[i] == DIM_UNKNOWN || port->shape.dims[i] == shape->dims[i];
    if (fits)
        return status_ok();
    if (ret_tensor->ragged || ret_tensor->scattered)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "model '%s', tensor '%s': %s wants a model whose %s has shape [-1], "
                            "this one's has %s",
                            side->config->name, tensor->name,
                            ret_tensor->ragged ? "allow_ragged_batch" : "batch_output", side->word,
                            DIMS_TEXT(&port->shape));
    return shape_mismatch(side, port, shape);
}

static Status check_count(const Side *side) {
    bool is_input = strcmp(side->word, "input") == 0;
    size_t count = side->tensor_count + side->hidden_count;
    if (is_input ? count == side->port_count : count <= side->port_count)
        return status_ok();
    return status_error(
        STATUS_INVALID_ARGUMENT,
        "unable to load model '%s', configuration expects %zu %ss, model provides %zu",
        side->config->name, count, side->word, side->port_count);
}

/* Ports that the config does not name, where it names none. */
static Status take_ports(const Side *side, Arena *arena, SignatureTensor *tensors, size_t *count) {
    for (size_t i = 0; i < side->port_count; i++) {
        const Port *port = side->port(side->executor, i);
        if (hidden_tensors_have(side->hidden, side->hidden_count, port->name))
            continue;
        SignatureTensor *tensor = &tensors[(*count)++];
        *tensor = (SignatureTensor){ .dtype = port->dtype, .shape = port->shape, .port = i };
        tensor->name = arena_strndup(arena, port->name, strlen(port->name));
        if (!tensor->name)
            return arena_exhausted(arena);
    }
    return status_ok();
}

/* What no protocol can carry. */
static Status refuse_lists(const Side *side) {
    for (size_t i = 0; i < side->port_count; i++) {
        const Port *port = side->port(side->executor, i);
        if (dtype_is_list(port->dtype))
            return status_error(STATUS_UNIMPLEMENTED,
                                "unable to load model '%s': %s '%s' is a %s, expected a tensor",
                                side->config->name, side->word, port->name,
                                dtype_name(port->dtype));
    }
    return status_ok();
}

/* The visible ones, then the hidden ones. */
static Status make_side(const Side *side, Arena *arena, const SignatureTensor **ret_tensors,
                        size_t *ret_count, size_t *ret_all) {
    TRY(refuse_lists(side));
    size_t visible = side->tensor_count, room = MAX_OF(visible, side->port_count);
    if (visible > 0)
        TRY(check_count(side));
    if (side->config->max_batch_size > 0)
        TRY(check_batchable(side));
    SignatureTensor *tensors = arena_calloc(arena, room + side->hidden_count, sizeof *tensors);
    if (!tensors)
        return arena_exhausted(arena);
    for (size_t i = 0; i < visible; i++)
        TRY(merge_tensor(side, &side->tensors[i], &tensors[i]));
    if (visible == 0)
        TRY(take_ports(side, arena, tensors, &visible));
    for (size_t i = 0; i < side->hidden_count; i++)
        TRY(merge_tensor(side, &side->hidden[i], &tensors[visible + i]));
    *ret_tensors = tensors;
    *ret_count = visible;
    *ret_all = visible + side->hidden_count;
    return status_ok();
}

Status signature_make(const Executor *executor, const ModelConfig *config, Arena *arena,
                      Signature *ret_signature) {
    Signature signature = { .max_batch_size = config->max_batch_size,
                            .batched = config->max_batch_size > 0 };
    HiddenTensors hidden;
    TRY(hidden_tensors_list(config, arena, &hidden));
    Side inputs = { .word = "input",
                    .executor = executor,
                    .config = config,
                    .port_count = executor_input_count(executor),
                    .port = executor_input,
                    .tensors = config->inputs,
                    .tensor_count = config->input_count,
                    .hidden = hidden.inputs,
                    .hidden_count = hidden.input_count };
    Side outputs = { .word = "output",
                     .executor = executor,
                     .config = config,
                     .port_count = executor_output_count(executor),
                     .port = executor_output,
                     .tensors = config->outputs,
                     .tensor_count = config->output_count,
                     .hidden = hidden.outputs,
                     .hidden_count = hidden.output_count };
    TRY(make_side(&inputs, arena, &signature.inputs, &signature.input_count,
                  &signature.all_input_count));
    TRY(make_side(&outputs, arena, &signature.outputs, &signature.output_count,
                  &signature.all_output_count));
    signature.computed_count = config->batch_input_count;
    *ret_signature = signature;
    return status_ok();
}

static Status tensors_of_config(const Side *side, Arena *arena,
                                const SignatureTensor **ret_tensors) {
    SignatureTensor *tensors = arena_calloc(arena, side->tensor_count, sizeof *tensors);
    if (!tensors)
        return arena_exhausted(arena);
    for (size_t i = 0; i < side->tensor_count; i++)
        TRY(make_tensor(side, &side->tensors[i], i, &tensors[i]));
    *ret_tensors = tensors;
    return status_ok();
}

Status signature_of_config(const ModelConfig *config, Arena *arena, Signature *ret_signature) {
    Signature signature = { .input_count = config->input_count,
                            .output_count = config->output_count,
                            .all_input_count = config->input_count,
                            .all_output_count = config->output_count,
                            .max_batch_size = config->max_batch_size,
                            .batched = config->max_batch_size > 0 };
    Side inputs = { .word = "input",
                    .config = config,
                    .tensors = config->inputs,
                    .tensor_count = config->input_count };
    Side outputs = { .word = "output",
                     .config = config,
                     .tensors = config->outputs,
                     .tensor_count = config->output_count };
    TRY(tensors_of_config(&inputs, arena, &signature.inputs));
    TRY(tensors_of_config(&outputs, arena, &signature.outputs));
    *ret_signature = signature;
    return status_ok();
}

static size_t find_tensor(const SignatureTensor *tensors, size_t count, StringView name) {
    for (size_t i = 0; i < count; i++)
        if (strlen(tensors[i].name) == name.length &&
            memcmp(tensors[i].name, name.data, name.length) == 0)
            return i;
    return INDEX_NONE;
}

size_t signature_find_input(const Signature *signature, StringView name) {
    return find_tensor(signature->inputs, signature->input_count, name);
}

size_t signature_find_output(const Signature *signature, StringView name) {
    return find_tensor(signature->outputs, signature->output_count, name);
}
