/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How near the process is to the memory it may have: its cgroup's, or the machine's. At 90 %
 * nothing new is admitted and the response cache is emptied, which could otherwise keep it so; at
 * 95 % what can be had again is given back, below 85 % all is well again. Probes are answered at
 * any level.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum MemoryLevel { MEMORY_FINE, MEMORY_FULL, MEMORY_CRITICAL } MemoryLevel;

typedef struct MemoryGuard {
    size_t limit_bytes; /* fixed after init */
    /* main thread */
    size_t trimmed_bytes; /* resident after the last trim */
    unsigned looks;       /* since then */
    /* any thread */
    atomic_int level; /* MemoryLevel */
    atomic_size_t resident_bytes;
} MemoryGuard;

/* Pure: the level that follows. */
MemoryLevel memory_decide(MemoryLevel before, size_t resident_bytes, size_t limit_bytes);

/* @limit_bytes  0: what the cgroup or the machine has */
void memory_guard_init(MemoryGuard *guard, size_t limit_bytes);
/* Looks, and trims the heap where that may help. Thread: main, about once a second. */
void memory_guard_refresh(MemoryGuard *guard);
/* Much has been freed: the next look trims the heap. Thread: main. */
void memory_guard_expect_less(MemoryGuard *guard);

static inline bool memory_guard_is_full(MemoryGuard *guard) {
    return atomic_load_explicit(&guard->level, memory_order_relaxed) != MEMORY_FINE;
}
