/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * config.pbtxt -> ModelConfig: everything that can be said without the model file. The text parser
 * has checked names and types; here the values are held against each other, and what inferd does
 * not do is either refused (where ignoring it would change answers: other frameworks) or listed as
 * ignored (tuning knobs of another engine). Rules: reference open_inference_triton.md 3.2 and 3.3.
 *
 * Each part of the file has a file of its own here, config_<part>.c; the order in which they run is
 * that of need.
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
        .queue = { .max_rows = 1, .level = { .allow_timeout_override = true } },
        .identity = { .responses = 1 },
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
    check->config->name = arena_strndup(check->arena, directory_name, strlen(directory_name));
    return check->config->name ? status_ok() : arena_exhausted(check->arena);
}

/* Words that others use for a framework. */
static const struct {
    const char *platform, *backend;
    bool served;
    ModelKind kind;
} platforms[] = {
    { "onnxruntime_onnx", "onnxruntime", true, MODEL_ONNX },
    { "onnx", "inferd", true, MODEL_ONNX },
    { "ensemble", "ensemble", true, MODEL_ENSEMBLE },
    { "identity", "identity", true, MODEL_IDENTITY },
    { "tensorrt_plan", "tensorrt", false, MODEL_ONNX },
    { "pytorch_libtorch", "pytorch", false, MODEL_ONNX },
    { "tensorflow_savedmodel", "tensorflow", false, MODEL_ONNX },
    { "tensorflow_graphdef", "tensorflow", false, MODEL_ONNX },
    { "openvino", "openvino", false, MODEL_ONNX },
    { "python", "python", false, MODEL_ONNX },
    { "dali", "dali", false, MODEL_ONNX },
};

static Status check_engine(ConfigCheck *check, const char *path, const char *word,
                           bool is_platform) {
    if (word[0] == '\0')
        return status_ok();
    for (size_t i = 0; i < ARRAY_LENGTH(platforms); i++) {
        if (strcmp(is_platform ? platforms[i].platform : platforms[i].backend, word) != 0)
            continue;
        if (platforms[i].served) {
            check->config->kind = platforms[i].kind;
            return status_ok();
        }
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

/* Both words, where both are given, mean the same. */
static Status check_engines(ConfigCheck *check) {
    const char *platform = check->message->platform, *backend = check->message->backend;
    TRY(check_engine(check, "platform", platform, true));
    ModelKind kind = check->config->kind;
    TRY(check_engine(check, "backend", backend, false));
    if (platform[0] != '\0' && backend[0] != '\0' && kind != check->config->kind)
        return text_message_error(check->text, "backend",
                                  "unexpected 'platform' and 'backend' pair, got:%s, %s", platform,
                                  backend);
    return status_ok();
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

/* Fields that are read, told by the ModelConfig RPC, and without effect: there is one engine, it
 * needs no tuning, and it runs no code that a configuration names. */
static const char *const unused_fields[] = { "cc_model_filenames", "model_metrics",
                                             "model_operations", "optimization", "runtime" };

static void note_unused(ConfigCheck *check) {
    for (size_t i = 0; i < ARRAY_LENGTH(unused_fields); i++)
        if (text_message_has(check->text, unused_fields[i]))
            config_ignore(check, unused_fields[i]);
}

static Status check_all(ConfigCheck *check, const char *directory_name) {
    size_t capacity;
    if (!size_add(64, check->message->n_parameters, &capacity) ||
        !size_add(capacity, 4 * check->message->n_instance_group, &capacity))
        return arena_exhausted(check->arena);
    check->ignored = arena_calloc(check->arena, capacity, sizeof *check->ignored);
    if (!check->ignored)
        return arena_exhausted(check->arena);
    check->ignored_capacity = capacity;
    check->config->ignored = check->ignored;
    TRY(check_name(check, directory_name));
    TRY(check_engines(check));
    TRY(check_model_filename(check));
    TRY(check_version_policy(check));
    note_unused(check);
    TRY(config_check_batching(check));
    TRY(config_check_tensors(check));
    TRY(config_check_ragged(check));
    TRY(config_check_sequence(check));
    TRY(config_check_ensemble(check));
    TRY(config_check_instances(check));
    TRY(config_check_parameters(check));
    return config_check_extras(check);
}

static Status check_parsed(TextMessage *parsed, const char *directory_name, Arena *arena,
                           ModelConfig *ret_config) {
    ModelConfig config = model_config_default();
    config.message = (const Inference__ModelConfig *)text_message_root(parsed);
    ConfigCheck check = {
        .text = parsed, .message = config.message, .arena = arena, .config = &config
    };
    TRY(check_all(&check, directory_name));
    *ret_config = config;
    return status_ok();
}

Status model_config_parse(const char *text, size_t length, const char *directory_name, Arena *arena,
                          ModelConfig *ret_config) {
    TextMessage *parsed;
    Status status =
        text_format_parse(text, length, &inference__model_config__descriptor, arena, &parsed);
    if (status_is_ok(&status))
        status = check_parsed(parsed, directory_name, arena, ret_config);
    if (status.code == STATUS_INVALID_ARGUMENT)
        return status_error(status.code, "config.pbtxt:%s", status.message);
    return status_prefix(&status, "config.pbtxt");
}

Status model_config_check(Inference__ModelConfig *message, const char *directory_name, Arena *arena,
                          ModelConfig *ret_config) {
    TextMessage *bare;
    TRY(text_message_of(&message->base, arena, &bare));
    Status status = check_parsed(bare, directory_name, arena, ret_config);
    return status_prefix(&status, "config");
}
