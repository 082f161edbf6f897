/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What flags are before they are given, and words that one takes, checked once. Thread: main. */

#include "server/options_values.h"

#include "runtime/base/size.h"

#include <stdlib.h>
#include <string.h>

/* What strangers may take of us; see docs/SECURITY.md. */
static void set_limits(Options *options) {
    options->max_connections = 10000;
    options->max_peer_connections = 2000;
    options->http_max_peer_connections = 2000;
    options->inflated_limit_bytes = 16 << 20;
    options->max_streams = 1000;
    options->keepalive_ms = 60000;
    options->keepalive_timeout_ms = 20000;
    options->keepalive_without_calls = true;
    options->max_pings_without_data = 2;
    options->min_ping_interval_ms = 10000;
    options->max_ping_strikes = 2;
    options->handshake_timeout_ms = 10000;
}

static void set_log(Options *options) {
    options->log_info = options->log_warning = options->log_error = true;
    options->trace = (TraceOptions){ .rate = 1000, .count = -1 };
}

Options option_defaults(Personality personality) {
    Options options = {
        .personality = personality,
        .control_mode = "",
        .sandbox = "auto",
        .allow_reload = true,
        .file_poll_s = 1,
        .repository_poll_s = 15,
        .load_retry_us = 60 * 1000000,
        .strict_readiness = true,
        .warm = true,
        .file_limit_bytes = INT64_C(16) << 30,
        .run_memory_bytes = INT64_C(1) << 30,
        .run_comparisons = INT64_C(1) << 33,
        .port = 8500,
        .address = "0.0.0.0",
        .http_port = -1,
        .http_address = "0.0.0.0",
        .allow_http = true,
        .allow_metrics = true,
        .console = true,
        .metrics_port = -1,
        .http_timeout_ms = 30000,
        .http_max_body_bytes = 64 << 20,
        .http_max_connections = 10000,
        .reply_compression = "none",
        .default_max_batch_size = 4,
        .queue_requests = 4096,
        .queue_bytes = INT64_C(1) << 30,
        .inline_limit_us = -1,
        .max_message_bytes = 256 << 20,
        .max_live_calls = 10000,
        .memory_bytes = INT64_C(4) << 30,
        .header_limit_bytes = 1 << 20,
        .request_arena_bytes = INT64_C(1) << 30,
        .id = "inferd",
        .exit_timeout_s = 30,
        .rate_limit = "off",
    };
    set_limits(&options);
    set_log(&options);
    if (personality == PERSONALITY_TENSORFLOW) {
        options.exit_on_error = true;
        options.http_port = 0;
        options.load_retries = 5;
        options.max_message_bytes = INT32_MAX;
    } else if (personality == PERSONALITY_TRITON) {
        options.port = 8001;
        options.http_port = 8000;
        options.metrics_port = 8002;
        options.http_timeout_ms = 0;
        options.id = "triton";
        options.control_mode = "none";
        options.exit_on_error = true;
        options.max_message_bytes = INT32_MAX;
    }
    return options;
}

Status option_set_control_mode(const char *value, const char **dst) {
    if (strcmp(value, "none") != 0 && strcmp(value, "poll") != 0 && strcmp(value, "explicit") != 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "--model-control-mode: expected none, poll or explicit, got '%s'",
                            value);
    *dst = value;
    return status_ok();
}

Status option_set_compression(const char *value, const char **dst) {
    static const char *const words[] = { "none", "low", "medium", "high" };
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (strcmp(value, words[i]) == 0) {
            *dst = words[i];
            return status_ok();
        }
    return status_error(STATUS_INVALID_ARGUMENT,
                        "--grpc-infer-response-compression-level: expected none, low, medium or "
                        "high, got '%s'",
                        value);
}

Status option_set_sandbox(const char *value, const char **dst) {
    if (strcmp(value, "auto") != 0 && strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "--sandbox: expected auto, on or off, got '%s'", value);
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
