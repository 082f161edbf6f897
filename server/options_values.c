/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Words that a flag takes, checked once. Thread: main. */

#include "server/options_values.h"

#include "runtime/base/size.h"

#include <stdlib.h>
#include <string.h>

Status option_set_control_mode(const char *value, const char **dst) {
    if (strcmp(value, "none") != 0 && strcmp(value, "poll") != 0 && strcmp(value, "explicit") != 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "--model-control-mode: expected none, poll or explicit, got '%s'",
                            value);
    *dst = value;
    return status_ok();
}

Status option_set_rate_limit(const char *value, const char **dst) {
    if (strcmp(value, "off") != 0 && strcmp(value, "execution_count") != 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "--rate-limit: expected off or execution_count, got '%s'", value);
    *dst = value;
    return status_ok();
}

Status option_cache_size(const char *value, const char **ret_bytes) {
    static const char prefix[] = "local,size=";
    if (strncmp(value, prefix, sizeof prefix - 1) != 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "--cache-config: expected local,size=BYTES, got '%s'", value);
    *ret_bytes = value + sizeof prefix - 1;
    return status_ok();
}

static Status bad_trace(const char *value) {
    return status_error(STATUS_INVALID_ARGUMENT,
                        "--trace-config: expected mode=triton, level=, rate=, count=, triton,file= "
                        "or triton,log-frequency=, got '%s'",
                        value);
}

static Status set_trace_level(const char *value, TraceOptions *dst) {
    static const struct {
        const char *word;
        bool timestamps, tensors;
    } words[] = { { "OFF", false, false },
                  { "TIMESTAMPS", true, false },
                  { "TENSORS", false, true },
                  { "MIN", true, false },
                  { "MAX", true, false } };
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (strcmp(value, words[i].word) != 0)
            continue;
        dst->timestamps = dst->timestamps || words[i].timestamps;
        dst->tensors = dst->tensors || words[i].tensors;
        return status_ok();
    }
    return status_error(STATUS_INVALID_ARGUMENT,
                        "--trace-config: expected level=OFF, TIMESTAMPS or TENSORS, got '%s'",
                        value);
}

Status option_set_trace(const char *value, TraceOptions *dst) {
    const struct {
        const char *key;
        int64_t least, *number;
    } numbers[] = { { "rate=", 1, &dst->rate },
                    { "count=", -1, &dst->count },
                    { "triton,log-frequency=", 0, &dst->log_frequency } };
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        size_t length = strlen(numbers[i].key);
        if (strncmp(value, numbers[i].key, length) != 0)
            continue;
        char *end;
        long long number = strtoll(value + length, &end, 10);
        if (end == value + length || *end || number < numbers[i].least)
            return bad_trace(value);
        *numbers[i].number = number;
        return status_ok();
    }
    if (!strncmp(value, "triton,file=", 12) && value[12]) {
        dst->file = value + 12;
        return status_ok();
    }
    if (!strncmp(value, "level=", 6))
        return set_trace_level(value + 6, dst);
    if (!strcmp(value, "mode=opentelemetry") || !strncmp(value, "opentelemetry,", 14))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "--trace-config: OpenTelemetry is not supported, got '%s'", value);
    return strcmp(value, "mode=triton") == 0 ? status_ok() : bad_trace(value);
}

Status option_check_resource(const char *value) {
    const char *colon = strchr(value, ':');
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    bool is_right = colon && colon > value && digits > 0 && digits < 10 &&
                    (colon[1 + digits] == '\0' || colon[1 + digits] == ':');
    return is_right ? status_ok()
                    : status_error(STATUS_INVALID_ARGUMENT,
                                   "--rate-limit-resource: expected NAME:COUNT, got '%s'", value);
}
