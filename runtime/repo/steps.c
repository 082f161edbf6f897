/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Ensembles in the repository: finding the models of their steps, and waiting for those that are
 * still being loaded. An ensemble whose step is on its way stays LOADING and is tried again soon;
 * one that leads back to itself never could, and says so at once. Where models are loaded by
 * request, an ensemble brings its steps' along, and takes them with it if asked to.
 *
 * Threads: repo (circles, bringing along); loader, worker (acquire).
 */

#include "runtime/repo/repo_tables.h"

#include "runtime/base/size.h"

#include <string.h>

enum { STEPS_LOOKED_AT = 10000 };

static bool leads_to(const Repo *repo, const RepoModel *from, const RepoModel *target,
                     size_t *left) {
    const EnsembleConfig *ensemble = from->ensemble;
    for (size_t i = 0; ensemble && i < ensemble->step_count; i++) {
        const char *name = ensemble->steps[i].model;
        const RepoModel *step = repo_find_model_locked(repo, (StringView){ name, strlen(name) });
        if (step == target)
            return true;
        if (*left == 0 || (step && leads_to(repo, step, target, left)))
            return true; /* after so many it might as well */
        --*left;
    }
    return false;
}

Status repo_check_steps(const Repo *repo, const RepoModel *model) {
    size_t left = STEPS_LOOKED_AT;
    if (!leads_to(repo, model, model, &left))
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT,
                        "circular dependency between ensembles: '%s' needs itself", model->name);
}

/* May a version of it still become available by itself? */
static bool is_coming_locked(const Repo *repo, const char *name) {
    const RepoModel *model = repo_find_model_locked(repo, (StringView){ name, strlen(name) });
    if (!model)
        return !repo->scanned;
    bool is_coming = model->unsettled > 0 || (!repo->scanned && model->version_count == 0);
    for (size_t i = 0; i < model->version_count && !is_coming; i++) {
        const RepoVersion *version = model->versions[i];
        is_coming = version->aspired &&
                    (version->state == VERSION_START || version->state == VERSION_LOADING);
    }
    return is_coming;
}

Status repo_acquire_step(void *user, const char *model, int64_t version, Lease *ret_lease) {
    Repo *repo = user;
    VersionChoice choice = { .has_number = version > 0, .number = version };
    Status status = repo_acquire(repo, (StringView){ model, strlen(model) }, &choice, ret_lease);
    if (status_is_ok(&status))
        return status;
    bool is_coming;
    {
        LOCKED(&repo->mutex);
        is_coming = is_coming_locked(repo, model);
    }
    if (is_coming)
        return status_error(STATUS_UNAVAILABLE, "model '%s' of a step is still being loaded",
                            model);
    return status_error(STATUS_FAILED_PRECONDITION, "model '%s' of a step is not in service",
                        model);
}

/* NULL: not there, or as it should be already. */
static RepoModel *change_step(Repo *repo, const EnsembleStep *step, bool unwanted) {
    RepoModel *model = repo_find_model(repo, step->model);
    return model && model->unwanted != unwanted ? model : NULL;
}

void repo_sync_steps(Repo *repo, RepoModel *model) {
    bool due = model->wants_steps && model->ensemble;
    model->wants_steps = false; /* once: what is unloaded later stays so */
    for (size_t i = 0; due && i < model->ensemble->step_count; i++) {
        RepoModel *step = change_step(repo, &model->ensemble->steps[i], false);
        if (!step)
            continue;
        {
            LOCKED(&repo->mutex);
            step->unwanted = false;
        }
        step->fresh = step->wants_steps = true;
        repo_sync_model(repo, step);
    }
}

void repo_unwant_steps(Repo *repo, RepoModel *model) {
    for (size_t i = 0; model->ensemble && i < model->ensemble->step_count; i++) {
        RepoModel *step = change_step(repo, &model->ensemble->steps[i], true);
        if (!step)
            continue;
        repo_unload_model(repo, step);
        repo_unwant_steps(repo, step);
    }
}
