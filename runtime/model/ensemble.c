/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Running an ensemble. Leases on all its steps are taken when a batch begins, so that a version
 * that is replaced meanwhile stays to the end. Each step's executor reads the tensors where they
 * lie and writes into the batch's block if the client gets one of its outputs, else into a block
 * that goes when the batch is done; nothing is copied, and on a device that computes at once no
 * thread is changed. Queues of the steps' models are passed by: the batch has waited in the
 * ensemble's.
 *
 * A step may end before its submit returns or later on another thread. `phase` tells which: whoever
 * comes second of the two goes on, so that steps follow each other in a loop and not on the stack.
 *
 * Threads: worker, a device's.
 */

#include "runtime/model/ensemble.h"

#include "runtime/base/size.h"
#include "runtime/model/tensor_form.h"
#include "runtime/model/version_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef struct Ensemble {
    Engine engine;
    const ModelVersion *version;
    StepModels models;
} Ensemble;

enum { PHASE_SUBMITTING, PHASE_RETURNED, PHASE_DONE };

/* One batch on its way. */
typedef struct Passage {
    const Ensemble *ensemble;
    EngineRun *run;
    size_t step;
    atomic_int phase;
    Status status;        /* of the step that is done */
    OutputBlock *between; /* tensors that no client gets */
    EngineRun step_run;
    size_t room;              /* of inputs and outputs */
    Tensor *inputs, *outputs; /* of the step, in port order */
    Lease *leases;
    Tensor tensors[]; /* of the ensemble */
} Passage;

static size_t ports_of(const SignatureTensor *tensors, size_t count) {
    size_t ports = count;
    for (size_t i = 0; i < count; i++)
        ports = MAX_OF(ports, tensors[i].port + 1);
    return ports;
}

static size_t output_ports(const ModelVersion *version) {
    size_t count = version->executor ? executor_output_count(version->executor) : 0;
    return MAX_OF(count, ports_of(version->signature.outputs, version->signature.all_output_count));
}

static void passage_free(Passage *passage) {
    const EnsembleConfig *config = passage->ensemble->version->config.ensemble;
    for (size_t i = 0; passage->leases && i < config->step_count; i++)
        lease_release(&passage->leases[i]);
    if (passage->between)
        output_block_unref(passage->between);
    free(passage->leases);
    free(passage->inputs);
    free(passage->outputs);
    free(passage);
}
DEFINE_AUTO(Passage, passage_free);

static Status passage_new(const Ensemble *ensemble, EngineRun *run, Passage **ret_passage) {
    const EnsembleConfig *config = ensemble->version->config.ensemble;
    AUTO(passage_free)
    Passage *passage =
        calloc(1, sizeof *passage + config->tensor_count * sizeof passage->tensors[0]);
    if (!passage)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    passage->ensemble = ensemble;
    passage->run = run;
    passage->leases = calloc(config->step_count, sizeof *passage->leases);
    if (!passage->leases)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    for (size_t i = 0; i < config->step_count; i++) {
        TRY(ensemble->models.acquire(ensemble->models.user, config->steps[i].model,
                                     config->steps[i].version, &passage->leases[i]));
        const ModelVersion *step = passage->leases[i].version;
        size_t inputs = ports_of(step->signature.inputs, step->signature.all_input_count);
        passage->room = MAX_OF(passage->room, MAX_OF(inputs, output_ports(step)));
    }
    passage->inputs = calloc(passage->room, sizeof *passage->inputs);
    passage->outputs = calloc(passage->room, sizeof *passage->outputs);
    if (!passage->inputs || !passage->outputs)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    for (size_t i = 0; i < ensemble->version->signature.input_count; i++)
        passage->tensors[i] = run->args.inputs[i];
    *ret_passage = TAKE(passage);
    return status_ok();
}

static bool gives_output(const EnsembleConfig *config, const EnsembleStep *step,
                         size_t output_count) {
    for (size_t i = 0; i < step->output_count; i++)
        for (size_t k = 0; k < output_count; k++)
            if (config->outputs[k] == step->outputs[i].tensor)
                return true;
    return false;
}

/* The step's inputs and block; what it gives is read by finish_step. */
static Status prepare_step(Passage *passage) {
    const ModelVersion *whole = passage->ensemble->version;
    const EnsembleStep *step = &whole->config.ensemble->steps[passage->step];
    const ModelVersion *version = passage->leases[passage->step].version;
    if (version->config.decoupled || version->config.sequence) /* it was none when it was checked */
        return status_error(STATUS_FAILED_PRECONDITION,
                            "ensemble '%s': model '%s' cannot be a step", whole->name, step->model);
    memset(passage->inputs, 0, passage->room * sizeof *passage->inputs);
    memset(passage->outputs, 0, passage->room * sizeof *passage->outputs);
    for (size_t i = 0; i < step->input_count; i++) {
        const char *name = step->inputs[i].name;
        size_t index =
            signature_find_input(&version->signature, (StringView){ name, strlen(name) });
        if (index == INDEX_NONE) /* another version than the one that was checked */
            return status_error(STATUS_FAILED_PRECONDITION,
                                "ensemble '%s': model '%s' has no input '%s' any more", whole->name,
                                step->model, name);
        const SignatureTensor *input = &version->signature.inputs[index];
        const Tensor *given = &passage->tensors[step->inputs[i].tensor];
        passage->inputs[input->port] = *given;
        TRY(tensor_form_of_model(input, &given->shape, &passage->inputs[input->port].shape));
    }
    for (size_t i = 0; i < version->signature.input_count; i++) {
        const SignatureTensor *input = &version->signature.inputs[i];
        if (input->otherwise && passage->inputs[input->port].dtype == DTYPE_INVALID)
            passage->inputs[input->port] = *input->otherwise;
    }
    bool is_outer = gives_output(whole->config.ensemble, step, whole->signature.output_count);
    if (!is_outer && !passage->between)
        TRY(output_block_new_beside(passage->run->args.block, &passage->between));
    passage->step_run.args =
        (RunArgs){ .inputs = passage->inputs,
                   .outputs = passage->outputs,
                   .block = is_outer ? passage->run->args.block : passage->between,
                   .stop = passage->run->args.stop };
    return status_ok();
}

static Status finish_step(Passage *passage) {
    const EnsembleStep *step = &passage->ensemble->version->config.ensemble->steps[passage->step];
    const ModelVersion *version = passage->leases[passage->step].version;
    if (!status_is_ok(&passage->status))
        return status_prefix(&passage->status, "in ensemble '%s', model '%s'",
                             passage->ensemble->version->name, step->model);
    for (size_t i = 0; i < step->output_count; i++) {
        const char *name = step->outputs[i].name;
        size_t index =
            signature_find_output(&version->signature, (StringView){ name, strlen(name) });
        if (index == INDEX_NONE)
            return status_error(STATUS_FAILED_PRECONDITION,
                                "ensemble '%s': model '%s' has no output '%s' any more",
                                passage->ensemble->version->name, step->model, name);
        const SignatureTensor *output = &version->signature.outputs[index];
        const Tensor *made = &passage->outputs[output->port];
        Tensor *tensor = &passage->tensors[step->outputs[i].tensor];
        *tensor = *made;
        TRY(tensor_form_of_client(output, &made->shape, &tensor->shape));
    }
    return status_ok();
}

/* Outputs that are inputs of the ensemble do not lie in the block yet. */
static Status collect_outputs(Passage *passage) {
    const ModelVersion *version = passage->ensemble->version;
    for (size_t i = 0; i < version->signature.output_count; i++) {
        size_t tensor = version->config.ensemble->outputs[i];
        Tensor *output = &passage->run->args.outputs[i];
        *output = passage->tensors[tensor];
        if (tensor >= version->signature.input_count || output->bytes == 0)
            continue;
        output->data = output_block_alloc(passage->run->args.block, output->bytes);
        if (!output->data)
            return status_error(STATUS_RESOURCE_EXHAUSTED, "no memory for outputs");
        memcpy(output->data, passage->tensors[tensor].data, output->bytes);
    }
    return status_ok();
}

static void end(Passage *passage, const Status *status) {
    EngineRun *run = passage->run;
    Status result = *status;
    if (status_is_ok(&result))
        result = collect_outputs(passage);
    passage_free(passage);
    run->done(run->user, &result);
}

static void go_on(Passage *passage);

static void step_done(void *user, const Status *status) {
    Passage *passage = user;
    passage->status = *status;
    if (atomic_exchange(&passage->phase, PHASE_DONE) == PHASE_RETURNED)
        go_on(passage);
}

/* true: the step is done already. */
static bool start_step(Passage *passage) {
    ModelVersion *version = passage->leases[passage->step].version;
    atomic_store(&passage->phase, PHASE_SUBMITTING);
    passage->step_run.done = step_done;
    passage->step_run.user = passage;
    if (version->engine)
        version->engine->api->submit(version->engine, &passage->step_run);
    else
        executor_submit(version->executor, &passage->step_run.args, step_done, passage);
    return atomic_exchange(&passage->phase, PHASE_RETURNED) == PHASE_DONE;
}

static void run_steps(Passage *passage) {
    size_t count = passage->ensemble->version->config.ensemble->step_count;
    Status status = status_ok();
    while (status_is_ok(&status) && passage->step < count) {
        status = prepare_step(passage);
        if (!status_is_ok(&status))
            break;
        if (!start_step(passage))
            return; /* step_done goes on */
        status = finish_step(passage);
        passage->step++;
    }
    end(passage, &status);
}

/* A step ended on another thread, or after its submit had returned. */
static void go_on(Passage *passage) {
    Status status = finish_step(passage);
    passage->step++;
    if (status_is_ok(&status))
        run_steps(passage);
    else
        end(passage, &status);
}

static void ensemble_submit(Engine *engine, EngineRun *run) {
    Passage *passage = NULL;
    Status status = passage_new((const Ensemble *)engine, run, &passage);
    if (status_is_ok(&status))
        run_steps(passage);
    else
        run->done(run->user, &status);
}

static void ensemble_free(Engine *engine) {
    free(engine);
}

Status ensemble_engine_new(const ModelVersion *version, const StepModels *models,
                           Engine **ret_engine) {
    static const EngineApi api = { ensemble_submit, ensemble_free };
    TRY(ensemble_check(version, models));
    Ensemble *ensemble = calloc(1, sizeof *ensemble);
    if (!ensemble)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    *ensemble = (Ensemble){ .engine = { &api }, .version = version, .models = *models };
    *ret_engine = &ensemble->engine;
    return status_ok();
}
