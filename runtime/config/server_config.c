/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * models.config and the batching file of TensorFlow Serving, checked. Rules and texts: reference
 * tensorflow_serving.md 1.3, 3.1 and 4. One difference: model_platform may be left out, and
 * "tensorflow" is taken for "whatever lies there", since files written for that server say so while
 * the exported models beside them are ONNX.
 *
 * Thread: main; http or rpc for reloads.
 */

#include "runtime/config/server_config.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"
#include "runtime/config/config_check.h"

#include "tensorflow_serving/config/model_server_config.pb-c.h"
#include "tensorflow_serving/config/monitoring_config.pb-c.h"
#include "tensorflow_serving/servables/tensorflow/session_bundle_config.pb-c.h"

#include <stdio.h>
#include <string.h>

typedef Tensorflow__Serving__ModelConfig ServedMessage;
typedef Tensorflow__Serving__FileSystemStoragePathSourceConfig__ServableVersionPolicy PolicyMessage;

enum { PATH_BYTES = 128, LABELS_MAX = 256 };

/* The generated names are longer than a line. */
enum {
    POLICY_NONE =
        TENSORFLOW__SERVING__FILE_SYSTEM_STORAGE_PATH_SOURCE_CONFIG__SERVABLE_VERSION_POLICY__POLICY_CHOICE__NOT_SET,
    POLICY_LATEST =
        TENSORFLOW__SERVING__FILE_SYSTEM_STORAGE_PATH_SOURCE_CONFIG__SERVABLE_VERSION_POLICY__POLICY_CHOICE_LATEST,
    POLICY_ALL =
        TENSORFLOW__SERVING__FILE_SYSTEM_STORAGE_PATH_SOURCE_CONFIG__SERVABLE_VERSION_POLICY__POLICY_CHOICE_ALL,
};

/* What is wrong with model `index` of the list, at one of its fields. */
static Status model_error(const TextMessage *text, size_t index, const char *field,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));
static Status model_error(const TextMessage *text, size_t index, const char *field,
                          const char *format, ...) {
    va_list args;
    va_start(args, format);
    Status status = status_error_v(STATUS_INVALID_ARGUMENT, format, args);
    va_end(args);
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "model_config_list.config[%zu].%s", index, field);
    return text_message_error(text, path, "%s", status.message);
}

static Status check_policy(const TextMessage *text, size_t index, const PolicyMessage *policy,
                           Arena *arena, ServedModel *model) {
    model->version_policy = version_policy_latest(1);
    int kind = policy ? (int)policy->policy_choice_case : POLICY_NONE;
    if (kind == POLICY_NONE)
        return status_ok();
    model->has_version_policy = true;
    if (kind == POLICY_LATEST) {
        model->version_policy = version_policy_latest(policy->latest->num_versions);
        return status_ok();
    }
    if (kind == POLICY_ALL) {
        model->version_policy = (VersionPolicy){ .kind = VERSIONS_ALL };
        return status_ok();
    }
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "model_config_list.config[%zu].model_version_policy.specific",
             index);
    return version_policy_specific(text, path, policy->specific->versions,
                                   policy->specific->n_versions, arena, &model->version_policy);
}

static Status check_labels(const TextMessage *text, size_t index, const ServedMessage *message,
                           Arena *arena, ServedModel *model) {
    VersionLabel *labels = arena_calloc(arena, message->n_version_labels, sizeof *labels);
    if (!labels)
        return arena_exhausted(arena);
    if (message->n_version_labels > LABELS_MAX)
        return model_error(text, index, "version_labels", "more than %d labels", (int)LABELS_MAX);
    for (size_t i = 0; i < message->n_version_labels; i++) {
        labels[i] =
            (VersionLabel){ message->version_labels[i]->key, message->version_labels[i]->value };
        if (labels[i].label[0] == '\0' || labels[i].number < 0)
            return model_error(text, index, "version_labels",
                               "a label has a name and a version, got '%s' and %lld",
                               labels[i].label, (long long)labels[i].number);
        for (size_t k = 0; k < i; k++)
            if (strcmp(labels[k].label, labels[i].label) == 0)
                return model_error(text, index, "version_labels", "'%s' is there twice",
                                   labels[i].label);
    }
    model->version_labels = labels;
    model->version_label_count = message->n_version_labels;
    return status_ok();
}

static Status check_model(const TextMessage *text, size_t index, const ServedMessage *message,
                          Arena *arena, ServedModel *model) {
    static const char *const platforms[] = { "", "tensorflow", "onnx", "onnxruntime",
                                             "onnxruntime_onnx" };
    bool known = false;
    for (size_t i = 0; i < ARRAY_LENGTH(platforms); i++)
        known = known || strcmp(platforms[i], message->model_platform) == 0;
    if (message->name[0] == '\0' || strchr(message->name, '/'))
        return model_error(text, index, "name", "a model needs a name without '/'");
    if (message->base_path[0] != '/')
        return model_error(text, index, "base_path", "expected an absolute path, got '%s'",
                           message->base_path);
    if (!known)
        return model_error(text, index, "model_platform",
                           "'%s' is not known; this server runs ONNX models (\"onnx\")",
                           message->model_platform);
    if (message->logging_config)
        return model_error(text, index, "logging_config", "request logging is not supported");
    model->name = message->name;
    model->base_path = message->base_path;
    TRY(check_policy(text, index, message->model_version_policy, arena, model));
    return check_labels(text, index, message, arena, model);
}

static int compare_models(const void *a, const void *b) {
    return strcmp((*(const ServedModel *const *)a)->name, (*(const ServedModel *const *)b)->name);
}

static Status check_names(const TextMessage *text, const ServedModel *models, size_t count,
                          Arena *arena) {
    const ServedModel **sorted = arena_calloc(arena, count, sizeof *sorted);
    if (!sorted)
        return arena_exhausted(arena);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &models[i];
    qsort(sorted, count, sizeof *sorted, compare_models);
    for (size_t i = 1; i < count; i++)
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            return model_error(text, (size_t)(MAX_OF(sorted[i - 1], sorted[i]) - models), "name",
                               "'%s' is there twice", sorted[i]->name);
    return status_ok();
}

static Status check_list(const TextMessage *parsed, Arena *arena, const ServedModel **ret_models,
                         size_t *ret_count) {
    const Tensorflow__Serving__ModelServerConfig *message =
        (const Tensorflow__Serving__ModelServerConfig *)text_message_root(parsed);
    if (text_message_has(parsed, "custom_model_config"))
        return text_message_error(parsed, "custom_model_config",
                                  "is not supported; use model_config_list");
    bool has_list = text_message_has(parsed, "model_config_list");
    size_t count = has_list ? message->model_config_list->n_config : 0;
    ServedModel *models = arena_calloc(arena, count, sizeof *models);
    if (!models)
        return arena_exhausted(arena);
    for (size_t i = 0; i < count; i++)
        TRY(check_model(parsed, i, message->model_config_list->config[i], arena, &models[i]));
    TRY(check_names(parsed, models, count, arena));
    *ret_models = models;
    *ret_count = count;
    return status_ok();
}

Status served_models_parse(const char *text, size_t length, Arena *arena,
                           const ServedModel **ret_models, size_t *ret_count) {
    TextMessage *parsed;
    TRY(text_format_parse(text, length, &tensorflow__serving__model_server_config__descriptor,
                          arena, &parsed));
    return check_list(parsed, arena, ret_models, ret_count);
}

Status served_models_check(struct Tensorflow__Serving__ModelServerConfig *message, Arena *arena,
                           const ServedModel **ret_models, size_t *ret_count) {
    TextMessage *bare;
    TRY(text_message_of(&message->base, arena, &bare));
    return check_list(bare, arena, ret_models, ret_count);
}

/* A wrapped number from 0 up; `fallback` when it is not given. */
static Status read_count(const TextMessage *text, const char *path,
                         const Google__Protobuf__Int64Value *wrapper, int64_t lowest,
                         size_t fallback, size_t *ret_count) {
    *ret_count = fallback;
    if (!wrapper)
        return status_ok();
    if (wrapper->value < lowest || wrapper->value > INT32_MAX)
        return text_message_error(text, path, "expected a number from %lld to %d, got %lld",
                                  (long long)lowest, INT32_MAX, (long long)wrapper->value);
    *ret_count = (size_t)wrapper->value;
    return status_ok();
}

/* The sizes that batches are filled up to. */
static Status read_allowed(const TextMessage *text,
                           const Tensorflow__Serving__BatchingParameters *message, Arena *arena,
                           QueuePolicy *policy) {
    size_t count = message->n_allowed_batch_sizes;
    size_t *sizes = arena_calloc(arena, count, sizeof *sizes);
    if (!sizes)
        return arena_exhausted(arena);
    for (size_t i = 0; i < count; i++) {
        int64_t rows = message->allowed_batch_sizes[i];
        if (rows < 1 || (i > 0 && rows <= message->allowed_batch_sizes[i - 1]))
            return text_message_error(text, "allowed_batch_sizes",
                                      "expected increasing sizes above 0");
        sizes[i] = (size_t)rows;
    }
    if (count > 0 && sizes[count - 1] != policy->max_rows)
        return text_message_error(
            text, "allowed_batch_sizes", "the last, %zu, must equal %s, %zu", sizes[count - 1],
            policy->split_rows ? "max_execution_batch_size" : "max_batch_size", policy->max_rows);
    policy->allowed_rows = sizes;
    policy->allowed_count = count;
    return status_ok();
}

/* enable_large_batch_splitting: max_batch_size is then what one request may have, and what is run
 * has max_execution_batch_size rows. */
static Status read_splitting(const TextMessage *text,
                             const Tensorflow__Serving__BatchingParameters *message,
                             QueuePolicy *policy) {
    bool splits =
        message->enable_large_batch_splitting && message->enable_large_batch_splitting->value;
    size_t rows;
    TRY(read_count(text, "max_execution_batch_size", message->max_execution_batch_size, 1,
                   policy->max_rows, &rows));
    if (!splits)
        return status_ok();
    if (rows > policy->max_rows)
        return text_message_error(text, "max_execution_batch_size",
                                  "%zu is above max_batch_size, %zu", rows, policy->max_rows);
    policy->request_rows = policy->max_rows;
    policy->max_rows = policy->split_rows = rows;
    return status_ok();
}

Status batching_parameters_parse(const char *text, size_t length, Arena *arena,
                                 QueuePolicy *ret_policy) {
    enum { DEFAULT_ROWS = 1000, DEFAULT_BATCHES = 10 };
    TextMessage *parsed;
    TRY(text_format_parse(text, length, &tensorflow__serving__batching_parameters__descriptor,
                          arena, &parsed));
    const Tensorflow__Serving__BatchingParameters *message =
        (const Tensorflow__Serving__BatchingParameters *)text_message_root(parsed);
    QueuePolicy policy = { .batching = true, .level = { .allow_timeout_override = true } };
    size_t delay_us, batches, threads;
    TRY(read_count(parsed, "max_batch_size", message->max_batch_size, 1, DEFAULT_ROWS,
                   &policy.max_rows));
    TRY(read_count(parsed, "batch_timeout_micros", message->batch_timeout_micros, 0, 0, &delay_us));
    TRY(read_count(parsed, "max_enqueued_batches", message->max_enqueued_batches, 0,
                   DEFAULT_BATCHES, &batches));
    TRY(read_count(parsed, "num_batch_threads", message->num_batch_threads, 0, 0,
                   &threads)); /* one pool serves all */
    policy.delay_ns = delay_us * NS_PER_US;
    /* The queue there is counted in batches; a request is at least one row. */
    if (!size_mul(MAX_OF(batches, (size_t)1), policy.max_rows, &policy.max_queue_requests))
        return text_message_error(parsed, "max_enqueued_batches", "too large");
    TRY(read_splitting(parsed, message, &policy));
    TRY(read_allowed(parsed, message, arena, &policy));
    if (message->pad_variable_length_inputs)
        policy.padding = PADDING_FIRST;
    *ret_policy = policy;
    return status_ok();
}

Status monitoring_config_parse(const char *text, size_t length, Arena *arena,
                               const char **ret_path) {
    TextMessage *parsed;
    TRY(text_format_parse(text, length, &tensorflow__serving__monitoring_config__descriptor, arena,
                          &parsed));
    const Tensorflow__Serving__MonitoringConfig *message =
        (const Tensorflow__Serving__MonitoringConfig *)text_message_root(parsed);
    const Tensorflow__Serving__PrometheusConfig *prometheus = message->prometheus_config;
    *ret_path = NULL;
    if (!prometheus || !prometheus->enable)
        return status_ok();
    if (prometheus->path[0] != '\0' && prometheus->path[0] != '/')
        return text_message_error(parsed, "prometheus_config.path",
                                  "expected a path that begins with '/', got '%s'",
                                  prometheus->path);
    *ret_path = prometheus->path[0] ? prometheus->path : METRICS_PATH_DEFAULT;
    return status_ok();
}
