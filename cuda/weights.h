/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Constants in device memory: each is uploaded once, in the form its users want, and shared by all
 * who ask for that form of it again. One store a model, and one a program for constants that were
 * made while planning.
 */

#include "cuda/device.h"
#include "runtime/tensor/tensor.h"

typedef struct WeightStore WeightStore;

typedef enum WeightForm {
    WEIGHT_PLAIN,         /* as the model has it */
    WEIGHT_CHANNELS_LAST, /* [M,C,spatial...] as [M,spatial...,C] */
} WeightForm;

Status weight_store_new(CudaDevice *device, WeightStore **ret_store);
void weight_store_free(WeightStore *store);
DEFINE_AUTO(WeightStore, weight_store_free);
size_t weight_store_bytes(WeightStore *store);

/* The device address of the constant, uploaded unless it is there. Key: data's address and form.
 * Errors: RESOURCE_EXHAUSTED (device memory). Thread: any. */
Status weight_store_get(WeightStore *store, const Tensor *constant, WeightForm form,
                        void **ret_address);
