/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Puts a program's steps on a stream. Addresses are bases plus offsets, so nothing is looked up and
 * nothing allocated. Kernels are launched by address; their arguments by value lie in the program.
 *
 * Thread: a lane's feeder.
 */

#include "cuda/build.h"

void *enqueue_address(const Enqueue *enqueue, PlaceId id) {
    const Place *place = &enqueue->program->places[id];
    switch (place->kind) {
    case PLACE_INPUT:
        return enqueue->inputs + place->offset;
    case PLACE_OUTPUT:
        return enqueue->outputs + place->offset;
    case PLACE_ARENA:
        return enqueue->arena + place->offset;
    case PLACE_WEIGHT:
        return place->address;
    case PLACE_NULL:
        break;
    }
    return NULL;
}

static Status enqueue_launch(const Step *step, const Enqueue *enqueue) {
    const Launch *launch = &step->launch;
    void *addresses[LAUNCH_ARGS], *args[LAUNCH_ARGS];
    for (uint32_t i = 0; i < launch->arg_count; i++) {
        addresses[i] = enqueue_address(enqueue, launch->args[i].place);
        args[i] = launch->args[i].bytes ? (void *)(uintptr_t)launch->args[i].bytes : &addresses[i];
    }
    TRY_CUDA(
        cudaLaunchKernel(launch->kernel, launch->grid, launch->block, args, 0, enqueue->stream));
    return status_ok();
}

static Status enqueue_copy(const Step *step, const Enqueue *enqueue) {
    TRY_CUDA(cudaMemcpyAsync(enqueue_address(enqueue, step->copy.dst),
                             enqueue_address(enqueue, step->copy.src), step->copy.bytes,
                             cudaMemcpyDeviceToDevice, enqueue->stream));
    return status_ok();
}

const StepType launch_step = { .name = "kernel", .enqueue = enqueue_launch };
const StepType copy_step = { .name = "copy", .enqueue = enqueue_copy };

Status program_enqueue(const Enqueue *enqueue) {
    const Program *program = enqueue->program;
    for (size_t i = 0; i < program->step_count; i++) {
        const Step *step = &program->steps[i];
        Status status = step->type->enqueue(step, enqueue);
        if (!status_is_ok(&status))
            return step->node ? status_prefix(&status, "operator %s (node '%s')",
                                              step->node->op->name, step->node->name)
                              : status;
    }
    return status_ok();
}
