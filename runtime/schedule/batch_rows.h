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
    size_t run_rows; /* that the model is given; those beyond `rows` are nobody's */
} Batch;

/**
 * Type, shape and size that the input has for this batch, apart from its data: joined rows, or what
 * is computed from the requests' shapes.
 *
 * @input  index into the signature
 *
 * Errors: INVALID_ARGUMENT (a shape that reshape does not take, too large)
 */
Status batch_input_form(const Batch *batch, size_t input, Tensor *ret_tensor);
/* Do the requests' payloads, one after another, make that tensor? */
bool batch_input_is_joined(const Batch *batch, size_t input, const Tensor *tensor);
/* Fills dst, whose form is set and data given. Thread: worker, or rpc when inline. */
void batch_gather(const Batch *batch, size_t input, Tensor *dst);

/* Sets request->outputs to views of outputs and request->block to a reference each. INTERNAL when
 * an output's axis 0 is not the sum of rows, or its elements are not those of the input that it is
 * cut by. */
Status batch_scatter(const Batch *batch, const Tensor *outputs, OutputBlock *block);
