/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Versions on disk -> models in service. The repo thread watches (inotify, polling where that does
 * not work), decides by version_next_action and hands loads to loader threads; requests resolve
 * names here and get a Lease.
 */

#include "runtime/base/clock.h"
#include "runtime/config/server_config.h"
#include "runtime/model/model_version.h"
#include "runtime/repo/version_policy.h"
#include "runtime/trust/version_source.h"

typedef struct Repo Repo;

typedef struct RepoHooks {
    /* After a load, where models are warmed up; NULL. files: of the version. Thread: loader. */
    Status (*version_warm)(void *user, ModelVersion *version, const FileSource *files);
    /* Before a version is published / when its last lease is gone. Thread: loader / any. */
    Status (*version_ready)(void *user, ModelVersion *version);
    void (*version_gone)(void *user, ModelVersion *version);
    /* Some version changed state. Thread: repo, loader; no lock held. message: why, or "". */
    void (*state_changed)(void *user, const char *model, int64_t version, VersionState state,
                          const Status *status);
    void *user;
} RepoHooks;

typedef struct RepoOptions {
    /* Either whole repositories (Triton) ... */
    const char *const *repositories;
    size_t repository_count;
    /* ... or named models with a base path each (TensorFlow Serving), a single file being
     * version 1. */
    const ServedModel *models;
    size_t model_count;
    const char *single_file; /* FILE.onnx, or NULL */

    /* Of repositories: these at start, and what is asked for later; "*": all. */
    bool explicit_control;
    const char *const *load_names;
    size_t load_name_count;

    const char *config_path; /* "configs/NAME.pbtxt", where a model has it; NULL: config.pbtxt */
    bool labels_anywhere;    /* a label may be new on a version that is not available yet */
    bool watch;              /* follow changes; false: what is there at start, or when asked for */
    uint64_t poll_ns;        /* where inotify does not work, and as a net beneath it */
    uint64_t settle_ns;      /* a changing version directory must rest that long; 1 s */
    size_t load_threads;     /* 2 */
    size_t load_retries;
    uint64_t retry_ns; /* pause between retries; the first ones come sooner */
    bool autocomplete; /* derive what config.pbtxt leaves out; false: config required (Triton's
                          strict) */
    size_t default_max_batch_size;
    const QueuePolicy *queue_default; /* from the batching file; NULL */
    bool batching_beside;             /* each version has such a file of its own, or none */
    bool warm;
    size_t file_limit_bytes;
    const Trust *trust;            /* lent; NULL: manifests that are there are checked, no more */
    size_t run_memory_limit_bytes; /* as in ExecutorOptions */
    uint64_t run_work_limit;
    Device *device;
    Pool *pool;
    const Clock *clock;
    RepoHooks hooks;
} RepoOptions;

Status repo_new(const RepoOptions *options, Repo **ret_repo);
/* Unloads everything; waits for leases to come back. */
void repo_free(Repo *repo);
DEFINE_AUTO(Repo, repo_free);

/* Starts watching and loading; returns at once. Thread: main. */
Status repo_start(Repo *repo);
/* Stops watching and loading; what is available stays so. */
void repo_stop(Repo *repo);
/* Looks at the disk now (SIGHUP, tests). */
void repo_poke(Repo *repo);
/* Waits until every model found has a version AVAILABLE or at its END. false: deadline. */
bool repo_wait_loaded(Repo *repo, uint64_t deadline_ns);

/* Which version of a model a request wants. */
typedef struct VersionChoice {
    bool has_number;
    int64_t number;
    StringView label; /* empty: none */
} VersionChoice;

/**
 * @name  from the client
 *
 * Errors: NOT_FOUND (no such model, or no such version), FAILED_PRECONDITION (known, but not
 * ready), INVALID_ARGUMENT (no such label). Protocols put their own words to it: see repo_describe.
 * Thread: any; never blocks on loading
 */
Status repo_acquire(Repo *repo, StringView name, const VersionChoice *choice, Lease *ret_lease);

typedef struct VersionStatus {
    int64_t number;
    VersionState state;
    Status status; /* why it ended */
} VersionStatus;

/* All versions ever seen of a model, descending. NOT_FOUND when the model is unknown. Thread: any.
 */
Status repo_model_status(Repo *repo, StringView name, Arena *arena, VersionStatus **ret_versions,
                         size_t *ret_count);
/* Known names in order. */
Status repo_model_names(Repo *repo, Arena *arena, const char ***ret_names, size_t *ret_count);
/* The version labels of a model. NOT_FOUND when it is unknown. Thread: any. */
Status repo_model_labels(Repo *repo, StringView name, Arena *arena, VersionLabel **ret_labels,
                         size_t *ret_count);
/* Models that are wanted, and those of them without a version in service. */
void repo_count_models(Repo *repo, size_t *ret_wanted, size_t *ret_failed);
/* Every model known has a version AVAILABLE, or ended on purpose; none is still to come. */
bool repo_is_ready(Repo *repo);
bool repo_model_is_ready(Repo *repo, StringView name);
