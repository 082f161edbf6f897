/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Loading one version, and counting who holds it. The steps are: read the file into own memory,
 * import it, decide the batch, build the executor (which optimises and packs), merge the signature,
 * warm up. Nothing of it is shared before it is complete, so none of it needs a lock; afterwards
 * all but the count is fixed.
 *
 * The last reference may go on any thread, usually a worker's after its reply: on_unloaded is told
 * while everything still stands, on_freed when nothing does (whoever owns the device waits for
 * that).
 *
 * Thread: loader; ref and unref any.
 */

#include "runtime/model/model_version.h"

#include "runtime/base/pages.h"
#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/model/ensemble.h"
#include "runtime/model/identity.h"
#include "runtime/model/version_parts.h"
#include "runtime/model/warmup.h"
#include "runtime/onnx/onnx_import.h"

#include <string.h>

enum { ARENA_FIRST_BYTES = 4096, ARENA_BUDGET_BYTES = 64 << 20 };

static void free_version(ModelVersion *version) {
    if (!version)
        return;
    if (version->engine)
        version->engine->api->free(version->engine);
    executor_free(version->executor);
    arena_free(version->arena);
    free(version);
}
DEFINE_AUTO(ModelVersion, free_version);

/* "cpu" and "auto" run anywhere; another device must be the one that the server opened. */
static Status check_device(const ModelLoad *load, const ModelConfig *config) {
    const char *opened = load->device->api->name;
    size_t length = strcspn(config->device, ":");
    if (strcmp(config->device, "auto") == 0 ||
        (strlen(opened) == length && memcmp(opened, config->device, length) == 0))
        return status_ok();
    return status_error(STATUS_FAILED_PRECONDITION,
                        "model '%s' wants device '%s', this server runs on '%s'", load->name,
                        config->device, opened);
}

static Status read_config(const ModelLoad *load, ModelVersion *version) {
    version->config = model_config_default();
    if (load->config_text)
        TRY(model_config_parse(load->config_text, load->config_length, load->name, version->arena,
                               &version->config));
    version->config.name = version->name;
    if (load->model_filename)
        version->config.model_filename =
            arena_strndup(version->arena, load->model_filename, strlen(load->model_filename));
    if (!version->config.model_filename)
        return arena_exhausted(version->arena);
    if (!load->autocomplete &&
        (version->config.input_count == 0 || version->config.output_count == 0))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "model '%s': config.pbtxt must name inputs and outputs when nothing is "
                            "completed from the "
                            "model",
                            load->name);
    return check_device(load, &version->config);
}

static Status read_graph(const ModelLoad *load, const ModelConfig *config, Graph **ret_graph) {
    AUTO(file_bytes_deinit) FileBytes bytes = { 0 };
    TRY(load->files->read(load->files, config->model_filename, load->file_limit_bytes, &bytes));
    Status status = onnx_import_from(load->files, &bytes, NULL, ret_graph);
    return status_prefix(&status, "%s", config->model_filename);
}

static size_t default_rows(const ModelLoad *load) {
    if (!load->autocomplete)
        return 0;
    return load->queue_default ? load->queue_default->max_rows : load->default_max_batch_size;
}

/* How requests queue: the config's word, else the server's batching file, else joined wherever that
 * is safe. */
static QueuePolicy make_queue_policy(const ModelLoad *load, const ModelVersion *version) {
    const ModelConfig *config = &version->config;
    bool own = config->has_dynamic_batching || config->sequence || config->ensemble ||
               config->queue.padding != PADDING_NONE || config->queue.split_rows > 0;
    QueuePolicy policy = own || !load->queue_default ? config->queue : *load->queue_default;
    bool asked = own || load->queue_default;
    bool safe = load->autocomplete && !load->batching_beside && version->executor &&
                executor_rows_independent(version->executor);
    policy.batching = config->max_batch_size > 1 && (asked || safe) && !config->decoupled;
    policy.max_rows = policy.batching ? config->max_batch_size : 1;
    if (policy.split_rows > 0 && config->has_max_batch_size) {
        policy.request_rows = config->max_batch_size;
        policy.max_rows = MIN_OF(policy.split_rows, policy.max_rows);
    }
    if (!policy.batching) {
        policy.request_rows = 0;
        policy.padding = PADDING_NONE;
        policy.allowed_count = 0;
        policy.split_rows = 0;
    }
    while (policy.preferred_count > 0 &&
           policy.preferred_rows[policy.preferred_count - 1] > policy.max_rows)
        policy.preferred_count--;
    return policy;
}

/* Axis 0 of some input is not the batch's rows. */
static bool has_ragged(const ModelConfig *config) {
    bool is_ragged = config->batch_input_count > 0 || config->scatter_output_count > 0;
    for (size_t i = 0; i < config->input_count; i++)
        is_ragged = is_ragged || config->inputs[i].ragged;
    return is_ragged;
}

/* What is no graph. */
static Status build_engine(const ModelLoad *load, ModelVersion *version) {
    TRY(signature_of_config(&version->config, version->arena, &version->signature));
    if (version->config.kind == MODEL_ENSEMBLE)
        return ensemble_engine_new(version, &load->steps, &version->engine);
    return identity_engine_new(&version->config, &version->engine);
}

static Status build_executor(const ModelLoad *load, ModelVersion *version) {
    AUTO(graph_free) Graph *graph = NULL;
    TRY(read_graph(load, &version->config, &graph));
    TRY(model_version_open_optional(version, graph));
    TRY(graph_infer(graph)); /* what cannot vary is not a batch, whatever is declared */
    version->limits_rows = load->queue_default != NULL;
    version->config.max_batch_size =
        signature_max_batch_size(graph, &version->config, default_rows(load));
    bool is_ragged = has_ragged(&version->config);
    ExecutorOptions options = { .device = load->device,
                                .pool = load->pool,
                                .max_rows = is_ragged ? 0 : version->config.max_batch_size,
                                .ragged = is_ragged,
                                .run_memory_limit_bytes = load->run_memory_limit_bytes,
                                .run_work_limit = load->run_work_limit,
                                .optimise = true,
                                .precision = version->config.bf16 ? PRECISION_BF16 : PRECISION_F32,
                                .deterministic = version->config.deterministic };
    TRY(executor_new(graph, &options, &version->executor));
    (void)TAKE(graph);
    return signature_make(version->executor, &version->config, version->arena, &version->signature);
}

Status model_version_load(const ModelLoad *given, ModelVersion **ret_version) {
    ModelLoad own = *given;
    const ModelLoad *load = &own;
    AUTO(free_version) ModelVersion *version = calloc(1, sizeof *version);
    if (!version)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    TRY(arena_new(ARENA_FIRST_BYTES, ARENA_BUDGET_BYTES, &version->arena));
    version->name = arena_strndup(version->arena, load->name, strlen(load->name));
    if (!version->name)
        return arena_exhausted(version->arena);
    version->number = load->number;
    if (load->batching_beside)
        TRY(model_version_read_batching(load, version->arena, &own.queue_default));
    TRY(read_config(load, version));
    TRY(version->config.kind == MODEL_ONNX ? build_executor(load, version)
                                           : build_engine(load, version));
    TRY(model_version_prepare_sequences(version, load->model_directory));
    TRY(signature_read_labels(&version->signature, &version->config, load->model_directory,
                              version->arena));
    version->queue_policy = make_queue_policy(load, version);
    TRY(model_version_complete(version));
    if (load->warm && version->executor && !has_ragged(&version->config))
        TRY(executor_warm(version->executor));
    if (load->warm)
        TRY(model_version_warm(version, load->model_directory));
    pages_trim_heap();
    ExecutorBytes bytes = { 0 };
    if (version->executor)
        bytes = executor_bytes(version->executor);
    version->bytes = bytes.weights + bytes.arena + arena_used_bytes(version->arena);
    atomic_init(&version->references, 1);
    *ret_version = TAKE(version);
    return status_ok();
}

ModelVersion *model_version_ref(ModelVersion *version) {
    atomic_fetch_add_explicit(&version->references, 1, memory_order_relaxed);
    return version;
}

void model_version_unref(ModelVersion *version) {
    if (!version || atomic_fetch_sub_explicit(&version->references, 1, memory_order_acq_rel) != 1)
        return;
    void (*on_freed)(void *user) = version->on_freed;
    void *user = version->user;
    if (version->on_unloaded)
        version->on_unloaded(user, version);
    free_version(version);
    if (on_freed)
        on_freed(user);
}

void lease_release(Lease *lease) {
    model_version_unref(TAKE(lease->version));
}
