/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Small questions that every prepare asks. */

#include "runtime/cpu/dnnl_util.h"
#include "runtime/cpu/kernel.h"

/* "" is ai.onnx. */
bool node_is(const Node *node, const char *domain, const char *name);
/* NULL when left out or beyond the last. */
const Value *build_input(const KernelBuild *build, uint32_t index);
const Value *build_output(const KernelBuild *build, uint32_t index);
/* Present, f32, of known shape. */
bool value_is_f32(const Value *value);
/* Data of a constant input; NULL when there is none, it is computed, or only dnnl_weights_shared
 * may have it (Value.is_weights). */
const void *value_constant(const Value *value);

/* For kernels without state of their own beyond the Kernel: bytes of zeroed memory that begin with
 * one; free() frees. */
Status kernel_alloc(const KernelType *type, size_t bytes, void *ret_kernel);
void kernel_free_plain(Kernel *kernel);

/* thread_scratch(bytes), or an error. */
Status scratch_get(size_t bytes, void *ret_scratch);
/* Offset of the next 64-byte aligned piece of a scratch area. */
size_t scratch_space(size_t *used, size_t bytes);

/* A constant in the format that the operation wants, shared by all plans of the model; NULL when
 * the value is computed. A kernel that is content with it sets Kernel.weights_bound. */
Status dnnl_weights_shared(const KernelBuild *build, const Value *value, const DnnlOp *op,
                           const void **ret_packed);
