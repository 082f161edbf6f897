/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Records of models: in the table by name, in or out of the list of models, with which labels. A
 * record lives until repo_free, so that a pointer to one stays good; a model that left the list
 * only loses its place in it. What others read (the table, labels) is replaced in one step under
 * the lock, made and freed outside it. Thread: repo.
 */

#include "runtime/repo/repo_tables.h"

#include "runtime/base/size.h"

#include <string.h>

enum { FIRST_BYTES = 1024, BUDGET_BYTES = 16 << 20 };

RepoModel *repo_find_model(const Repo *repo, const char *name) {
    return repo_find_model_locked(
        repo, (StringView){ name, strlen(name) }); /* only this thread changes the table */
}

static bool is_wanted(const RepoOptions *options, const char *name) {
    for (size_t i = 0; i < options->load_name_count; i++)
        if (strcmp(options->load_names[i], "*") == 0 || strcmp(options->load_names[i], name) == 0)
            return true;
    return !options->explicit_control;
}

RepoModel *repo_add_model(Repo *repo, const char *name) {
    RepoModel *model = calloc(1, sizeof *model);
    char *copy = strdup(name);
    size_t capacity = repo->model_count == repo->model_capacity ? 2 * repo->model_capacity + 8
                                                                : repo->model_capacity;
    RepoModel **models = calloc(capacity, sizeof *models);
    if (!model || !copy || !models) {
        free(model);
        free(copy);
        free(models);
        return NULL;
    }
    *model = (RepoModel){ .name = copy,
                          .repository = INDEX_NONE,
                          .watch = WATCH_NONE,
                          .fresh = true,
                          .wants_steps = true,
                          .unwanted = !is_wanted(&repo->options, name) };
    model->policy = (VersionPolicy){ .kind = VERSIONS_LATEST, .latest_count = 1 };
    size_t at = 0;
    while (at < repo->model_count && strcmp(repo->models[at]->name, name) < 0)
        at++;
    for (size_t i = 0; i < repo->model_count; i++)
        models[i < at ? i : i + 1] = repo->models[i];
    models[at] = model;
    RepoModel **old = repo->models;
    {
        LOCKED(&repo->mutex);
        repo->models = models;
        repo->model_count++;
        repo->model_capacity = capacity;
    }
    free(old);
    return model;
}

void repo_free_model(RepoModel *model) {
    repo_clear_override(model);
    for (size_t i = 0; i < model->version_count; i++) {
        free(model->versions[i]->directory);
        free(model->versions[i]);
    }
    free(model->versions);
    free(model->views);
    free(model->config_text);
    arena_free(model->config_arena);
    arena_free(model->served_arena);
    arena_free(model->label_arena);
    free(model->name);
    free(model);
}

/* --- the list of models --- */

static char *copy_string(Arena *arena, const char *text) {
    return arena_strndup(arena, text, strlen(text));
}

static Status copy_policy(Arena *arena, VersionPolicy *policy) {
    int64_t *numbers = arena_calloc(arena, policy->specific_count, sizeof *numbers);
    if (!numbers)
        return arena_exhausted(arena);
    for (size_t i = 0; i < policy->specific_count; i++)
        numbers[i] = policy->specific[i];
    policy->specific = numbers;
    return status_ok();
}

static Status copy_labels(Arena *arena, const VersionLabel *given, size_t count,
                          VersionLabel *labels) {
    for (size_t i = 0; i < count; i++) {
        labels[i] = (VersionLabel){ copy_string(arena, given[i].label), given[i].number };
        if (!labels[i].label)
            return arena_exhausted(arena);
    }
    return status_ok();
}

Status repo_copy_served(Arena *arena, ServedModel *model) {
    VersionLabel *labels = arena_calloc(arena, model->version_label_count, sizeof *labels);
    if (!labels)
        return arena_exhausted(arena);
    TRY(copy_labels(arena, model->version_labels, model->version_label_count, labels));
    model->version_labels = labels;
    model->name = copy_string(arena, model->name);
    model->base_path = copy_string(arena, model->base_path);
    if (!model->name || !model->base_path)
        return arena_exhausted(arena);
    return copy_policy(arena, &model->version_policy);
}

Status repo_serve(RepoModel *model, const ServedModel *served) {
    AUTO(arena_free) Arena *arena = NULL;
    TRY(arena_new(FIRST_BYTES, BUDGET_BYTES, &arena));
    ServedModel *copy = arena_calloc(arena, 1, sizeof *copy);
    if (!copy)
        return arena_exhausted(arena);
    *copy = *served;
    TRY(repo_copy_served(arena, copy));
    arena_free(model->served_arena);
    model->served = copy;
    model->served_arena = TAKE(arena);
    model->fresh = model->reread = true;
    return status_ok();
}

void repo_unserve(RepoModel *model) {
    model->served = NULL;
    arena_free(model->served_arena);
    model->served_arena = NULL;
}

/* --- labels --- */

static bool is_given(const VersionLabel *labels, size_t count, const char *label) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(labels[i].label, label) == 0)
            return true;
    return false;
}

Status repo_set_labels(Repo *repo, RepoModel *model, const VersionLabel *labels, size_t count,
                       bool replace) {
    AUTO(arena_free) Arena *arena = NULL;
    TRY(arena_new(FIRST_BYTES, BUDGET_BYTES, &arena));
    VersionLabel *all = arena_calloc(arena, count + model->label_count, sizeof *all);
    if (!all)
        return arena_exhausted(arena);
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        if (labels[i].number > 0)
            TRY(copy_labels(arena, &labels[i], 1, &all[used++]));
    for (size_t i = 0; !replace && i < model->label_count; i++)
        if (!is_given(labels, count, model->labels[i].label))
            TRY(copy_labels(arena, &model->labels[i], 1, &all[used++]));
    Arena *old = model->label_arena;
    {
        LOCKED(&repo->mutex);
        model->label_arena = arena;
        model->labels = all;
        model->label_count = used;
    }
    (void)TAKE(arena);
    arena_free(old);
    return status_ok();
}
