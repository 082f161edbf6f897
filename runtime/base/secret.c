/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A mapping of its own for each: locks are counted per page, not per call, so memory from the heap
 * could be unlocked by a neighbour. The first bytes of the mapping say how long it is; what is
 * given out lies behind them.
 *
 * Without the lock there is no secret: a limit that is too small (Debian's default is an eighth of
 * the memory, a container's often 64 KiB or 8 MiB) is an error, not a warning.
 *
 * Thread: any.
 */

#include "runtime/base/secret.h"

#include "runtime/base/size.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { HEAD_BYTES = 64 };

static Status lock_error(size_t bytes) {
    struct rlimit limit = { 0 };
    (void)getrlimit(RLIMIT_MEMLOCK, &limit);
    return status_error(STATUS_RESOURCE_EXHAUSTED,
                        "cannot lock %zu bytes of memory: the limit (RLIMIT_MEMLOCK) is %llu",
                        bytes, (unsigned long long)limit.rlim_cur);
}

Status secret_new(size_t bytes, void **ret_data) {
    size_t whole;
    if (!size_add(bytes, HEAD_BYTES, &whole))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory for %zu bytes", bytes);
    char *memory = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory for %zu bytes", bytes);
    (void)madvise(memory, whole, MADV_DONTDUMP);
    if (mlock(memory, whole) != 0) {
        munmap(memory, whole);
        return lock_error(whole);
    }
    memcpy(memory, &whole, sizeof whole);
    *ret_data = memory + HEAD_BYTES;
    return status_ok();
}

void secret_free(void *data) {
    if (!data)
        return;
    char *memory = (char *)data - HEAD_BYTES;
    size_t whole;
    memcpy(&whole, memory, sizeof whole);
    explicit_bzero(memory, whole);
    munmap(memory, whole);
}
