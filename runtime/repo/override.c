/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a load request puts in place of what is on disk: a config, and perhaps files. The files are
 * written to a new directory that only this user can enter, by names that are checked one component
 * at a time, so nothing lands outside it; it is removed as soon as the load has come to rest, since
 * what is in service was read into memory. Thread: repo.
 */

#include "runtime/repo/repo_tables.h"

#include "runtime/base/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_DEPTH_MAX = 4, FILES_MAX = 4096, CONFIG_BYTES_MAX = 4 << 20 };

uint64_t repo_override_fingerprint(const RepoOverride *override) {
    uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
    if (!override->config_text)
        return 0;
    for (size_t i = 0; i < override->config_length; i++)
        hash = (hash ^ (unsigned char) override->config_text[i]) * UINT64_C(0x100000001B3);
    return hash;
}

/* --- removing --- */

static void remove_beneath(int directory, size_t depth) {
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = copy < 0 ? NULL : fdopendir(copy);
    if (!listing)
        return;
    struct dirent *entry;
    while ((entry = readdir(listing)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        AUTO(descriptor_close) int child = -1;
        if (depth < PATH_DEPTH_MAX)
            child =
                openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child >= 0)
            remove_beneath(child, depth + 1);
        (void)unlinkat(directory, entry->d_name, child >= 0 ? AT_REMOVEDIR : 0);
    }
    closedir(listing);
}

static void remove_directory(const char *path) {
    AUTO(descriptor_close)
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory >= 0)
        remove_beneath(directory, 0);
    (void)rmdir(path);
}

void repo_drop_override_files(RepoModel *model) {
    if (!model->override.directory)
        return;
    remove_directory(model->override.directory);
    free(model->override.directory);
    model->override.directory = NULL;
}

void repo_clear_override(RepoModel *model) {
    repo_drop_override_files(model);
    free(model->override.config_text);
    model->override = (RepoOverride){ 0 };
}

/* --- writing --- */

static Status bad_path(const char *path) {
    return status_error(STATUS_INVALID_ARGUMENT,
                        "override file '%s': a path leads to a file beneath the model's directory, "
                        "at most %d levels down",
                        path, (int)PATH_DEPTH_MAX);
}

/* The next component of a path; false: it is none. */
static bool next_component(const char **at, char *name) {
    size_t length = strcspn(*at, "/");
    if (length == 0 || length > NAME_MAX || (*at)[0] == '.')
        return false; /* neither "", nor "." and "..", nor hidden files */
    memcpy(name, *at, length);
    name[length] = '\0';
    *at += length;
    return true;
}

static Status open_new(int root, const char *path, int *ret_file) {
    char name[NAME_MAX + 1];
    AUTO(descriptor_close) int directory = dup(root);
    const char *at = path;
    for (size_t depth = 0; depth < PATH_DEPTH_MAX; depth++, at++) {
        if (directory < 0)
            return status_from_errno(errno, "override directory");
        if (!next_component(&at, name))
            return bad_path(path);
        if (*at == '\0') {
            *ret_file =
                openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
            return *ret_file < 0 ? status_from_errno(errno, "override file") : status_ok();
        }
        if (mkdirat(directory, name, 0700) != 0 && errno != EEXIST)
            return status_from_errno(errno, "override directory");
        int child = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        descriptor_close_auto_(&directory);
        directory = child;
    }
    return bad_path(path);
}

static Status write_span(int file, const Span *span) {
    const char *at = span->data;
    for (size_t left = span->bytes; left > 0;) {
        ssize_t written = write(file, at, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return status_from_errno(errno, "override file");
        at += written;
        left -= (size_t)written;
    }
    return status_ok();
}

static Status write_files(int root, const RepoFile *files, size_t count) {
    for (size_t i = 0; i < count; i++) {
        AUTO(descriptor_close) int file = -1;
        TRY(open_new(root, files[i].path, &file));
        for (size_t k = 0; k < files[i].content.count; k++)
            TRY(write_span(file, &files[i].content.items[k]));
    }
    return status_ok();
}

static Status make_directory(const RepoChange *change, char **ret_path) {
    const char *parent = getenv("TMPDIR");
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/inferd-load-XXXXXX",
                          parent && *parent == '/' ? parent : "/tmp");
    if (length < 0 || (size_t)length >= sizeof path || !mkdtemp(path))
        return status_error(STATUS_RESOURCE_EXHAUSTED,
                            "there is no place for the files of a load request");
    AUTO(descriptor_close)
    int root = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    Status status = root < 0 ? status_from_errno(errno, "override directory")
                             : write_files(root, change->files, change->file_count);
    char *kept = status_is_ok(&status) ? strdup(path) : NULL;
    if (status_is_ok(&status) && !kept)
        status = status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    if (!status_is_ok(&status))
        remove_directory(path);
    *ret_path = kept;
    return status;
}

Status repo_set_override(RepoModel *model, const RepoChange *change) {
    RepoOverride made = { .config_length = change->config_length };
    if (change->file_count > FILES_MAX || change->config_length > CONFIG_BYTES_MAX)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "at most %d files and a config of %d bytes may be given to a load",
                            (int)FILES_MAX, (int)CONFIG_BYTES_MAX);
    if (change->config_text &&
        !(made.config_text = strndup(change->config_text, change->config_length)))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    Status status = change->file_count > 0 ? make_directory(change, &made.directory) : status_ok();
    if (!status_is_ok(&status)) {
        free(made.config_text);
        return status;
    }
    repo_clear_override(model);
    model->override = made;
    return status_ok();
}
