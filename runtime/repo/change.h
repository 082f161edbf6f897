/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Changes to what is served, asked for while it is served: another list of models, one model loaded
 * or unloaded, labels moved. The repo thread carries them out and says when what they brought about
 * has come to rest; nobody waits in between.
 */

#include "runtime/base/list.h"
#include "runtime/repo/repo.h"
#include "runtime/tensor/spans.h"

typedef enum RepoChangeKind {
    REPO_CONFIGURE, /* the whole list: models that are not in it are unloaded */
    REPO_LOAD,      /* one model, as it is on disk or as the change says */
    REPO_UNLOAD,
    REPO_LABEL, /* labels alone */
} RepoChangeKind;

/* A file that stands in for those on disk. */
typedef struct RepoFile {
    const char *path; /* "1/model.onnx", beneath the model's directory */
    Spans content;
} RepoFile;

typedef struct RepoChange RepoChange;
struct RepoChange {
    /* fixed before repo_change; all of it lent until done */
    RepoChangeKind kind;
    const ServedModel *models; /* CONFIGURE: their labels are set once they are loaded */
    size_t model_count;
    const char *model;       /* the others */
    bool with_steps;         /* UNLOAD: of an ensemble, also the models of its steps */
    const char *base_path;   /* LOAD: serve it from there from now on; NULL */
    const char *config_text; /* LOAD: instead of config.pbtxt; NULL */
    size_t config_length;
    const RepoFile *files; /* LOAD: instead of all that is on disk; wants config_text */
    size_t file_count;
    const VersionLabel *labels; /* LOAD, LABEL: set after the load; number 0 takes a label away */
    size_t label_count;
    uint64_t deadline_ns; /* done is called by then; what was begun goes on */
    /* Once. Thread: repo; no lock held. */
    void (*done)(RepoChange *change, const Status *status);
    void *user;
    /* repo thread only */
    ListNode node;
    Status status; /* of its beginning */
};

/**
 * Errors: UNAVAILABLE (stopping); those of done: INVALID_ARGUMENT (a load failed, a path leads out
 * of the model), INTERNAL (no such model), FAILED_PRECONDITION (a label's version is not
 * available; labels are then as before), UNKNOWN (a model of the new list did not load),
 * DEADLINE_EXCEEDED
 * Thread: any. @change taken on success.
 */
Status repo_change(Repo *repo, RepoChange *change);
/* No more changes; those in progress are answered UNAVAILABLE. Thread: main. */
void repo_end_changes(Repo *repo);
