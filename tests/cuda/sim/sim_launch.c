/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Kernels: nvcc's start-up code in the plugin registers each with its name, and the launch by
 * address finds the PTX of that name. Arguments are copied when the launch is asked for, as on a
 * GPU; the interpreter runs when the stream gets there. What the interpreter finds wrong loses the
 * device, as an illegal address would.
 */

#include "tests/cuda/ptx/ptx.h"
#include "tests/cuda/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KERNELS_MAX = 2048, MODULES_MAX = 32, PARAM_BYTES_MAX = 2048, ARGS_MAX = 32 };

/* under sim_lock */
static struct {
    const void *host;
    char name[192];
    const PtxKernel *kernel; /* found at the first launch */
    uint64_t launches;
} kernels[KERNELS_MAX];
static size_t kernel_count;
static PtxModule *modules[MODULES_MAX];
static size_t module_count;

static void report(void *user, const char *message) {
    (void)user;
    sim_violation("%s", message);
}

static bool find_range(void *user, uint64_t address, uint64_t *ret_begin, uint64_t *ret_end) {
    (void)user;
    return sim_find_range(address, ret_begin, ret_end);
}

static const PtxHost host = { .report = report, .find_range = find_range };

static void load_modules(void) {
    const char *list = getenv("INFERD_SIM_PTX");
    if (module_count > 0 || !list)
        return;
    char *copy = strdup(list), *save;
    for (char *path = strtok_r(copy, ":", &save); path && module_count < MODULES_MAX;
         path = strtok_r(NULL, ":", &save)) {
        PtxModule *module = ptx_load(path, &host);
        if (module)
            modules[module_count++] = module;
    }
    free(copy);
}

void sim_launch_prepare(void) {
    sim_lock();
    load_modules();
    sim_unlock();
}

static size_t find_kernel(const void *address) {
    size_t i = 0;
    while (i < kernel_count && kernels[i].host != address)
        i++;
    if (i == kernel_count) {
        sim_violation("launch of %p, which is no kernel", address);
        return KERNELS_MAX;
    }
    load_modules();
    for (size_t k = 0; k < module_count && !kernels[i].kernel; k++)
        kernels[i].kernel = ptx_find(modules[k], kernels[i].name);
    if (!kernels[i].kernel) {
        sim_violation("no PTX for kernel %s", kernels[i].name);
        return KERNELS_MAX;
    }
    return i;
}

typedef struct LaunchWork {
    const PtxKernel *kernel;
    uint32_t grid[3], block[3];
    unsigned char params[PARAM_BYTES_MAX];
    size_t offsets[ARGS_MAX];
} LaunchWork;

static void run_launch(void *context) {
    LaunchWork *work = context;
    void *params[ARGS_MAX];
    for (size_t i = 0; i < ptx_param_count(work->kernel); i++)
        params[i] = work->params + work->offsets[i];
    PtxLaunch launch = { .params = params, .seed = sim_draw() };
    memcpy(launch.grid, work->grid, sizeof launch.grid);
    memcpy(launch.block, work->block, sizeof launch.block);
    if (!ptx_run(work->kernel, &launch, &host))
        sim_lose(cudaErrorIllegalAddress);
}

static bool config_ok(const LaunchWork *work, size_t shared_bytes) {
    const uint32_t *grid = work->grid, *block = work->block;
    bool ok = grid[0] > 0 && grid[1] > 0 && grid[2] > 0 && block[0] > 0 && block[1] > 0 &&
              block[2] > 0 && grid[0] <= INT32_MAX && grid[1] <= 65535 && grid[2] <= 65535 &&
              block[2] <= 64 && (uint64_t)block[0] * block[1] * block[2] <= 1024 &&
              shared_bytes == 0;
    if (!ok)
        sim_violation("kernel %s: launched with grid %u,%u,%u block %u,%u,%u",
                      ptx_name(work->kernel), grid[0], grid[1], grid[2], block[0], block[1],
                      block[2]);
    return ok;
}

static bool copy_args(LaunchWork *work, void **args) {
    size_t used = 0;
    for (size_t i = 0; i < ptx_param_count(work->kernel); i++) {
        size_t bytes = ptx_param_bytes(work->kernel, i);
        if (i == ARGS_MAX || used + bytes > sizeof work->params) {
            sim_violation("kernel %s: too many arguments", ptx_name(work->kernel));
            return false;
        }
        work->offsets[i] = used;
        memcpy(work->params + used, args[i], bytes);
        used += (bytes + 15) / 16 * 16;
    }
    return true;
}

cudaError_t cudaLaunchKernel(const void *address, dim3 grid, dim3 block, void **args,
                             size_t shared_bytes, cudaStream_t stream) {
    sim_lock();
    cudaError_t error = sim_call("cudaLaunchKernel") ? sim_sticky() : cudaErrorLaunchOutOfResources;
    if (error == cudaSuccess) {
        size_t index = find_kernel(address);
        LaunchWork work = { .grid = { grid.x, grid.y, grid.z },
                            .block = { block.x, block.y, block.z } };
        error = cudaErrorInvalidDeviceFunction;
        if (index < KERNELS_MAX) {
            work.kernel = kernels[index].kernel;
            kernels[index].launches++;
            error = config_ok(&work, shared_bytes) && copy_args(&work, args)
                        ? sim_enqueue(stream, "kernel", run_launch, &work, sizeof work)
                        : cudaErrorInvalidConfiguration;
        }
    }
    sim_unlock();
    return error;
}

size_t sim_launch_uncovered(void (*tell)(const char *kernel), size_t *ret_total) {
    size_t uncovered = 0;
    for (size_t i = 0; i < kernel_count; i++)
        if (kernels[i].launches == 0) {
            uncovered++;
            tell(kernels[i].name);
        }
    *ret_total = kernel_count;
    return uncovered;
}

void sim_launch_report(void) {
    sim_count("ptx_instructions", ptx_instructions());
    while (module_count > 0)
        ptx_free(modules[--module_count]);
}

/* --- what nvcc's start-up code calls --- */

void **__cudaRegisterFatBinary(void *binary);
void __cudaRegisterFatBinaryEnd(void **handle);
void __cudaUnregisterFatBinary(void **handle);
void __cudaRegisterFunction(void **handle, const char *address, char *device_name, const char *name,
                            int limit, uint3 *thread, uint3 *block, dim3 *size, dim3 *grid,
                            int *warp);
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, struct CUstream_st *s);
cudaError_t __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, void *stream);
cudaError_t __cudaGetKernel(cudaKernel_t *kernel, const void *address);
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void **args,
                               size_t shared, cudaStream_t stream);

void **__cudaRegisterFatBinary(void *binary) {
    static void *handle;
    (void)binary;
    return &handle;
}

void __cudaRegisterFatBinaryEnd(void **handle) {
    (void)handle;
}

void __cudaUnregisterFatBinary(void **handle) {
    (void)handle;
}

void __cudaRegisterFunction(void **handle, const char *address, char *device_name, const char *name,
                            int limit, uint3 *thread, uint3 *block, dim3 *size, dim3 *grid,
                            int *warp) {
    (void)handle, (void)device_name, (void)limit, (void)thread, (void)block, (void)size, (void)grid;
    (void)warp;
    sim_lock();
    if (kernel_count == KERNELS_MAX) {
        sim_violation("more than %d kernels", KERNELS_MAX);
    } else {
        kernels[kernel_count].host = address;
        snprintf(kernels[kernel_count++].name, sizeof kernels->name, "%s", name);
    }
    sim_unlock();
}

/* Of the <<<>>> form, which the plugin's host code does not use. */
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, struct CUstream_st *s) {
    (void)grid, (void)block, (void)shared, (void)s;
    return 1;
}

cudaError_t __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, void *stream) {
    (void)grid, (void)block, (void)shared, (void)stream;
    return cudaErrorMissingConfiguration;
}

cudaError_t __cudaGetKernel(cudaKernel_t *kernel, const void *address) {
    (void)kernel, (void)address;
    return cudaErrorNotSupported;
}

cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void **args,
                               size_t shared, cudaStream_t stream) {
    (void)kernel, (void)grid, (void)block, (void)args, (void)shared, (void)stream;
    return cudaErrorNotSupported;
}
