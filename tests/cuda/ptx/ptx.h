/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Runs kernels as nvcc emitted them, thread by thread, on the host, and reports what a GPU would
 * let pass: accesses out of bounds or misaligned, shared memory that is read before it is written
 * or raced for, barriers and shuffles that not all threads reach. A thread runs until a barrier or
 * a shuffle; the order of threads and blocks is drawn anew each time from a seed.
 *
 * Approximate instructions (ex2.approx and kin) are computed exactly, so the last bits differ from
 * a GPU's. Nothing is said about ptxas, about memory order between blocks, or about speed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct PtxModule PtxModule;
typedef struct PtxKernel PtxKernel;

/* Told of everything wrong, in one line. */
typedef void (*PtxReport)(void *user, const char *message);
/* The whole allocation of device memory that holds the address: its bounds, or false. */
typedef bool (*PtxFindRange)(void *user, uint64_t address, uint64_t *ret_begin, uint64_t *ret_end);

typedef struct PtxHost {
    PtxReport report;
    PtxFindRange find_range;
    void *user;
} PtxHost;

/* NULL, with a report of the line, when the text has something unknown: it is never guessed. */
PtxModule *ptx_load(const char *path, const PtxHost *host);
void ptx_free(PtxModule *module);
size_t ptx_kernel_count(const PtxModule *module);
const PtxKernel *ptx_kernel(const PtxModule *module, size_t index);
const PtxKernel *ptx_find(const PtxModule *module, const char *name);
const char *ptx_name(const PtxKernel *kernel);
size_t ptx_param_count(const PtxKernel *kernel);
size_t ptx_param_bytes(const PtxKernel *kernel, size_t index);

typedef struct PtxLaunch {
    uint32_t grid[3], block[3];
    void *const *params; /* address of each one's value */
    uint32_t seed;
} PtxLaunch;

/* false when something was reported; stops at the first. Thread: one at a time a module. */
bool ptx_run(const PtxKernel *kernel, const PtxLaunch *launch, const PtxHost *host);
/* Instructions run so far. */
uint64_t ptx_instructions(void);
