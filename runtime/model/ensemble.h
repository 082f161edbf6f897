/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Ensembles: models that feed each other, run one after another on the thread that took the batch.
 * A tensor goes from step to step as it lies.
 */

#include "runtime/model/model_version.h"

/**
 * Checks that every step's model is in service and fits.
 *
 * @version  signature and config are there; lent for the engine's life
 *
 * Errors: UNAVAILABLE (a step's model is still being loaded: try again), FAILED_PRECONDITION (it is
 * not in service), INVALID_ARGUMENT (names, types or shapes do not fit) Thread: loader
 */
Status ensemble_engine_new(const ModelVersion *version, const StepModels *models,
                           Engine **ret_engine);
