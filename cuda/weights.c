/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Uploaded constants, in a list that is walked: a model has hundreds, and asks when a plan is made,
 * never when a request runs. Each has an allocation of its own, so that memory given back is
 * whole and an overrun meets the end of its buffer.
 *
 * Threads: any; the list under its mutex, uploads one after the other on the device's upload
 * stream. The upload is waited for: whoever gets an address may use it on any stream.
 */

#include "cuda/weights.h"

#include "runtime/base/size.h"
#include "runtime/tensor/layout.h"

#include <string.h>

typedef struct Weight {
    struct Weight *next;
    const void *data; /* host: the key, with form and bytes */
    size_t bytes;
    WeightForm form;
    void *address;
} Weight;

struct WeightStore {
    CudaDevice *device;
    Mutex mutex;
    /* under mutex */
    Weight *first;
    size_t bytes;
};

Status weight_store_new(CudaDevice *device, WeightStore **ret_store) {
    WeightStore *store = calloc(1, sizeof *store);
    if (!store)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cuda: out of memory");
    store->device = device;
    mutex_init(&store->mutex);
    *ret_store = store;
    return status_ok();
}

void weight_store_free(WeightStore *store) {
    if (!store)
        return;
    Status entered = cuda_device_enter(store->device);
    for (Weight *weight = store->first; weight;) {
        Weight *next = weight->next;
        if (status_is_ok(&entered))
            (void)cudaFree(weight->address);
        free(weight);
        weight = next;
    }
    mutex_deinit(&store->mutex);
    free(store);
}

size_t weight_store_bytes(WeightStore *store) {
    LOCKED(&store->mutex);
    return store->bytes;
}

/* [outer, channels, inner] to [outer, inner, channels] */
static void turn(const char *src, char *dst, const Shape *shape, size_t item) {
    size_t outer = (size_t)shape->dims[0], channels = (size_t)shape->dims[1];
    size_t inner = shape_product(shape, 2, (size_t)shape->rank);
    for (size_t o = 0; o < outer; o++)
        for (size_t c = 0; c < channels; c++)
            for (size_t i = 0; i < inner; i++)
                memcpy(dst + ((o * inner + i) * channels + c) * item,
                       src + ((o * channels + c) * inner + i) * item, item);
}

static Status upload(CudaDevice *device, void *address, const void *data, size_t bytes) {
    LOCKED(&device->upload_mutex);
    TRY_CUDA(cudaMemcpyAsync(address, data, bytes, cudaMemcpyHostToDevice, device->upload));
    TRY_CUDA(cudaStreamSynchronize(device->upload));
    return status_ok();
}

static Status send(CudaDevice *device, void *address, const Tensor *constant, WeightForm form) {
    if (form == WEIGHT_PLAIN || constant->shape.rank < 3)
        return upload(device, address, constant->data, constant->bytes);
    AUTO(free) char *turned = malloc(constant->bytes);
    if (!turned)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cuda: no memory to turn %zu bytes",
                            constant->bytes);
    turn(constant->data, turned, &constant->shape, dtype_bytes(constant->dtype));
    return upload(device, address, turned, constant->bytes);
}

static Status add(WeightStore *store, const Tensor *constant, WeightForm form, void **ret_address) {
    AUTO(free) Weight *weight = calloc(1, sizeof *weight);
    if (!weight)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cuda: out of memory");
    *weight = (Weight){ .data = constant->data, .bytes = constant->bytes, .form = form };
    cudaError_t error = cudaMalloc(&weight->address, MAX_OF(constant->bytes, (size_t)1));
    if (error != cudaSuccess) {
        (void)cudaGetLastError(); /* seen */
        Status status = status_from_cuda(error, "cudaMalloc");
        return status_prefix(&status, "%zu bytes of weights", constant->bytes);
    }
    Status status = send(store->device, weight->address, constant, form);
    if (!status_is_ok(&status)) {
        (void)cudaFree(weight->address);
        return status;
    }
    *ret_address = weight->address;
    store->bytes += weight->bytes;
    weight->next = store->first;
    store->first = TAKE(weight);
    return status_ok();
}

/* Under the lock while it uploads: of two plans that want the same constant one waits. */
Status weight_store_get(WeightStore *store, const Tensor *constant, WeightForm form,
                        void **ret_address) {
    TRY(cuda_device_enter(store->device));
    LOCKED(&store->mutex);
    for (const Weight *weight = store->first; weight; weight = weight->next)
        if (weight->data == constant->data && weight->form == form &&
            weight->bytes == constant->bytes) {
            *ret_address = weight->address;
            return status_ok();
        }
    Status status = constant->bytes > 0 ? add(store, constant, form, ret_address) : status_ok();
    cuda_device_note(store->device, &status);
    return status;
}
