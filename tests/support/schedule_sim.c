/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the tests of the scheduler share. A version here is only what the scheduler looks at:
 * signature, policy, name. Since every row holds the number of its request, a gather or scatter
 * that goes astray shows in the answer. Payloads are aligned to 16 bytes but for every third
 * request, so that the path in place and the copy are both taken.
 */

#include "tests/support/schedule_sim.h"

#include <stdlib.h>
#include <string.h>

void sim_version_init(SimVersion *sim, const char *name, size_t max_rows, QueuePolicy policy) {
    *sim = (SimVersion){ 0 };
    Shape shape = SHAPE(DIM_UNKNOWN, DIM_UNKNOWN);
    sim->input = (SignatureTensor){ .name = "x", .dtype = DTYPE_I64, .shape = shape };
    sim->output = (SignatureTensor){ .name = "y", .dtype = DTYPE_I64, .shape = shape };
    sim->version.name = name;
    sim->version.number = 1;
    sim->version.config.has_max_batch_size = true;
    sim->version.signature = (Signature){ .inputs = &sim->input,
                                          .outputs = &sim->output,
                                          .input_count = 1,
                                          .output_count = 1,
                                          .all_input_count = 1,
                                          .all_output_count = 1,
                                          .max_batch_size = max_rows,
                                          .batched = max_rows > 0 };
    sim->version.queue_policy = policy;
}

void sim_request_init(SimRequest *sim, SimVersion *version, int64_t number, size_t rows,
                      size_t width) {
    *sim = (SimRequest){ .number = number };
    size_t elements = rows * width;
    sim->payload = calloc(elements + 3, sizeof *sim->payload);
    int64_t *data = sim->payload + (number % 3 == 0);
    for (size_t i = 0; i < elements; i++)
        data[i] = number;
    sim->span = (Span){ .data = data, .bytes = elements * sizeof *data };
    sim->input =
        (RequestInput){ .dtype = DTYPE_I64,
                        .shape = SHAPE((int64_t)rows, (int64_t)width),
                        .payload = { .items = &sim->span, .count = 1, .bytes = sim->span.bytes } };
    sim->request = (InferRequest){ .lease = { &version->version },
                                   .inputs = &sim->input,
                                   .outputs = &sim->output,
                                   .rows = rows,
                                   .payload_bytes = sim->span.bytes,
                                   .deadline_ns = TIME_NEVER,
                                   .user = sim };
}

void sim_request_deinit(SimRequest *sim) {
    free(sim->payload);
}

void sim_request_end(SimRequest *sim, const Status *status) {
    sim->endings++;
    sim->code = status->code;
    if (status_is_ok(status)) {
        const int64_t *values = sim->output.data;
        sim->is_right = shape_equal(&sim->output.shape, &sim->input.shape) &&
                        sim->output.bytes == sim->span.bytes;
        for (size_t i = 0; sim->is_right && i < sim->span.bytes / sizeof *values; i++)
            sim->is_right = values[i] == sim->number;
    }
    request_release_outputs(&sim->request);
}

Status sim_copy(const RunArgs *args) {
    args->outputs[0] = args->inputs[0];
    void *memory = output_block_alloc(args->block, args->inputs[0].bytes);
    if (!memory)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "no memory for outputs");
    if (args->inputs[0].bytes > 0)
        memcpy(memory, args->inputs[0].data, args->inputs[0].bytes);
    args->outputs[0].data = memory;
    return status_ok();
}
