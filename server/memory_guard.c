/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Budgets bound what requests may hold; this bounds what all of it, models included, comes to. It
 * looks at the process's own resident memory, since that is what an out-of-memory kill counts in a
 * cgroup of our own, beside page cache that the kernel takes back. Once a second is enough: between
 * two looks the budgets hold. Thread: main looks, any thread asks.
 */

#include "server/memory_guard.h"

#include "runtime/base/log.h"
#include "runtime/base/pages.h"

#include <stdio.h>
#include <unistd.h>

enum {
    FINE_PERCENT = 85,
    FULL_PERCENT = 90,
    CRITICAL_PERCENT = 95,
    TRIM_BYTES = 24 << 20,
    TRIM_LOOKS = 3
};

static size_t percent_of(size_t bytes, size_t percent) {
    return bytes / 100 * percent;
}

MemoryLevel memory_decide(MemoryLevel before, size_t resident_bytes, size_t limit_bytes) {
    if (resident_bytes >= percent_of(limit_bytes, CRITICAL_PERCENT))
        return MEMORY_CRITICAL;
    if (resident_bytes >= percent_of(limit_bytes, FULL_PERCENT))
        return MEMORY_FULL;
    if (before != MEMORY_FINE && resident_bytes >= percent_of(limit_bytes, FINE_PERCENT))
        return MEMORY_FULL;
    return MEMORY_FINE;
}

static size_t read_resident(void) {
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%*u %llu", &pages) != 1)
        pages = 0;
    fclose(file);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

void memory_guard_init(MemoryGuard *guard, size_t limit_bytes) {
    guard->limit_bytes = limit_bytes ? limit_bytes : pages_memory_limit_bytes();
    atomic_init(&guard->level, MEMORY_FINE);
    atomic_init(&guard->resident_bytes, 0);
}

/* malloc keeps what was freed, so that requests need no page faults; what a peak has left behind
 * goes back after a while, and at once when memory is scarce. */
static bool should_trim(MemoryGuard *guard, MemoryLevel before, size_t resident) {
    guard->looks++;
    bool grown = resident > guard->trimmed_bytes + TRIM_BYTES && guard->looks >= TRIM_LOOKS;
    return grown || memory_decide(before, resident, guard->limit_bytes) == MEMORY_CRITICAL;
}

void memory_guard_expect_less(MemoryGuard *guard) {
    guard->looks = TRIM_LOOKS;
    guard->trimmed_bytes = 0;
}

void memory_guard_refresh(MemoryGuard *guard) {
    static const char *const names[] = {
        [MEMORY_FINE] = "fine", [MEMORY_FULL] = "full", [MEMORY_CRITICAL] = "critical"
    };
    size_t resident = read_resident();
    MemoryLevel before = (MemoryLevel)atomic_load(&guard->level);
    if (should_trim(guard, before, resident)) {
        pages_trim_heap();
        resident = read_resident();
        guard->trimmed_bytes = resident;
        guard->looks = 0;
    }
    MemoryLevel level = memory_decide(before, resident, guard->limit_bytes);
    atomic_store(&guard->resident_bytes, resident);
    atomic_store(&guard->level, level);
    if (level != before)
        log_event(level == MEMORY_FINE ? LOG_INFO : LOG_WARN, "memory",
                  "level=%s resident=%zu limit=%zu", names[level], resident, guard->limit_bytes);
}
