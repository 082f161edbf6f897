/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The plugin's table. A node is claimed when its builder takes it: asked before shapes are known,
 * the answer is whether there is a row and the types could fit; once they are known (when a plan is
 * made) it is exact. The layout is channels last for convolutions of images, which cuDNN's engines
 * want; others go along.
 *
 * Threads: as device.h says.
 */

#include "cuda/plugin.h"

#include "cuda/build.h"
#include "runtime/base/size.h"
#include "runtime/plan/lifetime.h"

#include <string.h>

static bool ports_known(const Graph *graph, const Node *node) {
    for (uint32_t i = 0; i < node->input_count + node->output_count; i++) {
        ValueId id = i < node->input_count ? node->inputs[i] : node->outputs[i - node->input_count];
        if (id == VALUE_NONE)
            continue;
        const Value *value = graph_value_const(graph, id);
        if (value->dtype == DTYPE_INVALID || !shape_is_known(&value->shape))
            return false;
    }
    return true;
}

/* Whole bytes, and no pointers into host memory. */
static bool ports_movable(const Graph *graph, const Node *node) {
    for (uint32_t i = 0; i < node->input_count + node->output_count; i++) {
        ValueId id = i < node->input_count ? node->inputs[i] : node->outputs[i - node->input_count];
        DType dtype = id == VALUE_NONE ? DTYPE_INVALID : graph_value_const(graph, id)->dtype;
        if (dtype == DTYPE_STRING || dtype_is_list(dtype) ||
            (dtype != DTYPE_INVALID && dtype_bytes(dtype) == 0))
            return false;
    }
    return true;
}

static bool cuda_claims(const Device *device, const Graph *graph, NodeId id) {
    (void)device;
    const Node *node = graph_node_const(graph, id);
    const OpRow *row = op_row_find(node->op);
    if (!row || node_body(node, 0) || !ports_movable(graph, node))
        return false;
    if (!ports_known(graph, node) || lifetime_is_view(graph, node))
        return true;
    NodeBuild build = { .graph = graph, .node = node };
    build.status = status_ok();
    return row->build(&build);
}

static Layout cuda_layout(const Device *device, const Graph *graph, NodeId id) {
    const Node *node = graph_node_const(graph, id);
    if (strcmp(node->op->name, "Conv") != 0 || node->outputs[0] == VALUE_NONE)
        return LAYOUT_PLAIN;
    const Value *result = graph_value_const(graph, node->outputs[0]);
    int32_t rank = result->shape.rank;
    bool images = (rank >= 3 && rank <= 5) && kernel_conv(result->dtype) &&
                  graph_value_const(graph, node->inputs[1])->constant;
    return images && cuda_claims(device, graph, id) ? LAYOUT_CHANNELS_LAST : LAYOUT_PLAIN;
}

static bool cuda_takes_layout(const Device *device, const Graph *graph, NodeId id, Layout layout) {
    const OpRow *row = op_row_find(graph_node_const(graph, id)->op);
    return layout == LAYOUT_PLAIN || (row && row->channels_last && cuda_claims(device, graph, id));
}

/* A residual first, ReLU last, behind a product or a convolution: what the libraries' epilogues
 * have. */
static bool cuda_fuses(const Device *device, const Graph *graph, NodeId id, EpilogueKind step) {
    static const char *const products[] = { "Conv", "Gemm", "MatMul" };
    const Node *node = graph_node_const(graph, id);
    bool is_product = false;
    for (size_t i = 0; i < ARRAY_LENGTH(products); i++)
        is_product = is_product || strcmp(node->op->name, products[i]) == 0;
    if (!is_product || !cuda_claims(device, graph, id))
        return false;
    if (strcmp(node->op->name, "Conv") == 0 &&
        cuda_layout(device, graph, id) != LAYOUT_CHANNELS_LAST && step == EPILOGUE_ADD)
        return false;
    bool has_relu =
        node->epilogue_count > 0 && node->epilogue[node->epilogue_count - 1].kind == EPILOGUE_RELU;
    return (step == EPILOGUE_ADD && node->epilogue_count == 0) ||
           (step == EPILOGUE_RELU && !has_relu);
}

static void cuda_model_free(DeviceModel *model) {
    if (!model)
        return;
    weight_store_free(model->weights);
    free(model);
}
DEFINE_AUTO(DeviceModel, cuda_model_free);

static Status cuda_model_new(Device *device, Precision precision, DeviceModel **ret_model) {
    if (precision != PRECISION_F32)
        return status_error(STATUS_FAILED_PRECONDITION,
                            "precision bf16: device cuda computes as the model says");
    AUTO(cuda_model_free) DeviceModel *model = calloc(1, sizeof *model);
    if (!model)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cuda: out of memory");
    model->device = cuda_device_of(device);
    model->precision = precision;
    TRY(weight_store_new(model->device, &model->weights));
    *ret_model = TAKE(model);
    return status_ok();
}

static size_t cuda_model_bytes(const DeviceModel *model) {
    return weight_store_bytes(model->weights);
}

static size_t cuda_program_bytes(const Program *program) {
    return program->arena_bytes;
}

struct Buffer {
    CudaDevice *device;
    void *data;
};

static Status cuda_buffer_new(Device *device, size_t bytes, Buffer **ret_buffer) {
    AUTO(free) Buffer *buffer = calloc(1, sizeof *buffer);
    if (!buffer)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cuda: out of memory");
    buffer->device = cuda_device_of(device);
    TRY(cuda_device_enter(buffer->device));
    TRY_CUDA(cudaHostAlloc(&buffer->data, MAX_OF(bytes, (size_t)1), cudaHostAllocDefault));
    *ret_buffer = TAKE(buffer);
    return status_ok();
}

static void cuda_buffer_free(Buffer *buffer) {
    if (!buffer)
        return;
    Status entered = cuda_device_enter(buffer->device);
    if (status_is_ok(&entered))
        (void)cudaFreeHost(buffer->data);
    free(buffer);
}

static void *cuda_buffer_data(Buffer *buffer) {
    return buffer->data;
}

static void cuda_submit(Program *program, const ProgramIo *io, ProgramDone done, void *user) {
    cuda_device_submit(program->device, program, io, done, user);
}

static const DeviceApi api = {
    .abi = DEVICE_ABI,
    .struct_bytes = sizeof(DeviceApi),
    .name = "cuda",
    .asynchronous = true,
    .open = cuda_device_open,
    .close = cuda_device_close,
    .health = cuda_device_health,
    .claims = cuda_claims,
    .preferred_layout = cuda_layout,
    .supports_layout = cuda_takes_layout,
    .fuses = cuda_fuses,
    .model_new = cuda_model_new,
    .model_free = cuda_model_free,
    .model_bytes = cuda_model_bytes,
    .compile = program_new,
    .program_free = program_free,
    .program_bytes = cuda_program_bytes,
    .buffer_new = cuda_buffer_new,
    .buffer_free = cuda_buffer_free,
    .buffer_data = cuda_buffer_data,
    .submit = cuda_submit,
};

const DeviceApi *cuda_api(void) {
    return &api;
}

__attribute__((visibility("default"))) const DeviceApi *inferd_device_api(uint32_t host_abi) {
    return host_abi == DEVICE_ABI ? &api : NULL;
}
