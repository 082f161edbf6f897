/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ensemble_scheduling of config.pbtxt: which model's output is whose input. Names of tensors become
 * numbers, and steps are put into an order in which each finds what it needs; what cannot be
 * ordered is a cycle or a tensor that nobody makes. Whether the models fit together in type and
 * shape is known only when they are loaded (runtime/model/ensemble).
 *
 * Thread: any; loader in practice.
 */

#include "runtime/config/config_check.h"

#include "runtime/base/size.h"

#include <stdio.h>
#include <string.h>

typedef Inference__ModelEnsembling__Step StepMessage;

enum { PATH_BYTES = 96 };

/* The ensemble's tensors while they are found. */
typedef struct Tensors {
    const char **names;
    bool *made;   /* by an earlier step or the client */
    size_t *step; /* that makes it; INDEX_NONE: the client, or nobody */
    size_t count, capacity;
} Tensors;

static size_t find_tensor(Tensors *tensors, const char *name) {
    for (size_t i = 0; i < tensors->count; i++)
        if (strcmp(tensors->names[i], name) == 0)
            return i;
    if (tensors->count == tensors->capacity)
        return INDEX_NONE;
    tensors->names[tensors->count] = name;
    tensors->step[tensors->count] = INDEX_NONE;
    return tensors->count++;
}

static Status too_many(const ConfigCheck *check) {
    return text_message_error(check->text, "ensemble_scheduling", "more than %d tensors",
                              (int)ENSEMBLE_TENSORS_MAX);
}

/* What is only said of models that run by themselves. */
static Status check_alone(const ConfigCheck *check) {
    static const char *const fields[] = { "instance_group", "optimization", "model_warmup",
                                          "backend" };
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++)
        if (text_message_has(check->text, fields[i]))
            return text_message_error(check->text, fields[i], "must not be set for an ensemble");
    if (check->config->input_count == 0 || check->config->output_count == 0)
        return text_message_error(check->text, "ensemble_scheduling",
                                  "an ensemble names its inputs and outputs");
    return status_ok();
}

static Status check_step(ConfigCheck *check, const StepMessage *message, size_t index,
                         Tensors *tensors, EnsembleStep *step) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "ensemble_scheduling.step[%zu]", index);
    EnsembleMap *inputs = arena_calloc(check->arena, message->n_input_map, sizeof *inputs);
    EnsembleMap *outputs = arena_calloc(check->arena, message->n_output_map, sizeof *outputs);
    if (!inputs || !outputs)
        return arena_exhausted(check->arena);
    if (message->model_name[0] == '\0')
        return text_message_error(check->text, path, "model_name is missing");
    if (strcmp(message->model_name, check->config->name) == 0)
        return text_message_error(check->text, path, "an ensemble cannot be its own step");
    if (message->n_input_map == 0 || message->n_output_map == 0)
        return text_message_error(check->text, path, "input_map and output_map are needed");
    for (size_t i = 0; i < message->n_input_map; i++) {
        inputs[i] = (EnsembleMap){ message->input_map[i]->key,
                                   find_tensor(tensors, message->input_map[i]->value) };
        if (inputs[i].tensor == INDEX_NONE)
            return too_many(check);
    }
    for (size_t i = 0; i < message->n_output_map; i++) {
        size_t tensor = find_tensor(tensors, message->output_map[i]->value);
        if (tensor == INDEX_NONE)
            return too_many(check);
        if (tensors->step[tensor] != INDEX_NONE || tensor < check->config->input_count)
            return text_message_error(check->text, path,
                                      "ensemble tensor '%s' has more than one producer",
                                      tensors->names[tensor]);
        tensors->step[tensor] = index;
        outputs[i] = (EnsembleMap){ message->output_map[i]->key, tensor };
    }
    *step = (EnsembleStep){ .model = message->model_name,
                            .version = message->model_version > 0 ? message->model_version : -1,
                            .inputs = inputs,
                            .input_count = message->n_input_map,
                            .outputs = outputs,
                            .output_count = message->n_output_map };
    return status_ok();
}

static bool is_runnable(const EnsembleStep *step, const Tensors *tensors) {
    for (size_t i = 0; i < step->input_count; i++)
        if (!tensors->made[step->inputs[i].tensor])
            return false;
    return true;
}

/* Sorts the steps; what is left over waits for something that never comes. */
static Status order_steps(const ConfigCheck *check, Tensors *tensors, EnsembleStep *steps,
                          size_t count) {
    for (size_t i = 0; i < check->config->input_count; i++)
        tensors->made[i] = true;
    for (size_t done = 0; done < count; done++) {
        size_t next = done;
        while (next < count && !is_runnable(&steps[next], tensors))
            next++;
        if (next == count)
            return text_message_error(check->text, "ensemble_scheduling",
                                      "step of model '%s' can never run: it needs a tensor that is "
                                      "no input and that no earlier step makes",
                                      steps[done].model);
        EnsembleStep step = steps[next];
        memmove(&steps[done + 1], &steps[done], (next - done) * sizeof *steps);
        steps[done] = step;
        for (size_t i = 0; i < step.output_count; i++)
            tensors->made[step.outputs[i].tensor] = true;
    }
    return status_ok();
}

static Status find_outputs(ConfigCheck *check, Tensors *tensors, EnsembleConfig *ensemble) {
    size_t *outputs = arena_calloc(check->arena, check->config->output_count, sizeof *outputs);
    if (!outputs)
        return arena_exhausted(check->arena);
    for (size_t i = 0; i < check->config->output_count; i++) {
        const char *name = check->config->outputs[i].name;
        outputs[i] = find_tensor(tensors, name);
        if (outputs[i] == INDEX_NONE)
            return too_many(check);
        if (!tensors->made[outputs[i]])
            return text_message_error(check->text, "ensemble_scheduling",
                                      "no step produces output '%s'", name);
    }
    ensemble->outputs = outputs;
    return status_ok();
}

Status config_check_ensemble(ConfigCheck *check) {
    bool is_asked = strcmp(check->message->platform, "ensemble") == 0;
    bool is_given = check->message->scheduling_choice_case ==
                    INFERENCE__MODEL_CONFIG__SCHEDULING_CHOICE_ENSEMBLE_SCHEDULING;
    if (!is_asked && !is_given)
        return status_ok();
    if (!is_asked || !is_given)
        return text_message_error(check->text, is_asked ? "platform" : "ensemble_scheduling",
                                  "platform \"ensemble\" and ensemble_scheduling go together");
    TRY(check_alone(check));
    const Inference__ModelEnsembling *message = check->message->ensemble_scheduling;
    if (message->n_step == 0 || message->n_step > ENSEMBLE_STEPS_MAX)
        return text_message_error(check->text, "ensemble_scheduling",
                                  "expected 1 to %d steps, got %zu", (int)ENSEMBLE_STEPS_MAX,
                                  message->n_step);
    EnsembleConfig *ensemble = arena_calloc(check->arena, 1, sizeof *ensemble);
    EnsembleStep *steps = arena_calloc(check->arena, message->n_step, sizeof *steps);
    Tensors tensors = {
        .names = arena_calloc(check->arena, ENSEMBLE_TENSORS_MAX, sizeof *tensors.names),
        .made = arena_calloc(check->arena, ENSEMBLE_TENSORS_MAX, sizeof *tensors.made),
        .step = arena_calloc(check->arena, ENSEMBLE_TENSORS_MAX, sizeof *tensors.step),
        .capacity = ENSEMBLE_TENSORS_MAX
    };
    if (!ensemble || !steps || !tensors.names || !tensors.made || !tensors.step)
        return arena_exhausted(check->arena);
    for (size_t i = 0; i < check->config->input_count; i++)
        (void)find_tensor(&tensors, check->config->inputs[i].name);
    for (size_t i = 0; i < message->n_step; i++)
        TRY(check_step(check, message->step[i], i, &tensors, &steps[i]));
    TRY(order_steps(check, &tensors, steps, message->n_step));
    TRY(find_outputs(check, &tensors, ensemble));
    ensemble->steps = steps;
    ensemble->step_count = message->n_step;
    ensemble->tensors = tensors.names;
    ensemble->tensor_count = tensors.count;
    ensemble->max_inflight = message->max_inflight_requests;
    check->config->ensemble = ensemble;
    check->config->kind = MODEL_ENSEMBLE;
    check->config->queue.batching = check->config->max_batch_size > 1;
    check->config->queue.max_rows = MAX_OF(check->config->max_batch_size, (size_t)1);
    return status_ok();
}
