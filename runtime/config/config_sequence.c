/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * sequence_batching of config.pbtxt: strategy, control inputs, implicit state. A control says which
 * of the three typed lists holds its two values, and CORRID the type of the id; everything else is
 * refused by name. Rules: reference open_inference_triton.md 3.2 and 3.3.
 *
 * Thread: any; loader in practice.
 */

#include "runtime/config/config_check.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <stdio.h>
#include <string.h>

typedef Inference__ModelSequenceBatching SequenceMessage;
typedef Inference__ModelSequenceBatching__Control ControlMessage;
typedef Inference__ModelSequenceBatching__State StateMessage;

enum { PATH_BYTES = 96, CANDIDATES_MAX = 1 << 20 };
static const uint64_t IDLE_DEFAULT_US = 1000000;

static const SequenceControlKind kinds[] = {
    [INFERENCE__MODEL_SEQUENCE_BATCHING__CONTROL__KIND__CONTROL_SEQUENCE_START] = CONTROL_START,
    [INFERENCE__MODEL_SEQUENCE_BATCHING__CONTROL__KIND__CONTROL_SEQUENCE_READY] = CONTROL_READY,
    [INFERENCE__MODEL_SEQUENCE_BATCHING__CONTROL__KIND__CONTROL_SEQUENCE_END] = CONTROL_END,
    [INFERENCE__MODEL_SEQUENCE_BATCHING__CONTROL__KIND__CONTROL_SEQUENCE_CORRID] = CONTROL_CORRID,
};

/* The one of the three lists that is given, as bytes of its type. */
static bool take_values(const ControlMessage *message, SequenceControl *control) {
    const struct {
        const void *items;
        size_t count, bytes;
        DType dtype;
    } lists[] = {
        { message->int32_false_true, message->n_int32_false_true, 4, DTYPE_I32 },
        { message->fp32_false_true, message->n_fp32_false_true, 4, DTYPE_F32 },
        { message->bool_false_true, message->n_bool_false_true, sizeof(protobuf_c_boolean),
          DTYPE_BOOL },
    };
    size_t given = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++) {
        if (lists[i].count == 0)
            continue;
        given++;
        if (lists[i].count != 2)
            return false;
        control->dtype = lists[i].dtype;
        for (size_t value = 0; value < 2; value++) {
            const char *item = (const char *)lists[i].items + value * lists[i].bytes;
            if (lists[i].dtype == DTYPE_BOOL)
                control->values[value][0] = *(const protobuf_c_boolean *)(const void *)item != 0;
            else
                memcpy(control->values[value], item, lists[i].bytes);
        }
    }
    return given == 1;
}

static Status check_control(const ConfigCheck *check, const char *path,
                            const ControlMessage *message, SequenceControl *control) {
    static const DType id_types[] = { DTYPE_U64, DTYPE_I64, DTYPE_U32, DTYPE_I32, DTYPE_STRING };
    if ((size_t)message->kind >= ARRAY_LENGTH(kinds))
        return text_message_error(check->text, path, "the kind is not known");
    control->kind = kinds[message->kind];
    if (control->kind != CONTROL_CORRID)
        return take_values(message, control)
                   ? status_ok()
                   : text_message_error(check->text, path,
                                        "expected exactly one of int32_false_true, fp32_false_true "
                                        "and bool_false_true, with two values");
    control->dtype = config_dtype(message->data_type);
    for (size_t i = 0; i < ARRAY_LENGTH(id_types); i++)
        if (control->dtype == id_types[i])
            return status_ok();
    return text_message_error(check->text, path,
                              "data_type of CONTROL_SEQUENCE_CORRID: expected TYPE_UINT64, "
                              "TYPE_INT64, TYPE_UINT32, TYPE_INT32 or TYPE_STRING");
}

static Status check_controls(ConfigCheck *check, const SequenceMessage *message,
                             SequenceConfig *sequence) {
    if (message->n_control_input > SEQUENCE_TENSORS_MAX)
        return text_message_error(check->text, "sequence_batching.control_input",
                                  "more than %d inputs", (int)SEQUENCE_TENSORS_MAX);
    SequenceControl *controls =
        arena_calloc(check->arena, message->n_control_input, sizeof *controls);
    if (!controls)
        return arena_exhausted(check->arena);
    unsigned seen = 0;
    for (size_t i = 0; i < message->n_control_input; i++) {
        const Inference__ModelSequenceBatching__ControlInput *input = message->control_input[i];
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "sequence_batching.control_input[%zu]", i);
        if (input->name[0] == '\0')
            return text_message_error(check->text, path, "name is missing");
        if (input->n_control != 1)
            return text_message_error(check->text, path, "expected one control for '%s', got %zu",
                                      input->name, input->n_control);
        controls[i].input = input->name;
        TRY(check_control(check, path, input->control[0], &controls[i]));
        if (seen & 1U << controls[i].kind)
            return text_message_error(check->text, path,
                                      "sequence batching specifies multiple %s tensors",
                                      inference__model_sequence_batching__control__kind__descriptor
                                          .values[input->control[0]->kind]
                                          .name);
        seen |= 1U << controls[i].kind;
    }
    sequence->controls = controls;
    sequence->control_count = message->n_control_input;
    return status_ok();
}

static Status check_initial(const ConfigCheck *check, const char *path, const StateMessage *message,
                            SequenceState *state) {
    state->initial_dims = state->dims;
    for (int32_t d = 0; d < state->dims.rank; d++)
        if (state->initial_dims.dims[d] == DIM_UNKNOWN)
            state->initial_dims.dims[d] = 1; /* as Triton: the smallest that fits */
    if (message->n_initial_state == 0)
        return status_ok();
    const Inference__ModelSequenceBatching__InitialState *initial = message->initial_state[0];
    if (message->n_initial_state > 1)
        return text_message_error(check->text, path, "more than one initial_state");
    Shape dims;
    Status status = shape_make(initial->dims, initial->n_dims, &dims);
    if (!status_is_ok(&status))
        return text_message_error(check->text, path, "initial_state: %s", status.message);
    if (config_dtype(initial->data_type) != state->dtype || !shape_is_known(&dims) ||
        !shape_accepts(&state->dims, &dims))
        return text_message_error(check->text, path, "initial_state: expected %s %s, got %s %s",
                                  dtype_name(state->dtype), SHAPE_TEXT(&state->dims),
                                  dtype_name(config_dtype(initial->data_type)), SHAPE_TEXT(&dims));
    state->initial_dims = dims;
    if (initial->state_data_case !=
        INFERENCE__MODEL_SEQUENCE_BATCHING__INITIAL_STATE__STATE_DATA_DATA_FILE)
        return status_ok();
    if (!config_is_plain_filename(initial->data_file))
        return text_message_error(check->text, path,
                                  "data_file '%s' must be the name of a file in initial_state/",
                                  initial->data_file);
    state->initial_file = initial->data_file;
    return status_ok();
}

static Status check_states(ConfigCheck *check, const SequenceMessage *message,
                           SequenceConfig *sequence) {
    if (message->n_state > SEQUENCE_TENSORS_MAX)
        return text_message_error(check->text, "sequence_batching.state", "more than %d states",
                                  (int)SEQUENCE_TENSORS_MAX);
    SequenceState *states = arena_calloc(check->arena, message->n_state, sizeof *states);
    if (!states)
        return arena_exhausted(check->arena);
    for (size_t i = 0; i < message->n_state; i++) {
        const StateMessage *row = message->state[i];
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "sequence_batching.state[%zu]", i);
        states[i] = (SequenceState){ .input = row->input_name,
                                     .output = row->output_name,
                                     .dtype = config_dtype(row->data_type) };
        if (row->input_name[0] == '\0' || row->output_name[0] == '\0')
            return text_message_error(check->text, path, "input_name and output_name are needed");
        if (states[i].dtype == DTYPE_INVALID || states[i].dtype == DTYPE_STRING)
            return text_message_error(check->text, path, "data_type: expected a number's type");
        Status status = shape_make(row->dims, row->n_dims, &states[i].dims);
        if (!status_is_ok(&status))
            return text_message_error(check->text, path, "dims: %s", status.message);
        TRY(check_initial(check, path, row, &states[i]));
        if (row->use_same_buffer_for_input_output)
            config_ignore(check, "sequence_batching.state.use_same_buffer_for_input_output");
        if (row->use_growable_memory)
            config_ignore(check, "sequence_batching.state.use_growable_memory");
    }
    sequence->states = states;
    sequence->state_count = message->n_state;
    return status_ok();
}

static Status check_strategy(ConfigCheck *check, const SequenceMessage *message,
                             SequenceConfig *sequence) {
    if (message->strategy_choice_case ==
        INFERENCE__MODEL_SEQUENCE_BATCHING__STRATEGY_CHOICE_OLDEST) {
        const Inference__ModelSequenceBatching__StrategyOldest *oldest = message->oldest;
        if (oldest->max_candidate_sequences < 0 || oldest->max_candidate_sequences > CANDIDATES_MAX)
            return text_message_error(check->text,
                                      "sequence_batching.oldest.max_candidate_sequences",
                                      "expected 0 to %d, got %d", (int)CANDIDATES_MAX,
                                      (int)oldest->max_candidate_sequences);
        sequence->strategy = SEQUENCE_OLDEST;
        sequence->max_candidates = MAX_OF((size_t)oldest->max_candidate_sequences, (size_t)1);
        sequence->delay_ns = config_ns_from_us(oldest->max_queue_delay_microseconds);
        check->config->queue.preserve_ordering = oldest->preserve_ordering;
        return config_check_preferred(check, "sequence_batching.oldest.preferred_batch_size",
                                      oldest->preferred_batch_size, oldest->n_preferred_batch_size);
    }
    sequence->strategy = SEQUENCE_DIRECT;
    if (message->strategy_choice_case != INFERENCE__MODEL_SEQUENCE_BATCHING__STRATEGY_CHOICE_DIRECT)
        return status_ok();
    sequence->delay_ns = config_ns_from_us(message->direct->max_queue_delay_microseconds);
    sequence->minimum_slot_utilization = message->direct->minimum_slot_utilization;
    if (!(sequence->minimum_slot_utilization >= 0 && sequence->minimum_slot_utilization <= 1))
        return text_message_error(check->text, "sequence_batching.direct.minimum_slot_utilization",
                                  "expected 0 to 1, got %g",
                                  (double)sequence->minimum_slot_utilization);
    return status_ok();
}

Status config_check_sequence(ConfigCheck *check) {
    if (check->message->scheduling_choice_case !=
        INFERENCE__MODEL_CONFIG__SCHEDULING_CHOICE_SEQUENCE_BATCHING)
        return status_ok();
    const SequenceMessage *message = check->message->sequence_batching;
    SequenceConfig *sequence = arena_calloc(check->arena, 1, sizeof *sequence);
    if (!sequence)
        return arena_exhausted(check->arena);
    uint64_t idle_us = message->max_sequence_idle_microseconds;
    sequence->idle_ns = config_ns_from_us(idle_us ? idle_us : IDLE_DEFAULT_US);
    if (message->iterative_sequence)
        return text_message_error(check->text, "sequence_batching.iterative_sequence",
                                  "iterative sequences are not supported: only a backend of "
                                  "Triton's can ask to be run again");
    TRY(check_strategy(check, message, sequence));
    TRY(check_controls(check, message, sequence));
    TRY(check_states(check, message, sequence));
    QueuePolicy *queue = &check->config->queue;
    queue->batching = check->config->max_batch_size > 1;
    queue->max_rows = MAX_OF(check->config->max_batch_size, (size_t)1);
    queue->delay_ns = sequence->delay_ns;
    check->config->sequence = sequence;
    return status_ok();
}
