/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Every operand of a call as doubles, for kernels that compute and whose speed does not matter:
 * one loop serves all numeric types, and each result is rounded once, when it is stored.
 */

#include "runtime/cpu/reference/reference_util.h"
#include "runtime/graph/dim_names.h"

enum { WIDE_PORTS = 10 };

typedef struct Wide {
    const double *src[WIDE_PORTS]; /* NULL: left out, or not numbers */
    double *dst[WIDE_PORTS];       /* NULL: not wanted; uninitialised */
    double *work;                  /* as many as asked for */
} Wide;

/* In the thread's scratch, so the kernel asks for no other. Errors: INVALID_ARGUMENT (sizes
 * overflow, too many operands), RESOURCE_EXHAUSTED */
Status wide_open(const KernelCall *call, size_t work_count, Wide *ret_wide);
/* Rounds every dst into its tensor. */
void wide_store(const KernelCall *call, const Wide *wide);

/* The first sources, where they are there, and all results are real floats. UNIMPLEMENTED. */
Status call_check_floats(const KernelCall *call, size_t src_count);
/* dim_names_bind for source index, if it is there. */
Status call_bind(const KernelCall *call, DimNames *names, size_t index, const char *pattern);
/* Result index, if it is wanted, has the shape that the pattern says. */
Status call_check_dst(const KernelCall *call, const DimNames *names, size_t index,
                      const char *pattern);
/* The dim of a letter that the shapes have bound; 0 where none has. */
size_t call_dim(const DimNames *names, char letter);
