/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The pipeline of a GPU. A run: inputs are copied by the feeder into the slot's pinned memory, then
 * in one copy to the device; the compute stream waits for that copy's event and does the steps; the
 * out stream waits for the steps' event and copies all outputs in one piece back into pinned
 * memory; the finisher waits for that copy's event, asks the host for memory and hands the outputs
 * over. A slot is used again only after that, so nothing in it is ever overwritten too early.
 *
 * Blocks grow to what the largest program seen needs: that allocates, and happens when a program
 * runs for the first time (the warm-up). Nothing is enqueued on the default stream.
 *
 * A sticky error makes the device ill and fails everything that is in flight or comes later.
 */

#include "cuda/lane.h"

#include "cuda/program.h"
#include "runtime/base/size.h"

#include <string.h>

static void host_free(void *data) {
    (void)cudaFreeHost(data);
}
static void device_free(void *data) {
    (void)cudaFree(data);
}
static cudaError_t host_new(void **data, size_t bytes) {
    return cudaHostAlloc(data, bytes, cudaHostAllocDefault);
}
static cudaError_t device_new(void **data, size_t bytes) {
    return cudaMalloc(data, bytes);
}

/* Nothing uses the block: the content goes. */
static Status grow(Block *block, size_t bytes, cudaError_t (*take)(void **, size_t),
                   void (*give)(void *)) {
    if (bytes <= block->bytes)
        return status_ok();
    if (block->data)
        give(block->data);
    *block = (Block){ 0 };
    cudaError_t error = take(&block->data, bytes);
    if (error != cudaSuccess) {
        (void)cudaGetLastError(); /* seen */
        Status status = status_from_cuda(error, "memory of a run");
        return status_prefix(&status, "%zu bytes", bytes);
    }
    block->bytes = bytes;
    return status_ok();
}

static Status reserve(Lane *lane, Slot *slot, const Program *program) {
    TRY(grow(&slot->pinned_in, program->input_bytes, host_new, host_free));
    TRY(grow(&slot->pinned_out, program->output_bytes, host_new, host_free));
    TRY(grow(&slot->device_in, program->input_bytes, device_new, device_free));
    TRY(grow(&slot->device_out, program->output_bytes, device_new, device_free));
    if (program->arena_bytes > lane->arena.bytes)
        TRY_CUDA(cudaStreamSynchronize(lane->compute)); /* another run may still use it */
    return grow(&lane->arena, program->arena_bytes, device_new, device_free);
}

static Status copy_in(const Lane *lane, const Slot *slot, const Submission *submission) {
    const Program *program = submission->program;
    for (size_t i = 0; i < program->input_count; i++) {
        const Tensor *input = &submission->io->inputs[i];
        if (input->bytes > 0)
            memcpy((char *)slot->pinned_in.data + program->inputs[i].offset, input->data,
                   input->bytes);
    }
    if (program->input_bytes > 0)
        TRY_CUDA(cudaMemcpyAsync(slot->device_in.data, slot->pinned_in.data, program->input_bytes,
                                 cudaMemcpyHostToDevice, lane->in));
    TRY_CUDA(cudaEventRecord(slot->copied, lane->in));
    TRY_CUDA(cudaStreamWaitEvent(lane->compute, slot->copied, 0));
    return status_ok();
}

static Status compute(const Lane *lane, const Slot *slot, const Program *program) {
    Enqueue enqueue = { .program = program,
                        .inputs = slot->device_in.data,
                        .outputs = slot->device_out.data,
                        .arena = lane->arena.data,
                        .stream = lane->compute,
                        .blas = lane->device->blas,
                        .dnn = lane->dnn };
    TRY(program_enqueue(&enqueue));
    TRY_CUDA(cudaEventRecord(slot->computed, lane->compute));
    TRY_CUDA(cudaStreamWaitEvent(lane->out, slot->computed, 0));
    return status_ok();
}

static Status copy_out(const Lane *lane, const Slot *slot, const Program *program) {
    if (program->output_bytes > 0)
        TRY_CUDA(cudaMemcpyAsync(slot->pinned_out.data, slot->device_out.data,
                                 program->output_bytes, cudaMemcpyDeviceToHost, lane->out));
    return status_ok();
}

/* Whatever happens, the event comes behind all that was enqueued. */
static Status feed_slot(Lane *lane, Slot *slot) {
    const Submission *submission = slot->submission;
    if (submission->io->stop && atomic_load_explicit(submission->io->stop, memory_order_relaxed))
        return status_error(STATUS_CANCELLED, "stopped");
    TRY(reserve(lane, slot, submission->program));
    TRY(copy_in(lane, slot, submission));
    TRY(compute(lane, slot, submission->program));
    return copy_out(lane, slot, submission->program);
}

static Slot *wait_free_slot(Lane *lane) {
    LOCKED(&lane->mutex);
    while (lane->fed - lane->finished == LANE_SLOTS)
        cond_wait(&lane->changed, &lane->mutex);
    return &lane->slots[lane->fed % LANE_SLOTS];
}

static void run_feeder(void *user) {
    Lane *lane = user;
    Status entered = cuda_device_enter(lane->device);
    for (Submission *submission; (submission = cuda_device_take(lane->device));) {
        Slot *slot = wait_free_slot(lane);
        slot->submission = submission;
        slot->status = status_is_ok(&entered) ? feed_slot(lane, slot) : entered;
        if (!status_is_ok(&slot->status))
            (void)cudaStreamSynchronize(lane->compute); /* half of a run must not go on */
        cudaError_t error = cudaEventRecord(slot->done, lane->out);
        if (error != cudaSuccess && status_is_ok(&slot->status))
            slot->status = status_from_cuda(error, "cudaEventRecord");
        LOCKED(&lane->mutex);
        lane->fed++;
        cond_broadcast(&lane->changed);
    }
    LOCKED(&lane->mutex);
    lane->closing = true;
    cond_broadcast(&lane->changed);
}

static Slot *wait_fed_slot(Lane *lane) {
    LOCKED(&lane->mutex);
    while (lane->fed == lane->finished && !lane->closing)
        cond_wait(&lane->changed, &lane->mutex);
    return lane->fed == lane->finished ? NULL : &lane->slots[lane->finished % LANE_SLOTS];
}

static Status hand_over(const Slot *slot) {
    const Program *program = slot->submission->program;
    const ProgramIo *io = slot->submission->io;
    for (size_t i = 0; i < program->output_count; i++) {
        const ProgramPort *port = &program->outputs[i];
        Tensor *output = &io->outputs[i];
        *output = port->described;
        output->data = io->output_memory(io->output_user, i, output);
        if (!output->data && output->bytes > 0)
            return status_error(STATUS_RESOURCE_EXHAUSTED, "output %zu: no memory for %zu bytes", i,
                                output->bytes);
        if (output->bytes > 0)
            memcpy(output->data, (const char *)slot->pinned_out.data + port->offset, output->bytes);
    }
    return status_ok();
}

static Status finish_slot(const Slot *slot) {
    cudaError_t error = cudaEventSynchronize(slot->done);
    TRY(slot->status);
    if (error != cudaSuccess)
        return status_from_cuda(error, "cudaEventSynchronize");
    return hand_over(slot);
}

static void run_finisher(void *user) {
    Lane *lane = user;
    Status entered = cuda_device_enter(lane->device);
    for (Slot *slot; (slot = wait_fed_slot(lane));) {
        Status status = status_is_ok(&entered) ? finish_slot(slot) : entered;
        cuda_device_note(lane->device, &status);
        Submission submission = *slot->submission;
        cuda_device_recycle(lane->device, slot->submission);
        slot->submission = NULL;
        {
            LOCKED(&lane->mutex);
            lane->finished++;
            cond_broadcast(&lane->changed);
        }
        submission.done(submission.user, &status);
    }
}

static Status start_slot(Slot *slot) {
    TRY_CUDA(cudaEventCreateWithFlags(&slot->copied, cudaEventDisableTiming));
    TRY_CUDA(cudaEventCreateWithFlags(&slot->computed, cudaEventDisableTiming));
    TRY_CUDA(cudaEventCreateWithFlags(&slot->done, cudaEventDisableTiming | cudaEventBlockingSync));
    return status_ok();
}

static Status start_lane(Lane *lane) {
    TRY_CUDA(cudaStreamCreateWithFlags(&lane->in, cudaStreamNonBlocking));
    TRY_CUDA(cudaStreamCreateWithFlags(&lane->compute, cudaStreamNonBlocking));
    TRY_CUDA(cudaStreamCreateWithFlags(&lane->out, cudaStreamNonBlocking));
    for (size_t i = 0; i < LANE_SLOTS; i++)
        TRY(start_slot(&lane->slots[i]));
    TRY_CUDNN(cudnnCreate(&lane->dnn));
    TRY_CUDNN(cudnnSetStream(lane->dnn, lane->compute));
    TRY(thread_start(&lane->finisher, THREAD_DEVICE, "cuda-finish", run_finisher, lane));
    return thread_start(&lane->feeder, THREAD_DEVICE, "cuda-feed", run_feeder, lane);
}

Status lane_new(CudaDevice *device, Lane **ret_lane) {
    Lane *lane = calloc(1, sizeof *lane);
    if (!lane)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cuda: out of memory");
    lane->device = device;
    mutex_init(&lane->mutex);
    cond_init(&lane->changed);
    Status status = start_lane(lane);
    if (!status_is_ok(&status)) {
        lane_free(lane);
        return status;
    }
    *ret_lane = lane;
    return status_ok();
}

static void release_slot(Slot *slot) {
    cudaEvent_t events[] = { slot->copied, slot->computed, slot->done };
    for (size_t i = 0; i < ARRAY_LENGTH(events); i++)
        if (events[i])
            (void)cudaEventDestroy(events[i]);
    if (slot->pinned_in.data)
        host_free(slot->pinned_in.data);
    if (slot->pinned_out.data)
        host_free(slot->pinned_out.data);
    if (slot->device_in.data)
        device_free(slot->device_in.data);
    if (slot->device_out.data)
        device_free(slot->device_out.data);
}

void lane_free(Lane *lane) {
    if (!lane)
        return;
    if (!lane->feeder.running) { /* start failed half way: nobody tells the finisher */
        LOCKED(&lane->mutex);
        lane->closing = true;
        cond_broadcast(&lane->changed);
    }
    thread_join(&lane->feeder);
    thread_join(&lane->finisher);
    Status entered = cuda_device_enter(lane->device);
    (void)entered; /* of a dead context everything below fails, and the process ends */
    cudaStream_t streams[] = { lane->in, lane->compute, lane->out };
    for (size_t i = 0; i < ARRAY_LENGTH(streams); i++)
        if (streams[i])
            (void)cudaStreamSynchronize(streams[i]);
    for (size_t i = 0; i < LANE_SLOTS; i++)
        release_slot(&lane->slots[i]);
    if (lane->arena.data)
        device_free(lane->arena.data);
    if (lane->dnn)
        (void)cudnnDestroy(lane->dnn);
    for (size_t i = 0; i < ARRAY_LENGTH(streams); i++)
        if (streams[i])
            (void)cudaStreamDestroy(streams[i]);
    cond_deinit(&lane->changed);
    mutex_deinit(&lane->mutex);
    free(lane);
}
