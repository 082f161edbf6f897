/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One version of one model, in service or about to be. Counted: the repository holds one reference
 * while the version is available, every Lease one more; the last one gone frees it. Everything in
 * it is fixed after load, so requests read it without a lock.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/file_source.h"
#include "runtime/config/model_config.h"
#include "runtime/model/engine.h"
#include "runtime/model/signature.h"
#include "runtime/tensor/spans.h"

#include <stdatomic.h>

typedef struct ModelQueue ModelQueue;         /* runtime/schedule/scheduler.h */
typedef struct VersionMetrics VersionMetrics; /* server/observe/metrics.h */

/* What a state of a sequence begins with. */
typedef struct InitialState {
    Shape shape; /* of one request, the batch dim included */
    Span span;
} InitialState;

typedef struct ModelVersion {
    /* fixed after load */
    const char *name;
    int64_t number;
    Signature signature;
    ModelConfig config;
    QueuePolicy queue_policy;
    bool limits_rows; /* the batching file says max_batch_size; see model_version_rows_limit */
    const Span *control_spans;          /* two a control of its sequences: no and yes */
    const InitialState *initial_states; /* one a state */
    Executor *executor;                 /* NULL: engine runs it */
    Engine *engine;                     /* NULL: executor does */
    ModelQueue *queue;                  /* the scheduler's; set before the version is published */
    VersionMetrics *metrics;            /* the server's counters; likewise; NULL: not counted */
    Arena *arena;                       /* holds the above */
    size_t bytes;                       /* memory held: weights and arena */
    uint64_t load_ns;                   /* how long it took to load */
    void (*on_unloaded)(void *user,
                        struct ModelVersion *version); /* last reference gone; before the free */
    void (*on_freed)(void *user);                      /* nothing of it is left */
    void *user;
    /* any thread */
    atomic_size_t references;
} ModelVersion;

/* A request's hold on a version: acquired from the repository, released after the reply. */
typedef struct Lease {
    ModelVersion *version; /* NULL when empty */
} Lease;

/* How the steps of an ensemble find their models. */
typedef struct StepModels {
    /**
     * @version  -1: the latest
     *
     * Errors: UNAVAILABLE (it is being loaded), FAILED_PRECONDITION. Thread: loader, worker
     */
    Status (*acquire)(void *user, const char *model, int64_t version, Lease *ret_lease);
    void *user;
} StepModels;

typedef struct ModelLoad {
    const char *name;
    int64_t number;
    const FileSource *files; /* of the version; lent */
    int model_directory;     /* for label files; lent; -1: none */
    const char *config_text; /* content of config.pbtxt; NULL: all defaults; lent */
    size_t config_length;
    const char *model_filename;       /* instead of the config's; NULL */
    const QueuePolicy *queue_default; /* where the config says nothing of batching; NULL */
    bool batching_beside; /* instead of it, batching_params.pbtxt beside the model says how, or that
                             nothing is joined, by not being there */
    Device *device;
    Pool *pool;
    bool warm;
    bool autocomplete; /* false: the config must name inputs and outputs, and nothing is batched
                          unasked */
    size_t default_max_batch_size; /* for batchable models whose config says nothing; Triton's 4 */
    size_t file_limit_bytes;
    size_t run_memory_limit_bytes; /* as in ExecutorOptions */
    uint64_t run_work_limit;
    StepModels steps; /* for ensembles */
} ModelLoad;

/**
 * Reads, imports, optimises, packs, warms. The result has one reference and no queue yet.
 *
 * Errors: those of model_config_parse, onnx_import (prefixed with the file name), executor_new and
 * signature_make; FAILED_PRECONDITION when the config asks for another device Thread: loader
 */
Status model_version_load(const ModelLoad *load, ModelVersion **ret_version);
/* Rows that one request may have. A size that was derived bounds what is joined, not what one
 * client may send: that travels alone. */
static inline size_t model_version_rows_limit(const ModelVersion *version) {
    bool is_said = version->config.has_max_batch_size || version->limits_rows;
    if (version->queue_policy.request_rows > 0) /* it is run in parts */
        return version->queue_policy.request_rows;
    return version->signature.batched && is_said ? version->signature.max_batch_size : SIZE_MAX;
}
ModelVersion *model_version_ref(ModelVersion *version);
void model_version_unref(ModelVersion *version);
DEFINE_AUTO(ModelVersion, model_version_unref);

void lease_release(Lease *lease);
DEFINE_AUTO_VALUE(Lease, lease_release);
