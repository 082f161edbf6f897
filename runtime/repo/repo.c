/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The repository's life: the repo thread's loop, start, stop and free. The loop sleeps until the
 * disk changes, a loader or a last lease reports, or something is due (a version settles, a load is
 * retried, the poll); then it looks at all of the disk, since a look is cheap and a partial one is
 * where errors hide.
 *
 * One mutex guards what requests read (see repo_tables.h); it is held for a lookup, never for I/O,
 * a hook or a load.
 *
 * repo_free gives up the last references and waits for leases to come back and memory to be free,
 * so that the caller may close the device afterwards.
 *
 * Thread: repo for the loop, main for the rest.
 */

#include "runtime/repo/repo_tables.h"

#include "runtime/base/size.h"

#include <string.h>

enum {
    JOBS_MAX = 16384,
    ARENA_FIRST_BYTES = 4096,
    ARENA_BUDGET_BYTES = 64 << 20,
    LOADERS_MAX = 64,
    BUSY_LOOK_NS =
        10 * 1000 * 1000, /* at most a hundred looks a second, however busy the disk is */
};

void repo_tell(Repo *repo, const RepoVersion *version, VersionState state, const Status *status) {
    if (repo->options.hooks.state_changed)
        repo->options.hooks.state_changed(repo->options.hooks.user, version->model->name,
                                          version->number, state, status);
}

static bool is_done(Repo *repo, bool *ret_poked) {
    LOCKED(&repo->mutex);
    *ret_poked = repo->poked;
    repo->poked = false;
    return repo->stopping;
}

static uint64_t time_left(uint64_t now_ns, uint64_t deadline_ns) {
    if (deadline_ns == TIME_NEVER)
        return TIME_NEVER;
    return deadline_ns > now_ns ? deadline_ns - now_ns : 0;
}

/* All that is wanted is looked at, though nobody watches. */
static void look_again(Repo *repo) {
    repo->rescan = true;
    for (size_t i = 0; i < repo->model_count; i++)
        repo->models[i]->fresh = !repo->models[i]->override.config_text;
}

/* What --load-model names is known from the start, so that its absence shows. */
static void want_at_start(Repo *repo) {
    const RepoOptions *options = &repo->options;
    Status missing = status_error(STATUS_NOT_FOUND, "it is in no repository");
    for (size_t i = 0; options->explicit_control && i < options->load_name_count; i++) {
        const char *name = options->load_names[i];
        bool is_new = strcmp(name, "*") != 0 && !repo_find_model(repo, name);
        RepoModel *model = is_new ? repo_add_model(repo, name) : NULL;
        if (!model)
            continue;
        model->asked = true;
        LOCKED(&repo->mutex);
        model->status = missing;
    }
}

static void repo_run(void *user) {
    Repo *repo = user;
    const RepoOptions *options = &repo->options;
    bool poked;
    repo->rescan = true;
    repo_apply_list(repo, options->models, options->model_count);
    want_at_start(repo);
    while (!is_done(repo, &poked)) {
        if (poked)
            look_again(repo);
        repo_begin_changes(repo);
        repo_sync(repo);
        repo_check_changes(repo);
        uint64_t now_ns = clock_now_ns(options->clock);
        uint64_t deadline_ns = options->watch && options->poll_ns > 0
                                   ? time_after(now_ns, options->poll_ns)
                                   : TIME_NEVER;
        deadline_ns = MIN_OF(deadline_ns, repo->next_look_ns);
        uint64_t wait_ns = time_left(now_ns, deadline_ns);
        watch_wait(repo->watch, wait_ns > 0 ? wait_ns : BUSY_LOOK_NS, repo_moved, repo);
    }
}

static char *copy_string(Arena *arena, const char *text) {
    return arena_strndup(arena, text, strlen(text));
}

/* "models/digits.onnx" is the model "digits". */
static Status single_file_model(Arena *arena, const char *path, ServedModel *model) {
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    size_t length = strlen(base);
    if (length > 5 && strcmp(base + length - 5, ".onnx") == 0)
        length -= 5;
    *model = (ServedModel){ .base_path = copy_string(arena, path),
                            .name = arena_strndup(arena, base, length) };
    model->version_policy = (VersionPolicy){ .kind = VERSIONS_LATEST, .latest_count = 1 };
    return model->base_path && model->name ? status_ok() : arena_exhausted(arena);
}

static Status copy_options(const RepoOptions *given, Arena *arena, RepoOptions *options) {
    const char **repositories = arena_calloc(arena, given->repository_count, sizeof *repositories);
    const char **names = arena_calloc(arena, given->load_name_count, sizeof *names);
    ServedModel *models = arena_calloc(arena, given->model_count + 1, sizeof *models);
    QueuePolicy *queue = arena_calloc(arena, 1, sizeof *queue);
    if (!repositories || !names || !models || !queue)
        return arena_exhausted(arena);
    *options = *given;
    for (size_t i = 0; i < given->repository_count; i++)
        if (!(repositories[i] = copy_string(arena, given->repositories[i])))
            return arena_exhausted(arena);
    for (size_t i = 0; i < given->load_name_count; i++)
        if (!(names[i] = copy_string(arena, given->load_names[i])))
            return arena_exhausted(arena);
    for (size_t i = 0; i < given->model_count; i++) {
        models[i] = given->models[i];
        TRY(repo_copy_served(arena, &models[i]));
    }
    if (given->single_file)
        TRY(single_file_model(arena, given->single_file, &models[options->model_count++]));
    if (given->queue_default) {
        *queue = *given->queue_default;
        options->queue_default = queue;
    }
    options->repositories = repositories;
    options->load_names = names;
    options->models = models;
    options->single_file = NULL;
    options->clock = given->clock ? given->clock : clock_monotonic();
    options->load_threads = MAX_OF((size_t)1, MIN_OF(given->load_threads, (size_t)LOADERS_MAX));
    return status_ok();
}

Status repo_new(const RepoOptions *options, Repo **ret_repo) {
    AUTO(repo_free) Repo *repo = calloc(1, sizeof *repo);
    if (!repo)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    mutex_init(&repo->mutex);
    cond_init(&repo->changed);
    list_init(&repo->changes);
    list_init(&repo->active);
    TRY(arena_new(ARENA_FIRST_BYTES, ARENA_BUDGET_BYTES, &repo->arena));
    TRY(arena_new(ARENA_FIRST_BYTES, ARENA_BUDGET_BYTES, &repo->scratch));
    TRY(copy_options(options, repo->arena, &repo->options));
    TRY(watch_new(options->watch, &repo->watch));
    TRY(queue_new(JOBS_MAX, &repo->jobs));
    repo->loaders = arena_calloc(repo->arena, repo->options.load_threads, sizeof *repo->loaders);
    repo->repository_watches = arena_calloc(repo->arena, options->repository_count, sizeof(int));
    if (!repo->loaders || !repo->repository_watches)
        return arena_exhausted(repo->arena);
    *ret_repo = TAKE(repo);
    return status_ok();
}

Status repo_start(Repo *repo) {
    repo->started = true;
    for (size_t i = 0; i < repo->options.load_threads; i++)
        TRY(thread_start(&repo->loaders[i], THREAD_LOADER, "loader", repo_loader_run, repo));
    return thread_start(&repo->thread, THREAD_REPO, "repo", repo_run, repo);
}

void repo_stop(Repo *repo) {
    if (!repo->started)
        return;
    {
        LOCKED(&repo->mutex);
        repo->stopping = true;
        cond_broadcast(&repo->changed);
    }
    watch_wake(repo->watch);
    thread_join(&repo->thread);
    queue_close(repo->jobs);
    for (size_t i = 0; i < repo->options.load_threads; i++)
        thread_join(&repo->loaders[i]);
    repo_discard_jobs(repo);
    repo_fail_changes(repo); /* the repo thread has ended: main is alone */
    repo->started = false;
}

void repo_poke(Repo *repo) {
    {
        LOCKED(&repo->mutex);
        repo->poked = true;
    }
    watch_wake(repo->watch);
}

/* Gives back the repository's own references. Threads have ended. */
static void unload_all(Repo *repo) {
    for (size_t i = 0; i < repo->model_count; i++) {
        for (size_t k = 0; k < repo->models[i]->version_count; k++) {
            RepoVersion *version = repo->models[i]->versions[k];
            bool available;
            {
                LOCKED(&repo->mutex);
                available = version->state == VERSION_AVAILABLE;
            }
            if (available)
                repo_unload(repo, version);
        }
    }
    LOCKED(&repo->mutex);
    while (repo->outstanding > 0)
        cond_wait(&repo->changed, &repo->mutex);
}

void repo_free(Repo *repo) {
    if (!repo)
        return;
    repo_stop(repo);
    unload_all(repo);
    for (size_t i = 0; i < repo->model_count; i++)
        repo_free_model(repo->models[i]);
    free(repo->models);
    for (size_t i = 0; i < repo->moved_count; i++)
        free(repo->moved[i].name);
    queue_free(repo->jobs);
    watch_free(repo->watch);
    arena_free(repo->scratch);
    arena_free(repo->arena);
    cond_deinit(&repo->changed);
    mutex_deinit(&repo->mutex);
    free(repo);
}
