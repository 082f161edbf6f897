/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Steps of model_version_load. Private to runtime/model. */

#include "runtime/model/model_version.h"

/* ensemble_check.c; errors as of ensemble_engine_new */
Status ensemble_check(const ModelVersion *version, const StepModels *models);
/* control_spans and initial_states, once the signature is there. */
Status model_version_prepare_sequences(ModelVersion *version, int model_directory);
/* batching_params.pbtxt beside the model; *ret_policy stays NULL where there is none. */
Status model_version_read_batching(const ModelLoad *load, Arena *arena,
                                   const QueuePolicy **ret_policy);
/* Makes inputs of the initializers that config.inputs call optional. */
Status model_version_open_optional(ModelVersion *version, Graph *graph);
/* config.message, once signature and queue_policy are there. */
Status model_version_complete(ModelVersion *version);
