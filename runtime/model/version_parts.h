/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Steps of model_version_load. Private to runtime/model. */

#include "runtime/model/model_version.h"

/* ensemble_check.c; errors as of ensemble_engine_new */
Status ensemble_check(const ModelVersion *version, const StepModels *models);
/* control_spans and initial_states, once the signature is there. */
Status model_version_prepare_sequences(ModelVersion *version, int model_directory);
/* config.message, once signature and queue_policy are there. */
Status model_version_complete(ModelVersion *version);
