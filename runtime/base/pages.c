/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Pages given back. MADV_DONTNEED on private anonymous memory drops the pages at once and has the
 * next access find zeros; the mapping stays, so the allocator that handed the memory out need not
 * know. Partial pages at both ends hold other people's bytes and stay.
 *
 * Trimming: glibc keeps freed memory in an arena a thread, and the loader's is never used for
 * anything else.
 *
 * Thread: any.
 */

#include "runtime/base/pages.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#include <pthread.h>
#endif

enum { HUGE_PAGE_BYTES = 2 << 20, SMALL_ALIGNMENT = 64 };

size_t pages_release(void *data, size_t bytes) {
    long page = sysconf(_SC_PAGESIZE);
    if (page <= 0 || bytes < (size_t)page)
        return 0;
    uintptr_t mask = (uintptr_t)page - 1, address = (uintptr_t)data;
    uintptr_t begin = (address + mask) & ~mask, end = (address + bytes) & ~mask;
    if (begin >= end)
        return 0;
    /* Locked memory (runtime/base/secret.h) is unlocked first: what goes back is wiped by then. */
    if (madvise((void *)begin, end - begin, MADV_DONTNEED) != 0 &&
        (munlock((void *)begin, end - begin) != 0 ||
         madvise((void *)begin, end - begin, MADV_DONTNEED) != 0))
        return 0;
    return end - begin;
}

void *pages_new_huge(size_t bytes) {
    size_t alignment = bytes >= HUGE_PAGE_BYTES ? HUGE_PAGE_BYTES : SMALL_ALIGNMENT;
    if (bytes > SIZE_MAX - SMALL_ALIGNMENT)
        return NULL;
    bytes = (bytes + SMALL_ALIGNMENT - 1) / SMALL_ALIGNMENT * SMALL_ALIGNMENT;
    void *memory = aligned_alloc(alignment, bytes);
    if (memory && alignment == HUGE_PAGE_BYTES)
        (void)madvise(memory, bytes, MADV_HUGEPAGE); /* a wish: it may be refused */
    return memory;
}

size_t pages_memory_limit_bytes(void) {
    long page = sysconf(_SC_PAGESIZE), count = sysconf(_SC_PHYS_PAGES);
    size_t bytes = page > 0 && count > 0 ? (size_t)page * (size_t)count : SIZE_MAX;
    static const char *const files[] = { "/sys/fs/cgroup/memory.max",
                                         "/sys/fs/cgroup/memory/memory.limit_in_bytes" };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        FILE *file = fopen(files[i], "re");
        if (!file)
            continue;
        unsigned long long limit; /* "max" reads no number */
        if (fscanf(file, "%llu", &limit) == 1 && limit < bytes)
            bytes = (size_t)limit;
        fclose(file);
        break;
    }
    return bytes;
}

#ifdef __GLIBC__
/* One at a time: where nobody has used glibc's heap yet (under ASan), the first call sets it up
 * without a lock, and two at once crash. */
void pages_trim_heap(void) {
    static pthread_mutex_t trimming = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&trimming);
    malloc_trim(0);
    pthread_mutex_unlock(&trimming);
}
#else
void pages_trim_heap(void) {
}
#endif
