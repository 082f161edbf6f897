/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table of a placed device. What the passes ask is answered by the side that would run the
 * node; channels last is for nodes of the primary alone, so that values cross in plain layout.
 * Memory, health and name are the primary's: without it the CPU alone would not be what was asked
 * for.
 *
 * Threads: as device.h says.
 */

#include "runtime/device/placed_internal.h"

#include "runtime/graph/op_schema.h"

#include <stdlib.h>

static PlacedDevice *placed_of(Device *device) {
    return (PlacedDevice *)(void *)device;
}
static const PlacedDevice *placed_of_const(const Device *device) {
    return (const PlacedDevice *)(const void *)device;
}

static bool is_known(const Graph *graph, ValueId id) {
    const Value *value = id == VALUE_NONE ? NULL : graph_value_const(graph, id);
    return !value || (value->dtype != DTYPE_INVALID && shape_is_known(&value->shape));
}

/* What is known only when data are is the CPU's. */
static bool ports_known(const Graph *graph, const Node *node) {
    for (uint32_t i = 0; i < node->input_count; i++)
        if (!is_known(graph, node->inputs[i]))
            return false;
    for (uint32_t i = 0; i < node->output_count; i++)
        if (!is_known(graph, node->outputs[i]))
            return false;
    return true;
}

/* A view is where its source is made: it moves nothing there. */
Side placed_side(const PlacedDevice *device, const Graph *graph, NodeId id) {
    const Device *primary = device->sides[SIDE_PRIMARY];
    const Node *node = graph_node_const(graph, id);
    if (!ports_known(graph, node))
        return SIDE_CPU;
    while (node->op->flags & OP_VIEW && node->inputs[0] != VALUE_NONE) {
        NodeId producer = graph_value_const(graph, node->inputs[0])->producer;
        if (producer == NODE_NONE || !primary->api->claims(primary, graph, id))
            break;
        id = producer;
        node = graph_node_const(graph, id);
    }
    return primary->api->claims(primary, graph, id) ? SIDE_PRIMARY : SIDE_CPU;
}

static Status placed_open(const DeviceHost *host, const char *selector, Device **ret_device) {
    (void)host, (void)selector, (void)ret_device;
    return status_error(STATUS_INTERNAL, "a placed device is made, not opened");
}

static void placed_close(Device *base) {
    PlacedDevice *device = placed_of(base);
    for (size_t i = 0; i < SIDES; i++)
        device->sides[i]->api->close(device->sides[i]);
    free(device);
}

static DeviceHealth placed_health(Device *base) {
    Device *primary = placed_of(base)->sides[SIDE_PRIMARY];
    return primary->api->health(primary);
}

static bool placed_claims(const Device *base, const Graph *graph, NodeId node) {
    const PlacedDevice *device = placed_of_const(base);
    for (size_t i = 0; i < SIDES; i++)
        if (device->sides[i]->api->claims(device->sides[i], graph, node))
            return true;
    return false;
}

static Layout placed_layout(const Device *base, const Graph *graph, NodeId node) {
    const PlacedDevice *device = placed_of_const(base);
    const Device *primary = device->sides[SIDE_PRIMARY];
    return placed_side(device, graph, node) == SIDE_PRIMARY
               ? primary->api->preferred_layout(primary, graph, node)
               : LAYOUT_PLAIN;
}

static bool placed_supports(const Device *base, const Graph *graph, NodeId node, Layout layout) {
    const PlacedDevice *device = placed_of_const(base);
    const Device *primary = device->sides[SIDE_PRIMARY];
    return layout == LAYOUT_PLAIN || (placed_side(device, graph, node) == SIDE_PRIMARY &&
                                      primary->api->supports_layout(primary, graph, node, layout));
}

static bool placed_fuses(const Device *base, const Graph *graph, NodeId node, EpilogueKind step) {
    const PlacedDevice *device = placed_of_const(base);
    const Device *side = device->sides[placed_side(device, graph, node)];
    return side->api->fuses(side, graph, node, step);
}

static bool placed_multiplies_bytes(const Device *base) {
    const Device *primary = placed_of_const(base)->sides[SIDE_PRIMARY];
    return primary->api->multiplies_bytes && primary->api->multiplies_bytes(primary);
}

static void placed_model_free(DeviceModel *model) {
    if (!model)
        return;
    for (size_t i = 0; i < SIDES; i++)
        if (model->sides[i])
            model->device->sides[i]->api->model_free(model->sides[i]);
    free(model);
}
DEFINE_AUTO(DeviceModel, placed_model_free);

static Status placed_model_new(Device *base, Precision precision, DeviceModel **ret_model) {
    AUTO(placed_model_free) DeviceModel *model = calloc(1, sizeof *model);
    if (!model)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "device: out of memory");
    model->device = placed_of(base);
    for (size_t i = 0; i < SIDES; i++) {
        Device *side = model->device->sides[i];
        TRY(side->api->model_new(side, precision, &model->sides[i]));
    }
    *ret_model = TAKE(model);
    return status_ok();
}

static size_t placed_model_bytes(const DeviceModel *model) {
    size_t bytes = 0;
    for (size_t i = 0; i < SIDES; i++)
        bytes += model->device->sides[i]->api->model_bytes(model->sides[i]);
    return bytes;
}

static size_t placed_program_bytes(const Program *program) {
    size_t bytes = 0;
    for (size_t i = 0; i < program->segment_count; i++) {
        const Segment *segment = &program->segments[i];
        bytes += program->device->sides[segment->side]->api->program_bytes(segment->program);
    }
    return bytes;
}

/* Buffers are the primary's own: nothing is added to them. */
static Status placed_buffer_new(Device *base, size_t bytes, Buffer **ret_buffer) {
    Device *primary = placed_of(base)->sides[SIDE_PRIMARY];
    return primary->api->buffer_new(primary, bytes, ret_buffer);
}

static const DeviceApi placed_api = {
    .abi = DEVICE_ABI,
    .struct_bytes = sizeof(DeviceApi),
    .asynchronous = true,
    .open = placed_open,
    .close = placed_close,
    .health = placed_health,
    .claims = placed_claims,
    .preferred_layout = placed_layout,
    .supports_layout = placed_supports,
    .fuses = placed_fuses,
    .multiplies_bytes = placed_multiplies_bytes,
    .model_new = placed_model_new,
    .model_free = placed_model_free,
    .model_bytes = placed_model_bytes,
    .compile = placed_program_new,
    .program_free = placed_program_free,
    .program_bytes = placed_program_bytes,
    .buffer_new = placed_buffer_new,
    .submit = placed_submit,
};

Status placed_device_new(Device *primary, Device *cpu, Device **ret_device) {
    PlacedDevice *device = calloc(1, sizeof *device);
    if (!device)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "device: out of memory");
    device->api = placed_api;
    device->api.name = primary->api->name;
    device->api.buffer_free = primary->api->buffer_free;
    device->api.buffer_data = primary->api->buffer_data;
    device->base.api = &device->api;
    device->sides[SIDE_PRIMARY] = primary;
    device->sides[SIDE_CPU] = cpu;
    *ret_device = &device->base;
    return status_ok();
}

size_t placed_device_list(const Device *base, const Graph *graph,
                          void (*tell)(void *user, const Node *node), void *user) {
    size_t count = 0;
    if (base->api->open != placed_open)
        return 0;
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        const Device *primary = placed_of_const(base)->sides[SIDE_PRIMARY];
        if (node->removed || primary->api->claims(primary, graph, id))
            continue;
        count++;
        tell(user, node);
    }
    return count;
}

void placed_device_to_cpu(Device **device, DeviceModel **model) {
    if ((*device)->api->open != placed_open)
        return;
    *model = (*model)->sides[SIDE_CPU];
    *device = placed_of(*device)->sides[SIDE_CPU];
}
