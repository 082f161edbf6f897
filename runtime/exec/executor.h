/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Graph + device -> something to run. An Executor belongs to one model version and is immutable but
 * for its plan cache; any thread may run it. A Plan is the graph specialised and compiled for one
 * tuple of input shapes: counted, shared.
 *
 * Rows: when the model is shown to treat the entries of axis 0 independently
 * (executor_rows_independent), a run of n rows is cut into pieces that the planner likes (images
 * one by one where activations dominate, powers of two otherwise), each a cached plan, spread over
 * the pool. Otherwise the exact shape is planned.
 */

#include "runtime/device/device.h"
#include "runtime/exec/output_block.h"
#include "runtime/graph/graph.h"
#include "runtime/plan/plan_cache.h"

typedef struct Executor Executor;

typedef struct ExecutorOptions {
    Device *device;  /* lent for the executor's life */
    Pool *pool;      /* may be NULL: everything on the calling thread */
    size_t max_rows; /* likely largest batch: what executor_warm plans; 0: axis 0 is not a batch */
    size_t plan_capacity;          /* plans kept; 0: default */
    size_t run_memory_limit_bytes; /* values of data-dependent size, per run; 0: default */
    uint64_t run_work_limit;       /* comparisons that data may cause, per run; 0: default */
    bool ragged;                   /* axis 0 of the inputs is not one batch: nothing is cut */
    bool optimise; /* false: no passes but what compile needs; for conformance of the plain kernels
                    */
    Precision precision;
    bool deterministic; /* fixed pieces: the answer never depends on the batch */
} ExecutorOptions;

/**
 * Optimises, checks that the device has every operator, packs weights.
 *
 * @graph  taken on success, untouched on failure
 *
 * Errors: UNIMPLEMENTED (operator, node and opset), FAILED_PRECONDITION (precision),
 * INVALID_ARGUMENT (shapes that cannot fit), RESOURCE_EXHAUSTED Thread: loader
 */
Status executor_new(Graph *graph, const ExecutorOptions *options, Executor **ret_executor);
void executor_free(Executor *executor); /* nothing may be running */
DEFINE_AUTO(Executor, executor_free);

/* Ports: name, dtype and shape (DIM_UNKNOWN where it varies). */
size_t executor_input_count(const Executor *executor);
const Port *executor_input(const Executor *executor, size_t index);
size_t executor_output_count(const Executor *executor);
const Port *executor_output(const Executor *executor, size_t index);

bool executor_rows_independent(const Executor *executor);

typedef struct ExecutorBytes {
    size_t weights; /* packed and plain, held once */
    size_t arena;   /* working memory of the largest plan */
} ExecutorBytes;
ExecutorBytes executor_bytes(const Executor *executor);
PlanCacheCounts executor_plan_counts(Executor *executor);

/* Builds the plans that max_rows makes likely and runs each once on zeros. Declared dims that are
 * unknown apart from axis 0 are skipped: those shapes are planned when first seen. Thread: loader.
 */
Status executor_warm(Executor *executor);

typedef struct RunArgs {
    const Tensor *inputs;     /* in port order; lent until done */
    Tensor *outputs;          /* room for executor_output_count; filled in */
    OutputBlock *block;       /* outputs' memory is allocated from it; lent until done */
    const _Atomic bool *stop; /* may be NULL */
    uint64_t held_inputs;     /* bit i: input i lies in block, so an output may be a view of it */
    /* For profiles: see ProgramIo; NULL otherwise */
    void (*step_done)(void *user, const StepReport *report);
    void *step_user;
} RunArgs;

/* Is some output this input, unchanged? Then gathering it into the block saves a copy. */
bool executor_passes_input(const Executor *executor, size_t input);

/**
 * Checks dtype and shape of every input against the ports, finds or builds the plans, and runs.
 * done is called exactly once, perhaps before the call returns (CPU), perhaps later on a device
 * thread.
 *
 * Errors through done: INVALID_ARGUMENT (input name, both sides; a shape the model cannot take,
 * naming the node), RESOURCE_EXHAUSTED, CANCELLED (stop was set) Thread: worker, or rpc when inline
 */
void executor_submit(Executor *executor, const RunArgs *args, ProgramDone done, void *user);
/* The same, waiting. Thread: loader, tests, tools. */
Status executor_run(Executor *executor, const RunArgs *args);

/* Are the plans for these shapes ready, so that submit builds nothing? */
bool executor_is_planned(Executor *executor, const Shape *input_shapes);
