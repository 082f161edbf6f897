/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What config.pbtxt says beside tensors and scheduling: warm-up samples, the response cache,
 * decoupled responses, metric tags, checksums. Conflicts between them and the scheduler are found
 * here, so this runs last.
 *
 * Thread: any; loader in practice.
 */

#include "runtime/config/config_check.h"

#include "runtime/base/size.h"

#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 96, WARMUPS_MAX = 1000, REPEAT_MAX = 1 << 20, TAGS_MAX = 64 };

static Status check_sample_input(const ConfigCheck *check, const char *path, const char *name,
                                 const Inference__ModelWarmup__Input *message, WarmupInput *input) {
    if (!message || config_dtype(message->data_type) == DTYPE_INVALID)
        return text_message_error(check->text, path, "input '%s': data_type is missing", name);
    *input = (WarmupInput){ .name = name, .dtype = config_dtype(message->data_type) };
    Status status = shape_make(message->dims, message->n_dims, &input->dims);
    if (!status_is_ok(&status))
        return text_message_error(check->text, path, "input '%s': %s", name, status.message);
    if (!shape_is_known(&input->dims))
        return text_message_error(check->text, path, "input '%s': dims must be known, got %s", name,
                                  SHAPE_TEXT(&input->dims));
    switch (message->input_data_type_case) {
    case INFERENCE__MODEL_WARMUP__INPUT__INPUT_DATA_TYPE_RANDOM_DATA:
        input->data = WARMUP_RANDOM;
        return status_ok();
    case INFERENCE__MODEL_WARMUP__INPUT__INPUT_DATA_TYPE_INPUT_DATA_FILE:
        input->data = WARMUP_FILE;
        input->file = message->input_data_file;
        if (config_is_plain_filename(input->file))
            return status_ok();
        return text_message_error(check->text, path,
                                  "input '%s': '%s' must be the name of a file in warmup/", name,
                                  input->file);
    case INFERENCE__MODEL_WARMUP__INPUT__INPUT_DATA_TYPE_ZERO_DATA:
        return status_ok();
    default:
        return text_message_error(check->text, path,
                                  "input '%s': expected zero_data, random_data or input_data_file",
                                  name);
    }
}

static Status check_sample(ConfigCheck *check, size_t index, WarmupSample *sample) {
    const Inference__ModelWarmup *message = check->message->model_warmup[index];
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "model_warmup[%zu]", index);
    WarmupInput *inputs = arena_calloc(check->arena, message->n_inputs, sizeof *inputs);
    if (!inputs)
        return arena_exhausted(check->arena);
    size_t most = check->config->max_batch_size;
    if (check->config->has_max_batch_size && message->batch_size > most)
        return text_message_error(check->text, path, "batch_size %u is above max_batch_size %zu",
                                  message->batch_size, most);
    if (message->count > REPEAT_MAX)
        return text_message_error(check->text, path, "count: at most %d, got %u", (int)REPEAT_MAX,
                                  message->count);
    for (size_t i = 0; i < message->n_inputs; i++)
        TRY(check_sample_input(check, path, message->inputs[i]->key, message->inputs[i]->value,
                               &inputs[i]));
    *sample = (WarmupSample){ .name = message->name,
                              .rows = message->batch_size,
                              .inputs = inputs,
                              .input_count = message->n_inputs,
                              .repeat = MAX_OF((size_t)message->count, (size_t)1) };
    return status_ok();
}

static Status check_warmups(ConfigCheck *check) {
    size_t count = check->message->n_model_warmup;
    if (count > WARMUPS_MAX)
        return text_message_error(check->text, "model_warmup", "more than %d samples",
                                  (int)WARMUPS_MAX);
    WarmupSample *samples = arena_calloc(check->arena, count, sizeof *samples);
    if (!samples)
        return arena_exhausted(check->arena);
    for (size_t i = 0; i < count; i++)
        TRY(check_sample(check, i, &samples[i]));
    check->config->warmups = samples;
    check->config->warmup_count = count;
    return status_ok();
}

static Status check_transactions(ConfigCheck *check) {
    ModelConfig *config = check->config;
    config->decoupled = check->message->model_transaction_policy &&
                        check->message->model_transaction_policy->decoupled;
    config->cached = check->message->response_cache && check->message->response_cache->enable;
    if (config->decoupled && config->kind == MODEL_ONNX)
        return text_message_error(check->text, "model_transaction_policy.decoupled",
                                  "an ONNX model gives one response to a request");
    if (config->decoupled && config->kind == MODEL_ENSEMBLE)
        return text_message_error(check->text, "model_transaction_policy.decoupled",
                                  "decoupled ensembles are not supported");
    if (config->cached && config->sequence)
        return text_message_error(check->text, "response_cache",
                                  "conflicts with sequence_batching");
    if (config->cached && config->decoupled)
        return text_message_error(check->text, "response_cache",
                                  "conflicts with model_transaction_policy.decoupled");
    if (config->decoupled && config->queue.preserve_ordering)
        return text_message_error(check->text, "model_transaction_policy.decoupled",
                                  "conflicts with preserve_ordering");
    return status_ok();
}

/* The checksum agent of Triton: parameters "MD5:<file beneath the model>" -> hex digest. */
static Status check_checksum(ConfigCheck *check, const char *key, const char *value,
                             ConfigPair *pair) {
    static const char path[] = "model_repository_agents";
    if (strncmp(key, "MD5:", 4) != 0 || !config_is_plain_filename(key + 4))
        return text_message_error(check->text, path,
                                  "checksum: expected \"MD5:<file beneath the model>\", got '%s'",
                                  key);
    if (strlen(value) != 32 || strspn(value, "0123456789abcdefABCDEF") != 32)
        return text_message_error(check->text, path, "checksum of '%s': expected 32 hex digits",
                                  key + 4);
    *pair = (ConfigPair){ key + 4, value };
    return status_ok();
}

static Status check_agents(ConfigCheck *check) {
    const Inference__ModelRepositoryAgents *agents = check->message->model_repository_agents;
    size_t count = 0;
    for (size_t i = 0; agents && i < agents->n_agents; i++) {
        if (strcmp(agents->agents[i]->name, "checksum") != 0)
            return text_message_error(check->text, "model_repository_agents",
                                      "agent '%s' is not known; there is \"checksum\"",
                                      agents->agents[i]->name);
        count += agents->agents[i]->n_parameters;
    }
    ConfigPair *pairs = arena_calloc(check->arena, count, sizeof *pairs);
    if (!pairs)
        return arena_exhausted(check->arena);
    check->config->checksums = pairs;
    for (size_t i = 0; agents && i < agents->n_agents; i++)
        for (size_t k = 0; k < agents->agents[i]->n_parameters; k++)
            TRY(check_checksum(check, agents->agents[i]->parameters[k]->key,
                               agents->agents[i]->parameters[k]->value,
                               &pairs[check->config->checksum_count++]));
    return status_ok();
}

static Status check_tags(ConfigCheck *check) {
    size_t count = check->message->n_metric_tags;
    if (count > TAGS_MAX)
        return text_message_error(check->text, "metric_tags", "more than %d tags", (int)TAGS_MAX);
    ConfigPair *tags = arena_calloc(check->arena, count, sizeof *tags);
    if (!tags)
        return arena_exhausted(check->arena);
    for (size_t i = 0; i < count; i++) {
        tags[i] = (ConfigPair){ check->message->metric_tags[i]->key,
                                check->message->metric_tags[i]->value };
        static const char letters[] =
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
        if (tags[i].key[0] == '\0' || tags[i].key[strspn(tags[i].key, letters)] != '\0')
            return text_message_error(check->text, "metric_tags",
                                      "'%s' cannot be the name of a label", tags[i].key);
    }
    check->config->metric_tags = tags;
    check->config->metric_tag_count = count;
    return status_ok();
}

Status config_check_extras(ConfigCheck *check) {
    TRY(check_warmups(check));
    TRY(check_transactions(check));
    TRY(check_agents(check));
    return check_tags(check);
}
