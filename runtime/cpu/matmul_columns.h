/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A product of few rows cut by columns, so that each core streams only its own part of the weights.
 * Cutting by rows would have every core read all of them.
 */

#include "runtime/base/pool.h"
#include "runtime/cpu/dnnl_util.h"

typedef struct MatmulColumns MatmulColumns;

typedef struct MatmulColumnsSource {
    const DnnlMatmulSpec *spec; /* of the whole: one matrix [rows, columns] */
    const DnnlOp *whole;
    const void *packed, *bias; /* bound to the whole; bias may be NULL */
    size_t threads;
} MatmulColumnsSource;

typedef struct MatmulColumnsRun {
    const void *src;
    float *dst; /* holds the operand of an ADD that the operation does */
    bool has_sum;
    size_t scratch_offset; /* where our part begins in thread_scratch */
} MatmulColumnsRun;

/* NULL in *ret_columns with OK: not worth it, or the packed weights cannot be cut. */
Status matmul_columns_new(const MatmulColumnsSource *source, MatmulColumns **ret_columns);
void matmul_columns_free(MatmulColumns *columns);
DEFINE_AUTO(MatmulColumns, matmul_columns_free);
size_t matmul_columns_scratch_bytes(const MatmulColumns *columns);
/* The same bits as the whole. Thread: any. */
Status matmul_columns_run(const MatmulColumns *columns, Pool *pool, const MatmulColumnsRun *run);
