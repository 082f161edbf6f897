/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Requests that are run before a version is published: it then has its plans, and is known to work.
 */

#include "runtime/model/model_version.h"

/**
 * One batch, waited for; its outputs are dropped.
 *
 * @inputs  every input in the order of the signature, hidden ones included; lent
 *
 * Thread: loader
 */
Status model_version_run(ModelVersion *version, const Tensor *inputs);
/* The samples of model_warmup, in order, each as often as it says. Errors: those of the sample's
 * input, or of running it. Thread: loader */
Status model_version_warm(ModelVersion *version, int model_directory);
/* Hidden inputs of one request of that many rows: first states, controls that say no, what is
 * computed from the shapes of the visible ones, which stand before them in inputs. */
Status warmup_hidden_inputs(const ModelVersion *version, size_t rows, Arena *arena, Tensor *inputs);
