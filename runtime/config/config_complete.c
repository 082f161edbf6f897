/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the ModelConfig RPC tells: the message as it was read, with what the model says and with
 * every default written out. Only what Triton shows is filled in, so that its clients and tools
 * find what they look for: names, backend, version policy, sizes, tensors, one instance group, the
 * batcher (reference open_inference_triton.md 3.3).
 *
 * The message is changed in place: lists are replaced, never grown, since the arena owns the old
 * ones. Thread: loader.
 */

#include "runtime/config/config_check.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <stdio.h>
#include <string.h>

/* A message of its own, all defaults; NULL: the arena is used up. */
#define NEW_MESSAGE(Type, descriptor, arena) ((Type *)new_message(&(descriptor), arena))

static void *new_message(const ProtobufCMessageDescriptor *descriptor, Arena *arena) {
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
    if (message)
        descriptor->message_init(message);
    return message;
}

static char *text_of(const char *text) {
    return (char *)text; /* protobuf-c knows no const; nobody writes to it */
}

static int64_t *copy_dims(const Shape *dims, Arena *arena) {
    int64_t *copy = arena_calloc(arena, (size_t)MAX_OF(dims->rank, 1), sizeof *copy);
    for (int32_t i = 0; copy && i < dims->rank; i++)
        copy[i] = dims->dims[i];
    return copy;
}

/* "A tensor that is then scalar gets dims [1] and an empty reshape". */
static bool is_scalar(const ConfigTensor *tensor) {
    return tensor->dims.rank <= 0;
}

static Status complete_input(const ConfigTensor *tensor, Arena *arena,
                             Inference__ModelInput **ret) {
    Inference__ModelInput *input =
        NEW_MESSAGE(Inference__ModelInput, inference__model_input__descriptor, arena);
    const Shape dims = is_scalar(tensor) ? SHAPE(1) : tensor->dims;
    if (!input || !(input->dims = copy_dims(&dims, arena)))
        return arena_exhausted(arena);
    input->name = text_of(tensor->name);
    input->data_type = config_data_type(tensor->dtype);
    input->n_dims = (size_t)dims.rank;
    input->optional = tensor->optional;
    if (is_scalar(tensor))
        input->reshape = NEW_MESSAGE(Inference__ModelTensorReshape,
                                     inference__model_tensor_reshape__descriptor, arena);
    *ret = input;
    return status_ok();
}

static Status complete_output(const ConfigTensor *tensor, Arena *arena,
                              Inference__ModelOutput **ret) {
    Inference__ModelOutput *output =
        NEW_MESSAGE(Inference__ModelOutput, inference__model_output__descriptor, arena);
    const Shape dims = is_scalar(tensor) ? SHAPE(1) : tensor->dims;
    if (!output || !(output->dims = copy_dims(&dims, arena)))
        return arena_exhausted(arena);
    output->name = text_of(tensor->name);
    output->data_type = config_data_type(tensor->dtype);
    output->n_dims = (size_t)dims.rank;
    if (is_scalar(tensor))
        output->reshape = NEW_MESSAGE(Inference__ModelTensorReshape,
                                      inference__model_tensor_reshape__descriptor, arena);
    *ret = output;
    return status_ok();
}

/* Only a side that the file leaves out is filled, as a whole. */
static Status complete_tensors(Inference__ModelConfig *message, const ModelFacts *facts,
                               Arena *arena) {
    if (message->n_input == 0 && facts->input_count > 0) {
        message->input = arena_calloc(arena, facts->input_count, sizeof *message->input);
        if (!message->input)
            return arena_exhausted(arena);
        for (size_t i = 0; i < facts->input_count; i++)
            TRY(complete_input(&facts->inputs[i], arena, &message->input[i]));
        message->n_input = facts->input_count;
    }
    if (message->n_output == 0 && facts->output_count > 0) {
        message->output = arena_calloc(arena, facts->output_count, sizeof *message->output);
        if (!message->output)
            return arena_exhausted(arena);
        for (size_t i = 0; i < facts->output_count; i++)
            TRY(complete_output(&facts->outputs[i], arena, &message->output[i]));
        message->n_output = facts->output_count;
    }
    return status_ok();
}

static void complete_names(const ModelConfig *config, Inference__ModelConfig *message) {
    static const struct {
        const char *platform, *backend, *filename;
    } kinds[] = {
        [MODEL_ONNX] = { "onnxruntime_onnx", "onnxruntime", NULL },
        [MODEL_ENSEMBLE] = { "ensemble", "", "" },
        [MODEL_IDENTITY] = { "", "identity", "" },
    };
    message->name = text_of(config->name);
    message->platform = text_of(kinds[config->kind].platform);
    message->backend = text_of(kinds[config->kind].backend);
    message->default_model_filename = text_of(
        kinds[config->kind].filename ? kinds[config->kind].filename : config->model_filename);
    message->max_batch_size = (int32_t)MIN_OF(config->max_batch_size, (size_t)INT32_MAX);
}

static Status complete_versions(Inference__ModelConfig *message, Arena *arena) {
    if (message->version_policy && message->version_policy->policy_choice_case !=
                                       INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE__NOT_SET)
        return status_ok();
    message->version_policy = NEW_MESSAGE(Inference__ModelVersionPolicy,
                                          inference__model_version_policy__descriptor, arena);
    Inference__ModelVersionPolicy__Latest *latest =
        NEW_MESSAGE(Inference__ModelVersionPolicy__Latest,
                    inference__model_version_policy__latest__descriptor, arena);
    if (!message->version_policy || !latest)
        return arena_exhausted(arena);
    latest->num_versions = 1;
    message->version_policy->policy_choice_case =
        INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE_LATEST;
    message->version_policy->latest = latest;
    return status_ok();
}

static Status complete_groups(const ModelConfig *config, Inference__ModelConfig *message,
                              Arena *arena) {
    if (config->kind == MODEL_ENSEMBLE)
        return status_ok();
    if (message->n_instance_group == 0) {
        message->instance_group = arena_calloc(arena, 1, sizeof *message->instance_group);
        if (!message->instance_group)
            return arena_exhausted(arena);
        message->instance_group[0] = NEW_MESSAGE(
            Inference__ModelInstanceGroup, inference__model_instance_group__descriptor, arena);
        if (!message->instance_group[0])
            return arena_exhausted(arena);
        message->instance_group[0]->name = text_of(config->name);
        message->n_instance_group = 1;
    }
    for (size_t i = 0; i < message->n_instance_group; i++) {
        Inference__ModelInstanceGroup *group = message->instance_group[i];
        group->count = MAX_OF(group->count, 1);
        if (group->kind == INFERENCE__MODEL_INSTANCE_GROUP__KIND__KIND_AUTO && group->n_gpus == 0)
            group->kind = INFERENCE__MODEL_INSTANCE_GROUP__KIND__KIND_CPU;
        if (group->name[0] != '\0')
            continue;
        char name[300];
        int length = snprintf(name, sizeof name, "%.256s_%zu", config->name, i);
        group->name = arena_strndup(arena, name, (size_t)length);
        if (!group->name)
            return arena_exhausted(arena);
    }
    return status_ok();
}

static Status complete_batcher(const ModelConfig *config, const ModelFacts *facts,
                               Inference__ModelConfig *message, Arena *arena) {
    if (message->scheduling_choice_case ==
            INFERENCE__MODEL_CONFIG__SCHEDULING_CHOICE_SEQUENCE_BATCHING &&
        message->sequence_batching->max_sequence_idle_microseconds == 0)
        message->sequence_batching->max_sequence_idle_microseconds =
            config->sequence->idle_ns / NS_PER_US;
    bool is_none =
        message->scheduling_choice_case == INFERENCE__MODEL_CONFIG__SCHEDULING_CHOICE__NOT_SET;
    if (is_none && facts->batching) {
        message->dynamic_batching = NEW_MESSAGE(
            Inference__ModelDynamicBatching, inference__model_dynamic_batching__descriptor, arena);
        if (!message->dynamic_batching)
            return arena_exhausted(arena);
        message->scheduling_choice_case =
            INFERENCE__MODEL_CONFIG__SCHEDULING_CHOICE_DYNAMIC_BATCHING;
    }
    if (message->scheduling_choice_case !=
            INFERENCE__MODEL_CONFIG__SCHEDULING_CHOICE_DYNAMIC_BATCHING ||
        message->dynamic_batching->n_preferred_batch_size > 0 || message->max_batch_size == 0)
        return status_ok();
    int32_t *preferred = arena_calloc(arena, 1, sizeof *preferred);
    if (!preferred)
        return arena_exhausted(arena);
    preferred[0] = message->max_batch_size;
    message->dynamic_batching->preferred_batch_size = preferred;
    message->dynamic_batching->n_preferred_batch_size = 1;
    return status_ok();
}

static Status complete_optimization(const ModelConfig *config, Inference__ModelConfig *message,
                                    Arena *arena) {
    typedef Inference__ModelOptimizationPolicy__PinnedMemoryBuffer Pinned;
    if (config->kind == MODEL_ENSEMBLE)
        return status_ok();
    if (!message->optimization)
        message->optimization =
            NEW_MESSAGE(Inference__ModelOptimizationPolicy,
                        inference__model_optimization_policy__descriptor, arena);
    if (!message->optimization)
        return arena_exhausted(arena);
    Pinned **buffers[] = { &message->optimization->input_pinned_memory,
                           &message->optimization->output_pinned_memory };
    for (size_t i = 0; i < ARRAY_LENGTH(buffers); i++) {
        if (*buffers[i])
            continue;
        *buffers[i] = NEW_MESSAGE(
            Pinned, inference__model_optimization_policy__pinned_memory_buffer__descriptor, arena);
        if (!*buffers[i])
            return arena_exhausted(arena);
        (*buffers[i])->enable = true;
    }
    return status_ok();
}

Status model_config_complete(ModelConfig *config, const ModelFacts *facts, Arena *arena) {
    Inference__ModelConfig *message = (Inference__ModelConfig *)config->message;
    if (!message)
        message = NEW_MESSAGE(Inference__ModelConfig, inference__model_config__descriptor, arena);
    if (!message)
        return arena_exhausted(arena);
    complete_names(config, message);
    TRY(complete_versions(message, arena));
    TRY(complete_tensors(message, facts, arena));
    TRY(complete_groups(config, message, arena));
    TRY(complete_optimization(config, message, arena));
    TRY(complete_batcher(config, facts, message, arena));
    config->message = message;
    return status_ok();
}
