/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the libraries' error numbers mean to a server. Which of them leave a dead context behind is
 * a table, after the runtime's own description of each; an error that is not in it is our bug and
 * fails the call alone. Messages name the call, as written, up to its parenthesis.
 *
 * Pure; any thread.
 */

#include "cuda/cuda_status.h"

#include "runtime/base/size.h"

#include <string.h>

static const struct {
    cudaError_t error;
    CudaErrorKind kind;
} kinds[] = {
    { cudaErrorMemoryAllocation, CUDA_ERROR_MEMORY },
    { cudaErrorInsufficientDriver, CUDA_ERROR_NO_DEVICE },
    { cudaErrorNoDevice, CUDA_ERROR_NO_DEVICE },
    { cudaErrorStubLibrary, CUDA_ERROR_NO_DEVICE },
    { cudaErrorInitializationError, CUDA_ERROR_NO_DEVICE },
    { cudaErrorSystemDriverMismatch, CUDA_ERROR_NO_DEVICE },
    { cudaErrorCompatNotSupportedOnDevice, CUDA_ERROR_NO_DEVICE },
    { cudaErrorNoKernelImageForDevice, CUDA_ERROR_NO_DEVICE },
    { cudaErrorIllegalAddress, CUDA_ERROR_STICKY },
    { cudaErrorMisalignedAddress, CUDA_ERROR_STICKY },
    { cudaErrorIllegalInstruction, CUDA_ERROR_STICKY },
    { cudaErrorInvalidAddressSpace, CUDA_ERROR_STICKY },
    { cudaErrorInvalidPc, CUDA_ERROR_STICKY },
    { cudaErrorHardwareStackError, CUDA_ERROR_STICKY },
    { cudaErrorLaunchFailure, CUDA_ERROR_STICKY },
    { cudaErrorLaunchTimeout, CUDA_ERROR_STICKY },
    { cudaErrorAssert, CUDA_ERROR_STICKY },
    { cudaErrorECCUncorrectable, CUDA_ERROR_STICKY },
    { cudaErrorNvlinkUncorrectable, CUDA_ERROR_STICKY },
    { cudaErrorDevicesUnavailable, CUDA_ERROR_STICKY },
    { cudaErrorContextIsDestroyed, CUDA_ERROR_STICKY },
    { cudaErrorUnknown, CUDA_ERROR_STICKY },
};

CudaErrorKind cuda_error_kind(cudaError_t error) {
    if (error == cudaSuccess)
        return CUDA_ERROR_NONE;
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        if (kinds[i].error == error)
            return kinds[i].kind;
    return CUDA_ERROR_OTHER;
}

static int name_length(const char *doing) {
    return (int)strcspn(doing, "(");
}

Status status_from_cuda(cudaError_t error, const char *doing) {
    static const StatusCode codes[] = {
        [CUDA_ERROR_NONE] = STATUS_OK,
        [CUDA_ERROR_MEMORY] = STATUS_RESOURCE_EXHAUSTED,
        [CUDA_ERROR_NO_DEVICE] = STATUS_FAILED_PRECONDITION,
        [CUDA_ERROR_STICKY] = STATUS_UNAVAILABLE,
        [CUDA_ERROR_OTHER] = STATUS_INTERNAL,
    };
    return status_error(codes[cuda_error_kind(error)], "cuda: %.*s: %s (%d)", name_length(doing),
                        doing, cudaGetErrorString(error), (int)error);
}

Status status_from_cublas(cublasStatus_t error, const char *doing) {
    StatusCode code = error == CUBLAS_STATUS_ALLOC_FAILED       ? STATUS_RESOURCE_EXHAUSTED
                      : error == CUBLAS_STATUS_NOT_INITIALIZED  ? STATUS_FAILED_PRECONDITION
                      : error == CUBLAS_STATUS_EXECUTION_FAILED ? STATUS_UNAVAILABLE
                      : error == CUBLAS_STATUS_NOT_SUPPORTED    ? STATUS_UNIMPLEMENTED
                                                                : STATUS_INTERNAL;
    return status_error(code, "cublas: %.*s: status %d", name_length(doing), doing, (int)error);
}

Status status_from_cudnn(cudnnStatus_t error, const char *doing) {
    StatusCode code = error == CUDNN_STATUS_ALLOC_FAILED ? STATUS_RESOURCE_EXHAUSTED
                      : error >= 5000                    ? STATUS_UNAVAILABLE
                      : error >= 3000 && error < 4000    ? STATUS_UNIMPLEMENTED
                      : error >= 1000 && error < 2000    ? STATUS_FAILED_PRECONDITION
                                                         : STATUS_INTERNAL;
    return status_error(code, "cudnn: %.*s: %s (%d)", name_length(doing), doing,
                        cudnnGetErrorString(error), (int)error);
}
