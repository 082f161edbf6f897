/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a version with sequences needs beside its signature: the two values of each control, and the
 * states that a sequence begins with, zeros or the content of a file in initial_state/. Thread:
 * loader.
 */

#include "runtime/model/version_parts.h"

#include "runtime/base/beneath.h"

#include <stdio.h>
#include <string.h>

static Status read_state(ModelVersion *version, const SequenceState *state, int model_directory,
                         InitialState *initial) {
    char path[512], *bytes = NULL;
    size_t length, wanted = initial->span.bytes;
    snprintf(path, sizeof path, "initial_state/%s", state->initial_file);
    if (model_directory < 0)
        return status_error(STATUS_FAILED_PRECONDITION, "%s: the model has no directory", path);
    TRY(beneath_read_file(model_directory, path, wanted, &bytes, &length));
    AUTO(free) char *content = bytes;
    if (length != wanted)
        return status_error(STATUS_INVALID_ARGUMENT, "%s: state '%s' is %s %s, %zu bytes; got %zu",
                            path, state->input, dtype_name(state->dtype),
                            SHAPE_TEXT(&initial->shape), wanted, length);
    char *copy = arena_alloc(version->arena, length);
    if (!copy)
        return arena_exhausted(version->arena);
    memcpy(copy, content, length);
    initial->span.data = copy;
    return status_ok();
}

static Status make_state(ModelVersion *version, const SequenceState *state, int model_directory,
                         InitialState *initial) {
    int64_t dims[SHAPE_MAX_RANK + 1] = { 1 };
    size_t lead = version->signature.batched ? 1 : 0;
    for (int32_t i = 0; i < state->initial_dims.rank; i++)
        dims[lead + (size_t)i] = state->initial_dims.dims[i];
    TRY(shape_make(dims, lead + (size_t)state->initial_dims.rank, &initial->shape));
    if (!shape_bytes(&initial->shape, state->dtype, &initial->span.bytes))
        return status_error(STATUS_INVALID_ARGUMENT, "state '%s': too large", state->input);
    if (state->initial_file)
        return read_state(version, state, model_directory, initial);
    initial->span.data = arena_calloc(version->arena, initial->span.bytes, 1);
    return initial->span.data ? status_ok() : arena_exhausted(version->arena);
}

Status model_version_prepare_sequences(ModelVersion *version, int model_directory) {
    const SequenceConfig *config = version->config.sequence;
    if (!config)
        return status_ok();
    Span *spans = arena_calloc(version->arena, 2 * config->control_count, sizeof *spans);
    InitialState *states = arena_calloc(version->arena, config->state_count, sizeof *states);
    if (!spans || !states)
        return arena_exhausted(version->arena);
    for (size_t i = 0; i < 2 * config->control_count; i++) {
        const SequenceControl *control = &config->controls[i / 2];
        spans[i] = (Span){ control->values[i % 2], dtype_info(control->dtype)->bits / 8 };
    }
    for (size_t i = 0; i < config->state_count; i++)
        TRY(make_state(version, &config->states[i], model_directory, &states[i]));
    version->control_spans = spans;
    version->initial_states = states;
    return status_ok();
}
