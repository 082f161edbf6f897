/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One convolution planned by cuDNN's graph API: convolution, then residual, bias and ReLU as far as
 * wanted, in the order for which there are precompiled engines (the same sums the other way round
 * have none). Everything is channels last.
 *
 * Only engines that need no compilation at run time are taken, and for f32 none that would round
 * its factors (tensor cores). Plans can be made for a device that is described instead of there.
 */

#include "cuda/cuda_status.h"
#include "runtime/base/cleanup.h"
#include "runtime/tensor/dtype.h"

enum { CONV_RANK = 3 }; /* spatial dims at most */

typedef struct ConvSpec {
    DType dtype; /* f32, f16, bf16: of all tensors; sums are f32 */
    int rank;    /* spatial dims, 2 or 3 */
    int64_t batch, in_channels, out_channels, groups;
    int64_t in[CONV_RANK], out[CONV_RANK], kernel[CONV_RANK];
    int64_t stride[CONV_RANK], dilation[CONV_RANK], pad_begin[CONV_RANK], pad_end[CONV_RANK];
    bool bias, residual, relu;
    bool tensor_cores; /* f32 may be rounded to TF32 */
} ConvSpec;

/* What plans are made for: a handle of the device, or its description. */
typedef struct ConvTarget {
    cudnnHandle_t handle;
    cudnnBackendDescriptor_t described; /* NULL: there is a handle */
} ConvTarget;

typedef struct ConvPlan ConvPlan;

/* UNIMPLEMENTED when cuDNN has no engine that fits. */
Status conv_plan_new(const ConvSpec *spec, const ConvTarget *target, ConvPlan **ret_plan);
void conv_plan_free(ConvPlan *plan);
DEFINE_AUTO(ConvPlan, conv_plan_free);
size_t conv_plan_workspace_bytes(const ConvPlan *plan);
int64_t conv_plan_engine(const ConvPlan *plan);

typedef struct ConvMemory {
    void *src, *weights, *bias, *residual, *dst, *workspace;
} ConvMemory;
/* On the handle's stream. Allocates nothing on the device. Thread: one at a time a plan. */
Status conv_plan_run(const ConvPlan *plan, cudnnHandle_t handle, const ConvMemory *memory);
