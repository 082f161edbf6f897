/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An executor's life and its plans. Load passes run once; every new tuple of input shapes gets a
 * plan, made by the first thread that wants it while others go on (runtime/plan/plan_builds.h).
 *
 * Immutable but for the plan cache and the idle run states; any thread. executor_free: nothing may
 * be running.
 */

#include "runtime/exec/executor_internal.h"

#include "runtime/base/size.h"
#include "runtime/exec/row_independence.h"
#include "runtime/exec/rows.h"
#include "runtime/graph/op_schema.h"
#include "runtime/passes/pipeline.h"

#include <string.h>
#include <unistd.h>

enum {
    PLAN_CAPACITY_DEFAULT = 64,
    LOAD_FOLD_LIMIT_BYTES = 1 << 30,
    PLAN_FOLD_LIMIT_BYTES = 16 << 20,
    CACHE_BYTES_FALLBACK = 2 << 20,
    CACHE_BYTES_MOST = 8 << 20,
    INPUTS_FEW = 8, /* this many shapes are kept on the stack */
};

static Status out_of_memory(void) {
    return status_error(STATUS_RESOURCE_EXHAUSTED, "executor: out of memory");
}

/* What one core has of the caches, all cores busy. A virtual machine of two cores may report the L3
 * of its whole host (480 MB seen), so the share is capped at what server parts really give a core.
 */
static size_t core_cache_bytes(void) {
    long own = sysconf(_SC_LEVEL2_CACHE_SIZE), shared = sysconf(_SC_LEVEL3_CACHE_SIZE);
    size_t bytes = own > 0 ? (size_t)own : 0;
    bytes += shared > 0 ? (size_t)shared / thread_core_count() : 0;
    return bytes > 0 ? MIN_OF(bytes, (size_t)CACHE_BYTES_MOST) : CACHE_BYTES_FALLBACK;
}

static Status optimise(Graph *graph, const ExecutorOptions *options) {
    PassContext context = { .device = options->device, .fold_limit_bytes = LOAD_FOLD_LIMIT_BYTES };
    if (options->optimise)
        return pipeline_run(graph, PASS_ON_LOAD, &context);
    TRY(graph_infer(graph));
    return pipeline_check_placement(graph, &context);
}

static void set_source(Executor *executor) {
    const Graph *graph = executor->graph;
    for (ValueId id = 0; id < graph_value_count(graph); id++)
        if (graph_value_const(graph, id)->constant)
            executor->weights_bytes += graph_value_const(graph, id)->constant->bytes;
    executor->source = (PlanSource){
        .graph = graph,
        .device = executor->options.device,
        .model = executor->model,
        .fold_limit_bytes = PLAN_FOLD_LIMIT_BYTES,
        .optimise = executor->options.optimise,
    };
}

/* What the file declares is a hint at best; inference is right wherever it knows. */
static Shape merge_shapes(const Shape *declared, const Shape *inferred) {
    if (inferred->rank == SHAPE_UNRANKED)
        return *declared;
    Shape merged = *inferred;
    for (int32_t i = 0; i < merged.rank && declared->rank == merged.rank; i++)
        if (merged.dims[i] == DIM_UNKNOWN)
            merged.dims[i] = declared->dims[i];
    return merged;
}

/* Strings are left out: their characters must move into the block. */
static size_t find_passed_input(const Graph *graph, ValueId output) {
    for (size_t i = 0; i < graph_input_count(graph); i++)
        if (graph_input(graph, i)->value == output && graph_input(graph, i)->dtype != DTYPE_STRING)
            return i;
    return INDEX_NONE;
}

static Status make_ports(Executor *executor) {
    executor->input_count = graph_input_count(executor->graph);
    executor->output_count = graph_output_count(executor->graph);
    size_t outputs = MAX_OF(executor->output_count, (size_t)1);
    executor->outputs = calloc(outputs, sizeof *executor->outputs);
    executor->passed = calloc(outputs, sizeof *executor->passed);
    if (!executor->outputs || !executor->passed)
        return out_of_memory();
    for (size_t i = 0; i < executor->output_count; i++) {
        Port *port = &executor->outputs[i];
        *port = *graph_output(executor->graph, i);
        const Value *value = graph_value_const(executor->graph, port->value);
        port->shape = merge_shapes(&port->shape, &value->shape);
        port->dtype = value->dtype == DTYPE_INVALID ? port->dtype : value->dtype;
        executor->passed[i] = find_passed_input(executor->graph, port->value);
    }
    return status_ok();
}

bool executor_passes_input(const Executor *executor, size_t input) {
    for (size_t i = 0; i < executor->output_count; i++)
        if (executor->passed[i] == input)
            return true;
    return false;
}

static Status start_executor(Graph *graph, const ExecutorOptions *options, Executor *executor) {
    executor->options = *options;
    executor->api = options->device->api;
    mutex_init(&executor->runs_mutex);
    executor->cache_bytes = core_cache_bytes();
    executor->graph = graph;
    TRY(executor->api->model_new(options->device, options->precision, &executor->model));
    set_source(executor);
    TRY(make_ports(executor));
    TRY(plan_cache_new(options->plan_capacity ? options->plan_capacity : PLAN_CAPACITY_DEFAULT,
                       executor->input_count, &executor->plans));
    TRY(plan_builds_new(executor->plans, executor->input_count, &executor->builds));
    if (executor->options.ragged)
        return status_ok();
    return row_independence_prove(graph, &executor->rows_independent);
}

Status executor_new(Graph *graph, const ExecutorOptions *options, Executor **ret_executor) {
    /* The passes work on a clone, so that a failure leaves the caller's graph as it was. */
    AUTO(graph_free) Graph *optimised = NULL;
    TRY(graph_clone(graph, &optimised));
    TRY(optimise(optimised, options));
    AUTO(executor_free) Executor *executor = calloc(1, sizeof *executor);
    if (!executor)
        return out_of_memory();
    TRY(start_executor(TAKE(optimised), options, executor));
    graph_release_unused(executor->graph, graph);
    executor->origin = graph;
    *ret_executor = TAKE(executor);
    return status_ok();
}

void executor_free(Executor *executor) {
    if (!executor)
        return;
    executor_runs_free(executor->idle_runs);
    plan_builds_free(executor->builds);
    plan_cache_free(executor->plans);
    if (executor->model)
        executor->api->model_free(executor->model);
    mutex_deinit(&executor->runs_mutex);
    graph_free(executor->graph);
    graph_free(executor->origin);
    free(executor->outputs);
    free(executor->passed);
    free(executor);
}

size_t executor_input_count(const Executor *executor) {
    return executor->input_count;
}

const Port *executor_input(const Executor *executor, size_t index) {
    return graph_input(executor->graph, index);
}

size_t executor_output_count(const Executor *executor) {
    return executor->output_count;
}

const Port *executor_output(const Executor *executor, size_t index) {
    return &executor->outputs[index];
}

bool executor_rows_independent(const Executor *executor) {
    return executor->rows_independent;
}

ExecutorBytes executor_bytes(const Executor *executor) {
    return (ExecutorBytes){ .weights = executor->weights_bytes +
                                       executor->api->model_bytes(executor->model),
                            .arena = atomic_load(&executor->arena_bytes) };
}

PlanCacheCounts executor_plan_counts(Executor *executor) {
    return plan_cache_counts(executor->plans);
}

static Status build_plan(void *user, const Shape *input_shapes, Plan **ret_plan) {
    Executor *executor = user;
    ExecutorPlan *plan;
    TRY(executor_plan_new(&executor->source, input_shapes, &plan));
    size_t before = atomic_load(&executor->arena_bytes);
    while (before < plan->arena_bytes &&
           !atomic_compare_exchange_weak(&executor->arena_bytes, &before, plan->arena_bytes))
        ;
    *ret_plan = &plan->base;
    return status_ok();
}

Status executor_get_plan(Executor *executor, const Shape *input_shapes, ExecutorPlan **ret_plan) {
    Plan *plan;
    TRY(plan_builds_get(executor->builds, input_shapes, build_plan, executor, &plan));
    *ret_plan = (ExecutorPlan *)(void *)plan;
    return status_ok();
}

void executor_set_rows(const Executor *executor, const Shape *input_shapes, size_t rows,
                       Shape *shapes) {
    for (size_t i = 0; i < executor->input_count; i++) {
        shapes[i] = input_shapes[i];
        shapes[i].dims[0] = (int64_t)rows;
    }
}

size_t executor_threads(const Executor *executor) {
    return 1 + pool_helper_count(executor->options.pool);
}

size_t executor_plan_piece_max(const Executor *executor, const ExecutorPlan *one_row, size_t rows,
                               size_t threads) {
    RowsView view = {
        .arena_bytes = one_row->arena_bytes,
        .activation_bytes = one_row->activation_bytes,
        .weights_bytes = one_row->weights_bytes,
        .cache_bytes = executor->cache_bytes,
        .threads = threads,
        .deterministic = executor->options.deterministic,
    };
    return rows_piece_max(&view, rows);
}

Status executor_piece_max(Executor *executor, const Shape *input_shapes, Shape *shapes,
                          size_t *ret_piece_max) {
    size_t rows = (size_t)input_shapes[0].dims[0];
    *ret_piece_max = 1;
    if (rows <= 1)
        return status_ok();
    if (executor->api->asynchronous && !executor->options.deterministic) {
        *ret_piece_max = rows; /* a device spreads a batch itself */
        return status_ok();
    }
    executor_set_rows(executor, input_shapes, 1, shapes);
    ExecutorPlan *one_row;
    TRY(executor_get_plan(executor, shapes, &one_row));
    *ret_piece_max = executor_plan_piece_max(executor, one_row, rows, executor_threads(executor));
    plan_unref(&one_row->base);
    return status_ok();
}

static ExecutorPlan *find_plan(Executor *executor, const Shape *shapes) {
    return (ExecutorPlan *)(void *)plan_cache_find(executor->plans, shapes);
}

static bool has_plan(Executor *executor, const Shape *shapes) {
    ExecutorPlan *plan = find_plan(executor, shapes);
    plan_unref(plan ? &plan->base : NULL);
    return plan != NULL;
}

/* @shapes  room for one an input */
static bool pieces_are_planned(Executor *executor, const Shape *input_shapes, Shape *shapes) {
    size_t rows = (size_t)input_shapes[0].dims[0];
    if (executor->api->asynchronous && !executor->options.deterministic)
        return has_plan(executor, input_shapes);
    executor_set_rows(executor, input_shapes, 1, shapes);
    ExecutorPlan *one_row = find_plan(executor, shapes);
    if (!one_row)
        return false;
    size_t piece_max = executor_plan_piece_max(executor, one_row, rows, executor_threads(executor));
    plan_unref(&one_row->base);
    /* All pieces but those of the last 2 * piece_max - 1 rows are of piece_max rows: ask for it
     * once. */
    size_t left = rows >= 2 * piece_max ? rows % piece_max + piece_max : rows;
    while (left > 0) {
        size_t piece = rows_next_piece(left, piece_max);
        executor_set_rows(executor, input_shapes, piece, shapes);
        if (!has_plan(executor, shapes))
            return false;
        left -= piece;
    }
    return true;
}

bool executor_is_planned(Executor *executor, const Shape *input_shapes) {
    if (!executor->rows_independent || input_shapes[0].rank < 1 || input_shapes[0].dims[0] <= 1)
        return has_plan(executor, input_shapes);
    Shape few[INPUTS_FEW];
    if (executor->input_count <= INPUTS_FEW)
        return pieces_are_planned(executor, input_shapes, few);
    AUTO(free) Shape *shapes = calloc(executor->input_count, sizeof *shapes);
    return shapes && pieces_are_planned(executor, input_shapes, shapes);
}
