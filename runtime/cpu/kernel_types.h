/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The rows of kernel_table.c, each defined by its family's file. */

#include "runtime/cpu/kernel.h"

extern const KernelType conv_kernel_type;
extern const KernelType matmul_kernel_type;
