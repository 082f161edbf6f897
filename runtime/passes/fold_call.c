/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Folding by running: the node is copied into a graph of its own, compiled for the CPU and run; its
 * outputs are written straight into new constants. So folding and running can never disagree, and
 * any operator with a kernel folds.
 *
 * A node that fails is left to fail, or not, when it is run: it may stand in a branch that no
 * request reaches. Strings are left alone. Thread: loader, or a worker that plans.
 */

#include "runtime/passes/fold_call.h"

#include "runtime/base/size.h"

enum { FOLD_GRAPH_BYTES = 1 << 20, PORTS_MAX = 64 };

typedef struct Outputs {
    FoldCall *call;
    Graph *graph; /* gets the constants */
    ValueId values[PORTS_MAX];
} Outputs;

Status fold_call_init(FoldCall *call, size_t budget_bytes) {
    *call = (FoldCall){ .budget_bytes = budget_bytes };
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    const DeviceApi *api = cpu_device_api();
    TRY(api->open(&host, "", &call->device));
    return api->model_new(call->device, PRECISION_F32, &call->model);
}

void fold_call_deinit(FoldCall *call) {
    if (!call->device)
        return;
    const DeviceApi *api = call->device->api;
    if (call->model)
        api->model_free(call->model);
    api->close(call->device);
}

/* A graph of this node alone; outputs get the positions of the node's own, left-out ones none. */
static Status copy_node(const Graph *graph, const Node *node, Graph *copy, ValueId *outputs) {
    ValueId inputs[PORTS_MAX];
    for (uint32_t i = 0; i < node->input_count; i++) {
        inputs[i] = VALUE_NONE;
        if (node->inputs[i] != VALUE_NONE)
            TRY(graph_add_constant(copy, NULL, graph_value_const(graph, node->inputs[i])->constant,
                                   &inputs[i]));
    }
    for (uint32_t i = 0; i < node->output_count; i++) {
        outputs[i] = VALUE_NONE;
        if (node->outputs[i] == VALUE_NONE)
            continue;
        const Value *value = graph_value_const(graph, node->outputs[i]);
        TRY(graph_add_value(copy, NULL, value->dtype, &value->shape, &outputs[i]));
        Port port = {
            .name = "", .value = outputs[i], .dtype = value->dtype, .shape = value->shape
        };
        TRY(graph_add_output(copy, &port));
    }
    NodeSpec spec = {
        .op = node->op,
        .name = node->name,
        .inputs = inputs,
        .outputs = outputs,
        .attributes = node->attributes,
        .input_count = node->input_count,
        .output_count = node->output_count,
        .attribute_count = node->attribute_count,
    };
    return graph_add_node(copy, &spec, NULL);
}

static void *constant_memory(void *user, size_t output, const Tensor *described) {
    Outputs *outputs = user;
    Tensor *tensor;
    if (described->bytes > outputs->call->budget_bytes)
        return NULL;
    Status status = graph_add_constant_new(outputs->graph, described->dtype, &described->shape,
                                           &outputs->values[output], &tensor);
    if (!status_is_ok(&status))
        return NULL;
    outputs->call->budget_bytes -= described->bytes;
    return tensor->data;
}

static void keep_status(void *user, const Status *status) {
    *(Status *)user = *status;
}

static Status run_node(FoldCall *call, Graph *graph, const Node *node, Outputs *outputs) {
    const DeviceApi *api = call->device->api;
    AUTO(graph_free) Graph *copy = NULL;
    TRY(graph_new(FOLD_GRAPH_BYTES, &copy));
    ValueId copied[PORTS_MAX];
    TRY(copy_node(graph, node, copy, copied));
    Program *program;
    TRY(api->compile(call->model, copy, &program));
    Tensor results[PORTS_MAX];
    ProgramIo io = { .outputs = results,
                     .output_memory = constant_memory,
                     .output_user = outputs,
                     .memory_limit_bytes = MAX_OF(call->budget_bytes, (size_t)FOLD_GRAPH_BYTES) };
    Status status;
    api->submit(program, &io, keep_status, &status);
    api->program_free(program);
    return status;
}

static bool can_fold(const Graph *graph, const Node *node) {
    if (node->input_count > PORTS_MAX || node->output_count > PORTS_MAX ||
        node->epilogue_count > 0 || node_body(node, 0))
        return false;
    for (uint32_t i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE &&
            (graph_value_const(graph, node->outputs[i])->dtype == DTYPE_STRING ||
             dtype_is_list(graph_value_const(graph, node->outputs[i])->dtype)))
            return false;
    return true;
}

bool fold_call_node(FoldCall *call, Graph *graph, NodeId id) {
    const Node node =
        *graph_node_const(graph, id); /* by value: constants are added, nodes are not */
    if (!can_fold(graph, &node))
        return false;
    Outputs outputs = { .call = call, .graph = graph };
    Status status = run_node(call, graph, &node, &outputs);
    if (!status_is_ok(&status))
        return false;
    for (uint32_t i = 0, output = 0; i < node.output_count; i++)
        if (node.outputs[i] != VALUE_NONE)
            graph_replace_value(graph, node.outputs[i], outputs.values[output++]);
    graph_remove_node(graph, id);
    return true;
}
