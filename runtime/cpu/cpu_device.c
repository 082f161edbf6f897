/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The built-in device: the CPU behind DeviceApi. Synchronous; a program runs on the thread that
 * submits it, its kernels spread over the host's pool. A DeviceModel is the packed weights of one
 * model; a Program is in cpu_program.c.
 *
 * Threads: as device.h says; nothing here is shared but what the packed weights guard themselves.
 */

#include "runtime/cpu/cpu_program.h"
#include "runtime/cpu/dnnl_util.h"
#include "runtime/cpu/reorder.h"
#include "runtime/cpu/weights.h"
#include "runtime/device/device.h"

#include <assert.h>
#include <string.h>

typedef struct CpuDevice {
    Device base;
    Pool *pool;
} CpuDevice;

struct DeviceModel {
    CpuDevice *device;
    PackedWeights *weights;
    Precision precision;
};

struct Buffer {
    void *data;
};

static Status cpu_open(const DeviceHost *host, const char *selector, Device **ret_device) {
    assert(host->abi == DEVICE_ABI);
    if (selector[0] != '\0')
        return status_error(STATUS_FAILED_PRECONDITION, "device 'cpu' has no '%s'", selector);
    CpuDevice *device = calloc(1, sizeof *device);
    if (!device)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cpu: out of memory");
    device->base.api = cpu_device_api();
    device->pool = host->pool;
    *ret_device = &device->base;
    return status_ok();
}

static void cpu_close(Device *device) {
    free(device);
}

static DeviceHealth cpu_health(Device *device) {
    (void)device;
    return (DeviceHealth){ .healthy = true };
}

static bool cpu_claims(const Device *device, const Graph *graph, NodeId node) {
    (void)device;
    const OpSchema *op = graph_node_const(graph, node)->op;
    return reorder_is(op) || reference_kernel_find(op->domain, op->name) != NULL;
}

static Layout cpu_layout(const Device *device, const Graph *graph, NodeId node) {
    (void)device;
    return cpu_preferred_layout(graph, node);
}

static bool cpu_takes_layout(const Device *device, const Graph *graph, NodeId node, Layout layout) {
    (void)device;
    return cpu_supports_layout(graph, node, layout);
}

static bool cpu_fuses_step(const Device *device, const Graph *graph, NodeId node,
                           EpilogueKind step) {
    (void)device;
    return cpu_fuses(graph, node, step);
}

static bool cpu_multiplies_bytes(const Device *device) {
    (void)device;
    return dnnl_has_int8();
}

static void cpu_model_free(DeviceModel *model) {
    if (!model)
        return;
    packed_weights_free(model->weights);
    free(model);
}
DEFINE_AUTO(DeviceModel, cpu_model_free);

static Status cpu_model_new(Device *device, Precision precision, DeviceModel **ret_model) {
    /* Elsewhere the library would widen every factor: slower than f32, and no more exact. */
    if (precision == PRECISION_BF16 && !dnnl_has_bf16())
        return status_error(STATUS_FAILED_PRECONDITION,
                            "precision bf16: this CPU has no bfloat16 instructions (avx512_bf16)");
    AUTO(cpu_model_free) DeviceModel *model = calloc(1, sizeof *model);
    if (!model)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cpu: out of memory");
    model->device = (CpuDevice *)(void *)device;
    model->precision = precision;
    TRY(packed_weights_new(&model->weights));
    *ret_model = TAKE(model);
    return status_ok();
}

static size_t cpu_model_bytes(const DeviceModel *model) {
    return packed_weights_bytes(model->weights) - packed_weights_dropped_bytes(model->weights);
}

static Status cpu_compile(DeviceModel *model, const Graph *graph, Program **ret_program) {
    ProgramSource source = { .model = model,
                             .weights = model->weights,
                             .pool = model->device->pool,
                             .precision = model->precision };
    return cpu_program_new(&source, graph, ret_program);
}

static size_t cpu_program_arena_bytes(const Program *program) {
    return program->arena_bytes;
}

static Status cpu_buffer_new(Device *device, size_t bytes, Buffer **ret_buffer) {
    (void)device;
    Buffer *buffer = calloc(1, sizeof *buffer);
    if (buffer)
        buffer->data = aligned_memory_new(bytes ? bytes : 1);
    if (!buffer || !buffer->data) {
        free(buffer);
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cpu: no memory for a buffer of %zu bytes",
                            bytes);
    }
    *ret_buffer = buffer;
    return status_ok();
}

static void cpu_buffer_free(Buffer *buffer) {
    if (!buffer)
        return;
    free(buffer->data);
    free(buffer);
}

static void *cpu_buffer_data(Buffer *buffer) {
    return buffer->data;
}

static void cpu_submit(Program *program, const ProgramIo *io, ProgramDone done, void *user) {
    Status status = cpu_program_run(program, io);
    done(user, &status);
}

static const DeviceApi cpu_api = {
    .abi = DEVICE_ABI,
    .struct_bytes = sizeof(DeviceApi),
    .name = "cpu",
    .open = cpu_open,
    .close = cpu_close,
    .health = cpu_health,
    .claims = cpu_claims,
    .preferred_layout = cpu_layout,
    .supports_layout = cpu_takes_layout,
    .fuses = cpu_fuses_step,
    .multiplies_bytes = cpu_multiplies_bytes,
    .model_new = cpu_model_new,
    .model_free = cpu_model_free,
    .model_bytes = cpu_model_bytes,
    .compile = cpu_compile,
    .program_free = cpu_program_free,
    .program_bytes = cpu_program_arena_bytes,
    .buffer_new = cpu_buffer_new,
    .buffer_free = cpu_buffer_free,
    .buffer_data = cpu_buffer_data,
    .submit = cpu_submit,
};

const DeviceApi *cpu_device_api(void) {
    return &cpu_api;
}
