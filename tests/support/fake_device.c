/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The CPU device behind a queue and a thread. Submissions wait in order; the thread takes one when
 * the device is automatic or the test has granted a completion, computes it with the CPU's program
 * and calls done, outside the lock.
 *
 * Programs and models are the CPU's, each with a pointer to its fake device before it.
 */

#include "tests/support/fake_device.h"

#include "runtime/base/thread.h"
#include "tests/support/model_builder.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Submission {
    struct Submission *next;
    Program *program;
    const ProgramIo *io;
    ProgramDone done;
    void *user;
} Submission;

typedef struct FakeDevice {
    Device base;
    Device *cpu;
    Thread thread;
    Mutex mutex;
    Cond changed;
    /* under mutex */
    Submission *first, **last;
    size_t submitted, pending, granted, failures;
    StatusCode failure;
    bool automatic, closing, healthy;
} FakeDevice;

struct DeviceModel {
    FakeDevice *device;
    DeviceModel *inner;
};

struct Program {
    FakeDevice *device;
    Program *inner;
};

static FakeDevice *fake_of(Device *device) {
    return (FakeDevice *)(void *)device;
}

static bool may_complete_locked(const FakeDevice *device) {
    mutex_assert_held(&device->mutex);
    return device->first && (device->automatic || device->granted > 0);
}

/* The oldest submission, when it may complete; NULL when the device closes. */
static Submission *take_submission(FakeDevice *device, StatusCode *ret_failure) {
    LOCKED(&device->mutex);
    while (!may_complete_locked(device) && !device->closing)
        cond_wait(&device->changed, &device->mutex);
    if (!may_complete_locked(device))
        return NULL;
    Submission *submission = device->first;
    device->first = submission->next;
    if (!device->first)
        device->last = &device->first;
    device->granted -= device->automatic ? 0 : 1;
    *ret_failure = device->failures > 0 ? device->failure : STATUS_OK;
    device->failures -= device->failures > 0 ? 1 : 0;
    return submission;
}

typedef struct Result {
    Status status;
} Result;

static void keep_result(void *user, const Status *status) {
    ((Result *)user)->status = *status;
}

static void run_device(void *user) {
    FakeDevice *device = user;
    StatusCode failure;
    for (Submission *submission; (submission = take_submission(device, &failure));) {
        Result result;
        if (failure == STATUS_OK)
            device->cpu->api->submit(submission->program->inner, submission->io, keep_result,
                                     &result);
        else
            result.status = status_error(failure, "the fake device was told to fail");
        {
            LOCKED(&device->mutex);
            device->pending--;
            cond_broadcast(&device->changed);
        }
        submission->done(submission->user, &result.status);
        free(submission);
    }
}

static Status fake_open(const DeviceHost *host, const char *selector, Device **ret_device) {
    (void)host, (void)selector;
    *ret_device = fake_device_new();
    return status_ok();
}

static void fake_close(Device *base) {
    FakeDevice *device = fake_of(base);
    {
        LOCKED(&device->mutex);
        assert(device->pending == 0);
        device->closing = true;
        cond_broadcast(&device->changed);
    }
    thread_join(&device->thread);
    device->cpu->api->close(device->cpu);
    cond_deinit(&device->changed);
    mutex_deinit(&device->mutex);
    free(device);
}

static DeviceHealth fake_health(Device *base) {
    FakeDevice *device = fake_of(base);
    LOCKED(&device->mutex);
    DeviceHealth health = { .healthy = device->healthy };
    snprintf(health.reason, sizeof health.reason, "%s",
             device->healthy ? "" : "the fake device was told to be ill");
    return health;
}

static bool fake_claims(const Device *base, const Graph *graph, NodeId node) {
    const Device *cpu = ((const FakeDevice *)(const void *)base)->cpu;
    return cpu->api->claims(cpu, graph, node);
}

static Layout fake_layout(const Device *base, const Graph *graph, NodeId node) {
    const Device *cpu = ((const FakeDevice *)(const void *)base)->cpu;
    return cpu->api->preferred_layout(cpu, graph, node);
}

static bool fake_supports(const Device *base, const Graph *graph, NodeId node, Layout layout) {
    const Device *cpu = ((const FakeDevice *)(const void *)base)->cpu;
    return cpu->api->supports_layout(cpu, graph, node, layout);
}

static bool fake_fuses(const Device *base, const Graph *graph, NodeId node, EpilogueKind step) {
    const Device *cpu = ((const FakeDevice *)(const void *)base)->cpu;
    return cpu->api->fuses(cpu, graph, node, step);
}

static void *must(void *memory) {
    if (!memory)
        abort();
    return memory;
}

static Status fake_model_new(Device *base, Precision precision, DeviceModel **ret_model) {
    FakeDevice *device = fake_of(base);
    DeviceModel *model = must(calloc(1, sizeof *model));
    model->device = device;
    model_check(device->cpu->api->model_new(device->cpu, precision, &model->inner));
    *ret_model = model;
    return status_ok();
}

static void fake_model_free(DeviceModel *model) {
    model->device->cpu->api->model_free(model->inner);
    free(model);
}

static size_t fake_model_bytes(const DeviceModel *model) {
    return model->device->cpu->api->model_bytes(model->inner);
}

static Status fake_compile(DeviceModel *model, const Graph *graph, Program **ret_program) {
    Program *inner;
    TRY(model->device->cpu->api->compile(model->inner, graph, &inner));
    Program *program = must(calloc(1, sizeof *program));
    *program = (Program){ .device = model->device, .inner = inner };
    *ret_program = program;
    return status_ok();
}

static void fake_program_free(Program *program) {
    program->device->cpu->api->program_free(program->inner);
    free(program);
}

static size_t fake_program_bytes(const Program *program) {
    return program->device->cpu->api->program_bytes(program->inner);
}

static Status fake_buffer_new(Device *base, size_t bytes, Buffer **ret_buffer) {
    Device *cpu = fake_of(base)->cpu;
    return cpu->api->buffer_new(cpu, bytes, ret_buffer);
}

static void fake_buffer_free(Buffer *buffer) {
    cpu_device_api()->buffer_free(buffer);
}

static void *fake_buffer_data(Buffer *buffer) {
    return cpu_device_api()->buffer_data(buffer);
}

static void fake_submit(Program *program, const ProgramIo *io, ProgramDone done, void *user) {
    FakeDevice *device = program->device;
    Submission *submission = must(calloc(1, sizeof *submission));
    *submission = (Submission){ .program = program, .io = io, .done = done, .user = user };
    LOCKED(&device->mutex);
    *device->last = submission;
    device->last = &submission->next;
    device->submitted++;
    device->pending++;
    cond_broadcast(&device->changed);
}

static const DeviceApi fake_api = {
    .abi = DEVICE_ABI,
    .struct_bytes = sizeof(DeviceApi),
    .name = "fake",
    .asynchronous = true,
    .open = fake_open,
    .close = fake_close,
    .health = fake_health,
    .claims = fake_claims,
    .preferred_layout = fake_layout,
    .supports_layout = fake_supports,
    .fuses = fake_fuses,
    .model_new = fake_model_new,
    .model_free = fake_model_free,
    .model_bytes = fake_model_bytes,
    .compile = fake_compile,
    .program_free = fake_program_free,
    .program_bytes = fake_program_bytes,
    .buffer_new = fake_buffer_new,
    .buffer_free = fake_buffer_free,
    .buffer_data = fake_buffer_data,
    .submit = fake_submit,
};

Device *fake_device_new(void) {
    FakeDevice *device = must(calloc(1, sizeof *device));
    device->base.api = &fake_api;
    device->last = &device->first;
    device->automatic = device->healthy = true;
    mutex_init(&device->mutex);
    cond_init(&device->changed);
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    model_check(cpu_device_api()->open(&host, "", &device->cpu));
    model_check(thread_start(&device->thread, THREAD_DEVICE, "fake-device", run_device, device));
    return &device->base;
}

void fake_device_set_automatic(Device *base, bool automatic) {
    FakeDevice *device = fake_of(base);
    LOCKED(&device->mutex);
    device->automatic = automatic;
    cond_broadcast(&device->changed);
}

void fake_device_complete(Device *base, size_t count) {
    FakeDevice *device = fake_of(base);
    LOCKED(&device->mutex);
    device->granted += count;
    cond_broadcast(&device->changed);
}

void fake_device_fail(Device *base, size_t count, StatusCode code) {
    FakeDevice *device = fake_of(base);
    LOCKED(&device->mutex);
    device->failures = count;
    device->failure = code;
}

void fake_device_set_healthy(Device *base, bool healthy) {
    FakeDevice *device = fake_of(base);
    LOCKED(&device->mutex);
    device->healthy = healthy;
}

void fake_device_wait_submitted(Device *base, size_t count) {
    FakeDevice *device = fake_of(base);
    LOCKED(&device->mutex);
    while (device->submitted < count)
        cond_wait(&device->changed, &device->mutex);
}

void fake_device_wait_pending(Device *base, size_t count) {
    FakeDevice *device = fake_of(base);
    LOCKED(&device->mutex);
    while (device->pending > count)
        cond_wait(&device->changed, &device->mutex);
}
