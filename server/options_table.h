/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One row per flag. Included by options.c alone. Names of the same flag are separated by blanks,
 * the preferred one first; defaults are set in options_default (options.c) and shown from there.
 * NOT_YET flags are accepted, so that existing command lines work, and named in the log when they
 * are given.
 */

#define FLAG(names_, group_, kind_, field_, least_, most_, help_)                                  \
    {                                                                                              \
        .names = (names_), .group = (group_), .kind = (kind_),                                     \
        .offset = offsetof(Options, field_), .least = (least_), .most = (most_), .help = (help_)   \
    }
#define NOT_YET(names_, help_)                                                                     \
    { .names = (names_), .group = GROUP_NOT_YET, .kind = OPTION_IGNORED, .help = (help_) }
#define NOT_YET_BOOL(names_, help_)                                                                \
    { .names = (names_), .group = GROUP_NOT_YET, .kind = OPTION_IGNORED_BOOL, .help = (help_) }

enum { MILLION = 1000000, GIB = 1 << 30 };
#define TIB (INT64_C(1) << 40)

static const OptionRow OPTION_TABLE[] = {
    FLAG("model-repository model-store", GROUP_MODELS, OPTION_LIST, repositories, 0, 0,
         "Folder of models, each <model>/<version>/model.onnx; may be given several times."),
    FLAG("model-name", GROUP_MODELS, OPTION_TEXT, model_name, 0, 0,
         "Name of the one model below --model-base-path."),
    FLAG("model-base-path", GROUP_MODELS, OPTION_TEXT, model_base_path, 0, 0,
         "Folder of one model's versions, <version>/model.onnx."),
    FLAG("model-config-file", GROUP_MODELS, OPTION_TEXT, model_config_file, 0, 0,
         "File that lists models and their base paths (ModelServerConfig, text); instead of the "
         "two above."),
    FLAG("file-system-poll-wait-seconds", GROUP_MODELS, OPTION_INT, file_poll_s, -1, MILLION,
         "How often folders are looked at where changes are not reported; 0 or less: only at "
         "start."),
    FLAG("model-control-mode", GROUP_MODELS, OPTION_CONTROL_MODE, control_mode, 0, 0,
         "none: what is there at start; poll: follow changes. (explicit comes later.)"),
    FLAG("repository-poll-secs", GROUP_MODELS, OPTION_INT, repository_poll_s, 1, MILLION,
         "The same as --file-system-poll-wait-seconds for --model-control-mode=poll."),
    FLAG("num-load-threads model-load-thread-count", GROUP_MODELS, OPTION_INT, load_threads, 0, 64,
         "Threads that load models; 0: 2."),
    FLAG("max-num-load-retries model-load-retry-count", GROUP_MODELS, OPTION_INT, load_retries, 0,
         1000, "Attempts after a first load that failed."),
    FLAG("load-retry-interval-micros", GROUP_MODELS, OPTION_INT, load_retry_us, 0,
         INT64_C(86400) * MILLION, "Pause between them."),
    FLAG("disable-auto-complete-config strict-model-config", GROUP_MODELS, OPTION_BOOL,
         disable_autocomplete, 0, 0,
         "Demand a complete config.pbtxt instead of deriving it from the model."),
    FLAG("enable-model-warmup", GROUP_MODELS, OPTION_BOOL, warm, 0, 0,
         "Run a model on zeros before it gets traffic."),
    FLAG("exit-on-error", GROUP_MODELS, OPTION_BOOL, exit_on_error, 0, 0,
         "End with an error when a model cannot be loaded at start."),
    FLAG("max-model-bytes", GROUP_MODELS, OPTION_BYTES, file_limit_bytes, 1, TIB,
         "Largest model file."),

    FLAG("port grpc-port", GROUP_NETWORK, OPTION_INT, port, 0, 65535,
         "Port for gRPC; 0: the kernel picks one, see the log."),
    FLAG("grpc-address", GROUP_NETWORK, OPTION_TEXT, address, 0, 0, "Address to listen on."),
    FLAG("grpc-socket-path", GROUP_NETWORK, OPTION_TEXT, socket_path, 0, 0,
         "Unix socket to listen on as well."),
    FLAG("reuse-grpc-port", GROUP_NETWORK, OPTION_BOOL, reuse_port, 0, 0,
         "Let several processes share the port."),
    FLAG("grpc-channel-arguments", GROUP_NETWORK, OPTION_TEXT, channel_arguments, 0, 0,
         "Arguments for the gRPC core, name=value,..."),
    FLAG("max-streams", GROUP_NETWORK, OPTION_INT, max_streams, 1, MILLION,
         "Concurrent calls per connection."),
    FLAG("grpc-keepalive-time", GROUP_NETWORK, OPTION_INT, keepalive_ms, 1000, INT32_MAX,
         "Milliseconds of silence before a peer is pinged."),
    FLAG("grpc-keepalive-timeout", GROUP_NETWORK, OPTION_INT, keepalive_timeout_ms, 100, INT32_MAX,
         "Milliseconds it has to answer."),
    FLAG("grpc-handshake-timeout", GROUP_NETWORK, OPTION_INT, handshake_timeout_ms, 100, INT32_MAX,
         "Milliseconds a new connection has to introduce itself."),

    FLAG("rest-api-port http-port", GROUP_NETWORK, OPTION_INT, http_port, -1, 65535,
         "Port for HTTP; -1: none; 0: the kernel picks one (as tensorflow_model_server: none)."),
    FLAG("http-address", GROUP_NETWORK, OPTION_TEXT, http_address, 0, 0,
         "Address to listen on for HTTP."),
    FLAG("allow-http", GROUP_NETWORK, OPTION_BOOL, allow_http, 0, 0, "Serve HTTP, given a port."),
    FLAG("rest-api-timeout-in-ms", GROUP_NETWORK, OPTION_INT, http_timeout_ms, 0, INT32_MAX,
         "Milliseconds an inference over HTTP may take; 0: no limit."),
    FLAG("rest-api-enable-cors-support", GROUP_NETWORK, OPTION_BOOL, allow_cors, 0, 0,
         "Let pages of any origin read replies."),
    FLAG("http-max-input-size", GROUP_LIMITS, OPTION_BYTES, http_max_body_bytes, 1024, INT32_MAX,
         "Largest body over HTTP, inflated or not."),
    FLAG("http-max-connections", GROUP_LIMITS, OPTION_INT, http_max_connections, 1, MILLION,
         "Connections over HTTP; the next ones wait in the kernel's queue."),

    FLAG("enable-batching", GROUP_BATCHING, OPTION_BOOL, enable_batching, 0, 0,
         "Batch requests as --batching-parameters-file says; models' own config.pbtxt goes first."),
    FLAG("batching-parameters-file", GROUP_BATCHING, OPTION_TEXT, batching_file, 0, 0,
         "BatchingParameters, text."),
    FLAG("default-max-batch-size", GROUP_BATCHING, OPTION_INT, default_max_batch_size, 0, MILLION,
         "For models that can be batched and do not say how far; 0: they are not."),
    FLAG("max-queue-requests", GROUP_BATCHING, OPTION_INT, queue_requests, 1, INT32_MAX,
         "Requests that may wait per model, unless it says otherwise."),
    FLAG("max-queue-bytes", GROUP_BATCHING, OPTION_BYTES, queue_bytes, 1, TIB, "Their bytes."),
    FLAG("workers", GROUP_BATCHING, OPTION_INT, workers, 0, 4096,
         "Threads that compute; 0: one per core we may use."),
    FLAG(
        "inline-limit-micros", GROUP_BATCHING, OPTION_INT, inline_limit_us, -1, MILLION,
        "Models faster than this run on the network thread; 0: none; -1: 50, or 1000 on one core."),

    FLAG("max-message-bytes", GROUP_LIMITS, OPTION_BYTES, max_message_bytes, 1024, INT32_MAX,
         "Largest request."),
    FLAG("max-header-bytes", GROUP_LIMITS, OPTION_BYTES, header_limit_bytes, 1024, GIB,
         "Largest request apart from its tensors."),
    FLAG("max-request-memory-bytes", GROUP_LIMITS, OPTION_BYTES, request_arena_bytes, 65536, TIB,
         "Memory to decode one request: names, shapes, tensors in typed fields."),
    FLAG("max-live-calls", GROUP_LIMITS, OPTION_INT, max_live_calls, 1, 10 * MILLION,
         "Inferences in progress."),
    FLAG("memory-bytes", GROUP_LIMITS, OPTION_BYTES, memory_bytes, 1 << 20, TIB,
         "Requests and unsent replies together."),

    FLAG("id", GROUP_SERVER, OPTION_TEXT, id, 0, 0, "Name that ServerMetadata gives."),
    FLAG("strict-readiness", GROUP_SERVER, OPTION_BOOL, strict_readiness, 0, 0,
         "Ready only when every model is, not as soon as we answer."),
    FLAG("exit-timeout-secs", GROUP_SERVER, OPTION_INT, exit_timeout_s, 0, MILLION,
         "How long calls in progress may take after SIGTERM."),
    FLAG("drain-pause-millis", GROUP_SERVER, OPTION_INT, drain_pause_ms, 0, MILLION,
         "How long we answer and say NOT_SERVING before we stop listening."),
    FLAG("log-verbose", GROUP_SERVER, OPTION_INT, log_verbose, 0, 9, "1: debug lines too."),
    FLAG("help h", GROUP_SERVER, OPTION_BOOL, help, 0, 0, "This text."),
    FLAG("version", GROUP_SERVER, OPTION_BOOL, version, 0, 0, "Print the version."),

    NOT_YET("rest-api-num-threads http-thread-count", "one thread serves HTTP"),
    NOT_YET("metrics-port", "metrics"),
    NOT_YET("metrics-address", "metrics"),
    NOT_YET_BOOL("allow-metrics", "metrics"),
    NOT_YET_BOOL("allow-cpu-metrics", "metrics"),
    NOT_YET_BOOL("allow-gpu-metrics", "metrics"),
    NOT_YET("monitoring-config-file", "metrics"),
    NOT_YET("ssl-config-file", "TLS"),
    NOT_YET_BOOL("grpc-use-ssl", "TLS"),
    NOT_YET("model-config-file-poll-wait-seconds", "re-reading the list of models"),
    NOT_YET_BOOL("enable-per-model-batching-parameters", "batching files beside models"),
    NOT_YET_BOOL("allow-version-labels-for-unavailable-models", "labels"),
    NOT_YET("load-model", "explicit model control"),
    NOT_YET("grpc-max-threads", "one thread serves gRPC"),
    NOT_YET("grpc-infer-thread-count", "one thread serves gRPC"),
    NOT_YET("grpc-infer-allocation-pool-size", "calls are pooled as needed"),
    NOT_YET("num-unload-threads", "unloading needs no thread of its own"),
    NOT_YET("tensorflow-session-parallelism", "see --workers"),
    NOT_YET("tensorflow-intra-op-parallelism", "see --workers"),
    NOT_YET("tensorflow-inter-op-parallelism", "see --workers"),
    NOT_YET("per-process-gpu-memory-fraction", "CUDA"),
    NOT_YET_BOOL("enable-grpc-healthcheck-service", "health is always served"),
    NOT_YET_BOOL("allow-grpc", "gRPC is always served"),
    NOT_YET_BOOL("flush-filesystem-caches", "files are read once"),
    NOT_YET("saved-model-tags", "SavedModel"),
    NOT_YET("backend-directory", "there are no backends"),
    NOT_YET("backend-config", "there are no backends"),
    NOT_YET("trace-config", "traces"),
    NOT_YET("rate-limit", "rate limits"),
    NOT_YET_BOOL("log-info", "see --log-verbose"),
    NOT_YET_BOOL("log-warning", "see --log-verbose"),
    NOT_YET_BOOL("log-error", "see --log-verbose"),
};
