/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The repository's own tables, shared by its files. The repo thread alone adds, moves and removes
 * models and versions and so reads the tables without the lock; it takes the lock to change what
 * others read. Records are allocated apart and live until repo_free, so a pointer to one stays
 * good. Private to runtime/repo.
 */

#include "runtime/base/queue.h"
#include "runtime/base/thread.h"
#include "runtime/repo/repo.h"
#include "runtime/repo/watch.h"

typedef struct RepoModel RepoModel;

typedef struct RepoVersion {
    /* fixed */
    int64_t number;
    RepoModel *model;
    /* repo thread only */
    char *directory; /* name on disk */
    bool on_disk;
    bool settled;         /* has been complete once since it appeared */
    bool moved_in;        /* as it stands it came by rename */
    uint64_t fingerprint; /* of the version and of the files beside it */
    uint64_t newest_ns;
    uint64_t changed_ns; /* when the fingerprint was seen to change, repo clock */
    uint64_t attempted;  /* fingerprint of the last load that was started */
    int watch;
    /* under lock */
    bool aspired;
    bool busy; /* a loader has it */
    VersionState state;
    Status status;
    ModelVersion *version;       /* one reference, while AVAILABLE */
    const ModelVersion *leaving; /* while UNLOADING: whose end ends it */
    size_t attempts;
    uint64_t retry_ns; /* LOADING and not busy: when to try again */
} RepoVersion;

struct RepoModel {
    /* fixed */
    char *name;
    const ServedModel *served; /* NULL: found in a repository */
    size_t repository;         /* index, when found */
    /* repo thread only */
    bool seen; /* by the scan in progress */
    uint64_t files_fingerprint;
    char *config_text; /* NULL: no config.pbtxt */
    size_t config_length;
    Arena *config_arena; /* holds what policy points to */
    VersionPolicy policy;
    bool is_file; /* base_path is a single model file */
    int watch;
    VersionView *views; /* as many as versions has room for */
    /* under lock; changed by the repo thread */
    RepoVersion **versions; /* ascending */
    size_t version_count, version_capacity;
    bool gone;        /* its directory is no longer there */
    size_t unsettled; /* versions on disk that have never been complete */
    Status status;    /* of its directory and config */
};

/* A name that came by rename since the last scan. */
typedef struct MovedIn {
    int watch;
    char *name;
} MovedIn;
enum { MOVED_IN_MAX = 256 };

struct Repo {
    /* fixed after new */
    RepoOptions options; /* strings and arrays in arena */
    Arena *arena;
    Watch *watch;
    Queue *jobs;
    Thread thread, *loaders;
    int *repository_watches; /* repo thread only */
    bool started;
    /* repo thread only */
    Arena *scratch;
    MovedIn moved[MOVED_IN_MAX];
    size_t moved_count;
    uint64_t next_look_ns; /* earliest time at which something settles or is retried */
    /* under lock */
    Mutex mutex;
    Cond changed;
    RepoModel **models; /* in order of name */
    size_t model_count, model_capacity;
    bool stopping, poked, scanned;
    size_t outstanding; /* loaded versions that are not freed yet */
};

/* sync.c. Disk -> tables. Thread: repo. */
void repo_sync(Repo *repo);
void repo_moved(void *user, int watch, const char *name);

/* loader.c */
void repo_load(Repo *repo, RepoVersion *version);   /* Thread: repo */
void repo_unload(Repo *repo, RepoVersion *version); /* Thread: repo */
void repo_loader_run(void *user);                   /* Thread: loader */
void repo_discard_jobs(Repo *repo);                 /* Thread: main, after the loaders ended */
/* Opens a model's directory. *ret_filename: the file's name when it is a single one, else NULL. */
Status repo_open_model(const Repo *repo, const RepoModel *model, int *ret_directory,
                       const char **ret_filename);

/* repo.c */
void repo_tell(Repo *repo, const RepoVersion *version, VersionState state,
               const Status *status); /* no lock held */
RepoModel *repo_find_model_locked(const Repo *repo, StringView name);
RepoVersion *repo_find_version_locked(const RepoModel *model, int64_t number);
