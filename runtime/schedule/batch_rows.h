/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rows in and out of a batch: gather joins the inputs of several requests along axis 0 into device
 * memory, the only user-space copy of a payload; scatter hands each request views of its rows of
 * the outputs.
 */

#include "runtime/schedule/request.h"

typedef struct Batch {
    InferRequest **requests; /* all of one version and, apart from axis 0, of one shape */
    size_t count;
    size_t rows;
} Batch;

/**
 * @input  index into the signature
 * @dst    memory for the joined tensor: sum of rows; its shape, dtype and bytes are set here, data
 * is given Thread: worker, or rpc when inline
 */
void batch_gather(const Batch *batch, size_t input, Tensor *dst);
/* Bytes batch_gather needs for that input; false on overflow. */
bool batch_input_bytes(const Batch *batch, size_t input, size_t *ret_bytes);

/* Sets request->outputs to views of outputs and request->block to a reference each. INTERNAL when
 * an output's axis 0 is not the sum of rows. */
Status batch_scatter(const Batch *batch, const Tensor *outputs, OutputBlock *block);
