/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes plans: clone the graph, bind the input shapes, infer and fold what has become constant,
 * fuse and lay out for those shapes, compile.
 *
 * Constants that were made while planning die with the plan; the device keeps what it packs of them
 * with the program, and what it packs of the model's own with the model (Value.is_lasting).
 *
 * Thread: loader, or a worker that met new shapes. Nothing is left behind on failure.
 */

#include "runtime/exec/executor_plan.h"

#include "runtime/exec/body_plans.h"
#include "runtime/graph/op_schema.h"
#include "runtime/passes/pipeline.h"
#include "runtime/plan/lifetime.h"

static void plan_free(Plan *base) {
    ExecutorPlan *plan = (ExecutorPlan *)(void *)base;
    if (!plan)
        return;
    if (plan->program)
        plan->api->program_free(plan->program);
    body_plans_free(plan->bodies);
    graph_free(plan->graph);
    free(plan);
}

static void half_built_free(ExecutorPlan *plan) {
    plan_free(&plan->base);
}
DEFINE_AUTO(ExecutorPlan, half_built_free);

static void bind_input(const PlanSource *source, Graph *graph, size_t index, const Shape *shape) {
    Value *value = graph_value(graph, graph_input(graph, index)->value);
    /* How many elements a list has is no reason to plan otherwise. */
    value->shape = dtype_is_list(graph_input(graph, index)->dtype) ? SHAPE_UNKNOWN : *shape;
    if (source->input_dtypes && value->dtype == DTYPE_INVALID)
        value->dtype = source->input_dtypes[index];
}

static Status specialise(const PlanSource *source, const Shape *input_shapes, Graph **ret_graph) {
    AUTO(graph_free) Graph *graph = NULL;
    TRY(graph_clone(source->graph, &graph));
    for (size_t i = 0; i < graph_input_count(graph); i++)
        bind_input(source, graph, i, &input_shapes[i]);
    PassContext context = { .device = source->device,
                            .fold_limit_bytes = source->fold_limit_bytes };
    TRY(source->optimise ? pipeline_run(graph, PASS_ON_PLAN, &context) : graph_infer(graph));
    *ret_graph = TAKE(graph);
    return status_ok();
}

static void measure(ExecutorPlan *plan) {
    const Graph *graph = plan->graph;
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        if (node->removed || lifetime_is_view(graph, node))
            continue;
        for (uint32_t i = 0; i < node->output_count; i++) {
            size_t bytes = 0;
            const Value *value =
                node->outputs[i] == VALUE_NONE ? NULL : graph_value_const(graph, node->outputs[i]);
            if (value && shape_is_known(&value->shape) &&
                shape_bytes(&value->shape, value->dtype, &bytes))
                plan->activation_bytes += bytes;
        }
    }
    for (ValueId id = 0; id < graph_value_count(graph); id++)
        if (graph_value_const(graph, id)->constant && graph_use_count(graph, id) > 0)
            plan->weights_bytes += graph_value_const(graph, id)->constant->bytes;
    plan->arena_bytes = plan->api->program_bytes(plan->program);
}

Status executor_plan_new(const PlanSource *source, const Shape *input_shapes,
                         ExecutorPlan **ret_plan) {
    AUTO(half_built_free) ExecutorPlan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "plan: out of memory");
    plan->base.references = 1;
    plan->base.free = plan_free;
    plan->api = source->device->api;
    TRY(specialise(source, input_shapes, &plan->graph));
    TRY(plan->api->compile(source->model, plan->graph, &plan->program));
    TRY(body_plans_new(source, plan->graph, &plan->bodies));
    measure(plan);
    *ret_plan = TAKE(plan);
    return status_ok();
}
