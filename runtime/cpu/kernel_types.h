/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The rows of kernel_table.c, each defined by its family's file. */

#include "runtime/cpu/dnnl_util.h"
#include "runtime/cpu/kernel.h"

extern const KernelType attention_kernel_type;
extern const KernelType batch_norm_kernel_type;
extern const KernelType binary_kernel_type;
extern const KernelType cast_kernel_type;
extern const KernelType concat_kernel_type;
extern const KernelType conv_kernel_type;
extern const KernelType conv_pixels_kernel_type;
extern const KernelType depth_to_space_kernel_type;
extern const KernelType dynamic_quantize_kernel_type;
extern const KernelType eltwise_kernel_type;
extern const KernelType global_pool_kernel_type;
extern const KernelType layer_norm_kernel_type;
extern const KernelType matmul_kernel_type;
extern const KernelType matmul_integer_kernel_type;
extern const KernelType pool_kernel_type;
extern const KernelType recurrent_kernel_type;
extern const KernelType qlinear_conv_kernel_type;
extern const KernelType qlinear_kernel_type;
extern const KernelType reorder_kernel_type;
extern const KernelType resize_kernel_type;
extern const KernelType softmax_kernel_type;
extern const KernelType split_kernel_type;
extern const KernelType transpose_kernel_type;
extern const KernelType trees_kernel_type;

/* Would prepare take the node if all its ports of rank 3 and more were channels-last? The operator
 * is the family's. */
bool batch_norm_takes(const KernelBuild *build);
bool binary_takes(const KernelBuild *build);
bool concat_takes(const KernelBuild *build);
bool conv_takes(const KernelBuild *build);
bool depth_to_space_takes(const KernelBuild *build);
bool eltwise_takes(const KernelBuild *build);
bool global_pool_takes_channels_last(const KernelBuild *build);
bool pool_takes(const KernelBuild *build);
bool qlinear_conv_takes(const KernelBuild *build);
bool qlinear_takes(const KernelBuild *build);
bool resize_takes(const KernelBuild *build);
bool split_takes(const KernelBuild *build);
bool softmax_takes_channels_last(const KernelBuild *build);

/* The number in a constant input of one element; false: it is something else. A zero point that is
 * left out is 0. */
bool qlinear_scale(const KernelBuild *build, uint32_t index, float *ret_scale);
bool qlinear_zero(const KernelBuild *build, uint32_t index, int32_t *ret_zero);

/* Is a row's result the same, bit for bit, for any number of rows? So it is with some
 * implementations of oneDNN. */
bool matmul_keeps_bits(const DnnlOp *op);
