/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a compiled program on the calling thread. The run's state (one Tensor a slot) and all
 * planned values lie in the thread's arena; only values of data-dependent size and characters of
 * strings touch malloc, in a heap that is bounded and freed with the run.
 *
 * A dynamic step asks its operator's shape inference first, now with the content of every input.
 * What was known when the program was compiled must come out the same: a model whose run-time
 * shapes contradict each other is refused here.
 *
 * Thread: any; the stop flag is looked at between steps.
 */

#include "runtime/cpu/cpu_program.h"

#include "runtime/base/clock.h"
#include "runtime/base/float_mode.h"
#include "runtime/base/size.h"
#include "runtime/cpu/epilogue.h"
#include "runtime/cpu/run_heap.h"
#include "runtime/cpu/thread_arena.h"
#include "runtime/tensor/list.h"

#include <string.h>

enum { MEMORY_LIMIT_DEFAULT = 1 << 30 };

typedef struct Run {
    const Program *program;
    const ProgramIo *io;
    const Step *step;   /* the one that runs now */
    char *memory;       /* the thread's arena */
    Tensor *tensors;    /* by slot */
    const Tensor **src; /* of the step */
    InferPort *ports;   /* 2 * ports_max: of a dynamic step */
    RunHeap heap;
} Run;

static Status over_budget(const Run *run, size_t bytes) {
    return status_error(STATUS_RESOURCE_EXHAUSTED,
                        "operator %s (node '%s'): %zu bytes more exceed the run's limit of %zu",
                        run->step->node->op->name, run->step->node->name, bytes,
                        run->heap.limit_bytes);
}

static Status output_memory(const Run *run, size_t output, Tensor *tensor) {
    tensor->data = run->io->output_memory(run->io->output_user, output, tensor);
    if (!tensor->data && tensor->bytes > 0)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "output %zu: no memory for %zu bytes",
                            output, tensor->bytes);
    return status_ok();
}

/* The output may be a view of what the step writes: it is described as what it is. */
static Status bind_output(const Run *run, size_t output, Tensor *written) {
    Tensor asked = run->program->slots[run->program->output_slots[output]].described;
    TRY(output_memory(run, output, &asked));
    written->data = asked.data;
    return status_ok();
}

/* Slots in order: a view's root comes before it. */
static Status bind_slots(Run *run) {
    const Program *program = run->program;
    for (size_t i = 0; i < program->slot_count; i++) {
        const Slot *slot = &program->slots[i];
        Tensor *tensor = &run->tensors[i];
        *tensor = slot->described;
        switch (slot->place) {
        case SLOT_INPUT:
            if (slot->known)
                tensor->data = run->io->inputs[slot->index].data;
            else
                *tensor = run->io->inputs[slot->index];
            break;
        case SLOT_ARENA:
            tensor->data = tensor->bytes > 0 ? run->memory + slot->offset : NULL;
            break;
        case SLOT_VIEW:
            tensor->data = run->tensors[slot->index].data;
            break;
        case SLOT_OUTPUT:
            TRY(bind_output(run, slot->index, tensor));
            break;
        case SLOT_NONE:
        case SLOT_CONSTANT:
        case SLOT_RUN:
            break;
        }
    }
    return status_ok();
}

/* Gives output its type, shape and memory; what was known before must agree. */
static Status settle_output(Run *run, uint32_t output, DType dtype, const Shape *shape) {
    const Slot *slot = &run->program->slots[run->step->dst + output];
    Tensor *tensor = &run->tensors[run->step->dst + output];
    if (slot->place == SLOT_NONE)
        return status_ok();
    if (slot->known &&
        (dtype != slot->described.dtype || !shape_equal(shape, &slot->described.shape)))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "operator %s (node '%s'): output %u expected %s, got %s",
                            run->step->node->op->name, run->step->node->name, output,
                            SHAPE_TEXT(&slot->described.shape), SHAPE_TEXT(shape));
    if (slot->place != SLOT_RUN)
        return status_ok();
    size_t bytes;
    if (!shape_is_known(shape) || !shape_bytes(shape, dtype, &bytes))
        return status_error(
            STATUS_INVALID_ARGUMENT, "operator %s (node '%s'): output %u has no usable shape: %s",
            run->step->node->op->name, run->step->node->name, output, SHAPE_TEXT(shape));
    void *data = bytes > 0 ? run_heap_alloc(&run->heap, bytes) : NULL;
    if (bytes > 0 && !data)
        return over_budget(run, bytes);
    *tensor = (Tensor){ .dtype = dtype,
                        .layout = slot->described.layout,
                        .shape = *shape,
                        .data = data,
                        .bytes = bytes };
    return status_ok();
}

static Status kernel_output_new(const KernelCall *call, size_t output, DType dtype,
                                const Shape *shape) {
    Run *run = call->runner;
    if (output >= run->step->node->output_count)
        return status_error(STATUS_INTERNAL, "operator %s: output %zu does not exist",
                            run->step->node->op->name, output);
    return settle_output(run, (uint32_t)output, dtype, shape);
}

static char *kernel_text_new(const KernelCall *call, size_t bytes) {
    Run *run = call->runner;
    return run_heap_alloc(&run->heap, bytes);
}

/* What a body makes at run time counts against what is left of its caller's limit. */
static Status kernel_run_body(const KernelCall *call, const BodyCall *body) {
    const Run *run = call->runner;
    const ProgramIo *io = run->io;
    if (!io->run_body || !io->body_runs_left)
        return status_error(STATUS_UNIMPLEMENTED, "bodies cannot be run here");
    if (*io->body_runs_left == 0)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "the request has run too many bodies");
    --*io->body_runs_left;
    if (io->stop && atomic_load_explicit(io->stop, memory_order_relaxed))
        return status_error(STATUS_CANCELLED, "stopped");
    ProgramIo inner = {
        .inputs = body->inputs,
        .outputs = body->outputs,
        .output_memory = body->output_memory,
        .output_user = body->user,
        .stop = io->stop,
        .memory_limit_bytes = MAX_OF(run->heap.limit_bytes - run->heap.used_bytes, (size_t)1),
        .body_runs_left = io->body_runs_left,
        .work_left = io->work_left,
    };
    return io->run_body(io->body_user, body->body, &inner);
}

static Status infer_step(Run *run) {
    const Node *node = run->step->node;
    InferPort *inputs = run->ports, *outputs = run->ports + run->program->ports_max;
    for (uint32_t i = 0; i < node->input_count; i++) {
        inputs[i] = (InferPort){ 0 };
        if (run->src[i])
            inputs[i] = (InferPort){ .present = true,
                                     .dtype = run->src[i]->dtype,
                                     .shape = run->src[i]->shape,
                                     .value = run->src[i] };
    }
    for (uint32_t i = 0; i < node->output_count; i++)
        outputs[i] =
            (InferPort){ .present = run->program->slots[run->step->dst + i].place != SLOT_NONE,
                         .shape = SHAPE_UNKNOWN };
    InferCall call = { .node = node, .inputs = inputs, .outputs = outputs };
    Status status = op_check_lists(&call);
    if (status_is_ok(&status))
        status = node->op->infer(&call);
    if (!status_is_ok(&status))
        return status_prefix(&status, "operator %s (node '%s')", node->op->name, node->name);
    bool kernel_decides = node->op->flags & OP_DATA_SHAPE;
    for (uint32_t i = 0; i < node->output_count; i++)
        if (outputs[i].present && (!kernel_decides || shape_is_known(&outputs[i].shape)))
            TRY(settle_output(run, i, outputs[i].dtype, &outputs[i].shape));
        else if (outputs[i].present && outputs[i].dtype != DTYPE_INVALID)
            run->tensors[run->step->dst + i].dtype = outputs[i].dtype;
    return status_ok();
}

/* Known, but neither planned nor an output's: strings that leave, for one. */
static Status settle_known(Run *run) {
    for (uint32_t i = 0; i < run->step->node->output_count; i++) {
        const Slot *slot = &run->program->slots[run->step->dst + i];
        if (slot->place == SLOT_RUN)
            TRY(settle_output(run, i, slot->described.dtype, &slot->described.shape));
    }
    return status_ok();
}

static Status run_step(Run *run, const Step *step) {
    run->step = step;
    for (uint32_t i = 0; i < step->node->input_count; i++)
        run->src[i] = step->src[i] == INDEX_SLOT_NONE ? NULL : &run->tensors[step->src[i]];
    TRY(step->dynamic ? infer_step(run) : settle_known(run));
    KernelCall call = {
        .node = step->node,
        .src = run->src,
        .dst = &run->tensors[step->dst],
        .pool = run->program->pool,
        .output_new = kernel_output_new,
        .text_new = kernel_text_new,
        .run_body = kernel_run_body,
        .work_left = run->io->work_left,
        .runner = run,
    };
    Status status =
        step->kernel ? step->kernel->type->run(step->kernel, &call) : step->reference(&call);
    if (!status_is_ok(&status))
        return status_prefix(&status, "operator %s (node '%s')", step->node->op->name,
                             step->node->name);
    if (!step->kernel && !epilogue_is_empty(step->node))
        return epilogue_apply(&call);
    return status_ok();
}

/* With all that it refers to behind it, so that the output is one piece of memory that needs
 * nothing else. */
static Status copy_deep(Run *run, size_t output, const Tensor *src, Tensor *dst) {
    TRY(tensor_deep_bytes(src, &dst->bytes));
    TRY(output_memory(run, output, dst));
    tensor_deep_copy(src, dst->data, dst);
    return status_ok();
}

static Status finish_outputs(Run *run) {
    const Program *program = run->program;
    for (size_t i = 0; i < program->output_count; i++) {
        const Tensor *src = &run->tensors[program->output_slots[i]];
        Tensor *dst = &run->io->outputs[i];
        *dst = *src;
        if (program->output_direct[i])
            continue;
        if (tensor_refers(src)) {
            TRY(copy_deep(run, i, src, dst));
            continue;
        }
        TRY(output_memory(run, i, dst));
        if (src->bytes > 0 && dst->data != src->data) /* the host may let an input be an output */
            memcpy(dst->data, src->data, src->bytes);
    }
    return status_ok();
}

static Status run_reported_step(Run *run, const Step *step) {
    const Clock *clock = clock_monotonic();
    StepReport report = { .graph = run->program->graph,
                          .node = step->node,
                          .kernel = step->kernel ? step->kernel->type->name : "reference",
                          .begin_ns = clock_now_ns(clock) };
    TRY(run_step(run, step));
    report.end_ns = clock_now_ns(clock);
    run->io->step_done(run->io->step_user, &report);
    return status_ok();
}

static Status run_steps(Run *run) {
    TRY(bind_slots(run));
    for (size_t i = 0; i < run->program->step_count; i++) {
        const Step *step = &run->program->steps[i];
        if (run->io->stop && atomic_load_explicit(run->io->stop, memory_order_relaxed))
            return status_error(STATUS_CANCELLED, "stopped");
        TRY(run->io->step_done ? run_reported_step(run, step) : run_step(run, step));
    }
    return finish_outputs(run);
}

Status cpu_program_run(const Program *program, const ProgramIo *io) {
    char *memory = thread_arena_acquire(program->arena_bytes);
    if (!memory)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cpu: no memory for %zu bytes of values",
                            program->arena_bytes);
    Run run = { .program = program, .io = io, .memory = memory };
    run.tensors = (Tensor *)(void *)memory;
    run.ports = (InferPort *)(void *)(run.tensors + program->slot_count);
    run.src = (const Tensor **)(void *)(run.ports + 2 * program->ports_max);
    run.heap.limit_bytes = io->memory_limit_bytes ? io->memory_limit_bytes : MEMORY_LIMIT_DEFAULT;

    unsigned mode = float_mode_flush();
    Status status = run_steps(&run);
    float_mode_set(mode);
    run_heap_free(&run.heap);
    thread_arena_release(memory);
    return status;
}
