/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is left of a request once its answer has been sent: its hold on the outputs of its batch.
 * Everything else lives in the request's own arena and goes with it. Runs on the thread that owns
 * the request, usually the one that replied; the last reference frees the block, wherever that is.
 */

#include "runtime/schedule/request.h"

void request_release_outputs(InferRequest *request) {
    if (request->block)
        output_block_unref(request->block);
    request->block = NULL;
}
