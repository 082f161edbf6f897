/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * backend "identity": every output is the input at its place, after a delay, or a failure, or any
 * number of times. It makes what stands around a model visible: queues, deadlines, order, streams.
 */

#include "runtime/model/engine.h"
#include "runtime/model/signature.h"

/* INVALID_ARGUMENT when inputs and outputs do not pair up in type and shape. Thread: loader. */
Status identity_engine_new(const ModelConfig *config, Engine **ret_engine);
