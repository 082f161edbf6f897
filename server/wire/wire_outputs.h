/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a request of the Open Inference Protocol wants done with an output before it is sent:
 * reduced to the best classes, or written to shared memory instead. Source: reference
 * open_inference_triton.md 1.3.
 */

#include "server/wire/wire_request.h"

/* One wanted output, as it is to be sent. */
typedef struct WireOutput {
    const Tensor *tensor;
    OutputBlock *block;    /* what holds its bytes; NULL: the reply's arena */
    bool in_shared_memory; /* it was written there: no bytes are sent */
} WireOutput;

/**
 * All wanted outputs, in order.
 *
 * @arena  holds the list and what is made
 *
 * Errors: INVALID_ARGUMENT (classes of strings, or of too many values), INTERNAL (shared memory is
 * too small), RESOURCE_EXHAUSTED
 */
Status wire_outputs_prepare(const WireInfer *infer, const InferRequest *request, Arena *arena,
                            WireOutput **ret_outputs);
