/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Weights packed for a kernel, once per model and shared by all its plans: packed descriptors do not depend on the
 * batch (reference cpu_engine.md 3.3). Keyed by the constant's data pointer and a short key that the kernel chooses
 * (format, dims, descriptor hash); built under no lock by the first who asks, the loser's copy is dropped.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"

typedef struct PackedWeights PackedWeights;

Status packed_weights_new(PackedWeights **ret_weights);
void packed_weights_free(PackedWeights *weights);
DEFINE_AUTO(PackedWeights, packed_weights_free);
size_t packed_weights_bytes(PackedWeights *weights);

typedef struct WeightKey {
    const void *constant; /* data of the constant tensor it is made from */
    char format[96];      /* text, NUL-padded */
} WeightKey;

/**
 * Finds or builds. pack fills bytes of TENSOR_ALIGNMENT-aligned memory; the result lives as long as the model.
 * Thread: loader (or a worker that builds a plan)
 */
Status packed_weights_get(PackedWeights *weights, const WeightKey *key, size_t bytes,
                          Status (*pack)(void *user, void *dst), void *user, const void **ret_packed);
