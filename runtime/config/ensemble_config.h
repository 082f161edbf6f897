/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ensemble_scheduling of config.pbtxt: models that feed each other. Tensors of the ensemble are
 * numbered: its inputs first, then what steps produce. Steps stand in an order in which each finds
 * what it needs.
 */

#include <stddef.h>
#include <stdint.h>

/* One entry of input_map or output_map: a tensor of the step's model and one of the ensemble's. */
typedef struct EnsembleMap {
    const char *name; /* of the model's input or output */
    size_t tensor;    /* of the ensemble */
} EnsembleMap;

typedef struct EnsembleStep {
    const char *model;
    int64_t version; /* -1: the latest */
    const EnsembleMap *inputs, *outputs;
    size_t input_count, output_count;
} EnsembleStep;

enum { ENSEMBLE_STEPS_MAX = 256, ENSEMBLE_TENSORS_MAX = 4096 };

typedef struct EnsembleConfig {
    const EnsembleStep *steps;
    size_t step_count;
    const char *const *tensors; /* names */
    size_t tensor_count;
    const size_t *outputs; /* per output of the model: its tensor */
    size_t max_inflight;   /* batches at once; 0: no limit */
} EnsembleConfig;
