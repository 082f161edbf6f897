/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Wiring. The order of starting is that of need: pool, outputs and scheduler before the repository,
 * whose loaders publish queues; the rpc server before the first load, so that health and status
 * answer from the start (NOT_SERVING). Stopping goes backwards: no calls, no versions, no threads,
 * no scheduler. Thread: main.
 */

#include "server/serving.h"

#include "runtime/base/log.h"
#include "runtime/base/thread.h"
#include "runtime/base/size.h"
#include "runtime/config/server_config.h"
#include "runtime/device/device_open.h"
#include "server/inherited.h"
#include "server/metrics_page.h"
#include "runtime/repo/change.h"
#include "server/rate_limit.h"
#include "server/repo_hooks.h"
#include "server/rpc/core_compat.h"
#include "server/text_file.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

enum { LOAD_THREADS = 2 };

/* --- configuration files --- */

/* The models of --model-config-file, or the one of --model-base-path. */
static Status served_models(const Options *options, Arena *arena, const ServedModel **ret_models,
                            size_t *ret_count) {
    if (options->model_config_file) {
        const char *text;
        size_t length;
        TRY(text_file_read(options->model_config_file, arena, &text, &length));
        Status status = served_models_parse(text, length, arena, ret_models, ret_count);
        return status_is_ok(&status) ? status
                                     : status_prefix(&status, "%s", options->model_config_file);
    }
    if (!options->model_base_path)
        return status_ok();
    ServedModel *model = arena_calloc(arena, 1, sizeof *model);
    if (!model)
        return arena_exhausted(arena);
    model->name = options->model_name ? options->model_name : "default";
    model->base_path = options->model_base_path;
    *ret_models = model;
    *ret_count = 1;
    return status_ok();
}

/* NULL: models' own policies only. */
static Status queue_default(const Options *options, Arena *arena, const QueuePolicy **ret_policy) {
    if (!options->enable_batching || !options->batching_file || options->per_model_batching)
        return status_ok();
    const char *text;
    size_t length;
    TRY(text_file_read(options->batching_file, arena, &text, &length));
    QueuePolicy *policy = arena_calloc(arena, 1, sizeof *policy);
    if (!policy)
        return arena_exhausted(arena);
    Status status = batching_parameters_parse(text, length, arena, policy);
    *ret_policy = policy;
    return status_is_ok(&status) ? status : status_prefix(&status, "%s", options->batching_file);
}

/* --- what was named must be there --- */

/* A mistyped path would otherwise be a server that is ready and serves nothing. An empty repository
 * is fine: models may come later, and so may the base path of one model, as TensorFlow Serving has
 * it. */
static Status check_path(const char *path, bool is_folder) {
    struct stat info;
    const char *what = is_folder ? "model repository" : "model file";
    if (stat(path, &info)) {
        Status status = status_from_errno(errno, path);
        return status_prefix(&status, "%s", what);
    }
    if (is_folder ? !S_ISDIR(info.st_mode) : !S_ISREG(info.st_mode))
        return status_error(STATUS_INVALID_ARGUMENT, "%s: %s: not a %s", what, path,
                            is_folder ? "folder" : "file");
    return status_ok();
}

static Status check_paths(const Options *options) {
    for (size_t i = 0; i < options->repositories.count; i++)
        TRY(check_path(options->repositories.items[i], true));
    return options->single_file ? check_path(options->single_file, false) : status_ok();
}

/* --- parts --- */

static bool take_batch(void *scheduler, size_t worker_index) {
    return scheduler_take(scheduler, worker_index);
}

/* With one core there is nothing to overlap: handing a batch to a worker only costs switches (of
 * 64 digits a call, 0.79 of the bare executor's throughput handed over, 0.90 in place). */
static uint64_t inline_limit_ns(int64_t given_us) {
    enum { SHARED_US = 50, LONE_CORE_US = 1000 };
    if (given_us < 0)
        given_us = thread_core_count() == 1 ? LONE_CORE_US : SHARED_US;
    return (uint64_t)given_us * NS_PER_US;
}

static Status start_compute(Serving *serving) {
    const Options *options = serving->options;
    TRY(pool_new((size_t)options->workers, &serving->pool));
    TRY(output_pool_new((size_t)options->memory_bytes, &serving->outputs));
    if (options->cache_bytes > 0)
        TRY(response_cache_new((size_t)options->cache_bytes, &serving->cache));
    SchedulerOptions scheduler = {
        .clock = clock_monotonic(),
        .pool = serving->pool,
        .outputs = serving->outputs,
        .cache = serving->cache,
        .max_queue_requests = (size_t)options->queue_requests,
        .max_queue_bytes = (size_t)options->queue_bytes,
        .inline_limit_ns = inline_limit_ns(options->inline_limit_us),
        .has_lone_core = thread_core_count() == 1,
        .batch_memory_bytes = (size_t)options->memory_bytes,
    };
    TRY(rate_limit_of(options, serving->arena, &scheduler));
    TRY(scheduler_new(&scheduler, &serving->scheduler));
    pool_set_source(serving->pool, take_batch, serving->scheduler);
    TRY(timer_new(serving->scheduler, &serving->timer));
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host, .pool = serving->pool };
    const char *note = "";
    TRY(device_open("auto", &host, &serving->device, &note));
    log_event(LOG_INFO, "device", "note=%s workers=%zu", LOG_TEXT(note),
              pool_thread_count(serving->pool));
    return status_ok();
}

/* What is watched, and how often it is looked at; false: only at start. */
static bool watch_interval(const Options *options, uint64_t *ret_ns) {
    bool by_mode = *options->control_mode != '\0';
    int64_t seconds = by_mode ? options->repository_poll_s : options->file_poll_s;
    *ret_ns = seconds > 0 ? (uint64_t)seconds * NS_PER_S : 0;
    return by_mode ? !strcmp(options->control_mode, "poll") : seconds > 0;
}

/* Triton's configs/NAME.pbtxt. */
static Status config_path(const Options *options, Arena *arena, const char **ret_path) {
    char path[300];
    const char *name = options->model_config_name;
    if (!name || !*name)
        return status_ok();
    int length = snprintf(path, sizeof path, "configs/%s.pbtxt", name);
    if (length >= (int)sizeof path || strchr(name, '/'))
        return status_error(STATUS_INVALID_ARGUMENT, "--model-config-name: '%s' is no file's name",
                            name);
    *ret_path = arena_strndup(arena, path, (size_t)length);
    return *ret_path ? status_ok() : arena_exhausted(arena);
}

static Status make_repo(Serving *serving) {
    const Options *options = serving->options;
    RepoOptions repo = {
        .repositories = options->repositories.items,
        .repository_count = options->repositories.count,
        .single_file = options->single_file,
        .explicit_control = !strcmp(options->control_mode, "explicit"),
        .load_names = options->load_models.items,
        .load_name_count = options->load_models.count,
        .settle_ns = NS_PER_S,
        .load_threads =
            options->load_threads ? (size_t)options->load_threads : (size_t)LOAD_THREADS,
        .load_retries = options->check ? 0 : (size_t)options->load_retries,
        .retry_ns = (uint64_t)options->load_retry_us * NS_PER_US,
        .autocomplete = !options->disable_autocomplete,
        .default_max_batch_size = (size_t)options->default_max_batch_size,
        .warm = options->warm,
        .labels_anywhere = options->labels_anywhere,
        .file_limit_bytes = (size_t)options->file_limit_bytes,
        .trust = &serving->trust,
        .batching_beside = options->enable_batching && options->per_model_batching,
        .run_memory_limit_bytes = (size_t)options->run_memory_bytes,
        .run_work_limit = (uint64_t)options->run_comparisons,
        .device = serving->device,
        .pool = serving->pool,
        .clock = clock_monotonic(),
        .hooks = repo_hooks_of(serving),
    };
    TRY(config_path(options, serving->arena, &repo.config_path));
    repo.watch = watch_interval(options, &repo.poll_ns);
    TRY(served_models(options, serving->arena, &repo.models, &repo.model_count));
    TRY(queue_default(options, serving->arena, &repo.queue_default));
    return repo_new(&repo, &serving->repo);
}

static Status format_address(const Options *options, char *buffer, size_t bytes) {
    bool needs_brackets = strchr(options->address, ':') && *options->address != '[';
    int length = snprintf(buffer, bytes, needs_brackets ? "[%s]:%lld" : "%s:%lld", options->address,
                          (long long)options->port);
    if (length < 0 || (size_t)length >= bytes)
        return status_error(STATUS_INVALID_ARGUMENT, "--grpc-address is too long");
    return status_ok();
}

/* What is bound to a name or an address that others may reach. */
static bool is_loopback(const char *address) {
    return !strcmp(address, "localhost") || !strncmp(address, "127.", 4) ||
           !strcmp(address, "::1") || !strcmp(address, "[::1]");
}

static void warn_of_old_core(const Options *options) {
    char name[128];
    if (core_is_mended() || is_loopback(options->address))
        return;
    core_name(name, sizeof name);
    log_event(LOG_WARN, "core_is_old", "address=%s core=%s reason=%s", LOG_TEXT(options->address),
              LOG_TEXT(name),
              LOG_TEXT("hostile clients can stop it or fill its memory; build with "
                       "-Dgrpc=bundled before others can reach it"));
}

static Status start_rpc(Serving *serving) {
    const Options *options = serving->options;
    char tcp[300], local[PATH_MAX + 8];
    const char *addresses[2];
    size_t count = 0;
    /* TensorFlow Serving's port 0 means none, if there is a socket. */
    bool no_tcp = options->personality == PERSONALITY_TENSORFLOW && options->port == 0 &&
                  options->socket_path;
    TRY(format_address(options, tcp, sizeof tcp));
    if (!no_tcp)
        addresses[count++] = tcp;
    if (options->socket_path) {
        snprintf(local, sizeof local, "unix:%s", options->socket_path);
        addresses[count++] = local;
    }
    RpcOptions rpc = {
        .addresses = addresses,
        .address_count = count,
        .methods = METHOD_TABLE,
        .method_count = METHOD_COUNT,
        .limits = { .max_live_calls = (size_t)options->max_live_calls,
                    .max_bytes = (size_t)options->memory_bytes,
                    .max_message_bytes = (size_t)options->max_message_bytes,
                    .max_inflated_bytes = (size_t)options->inflated_limit_bytes },
        .core_memory_bytes = (size_t)options->memory_bytes,
        .max_streams = (size_t)options->max_streams,
        .handshake_timeout_ns = (uint64_t)options->handshake_timeout_ms * NS_PER_MS,
        .max_connections = (size_t)options->max_connections,
        .max_peer_connections = (size_t)options->max_peer_connections,
        .inherited_fd = inherited_socket("grpc"),
        .connection_idle_ns = (uint64_t)options->connection_idle_ms * NS_PER_MS,
        .connection_age_ns = (uint64_t)options->connection_age_ms * NS_PER_MS,
        .connection_age_grace_ns = (uint64_t)options->connection_age_grace_ms * NS_PER_MS,
        .keepalive_time_ns = (uint64_t)options->keepalive_ms * NS_PER_MS,
        .keepalive_timeout_ns = (uint64_t)options->keepalive_timeout_ms * NS_PER_MS,
        .keepalive_without_calls = options->keepalive_without_calls,
        .max_pings_without_data = (uint64_t)options->max_pings_without_data,
        .min_ping_interval_ms = (uint64_t)options->min_ping_interval_ms,
        .max_ping_strikes = (uint64_t)options->max_ping_strikes,
        .reply_compression = options->reply_compression,
        .reuse_port = options->reuse_port,
        .tls = serving->tls,
        .channel_arguments = options->channel_arguments,
    };
    TRY(rpc_server_new(&rpc, &serving->context, &serving->rpc));
    TRY(rpc_server_start(serving->rpc));
    log_event(LOG_INFO, "listening", "port=%d address=%s", rpc_server_port(serving->rpc),
              LOG_TEXT(no_tcp ? local : options->address));
    if (!no_tcp)
        warn_of_old_core(options);
    return status_ok();
}

/* The flags of both other servers are about gRPC alone. */
static Tls *http_tls(const Serving *serving) {
    const Options *options = serving->options;
    return options->tls_grpc_only || options->tls_config_file ? NULL : serving->tls;
}

static Status start_http(Serving *serving) {
    const Options *options = serving->options;
    bool zero_is_none = options->personality == PERSONALITY_TENSORFLOW;
    if (!options->allow_http || options->http_port < 0 || (zero_is_none && !options->http_port))
        return status_ok();
    HttpOptions http = {
        .address = options->http_address,
        .port = (int)options->http_port,
        .inherited_fd = inherited_socket("http"),
        .reuse_port = options->reuse_port,
        .tls = http_tls(serving),
        .limits = { .max_live_calls = (size_t)options->max_live_calls,
                    .max_bytes = (size_t)options->memory_bytes,
                    .max_message_bytes = (size_t)options->http_max_body_bytes,
                    .max_inflated_bytes = (size_t)options->inflated_limit_bytes },
        .max_connections = (size_t)options->http_max_connections,
        .max_peer_connections = (size_t)options->http_max_peer_connections,
        .request_timeout_ns =
            options->http_timeout_ms ? (uint64_t)options->http_timeout_ms * NS_PER_MS : TIME_NEVER,
        .allow_cors = options->allow_cors,
    };
    TRY(http_server_new(&http, &serving->context, &serving->http));
    TRY(http_server_start(serving->http));
    log_event(LOG_INFO, "listening", "protocol=%s port=%d address=%s", http.tls ? "https" : "http",
              http_server_port(serving->http), LOG_TEXT(options->http_address));
    return status_ok();
}

/* The port that Triton has for metrics alone. */
static Status start_metrics(Serving *serving) {
    const Options *options = serving->options;
    if (!options->allow_metrics || options->metrics_port < 0)
        return status_ok();
    enum { BODY_BYTES = 1024, CONNECTIONS = 100 };
    HttpOptions http = {
        .address = options->metrics_address ? options->metrics_address : options->http_address,
        .port = (int)options->metrics_port,
        .limits = { .max_live_calls = CONNECTIONS,
                    .max_bytes = BODY_BYTES * CONNECTIONS,
                    .max_message_bytes = BODY_BYTES },
        .max_connections = CONNECTIONS,
        .max_peer_connections = CONNECTIONS,
        .request_timeout_ns = TIME_NEVER,
        .tls = http_tls(serving),
        .only_metrics = true,
    };
    Status status = http_server_new(&http, &serving->context, &serving->metrics_http);
    if (status.code == STATUS_UNIMPLEMENTED) /* built without HTTP: the default port is no wish */
        return status_ok();
    TRY(status);
    TRY(http_server_start(serving->metrics_http));
    log_event(LOG_INFO, "listening", "protocol=metrics port=%d address=%s",
              http_server_port(serving->metrics_http), LOG_TEXT(http.address));
    return status_ok();
}

/* TensorFlow Serving tells metrics only where a file says so; we do at its path from the start. */
static Status metrics_path(const Options *options, Arena *arena, const char **ret_path) {
    *ret_path = options->personality == PERSONALITY_TENSORFLOW ? NULL : METRICS_PATH_DEFAULT;
    if (!options->monitoring_file)
        return status_ok();
    const char *text;
    size_t length;
    TRY(text_file_read(options->monitoring_file, arena, &text, &length));
    Status status = monitoring_config_parse(text, length, arena, ret_path);
    return status_is_ok(&status) ? status : status_prefix(&status, "%s", options->monitoring_file);
}

static Status make_metrics(Serving *serving) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    serving->start_epoch_ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
    return metrics_new(&serving->metrics);
}

/* --- together --- */

static Status start_tls(Serving *serving) {
    const Options *options = serving->options;
    TlsOptions tls = { .cert_file = options->tls_cert,
                       .key_file = options->tls_key,
                       .ca_file = options->tls_ca,
                       .mutual = options->tls_mutual,
                       .config_file = options->tls_config_file };
    bool wanted = tls.cert_file || tls.key_file || tls.ca_file || tls.config_file || tls.mutual ||
                  options->tls_grpc_only;
    return wanted ? tls_new(&tls, &serving->tls) : status_ok();
}

static Status start_access(Serving *serving) {
    const Options *options = serving->options;
    AccessOptions access = {
        .tokens_file = options->tokens_file,
        .jwks_file = options->jwks_file,
        .jwt = { .issuer = options->jwt_issuer, .audience = options->jwt_audience },
        .policy_file = options->policy_file,
        .certificates = serving->tls != NULL,
        .grpc_restrictions = options->grpc_restrictions.items,
        .grpc_restriction_count = options->grpc_restrictions.count,
        .http_restrictions = options->http_restrictions.items,
        .http_restriction_count = options->http_restrictions.count,
    };
    return access_new(&access, &serving->access);
}

void serving_refresh(Serving *serving) {
    memory_guard_refresh(&serving->context.memory);
    if (serving->cache && memory_guard_is_full(&serving->context.memory) &&
        response_cache_counts(serving->cache).entries > 0) {
        response_cache_clear(serving->cache);
        memory_guard_expect_less(&serving->context.memory);
        memory_guard_refresh(&serving->context.memory);
    }
    if (serving->access)
        access_refresh(serving->access);
    if (serving->tls)
        tls_refresh(serving->tls);
}

/* Whether models come from a list, which clients may send anew, as TensorFlow Serving has it. */
static ManageRules manage_rules(const Options *options) {
    bool has_list = options->model_config_file || options->model_base_path;
    ManageRules rules = { .reload = has_list && options->allow_reload,
                          .load = !strcmp(options->control_mode, "explicit") };
    rules.label = rules.reload || rules.load || options->allow_label_changes;
    return rules;
}

static Status make_settings(const Options *options, Settings **ret_settings) {
    TraceSettings trace = {
        .timestamps = options->trace.timestamps,
        .tensors = options->trace.tensors,
        .rate = (uint64_t)options->trace.rate,
        .count = options->trace.count,
        .log_frequency = (uint64_t)options->trace.log_frequency,
    };
    LogSettings log = { .info = options->log_info,
                        .warning = options->log_warning,
                        .error = options->log_error,
                        .verbose = (uint32_t)options->log_verbose,
                        .format = "default",
                        .file = options->log_file ? options->log_file : "" };
    log_set_level(settings_log_level(&log));
    return settings_new(&log, &trace, options->trace.file, ret_settings);
}

Status serving_start(const Options *options, const char *version, Serving *serving) {
    *serving = (Serving){ .options = options, .trust = serving->trust };
    TRY(check_paths(options));
    TRY(arena_new(4096, 4 * (size_t)TEXT_FILE_LIMIT, &serving->arena));
    TRY(make_metrics(serving));
    TRY(start_tls(serving));
    TRY(start_access(serving));
    TRY(shared_memory_new(options->allow_client_shm, &serving->shared_memory));
    TRY(make_settings(options, &serving->settings));
    TRY(start_compute(serving));
    TRY(make_repo(serving));
    serving->context = (ServerContext){
        .repo = serving->repo,
        .scheduler = serving->scheduler,
        .pool = serving->pool,
        .metrics = serving->metrics,
        .metrics_text = options->allow_metrics ? metrics_page_make : NULL,
        .metrics_user = serving,
        .access = serving->access,
        .name = options->id,
        .version = version,
        .strict_readiness = options->strict_readiness,
        .console = options->console,
        .manage = manage_rules(options),
        .shared_memory = serving->shared_memory,
        .settings = serving->settings,
        .header_limit_bytes = (size_t)options->header_limit_bytes,
        .request_arena_bytes = (size_t)options->request_arena_bytes,
    };
    TRY(model_list_new(options, serving->repo, &serving->list));
    serving->context.audit.every = (uint64_t)options->access_log_every;
    overload_init(&serving->context.overload);
    memory_guard_init(&serving->context.memory, (size_t)options->memory_limit_bytes);
    if (options->check)
        return status_ok();
    TRY(metrics_path(options, serving->arena, &serving->context.metrics_path));
    TRY(start_rpc(serving));
    TRY(start_metrics(serving));
    return start_http(serving);
}

Status serving_load(Serving *serving) {
    return repo_start(serving->repo);
}

void serving_deinit(Serving *serving) {
    http_server_close(serving->metrics_http);
    if (serving->repo)
        repo_end_changes(serving->repo);
    http_server_close(serving->http);
    rpc_server_close(serving->rpc); /* no more calls, so leases come back */
    repo_free(serving->repo);       /* its hooks still tell the rpc server */
    model_list_free(serving->list);
    rpc_server_free(serving->rpc);
    http_server_free(serving->http);
    http_server_free(serving->metrics_http);
    shared_memory_free(serving->shared_memory);
    settings_free(serving->settings);
    timer_free(serving->timer);
    pool_free(serving->pool);
    scheduler_free(serving->scheduler);
    device_close(serving->device);
    response_cache_free(serving->cache);
    output_pool_free(serving->outputs);
    access_free(serving->access);
    trust_deinit(&serving->trust);
    tls_free(serving->tls);
    metrics_free(serving->metrics);
    arena_free(serving->arena);
    overload_deinit(&serving->context.overload);
}
