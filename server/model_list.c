/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A text that differs from the last one becomes a change of the repository, in an arena of its own,
 * which its end frees; while one is in progress the file is not looked at. Thread: main; a change
 * ends on the repo thread.
 */

#include "server/model_list.h"

#include "runtime/base/log.h"
#include "runtime/base/size.h"
#include "runtime/repo/change.h"
#include "server/text_file.h"

#include <limits.h>
#include <stdatomic.h>
#include <string.h>

struct ModelList {
    const char *path;
    Repo *repo;
    uint64_t poll_ns, next_ns; /* TIME_NEVER: only when asked */
    uint64_t seen;             /* hash of the text that was looked at last */
    /* while busy */
    atomic_bool busy;
    Arena *arena;
    RepoChange change;
};

static uint64_t hash_text(const char *text, size_t length) {
    uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001B3);
    return hash;
}

Status model_list_new(const Options *options, Repo *repo, ModelList **ret_list) {
    *ret_list = NULL;
    if (!options->model_config_file)
        return status_ok();
    AUTO(free) ModelList *list = calloc(1, sizeof *list);
    AUTO(arena_free) Arena *arena = NULL;
    if (!list)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    TRY(arena_new(4096, 4 * (size_t)TEXT_FILE_LIMIT, &arena));
    const char *text;
    size_t length;
    TRY(text_file_read(options->model_config_file, arena, &text, &length));
    list->path = options->model_config_file;
    list->repo = repo;
    list->seen = hash_text(text, length);
    list->poll_ns = (uint64_t)options->config_poll_s * NS_PER_S;
    list->next_ns =
        list->poll_ns ? time_after(clock_now_ns(clock_monotonic()), list->poll_ns) : TIME_NEVER;
    *ret_list = TAKE(list);
    return status_ok();
}

void model_list_free(ModelList *list) {
    if (!list)
        return;
    arena_free(list->arena);
    free(list);
}

int model_list_wait_ms(const ModelList *list, uint64_t now_ns) {
    if (!list || list->next_ns == TIME_NEVER)
        return -1;
    uint64_t left_ns = list->next_ns > now_ns ? list->next_ns - now_ns : 0;
    return (int)MIN_OF((left_ns + NS_PER_MS - 1) / NS_PER_MS, (uint64_t)INT_MAX);
}

/* Thread: repo */
static void on_changed(RepoChange *change, const Status *status) {
    ModelList *list = change->user;
    if (status_is_ok(status))
        log_event(LOG_INFO, "model_list_applied", "models=%zu", change->model_count);
    else
        log_event(LOG_WARN, "model_list_failed", "code=%s reason=%s",
                  status_code_name(status->code), LOG_TEXT(status->message));
    Arena *arena = TAKE(list->arena);
    atomic_store(&list->busy, false); /* main may begin the next from here on */
    arena_free(arena);
}

static Status apply(ModelList *list, const char *text, size_t length) {
    const ServedModel *models;
    size_t count;
    TRY(served_models_parse(text, length, list->arena, &models, &count));
    list->change = (RepoChange){ .kind = REPO_CONFIGURE,
                                 .models = models,
                                 .model_count = count,
                                 .deadline_ns = TIME_NEVER,
                                 .done = on_changed,
                                 .user = list };
    return repo_change(list->repo, &list->change);
}

static Status look(ModelList *list) {
    const char *text;
    size_t length;
    TRY(arena_new(4096, 4 * (size_t)TEXT_FILE_LIMIT, &list->arena));
    TRY(text_file_read(list->path, list->arena, &text, &length));
    uint64_t hash = hash_text(text, length);
    if (hash == list->seen)
        return status_error(STATUS_ALREADY_EXISTS, "as before");
    list->seen = hash;
    return apply(list, text, length);
}

void model_list_look(ModelList *list, uint64_t now_ns, bool forced) {
    if (!list || (!forced && now_ns < list->next_ns) || atomic_load(&list->busy))
        return;
    list->next_ns = list->poll_ns ? time_after(now_ns, list->poll_ns) : TIME_NEVER;
    atomic_store(&list->busy, true);
    Status status = look(list);
    if (status_is_ok(&status))
        return; /* on_changed ends it */
    if (status.code != STATUS_ALREADY_EXISTS)
        log_event(LOG_WARN, "model_list_refused", "file=%s reason=%s", LOG_TEXT(list->path),
                  LOG_TEXT(status.message));
    arena_free(TAKE(list->arena));
    atomic_store(&list->busy, false);
}
