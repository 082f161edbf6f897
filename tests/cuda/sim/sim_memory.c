/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Device memory: one reserved stretch of addresses, handed out upwards and never twice, so that a
 * stale address is never valid again. It is not accessible but while an operation runs. Fresh
 * memory is poisoned, what lies behind an allocation is a canary. Pinned memory is remembered, so
 * that copies from it can be late, and watched when it is freed.
 */

#include "tests/cuda/sim/sim.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 256, CANARY_BYTES = 256, POISON = 0xFB, CANARY = 0xCA };
#define ARENA_BYTES    (UINT64_C(1) << 37)
#define MEMORY_DEFAULT (UINT64_C(8) << 30)
#define PAGE           UINT64_C(4096)

typedef struct Allocation {
    struct Allocation *next;
    char *base;
    size_t bytes;
    unsigned number;
    int device;
    bool live;
} Allocation;

typedef struct Pinned {
    struct Pinned *next;
    char *base;
    size_t bytes;
} Pinned;

/* under sim_lock */
static char *arena, *top;
static Allocation *allocations; /* newest first: addresses fall */
static Pinned *pinned;
static unsigned allocation_count;
static size_t live_bytes[SIM_DEVICES_MAX], peak_bytes;
static int open_depth;

static size_t total_bytes(void) {
    const char *text = getenv("INFERD_SIM_MEMORY");
    return text ? strtoull(text, NULL, 10) : MEMORY_DEFAULT;
}

static void protect(int protection) {
    size_t used = (size_t)(top - arena + (ptrdiff_t)PAGE - 1) / PAGE * PAGE;
    if (used > 0)
        mprotect(arena, used, protection);
}

static void reserve(void) {
    if (arena)
        return;
    void *mapped =
        mmap(NULL, ARENA_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED)
        abort();
    arena = top = mapped;
}

static Allocation *find(const void *address) {
    for (Allocation *it = allocations; it; it = it->next)
        if ((const char *)address >= it->base)
            return (const char *)address < it->base + it->bytes + CANARY_BYTES ? it : NULL;
    return NULL;
}

bool sim_is_device(const void *address) {
    return arena && (const char *)address >= arena && (const char *)address < arena + ARENA_BYTES;
}

bool sim_range_ok(const void *address, size_t bytes) {
    if (bytes == 0)
        return true;
    const Allocation *it = find(address);
    return it && it->live && (const char *)address + bytes <= it->base + it->bytes;
}

bool sim_find_range(uint64_t address, uint64_t *ret_begin, uint64_t *ret_end) {
    const Allocation *it = find((const void *)(uintptr_t)address);
    if (!it || !it->live)
        return false;
    *ret_begin = (uint64_t)(uintptr_t)it->base;
    *ret_end = *ret_begin + it->bytes;
    return address < *ret_end;
}

bool sim_is_pinned(const void *address) {
    for (const Pinned *it = pinned; it; it = it->next)
        if ((const char *)address >= it->base && (const char *)address < it->base + it->bytes)
            return true;
    return false;
}

static void check_canary(const Allocation *it) {
    for (size_t i = 0; i < CANARY_BYTES; i++)
        if ((unsigned char)it->base[it->bytes + i] != CANARY) {
            sim_violation("device buffer %u (%zu bytes) written behind its end, at +%zu",
                          it->number, it->bytes, it->bytes + i);
            memset(it->base + it->bytes, CANARY, CANARY_BYTES);
            return;
        }
}

void sim_memory_open(void) {
    if (open_depth++ == 0)
        protect(PROT_READ | PROT_WRITE);
}

void sim_memory_close(void) {
    for (const Allocation *it = allocations; it; it = it->next)
        if (it->live)
            check_canary(it);
    if (--open_depth == 0)
        protect(PROT_NONE);
}

void sim_memory_report(void) {
    for (const Allocation *it = allocations; it; it = it->next)
        if (it->live)
            sim_violation("leak: device buffer %u of %zu bytes", it->number, it->bytes);
    for (const Pinned *it = pinned; it; it = it->next)
        sim_violation("leak: pinned buffer of %zu bytes", it->bytes);
    sim_count("peak_device_bytes", peak_bytes);
}

static cudaError_t allocate(void **address, size_t bytes) {
    reserve();
    int device = sim_current_device();
    if (live_bytes[device] + bytes > total_bytes())
        return cudaErrorMemoryAllocation;
    size_t whole = (bytes + CANARY_BYTES + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (top + whole + PAGE > arena + ARENA_BYTES)
        return cudaErrorMemoryAllocation;
    Allocation *it = calloc(1, sizeof *it);
    if (!it)
        abort();
    *it = (Allocation){ .next = allocations,
                        .base = top,
                        .bytes = bytes,
                        .number = ++allocation_count,
                        .device = device,
                        .live = true };
    allocations = it;
    top += whole;
    sim_memory_open();
    protect(PROT_READ | PROT_WRITE); /* it grew */
    memset(it->base, POISON, bytes);
    memset(it->base + bytes, CANARY, CANARY_BYTES);
    sim_memory_close();
    live_bytes[device] += bytes;
    if (live_bytes[device] > peak_bytes)
        peak_bytes = live_bytes[device];
    *address = it->base;
    return cudaSuccess;
}

cudaError_t cudaMalloc(void **address, size_t bytes) {
    sim_lock();
    cudaError_t error = sim_call("cudaMalloc") ? sim_sticky() : cudaErrorMemoryAllocation;
    if (error == cudaSuccess && bytes > 0)
        error = allocate(address, bytes);
    else if (error == cudaSuccess)
        *address = NULL;
    sim_unlock();
    return error;
}

static cudaError_t give_back(void *address) {
    Allocation *it = find(address);
    if (!it || it->base != address) {
        sim_violation("cudaFree of %p, which is no device allocation", address);
        return cudaErrorInvalidValue;
    }
    if (!it->live) {
        sim_violation("device buffer %u freed twice", it->number);
        return cudaErrorInvalidValue;
    }
    sim_memory_open();
    check_canary(it);
    memset(it->base, POISON, it->bytes); /* whoever still reads it gets that */
    sim_memory_close();
    it->live = false;
    live_bytes[it->device] -= it->bytes;
    return cudaSuccess;
}

cudaError_t cudaFree(void *address) {
    sim_lock();
    sim_call("cudaFree");
    cudaError_t error = sim_sticky();
    if (error == cudaSuccess && address) {
        sim_drain_all(); /* as the runtime does */
        error = give_back(address);
    }
    sim_unlock();
    return error;
}

cudaError_t cudaHostAlloc(void **address, size_t bytes, unsigned flags) {
    (void)flags;
    sim_lock();
    cudaError_t error = sim_call("cudaHostAlloc") ? sim_sticky() : cudaErrorMemoryAllocation;
    if (error == cudaSuccess) {
        Pinned *it = calloc(1, sizeof *it);
        if (!it)
            abort();
        it->base = aligned_alloc(PAGE, (bytes + PAGE - 1) / PAGE * PAGE);
        it->bytes = bytes;
        memset(it->base, POISON, bytes);
        it->next = pinned;
        pinned = it;
        *address = it->base;
    }
    sim_unlock();
    return error;
}

cudaError_t cudaFreeHost(void *address) {
    sim_lock();
    sim_call("cudaFreeHost");
    cudaError_t error = sim_sticky();
    if (error == cudaSuccess) {
        sim_drain_all();
        Pinned **it = &pinned;
        while (*it && (*it)->base != address)
            it = &(*it)->next;
        if (*it) {
            Pinned *gone = *it;
            *it = gone->next;
            free(gone->base);
            free(gone);
        } else {
            sim_violation("cudaFreeHost of %p, which is not pinned", address);
            error = cudaErrorInvalidValue;
        }
    }
    sim_unlock();
    return error;
}

cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *all) {
    sim_lock();
    *all = total_bytes();
    *free_bytes = *all - live_bytes[sim_current_device()];
    sim_unlock();
    return sim_sticky();
}

/* --- copies --- */

typedef struct CopyWork {
    char *dst;
    const char *src;
    size_t bytes;
    enum cudaMemcpyKind kind;
    void *staged; /* pageable memory is read when the copy is asked for */
} CopyWork;

static void run_copy(void *context) {
    const CopyWork *work = context;
    bool to_device = work->kind != cudaMemcpyDeviceToHost;
    bool from_device = work->kind != cudaMemcpyHostToDevice;
    if ((to_device && !sim_range_ok(work->dst, work->bytes)) ||
        (from_device && !sim_range_ok(work->src, work->bytes)))
        sim_violation("a copy of %zu bytes runs on device memory that is gone", work->bytes);
    else if (!to_device && !sim_is_pinned(work->dst))
        sim_violation("a copy to the host runs on memory that is not pinned any more");
    else
        memmove(work->dst, work->staged ? work->staged : work->src, work->bytes);
    free(work->staged);
}

static bool check_copy(void *dst, const void *src, size_t bytes, enum cudaMemcpyKind kind) {
    bool to_device = kind != cudaMemcpyDeviceToHost, from_device = kind != cudaMemcpyHostToDevice;
    if (kind != cudaMemcpyHostToDevice && kind != cudaMemcpyDeviceToHost &&
        kind != cudaMemcpyDeviceToDevice) {
        sim_violation("cudaMemcpyAsync of kind %d", (int)kind);
        return false;
    }
    if (to_device != sim_is_device(dst) || from_device != sim_is_device(src)) {
        sim_violation("cudaMemcpyAsync of kind %d from %s to %s memory", (int)kind,
                      sim_is_device(src) ? "device" : "host",
                      sim_is_device(dst) ? "device" : "host");
        return false;
    }
    if ((to_device && !sim_range_ok(dst, bytes)) || (from_device && !sim_range_ok(src, bytes))) {
        sim_violation("cudaMemcpyAsync of %zu bytes leaves its allocation", bytes);
        return false;
    }
    if (kind == cudaMemcpyDeviceToHost && !sim_is_pinned(dst)) {
        sim_violation("cudaMemcpyAsync to pageable memory blocks the stream's caller");
        return false;
    }
    return true;
}

static void count_copy(enum cudaMemcpyKind kind, size_t bytes) {
    static const char *const names[] = { [cudaMemcpyHostToDevice] = "copies_in",
                                         [cudaMemcpyDeviceToHost] = "copies_out",
                                         [cudaMemcpyDeviceToDevice] = "copies_within" };
    static const char *const sums[] = { [cudaMemcpyHostToDevice] = "bytes_in",
                                        [cudaMemcpyDeviceToHost] = "bytes_out",
                                        [cudaMemcpyDeviceToDevice] = "bytes_within" };
    sim_count(names[kind], 1);
    sim_count(sums[kind], bytes);
}

cudaError_t cudaMemcpyAsync(void *dst, const void *src, size_t bytes, enum cudaMemcpyKind kind,
                            cudaStream_t stream) {
    sim_lock();
    cudaError_t error = sim_call("cudaMemcpyAsync") ? sim_sticky() : cudaErrorInvalidValue;
    if (error == cudaSuccess && !check_copy(dst, src, bytes, kind))
        error = cudaErrorInvalidValue;
    if (error == cudaSuccess) {
        CopyWork work = { .dst = dst, .src = src, .bytes = bytes, .kind = kind };
        if (kind == cudaMemcpyHostToDevice && !sim_is_pinned(src)) {
            work.staged = malloc(bytes);
            if (!work.staged)
                abort();
            memcpy(work.staged, src, bytes);
            sim_count("copies_in_pageable", 1);
        } else {
            count_copy(kind, bytes);
        }
        error = sim_enqueue(stream, "copy", run_copy, &work, sizeof work);
    }
    sim_unlock();
    return error;
}
