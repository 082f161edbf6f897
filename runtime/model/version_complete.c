/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A version's config as the ModelConfig RPC tells it: what the signature says goes into the message
 * where the file was silent. Thread: loader.
 */

#include "runtime/model/version_parts.h"

/* The signature as a config would write it. */
static Status list_tensors(const SignatureTensor *tensors, size_t count, bool batched, Arena *arena,
                           const ConfigTensor **ret_list) {
    ConfigTensor *list = arena_calloc(arena, count, sizeof *list);
    if (!list)
        return arena_exhausted(arena);
    for (size_t i = 0; i < count; i++) {
        const Shape *shape = &tensors[i].shape;
        list[i] = (ConfigTensor){ .name = tensors[i].name, .dtype = tensors[i].dtype };
        size_t lead = batched ? 1 : 0;
        if (shape->rank > (int32_t)lead)
            TRY(shape_make(shape->dims + lead, (size_t)shape->rank - lead, &list[i].dims));
    }
    *ret_list = list;
    return status_ok();
}

Status model_version_complete(ModelVersion *version) {
    const Signature *signature = &version->signature;
    ModelFacts facts = { .input_count = signature->input_count,
                         .output_count = signature->output_count,
                         .batching = version->queue_policy.batching };
    TRY(list_tensors(signature->inputs, signature->input_count, signature->batched, version->arena,
                     &facts.inputs));
    TRY(list_tensors(signature->outputs, signature->output_count, signature->batched,
                     version->arena, &facts.outputs));
    return model_config_complete(&version->config, &facts, version->arena);
}
