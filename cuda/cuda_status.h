/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Errors of the runtime, cuBLAS and cuDNN as Status. A sticky one (illegal address, launch failure,
 * lost device ...) has destroyed the context: nothing on this device works until the process is
 * started again, so whoever meets it says so to the device (device_fail).
 */

#include "runtime/base/status.h"

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

typedef enum CudaErrorKind {
    CUDA_ERROR_NONE,
    CUDA_ERROR_MEMORY,    /* out of device or pinned memory: the request or the load fails */
    CUDA_ERROR_NO_DEVICE, /* no driver, too old a driver, no GPU */
    CUDA_ERROR_STICKY,    /* the context is gone */
    CUDA_ERROR_OTHER,     /* our bug */
} CudaErrorKind;

CudaErrorKind cuda_error_kind(cudaError_t error);

/* RESOURCE_EXHAUSTED (memory), FAILED_PRECONDITION (no device), UNAVAILABLE (sticky), INTERNAL.
 * @doing  what was tried, for the message */
Status status_from_cuda(cudaError_t error, const char *doing);
Status status_from_cublas(cublasStatus_t error, const char *doing);
Status status_from_cudnn(cudnnStatus_t error, const char *doing);

#define TRY_CUDA(call)                                                                             \
    do {                                                                                           \
        cudaError_t try_error_ = (call);                                                           \
        if (try_error_ != cudaSuccess)                                                             \
            return status_from_cuda(try_error_, #call);                                            \
    } while (0)
#define TRY_CUBLAS(call)                                                                           \
    do {                                                                                           \
        cublasStatus_t try_error_ = (call);                                                        \
        if (try_error_ != CUBLAS_STATUS_SUCCESS)                                                   \
            return status_from_cublas(try_error_, #call);                                          \
    } while (0)
#define TRY_CUDNN(call)                                                                            \
    do {                                                                                           \
        cudnnStatus_t try_error_ = (call);                                                         \
        if (try_error_ != CUDNN_STATUS_SUCCESS)                                                    \
            return status_from_cudnn(try_error_, #call);                                           \
    } while (0)
