/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * config.pbtxt -> ModelConfig: everything that can be said without the model file. The text parser
 * has checked names and types; here the values are held against each other, and what inferd does
 * not do is either refused (where ignoring it would change answers: other frameworks, ensembles,
 * sequences, ragged batches) or listed as ignored (tuning knobs of another engine). Rules:
 * reference open_inference_triton.md 3.2 and 3.3.
 *
 * Tensors and batching have files of their own, config_tensors.c and config_batching.c.
 *
 * Thread: any; loader in practice.
 */

#include "runtime/config/config_check.h"

#include "runtime/base/size.h"

#include <stdio.h>
#include <string.h>

ModelConfig model_config_default(void) {
    return (ModelConfig){
        .name = "",
        .version_policy = version_policy_latest(1),
        .queue = { .max_rows = 1, .allow_timeout_override = true },
        .model_filename = "model.onnx",
        .device = "auto",
    };
}

void config_ignore(ConfigCheck *check, const char *path) {
    if (check->config->ignored_count < check->ignored_capacity)
        check->ignored[check->config->ignored_count++] = path;
}

bool config_is_plain_filename(const char *name) {
    if (name[0] == '\0' || name[0] == '/')
        return false;
    for (const char *part = name;; part++) {
        size_t length = strcspn(part, "/");
        if (length == 2 && part[0] == '.' && part[1] == '.')
            return false;
        part += length;
        if (*part == '\0')
            return true;
    }
}

static Status check_name(ConfigCheck *check, const char *directory_name) {
    const char *name = check->message->name;
    if (name[0] != '\0' && strcmp(name, directory_name) != 0)
        return text_message_error(check->text, "name",
                                  "'%s' is not the name of its directory, '%s'", name,
                                  directory_name);
    check->config->name = name;
    return status_ok();
}

/* Words that others use for a framework; all but the first two rows are refused. */
static const struct {
    const char *platform, *backend;
    bool served;
} platforms[] = {
    { "onnxruntime_onnx", "onnxruntime", true },
    { "onnx", "inferd", true },
    { "tensorrt_plan", "tensorrt", false },
    { "pytorch_libtorch", "pytorch", false },
    { "tensorflow_savedmodel", "tensorflow", false },
    { "tensorflow_graphdef", "tensorflow", false },
    { "openvino", "openvino", false },
    { "python", "python", false },
    { "ensemble", "ensemble", false },
    { "dali", "dali", false },
};

static Status check_engine(const ConfigCheck *check, const char *path, const char *word,
                           bool is_platform) {
    if (word[0] == '\0')
        return status_ok();
    for (size_t i = 0; i < ARRAY_LENGTH(platforms); i++) {
        if (strcmp(is_platform ? platforms[i].platform : platforms[i].backend, word) != 0)
            continue;
        if (platforms[i].served)
            return status_ok();
        return text_message_error(
            check->text, path,
            "'%s' models need %s; this server runs ONNX models (\"%s\"): export the model to "
            "ONNX",
            word, platforms[i].backend, is_platform ? "onnxruntime_onnx" : "onnxruntime");
    }
    return text_message_error(check->text, path,
                              "'%s' is not known; this server runs ONNX models (\"%s\")", word,
                              is_platform ? "onnxruntime_onnx" : "onnxruntime");
}

VersionPolicy version_policy_latest(uint32_t count) {
    return (VersionPolicy){ .kind = VERSIONS_LATEST, .latest_count = count > 0 ? count : 1 };
}

static int compare_numbers(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

Status version_policy_specific(const TextMessage *text, const char *path, const int64_t *versions,
                               size_t count, Arena *arena, VersionPolicy *ret_policy) {
    int64_t *sorted = arena_calloc(arena, count, sizeof *sorted);
    if (!sorted)
        return arena_exhausted(arena);
    for (size_t i = 0; i < count; i++) {
        if (versions[i] < 0) {
            char where[128];
            snprintf(where, sizeof where, "%s.versions[%zu]", path, i);
            return text_message_error(text, where, "a version is not negative, got %lld",
                                      (long long)versions[i]);
        }
        sorted[i] = versions[i];
    }
    qsort(sorted, count, sizeof *sorted, compare_numbers);
    size_t unique = 0;
    for (size_t i = 0; i < count; i++)
        if (unique == 0 || sorted[unique - 1] != sorted[i])
            sorted[unique++] = sorted[i];
    *ret_policy =
        (VersionPolicy){ .kind = VERSIONS_SPECIFIC, .specific = sorted, .specific_count = unique };
    return status_ok();
}

static Status check_version_policy(ConfigCheck *check) {
    const Inference__ModelVersionPolicy *policy = check->message->version_policy;
    if (!policy ||
        policy->policy_choice_case == INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE__NOT_SET)
        return status_ok();
    check->config->has_version_policy = true;
    if (policy->policy_choice_case == INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE_ALL)
        check->config->version_policy = (VersionPolicy){ .kind = VERSIONS_ALL };
    else if (policy->policy_choice_case == INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE_LATEST)
        check->config->version_policy = version_policy_latest(policy->latest->num_versions);
    else
        return version_policy_specific(check->text, "version_policy.specific",
                                       policy->specific->versions, policy->specific->n_versions,
                                       check->arena, &check->config->version_policy);
    return status_ok();
}

static Status check_model_filename(ConfigCheck *check) {
    const char *name = check->message->default_model_filename;
    if (name[0] == '\0')
        return status_ok();
    if (!config_is_plain_filename(name))
        return text_message_error(check->text, "default_model_filename",
                                  "'%s' must be the name of a file beneath the version's directory",
                                  name);
    check->config->model_filename = name;
    return status_ok();
}

/* "auto", "cpu", or a plugin's name with an optional selector: "cuda", "cuda:0". */
static bool is_device_name(const char *name) {
    size_t letters = strspn(name, "abcdefghijklmnopqrstuvwxyz_");
    if (letters == 0)
        return false;
    if (name[letters] == '\0')
        return true;
    size_t digits = strspn(name + letters + 1, "0123456789");
    return name[letters] == ':' && digits > 0 && name[letters + 1 + digits] == '\0';
}

static Status check_instance_group(ConfigCheck *check, size_t index) {
    const Inference__ModelInstanceGroup *group = check->message->instance_group[index];
    char path[64];
    snprintf(path, sizeof path, "instance_group[%zu].count", index);
    if (group->count < 0)
        return text_message_error(check->text, path, "must not be negative, got %d",
                                  (int)group->count);
    if (group->count > 1)
        config_ignore(check,
                      "instance_group.count"); /* one copy of the weights serves every core */
    if (group->rate_limiter)
        config_ignore(check, "instance_group.rate_limiter");
    snprintf(path, sizeof path, "instance_group[%zu].gpus", index);
    bool on_gpu =
        group->kind == INFERENCE__MODEL_INSTANCE_GROUP__KIND__KIND_GPU ||
        (group->kind == INFERENCE__MODEL_INSTANCE_GROUP__KIND__KIND_AUTO && group->n_gpus > 0);
    if (group->kind == INFERENCE__MODEL_INSTANCE_GROUP__KIND__KIND_CPU) {
        if (group->n_gpus > 0)
            return text_message_error(check->text, path, "KIND_CPU must not list GPUs");
        check->config->device = "cpu";
    } else if (on_gpu && group->n_gpus == 0) {
        check->config->device = "cuda";
    } else if (on_gpu) {
        if (group->gpus[0] < 0)
            return text_message_error(check->text, path, "a GPU's number is not negative, got %d",
                                      (int)group->gpus[0]);
        snprintf(path, sizeof path, "cuda:%d", (int)group->gpus[0]);
        check->config->device = arena_strndup(check->arena, path, strlen(path));
        if (!check->config->device)
            return arena_exhausted(check->arena);
        if (group->n_gpus > 1)
            config_ignore(check, "instance_group.gpus");
    }
    return status_ok();
}

/* Keys that mean something here; every other key is another engine's and listed as ignored. */
static Status check_parameter(ConfigCheck *check, const char *key, const char *value) {
    if (strcmp(key, "device") == 0) {
        if (!is_device_name(value))
            return text_message_error(check->text, "parameters",
                                      "device: expected auto, cpu or cuda:<number>, got '%s'",
                                      value);
        check->config->device = value;
        return status_ok();
    }
    if (strcmp(key, "deterministic") == 0) {
        bool on = strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
        if (!on && strcmp(value, "false") != 0 && strcmp(value, "0") != 0)
            return text_message_error(check->text, "parameters",
                                      "deterministic: expected true or false, got '%s'", value);
        check->config->deterministic = on;
        return status_ok();
    }
    char path[128];
    int length = snprintf(path, sizeof path, "parameters[%.100s]", key);
    const char *kept = arena_strndup(check->arena, path, (size_t)length);
    if (!kept)
        return arena_exhausted(check->arena);
    config_ignore(check, kept);
    return status_ok();
}

static Status check_placement(ConfigCheck *check) {
    for (size_t i = 0; i < check->message->n_instance_group; i++)
        TRY(check_instance_group(check, i));
    for (size_t i = 0; i < check->message->n_parameters; i++) {
        const Inference__ModelConfig__ParametersEntry *entry = check->message->parameters[i];
        TRY(check_parameter(check, entry->key, entry->value ? entry->value->string_value : ""));
    }
    return status_ok();
}

/* Fields that inferd reads and does nothing with, and those without which a model would answer
 * wrongly. */
static const struct {
    const char *path;
    const char *refusal; /* NULL: only ignored */
} unused_fields[] = {
    { "batch_input", "ragged batches are not supported" },
    { "batch_output", "ragged batches are not supported" },
    { "cc_model_filenames", NULL },
    { "ensemble_scheduling", "ensembles are not supported" },
    { "metric_tags", NULL },
    { "model_metrics", NULL },
    { "model_operations", NULL },
    { "model_repository_agents", "repository agents are not supported" },
    { "model_warmup", NULL },
    { "optimization", NULL },
    { "response_cache", NULL },
    { "runtime", NULL },
    { "sequence_batching", "sequence batching is not supported" },
};

static Status check_unused(ConfigCheck *check) {
    for (size_t i = 0; i < ARRAY_LENGTH(unused_fields); i++) {
        if (text_message_position(check->text, unused_fields[i].path).line == 0)
            continue;
        if (unused_fields[i].refusal)
            return text_message_error(check->text, unused_fields[i].path, "%s",
                                      unused_fields[i].refusal);
        config_ignore(check, unused_fields[i].path);
    }
    const Inference__ModelTransactionPolicy *transaction = check->message->model_transaction_policy;
    if (transaction && transaction->decoupled)
        return text_message_error(check->text, "model_transaction_policy.decoupled",
                                  "decoupled models are not supported");
    return status_ok();
}

static Status check_all(ConfigCheck *check, const char *directory_name) {
    size_t capacity;
    if (!size_add(64, check->message->n_parameters, &capacity) ||
        !size_add(capacity, 3 * check->message->n_instance_group, &capacity))
        return arena_exhausted(check->arena);
    check->ignored = arena_calloc(check->arena, capacity, sizeof *check->ignored);
    if (!check->ignored)
        return arena_exhausted(check->arena);
    check->ignored_capacity = capacity;
    check->config->ignored = check->ignored;
    TRY(check_name(check, directory_name));
    TRY(check_engine(check, "platform", check->message->platform, true));
    TRY(check_engine(check, "backend", check->message->backend, false));
    TRY(check_model_filename(check));
    TRY(check_version_policy(check));
    TRY(check_unused(check));
    TRY(config_check_batching(check));
    TRY(config_check_tensors(check));
    return check_placement(check);
}

Status model_config_parse(const char *text, size_t length, const char *directory_name, Arena *arena,
                          ModelConfig *ret_config) {
    TextMessage *parsed;
    Status status =
        text_format_parse(text, length, &inference__model_config__descriptor, arena, &parsed);
    ModelConfig config = model_config_default();
    if (status_is_ok(&status)) {
        ConfigCheck check = { .text = parsed,
                              .message = (const Inference__ModelConfig *)text_message_root(parsed),
                              .arena = arena,
                              .config = &config };
        status = check_all(&check, directory_name);
    }
    if (!status_is_ok(&status))
        return status_error(status.code, "config.pbtxt:%s", status.message);
    *ret_config = config;
    return status_ok();
}
