/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * cuDNN's graph API without a GPU: descriptors keep what is set, a plan is the graph it was made
 * of, and executing one walks its operations over device memory. It knows the rules that the real
 * planner was seen to have: channels last, a residual before the bias (the other order has no
 * precompiled engine), and it offers one engine that compiles at run time and, for f32, one that
 * rounds, first, so that a client which does not look at the notes is caught.
 *
 * Which shapes the real library supports is for the real planner to say (test_plans).
 */

#include "tests/cuda/sim/sim.h"
#include "tests/cuda/sim/sim_cudnn.h"

#include <stdlib.h>
#include <string.h>

enum { WORKSPACE_BYTES = 1 << 16 };

typedef enum EngineKind { ENGINE_COMPILED, ENGINE_ROUNDING, ENGINE_PLAIN, ENGINE_KINDS } EngineKind;

struct cudnnContext {
    cudaStream_t stream;
};

static long handles, descriptors;

static void *must(void *memory) {
    if (!memory)
        abort();
    return memory;
}

size_t cudnnGetVersion(void) {
    return CUDNN_VERSION;
}

const char *cudnnGetErrorString(cudnnStatus_t status) {
    return status == CUDNN_STATUS_SUCCESS ? "success" : "simulated error";
}

cudnnStatus_t cudnnCreate(cudnnHandle_t *handle) {
    sim_lock();
    bool ok = sim_call("cudnnCreate") && sim_sticky() == cudaSuccess;
    handles += ok;
    sim_unlock();
    if (!ok)
        return CUDNN_STATUS_NOT_INITIALIZED;
    *handle = must(calloc(1, sizeof **handle));
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
    sim_lock();
    handles--;
    sim_unlock();
    free(handle);
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
    handle->stream = stream;
    return CUDNN_STATUS_SUCCESS;
}

__attribute__((destructor)) static void finish(void) {
    if ((handles != 0 || descriptors != 0) && sim_sticky() == cudaSuccess)
        sim_violation("leak: %ld cuDNN handles, %ld descriptors", handles, descriptors);
}

/* --- descriptors --- */

static size_t item_bytes(cudnnBackendAttributeType_t type) {
    switch (type) {
    case CUDNN_TYPE_INT64:
    case CUDNN_TYPE_DOUBLE:
    case CUDNN_TYPE_BACKEND_DESCRIPTOR:
    case CUDNN_TYPE_VOID_PTR:
    case CUDNN_TYPE_HANDLE:
        return 8;
    case CUDNN_TYPE_BOOLEAN:
    case CUDNN_TYPE_CHAR:
        return 1;
    default:
        return 4;
    }
}

const Attribute *sim_attribute(const Descriptor *descriptor, cudnnBackendAttributeName_t name) {
    const Attribute *it = descriptor->attributes;
    while (it && it->name != name)
        it = it->next;
    return it;
}

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type,
                                           cudnnBackendDescriptor_t *descriptor) {
    Descriptor *made = must(calloc(1, sizeof *made));
    made->type = type;
    *descriptor = made;
    sim_lock();
    descriptors++;
    sim_unlock();
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
    Descriptor *gone = descriptor;
    while (gone->attributes) {
        Attribute *next = gone->attributes->next;
        free(gone->attributes->items);
        free(gone->attributes);
        gone->attributes = next;
    }
    free(gone);
    sim_lock();
    descriptors--;
    sim_unlock();
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t count,
                                       const void *items) {
    Descriptor *target = descriptor;
    if (target->finalized) {
        sim_violation("cudnn: an attribute is set after the descriptor was finalised");
        return CUDNN_STATUS_BAD_PARAM;
    }
    Attribute *made = must(calloc(1, sizeof *made));
    *made = (Attribute){ .next = target->attributes, .name = name, .type = type, .count = count };
    made->items = must(malloc((size_t)count * item_bytes(type) + 1));
    memcpy(made->items, items, (size_t)count * item_bytes(type));
    target->attributes = made;
    if (name == CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH)
        target->graph = *(Descriptor *const *)made->items;
    if (name == CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG) {
        const Descriptor *config = *(Descriptor *const *)made->items;
        target->graph = config->graph;
        target->engine = config->engine;
    }
    return CUDNN_STATUS_SUCCESS;
}

/* Has the graph an engine that is compiled ahead? Not when a bias comes before a residual. */
static bool is_served(const Descriptor *graph) {
    const Attribute *operations = sim_attribute(graph, CUDNN_ATTR_OPERATIONGRAPH_OPS);
    bool bias = false;
    for (int64_t i = 0; i < operations->count; i++) {
        const Descriptor *operation = ((Descriptor *const *)operations->items)[i];
        const Attribute *other = sim_attribute(operation, CUDNN_ATTR_OPERATION_POINTWISE_BDESC);
        if (!other)
            continue;
        const Descriptor *tensor = *(Descriptor *const *)other->items;
        const int64_t *dims = sim_attribute(tensor, CUDNN_ATTR_TENSOR_DIMENSIONS)->items;
        bool is_bias = dims[0] == 1 && dims[2] == 1;
        if (!is_bias && bias)
            return false;
        bias = bias || is_bias;
    }
    return true;
}

/* Of what the convolution reads. */
static bool is_f32(const Descriptor *graph) {
    const Attribute *operations = sim_attribute(graph, CUDNN_ATTR_OPERATIONGRAPH_OPS);
    const Attribute *source = sim_attribute(((Descriptor *const *)operations->items)[0],
                                            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X);
    const Attribute *type =
        sim_attribute(*(Descriptor *const *)source->items, CUDNN_ATTR_TENSOR_DATA_TYPE);
    return *(const cudnnDataType_t *)type->items == CUDNN_DATA_FLOAT;
}

static bool is_channels_last(const Descriptor *tensor) {
    const Attribute *dims = sim_attribute(tensor, CUDNN_ATTR_TENSOR_DIMENSIONS);
    const int64_t *size = dims->items;
    const int64_t *stride = sim_attribute(tensor, CUDNN_ATTR_TENSOR_STRIDES)->items;
    int64_t step = size[1];
    for (int64_t i = dims->count - 1; i >= 2; i--) {
        if (stride[i] != step)
            return false;
        step *= size[i];
    }
    return stride[1] == 1 && stride[0] == step;
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
    Descriptor *target = descriptor;
    target->finalized = true;
    if (target->type == CUDNN_BACKEND_TENSOR_DESCRIPTOR && !is_channels_last(target)) {
        sim_violation("cudnn: a tensor that is not channels last");
        return CUDNN_STATUS_NOT_SUPPORTED;
    }
    if (target->type == CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR && !is_served(target->graph))
        return CUDNN_STATUS_NOT_SUPPORTED;
    if (target->type == CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR) {
        if (target->engine == ENGINE_COMPILED)
            sim_violation("cudnn: an engine that compiles at run time was planned");
        if (target->engine == ENGINE_ROUNDING && is_f32(target->graph))
            sim_violation("cudnn: an engine that rounds f32 was planned");
        sim_cudnn_write_plan(target->graph);
    }
    return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t get_numbers(const Descriptor *source, cudnnBackendAttributeName_t name,
                                 int64_t *count, void *items) {
    *count = 0;
    switch (name) {
    case CUDNN_ATTR_ENGINE_GLOBAL_INDEX:
        *(int64_t *)items = source->engine;
        *count = 1;
        return CUDNN_STATUS_SUCCESS;
    case CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE:
        if (source->engine == ENGINE_COMPILED)
            ((cudnnBackendBehaviorNote_t *)items)[(*count)++] =
                CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION;
        return CUDNN_STATUS_SUCCESS;
    case CUDNN_ATTR_ENGINE_NUMERICAL_NOTE:
        if (source->engine == ENGINE_ROUNDING)
            ((cudnnBackendNumericalNote_t *)items)[(*count)++] = CUDNN_NUMERICAL_NOTE_TENSOR_CORE;
        return CUDNN_STATUS_SUCCESS;
    case CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE:
        *(int64_t *)items = WORKSPACE_BYTES;
        *count = 1;
        return CUDNN_STATUS_SUCCESS;
    default:
        sim_violation("cudnn: attribute %d is asked for", (int)name);
        return CUDNN_STATUS_NOT_SUPPORTED;
    }
}

cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t const descriptor,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t wanted,
                                       int64_t *count, void *items) {
    (void)type;
    const Descriptor *source = descriptor;
    Descriptor **made = items;
    if (name == CUDNN_ATTR_ENGINEHEUR_RESULTS) {
        *count = wanted < ENGINE_KINDS ? wanted : (int64_t)ENGINE_KINDS;
        for (int64_t i = 0; i < *count; i++) {
            made[i]->graph = source->graph;
            made[i]->engine = (int)i;
        }
        return CUDNN_STATUS_SUCCESS;
    }
    if (name == CUDNN_ATTR_ENGINECFG_ENGINE) {
        made[0]->engine = source->engine;
        *count = 1;
        return CUDNN_STATUS_SUCCESS;
    }
    return get_numbers(source, name, count, items);
}

/* --- execution --- */

static bool read_pack(const Descriptor *plan, const Descriptor *pack, Execution *execution) {
    const Attribute *ids = sim_attribute(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
    const Attribute *addresses = sim_attribute(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
    const Attribute *workspace = sim_attribute(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE);
    if (!ids || !addresses || !workspace || ids->count > EXECUTION_TENSORS) {
        sim_violation("cudnn: an incomplete variant pack");
        return false;
    }
    execution->graph = plan->graph;
    execution->count = (size_t)ids->count;
    memcpy(execution->ids, ids->items, (size_t)ids->count * sizeof *execution->ids);
    memcpy(execution->addresses, addresses->items,
           (size_t)ids->count * sizeof *execution->addresses);
    execution->workspace = *(void *const *)workspace->items;
    execution->workspace_bytes = WORKSPACE_BYTES;
    if (!sim_range_ok(execution->workspace, WORKSPACE_BYTES)) {
        sim_violation("cudnn: the plan needs %d bytes of workspace", WORKSPACE_BYTES);
        return false;
    }
    return true;
}

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                                  cudnnBackendDescriptor_t pack) {
    Execution execution = { .count = 0 };
    cudnnStatus_t status = CUDNN_STATUS_BAD_PARAM;
    sim_lock();
    if (!sim_call("cudnnBackendExecute") || sim_sticky() != cudaSuccess)
        status = CUDNN_STATUS_EXECUTION_FAILED;
    else if (read_pack(plan, pack, &execution))
        status = sim_enqueue(handle->stream, "convolution", sim_cudnn_run, &execution,
                             sizeof execution) == cudaSuccess
                     ? CUDNN_STATUS_SUCCESS
                     : CUDNN_STATUS_EXECUTION_FAILED;
    sim_unlock();
    return status;
}
