/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How long a decode will take, before it is begun: what is walked value by value (typed varints,
 * strings) or filled by repetition costs time, what stays in the message as spans costs none. Used
 * to keep long decodes off the rpc thread.
 */

#include "runtime/tensor/spans.h"

#include <stdint.h>

/* Roughly, in ns; a malformed message costs nothing: its decode ends early. Pure. */
uint64_t wire_cost_tensorflow_ns(const Spans *message);
uint64_t wire_cost_inference_ns(const Spans *message);
