/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the server fills in for a request of a sequence: controls (start, ready, end, the id) and
 * the states that the request before has left. A state is handed over without a copy: the sequence
 * holds the memory that the last batch wrote, and the next batch gathers from there. A failed or
 * cancelled request leaves the states as they were.
 *
 * Thread: whoever places the request, and whoever ends it; there is one at a time for a sequence.
 */

#include "runtime/schedule/sequence_internal.h"

#include "runtime/base/size.h"

#include <stdio.h>
#include <string.h>

void sequence_make_id(Sequence *sequence, const SequenceConfig *config) {
    const SequenceControl *control = NULL;
    for (size_t i = 0; i < config->control_count; i++)
        if (config->controls[i].kind == CONTROL_CORRID)
            control = &config->controls[i];
    if (!control)
        return;
    if (control->dtype != DTYPE_STRING) { /* little-endian: the low bytes are the narrow types' */
        sequence->id_span = (Span){ &sequence->number, dtype_info(control->dtype)->bits / 8 };
        return;
    }
    size_t length = sequence->text_length;
    if (length == 0)
        length = (size_t)snprintf(sequence->text, sizeof sequence->text, "%llu",
                                  (unsigned long long)sequence->number);
    sequence->view = (StringView){ sequence->text, length };
    sequence->id_span = (Span){ &sequence->view, sizeof sequence->view };
}

static RequestInput input_of(DType dtype, Shape shape, const Span *span) {
    return (RequestInput){ .dtype = dtype,
                           .shape = shape,
                           .payload = { .items = span, .count = 1, .bytes = span->bytes } };
}

static void fill_control(InferRequest *request, size_t index, RequestInput *input) {
    const ModelVersion *version = request->lease.version;
    const SequenceControl *control = &version->config.sequence->controls[index];
    bool is_yes[] = { [CONTROL_START] = request->sequence_start,
                      [CONTROL_READY] = true,
                      [CONTROL_END] = request->sequence_end };
    const Span *span = control->kind == CONTROL_CORRID
                           ? &request->sequence_of->id_span
                           : &version->control_spans[2 * index + (is_yes[control->kind] ? 1 : 0)];
    *input = input_of(control->dtype, version->signature.batched ? SHAPE(1, 1) : SHAPE(1), span);
}

/* A sequence that starts has no past, whatever becomes of its first request. */
static void forget_states(Sequence *sequence) {
    for (size_t i = 0; i < sequence->state_count; i++) {
        OutputBlock *old = TAKE(sequence->states[i].block);
        if (old)
            output_block_unref(old);
    }
}

void sequence_fill_inputs(InferRequest *request) {
    const ModelVersion *version = request->lease.version;
    const SequenceConfig *config = version->config.sequence;
    RequestInput *inputs = request->inputs + version->signature.input_count;
    if (request->sequence_start)
        forget_states(request->sequence_of);
    for (size_t i = 0; i < config->control_count; i++)
        fill_control(request, i, &inputs[i]);
    inputs += config->control_count;
    for (size_t i = 0; i < config->state_count; i++) {
        const KeptState *kept = &request->sequence_of->states[i];
        const InitialState *initial = &version->initial_states[i];
        inputs[i] = kept->block ? input_of(kept->tensor.dtype, kept->tensor.shape, &kept->span)
                                : input_of(config->states[i].dtype, initial->shape, &initial->span);
    }
}

void sequence_keep_states(InferRequest *request) {
    Sequence *sequence = request->sequence_of;
    const Tensor *outputs = request->outputs + request->lease.version->signature.output_count;
    for (size_t i = 0; i < sequence->state_count; i++) {
        KeptState *kept = &sequence->states[i];
        OutputBlock *old = kept->block;
        *kept = (KeptState){ .tensor = outputs[i],
                             .span = { outputs[i].data, outputs[i].bytes },
                             .block = output_block_ref(request->block) };
        if (old)
            output_block_unref(old);
    }
}
