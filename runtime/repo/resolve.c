/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What others ask of the repository: a lease on a version, states, names, readiness. Each is a
 * lookup under the mutex, in tables that loading never holds. Names come from clients, so they are
 * compared by length and never copied into more than a message.
 *
 * Thread: any.
 */

#include "runtime/repo/repo_tables.h"

#include "runtime/base/size.h"

#include <string.h>

enum { NAME_TEXT_MAX = 100 };

static int compare_name(const char *name, StringView wanted) {
    size_t length = strlen(name);
    int order = memcmp(name, wanted.data, MIN_OF(length, wanted.length));
    return order != 0 ? order : (length > wanted.length) - (length < wanted.length);
}

RepoModel *repo_find_model_locked(const Repo *repo, StringView name) {
    size_t low = 0, high = repo->model_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = name.length > 0 ? compare_name(repo->models[middle]->name, name) : 1;
        if (order == 0)
            return repo->models[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

RepoVersion *repo_find_version_locked(const RepoModel *model, int64_t number) {
    for (size_t i = 0; i < model->version_count; i++)
        if (model->versions[i]->number == number)
            return model->versions[i];
    return NULL;
}

static int text_length(StringView text) {
    return (int)MIN_OF(text.length, (size_t)NAME_TEXT_MAX);
}

/* Known to clients: wanted now, or once in service or tried. */
static bool is_listed(const RepoVersion *version) {
    return version->aspired || version->state != VERSION_START;
}

typedef enum Found {
    FOUND_LEASE,
    FOUND_NO_MODEL,
    FOUND_NO_VERSION,
    FOUND_NO_LABEL,
    FOUND_NOT_READY
} Found;

static bool find_label(const RepoModel *model, StringView label, int64_t *ret_number) {
    for (size_t i = 0; i < model->label_count; i++) {
        if (compare_name(model->labels[i].label, label) == 0) {
            *ret_number = model->labels[i].number;
            return true;
        }
    }
    return false;
}

static Found acquire_number_locked(const RepoModel *model, int64_t number, Lease *ret_lease) {
    const RepoVersion *version = repo_find_version_locked(model, number);
    if (!version || !is_listed(version) ||
        (version->state == VERSION_END && status_is_ok(&version->status)))
        return FOUND_NO_VERSION;
    if (version->state != VERSION_AVAILABLE)
        return FOUND_NOT_READY;
    ret_lease->version = model_version_ref(version->version);
    return FOUND_LEASE;
}

static Found acquire_locked(const RepoModel *model, const VersionChoice *choice, Lease *ret_lease) {
    int64_t number = choice->number;
    if (choice->label.length > 0 && !find_label(model, choice->label, &number))
        return FOUND_NO_LABEL;
    if (choice->has_number || choice->label.length > 0)
        return acquire_number_locked(model, number, ret_lease);
    bool any = model->unsettled > 0;
    for (size_t i = model->version_count; i-- > 0;) {
        const RepoVersion *version = model->versions[i];
        if (version->state == VERSION_AVAILABLE) {
            ret_lease->version = model_version_ref(version->version);
            return FOUND_LEASE;
        }
        any = any || version->aspired;
    }
    return any || !model->gone ? FOUND_NOT_READY : FOUND_NO_MODEL;
}

static Status describe(Found found, StringView name, const VersionChoice *choice) {
    int length = text_length(name);
    if (found == FOUND_NO_MODEL)
        return status_error(STATUS_NOT_FOUND, "no model '%.*s'", length, name.data);
    if (found == FOUND_NO_LABEL)
        return status_error(STATUS_INVALID_ARGUMENT, "model '%.*s' has no version label '%.*s'",
                            length, name.data, text_length(choice->label), choice->label.data);
    if (choice->label.length > 0)
        return status_error(found == FOUND_NO_VERSION ? STATUS_NOT_FOUND
                                                      : STATUS_FAILED_PRECONDITION,
                            "model '%.*s': the version labelled '%.*s' is not in service", length,
                            name.data, text_length(choice->label), choice->label.data);
    if (found == FOUND_NO_VERSION)
        return status_error(STATUS_NOT_FOUND, "model '%.*s' has no version %lld", length, name.data,
                            (long long)choice->number);
    if (choice->has_number)
        return status_error(STATUS_FAILED_PRECONDITION, "model '%.*s' version %lld is not ready",
                            length, name.data, (long long)choice->number);
    return status_error(STATUS_FAILED_PRECONDITION, "model '%.*s' has no version that is ready",
                        length, name.data);
}

Status repo_acquire(Repo *repo, StringView name, const VersionChoice *choice, Lease *ret_lease) {
    Found found = FOUND_NO_MODEL;
    {
        LOCKED(&repo->mutex);
        const RepoModel *model = repo_find_model_locked(repo, name);
        if (model)
            found = acquire_locked(model, choice, ret_lease);
    }
    return found == FOUND_LEASE ? status_ok() : describe(found, name, choice);
}

Status repo_model_status(Repo *repo, StringView name, Arena *arena, VersionStatus **ret_versions,
                         size_t *ret_count) {
    size_t room = 0;
    for (;;) { /* memory is taken outside the lock: measure, take, look again */
        VersionStatus *versions = arena_calloc(arena, room, sizeof *versions);
        if (!versions)
            return arena_exhausted(arena);
        LOCKED(&repo->mutex);
        const RepoModel *model = repo_find_model_locked(repo, name);
        if (!model)
            return status_error(STATUS_NOT_FOUND, "no model '%.*s'", text_length(name), name.data);
        if (model->version_count > room) {
            room = model->version_count;
            continue;
        }
        size_t count = 0;
        for (size_t i = model->version_count; i-- > 0;) {
            const RepoVersion *version = model->versions[i];
            if (!is_listed(version))
                continue;
            versions[count] = (VersionStatus){ .number = version->number, .state = version->state };
            bool says_why = version->state == VERSION_END || version->state == VERSION_AVAILABLE;
            versions[count++].status = says_why ? version->status : status_ok();
        }
        *ret_versions = versions;
        *ret_count = count;
        return status_ok();
    }
}

Status repo_model_names(Repo *repo, Arena *arena, const char ***ret_names, size_t *ret_count) {
    size_t room = 0;
    for (;;) {
        const char **names = arena_calloc(arena, room, sizeof *names);
        if (!names)
            return arena_exhausted(arena);
        LOCKED(&repo->mutex);
        if (repo->model_count > room) {
            room = repo->model_count;
            continue;
        }
        size_t count = 0;
        for (size_t i = 0; i < repo->model_count; i++)
            if (!repo->models[i]->gone)
                names[count++] =
                    repo->models[i]->name; /* a record lives as long as the repository */
        *ret_names = names;
        *ret_count = count;
        return status_ok();
    }
}

/* Bytes of all labels with their ends. */
static size_t label_bytes(const RepoModel *model) {
    size_t bytes = 0;
    for (size_t i = 0; i < model->label_count; i++)
        bytes += strlen(model->labels[i].label) + 1;
    return bytes;
}

Status repo_model_labels(Repo *repo, StringView name, Arena *arena, VersionLabel **ret_labels,
                         size_t *ret_count) {
    size_t room = 0, text_room = 0;
    for (;;) {
        VersionLabel *labels = arena_calloc(arena, room, sizeof *labels);
        char *text = arena_alloc(arena, text_room);
        if (!labels || !text)
            return arena_exhausted(arena);
        LOCKED(&repo->mutex);
        const RepoModel *model = repo_find_model_locked(repo, name);
        if (!model)
            return status_error(STATUS_NOT_FOUND, "no model '%.*s'", text_length(name), name.data);
        if (model->label_count > room || label_bytes(model) > text_room) {
            room = model->label_count;
            text_room = label_bytes(model);
            continue;
        }
        for (size_t i = 0; i < model->label_count; i++) {
            labels[i] = (VersionLabel){ text, model->labels[i].number };
            text = stpcpy(text, model->labels[i].label) + 1;
        }
        *ret_labels = labels;
        *ret_count = model->label_count;
        return status_ok();
    }
}

static bool serves(const RepoModel *model) {
    for (size_t i = 0; i < model->version_count; i++)
        if (model->versions[i]->state == VERSION_AVAILABLE)
            return true;
    return false;
}

/* A version is still on its way. */
static bool is_pending(const RepoModel *model) {
    for (size_t i = 0; i < model->version_count; i++) {
        const RepoVersion *version = model->versions[i];
        if (version->aspired &&
            (version->state == VERSION_START || version->state == VERSION_LOADING))
            return true;
    }
    return model->unsettled > 0;
}

static bool model_is_ready(const RepoModel *model) {
    if (model->gone || model->unwanted || serves(model))
        return true;
    if (is_pending(model) || !status_is_ok(&model->status) || model->version_count == 0)
        return false;
    for (size_t i = 0; i < model->version_count; i++)
        if (!status_is_ok(&model->versions[i]->status))
            return false;
    return true; /* every version ended on purpose */
}

void repo_count_models(Repo *repo, size_t *ret_wanted, size_t *ret_failed) {
    LOCKED(&repo->mutex);
    *ret_wanted = *ret_failed = 0;
    for (size_t i = 0; i < repo->model_count; i++) {
        bool wanted = !repo->models[i]->gone && !repo->models[i]->unwanted;
        *ret_wanted += wanted;
        *ret_failed += wanted && !serves(repo->models[i]);
    }
}

/* Models on a device that is lost are loaded, but serve nobody. */
static bool device_is_healthy(const Repo *repo) {
    Device *device = repo->options.device;
    return !device || device->api->health(device).healthy;
}

bool repo_is_ready(Repo *repo) {
    bool healthy = device_is_healthy(repo);
    LOCKED(&repo->mutex);
    bool ready = repo->scanned && healthy;
    for (size_t i = 0; i < repo->model_count && ready; i++)
        ready = model_is_ready(repo->models[i]);
    return ready;
}

bool repo_model_is_ready(Repo *repo, StringView name) {
    bool healthy = device_is_healthy(repo);
    LOCKED(&repo->mutex);
    const RepoModel *model = repo_find_model_locked(repo, name);
    return healthy && model && serves(model);
}

bool repo_wait_loaded(Repo *repo, uint64_t deadline_ns) {
    LOCKED(&repo->mutex);
    for (;;) {
        bool loaded = repo->scanned;
        for (size_t i = 0; i < repo->model_count && loaded; i++)
            loaded = serves(repo->models[i]) || !is_pending(repo->models[i]);
        if (loaded)
            return true;
        if (repo->stopping || !cond_wait_until(&repo->changed, &repo->mutex, deadline_ns))
            return false;
    }
}
