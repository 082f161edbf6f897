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
#include <sys/mman.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

size_t pages_release(void *data, size_t bytes) {
    long page = sysconf(_SC_PAGESIZE);
    if (page <= 0 || bytes < (size_t)page)
        return 0;
    uintptr_t mask = (uintptr_t)page - 1, address = (uintptr_t)data;
    uintptr_t begin = (address + mask) & ~mask, end = (address + bytes) & ~mask;
    if (begin >= end || madvise((void *)begin, end - begin, MADV_DONTNEED) != 0)
        return 0;
    return end - begin;
}

#ifdef __GLIBC__
void pages_trim_heap(void) {
    malloc_trim(0);
}
#else
void pages_trim_heap(void) {
}
#endif
