/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table of regions, under one lock; mapping and unmapping happen outside it. Each use asks the
 * kernel how long the memory still is, so that an honest client that made it shorter gets an error.
 * Thread: any. Source: reference open_inference_triton.md 1.2, 1.5.
 */

#include "server/shared_memory.h"

#include "runtime/base/beneath.h"
#include "runtime/base/size.h"
#include "runtime/base/thread.h"

#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REGIONS_MAX = 1024, NAME_BYTES_MAX = 255, SHOWN_MAX = 100 };
#define SHOWN(view) (int)MIN_OF((view).length, (size_t)SHOWN_MAX), (view).data

struct SharedRegion {
    char *name, *key;
    uint64_t offset, bytes;
    int file;
    char *mapped; /* at a page's start */
    size_t mapped_bytes, lead_bytes;
    atomic_uint references;
};

struct SharedMemory {
    bool allowed;
    Mutex mutex;
    SharedRegion *regions[REGIONS_MAX];
    size_t count;
};

Status shared_memory_new(bool allowed, SharedMemory **ret_memory) {
    SharedMemory *memory = calloc(1, sizeof *memory);
    if (!memory)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    memory->allowed = allowed;
    mutex_init(&memory->mutex);
    *ret_memory = memory;
    return status_ok();
}

void shared_region_release(SharedRegion *region) {
    if (!region || atomic_fetch_sub_explicit(&region->references, 1, memory_order_acq_rel) != 1)
        return;
    if (region->mapped)
        munmap(region->mapped, region->mapped_bytes);
    descriptor_close_auto_(&region->file);
    free(region->name);
    free(region->key);
    free(region);
}
DEFINE_AUTO(SharedRegion, shared_region_release);

void shared_memory_free(SharedMemory *memory) {
    if (!memory)
        return;
    shared_memory_unregister(memory, (StringView){ .data = "" });
    mutex_deinit(&memory->mutex);
    free(memory);
}

Status shared_memory_check(const SharedMemory *memory) {
    if (memory && memory->allowed)
        return status_ok();
    return status_error(STATUS_UNIMPLEMENTED, "Client shared memory is disabled. Start the server "
                                              "with '--allow-client-shm=true' to enable.");
}

/* Called under the lock. INDEX_NONE */
static size_t find_locked(const SharedMemory *memory, StringView name) {
    for (size_t i = 0; i < memory->count; i++)
        if (strlen(memory->regions[i]->name) == name.length &&
            memcmp(memory->regions[i]->name, name.data, name.length) == 0)
            return i;
    return INDEX_NONE;
}

/* --- registering --- */

static Status check_info(const SharedRegionInfo *info) {
    static const char reserved[] = "triton_python_backend_shm_region_";
    bool bad_key = info->key.length < 1 || info->key.length > NAME_BYTES_MAX ||
                   memchr(info->key.data + 1, '/', info->key.length - 1);
    uint64_t end;
    if (info->name.length == 0 || info->name.length > NAME_BYTES_MAX)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "a shared memory region needs a name of at most %d bytes",
                            NAME_BYTES_MAX);
    if (info->name.length >= sizeof reserved - 1 &&
        memcmp(info->name.data, reserved, sizeof reserved - 1) == 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "cannot register shared memory region '%.*s': its name is reserved",
                            SHOWN(info->name));
    if (bad_key)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "failed to register shared memory region '%.*s': invalid key '%.*s'",
                            SHOWN(info->name), SHOWN(info->key));
    if (info->bytes == 0 || __builtin_add_overflow(info->offset, info->bytes, &end) ||
        end > INT64_MAX)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "failed to register shared memory region '%.*s': invalid size or "
                            "offset",
                            SHOWN(info->name));
    return status_ok();
}

static bool is_long_enough(int file, uint64_t bytes) {
    struct stat info;
    return fstat(file, &info) == 0 && info.st_size >= 0 && (uint64_t)info.st_size >= bytes;
}

static Status map_region(const SharedRegionInfo *info, SharedRegion *region) {
    region->file = shm_open(region->key, O_RDWR | O_CLOEXEC, 0);
    if (region->file < 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "failed to register shared memory region '%s': Unable to open shared "
                            "memory region: '%s'",
                            region->name, region->key);
    if (!is_long_enough(region->file, info->offset + info->bytes))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "failed to register shared memory region '%s': Invalid offset + byte "
                            "size, the memory is shorter",
                            region->name);
    region->lead_bytes = (size_t)(info->offset % (uint64_t)sysconf(_SC_PAGESIZE));
    region->mapped_bytes = region->lead_bytes + (size_t)info->bytes;
    void *mapped = mmap(NULL, region->mapped_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                        region->file, (off_t)(info->offset - region->lead_bytes));
    if (mapped == MAP_FAILED)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "failed to register shared memory region '%s': unable to map it",
                            region->name);
    region->mapped = mapped;
    return status_ok();
}

static Status make_region(const SharedRegionInfo *info, SharedRegion **ret_region) {
    AUTO(shared_region_release) SharedRegion *region = calloc(1, sizeof *region);
    if (!region)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    region->file = -1;
    atomic_init(&region->references, 1);
    region->offset = info->offset;
    region->bytes = info->bytes;
    region->name = strndup(info->name.data, info->name.length);
    region->key = strndup(info->key.data, info->key.length);
    if (!region->name || !region->key)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    TRY(map_region(info, region));
    *ret_region = TAKE(region);
    return status_ok();
}

Status shared_memory_register(SharedMemory *memory, const SharedRegionInfo *info) {
    TRY(shared_memory_check(memory));
    TRY(check_info(info));
    AUTO(shared_region_release) SharedRegion *region = NULL;
    TRY(make_region(info, &region));
    LOCKED(&memory->mutex);
    if (find_locked(memory, info->name) != INDEX_NONE)
        return status_error(STATUS_ALREADY_EXISTS, "shared memory region '%.*s' already in manager",
                            SHOWN(info->name));
    if (memory->count == REGIONS_MAX)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "at most %d shared memory regions",
                            REGIONS_MAX);
    memory->regions[memory->count++] = TAKE(region);
    return status_ok();
}

/* NULL: none. The caller has the table's reference. */
static SharedRegion *take_region(SharedMemory *memory, StringView name) {
    LOCKED(&memory->mutex);
    size_t index = name.length > 0     ? find_locked(memory, name)
                   : memory->count > 0 ? memory->count - 1
                                       : INDEX_NONE;
    if (index == INDEX_NONE)
        return NULL;
    SharedRegion *region = memory->regions[index];
    memory->regions[index] = memory->regions[--memory->count];
    return region;
}

void shared_memory_unregister(SharedMemory *memory, StringView name) {
    SharedRegion *region;
    do {
        region = take_region(memory, name);
        shared_region_release(region);
    } while (region && name.length == 0);
}

/* --- using --- */

static Status not_found(StringView name) {
    return status_error(STATUS_NOT_FOUND, "Unable to find shared memory region: '%.*s'",
                        SHOWN(name));
}

Status shared_memory_list(SharedMemory *memory, StringView name, Arena *arena,
                          SharedRegionInfo **ret_regions, size_t *ret_count) {
    TRY(shared_memory_check(memory));
    SharedRegionInfo *list = arena_calloc(arena, REGIONS_MAX, sizeof *list);
    char *texts = arena_alloc(arena, (size_t)REGIONS_MAX * 2 * (NAME_BYTES_MAX + 1));
    if (!list || !texts)
        return arena_exhausted(arena);
    LOCKED(&memory->mutex);
    *ret_count = 0;
    for (size_t i = 0; i < memory->count; i++) {
        const SharedRegion *region = memory->regions[i];
        if (name.length > 0 && find_locked(memory, name) != i)
            continue;
        SharedRegionInfo *info = &list[(*ret_count)++];
        *info = (SharedRegionInfo){ .name = { .data = texts, .length = strlen(region->name) },
                                    .offset = region->offset,
                                    .bytes = region->bytes };
        texts = stpcpy(texts, region->name) + 1;
        info->key = (StringView){ .data = texts, .length = strlen(region->key) };
        texts = stpcpy(texts, region->key) + 1;
    }
    *ret_regions = list;
    return name.length > 0 && *ret_count == 0 ? not_found(name) : status_ok();
}

static SharedRegion *ref_region(SharedMemory *memory, StringView name) {
    LOCKED(&memory->mutex);
    size_t index = find_locked(memory, name);
    if (index == INDEX_NONE)
        return NULL;
    atomic_fetch_add_explicit(&memory->regions[index]->references, 1, memory_order_relaxed);
    return memory->regions[index];
}

Status shared_memory_acquire(SharedMemory *memory, StringView name, uint64_t offset, uint64_t bytes,
                             SharedRegion **ret_region, void **ret_data) {
    TRY(shared_memory_check(memory));
    AUTO(shared_region_release) SharedRegion *region = ref_region(memory, name);
    if (!region)
        return not_found(name);
    if (offset > region->bytes)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "Invalid offset for shared memory region: '%s'", region->name);
    if (bytes > region->bytes - offset ||
        !is_long_enough(region->file, region->offset + offset + bytes))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "Invalid offset + byte size for shared memory region: '%s'",
                            region->name);
    *ret_data = region->mapped + region->lead_bytes + offset;
    *ret_region = TAKE(region);
    return status_ok();
}
