/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One look at the disk: which models and versions are there, which have settled, which are wanted;
 * then, model by model, the actions that version_next_action asks for, until it asks for nothing.
 * The lock is held only to write down what others read.
 *
 * A model whose directory cannot be read keeps what it has in service, says so in its status, and
 * holds up no other. A directory that is gone from a repository is a removal; a base path that is
 * gone is not (a mount may come back). Where nobody watches, only models that are `fresh` are
 * looked at: at start, and when a request or a signal asks.
 *
 * Files beside the versions (config.pbtxt, labels) count into every version's fingerprint, so that
 * a change of them reloads what is in service.
 *
 * Thread: repo.
 */

#include "runtime/repo/repo_tables.h"

#include "runtime/base/beneath.h"
#include "runtime/base/size.h"
#include "runtime/repo/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

enum { CONFIG_BYTES_MAX = 4 << 20, CONFIG_BUDGET_BYTES = 64 << 20 };

/* One model as it lies on disk now. */
typedef struct Look {
    int directory;
    const char *filename; /* of a single file */
    ScanVersion *versions;
    size_t count;
    ScanFile files;
    uint64_t now_ns, realtime_ns;
    int repository_watch;
} Look;

void repo_moved(void *user, int watch, const char *name) {
    Repo *repo = user;
    if (repo->moved_count == MOVED_IN_MAX)
        return; /* they settle by time */
    char *copy = strdup(name);
    if (copy)
        repo->moved[repo->moved_count++] = (MovedIn){ watch, copy };
}

static bool has_moved_in(const Repo *repo, int watch, const char *name) {
    for (size_t i = 0; watch != WATCH_NONE && i < repo->moved_count; i++)
        if (repo->moved[i].watch == watch && strcmp(repo->moved[i].name, name) == 0)
            return true;
    return false;
}

static void set_model_status(Repo *repo, RepoModel *model, const Status *status) {
    LOCKED(&repo->mutex);
    model->status = *status;
}

/* NULL: out of memory */
static RepoVersion *add_version(Repo *repo, RepoModel *model, int64_t number) {
    size_t capacity = model->version_count == model->version_capacity
                          ? 2 * model->version_capacity + 4
                          : model->version_capacity;
    RepoVersion *version = calloc(1, sizeof *version);
    RepoVersion **versions = calloc(capacity, sizeof *versions);
    VersionView *views = calloc(capacity, sizeof *views);
    if (!version || !versions || !views) {
        free(version);
        free(versions);
        free(views);
        return NULL;
    }
    *version = (RepoVersion){
        .number = number, .model = model, .state = VERSION_START, .watch = WATCH_NONE
    };
    size_t at = 0;
    while (at < model->version_count && model->versions[at]->number < number)
        at++;
    for (size_t i = 0; i < model->version_count; i++)
        versions[i < at ? i : i + 1] = model->versions[i];
    versions[at] = version;
    free(model->views);
    model->views = views;
    RepoVersion **old = model->versions;
    {
        LOCKED(&repo->mutex);
        model->versions = versions;
        model->version_count++;
        model->version_capacity = capacity;
    }
    free(old);
    return version;
}

static Status read_config_text(const Repo *repo, const RepoModel *model, int directory,
                               char **ret_text, size_t *ret_length) {
    if (model->override.config_text) {
        *ret_length = model->override.config_length;
        *ret_text = strdup(model->override.config_text);
        return *ret_text ? status_ok() : status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    }
    Status status = status_error(STATUS_NOT_FOUND, "no such config");
    if (repo->options.config_path)
        status = beneath_read_file(directory, repo->options.config_path, CONFIG_BYTES_MAX, ret_text,
                                   ret_length);
    if (status.code == STATUS_NOT_FOUND)
        status =
            beneath_read_file(directory, "config.pbtxt", CONFIG_BYTES_MAX, ret_text, ret_length);
    return status.code == STATUS_NOT_FOUND ? status_ok() : status;
}

/* Reads config.pbtxt anew and takes its version policy; a faulty one keeps the policy as it was. */
static Status read_config(const Repo *repo, RepoModel *model, int directory) {
    char *text = NULL;
    size_t length = 0;
    TRY(read_config_text(repo, model, directory, &text, &length));
    free(model->config_text);
    model->config_text = text;
    model->config_length = length;
    AUTO(arena_free) Arena *arena = NULL;
    TRY(arena_new(4096, CONFIG_BUDGET_BYTES, &arena));
    ModelConfig config = model_config_default();
    if (text)
        TRY(model_config_parse(text, length, model->name, arena, &config));
    arena_free(model->config_arena);
    model->config_arena = TAKE(arena);
    model->policy = config.version_policy;
    model->ensemble = config.ensemble;
    if (model->served && model->served->has_version_policy)
        model->policy = model->served->version_policy;
    return status_ok();
}

static void merge_version(Repo *repo, RepoVersion *version, const ScanVersion *scanned,
                          const Look *look) {
    uint64_t fingerprint = scanned->fingerprint + look->files.fingerprint;
    bool renamed = !version->directory || strcmp(version->directory, scanned->directory) != 0;
    if (renamed) {
        char *name = strdup(scanned->directory);
        if (!name)
            return; /* not there this time */
        free(version->directory);
        version->directory = name;
    }
    if (!version->on_disk || version->fingerprint != fingerprint) {
        version->changed_ns = look->now_ns;
        version->moved_in = false;
    }
    /* Told perhaps after it was first seen. */
    if (has_moved_in(repo, version->model->watch, scanned->directory) ||
        has_moved_in(repo, look->repository_watch, version->model->name))
        version->moved_in = true;
    version->on_disk = true;
    version->fingerprint = fingerprint;
    version->newest_ns = MAX_OF(scanned->newest_ns, look->files.newest_ns);
}

/* A directory that arrives whole stays whole: is the version complete as it is now? */
static bool is_quiet(const Repo *repo, const RepoVersion *version, const Look *look) {
    if (version->model->override.directory)
        return true; /* we wrote it, whole */
    SettleView view = { .newest_ns = version->newest_ns,
                        .realtime_ns = look->realtime_ns,
                        .unchanged_ns = look->now_ns - version->changed_ns,
                        .moved_in = version->moved_in,
                        .settle_ns = repo->options.settle_ns };
    return scan_has_settled(&view);
}

static void note_time(Repo *repo, uint64_t time_ns) {
    repo->next_look_ns = MIN_OF(repo->next_look_ns, time_ns);
}

static void watch_version(Repo *repo, RepoVersion *version, const Look *look) {
    AUTO(descriptor_close) int directory = -1;
    if (look->filename)
        return;
    Status status =
        beneath_open(look->directory, version->directory, O_RDONLY | O_DIRECTORY, &directory);
    int watch = status_is_ok(&status) ? watch_add(repo->watch, directory) : WATCH_NONE;
    if (watch != version->watch && watch != WATCH_NONE)
        note_time(
            repo,
            look->now_ns); /* what changed between the scan and the watch is seen by another look */
    version->watch = watch;
}

/* Writes what the scan found into the version records. */
static void merge_versions(Repo *repo, RepoModel *model, const Look *look) {
    for (size_t i = 0; i < model->version_count; i++) {
        RepoVersion *version = model->versions[i];
        bool found = false;
        for (size_t k = 0; k < look->count && !found; k++)
            found = look->versions[k].number == version->number;
        if (found)
            continue;
        if (version->on_disk)
            watch_remove(repo->watch, version->watch);
        version->on_disk = version->settled = false;
        version->watch = WATCH_NONE;
    }
    for (size_t k = 0; k < look->count; k++) {
        RepoVersion *version = repo_find_version_locked(model, look->versions[k].number);
        if (!version)
            version = add_version(repo, model, look->versions[k].number);
        if (!version)
            continue;
        merge_version(repo, version, &look->versions[k], look);
        if (version->on_disk)
            watch_version(repo, version, look);
    }
}

/* May this version be loaded (again), now that it is wanted and quiet? Called under the lock. */
static void consider_locked(RepoVersion *version, bool quiet) {
    bool changed = version->attempted != version->fingerprint;
    if (version->state != VERSION_END || version->busy || !version->aspired || !quiet)
        return;
    if (status_is_ok(&version->status) || changed) {
        version->state = VERSION_START;
        version->attempts = 0;
    }
}

/* Which versions are wanted, and which of those must be loaded anew. */
static void aspire(Repo *repo, RepoModel *model, const Look *look) {
    size_t count = 0, unsettled = 0;
    int64_t *numbers = arena_calloc(repo->scratch, model->version_count, sizeof *numbers);
    bool *aspired = arena_calloc(repo->scratch, model->version_count, sizeof *aspired);
    bool *quiet = arena_calloc(repo->scratch, model->version_count, sizeof *quiet);
    if (!numbers || !aspired || !quiet)
        return;
    for (size_t i = 0; i < model->version_count; i++) {
        RepoVersion *version = model->versions[i];
        if (!version->on_disk)
            continue;
        quiet[i] = is_quiet(repo, version, look);
        version->settled = version->settled || quiet[i];
        if (version->settled)
            numbers[count++] = version->number;
        else
            unsettled++;
        if (!quiet[i])
            note_time(repo, time_after(version->changed_ns, repo->options.settle_ns));
    }
    version_policy_select(&model->policy, numbers, count, aspired);
    LOCKED(&repo->mutex);
    model->unsettled = unsettled;
    model->gone = false;
    model->fresh = unsettled > 0;
    for (size_t i = 0, k = 0; i < model->version_count; i++) {
        RepoVersion *version = model->versions[i];
        version->aspired = version->on_disk && version->settled && aspired[k++];
        consider_locked(version, quiet[i]);
        bool changed = version->aspired && version->fingerprint != version->attempted;
        model->fresh = model->fresh || (changed && !quiet[i]);
    }
}

/* Loaders wait for nothing here: loads run side by side, this only starts them. */
static void act(Repo *repo, RepoModel *model) {
    for (;;) {
        VersionAction action;
        bool busy;
        {
            LOCKED(&repo->mutex);
            for (size_t i = 0; i < model->version_count; i++) {
                const RepoVersion *version = model->versions[i];
                model->views[i] =
                    (VersionView){ version->number, version->state, version->aspired };
            }
            action = version_next_action(model->views, model->version_count);
            busy = action.kind != VERSION_NOTHING && model->versions[action.index]->busy;
        }
        if (action.kind == VERSION_NOTHING ||
            busy) /* a reload in flight ends first, and wakes us */
            return;
        if (action.kind == VERSION_LOAD)
            repo_load(repo, model->versions[action.index]);
        else
            repo_unload(repo, model->versions[action.index]);
    }
}

typedef enum Again { AGAIN_NO, AGAIN_LOAD, AGAIN_GIVE_UP } Again;

/* A load that failed and is to be repeated, or one in service whose files changed. Called under the
 * lock. */
static Again again_locked(Repo *repo, const RepoVersion *version, const Look *look) {
    if (version->busy || !version->on_disk)
        return !version->busy && version->state == VERSION_LOADING ? AGAIN_GIVE_UP : AGAIN_NO;
    if (version->state == VERSION_LOADING) {
        if (!version->aspired)
            return AGAIN_GIVE_UP;
        if (version->retry_ns <= look->now_ns)
            return AGAIN_LOAD;
        note_time(repo, version->retry_ns);
        return AGAIN_NO;
    }
    bool changed = version->fingerprint != version->attempted;
    return version->state == VERSION_AVAILABLE && version->aspired && changed &&
                   is_quiet(repo, version, look)
               ? AGAIN_LOAD
               : AGAIN_NO;
}

static void load_again(Repo *repo, RepoModel *model, const Look *look) {
    for (size_t i = 0; i < model->version_count; i++) {
        RepoVersion *version = model->versions[i];
        Again again;
        Status status = status_ok();
        {
            LOCKED(&repo->mutex);
            again = again_locked(repo, version, look);
            if (again == AGAIN_GIVE_UP) {
                version->state = VERSION_END;
                status = version->status;
            }
        }
        if (again == AGAIN_LOAD)
            repo_load(repo, version);
        else if (again == AGAIN_GIVE_UP)
            repo_tell(repo, version, VERSION_END, &status);
    }
}

static Status look_at(Repo *repo, RepoModel *model, Look *look) {
    model->watch =
        watch_add(repo->watch, look->directory); /* before the listing, so that nothing is missed */
    if (look->filename) {
        ScanVersion *only = arena_calloc(repo->scratch, 1, sizeof *only);
        ScanFile file;
        if (!only)
            return arena_exhausted(repo->scratch);
        TRY(scan_file(look->directory, look->filename, &file));
        *only = (ScanVersion){ 1, look->filename, file.fingerprint, file.newest_ns };
        look->versions = only;
        look->count = 1;
        return status_ok();
    }
    look->files = scan_model_files(look->directory, repo->options.config_path);
    return scan_versions(look->directory, repo->scratch, &look->versions, &look->count);
}

/* The config and its policy, if they may be other than before. */
static void sync_config(Repo *repo, RepoModel *model, const Look *look) {
    Status status = status_ok();
    bool changed = !model->config_arena || model->reread ||
                   model->files_fingerprint != look->files.fingerprint;
    /* Read before the fingerprint is kept: a file that changes now is seen as changed next time. */
    if (changed && !look->filename) {
        status = read_config(repo, model, look->directory);
        if (status_is_ok(&status)) {
            model->files_fingerprint = look->files.fingerprint;
            model->reread = false;
        }
    }
    set_model_status(repo, model, &status);
}

static void sync_model(Repo *repo, RepoModel *model, Look *look) {
    AUTO(descriptor_close) int directory = -1;
    Status status = repo_open_model(repo, model, &directory, &look->filename);
    look->directory = directory;
    if (status_is_ok(&status))
        status = look_at(repo, model, look);
    if (!status_is_ok(&status)) {
        set_model_status(repo, model, &status);
        model->fresh = false;
        act(repo, model); /* what was decided before goes on */
        return;
    }
    look->files.fingerprint += repo_override_fingerprint(&model->override);
    sync_config(repo, model, look);
    repo_sync_steps(repo, model);
    merge_versions(repo, model, look);
    aspire(repo, model, look);
    load_again(repo, model, look);
    act(repo, model);
}

static uint64_t realtime_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

static Look new_look(const Repo *repo) {
    return (Look){ .directory = -1,
                   .now_ns = clock_now_ns(repo->options.clock),
                   .realtime_ns = realtime_ns(),
                   .repository_watch = WATCH_NONE };
}

/* Nothing of it is wanted any more. */
static void withdraw_model(Repo *repo, RepoModel *model, bool is_gone) {
    Look look = new_look(repo);
    merge_versions(repo, model, &look);
    aspire(repo, model, &look);
    {
        LOCKED(&repo->mutex);
        model->gone = is_gone;
    }
    model->fresh = false;
    load_again(repo, model, &look);
    act(repo, model);
}

/* What was decided before goes on, without a look at the disk. */
static void progress_model(Repo *repo, RepoModel *model) {
    Look look = new_look(repo);
    load_again(repo, model, &look);
    act(repo, model);
}

void repo_sync_model(Repo *repo, RepoModel *model) {
    bool is_listed = model->served || model->repository != INDEX_NONE;
    if (!is_listed || model->unwanted) {
        withdraw_model(repo, model, !is_listed && !model->asked);
        return;
    }
    if (!repo->options.watch && !model->fresh) {
        progress_model(repo, model);
        return;
    }
    Look look = new_look(repo);
    if (!model->served)
        look.repository_watch = repo->repository_watches[model->repository];
    sync_model(repo, model, &look);
}

static void watch_child(void *user, int directory) {
    (void)watch_add(((Repo *)user)->watch, directory);
}

/* Which models a repository has. One that cannot be read keeps what it had. */
static void scan_repository(Repo *repo, size_t index) {
    AUTO(descriptor_close)
    int directory = open(repo->options.repositories[index], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char **names = NULL;
    size_t count = 0;
    if (directory < 0)
        return;
    repo->repository_watches[index] = watch_add(repo->watch, directory);
    Status status = scan_models(directory, repo->scratch, watch_child, repo, &names, &count);
    if (!status_is_ok(&status))
        return;
    for (size_t i = 0; i < repo->model_count; i++)
        repo->models[i]->seen = false;
    for (size_t i = 0; i < count; i++) {
        RepoModel *model = repo_find_model(repo, names[i]);
        if (!model)
            model = repo_add_model(repo, names[i]);
        if (!model || model->served ||
            (model->repository != index && model->repository != INDEX_NONE))
            continue; /* of two with one name the first found is served */
        model->repository = index;
        model->seen = true;
    }
    for (size_t i = 0; i < repo->model_count; i++) {
        RepoModel *model = repo->models[i];
        if (model->repository == index && !model->seen)
            model->repository = INDEX_NONE;
    }
}

void repo_rescan(Repo *repo) {
    for (size_t i = 0; i < repo->options.repository_count; i++) {
        arena_reset(repo->scratch);
        scan_repository(repo, i);
    }
}

void repo_sync(Repo *repo) {
    repo->next_look_ns = TIME_NEVER;
    if (repo->options.watch || repo->rescan)
        repo_rescan(repo);
    repo->rescan = false;
    for (size_t i = 0; i < repo->model_count; i++) {
        arena_reset(repo->scratch);
        repo_sync_model(repo, repo->models[i]);
    }
    for (size_t i = 0; i < repo->moved_count; i++)
        free(repo->moved[i].name);
    repo->moved_count = 0;
    LOCKED(&repo->mutex);
    repo->scanned = true;
    cond_broadcast(&repo->changed);
}
