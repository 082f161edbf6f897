/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Does an ensemble fit together? Every step's model must be in service, know the names that the
 * maps give, and agree in type and shape with what is connected: shapes are followed from the
 * ensemble's inputs through its steps to its outputs. Thread: loader.
 */

#include "runtime/model/version_parts.h"

#include "runtime/base/size.h"

#include <string.h>

/* What is known of an ensemble's tensor. */
typedef struct Known {
    DType dtype;
    Shape shape;
} Known;

static Status misfit(const ModelVersion *version, const EnsembleStep *step, const char *word,
                     const SignatureTensor *tensor, const Known *known, size_t index) {
    return status_error(STATUS_INVALID_ARGUMENT,
                        "ensemble '%s': tensor '%s' is %s %s, %s '%s' of model '%s' is %s %s",
                        version->name, version->config.ensemble->tensors[index],
                        dtype_name(known->dtype), SHAPE_TEXT(&known->shape), word, tensor->name,
                        step->model, dtype_name(tensor->dtype), SHAPE_TEXT(&tensor->shape));
}

/* Could one tensor be of both shapes? */
static bool may_meet(const Shape *a, const Shape *b) {
    if (a->rank == SHAPE_UNRANKED || b->rank == SHAPE_UNRANKED)
        return true;
    bool meets = a->rank == b->rank;
    for (int32_t i = 0; meets && i < a->rank; i++)
        meets = a->dims[i] == b->dims[i] || a->dims[i] == DIM_UNKNOWN || b->dims[i] == DIM_UNKNOWN;
    return meets;
}

static Status find_named(const ModelVersion *version, const EnsembleStep *step, const char *word,
                         const SignatureTensor *tensors, size_t index, const char *name,
                         const SignatureTensor **ret_tensor) {
    if (index == INDEX_NONE)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "ensemble '%s': model '%s' has no %s '%s' that the %s_map names",
                            version->name, step->model, word, name, word);
    *ret_tensor = &tensors[index];
    return status_ok();
}

static Status check_inputs(const ModelVersion *version, const EnsembleStep *step,
                           const Signature *signature, const Known *known) {
    size_t required = 0;
    for (size_t i = 0; i < signature->input_count; i++)
        required += !signature->inputs[i].optional;
    if (step->input_count < required)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "ensemble '%s': model '%s' has %zu inputs, its input_map names %zu",
                            version->name, step->model, required, step->input_count);
    for (size_t i = 0; i < step->input_count; i++) {
        const char *name = step->inputs[i].name;
        const SignatureTensor *tensor = NULL;
        TRY(find_named(version, step, "input", signature->inputs,
                       signature_find_input(signature, (StringView){ name, strlen(name) }), name,
                       &tensor));
        const Known *given = &known[step->inputs[i].tensor];
        if (given->dtype != tensor->dtype || !may_meet(&given->shape, &tensor->shape))
            return misfit(version, step, "input", tensor, given, step->inputs[i].tensor);
    }
    return status_ok();
}

static Status learn_outputs(const ModelVersion *version, const EnsembleStep *step,
                            const Signature *signature, Known *known) {
    for (size_t i = 0; i < step->output_count; i++) {
        const char *name = step->outputs[i].name;
        const SignatureTensor *tensor = NULL;
        TRY(find_named(version, step, "output", signature->outputs,
                       signature_find_output(signature, (StringView){ name, strlen(name) }), name,
                       &tensor));
        Known *wanted = &known[step->outputs[i].tensor];
        bool is_told = wanted->dtype != DTYPE_INVALID; /* an output of the ensemble */
        if (is_told &&
            (wanted->dtype != tensor->dtype || !may_meet(&wanted->shape, &tensor->shape)))
            return misfit(version, step, "output", tensor, wanted, step->outputs[i].tensor);
        *wanted = (Known){ tensor->dtype, tensor->shape };
    }
    return status_ok();
}

static Status refuse_ragged(const ModelVersion *version, const EnsembleStep *step,
                            const ModelConfig *config) {
    for (size_t i = 0; i < config->input_count; i++)
        if (config->inputs[i].ragged)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "ensemble '%s': input '%s' of model '%s' has allow_ragged_batch, "
                                "which a step cannot",
                                version->name, config->inputs[i].name, step->model);
    return status_ok();
}

static Status check_step(const ModelVersion *version, const StepModels *models,
                         const EnsembleStep *step, Known *known) {
    AUTO(lease_release) Lease lease = { 0 };
    TRY(models->acquire(models->user, step->model, step->version, &lease));
    const ModelConfig *config = &lease.version->config;
    if (config->sequence || config->decoupled)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "ensemble '%s': model '%s' %s, which a step cannot", version->name,
                            step->model, config->sequence ? "has sequences" : "is decoupled");
    const Signature *signature = &lease.version->signature;
    TRY(refuse_ragged(version, step, config));
    if (version->signature.batched && signature->batched &&
        version->signature.max_batch_size > signature->max_batch_size)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "ensemble '%s': max_batch_size is %zu, that of model '%s' is %zu",
                            version->name, version->signature.max_batch_size, step->model,
                            signature->max_batch_size);
    TRY(check_inputs(version, step, signature, known));
    return learn_outputs(version, step, signature, known);
}

Status ensemble_check(const ModelVersion *version, const StepModels *models) {
    const EnsembleConfig *config = version->config.ensemble;
    const Signature *signature = &version->signature;
    if (!models->acquire)
        return status_error(STATUS_FAILED_PRECONDITION,
                            "ensemble '%s': there are no other models here", version->name);
    Known *known = arena_calloc(version->arena, config->tensor_count, sizeof *known);
    if (!known)
        return arena_exhausted(version->arena);
    for (size_t i = 0; i < signature->input_count; i++)
        known[i] = (Known){ signature->inputs[i].dtype, signature->inputs[i].model_shape };
    for (size_t i = 0; i < signature->output_count; i++)
        known[config->outputs[i]] =
            (Known){ signature->outputs[i].dtype, signature->outputs[i].model_shape };
    for (size_t i = 0; i < config->step_count; i++)
        TRY(check_step(version, models, &config->steps[i], known));
    return status_ok();
}
