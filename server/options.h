/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The command line: the flags of TensorFlow Serving's and Triton's servers and a few of our own, in
 * one table (options_table.h). "-" and "_" are the same character, "--x=v" and "--x v" both parse,
 * booleans may stand alone or as
 * "--no-x". The name the program is called by chooses whose defaults hold.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"

#include <stdint.h>
#include <stdio.h>

typedef enum Personality {
    PERSONALITY_INFERD,
    PERSONALITY_TENSORFLOW,
    PERSONALITY_TRITON
} Personality;

typedef struct TextList {
    const char **items;
    size_t count;
} TextList;

typedef struct TraceOptions {
    bool timestamps, tensors;
    int64_t rate, count, log_frequency;
    const char *file;
} TraceOptions;

/* Values after parsing. Texts are argv's own or the environment's; NULL when not given. */
typedef struct Options {
    Personality personality;
    bool help, version, check;

    TextList repositories;   /* whole ones; a positional DIRECTORY is one of them */
    const char *single_file; /* positional FILE.onnx */
    const char *model_name, *model_base_path, *model_config_file;
    const char *plugin_directory; /* NULL: as built */
    char *joined_path; /* MODEL_BASE_PATH/MODEL_NAME, where the environment says what to serve */
    const char *control_mode; /* "none", "poll", "explicit" */
    TextList load_models;     /* of "explicit": at start */
    bool allow_reload, allow_label_changes;
    bool allow_client_shm;
    int64_t config_poll_s;
    int64_t file_poll_s; /* TensorFlow's; 0 and below: not watched */
    int64_t repository_poll_s;
    int64_t load_threads, load_retries, load_retry_us;
    bool disable_autocomplete, exit_on_error, strict_readiness;
    bool warm;
    int64_t warmup_iterations;
    int64_t file_limit_bytes;
    const char *trust_policy_file;
    TextList model_keys; /* files of keys that models are encrypted with */
    int64_t run_memory_bytes, run_comparisons;

    int64_t port;
    const char *address, *socket_path, *channel_arguments;
    bool reuse_port;
    int64_t http_port; /* -1: none; 0: none for TensorFlow Serving, else the kernel picks one */
    const char *http_address;
    bool allow_http, allow_cors, allow_metrics, console;
    int64_t metrics_port; /* -1: none of its own; 0: the kernel picks one */
    const char *metrics_address, *monitoring_file;
    int64_t http_timeout_ms, http_max_body_bytes, http_max_connections;
    const char *tls_cert, *tls_key, *tls_ca, *tls_config_file;
    bool tls_mutual, tls_grpc_only;
    const char *tokens_file, *jwks_file, *jwt_issuer, *jwt_audience, *policy_file;
    TextList grpc_restrictions, http_restrictions;
    int64_t max_streams, keepalive_ms, keepalive_timeout_ms, handshake_timeout_ms;
    int64_t max_pings_without_data, min_ping_interval_ms, max_ping_strikes;
    bool keepalive_without_calls;
    const char *reply_compression; /* "none", "low", "medium", "high" */

    bool enable_batching, per_model_batching;
    const char *rate_limit;        /* "off", "execution_count" */
    TextList rate_limit_resources; /* "NAME:COUNT" or "NAME:COUNT:DEVICE", checked */
    const char *batching_file;
    int64_t default_max_batch_size, queue_requests, queue_bytes, inline_limit_us, workers;
    int64_t cache_bytes; /* of answers kept; 0: none */

    int64_t access_log_every;
    int64_t max_connections, max_peer_connections, connection_idle_ms, connection_age_ms,
        connection_age_grace_ms;
    int64_t http_max_peer_connections, memory_limit_bytes, inflated_limit_bytes;
    int64_t max_message_bytes, max_live_calls, memory_bytes, header_limit_bytes,
        request_arena_bytes;

    const char *id;
    int64_t log_verbose;
    bool log_info, log_warning, log_error;
    const char *log_file;
    bool labels_anywhere;
    const char *model_config_name;
    TraceOptions trace;
    const char *sandbox; /* "auto", "on", "off" */
    int64_t exit_timeout_s, drain_pause_ms;

    TextList without_effect; /* names of flags that were given, are known and do nothing yet */
} Options;

/**
 * @argv  argv[0] chooses the defaults; kept: texts point into it
 *
 * Errors: INVALID_ARGUMENT naming the flag (and, if it is unknown, the nearest one that is not)
 */
Status options_parse(int argc, char *const *argv, Options *ret_options);
void options_deinit(Options *options);
DEFINE_AUTO_VALUE(Options, options_deinit);

/* All flags by group, at most 100 columns. */
void options_print_help(const Options *options, FILE *file);
