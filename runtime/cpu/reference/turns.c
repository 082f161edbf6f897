/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * All memory here is the run's (KernelCall.text_new): bounded with it, freed with it, and good for
 * what results refer to. Memory of one output doubles when it must grow, so that a value that grows
 * by a little each turn takes but a few times its last size.
 *
 * Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/turns.h"

#include <string.h>

static Status over_limit(const KernelCall *call, size_t bytes) {
    return status_error(STATUS_RESOURCE_EXHAUSTED, "%s: %zu bytes more exceed the run's limit",
                        call->node->op->name, bytes);
}

Status turns_array(const KernelCall *call, size_t count, size_t item_bytes, void *ret_array) {
    size_t bytes;
    if (!size_mul(MAX_OF(count, (size_t)1), item_bytes, &bytes))
        return over_limit(call, SIZE_MAX);
    void *array = call->text_new(call, bytes);
    if (!array)
        return over_limit(call, bytes);
    memset(array, 0, bytes);
    *(void **)ret_array = array;
    return status_ok();
}

char *turn_memory_get(const KernelCall *call, TurnMemory *memory, size_t bytes) {
    if (bytes <= memory->capacity && memory->data)
        return memory->data;
    size_t doubled, capacity = MAX_OF(bytes, (size_t)1);
    if (memory->capacity > 0 && size_mul(memory->capacity, 2, &doubled))
        capacity = MAX_OF(capacity, doubled);
    char *data = call->text_new(call, capacity);
    if (!data)
        return NULL;
    *memory = (TurnMemory){ .data = data, .capacity = capacity };
    return data;
}

Status turn_init(Turn *turn, const KernelCall *call, const char *name, size_t formal) {
    const Graph *body = node_find_body(call->node, name);
    if (!body)
        return call_invalid(call, "has no body '%s'", name);
    *turn = (Turn){ .call = call,
                    .body = body,
                    .input_count = graph_input_count(body),
                    .output_count = graph_output_count(body) };
    if (turn->input_count != formal + call->node->capture_count)
        return call_invalid(call, "body '%s' has %zu inputs, expected %zu", name, turn->input_count,
                            formal + call->node->capture_count);
    TRY(turns_array(call, turn->input_count, sizeof *turn->inputs, &turn->inputs));
    TRY(turns_array(call, turn->output_count, sizeof *turn->outputs, &turn->outputs));
    TRY(turns_array(call, turn->output_count, sizeof *turn->memory, &turn->memory));
    for (uint32_t i = 0; i < call->node->capture_count; i++) {
        const Tensor *src;
        TRY(call_get_src(call, node_own_inputs(call->node) + i, &src));
        turn->inputs[formal + i] = *src;
    }
    return status_ok();
}

static void *memory_of_output(void *user, size_t output, const Tensor *described) {
    Turn *turn = user;
    return turn_memory_get(turn->call, &turn->memory[output], described->bytes);
}

Status turn_run(Turn *turn) {
    BodyCall body = { .body = turn->body,
                      .inputs = turn->inputs,
                      .outputs = turn->outputs,
                      .output_memory = memory_of_output,
                      .user = turn };
    return turn->call->run_body(turn->call, &body);
}

Status turns_output(const KernelCall *call, size_t index, const Tensor *tensor) {
    if (index >= call->node->output_count || call->node->outputs[index] == VALUE_NONE)
        return status_ok();
    TRY(call->output_new(call, index, tensor->dtype, &tensor->shape));
    const Tensor *dst = &call->dst[index];
    if (dst->bytes > 0 && dst->data)
        memcpy(dst->data, tensor->data, MIN_OF(dst->bytes, tensor->bytes));
    return status_ok();
}
