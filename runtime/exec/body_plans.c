/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A body is planned as a model is: clone, bind shapes, passes, compile. What differs is that shapes
 * may change from turn to turn of a Loop without end (a value that grows by a row), so only the
 * first PLANS_MAX tuples of shapes get a plan of their own; what comes later runs in one plan in
 * which the inputs that vary are unknown, and operators find their shapes when they run. Lists
 * (sequences, optionals) are of unknown shape always.
 *
 * Bodies are found by address in a sorted array. Threads: any; the array is fixed, plans are in
 * caches of their own.
 */

#include "runtime/exec/body_plans.h"

#include "runtime/device/placed_device.h"

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/plan/plan_builds.h"

#include <string.h>

enum { PLANS_MAX = 4, INPUTS_FEW = 16 };

typedef struct BodyEntry {
    const Graph *body;
    size_t input_count;
    PlanSource source; /* of this body */
    DType *dtypes;     /* of its inputs; INVALID where only a run tells */
    PlanCache *cache;
    PlanBuilds *builds;
} BodyEntry;

struct BodyPlans {
    size_t count;
    BodyEntry entries[];
};

static Status out_of_memory(void) {
    return status_error(STATUS_RESOURCE_EXHAUSTED, "planning bodies: out of memory");
}

static int compare_bodies(const void *left, const void *right) {
    const BodyEntry *a = left, *b = right;
    return a->body < b->body ? -1 : a->body > b->body;
}

typedef struct BuildCall {
    const BodyEntry *entry;
    const DType *dtypes; /* of the inputs of the run that wants it */
} BuildCall;

static Status build_plan(void *user, const Shape *input_shapes, Plan **ret_plan) {
    const BuildCall *call = user;
    ExecutorPlan *plan;
    PlanSource source = call->entry->source;
    source.input_dtypes = call->dtypes;
    TRY(executor_plan_new(&source, input_shapes, &plan));
    *ret_plan = &plan->base;
    return status_ok();
}

static Status get_plan(BodyEntry *entry, const Shape *shapes, const DType *dtypes,
                       ExecutorPlan **ret_plan) {
    BuildCall call = { .entry = entry, .dtypes = dtypes };
    Plan *plan;
    TRY(plan_builds_get(entry->builds, shapes, build_plan, &call, &plan));
    *ret_plan = (ExecutorPlan *)(void *)plan;
    return status_ok();
}

/* What the outer plan knows of them is planned with it. A body that cannot take these shapes fails
 * when it is run, if it is. */
static void plan_known(BodyEntry *entry) {
    AUTO(free) Shape *shapes = calloc(entry->input_count + 1, sizeof *shapes);
    for (size_t i = 0; shapes && i < entry->input_count; i++) {
        const Value *value = graph_value_const(entry->body, graph_input(entry->body, i)->value);
        bool is_used = graph_use_count(entry->body, graph_input(entry->body, i)->value) > 0;
        if (value->dtype == DTYPE_INVALID || (is_used && !shape_is_known(&value->shape)))
            return;
        shapes[i] = is_used ? value->shape : SHAPE_UNKNOWN;
    }
    ExecutorPlan *plan;
    Status status = shapes ? get_plan(entry, shapes, entry->dtypes, &plan) : out_of_memory();
    if (status_is_ok(&status))
        plan_unref(&plan->base);
}

static Status start_entry(const PlanSource *source, const Graph *body, BodyEntry *entry) {
    entry->body = body;
    entry->input_count = graph_input_count(body);
    entry->source = *source;
    entry->source.graph = body;
    /* a node waits for its body, which a device thread must not */
    placed_device_to_cpu(&entry->source.device, &entry->source.model);
    entry->dtypes = calloc(entry->input_count + 1, sizeof *entry->dtypes);
    if (!entry->dtypes)
        return out_of_memory();
    for (size_t i = 0; i < entry->input_count; i++)
        entry->dtypes[i] = graph_value_const(body, graph_input(body, i)->value)->dtype;
    TRY(plan_cache_new(PLANS_MAX + 1, entry->input_count, &entry->cache));
    TRY(plan_builds_new(entry->cache, entry->input_count, &entry->builds));
    plan_known(entry);
    return status_ok();
}

static size_t count_bodies(const Graph *graph) {
    size_t count = 0;
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        for (size_t i = 0; !node->removed && node_body(node, i); i++)
            count++;
    }
    return count;
}

Status body_plans_new(const PlanSource *source, const Graph *graph, BodyPlans **ret_plans) {
    size_t count = count_bodies(graph), bytes;
    *ret_plans = NULL;
    if (count == 0)
        return status_ok();
    if (!size_mul(count, sizeof(BodyEntry), &bytes) || !size_add(bytes, sizeof(BodyPlans), &bytes))
        return out_of_memory();
    AUTO(body_plans_free) BodyPlans *plans = calloc(1, bytes);
    if (!plans)
        return out_of_memory();
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        for (size_t i = 0; !node->removed && node_body(node, i); i++) {
            BodyEntry *entry = &plans->entries[plans->count++];
            TRY(start_entry(source, node_body(node, i), entry));
        }
    }
    qsort(plans->entries, plans->count, sizeof *plans->entries, compare_bodies);
    *ret_plans = TAKE(plans);
    return status_ok();
}

void body_plans_free(BodyPlans *plans) {
    if (!plans)
        return;
    for (size_t i = 0; i < plans->count; i++) {
        plan_builds_free(plans->entries[i].builds);
        plan_cache_free(plans->entries[i].cache);
        free(plans->entries[i].dtypes);
    }
    free(plans);
}

/* Shapes by which the plan is looked up. What nobody reads, and lists, may be of any shape. */
static void key_shapes(const BodyEntry *entry, const Tensor *inputs, bool known_only,
                       Shape *shapes) {
    for (size_t i = 0; i < entry->input_count; i++) {
        ValueId value = graph_input(entry->body, i)->value;
        const Shape *planned = &graph_value_const(entry->body, value)->shape;
        bool open = graph_use_count(entry->body, value) == 0 || dtype_is_list(inputs[i].dtype) ||
                    (known_only && !shape_is_known(planned));
        shapes[i] = open ? SHAPE_UNKNOWN : inputs[i].shape;
    }
}

static Status find_plan(BodyEntry *entry, const Tensor *inputs, Shape *shapes, DType *dtypes,
                        ExecutorPlan **ret_plan) {
    for (size_t i = 0; i < entry->input_count; i++)
        dtypes[i] = inputs[i].dtype;
    key_shapes(entry, inputs, false, shapes);
    Plan *plan = plan_cache_find(entry->cache, shapes);
    *ret_plan = (ExecutorPlan *)(void *)plan;
    if (plan)
        return status_ok();
    if (plan_cache_counts(entry->cache).entries >= PLANS_MAX)
        key_shapes(entry, inputs, true, shapes);
    return get_plan(entry, shapes, dtypes, ret_plan);
}

/* Of one body every turn has the same types; a plan is for those. */
static Status check_types(const ExecutorPlan *plan, const Tensor *inputs) {
    for (size_t i = 0; i < graph_input_count(plan->graph); i++) {
        const Port *port = graph_input(plan->graph, i);
        const Value *value = graph_value_const(plan->graph, port->value);
        bool lists = dtype_is_list(value->dtype) && dtype_is_list(inputs[i].dtype);
        if (value->dtype != inputs[i].dtype && !lists)
            return status_error(STATUS_INVALID_ARGUMENT, "body input '%s': expected %s, got %s",
                                port->name, dtype_name(value->dtype), dtype_name(inputs[i].dtype));
    }
    return status_ok();
}

static void keep_status(void *user, const Status *status) {
    *(Status *)user = *status;
}

static Status run_plan(ExecutorPlan *plan, const ProgramIo *io) {
    TRY(check_types(plan, io->inputs));
    ProgramIo inner = *io;
    inner.run_body = body_plans_run;
    inner.body_user = plan->bodies;
    Status status;
    plan->api->submit(plan->program, &inner, keep_status, &status);
    return status;
}

Status body_plans_run(void *user, const Graph *body, const ProgramIo *io) {
    BodyPlans *plans = user;
    BodyEntry key = { .body = body };
    BodyEntry *entry =
        plans ? bsearch(&key, plans->entries, plans->count, sizeof key, compare_bodies) : NULL;
    if (!entry)
        return status_error(STATUS_INTERNAL, "a body has no plans");
    Shape few[INPUTS_FEW];
    DType few_dtypes[INPUTS_FEW];
    bool fits = entry->input_count <= INPUTS_FEW;
    AUTO(free) Shape *many = fits ? NULL : calloc(entry->input_count, sizeof *many);
    AUTO(free) DType *many_dtypes = fits ? NULL : calloc(entry->input_count, sizeof *many_dtypes);
    if (!fits && (!many || !many_dtypes))
        return out_of_memory();
    ExecutorPlan *plan;
    TRY(find_plan(entry, io->inputs, fits ? few : many, fits ? few_dtypes : many_dtypes, &plan));
    Status status = run_plan(plan, io);
    plan_unref(&plan->base);
    return status;
}
