/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Ragged batches: inputs whose rows have lengths of their own lie end to end, and batch_input
 * tensors tell the model where each begins. batch_output cuts an output by the lengths of an input.
 * Counts per kind: reference open_inference_triton.md 3.2.
 *
 * Thread: any; loader in practice.
 */

#include "runtime/config/config_check.h"

#include "runtime/base/size.h"

#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 64 };

static bool is_input(const ModelConfig *config, const char *name) {
    for (size_t i = 0; i < config->input_count; i++)
        if (strcmp(config->inputs[i].name, name) == 0)
            return true;
    return false;
}

static bool is_output(const ModelConfig *config, const char *name) {
    for (size_t i = 0; i < config->output_count; i++)
        if (strcmp(config->outputs[i].name, name) == 0)
            return true;
    return false;
}

static Status check_batch_input(const ConfigCheck *check, size_t index, BatchInput *input) {
    const Inference__BatchInput *message = check->message->batch_input[index];
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "batch_input[%zu]", index);
    if (message->n_target_name != 1 || message->n_source_input != 1)
        return text_message_error(check->text, path,
                                  "expected one target_name and one source_input, got %zu and %zu",
                                  message->n_target_name, message->n_source_input);
    *input = (BatchInput){ .kind = (BatchInputKind)message->kind,
                           .target = message->target_name[0],
                           .source = message->source_input[0],
                           .dtype = config_dtype(message->data_type) };
    if (input->dtype != DTYPE_I32 && input->dtype != DTYPE_F32)
        return text_message_error(check->text, path, "data_type: expected TYPE_INT32 or TYPE_FP32");
    if ((size_t)message->kind > BATCH_INPUT_ITEM_SHAPE_FLATTEN)
        return text_message_error(check->text, path, "the kind is not known");
    if (!is_input(check->config, input->source))
        return text_message_error(check->text, path, "source_input '%s' is not among the inputs",
                                  input->source);
    if (is_input(check->config, input->target))
        return text_message_error(check->text, path,
                                  "target_name '%s' is an input that clients give", input->target);
    return status_ok();
}

static Status check_batch_output(const ConfigCheck *check, size_t index, ConfigPair *pair) {
    const Inference__BatchOutput *message = check->message->batch_output[index];
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "batch_output[%zu]", index);
    if (message->n_target_name != 1 || message->n_source_input != 1)
        return text_message_error(check->text, path,
                                  "expected one target_name and one source_input, got %zu and %zu",
                                  message->n_target_name, message->n_source_input);
    *pair = (ConfigPair){ message->target_name[0], message->source_input[0] };
    if (!is_input(check->config, pair->value))
        return text_message_error(check->text, path, "source_input '%s' is not among the inputs",
                                  pair->value);
    if (!is_output(check->config, pair->key))
        return text_message_error(check->text, path, "target_name '%s' is not among the outputs",
                                  pair->key);
    return status_ok();
}

Status config_check_ragged(ConfigCheck *check) {
    ModelConfig *config = check->config;
    for (size_t i = 0; i < config->input_count; i++)
        if (config->inputs[i].ragged && config->has_max_batch_size && config->max_batch_size == 0)
            return text_message_error(check->text, "input",
                                      "'%s': allow_ragged_batch wants max_batch_size above 0",
                                      config->inputs[i].name);
    for (size_t i = 0; i < config->input_count; i++)
        if (config->inputs[i].ragged && config->kind == MODEL_ENSEMBLE)
            return text_message_error(check->text, "input",
                                      "'%s': allow_ragged_batch is not for ensembles",
                                      config->inputs[i].name);
    bool is_used = check->message->n_batch_input > 0 || check->message->n_batch_output > 0;
    if (is_used && !(config->has_max_batch_size && config->max_batch_size > 0))
        return text_message_error(
            check->text, check->message->n_batch_input > 0 ? "batch_input" : "batch_output",
            "wants max_batch_size above 0");
    if (is_used && config->kind == MODEL_ENSEMBLE)
        return text_message_error(
            check->text, check->message->n_batch_input > 0 ? "batch_input" : "batch_output",
            "is not for ensembles");
    BatchInput *inputs = arena_calloc(check->arena, check->message->n_batch_input, sizeof *inputs);
    ConfigPair *outputs =
        arena_calloc(check->arena, check->message->n_batch_output, sizeof *outputs);
    if (!inputs || !outputs)
        return arena_exhausted(check->arena);
    for (size_t i = 0; i < check->message->n_batch_input; i++)
        TRY(check_batch_input(check, i, &inputs[i]));
    for (size_t i = 0; i < check->message->n_batch_output; i++)
        TRY(check_batch_output(check, i, &outputs[i]));
    config->batch_inputs = inputs;
    config->batch_input_count = check->message->n_batch_input;
    config->scatter_outputs = outputs;
    config->scatter_output_count = check->message->n_batch_output;
    return status_ok();
}
