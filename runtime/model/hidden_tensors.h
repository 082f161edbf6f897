/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tensors of a model that no client sees: the controls and states of its sequences, and what is
 * computed from the lengths of ragged inputs. Private to runtime/model.
 */

#include "runtime/config/model_config.h"

typedef struct HiddenTensors {
    const ConfigTensor *inputs, *outputs; /* an unranked shape: whatever the model says */
    size_t input_count, output_count;
} HiddenTensors;

/* Inputs in the order controls, states, batch inputs; outputs: states. */
Status hidden_tensors_list(const ModelConfig *config, Arena *arena, HiddenTensors *ret_hidden);
bool hidden_tensors_have(const ConfigTensor *tensors, size_t count, const char *name);
