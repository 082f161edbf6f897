/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One GPU. Submissions wait in one queue; each lane takes from it. A device that met a sticky error
 * is ill for good: every later submission fails at once with UNAVAILABLE.
 */

#include "cuda/cuda_status.h"
#include "runtime/base/thread.h"
#include "runtime/device/device.h"

typedef struct Lane Lane; /* cuda/lane.h */

enum { DEVICE_ALIGNMENT = 256 }; /* of every value in device memory: what the libraries like best */

typedef struct Submission {
    struct Submission *next;
    Program *program;
    const ProgramIo *io;
    ProgramDone done;
    void *user;
} Submission;

typedef struct CudaDevice {
    Device base;
    /* fixed after open */
    int ordinal;
    int compute; /* 10 * major + minor of the compute capability */
    size_t memory_bytes;
    size_t workspace_bytes; /* what a matrix product may use beside its operands */
    cublasLtHandle_t blas;
    cudaStream_t upload; /* weights, under upload_mutex */
    Mutex upload_mutex;
    Lane *lane;
    /* for planning alone, under plan_mutex */
    Mutex plan_mutex;
    cudnnHandle_t planner;
    Mutex mutex;
    Cond changed;
    /* under mutex */
    Submission *first, **last, *idle;
    bool closing, healthy;
    char reason[128];
} CudaDevice;

static inline CudaDevice *cuda_device_of(Device *device) {
    return (CudaDevice *)(void *)device;
}

/* Marks the device ill when the status comes from a sticky error (UNAVAILABLE). Any thread. */
void cuda_device_note(CudaDevice *device, const Status *status);
/* Every thread that calls the runtime does this first. */
Status cuda_device_enter(const CudaDevice *device);

Status cuda_device_open(const DeviceHost *host, const char *selector, Device **ret_device);
void cuda_device_close(Device *device);
DeviceHealth cuda_device_health(Device *device);
/* Takes the submission into the queue, or calls done at once with what is wrong. */
void cuda_device_submit(CudaDevice *device, Program *program, const ProgramIo *io, ProgramDone done,
                        void *user);
/* The next submission, or NULL when the device closes; waits. Thread: lane. */
Submission *cuda_device_take(CudaDevice *device);
void cuda_device_recycle(CudaDevice *device, Submission *submission);
