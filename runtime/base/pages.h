/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Memory that is ours but not needed any more, given back to the system page by page while its
 * address stays taken.
 */

#include <stddef.h>

/**
 * Gives back the whole pages inside [data, data + bytes) of heap memory. Their content is lost; the
 * memory may be written again, and is freed as ever.
 *
 * Returns how many bytes went: 0 where the system does not offer it. Thread: any, if nobody reads.
 */
size_t pages_release(void *data, size_t bytes);
/* Memory for free(), 64-byte aligned, NULL when there is none. From 2 MiB on it asks for huge
 * pages: what is walked again and again (weights, values between operators) misses the address
 * cache less; 6 % of a convolutional network's time. */
void *pages_new_huge(size_t bytes);
/* What this process may use: the machine's memory, or less where a cgroup says so. */
size_t pages_memory_limit_bytes(void);
/* Freed memory that the allocator holds on to, after something large. Takes milliseconds. */
void pages_trim_heap(void);
