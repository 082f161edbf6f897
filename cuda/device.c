/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Opening a GPU, its queue of submissions, and its health. The first call is the count of devices:
 * without a driver it fails in a way that leaves nothing behind, and says why. Versions are
 * compared before anything else is used: a driver older than the runtime, or a library of another
 * major version, would fail later and less clearly.
 *
 * Closing waits for what is in flight; the host has made sure that no program is left. Submissions
 * are recycled, so a warm device does not call malloc.
 *
 * Threads: open and close main; submit any; take the lane's feeder.
 */

#include "cuda/device.h"

#include "cuda/lane.h"
#include "cuda/plugin.h"
#include "runtime/base/size.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORKSPACE_HOPPER = 32 << 20, /* what NVIDIA recommends for sm_90 and later */
    WORKSPACE_OTHER = 8 << 20,
};

Status cuda_device_enter(const CudaDevice *device) {
    TRY_CUDA(cudaSetDevice(device->ordinal));
    return status_ok();
}

void cuda_device_note(CudaDevice *device, const Status *status) {
    if (status->code != STATUS_UNAVAILABLE)
        return;
    LOCKED(&device->mutex);
    if (device->healthy)
        snprintf(device->reason, sizeof device->reason, "cuda:%d: %.100s", device->ordinal,
                 status->message);
    device->healthy = false;
}

static Status check_versions(void) {
    int driver = 0, runtime = 0;
    TRY_CUDA(cudaDriverGetVersion(&driver));
    TRY_CUDA(cudaRuntimeGetVersion(&runtime));
    if (driver < runtime / 1000 * 1000)
        return status_error(STATUS_FAILED_PRECONDITION,
                            "cuda: the driver knows CUDA %d.%d, expected %d.0 or later",
                            driver / 1000, driver % 1000 / 10, runtime / 1000);
    if (runtime / 1000 != CUDART_VERSION / 1000)
        return status_error(STATUS_FAILED_PRECONDITION, "cuda: runtime %d, built for %d", runtime,
                            CUDART_VERSION);
    if (cudnnGetVersion() / 10000 != CUDNN_VERSION / 10000)
        return status_error(STATUS_FAILED_PRECONDITION, "cuda: cuDNN %zu, built for %d",
                            cudnnGetVersion(), CUDNN_VERSION);
    if (cublasLtGetVersion() / 10000 != CUBLAS_VERSION / 10000)
        return status_error(STATUS_FAILED_PRECONDITION, "cuda: cuBLAS %zu, built for %d",
                            cublasLtGetVersion(), CUBLAS_VERSION);
    return status_ok();
}

static Status choose_ordinal(const char *selector, int *ret_ordinal) {
    int count = 0;
    TRY_CUDA(cudaGetDeviceCount(&count));
    TRY(check_versions());
    char *end = NULL;
    long ordinal = selector[0] ? strtol(selector, &end, 10) : 0;
    if (end && *end != '\0')
        return status_error(STATUS_FAILED_PRECONDITION, "device 'cuda': '%.32s' is not a number",
                            selector);
    if (ordinal < 0 || ordinal >= count)
        return status_error(STATUS_FAILED_PRECONDITION,
                            "device 'cuda:%ld' is not there: the driver has %d", ordinal, count);
    *ret_ordinal = (int)ordinal;
    return status_ok();
}

static Status start_device(CudaDevice *device) {
    TRY(cuda_device_enter(device));
    int major = 0, minor = 0;
    TRY_CUDA(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device->ordinal));
    TRY_CUDA(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device->ordinal));
    device->compute = 10 * major + minor;
    size_t unused;
    TRY_CUDA(cudaMemGetInfo(&unused, &device->memory_bytes));
    device->workspace_bytes = device->compute >= 90 ? WORKSPACE_HOPPER : WORKSPACE_OTHER;
    TRY_CUBLAS(cublasLtCreate(&device->blas));
    TRY_CUDNN(cudnnCreate(&device->planner));
    TRY_CUDA(cudaStreamCreateWithFlags(&device->upload, cudaStreamNonBlocking));
    return lane_new(device, &device->lane);
}

static void release(CudaDevice *device) {
    if (device->upload)
        (void)cudaStreamDestroy(device->upload);
    if (device->planner)
        (void)cudnnDestroy(device->planner);
    if (device->blas)
        (void)cublasLtDestroy(device->blas);
    while (device->idle) {
        Submission *next = device->idle->next;
        free(device->idle);
        device->idle = next;
    }
    cond_deinit(&device->changed);
    mutex_deinit(&device->mutex);
    mutex_deinit(&device->plan_mutex);
    mutex_deinit(&device->upload_mutex);
    free(device);
}

Status cuda_device_open(const DeviceHost *host, const char *selector, Device **ret_device) {
    assert(host->abi == DEVICE_ABI);
    int ordinal;
    TRY(choose_ordinal(selector, &ordinal));
    CudaDevice *device = calloc(1, sizeof *device);
    if (!device)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cuda: out of memory");
    device->base.api = cuda_api();
    device->ordinal = ordinal;
    device->last = &device->first;
    device->healthy = true;
    mutex_init(&device->upload_mutex);
    mutex_init(&device->plan_mutex);
    mutex_init(&device->mutex);
    cond_init(&device->changed);
    Status status = start_device(device);
    if (!status_is_ok(&status)) {
        release(device);
        return status;
    }
    *ret_device = &device->base;
    return status_ok();
}

void cuda_device_close(Device *base) {
    CudaDevice *device = cuda_device_of(base);
    {
        LOCKED(&device->mutex);
        device->closing = true;
        cond_broadcast(&device->changed);
    }
    lane_free(device->lane);
    Status status = cuda_device_enter(device);
    (void)status;
    release(device);
}

DeviceHealth cuda_device_health(Device *base) {
    CudaDevice *device = cuda_device_of(base);
    LOCKED(&device->mutex);
    DeviceHealth health = { .healthy = device->healthy };
    memcpy(health.reason, device->reason, sizeof health.reason);
    return health;
}

/* An idle submission, or a new one; NULL: out of memory, or the device is ill. */
static Submission *start_submission(CudaDevice *device, Status *ret_status) {
    LOCKED(&device->mutex);
    *ret_status = status_ok();
    if (!device->healthy) {
        *ret_status = status_error(STATUS_UNAVAILABLE, "%s", device->reason);
        return NULL;
    }
    Submission *submission = device->idle;
    if (submission)
        device->idle = submission->next;
    else
        submission = calloc(1, sizeof *submission);
    if (!submission)
        *ret_status = status_error(STATUS_RESOURCE_EXHAUSTED, "cuda: out of memory");
    return submission;
}

void cuda_device_submit(CudaDevice *device, Program *program, const ProgramIo *io, ProgramDone done,
                        void *user) {
    Status status;
    Submission *submission = start_submission(device, &status);
    if (!submission) {
        done(user, &status);
        return;
    }
    *submission = (Submission){ .program = program, .io = io, .done = done, .user = user };
    LOCKED(&device->mutex);
    *device->last = submission;
    device->last = &submission->next;
    cond_broadcast(&device->changed);
}

Submission *cuda_device_take(CudaDevice *device) {
    LOCKED(&device->mutex);
    while (!device->first && !device->closing)
        cond_wait(&device->changed, &device->mutex);
    Submission *submission = device->first;
    if (!submission)
        return NULL;
    device->first = submission->next;
    if (!device->first)
        device->last = &device->first;
    submission->next = NULL;
    return submission;
}

void cuda_device_recycle(CudaDevice *device, Submission *submission) {
    LOCKED(&device->mutex);
    submission->next = device->idle;
    device->idle = submission;
}
