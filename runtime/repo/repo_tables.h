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
#include "runtime/repo/change.h"
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

/* What a load request put in place of what is on disk. */
typedef struct RepoOverride {
    char *config_text; /* NULL: none */
    size_t config_length;
    char *directory; /* private, with a copy of the files given; NULL: none, or removed by now */
} RepoOverride;

struct RepoModel {
    /* fixed */
    char *name;
    /* repo thread only */
    const ServedModel *served; /* of the list of models, in served_arena; NULL: not in it */
    Arena *served_arena;
    size_t repository; /* index of the one it was found in; INDEX_NONE */
    bool seen;         /* by the scan in progress */
    bool fresh;        /* to be looked at (again) although nobody watches: something changes */
    bool asked;        /* by name at start: its absence is a failure */
    bool wants_steps;  /* an ensemble is to be loaded, and with it what it needs */
    bool reread;       /* the list says something else: read the config again */
    RepoOverride override;
    uint64_t files_fingerprint;
    char *config_text; /* NULL: no config.pbtxt */
    size_t config_length;
    Arena *config_arena; /* holds what policy points to */
    VersionPolicy policy;
    const EnsembleConfig *ensemble; /* in config_arena; NULL */
    bool is_file;                   /* base_path is a single model file */
    int watch;
    VersionView *views; /* as many as versions has room for */
    /* under lock; changed by the repo thread */
    RepoVersion **versions; /* ascending */
    size_t version_count, version_capacity;
    bool gone;          /* neither in a repository nor in the list */
    bool unwanted;      /* unloaded by request, or not yet asked for */
    Arena *label_arena; /* holds labels */
    const VersionLabel *labels;
    size_t label_count;
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
    bool rescan;           /* at the next look, though nobody watches */
    ListNode active;       /* changes begun */
    /* under lock */
    Mutex mutex;
    Cond changed;
    RepoModel **models; /* in order of name */
    size_t model_count, model_capacity;
    bool stopping, poked, scanned, changes_ended;
    ListNode changes;   /* not begun */
    size_t outstanding; /* loaded versions that are not freed yet */
};

/* sync.c. Disk -> tables. Thread: repo. */
void repo_sync(Repo *repo);
void repo_sync_model(Repo *repo, RepoModel *model);
void repo_rescan(Repo *repo); /* which models repositories have, no more */
void repo_moved(void *user, int watch, const char *name);

/* repo_model.c. NULL: out of memory. Thread: repo. */
RepoModel *repo_find_model(const Repo *repo, const char *name);
RepoModel *repo_add_model(Repo *repo, const char *name);
void repo_free_model(RepoModel *model);
Status repo_copy_served(Arena *arena, ServedModel *model); /* strings and arrays into arena */
/* The model is in the list, as served says (copied), but for its labels. */
Status repo_serve(RepoModel *model, const ServedModel *served);
void repo_unserve(RepoModel *model);
/* The labels that there are, with those given put over them; replace: these alone. */
Status repo_set_labels(Repo *repo, RepoModel *model, const VersionLabel *labels, size_t count,
                       bool replace);

/* change.c. Thread: repo. */
void repo_unload_model(Repo *repo, RepoModel *model);

/* override.c. Thread: repo. */
Status repo_set_override(RepoModel *model, const RepoChange *change);
void repo_drop_override_files(RepoModel *model);
void repo_clear_override(RepoModel *model);
/* Goes into fingerprints, so that another override is another version. */
uint64_t repo_override_fingerprint(const RepoOverride *override);

/* change.c. Thread: repo. */
void repo_begin_changes(Repo *repo);
void repo_check_changes(Repo *repo); /* ends those that have come to rest */
void repo_fail_changes(Repo *repo);  /* all of them, as the repository stops */
/* The list of models as it is at start. */
void repo_apply_list(Repo *repo, const ServedModel *models, size_t count);

/* loader.c */
void repo_load(Repo *repo, RepoVersion *version);   /* Thread: repo */
void repo_unload(Repo *repo, RepoVersion *version); /* Thread: repo */
void repo_loader_run(void *user);                   /* Thread: loader */
void repo_discard_jobs(Repo *repo);                 /* Thread: main, after the loaders ended */
/* Opens a model's directory. *ret_filename: the file's name when it is a single one, else NULL. */
Status repo_open_model(const Repo *repo, const RepoModel *model, int *ret_directory,
                       const char **ret_filename);

/* steps.c */
/* INVALID_ARGUMENT: an ensemble needs itself. Thread: repo. */
Status repo_check_steps(const Repo *repo, const RepoModel *model);
/* Models of an ensemble's steps that were not asked for are, and are looked at. Thread: repo. */
void repo_sync_steps(Repo *repo, RepoModel *model);
/* None of them is wanted any more, nor of theirs. Thread: repo. */
void repo_unwant_steps(Repo *repo, RepoModel *model);
/* StepModels.acquire; user: the Repo. */
Status repo_acquire_step(void *user, const char *model, int64_t version, Lease *ret_lease);

/* repo.c */
void repo_tell(Repo *repo, const RepoVersion *version, VersionState state,
               const Status *status); /* no lock held */
RepoModel *repo_find_model_locked(const Repo *repo, StringView name);
RepoVersion *repo_find_version_locked(const RepoModel *model, int64_t number);
