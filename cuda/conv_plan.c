/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * cuDNN's backend descriptors, from C. A plan keeps every descriptor it was made of until it is
 * freed, in one list. Engines come from the heuristics in their own order, then from the fallback
 * list; the first that fits and can be finalised is the plan. Each is asked what it does: notes of
 * behaviour tell those that compile at run time (seconds), notes of numerics those that round.
 *
 * A variant pack (addresses of one run) is the one descriptor made while running, on the host.
 *
 * Thread: planning under the device's plan lock; running on a lane's feeder.
 */

#include "cuda/conv_plan.h"

#include "runtime/base/size.h"

#include <stdlib.h>
#include <string.h>

enum { DESCRIPTORS_MAX = 512, CONFIGS_MAX = 64, NOTES_MAX = 16, ALIGNMENT = 16 };

typedef enum TensorId {
    TENSOR_SRC = 1,
    TENSOR_WEIGHTS,
    TENSOR_BIAS,
    TENSOR_RESIDUAL,
    TENSOR_DST,
    TENSOR_INNER
} TensorId;

struct ConvPlan {
    ConvSpec spec;
    cudnnBackendDescriptor_t plan;
    size_t workspace_bytes;
    int64_t engine;
    size_t count;
    cudnnBackendDescriptor_t descriptors[DESCRIPTORS_MAX];
};

static cudnnDataType_t data_type(DType dtype) {
    return dtype == DTYPE_F16    ? CUDNN_DATA_HALF
           : dtype == DTYPE_BF16 ? CUDNN_DATA_BFLOAT16
                                 : CUDNN_DATA_FLOAT;
}

static Status make(ConvPlan *plan, cudnnBackendDescriptorType_t type,
                   cudnnBackendDescriptor_t *ret_descriptor) {
    if (plan->count == DESCRIPTORS_MAX)
        return status_error(STATUS_INTERNAL, "cudnn: too many descriptors");
    TRY_CUDNN(cudnnBackendCreateDescriptor(type, ret_descriptor));
    plan->descriptors[plan->count++] = *ret_descriptor;
    return status_ok();
}

typedef struct Setting {
    cudnnBackendAttributeName_t name;
    cudnnBackendAttributeType_t type;
    int64_t count;
    const void *values;
} Setting;

static Status set_all(cudnnBackendDescriptor_t descriptor, const Setting *settings, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (settings[i].count > 0)
            TRY_CUDNN(cudnnBackendSetAttribute(descriptor, settings[i].name, settings[i].type,
                                               settings[i].count, settings[i].values));
    TRY_CUDNN(cudnnBackendFinalize(descriptor));
    return status_ok();
}
#define SET_ALL(descriptor, ...)                                                                   \
    set_all(descriptor, (Setting[]){ __VA_ARGS__ },                                                \
            sizeof((Setting[]){ __VA_ARGS__ }) / sizeof(Setting))

/* [n, c, spatial...], channels last. An inner one exists only between operations, in f32. */
static Status make_tensor(ConvPlan *plan, TensorId id, int64_t n, int64_t c, const int64_t *spatial,
                          cudnnBackendDescriptor_t *ret_tensor) {
    int rank = plan->spec.rank + 2;
    int64_t dims[CONV_RANK + 2] = { n, c }, strides[CONV_RANK + 2], step = c;
    for (int i = rank - 1; i >= 2; i--) {
        dims[i] = spatial ? spatial[i - 2] : 1;
        strides[i] = step;
        step *= dims[i];
    }
    strides[0] = step;
    strides[1] = 1;
    bool inner = id >= TENSOR_INNER;
    int64_t number = id, alignment = ALIGNMENT;
    cudnnDataType_t type = inner ? CUDNN_DATA_FLOAT : data_type(plan->spec.dtype);
    TRY(make(plan, CUDNN_BACKEND_TENSOR_DESCRIPTOR, ret_tensor));
    return SET_ALL(*ret_tensor, { CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &number },
                   { CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type },
                   { CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &alignment },
                   { CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, rank, dims },
                   { CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, rank, strides },
                   { CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &inner });
}

static Status make_convolution(ConvPlan *plan, cudnnBackendDescriptor_t src,
                               cudnnBackendDescriptor_t weights, cudnnBackendDescriptor_t dst,
                               cudnnBackendDescriptor_t *ret_operation) {
    const ConvSpec *spec = &plan->spec;
    int64_t rank = spec->rank;
    cudnnDataType_t sums = CUDNN_DATA_FLOAT;
    cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
    float alpha = 1, beta = 0;
    cudnnBackendDescriptor_t window;
    TRY(make(plan, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, &window));
    TRY(SET_ALL(window, { CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, &rank },
                { CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &sums },
                { CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode },
                { CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, rank, spec->pad_begin },
                { CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, rank, spec->pad_end },
                { CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, rank, spec->dilation },
                { CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, rank, spec->stride }));
    TRY(make(plan, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, ret_operation));
    return SET_ALL(
        *ret_operation,
        { CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
          &window },
        { CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &src },
        { CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &weights },
        { CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &dst },
        { CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, 1, &alpha },
        { CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, 1, &beta });
}

/* dst = mode(src, other); other may be NULL */
static Status make_pointwise(ConvPlan *plan, cudnnPointwiseMode_t mode,
                             cudnnBackendDescriptor_t src, cudnnBackendDescriptor_t other,
                             cudnnBackendDescriptor_t dst,
                             cudnnBackendDescriptor_t *ret_operation) {
    cudnnDataType_t math = CUDNN_DATA_FLOAT;
    cudnnBackendDescriptor_t pointwise;
    TRY(make(plan, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, &pointwise));
    TRY(SET_ALL(pointwise, { CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode },
                { CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &math }));
    TRY(make(plan, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, ret_operation));
    return SET_ALL(
        *ret_operation,
        { CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
          &pointwise },
        { CUDNN_ATTR_OPERATION_POINTWISE_XDESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &src },
        { CUDNN_ATTR_OPERATION_POINTWISE_BDESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, other ? 1 : 0,
          &other },
        { CUDNN_ATTR_OPERATION_POINTWISE_YDESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &dst });
}

typedef struct GraphBuild {
    cudnnBackendDescriptor_t operations[4];
    size_t count;
    int inner;   /* inner tensors so far */
    size_t left; /* operations that are still to come */
} GraphBuild;

/* What the next operation writes: the result if it is the last. */
static Status next_tensor(ConvPlan *plan, GraphBuild *build, cudnnBackendDescriptor_t *ret_tensor) {
    const ConvSpec *spec = &plan->spec;
    TensorId id = --build->left == 0 ? TENSOR_DST : (TensorId)(TENSOR_INNER + build->inner++);
    return make_tensor(plan, id, spec->batch, spec->out_channels, spec->out, ret_tensor);
}

static Status append(ConvPlan *plan, GraphBuild *build, cudnnPointwiseMode_t mode,
                     cudnnBackendDescriptor_t other, cudnnBackendDescriptor_t *tensor) {
    cudnnBackendDescriptor_t dst;
    TRY(next_tensor(plan, build, &dst));
    TRY(make_pointwise(plan, mode, *tensor, other, dst, &build->operations[build->count]));
    build->count++;
    *tensor = dst;
    return status_ok();
}

static Status make_operations(ConvPlan *plan, GraphBuild *build) {
    const ConvSpec *spec = &plan->spec;
    cudnnBackendDescriptor_t src, weights, bias, residual, tensor;
    build->left = 1 + (size_t)spec->bias + (size_t)spec->residual + (size_t)spec->relu;
    TRY(make_tensor(plan, TENSOR_SRC, spec->batch, spec->in_channels, spec->in, &src));
    TRY(make_tensor(plan, TENSOR_WEIGHTS, spec->out_channels, spec->in_channels / spec->groups,
                    spec->kernel, &weights));
    TRY(next_tensor(plan, build, &tensor));
    TRY(make_convolution(plan, src, weights, tensor, &build->operations[build->count]));
    build->count++;
    if (spec->residual) {
        TRY(make_tensor(plan, TENSOR_RESIDUAL, spec->batch, spec->out_channels, spec->out,
                        &residual));
        TRY(append(plan, build, CUDNN_POINTWISE_ADD, residual, &tensor));
    }
    if (spec->bias) {
        TRY(make_tensor(plan, TENSOR_BIAS, 1, spec->out_channels, NULL, &bias));
        TRY(append(plan, build, CUDNN_POINTWISE_ADD, bias, &tensor));
    }
    if (spec->relu)
        TRY(append(plan, build, CUDNN_POINTWISE_RELU_FWD, NULL, &tensor));
    return status_ok();
}

/* Does the engine of the configuration keep our rules? */
static bool is_allowed(ConvPlan *plan, cudnnBackendDescriptor_t config, int64_t *ret_engine) {
    cudnnBackendDescriptor_t engine;
    Status status = make(plan, CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine);
    int64_t count = 0, notes = 0;
    cudnnBackendBehaviorNote_t behaviour[NOTES_MAX];
    cudnnBackendNumericalNote_t numerics[NOTES_MAX];
    if (!status_is_ok(&status) ||
        cudnnBackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                 1, &count, &engine) ||
        cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1,
                                 &count, ret_engine) ||
        cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE,
                                 NOTES_MAX, &notes, behaviour))
        return false;
    for (int64_t i = 0; i < notes; i++)
        if (behaviour[i] == CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION)
            return false;
    notes = 0;
    if (cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                                 CUDNN_TYPE_NUMERICAL_NOTE, NOTES_MAX, &notes, numerics))
        return false;
    for (int64_t i = 0; i < notes; i++)
        if (numerics[i] == CUDNN_NUMERICAL_NOTE_TENSOR_CORE && plan->spec.dtype == DTYPE_F32 &&
            !plan->spec.tensor_cores)
            return false;
    return true;
}

/* One configuration's plan; *ret_done false: cuDNN refuses it. */
static Status try_config(ConvPlan *plan, const ConvTarget *target, cudnnBackendDescriptor_t config,
                         bool *ret_done) {
    *ret_done = false;
    if (!is_allowed(plan, config, &plan->engine))
        return status_ok();
    cudnnBackendDescriptor_t candidate;
    TRY(make(plan, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &candidate));
    Setting for_device = { CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1,
                           &target->handle };
    if (target->described)
        for_device = (Setting){ CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                1, &target->described };
    Status status = SET_ALL(
        candidate,
        { CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &config },
        for_device);
    if (!status_is_ok(&status))
        return status_ok();
    int64_t count = 0, bytes = 0;
    TRY_CUDNN(cudnnBackendGetAttribute(candidate, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
                                       CUDNN_TYPE_INT64, 1, &count, &bytes));
    plan->plan = candidate;
    plan->workspace_bytes = (size_t)bytes;
    *ret_done = true;
    return status_ok();
}

static Status try_mode(ConvPlan *plan, const ConvTarget *target, cudnnBackendDescriptor_t graph,
                       cudnnBackendHeurMode_t mode) {
    cudnnBackendDescriptor_t heuristics, configs[CONFIGS_MAX];
    TRY(make(plan, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, &heuristics));
    Status status =
        SET_ALL(heuristics,
                { CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &graph },
                { CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode },
                { CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                  target->described ? 1 : 0, &target->described });
    if (!status_is_ok(&status))
        return status_ok(); /* nothing in this mode */
    for (size_t i = 0; i < CONFIGS_MAX; i++)
        TRY(make(plan, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &configs[i]));
    int64_t count = 0;
    if (cudnnBackendGetAttribute(heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                 CUDNN_TYPE_BACKEND_DESCRIPTOR, CONFIGS_MAX, &count, configs))
        return status_ok();
    bool done = false;
    for (int64_t i = 0; i < count && !done && plan->count + 2 < DESCRIPTORS_MAX; i++)
        TRY(try_config(plan, target, configs[i], &done));
    return status_ok();
}

static Status make_plan(ConvPlan *plan, const ConvTarget *target) {
    static const cudnnBackendHeurMode_t modes[] = { CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK };
    GraphBuild build = { .count = 0 };
    TRY(make_operations(plan, &build));
    cudnnBackendDescriptor_t graph;
    TRY(make(plan, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, &graph));
    TRY(SET_ALL(graph,
                { CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, target->described ? 0 : 1,
                  &target->handle },
                { CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                  (int64_t)build.count, build.operations }));
    for (size_t i = 0; i < ARRAY_LENGTH(modes) && !plan->plan; i++)
        TRY(try_mode(plan, target, graph, modes[i]));
    return plan->plan ? status_ok()
                      : status_error(STATUS_UNIMPLEMENTED, "cudnn has no plan for a convolution");
}

Status conv_plan_new(const ConvSpec *spec, const ConvTarget *target, ConvPlan **ret_plan) {
    AUTO(conv_plan_free) ConvPlan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cudnn: out of memory");
    plan->spec = *spec;
    TRY(make_plan(plan, target));
    *ret_plan = TAKE(plan);
    return status_ok();
}

void conv_plan_free(ConvPlan *plan) {
    if (!plan)
        return;
    while (plan->count > 0)
        (void)cudnnBackendDestroyDescriptor(plan->descriptors[--plan->count]);
    free(plan);
}

size_t conv_plan_workspace_bytes(const ConvPlan *plan) {
    return plan->workspace_bytes;
}

int64_t conv_plan_engine(const ConvPlan *plan) {
    return plan->engine;
}

static Status execute(const ConvPlan *plan, cudnnHandle_t handle, const ConvMemory *memory,
                      cudnnBackendDescriptor_t pack) {
    int64_t ids[TENSOR_DST];
    void *addresses[TENSOR_DST];
    const struct {
        bool used;
        int64_t id;
        void *address;
    } tensors[] = { { true, TENSOR_SRC, memory->src },
                    { true, TENSOR_WEIGHTS, memory->weights },
                    { plan->spec.bias, TENSOR_BIAS, memory->bias },
                    { plan->spec.residual, TENSOR_RESIDUAL, memory->residual },
                    { true, TENSOR_DST, memory->dst } };
    int64_t count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(tensors); i++)
        if (tensors[i].used) {
            ids[count] = tensors[i].id;
            addresses[count++] = tensors[i].address;
        }
    TRY(SET_ALL(pack, { CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, count, ids },
                { CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, count, addresses },
                { CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &memory->workspace }));
    TRY_CUDNN(cudnnBackendExecute(handle, plan->plan, pack));
    return status_ok();
}

Status conv_plan_run(const ConvPlan *plan, cudnnHandle_t handle, const ConvMemory *memory) {
    cudnnBackendDescriptor_t pack;
    TRY_CUDNN(cudnnBackendCreateDescriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack));
    Status status = execute(plan, handle, memory, pack);
    (void)cudnnBackendDestroyDescriptor(pack);
    return status;
}
