/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * If and Loop. The body of the branch that is taken writes straight into the node's results where
 * those are tensors of numbers. A Loop keeps two memories a carried value, which its turns read and
 * write in alternation, and stacks what is to be stacked in one that grows.
 *
 * How long a Loop may go on is bounded by whoever runs bodies (KernelCall.run_body), how much it
 * may keep by the run's memory; the stop flag is looked at every turn.
 *
 * Source: ONNX If 25, Loop 25.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/turns.h"
#include "runtime/tensor/list.h"

#include <string.h>

/* The only element, of that type. */
static Status get_single(const KernelCall *call, size_t index, DType dtype, int64_t *ret_value) {
    const Tensor *src = call_find_src(call, index);
    TRY(call_check_dtype(call, dtype, src));
    if (tensor_elements(src) != 1)
        return call_invalid(call, "input %zu: expected a single element, got shape %s", index,
                            SHAPE_TEXT(&src->shape));
    *ret_value = tensor_get_int(src, 0);
    return status_ok();
}

typedef struct Branch {
    Turn turn;
    Status status; /* of asking for a result's memory, which says more than that there is none */
} Branch;

/* Asks for the result's own memory, where its size is all there is to it. */
static void *branch_memory(void *user, size_t output, const Tensor *described) {
    Branch *branch = user;
    const KernelCall *call = branch->turn.call;
    bool direct = !tensor_refers(described) && output < call->node->output_count &&
                  call->node->outputs[output] != VALUE_NONE;
    if (direct) {
        branch->status = call->output_new(call, output, described->dtype, &described->shape);
        if (!status_is_ok(&branch->status))
            return NULL;
        if (call->dst[output].data)
            return call->dst[output].data;
    }
    return turn_memory_get(call, &branch->turn.memory[output], described->bytes);
}

Status reference_if(const KernelCall *call) {
    const Tensor *condition;
    int64_t taken;
    Branch branch = { .status = status_ok() };
    Turn *turn = &branch.turn;
    TRY(call_get_src(call, 0, &condition));
    TRY(get_single(call, 0, DTYPE_BOOL, &taken));
    TRY(turn_init(turn, call, taken ? "then_branch" : "else_branch", 0));
    if (turn->output_count < call->node->output_count)
        return call_invalid(call, "the branch has %zu outputs, expected %u", turn->output_count,
                            call->node->output_count);
    BodyCall body = { .body = turn->body,
                      .inputs = turn->inputs,
                      .outputs = turn->outputs,
                      .output_memory = branch_memory,
                      .user = &branch };
    Status status = call->run_body(call, &body);
    TRY(branch.status);
    TRY(status);
    for (uint32_t i = 0; i < call->node->output_count; i++)
        if (turn->outputs[i].data != call->dst[i].data || turn->outputs[i].bytes == 0)
            TRY(turns_output(call, i, &turn->outputs[i]));
    return status_ok();
}

enum { LOOP_OWN_INPUTS = 2, LOOP_ITERATION = 0, LOOP_CONDITION = 1 };

/* What is stacked: one more slice a turn. */
typedef struct Stack {
    Tensor slice; /* type and shape of the first; data: all of them */
    size_t capacity;
} Stack;

typedef struct Loop {
    Turn turn;
    size_t carried, stacked;
    TurnMemory *other; /* by carried value: what the next turn reads */
    Stack *stacks;
    int64_t count, limit; /* turns done; at most */
    uint8_t condition;
} Loop;

static Status stack_add(const Loop *loop, Stack *stack, const Tensor *slice) {
    const KernelCall *call = loop->turn.call;
    if (dtype_is_list(slice->dtype))
        return call_invalid(call, "a %s cannot be stacked", dtype_name(slice->dtype));
    if (loop->count == 0)
        stack->slice = (Tensor){ .dtype = slice->dtype, .shape = slice->shape };
    if (slice->dtype != stack->slice.dtype || !shape_equal(&slice->shape, &stack->slice.shape))
        return call_invalid(call, "turn %lld gives %s to stack, the first gave %s",
                            (long long)loop->count, SHAPE_TEXT(&slice->shape),
                            SHAPE_TEXT(&stack->slice.shape));
    size_t wanted;
    if (!size_add(stack->slice.bytes, slice->bytes, &wanted))
        wanted = SIZE_MAX;
    if (wanted > stack->capacity) {
        size_t capacity = MAX_OF(wanted, 2 * MIN_OF(stack->capacity, SIZE_MAX / 2));
        char *data = call->text_new(call, capacity);
        if (!data)
            return status_error(STATUS_RESOURCE_EXHAUSTED,
                                "Loop: %zu bytes after %lld turns exceed the run's limit", capacity,
                                (long long)loop->count);
        if (stack->slice.bytes > 0)
            memcpy(data, stack->slice.data, stack->slice.bytes);
        stack->slice.data = data;
        stack->capacity = capacity;
    }
    if (slice->bytes > 0)
        memcpy((char *)stack->slice.data + stack->slice.bytes, slice->data, slice->bytes);
    stack->slice.bytes = wanted;
    return status_ok();
}

static Status loop_init(Loop *loop, const KernelCall *call) {
    size_t own = node_own_inputs(call->node);
    *loop = (Loop){ .limit = INT64_MAX, .condition = 1 };
    int64_t condition = 1;
    if (call_find_src(call, LOOP_ITERATION) && own > LOOP_ITERATION)
        TRY(get_single(call, LOOP_ITERATION, DTYPE_I64, &loop->limit));
    if (call_find_src(call, LOOP_CONDITION) && own > LOOP_CONDITION)
        TRY(get_single(call, LOOP_CONDITION, DTYPE_BOOL, &condition));
    loop->condition = condition != 0;
    loop->carried = own > LOOP_OWN_INPUTS ? own - LOOP_OWN_INPUTS : 0;
    TRY(turn_init(&loop->turn, call, "body", LOOP_OWN_INPUTS + loop->carried));
    if (loop->turn.output_count < 1 + loop->carried ||
        loop->turn.output_count - 1 < call->node->output_count)
        return call_invalid(call, "the body has %zu outputs", loop->turn.output_count);
    loop->stacked = loop->turn.output_count - 1 - loop->carried;
    TRY(turns_array(call, loop->carried, sizeof *loop->other, &loop->other));
    TRY(turns_array(call, loop->stacked, sizeof *loop->stacks, &loop->stacks));
    loop->turn.inputs[LOOP_ITERATION] = (Tensor){
        .dtype = DTYPE_I64, .shape = SHAPE_SCALAR, .data = &loop->count, .bytes = sizeof loop->count
    };
    loop->turn.inputs[LOOP_CONDITION] = (Tensor){ .dtype = DTYPE_BOOL,
                                                  .shape = SHAPE_SCALAR,
                                                  .data = &loop->condition,
                                                  .bytes = sizeof loop->condition };
    for (size_t i = 0; i < loop->carried; i++) {
        const Tensor *src;
        TRY(call_get_src(call, LOOP_OWN_INPUTS + i, &src));
        loop->turn.inputs[LOOP_OWN_INPUTS + i] = *src;
    }
    return status_ok();
}

static Status loop_turn(Loop *loop) {
    Turn *turn = &loop->turn;
    TRY(turn_run(turn));
    const Tensor *condition = &turn->outputs[0];
    if (condition->dtype != DTYPE_BOOL || tensor_elements(condition) != 1)
        return call_invalid(turn->call, "the body's condition is %s of shape %s, expected a bool",
                            dtype_name(condition->dtype), SHAPE_TEXT(&condition->shape));
    for (size_t i = 0; i < loop->stacked; i++) {
        size_t output = 1 + loop->carried + i;
        TRY(stack_add(loop, &loop->stacks[i], &turn->outputs[output]));
        if (tensor_refers(&turn->outputs[output])) /* what the slice refers to stays there */
            turn->memory[output] = (TurnMemory){ 0 };
    }
    for (size_t i = 0; i < loop->carried; i++) {
        turn->inputs[LOOP_OWN_INPUTS + i] = turn->outputs[1 + i];
        TurnMemory written = turn->memory[1 + i];
        turn->memory[1 + i] = loop->other[i];
        loop->other[i] = written;
    }
    loop->condition = *(const uint8_t *)condition->data != 0;
    loop->count++;
    return status_ok();
}

/* After no turn at all there is only what inference knows. */
static Shape stacked_shape(const Loop *loop, size_t index) {
    const Stack *stack = &loop->stacks[index];
    Shape slice = stack->slice.shape, shape = { .rank = 1, .dims = { loop->count } };
    if (loop->count == 0) {
        size_t output = 1 + loop->carried + index;
        slice =
            graph_value_const(loop->turn.body, graph_output(loop->turn.body, output)->value)->shape;
    }
    for (int32_t i = 0; i < slice.rank && shape.rank < SHAPE_MAX_RANK; i++)
        shape.dims[shape.rank++] = slice.dims[i] == DIM_UNKNOWN ? 0 : slice.dims[i];
    return shape;
}

static Status loop_results(Loop *loop) {
    const KernelCall *call = loop->turn.call;
    for (size_t i = 0; i < loop->carried; i++)
        TRY(turns_output(call, i, &loop->turn.inputs[LOOP_OWN_INPUTS + i]));
    for (size_t i = 0; i < loop->stacked; i++) {
        Tensor whole = loop->stacks[i].slice;
        size_t output = 1 + loop->carried + i;
        if (loop->count == 0)
            whole.dtype =
                graph_value_const(loop->turn.body, graph_output(loop->turn.body, output)->value)
                    ->dtype;
        else if (whole.shape.rank == SHAPE_MAX_RANK)
            return call_invalid(call, "slices of shape %s are of too high a rank to be stacked",
                                SHAPE_TEXT(&whole.shape));
        whole.shape = stacked_shape(loop, i);
        TRY(turns_output(call, loop->carried + i, &whole));
    }
    return status_ok();
}

Status reference_loop(const KernelCall *call) {
    Loop loop;
    TRY(loop_init(&loop, call));
    while (loop.count < loop.limit && loop.condition) {
        Status status = loop_turn(&loop);
        if (!status_is_ok(&status))
            return status_prefix(&status, "turn %lld", (long long)loop.count);
    }
    return loop_results(&loop);
}
