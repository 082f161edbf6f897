/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Loads and unloads. The repo thread makes a job with everything a loader needs (descriptors, the
 * config's text), so that a loader never reads the tables; the loader works for as long as it takes
 * and then publishes under the lock, in one step: the pointer, the state and the count of what is
 * out.
 *
 * A load of a version that is in service already (its files changed) leaves it AVAILABLE; the new
 * one takes its place on success, and a failure shows as the status of a version that still serves.
 *
 * What is loaded ends twice: on_unloaded when the last lease is gone (state END), on_freed when the
 * memory is (repo_free waits for it, since the device must outlive it). Both run on whichever
 * thread returned the last lease.
 *
 * Thread: as said at each function.
 */

#include "runtime/repo/repo_tables.h"

#include "runtime/base/beneath.h"
#include "runtime/base/size.h"
#include "runtime/trust/checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An ensemble looks again for models that are being loaded. */
static const uint64_t STEP_PAUSE_NS = 20 * NS_PER_MS;

typedef struct LoadJob {
    RepoVersion *target; /* looked at under the lock only */
    char *name;
    int64_t number;
    int model_directory, version_directory; /* the first is -1 for a single file */
    char *config_text;
    size_t config_length;
    char *filename; /* of a single file */
} LoadJob;

static void free_job(LoadJob *job) {
    if (!job)
        return;
    descriptor_close_auto_(&job->model_directory);
    descriptor_close_auto_(&job->version_directory);
    free(job->name);
    free(job->config_text);
    free(job->filename);
    free(job);
}
DEFINE_AUTO(LoadJob, free_job);

static Status open_path(const char *path, int *ret_descriptor) {
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return status_from_errno(errno, "model directory");
    *ret_descriptor = descriptor;
    return status_ok();
}

/* The directory that holds a file. */
static Status open_parent(const char *path, const char *filename, int *ret_directory) {
    if (filename == path)
        return open_path(".", ret_directory);
    AUTO(free) char *parent = strndup(path, (size_t)(filename - path));
    if (!parent)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    return open_path(parent, ret_directory);
}

Status repo_open_model(const Repo *repo, const RepoModel *model, int *ret_directory,
                       const char **ret_filename) {
    *ret_filename = NULL;
    if (model->override.directory)
        return open_path(model->override.directory, ret_directory);
    if (!model->served) {
        AUTO(descriptor_close) int repository = -1;
        TRY(open_path(repo->options.repositories[model->repository], &repository));
        return beneath_open(repository, model->name, O_RDONLY | O_DIRECTORY, ret_directory);
    }
    const char *path = model->served->base_path;
    struct stat info;
    if (stat(path, &info) != 0)
        return status_from_errno(errno, "base path");
    if (!S_ISREG(info.st_mode))
        return open_path(path, ret_directory);
    const char *slash = strrchr(path, '/');
    *ret_filename = slash ? slash + 1 : path;
    return open_parent(path, *ret_filename, ret_directory);
}

static char *copy_text(const char *text, size_t length) {
    char *copy = malloc(length + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

static Status make_job(const Repo *repo, RepoVersion *target, LoadJob **ret_job) {
    const RepoModel *model = target->model;
    AUTO(free_job) LoadJob *job = calloc(1, sizeof *job);
    if (!job)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    *job = (LoadJob){
        .target = target, .number = target->number, .model_directory = -1, .version_directory = -1
    };
    const char *filename;
    TRY(repo_open_model(repo, model, &job->model_directory, &filename));
    job->name = strdup(model->name);
    if (model->config_text) {
        job->config_text = copy_text(model->config_text, model->config_length);
        job->config_length = model->config_length;
    }
    if (filename) {
        job->version_directory = descriptor_take(&job->model_directory);
        job->filename = strdup(filename);
    } else {
        TRY(beneath_open(job->model_directory, target->directory, O_RDONLY | O_DIRECTORY,
                         &job->version_directory));
    }
    if (!job->name || (model->config_text && !job->config_text) || (filename && !job->filename))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    *ret_job = TAKE(job);
    return status_ok();
}

/* The last lease is gone. Thread: any. */
static void version_unloaded(void *user, ModelVersion *loaded) {
    Repo *repo = user;
    if (repo->options.hooks.version_gone)
        repo->options.hooks.version_gone(repo->options.hooks.user, loaded);
    RepoVersion *ended = NULL;
    {
        LOCKED(&repo->mutex);
        RepoModel *model =
            repo_find_model_locked(repo, (StringView){ loaded->name, strlen(loaded->name) });
        RepoVersion *version = model ? repo_find_version_locked(model, loaded->number) : NULL;
        if (version && version->leaving == loaded) {
            version->leaving = NULL;
            version->state = VERSION_END;
            ended = version;
        }
        cond_broadcast(&repo->changed);
    }
    if (ended) {
        Status status = status_ok();
        repo_tell(repo, ended, VERSION_END, &status);
        watch_wake(repo->watch); /* it may be wanted again by now */
    }
}

static void version_freed(void *user) {
    Repo *repo = user;
    LOCKED(&repo->mutex);
    repo->outstanding--;
    cond_broadcast(&repo->changed);
}

/* The loader lets go of it, having told what came of it: who waits for the load to be over finds it
 * counted. */
static void end_job(Repo *repo, RepoVersion *target) {
    {
        LOCKED(&repo->mutex);
        target->busy = false;
    }
    watch_wake(repo->watch);
}

/* Thread: loader */
static void publish(Repo *repo, RepoVersion *target, ModelVersion *loaded) {
    ModelVersion *replaced;
    {
        LOCKED(&repo->mutex);
        replaced = target->version;
        target->version = loaded;
        target->state = VERSION_AVAILABLE;
        target->status = status_ok();
        target->attempts = 0;
        cond_broadcast(&repo->changed);
    }
    Status status = status_ok();
    repo_tell(repo, target, VERSION_AVAILABLE, &status);
    model_version_unref(replaced);
    end_job(repo, target);
}

/* How long to wait after so many failures; false: no longer. The first pauses are short and double
 * until they are as long as asked for; those come on top. */
static bool retry_pause(const RepoOptions *options, size_t failures, uint64_t *ret_ns) {
    enum { FIRST_PAUSE_NS = NS_PER_S };
    size_t short_ones = 0;
    for (uint64_t pause_ns = FIRST_PAUSE_NS; pause_ns < options->retry_ns; pause_ns *= 2)
        short_ones++;
    *ret_ns =
        failures <= short_ones ? (uint64_t)FIRST_PAUSE_NS << (failures - 1) : options->retry_ns;
    return options->load_retries > 0 && failures <= options->load_retries + short_ones;
}

/* Thread: loader, repo */
static void fail(Repo *repo, RepoVersion *target, const Status *status) {
    VersionState state;
    bool waits = status->code == STATUS_UNAVAILABLE; /* for the models of its steps */
    {
        LOCKED(&repo->mutex);
        target->status = *status;
        if (target->state == VERSION_LOADING) {
            uint64_t pause_ns = STEP_PAUSE_NS;
            bool again = waits || retry_pause(&repo->options, target->attempts, &pause_ns);
            again = again && target->aspired && !repo->stopping;
            target->attempts -= waits;
            target->retry_ns = time_after(clock_now_ns(repo->options.clock), pause_ns);
            target->state = again ? VERSION_LOADING : VERSION_END;
        }
        state = target->state;
        cond_broadcast(&repo->changed);
    }
    if (!waits || state != VERSION_LOADING)
        repo_tell(repo, target, state, status);
    end_job(repo, target);
}

/* model_repository_agents. Files of a version alone have no model's directory. */
static Status check_checksums(const LoadJob *job, const ModelConfig *config, size_t limit_bytes) {
    for (size_t i = 0; i < config->checksum_count && job->model_directory >= 0; i++)
        TRY(checksum_check(job->model_directory, config->checksums[i].key,
                           config->checksums[i].value, limit_bytes));
    return status_ok();
}

static Status run_job(Repo *repo, const LoadJob *job, ModelVersion **ret_version) {
    const RepoOptions *options = &repo->options;
    VersionSourceOptions trusted = { .trust = options->trust,
                                     .model = job->name,
                                     .version = job->number,
                                     .directory = job->version_directory,
                                     .file_limit_bytes = options->file_limit_bytes };
    AUTO(version_source_free) VersionSource *source = NULL;
    TRY(version_source_new(&trusted, &source));
    ModelLoad load = { .name = job->name,
                       .number = job->number,
                       .files = version_source_files(source),
                       .model_directory = job->model_directory,
                       .config_text = job->config_text,
                       .config_length = job->config_length,
                       .model_filename = job->filename,
                       .queue_default = options->queue_default,
                       .batching_beside = options->batching_beside,
                       .device = options->device,
                       .pool = options->pool,
                       .warm = options->warm,
                       .autocomplete = options->autocomplete,
                       .default_max_batch_size = options->default_max_batch_size,
                       .file_limit_bytes = options->file_limit_bytes,
                       .run_memory_limit_bytes = options->run_memory_limit_bytes,
                       .run_work_limit = options->run_work_limit,
                       .steps = { repo_acquire_step, repo } };
    AUTO(model_version_unref) ModelVersion *version = NULL;
    uint64_t begun_ns = clock_now_ns(options->clock);
    TRY(model_version_load(&load, &version));
    TRY(check_checksums(job, &version->config, options->file_limit_bytes));
    version->load_ns = clock_now_ns(options->clock) - begun_ns;
    if (options->warm && options->hooks.version_warm)
        TRY(options->hooks.version_warm(options->hooks.user, version, load.files));
    TRY(version_source_finish(source));
    if (options->hooks.version_ready)
        TRY(options->hooks.version_ready(options->hooks.user, version));
    version->on_unloaded = version_unloaded;
    version->on_freed = version_freed;
    version->user = repo;
    {
        LOCKED(&repo->mutex);
        repo->outstanding++;
    }
    *ret_version = TAKE(version);
    return status_ok();
}

static bool is_stopping(Repo *repo) {
    LOCKED(&repo->mutex);
    return repo->stopping;
}

void repo_loader_run(void *user) {
    Repo *repo = user;
    thread_set_low_priority();
    LoadJob *next;
    while (!is_stopping(repo) && (next = queue_pop(repo->jobs, TIME_NEVER)) != NULL) {
        AUTO(free_job) LoadJob *job = next;
        RepoVersion *target = job->target;
        ModelVersion *loaded = NULL;
        Status status = is_stopping(repo) ? status_error(STATUS_CANCELLED, "the server stops")
                                          : run_job(repo, job, &loaded);
        if (status_is_ok(&status))
            publish(repo, target, loaded);
        else
            fail(repo, target, &status);
    }
}

void repo_discard_jobs(Repo *repo) {
    LoadJob *job;
    while ((job = queue_pop(repo->jobs, 0)) != NULL)
        free_job(job);
}

void repo_load(Repo *repo, RepoVersion *version) {
    bool is_reload;
    {
        LOCKED(&repo->mutex);
        is_reload = version->state == VERSION_AVAILABLE;
        if (!is_reload)
            version->state = VERSION_LOADING;
        version->busy = true;
        version->attempts++;
    }
    version->attempted = version->fingerprint;
    Status status = status_ok();
    if (!is_reload)
        repo_tell(repo, version, VERSION_LOADING, &status);
    LoadJob *job = NULL;
    status = repo_check_steps(repo, version->model);
    if (status_is_ok(&status))
        status = make_job(repo, version, &job);
    if (status_is_ok(&status) && !queue_try_push(repo->jobs, job)) {
        free_job(job);
        status = status_error(STATUS_RESOURCE_EXHAUSTED, "too many loads wait");
    }
    if (!status_is_ok(&status))
        fail(repo, version, &status);
}

void repo_unload(Repo *repo, RepoVersion *version) {
    ModelVersion *loaded;
    {
        LOCKED(&repo->mutex);
        loaded = TAKE(version->version);
        version->leaving = loaded;
        version->state = VERSION_UNLOADING;
        version->status = status_ok();
        version->attempts = 0;
    }
    Status status = status_ok();
    repo_tell(repo, version, VERSION_UNLOADING, &status);
    model_version_unref(loaded);
}
