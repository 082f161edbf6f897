/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A change is begun in the tables, the next look at the disk and the loaders do the work, and after
 * each look it is asked whether all models it touches have come to rest: nothing left to look at,
 * to load or to settle. Then labels are set, so that a label may name a version that the same
 * change has loaded, and it is done. Models are apart: what is wrong with one is in the answer, and
 * the others' labels and versions are as asked for.
 *
 * Thread: repo, but for repo_change and repo_end_changes.
 */

#include "runtime/repo/change.h"

#include "runtime/base/size.h"
#include "runtime/repo/repo_tables.h"

#include <string.h>

enum { REASON_MAX = 300, MODELS_MAX = 10000 };

Status repo_change(Repo *repo, RepoChange *change) {
    {
        LOCKED(&repo->mutex);
        if (repo->stopping || repo->changes_ended)
            return status_error(STATUS_UNAVAILABLE, "the server stops");
        change->status = status_ok();
        list_push_back(&repo->changes, &change->node);
    }
    watch_wake(repo->watch);
    return status_ok();
}

void repo_end_changes(Repo *repo) {
    {
        LOCKED(&repo->mutex);
        repo->changes_ended = true;
    }
    watch_wake(repo->watch);
}

/* --- beginning --- */

/* Versions whose load failed are tried anew. */
static void forget_failures(Repo *repo, RepoModel *model) {
    LOCKED(&repo->mutex);
    for (size_t i = 0; i < model->version_count; i++) {
        RepoVersion *version = model->versions[i];
        if (!version->busy && !status_is_ok(&version->status))
            version->attempted = ~version->fingerprint;
    }
}

static void set_unwanted(Repo *repo, RepoModel *model, bool unwanted) {
    LOCKED(&repo->mutex);
    model->unwanted = unwanted;
}

static const ServedModel *find_served(const ServedModel *models, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(models[i].name, name) == 0)
            return &models[i];
    return NULL;
}

static bool same_labels(const RepoModel *model, const ServedModel *served) {
    if (model->label_count != served->version_label_count)
        return false;
    for (size_t i = 0; i < model->label_count; i++)
        if (model->labels[i].number != served->version_labels[i].number ||
            strcmp(model->labels[i].label, served->version_labels[i].label) != 0)
            return false;
    return true;
}

static Status serve(Repo *repo, const ServedModel *served) {
    RepoModel *model = repo_find_model(repo, served->name);
    if (!model && repo->model_count < MODELS_MAX)
        model = repo_add_model(repo, served->name);
    if (!model)
        return status_error(STATUS_RESOURCE_EXHAUSTED,
                            "out of memory, or more than %d models were known", (int)MODELS_MAX);
    set_unwanted(repo, model, false);
    repo_clear_override(model);
    forget_failures(repo, model);
    return repo_serve(model, served);
}

static Status apply_list(Repo *repo, const ServedModel *models, size_t count) {
    Status status = status_ok();
    for (size_t i = 0; i < repo->model_count; i++)
        if (repo->models[i]->served && !find_served(models, count, repo->models[i]->name))
            repo_unserve(repo->models[i]);
    for (size_t i = 0; i < count; i++) {
        Status served = serve(repo, &models[i]);
        if (!status_is_ok(&served))
            status = served;
    }
    return status;
}

/* At start labels are taken as they are: the versions are yet to come. */
void repo_apply_list(Repo *repo, const ServedModel *models, size_t count) {
    (void)apply_list(repo, models, count);
    for (size_t i = 0; i < count; i++) {
        RepoModel *model = repo_find_model(repo, models[i].name);
        if (model)
            (void)repo_set_labels(repo, model, models[i].version_labels,
                                  models[i].version_label_count, true);
    }
}

static Status begin_load(Repo *repo, const RepoChange *change) {
    if (change->base_path) {
        ServedModel served = { .name = change->model, .base_path = change->base_path };
        return serve(repo, &served);
    }
    repo_rescan(repo); /* it may have come since */
    RepoModel *model = repo_find_model(repo, change->model);
    if (!model || (!model->served && model->repository == INDEX_NONE))
        return status_error(STATUS_INTERNAL,
                            "failed to load '%s', failed to poll from model repository",
                            change->model);
    TRY(repo_set_override(model, change));
    set_unwanted(repo, model, false);
    forget_failures(repo, model);
    model->fresh = model->reread = model->wants_steps = true;
    return status_ok();
}

void repo_unload_model(Repo *repo, RepoModel *model) {
    if (model->served)
        repo_unserve(model);
    else
        set_unwanted(repo, model, true);
    model->asked = false;
    repo_clear_override(model);
}

static void begin_unload(Repo *repo, const RepoChange *change) {
    RepoModel *model = repo_find_model(repo, change->model);
    if (!model)
        return;
    repo_unload_model(repo, model);
    if (change->with_steps)
        repo_unwant_steps(repo, model);
}

static void begin(Repo *repo, RepoChange *change) {
    if (change->kind == REPO_CONFIGURE)
        change->status = apply_list(repo, change->models, change->model_count);
    else if (change->kind == REPO_LOAD)
        change->status = begin_load(repo, change);
    else if (change->kind == REPO_UNLOAD)
        begin_unload(repo, change);
}

static RepoChange *take_change(Repo *repo) {
    LOCKED(&repo->mutex);
    ListNode *node = list_pop_front(&repo->changes);
    return node ? LIST_ITEM(node, RepoChange, node) : NULL;
}

void repo_begin_changes(Repo *repo) {
    for (RepoChange *change; (change = take_change(repo)) != NULL;) {
        list_push_back(&repo->active, &change->node);
        begin(repo, change);
    }
}

/* --- at rest --- */

static bool is_on_its_way(const RepoVersion *version) {
    return version->busy || (version->aspired && (version->state == VERSION_START ||
                                                  version->state == VERSION_LOADING));
}

/* Called under the lock. A version that is still being copied holds a list up only where there is
 * no other. */
static bool is_at_rest_locked(const RepoModel *model, bool serves_suffice) {
    bool serves = false;
    for (size_t i = 0; i < model->version_count; i++) {
        if (is_on_its_way(model->versions[i]))
            return false;
        serves = serves || model->versions[i]->state == VERSION_AVAILABLE;
    }
    return model->unsettled == 0 || (serves && serves_suffice);
}

static bool is_at_rest(Repo *repo, const char *name, bool serves_suffice) {
    const RepoModel *model = repo_find_model(repo, name);
    if (!model)
        return true;
    if (model->fresh && !serves_suffice)
        return false;
    LOCKED(&repo->mutex);
    return is_at_rest_locked(model, serves_suffice);
}

static bool is_available_locked(const RepoModel *model, int64_t number) {
    const RepoVersion *version = repo_find_version_locked(model, number);
    return version && version->state == VERSION_AVAILABLE;
}

/* Labels of versions that are there wait for nothing; others for what is still loading. */
static bool labels_are_due(Repo *repo, const RepoChange *change) {
    const RepoModel *model = repo_find_model(repo, change->model);
    if (!model)
        return true;
    bool all = true;
    LOCKED(&repo->mutex);
    for (size_t i = 0; i < change->label_count; i++)
        all = all && (change->labels[i].number == 0 ||
                      is_available_locked(model, change->labels[i].number));
    return all || is_at_rest_locked(model, true);
}

static bool change_is_at_rest(Repo *repo, const RepoChange *change) {
    if (!status_is_ok(&change->status) || change->kind == REPO_UNLOAD)
        return true;
    if (change->kind == REPO_LABEL)
        return labels_are_due(repo, change);
    if (change->kind == REPO_LOAD)
        return is_at_rest(repo, change->model, false);
    for (size_t i = 0; i < change->model_count; i++)
        if (!is_at_rest(repo, change->models[i].name, true))
            return false;
    return true;
}

/* --- what came of it --- */

static Status load_failed(const char *model, const RepoVersion *version, const Status *why) {
    if (!version)
        return status_error(STATUS_INVALID_ARGUMENT, "load failed for model '%s': %.*s;", model,
                            REASON_MAX, why->message);
    return status_error(STATUS_INVALID_ARGUMENT,
                        "load failed for model '%s': version %lld is at UNAVAILABLE state: %.*s;",
                        model, (long long)version->number, REASON_MAX, why->message);
}

/* The version that is wanted and failed, also when an earlier one of that number still serves. */
static const RepoVersion *find_failed_locked(const RepoModel *model) {
    for (size_t i = 0; i < model->version_count; i++) {
        const RepoVersion *version = model->versions[i];
        if (version->aspired && !status_is_ok(&version->status))
            return version;
    }
    return NULL;
}

static bool serves_locked(const RepoModel *model) {
    for (size_t i = 0; i < model->version_count; i++)
        if (model->versions[i]->state == VERSION_AVAILABLE)
            return true;
    return false;
}

static Status load_result(Repo *repo, const RepoChange *change) {
    const RepoModel *model = repo_find_model(repo, change->model);
    LOCKED(&repo->mutex);
    if (!status_is_ok(&model->status))
        return load_failed(model->name, NULL, &model->status);
    const RepoVersion *failed = find_failed_locked(model);
    if (failed)
        return load_failed(model->name, failed, &failed->status);
    Status none = status_error(STATUS_NOT_FOUND,
                               "at least one version must be available under the version policy of "
                               "model '%s'",
                               model->name);
    return serves_locked(model) ? status_ok() : load_failed(model->name, NULL, &none);
}

static Status label_refused(const RepoModel *model, const VersionLabel *label) {
    return status_error(STATUS_FAILED_PRECONDITION,
                        "Request to assign label to version %lld of model %s, which is not "
                        "currently available for inference",
                        (long long)label->number, model->name);
}

/* Whether the label is as it is already, or not in use. */
static bool is_new_or_same(const RepoModel *model, const VersionLabel *label) {
    for (size_t i = 0; i < model->label_count; i++)
        if (strcmp(model->labels[i].label, label->label) == 0)
            return model->labels[i].number == label->number;
    return true;
}

/* All labels of a model, or none. */
static Status apply_labels(Repo *repo, RepoModel *model, const VersionLabel *labels, size_t count,
                           bool replace) {
    for (size_t i = 0; i < count; i++) {
        LOCKED(&repo->mutex);
        bool is_free = repo->options.labels_anywhere && is_new_or_same(model, &labels[i]);
        if (labels[i].number > 0 && !is_free && !is_available_locked(model, labels[i].number))
            return label_refused(model, &labels[i]);
    }
    return repo_set_labels(repo, model, labels, count, replace);
}

/* One model of a new list. */
static Status list_result(Repo *repo, const ServedModel *served) {
    RepoModel *model = repo_find_model(repo, served->name);
    if (!model)
        return status_error(STATUS_INTERNAL, "model '%s' is not known", served->name);
    Status status = status_ok();
    int64_t number = 0;
    {
        LOCKED(&repo->mutex);
        const RepoVersion *failed = find_failed_locked(model);
        if (!serves_locked(model))
            status = failed ? failed->status : model->status;
        number = failed ? failed->number : 0;
    }
    if (!status_is_ok(&status))
        return status_error(STATUS_UNKNOWN,
                            "1 servable(s) did not become available: {{{name: %s version: %lld} "
                            "due to error: %s: %.*s}, }",
                            served->name, (long long)number, status_code_name(status.code),
                            REASON_MAX, status.message);
    if (same_labels(model, served))
        return status_ok();
    return apply_labels(repo, model, served->version_labels, served->version_label_count, true);
}

static Status configure_result(Repo *repo, const RepoChange *change) {
    Status first = status_ok();
    for (size_t i = 0; i < change->model_count; i++) {
        Status status = list_result(repo, &change->models[i]);
        if (status_is_ok(&first))
            first = status;
    }
    return first;
}

static Status result(Repo *repo, RepoChange *change) {
    if (!status_is_ok(&change->status) || change->kind == REPO_UNLOAD)
        return change->status;
    if (change->kind == REPO_CONFIGURE)
        return configure_result(repo, change);
    RepoModel *model = repo_find_model(repo, change->model);
    if (change->kind == REPO_LOAD)
        TRY(load_result(repo, change));
    if (!model || model->gone) /* only this thread writes it */
        return status_error(STATUS_NOT_FOUND, "no model '%s'", change->model);
    return change->label_count > 0
               ? apply_labels(repo, model, change->labels, change->label_count, false)
               : status_ok();
}

/* --- the end --- */

static void end(Repo *repo, RepoChange *change, const Status *status) {
    list_remove(&change->node);
    RepoModel *model = change->kind == REPO_LOAD ? repo_find_model(repo, change->model) : NULL;
    if (model && !model->fresh)
        repo_drop_override_files(model);
    change->done(change, status); /* which may free it */
}

void repo_check_changes(Repo *repo) {
    uint64_t now_ns = clock_now_ns(repo->options.clock);
    bool ended;
    {
        LOCKED(&repo->mutex);
        ended = repo->changes_ended;
    }
    if (ended) {
        repo_fail_changes(repo);
        return;
    }
    LIST_FOR_EACH (node, &repo->active) {
        RepoChange *change = LIST_ITEM(node, RepoChange, node);
        if (change_is_at_rest(repo, change)) {
            Status status = result(repo, change);
            end(repo, change, &status);
        } else if (change->deadline_ns <= now_ns) {
            Status late = status_error(STATUS_DEADLINE_EXCEEDED,
                                       "the models are still loading; what was asked for goes on");
            end(repo, change, &late);
        } else {
            repo->next_look_ns = MIN_OF(repo->next_look_ns, change->deadline_ns);
        }
    }
}

void repo_fail_changes(Repo *repo) {
    Status stopped = status_error(STATUS_UNAVAILABLE, "the server stops");
    for (RepoChange *change; (change = take_change(repo)) != NULL;)
        list_push_back(&repo->active, &change->node);
    LIST_FOR_EACH (node, &repo->active)
        end(repo, LIST_ITEM(node, RepoChange, node), &stopped);
}
