/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Memory that clients on the same machine share with us by name (POSIX shared memory): tensors are
 * read from it and written to it instead of travelling. Off unless the server was started with
 * --allow-client-shm. A region is mapped once, when it is registered, and counted: one that is
 * unregistered while requests use it goes with the last of them. A client that shortens its memory
 * while we use it can stop this process; only clients that are trusted should be allowed it.
 */

#include "runtime/base/arena.h"
#include "runtime/tensor/dtype.h"

typedef struct SharedMemory SharedMemory;
typedef struct SharedRegion SharedRegion;

Status shared_memory_new(bool allowed, SharedMemory **ret_memory);
void shared_memory_free(SharedMemory *memory); /* no region is in use */
DEFINE_AUTO(SharedMemory, shared_memory_free);

/* UNIMPLEMENTED when it is not allowed. */
Status shared_memory_check(const SharedMemory *memory);

typedef struct SharedRegionInfo {
    StringView name, key;
    uint64_t offset, bytes;
} SharedRegionInfo;

/* Errors: ALREADY_EXISTS, INVALID_ARGUMENT (names, sizes, no such memory), RESOURCE_EXHAUSTED.
 * Thread: any; maps, which does not block. */
Status shared_memory_register(SharedMemory *memory, const SharedRegionInfo *info);
/* "": all of them. One that is not there is no error. */
void shared_memory_unregister(SharedMemory *memory, StringView name);
/* Names and keys are copied to arena. NOT_FOUND for a name that is not registered; "": all. */
Status shared_memory_list(SharedMemory *memory, StringView name, Arena *arena,
                          SharedRegionInfo **ret_regions, size_t *ret_count);

/* A part of a region, which stays until it is released. NOT_FOUND, INVALID_ARGUMENT (outside). */
Status shared_memory_acquire(SharedMemory *memory, StringView name, uint64_t offset, uint64_t bytes,
                             SharedRegion **ret_region, void **ret_data);
void shared_region_release(SharedRegion *region); /* NULL is fine */
