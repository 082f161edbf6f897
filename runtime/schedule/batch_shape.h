/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What shape a batch's tensors have for the model, and which requests may share one: plain inputs
 * are joined along axis 0 and agree in all other dims; ragged ones lie end to end; padded ones
 * agree once they are padded. Pure. Private to runtime/schedule.
 */

#include "runtime/schedule/batch_rows.h"

/* Equal for requests that may be joined, as far as this input goes; dims that do not matter are 0.
 */
Shape batch_key_shape(const InferRequest *request, size_t input);

/* Rows that a batch runs with: as many as it has, or the next size that is allowed. */
size_t batch_run_rows(const QueuePolicy *policy, size_t rows);

/**
 * @input  index into the signature, not of a computed one
 *
 * Errors: INVALID_ARGUMENT (reshape: other dims than declared; too large)
 */
Status batch_input_shape(const Batch *batch, size_t input, Shape *ret_shape);
/* Elements are added to this input of this batch: its payloads do not lie as the model wants them.
 */
bool batch_input_is_padded(const Batch *batch, size_t input, const Shape *shape);
