/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Weights packed for kernels, once per model and shared by all its plans: packed formats do not
 * depend on the batch (reference cpu_engine.md 3.3). Keyed by the constant's address and a short
 * text for the format.
 *
 * Who has packed weights does not read the plain ones again, as a rule. So the memory of a constant
 * that is Value.is_weights goes back to the system once it is packed, if unpacking is seen to give
 * the very same bytes; whoever needs them after all (another format, a plain kernel) has them made
 * again, at their old address.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"
#include "runtime/graph/graph.h"

typedef struct PackedWeights PackedWeights;

Status packed_weights_new(PackedWeights **ret_weights);
void packed_weights_free(PackedWeights *weights);
DEFINE_AUTO(PackedWeights, packed_weights_free);
size_t packed_weights_bytes(PackedWeights *weights);
/* Of the constants whose plain bytes are gone at the moment. */
size_t packed_weights_dropped_bytes(PackedWeights *weights);

typedef struct WeightFormat {
    char key[96]; /* text, NUL-padded; equal for equal formats */
    size_t bytes; /* packed */
    void *user;
    Status (*pack)(void *user, const void *plain, void *packed);
    Status (*unpack)(void *user, const void *packed, void *plain); /* NULL: cannot */
    void (*free)(void *user);
} WeightFormat;

/**
 * Finds or packs, into TENSOR_ALIGNMENT-aligned memory that lives as long as the model. When two
 * threads pack the same the later one forgets its copy: the memory goes with the model.
 *
 * @constant  its address must be nobody else's while the weights live
 * @format    user is taken in any case
 *
 * Thread: loader (or a worker that builds a plan)
 */
Status packed_weights_get(PackedWeights *weights, const Value *constant, const WeightFormat *format,
                          const void **ret_packed);
/* The plain bytes are there from now on: a kernel reads them when it runs. Thread: as above. */
Status packed_weights_keep_plain(PackedWeights *weights, const Value *constant);
