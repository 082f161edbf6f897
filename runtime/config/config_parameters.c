/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `parameters` of config.pbtxt, by table: ours, those of the identity engine, and those of ONNX
 * Runtime, which are known, checked for a sensible value where that is cheap, and without effect.
 * Any other key is somebody else's and listed as ignored.
 *
 * Thread: any; loader in practice.
 */

#include "runtime/config/config_check.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 128 };
static const uint64_t DELAY_MS_MAX = 3600000, COUNT_MAX = 1 << 20;

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

static Status set_device(ConfigCheck *check, const char *key, const char *value) {
    if (!is_device_name(value))
        return text_message_error(check->text, "parameters",
                                  "%s: expected auto, cpu or cuda:<number>, got '%s'", key, value);
    check->config->device = value;
    return status_ok();
}

static Status parse_bool(const ConfigCheck *check, const char *key, const char *value,
                         bool *ret_value) {
    *ret_value = strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
    if (!*ret_value && strcmp(value, "false") != 0 && strcmp(value, "0") != 0)
        return text_message_error(check->text, "parameters", "%s: expected true or false, got '%s'",
                                  key, value);
    return status_ok();
}

static Status parse_count(const ConfigCheck *check, const char *key, const char *value,
                          uint64_t most, uint64_t *ret_count) {
    char *end;
    errno = 0;
    unsigned long long count = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || count > most)
        return text_message_error(check->text, "parameters", "%s: expected 0 to %llu, got '%s'",
                                  key, (unsigned long long)most, value);
    *ret_count = count;
    return status_ok();
}

static Status set_deterministic(ConfigCheck *check, const char *key, const char *value) {
    return parse_bool(check, key, value, &check->config->deterministic);
}

static Status set_precision(ConfigCheck *check, const char *key, const char *value) {
    bool is_bf16 = strcmp(value, "bf16") == 0;
    if (!is_bf16 && strcmp(value, "fp32") != 0)
        return text_message_error(check->text, "parameters", "%s: expected fp32 or bf16, got '%s'",
                                  key, value);
    check->config->bf16 = is_bf16;
    return status_ok();
}

static Status set_delay(ConfigCheck *check, const char *key, const char *value) {
    uint64_t delay_ms;
    TRY(parse_count(check, key, value, DELAY_MS_MAX, &delay_ms));
    check->config->identity.delay_ns = delay_ms * NS_PER_MS;
    return status_ok();
}

static Status set_fail_every(ConfigCheck *check, const char *key, const char *value) {
    return parse_count(check, key, value, COUNT_MAX, &check->config->identity.fail_every);
}

static Status set_responses(ConfigCheck *check, const char *key, const char *value) {
    uint64_t count;
    if (strcmp(value, "input") == 0) {
        check->config->identity.responses_follow = true;
        return status_ok();
    }
    TRY(parse_count(check, key, value, COUNT_MAX, &count));
    check->config->identity.responses = (uint32_t)count;
    return status_ok();
}

static Status set_padding(ConfigCheck *check, const char *key, const char *value) {
    bool yes;
    TRY(parse_bool(check, key, value, &yes));
    if (yes)
        check->config->queue.padding = PADDING_FIRST;
    return status_ok();
}

/* "32,64,128": increasing. */
static Status set_buckets(ConfigCheck *check, const char *key, const char *value) {
    QueuePolicy *queue = &check->config->queue;
    size_t *buckets = arena_calloc(check->arena, LENGTHS_MAX, sizeof *buckets), count = 0;
    if (!buckets)
        return arena_exhausted(check->arena);
    for (const char *at = value;; at++) {
        size_t digits = strspn(at, "0123456789");
        uint64_t bucket = digits > 0 && digits < 10 ? strtoull(at, NULL, 10) : 0;
        if (bucket == 0 || count == LENGTHS_MAX || (count > 0 && bucket <= buckets[count - 1]) ||
            (at[digits] != '\0' && at[digits] != ','))
            return text_message_error(check->text, "parameters",
                                      "%s: expected up to %d increasing lengths as in \"32,64\", "
                                      "got '%s'",
                                      key, (int)LENGTHS_MAX, value);
        buckets[count++] = (size_t)bucket;
        at += digits;
        if (*at == '\0')
            break;
    }
    queue->padding = PADDING_ZERO;
    queue->buckets = buckets;
    queue->bucket_count = count;
    return status_ok();
}

static Status set_split(ConfigCheck *check, const char *key, const char *value) {
    uint64_t rows;
    TRY(parse_count(check, key, value, COUNT_MAX, &rows));
    check->config->queue.split_rows = (size_t)rows;
    return status_ok();
}

static Status set_nothing(ConfigCheck *check, const char *key, const char *value) {
    (void)value;
    char path[PATH_BYTES];
    int length = snprintf(path, sizeof path, "parameters[%.100s]", key);
    const char *kept = arena_strndup(check->arena, path, (size_t)length);
    if (!kept)
        return arena_exhausted(check->arena);
    config_ignore(check, kept);
    return status_ok();
}

static const struct {
    const char *key;
    Status (*set)(ConfigCheck *check, const char *key, const char *value);
    ModelKind kind; /* of models that know it, when `only` */
    bool only;
} keys[] = {
    { "device", set_device, MODEL_ONNX, false },
    { "deterministic", set_deterministic, MODEL_ONNX, false },
    { "precision", set_precision, MODEL_ONNX, false },
    { "max_execution_batch_size", set_split, MODEL_ONNX, false },
    { "pad_variable_length_inputs", set_padding, MODEL_ONNX, false },
    { "shape_buckets", set_buckets, MODEL_ONNX, false },
    { "execute_delay_ms", set_delay, MODEL_IDENTITY, true },
    { "fail_every", set_fail_every, MODEL_IDENTITY, true },
    { "response_count", set_responses, MODEL_IDENTITY, true },
};

static Status check_parameter(ConfigCheck *check, const char *key, const char *value) {
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
        if (strcmp(keys[i].key, key) == 0 && (!keys[i].only || keys[i].kind == check->config->kind))
            return keys[i].set(check, key, value);
    return set_nothing(check, key, value);
}

Status config_check_parameters(ConfigCheck *check) {
    for (size_t i = 0; i < check->message->n_parameters; i++) {
        const Inference__ModelConfig__ParametersEntry *entry = check->message->parameters[i];
        TRY(check_parameter(check, entry->key, entry->value ? entry->value->string_value : ""));
    }
    const QueuePolicy *queue = &check->config->queue;
    if (queue->padding != PADDING_NONE && check->config->sequence)
        return text_message_error(check->text, "parameters", "%s: conflicts with sequence_batching",
                                  queue->bucket_count > 0 ? "shape_buckets"
                                                          : "pad_variable_length_inputs");
    return status_ok();
}
