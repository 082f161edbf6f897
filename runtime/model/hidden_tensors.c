/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The tensors that the server fills in. They stand behind the visible ones in a signature, in the
 * order of the configuration, so that runtime/schedule finds control i at visible inputs + i.
 * Thread: loader.
 */

#include "runtime/model/hidden_tensors.h"

#include <string.h>

Status hidden_tensors_list(const ModelConfig *config, Arena *arena, HiddenTensors *ret_hidden) {
    const SequenceConfig *sequence = config->sequence;
    size_t controls = sequence ? sequence->control_count : 0;
    size_t states = sequence ? sequence->state_count : 0;
    ConfigTensor *inputs =
        arena_calloc(arena, controls + states + config->batch_input_count, sizeof *inputs);
    ConfigTensor *outputs = arena_calloc(arena, states, sizeof *outputs);
    if (!inputs || !outputs)
        return arena_exhausted(arena);
    size_t count = 0;
    for (size_t i = 0; i < controls; i++)
        inputs[count++] = (ConfigTensor){ .name = sequence->controls[i].input,
                                          .dtype = sequence->controls[i].dtype,
                                          .dims = SHAPE(1) };
    for (size_t i = 0; i < states; i++) {
        const SequenceState *state = &sequence->states[i];
        inputs[count++] =
            (ConfigTensor){ .name = state->input, .dtype = state->dtype, .dims = state->dims };
        outputs[i] =
            (ConfigTensor){ .name = state->output, .dtype = state->dtype, .dims = state->dims };
    }
    for (size_t i = 0; i < config->batch_input_count; i++)
        inputs[count++] = (ConfigTensor){ .name = config->batch_inputs[i].target,
                                          .dtype = config->batch_inputs[i].dtype,
                                          .dims = SHAPE_UNKNOWN };
    *ret_hidden = (HiddenTensors){ inputs, outputs, count, states };
    return status_ok();
}

bool hidden_tensors_have(const ConfigTensor *tensors, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(tensors[i].name, name) == 0)
            return true;
    return false;
}
