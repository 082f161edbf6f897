/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The network of a version as it is run, and what each of its operators takes. */

#include "runtime/model/model_version.h"

#include <jansson.h>

/**
 * Runs the version's executor for at most a third of a second, or twice.
 *
 * @arena         for names and rows, until the document is there
 * @ret_document  {model, version, total_us, inputs, outputs, nodes}; NULL: no memory
 *
 * Errors: UNIMPLEMENTED (inputs that zeros cannot be made for), those of executor_run
 * Thread: worker
 */
Status graph_profile(const ModelVersion *version, Arena *arena, json_t **ret_document);
