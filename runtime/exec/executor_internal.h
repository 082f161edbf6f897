/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The Executor's fields, shared by executor.c (life, plans) and executor_run.c (runs).
 */

#include "runtime/base/thread.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/executor_plan.h"
#include "runtime/plan/plan_builds.h"

typedef struct Run Run; /* executor_run.c */

struct Executor {
    /* fixed after new */
    ExecutorOptions options;
    const DeviceApi *api;
    Graph *origin; /* as given: owns names, attributes and constants */
    Graph *graph;  /* optimised; lends from origin */
    DeviceModel *model;
    PlanSource source;
    Port *outputs;  /* as inferred, where that says more than the file */
    size_t *passed; /* an output: the input it is, or INDEX_NONE */
    size_t input_count, output_count;
    size_t cache_bytes;
    size_t weights_bytes; /* constants as the model has them */
    bool rows_independent;
    /* any thread */
    PlanCache *plans;
    PlanBuilds *builds;
    atomic_size_t arena_bytes; /* of the largest plan so far */
    Mutex runs_mutex;
    /* under runs_mutex */
    Run *idle_runs;
};

/* Finds or builds. */
Status executor_get_plan(Executor *executor, const Shape *input_shapes, ExecutorPlan **ret_plan);
/* The largest piece for a run of these shapes, whose rows are independent; may build the plan of
 * one row.
 * @shapes  room for one shape an input, overwritten */
Status executor_piece_max(Executor *executor, const Shape *input_shapes, Shape *shapes,
                          size_t *ret_piece_max);
/* Largest piece by what the one-row plan says, when so many threads could join. */
size_t executor_plan_piece_max(const Executor *executor, const ExecutorPlan *one_row, size_t rows,
                               size_t threads);
/* The caller and the pool's idle workers, at this moment. */
size_t executor_threads(const Executor *executor);

/* input_shapes with axis 0 of each set to rows. */
void executor_set_rows(const Executor *executor, const Shape *input_shapes, size_t rows,
                       Shape *shapes);

void executor_runs_free(Run *runs);
