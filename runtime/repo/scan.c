/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Looking at a repository. A version's fingerprint is a hash over the names, sizes and times of
 * everything in it, so that a copy in progress never looks the same twice; it is not a checksum of
 * content. Depth and number of entries are bounded: what lies beyond is not looked at, and a
 * version directory that large is no model.
 *
 * Nothing here follows a link out of the model's directory: a version that is such a link does not
 * exist.
 *
 * Thread: repo.
 */

#include "runtime/repo/scan.h"

#include "runtime/base/beneath.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCAN_DEPTH_MAX = 4, SCAN_ENTRIES_MAX = 10000 };

static void closedir_auto_(DIR **directory) {
    if (*directory)
        closedir(*directory);
}

/* @descriptor stays open */
static Status open_listing(int descriptor, DIR **ret_directory) {
    int copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0)
        return status_from_errno(errno, "directory");
    DIR *directory = fdopendir(copy);
    if (!directory) {
        int error = errno;
        close(copy);
        return status_from_errno(error, "directory");
    }
    *ret_directory = directory;
    return status_ok();
}

/* FNV-1a */
static void hash_bytes(uint64_t *hash, const void *bytes, size_t length) {
    const unsigned char *cursor = bytes;
    for (size_t i = 0; i < length; i++)
        *hash = (*hash ^ cursor[i]) * UINT64_C(0x100000001B3);
}

static uint64_t hash_start(void) {
    return UINT64_C(0xCBF29CE484222325);
}

static uint64_t modified_ns(const struct stat *info) {
    return info->st_mtim.tv_sec < 0
               ? 0
               : (uint64_t)info->st_mtim.tv_sec * NS_PER_S + (uint64_t)info->st_mtim.tv_nsec;
}

/* A hash of one entry. Entries are summed, since directories have no order. */
static uint64_t hash_entry(const char *name, const struct stat *info) {
    uint64_t hash = hash_start();
    uint64_t facts[] = { (uint64_t)info->st_size, modified_ns(info), (uint64_t)info->st_ino,
                         (uint64_t)(info->st_mode & S_IFMT) };
    hash_bytes(&hash, name, strlen(name));
    hash_bytes(&hash, facts, sizeof facts);
    return hash;
}

typedef struct Walk {
    uint64_t fingerprint, newest_ns;
    size_t entries;
} Walk;

static void walk_entry(Walk *walk, const char *name, const struct stat *info) {
    walk->fingerprint += hash_entry(name, info);
    walk->newest_ns = MAX_OF(walk->newest_ns, modified_ns(info));
    walk->entries++;
}

static void walk_directory(Walk *walk, int descriptor, size_t depth) {
    __attribute__((cleanup(closedir_auto_))) DIR *directory = NULL;
    Status status = open_listing(descriptor, &directory);
    if (!status_is_ok(&status))
        return;
    struct dirent *entry;
    while (walk->entries < SCAN_ENTRIES_MAX && (entry = readdir(directory)) != NULL) {
        struct stat info;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(descriptor, entry->d_name, &info, 0) != 0)
            continue;
        walk_entry(walk, entry->d_name, &info);
        AUTO(descriptor_close) int child = -1;
        if (!S_ISDIR(info.st_mode) || depth == SCAN_DEPTH_MAX)
            continue;
        status = beneath_open(descriptor, entry->d_name, O_RDONLY | O_DIRECTORY, &child);
        if (status_is_ok(&status))
            walk_directory(walk, child, depth + 1);
    }
}

bool scan_parse_version(const char *name, int64_t *ret_number) {
    size_t digits = strspn(name, "0123456789");
    if (digits == 0 || name[digits] != '\0')
        return false;
    errno = 0;
    long long number = strtoll(name, NULL, 10);
    if (errno != 0 || number <= 0)
        return false;
    *ret_number = number;
    return true;
}

typedef struct VersionList {
    Arena *arena;
    ScanVersion *items;
    size_t count, capacity;
} VersionList;

/* Of two names for one number the later in order wins, as in TensorFlow Serving. */
static Status add_version(VersionList *list, const ScanVersion *version) {
    ScanVersion *slot = NULL;
    for (size_t i = 0; i < list->count && !slot; i++)
        if (list->items[i].number == version->number)
            slot = &list->items[i];
    if (slot && strcmp(slot->directory, version->directory) > 0)
        return status_ok();
    if (!slot && list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 8;
        ScanVersion *grown = arena_calloc(list->arena, capacity, sizeof *grown);
        if (!grown)
            return arena_exhausted(list->arena);
        if (list->count > 0)
            memcpy(grown, list->items, list->count * sizeof *grown);
        list->items = grown;
        list->capacity = capacity;
    }
    if (!slot)
        slot = &list->items[list->count++];
    *slot = *version;
    slot->directory = arena_strndup(list->arena, version->directory, strlen(version->directory));
    return slot->directory ? status_ok() : arena_exhausted(list->arena);
}

static int compare_versions(const void *a, const void *b) {
    int64_t left = ((const ScanVersion *)a)->number, right = ((const ScanVersion *)b)->number;
    return (left > right) - (left < right);
}

Status scan_versions(int model_directory, Arena *arena, ScanVersion **ret_versions,
                     size_t *ret_count) {
    __attribute__((cleanup(closedir_auto_))) DIR *directory = NULL;
    TRY(open_listing(model_directory, &directory));
    VersionList list = { .arena = arena };
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        ScanVersion version = { .directory = entry->d_name };
        AUTO(descriptor_close) int child = -1;
        struct stat info;
        if (!scan_parse_version(entry->d_name, &version.number))
            continue;
        Status status =
            beneath_open(model_directory, entry->d_name, O_RDONLY | O_DIRECTORY, &child);
        if (!status_is_ok(&status) || fstat(child, &info) != 0)
            continue;
        if (list.count >= SCAN_ENTRIES_MAX)
            return status_error(STATUS_RESOURCE_EXHAUSTED, "more than %d versions",
                                (int)SCAN_ENTRIES_MAX);
        Walk walk = { 0 };
        walk_entry(&walk, entry->d_name, &info);
        walk_directory(&walk, child, 0);
        version.fingerprint = walk.fingerprint;
        version.newest_ns = walk.newest_ns;
        TRY(add_version(&list, &version));
    }
    if (list.count > 0)
        qsort(list.items, list.count, sizeof *list.items, compare_versions);
    *ret_versions = list.items;
    *ret_count = list.count;
    return status_ok();
}

static bool is_model(int repository, const char *name, ScanVisit visit, void *user) {
    AUTO(descriptor_close) int model = -1;
    Status status = beneath_open(repository, name, O_RDONLY | O_DIRECTORY, &model);
    if (!status_is_ok(&status))
        return false;
    if (visit)
        visit(user, model);
    struct stat info;
    if (fstatat(model, "config.pbtxt", &info, 0) == 0)
        return true;
    __attribute__((cleanup(closedir_auto_))) DIR *directory = NULL;
    status = open_listing(model, &directory);
    struct dirent *entry;
    int64_t number;
    while (status_is_ok(&status) && (entry = readdir(directory)) != NULL)
        if (scan_parse_version(entry->d_name, &number) &&
            fstatat(model, entry->d_name, &info, 0) == 0 && S_ISDIR(info.st_mode))
            return true;
    return false;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

Status scan_models(int repository, Arena *arena, ScanVisit visit, void *user,
                   const char ***ret_names, size_t *ret_count) {
    __attribute__((cleanup(closedir_auto_))) DIR *directory = NULL;
    TRY(open_listing(repository, &directory));
    const char **names = NULL;
    size_t count = 0, capacity = 0;
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.' || !is_model(repository, entry->d_name, visit, user))
            continue;
        if (count == capacity) {
            if (count >= SCAN_ENTRIES_MAX)
                return status_error(STATUS_RESOURCE_EXHAUSTED, "more than %d models",
                                    (int)SCAN_ENTRIES_MAX);
            capacity = capacity ? 2 * capacity : 16;
            const char **grown = arena_calloc(arena, capacity, sizeof *grown);
            if (!grown)
                return arena_exhausted(arena);
            if (count > 0)
                memcpy(grown, names, count * sizeof *grown);
            names = grown;
        }
        names[count] = arena_strndup(arena, entry->d_name, strlen(entry->d_name));
        if (!names[count++])
            return arena_exhausted(arena);
    }
    if (count > 0)
        qsort(names, count, sizeof *names, compare_names);
    *ret_names = names;
    *ret_count = count;
    return status_ok();
}

ScanFile scan_model_files(int model_directory, const char *config_path) {
    ScanFile joined = { 0 };
    __attribute__((cleanup(closedir_auto_))) DIR *directory = NULL;
    Status status = open_listing(model_directory, &directory);
    if (!status_is_ok(&status))
        return joined;
    Walk walk = { 0 };
    struct dirent *entry;
    while (walk.entries < SCAN_ENTRIES_MAX && (entry = readdir(directory)) != NULL) {
        struct stat info;
        if (fstatat(model_directory, entry->d_name, &info, 0) == 0 && S_ISREG(info.st_mode))
            walk_entry(&walk, entry->d_name, &info);
    }
    struct stat config;
    if (config_path && fstatat(model_directory, config_path, &config, 0) == 0)
        walk_entry(&walk, config_path, &config);
    return (ScanFile){ .found = walk.entries > 0,
                       .fingerprint = walk.fingerprint,
                       .newest_ns = walk.newest_ns };
}

Status scan_file(int directory, const char *name, ScanFile *ret_file) {
    struct stat info;
    if (fstatat(directory, name, &info, 0) != 0)
        return status_from_errno(errno, name);
    *ret_file = (ScanFile){ .found = true,
                            .fingerprint = hash_entry(name, &info),
                            .newest_ns = modified_ns(&info) };
    return status_ok();
}

bool scan_has_settled(const SettleView *view) {
    if (view->moved_in || view->unchanged_ns >= view->settle_ns)
        return true;
    return view->newest_ns <= view->realtime_ns &&
           view->realtime_ns - view->newest_ns >= view->settle_ns;
}
