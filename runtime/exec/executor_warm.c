/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Warm-up: the plans that traffic will want first are made and run once on zeros, so that the first
 * request pays for neither kernels nor page faults. Row counts are the powers of two that runs are
 * cut into; a model whose rows depend on each other gets one row and max_rows. Shapes unknown
 * beyond axis 0 are left to the requests that bring them.
 *
 * Thread: loader.
 */

#include "runtime/exec/executor_internal.h"

#include "runtime/base/size.h"

enum { WARM_OUTPUT_LIMIT_BYTES = 1 << 30 };

/* false: a dim beyond axis 0 is open, or an input holds strings. */
static bool can_warm(const Executor *executor, bool *ret_open_rows) {
    *ret_open_rows = false;
    for (size_t i = 0; i < executor->input_count; i++) {
        const Port *port = executor_input(executor, i);
        if (port->dtype == DTYPE_STRING || dtype_is_list(port->dtype) ||
            port->shape.rank == SHAPE_UNRANKED)
            return false;
        for (int32_t dim = 0; dim < port->shape.rank; dim++) {
            if (port->shape.dims[dim] != DIM_UNKNOWN)
                continue;
            if (dim > 0)
                return false;
            *ret_open_rows = true;
        }
    }
    return true;
}

static Status run_on_zeros(Executor *executor, OutputPool *pool, size_t rows, Tensor *inputs,
                           Tensor *outputs) {
    for (size_t i = 0; i < executor->input_count; i++) {
        Shape shape = executor_input(executor, i)->shape;
        if (shape.rank > 0 && shape.dims[0] == DIM_UNKNOWN)
            shape.dims[0] = (int64_t)rows;
        tensor_deinit(&inputs[i]);
        inputs[i] = (Tensor){ 0 };
        TRY(tensor_init(&inputs[i], executor_input(executor, i)->dtype, &shape));
    }
    AUTO(output_block_unref) OutputBlock *block = NULL;
    TRY(output_block_new(pool, &block));
    RunArgs args = { .inputs = inputs, .outputs = outputs, .block = block };
    return executor_run(executor, &args);
}

/* Idle workers make pieces smaller; when all are busy the largest are wanted, so those are planned
 * here. */
static Status plan_row_counts(Executor *executor, size_t max_rows, const Tensor *inputs) {
    AUTO(free) Shape *shapes = calloc(2 * executor->input_count, sizeof *shapes);
    if (!shapes)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "warm-up: out of memory");
    for (size_t i = 0; i < executor->input_count; i++)
        shapes[i] = inputs[i].shape;
    Shape *wanted = shapes + executor->input_count;
    executor_set_rows(executor, shapes, 1, wanted);
    ExecutorPlan *one_row, *plan;
    TRY(executor_get_plan(executor, wanted, &one_row));
    size_t piece_max = executor_plan_piece_max(executor, one_row, max_rows, 1);
    plan_unref(&one_row->base);
    for (size_t rows = 2; rows <= piece_max; rows *= 2) {
        executor_set_rows(executor, shapes, rows, wanted);
        TRY(executor_get_plan(executor, wanted, &plan));
        plan_unref(&plan->base);
    }
    return status_ok();
}

static Status run_row_counts(Executor *executor, bool open_rows, Tensor *inputs, Tensor *outputs) {
    AUTO(output_pool_free) OutputPool *pool = NULL;
    TRY(output_pool_new(WARM_OUTPUT_LIMIT_BYTES, &pool));
    size_t max_rows = open_rows ? MAX_OF(executor->options.max_rows, (size_t)1) : 1;
    TRY(run_on_zeros(executor, pool, 1, inputs, outputs));
    if (executor->rows_independent && max_rows > 1)
        TRY(plan_row_counts(executor, max_rows, inputs));
    if (executor->rows_independent)
        for (size_t rows = 2; rows <= max_rows; rows *= 2)
            TRY(run_on_zeros(executor, pool, rows, inputs, outputs));
    else if (max_rows > 1)
        TRY(run_on_zeros(executor, pool, max_rows, inputs, outputs));
    return status_ok();
}

Status executor_warm(Executor *executor) {
    bool open_rows;
    if (!can_warm(executor, &open_rows))
        return status_ok();
    AUTO(free)
    Tensor *tensors = calloc(executor->input_count + executor->output_count + 1, sizeof *tensors);
    if (!tensors)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "warm-up: out of memory");
    Status status = run_row_counts(executor, open_rows, tensors, tensors + executor->input_count);
    for (size_t i = 0; i < executor->input_count; i++)
        tensor_deinit(&tensors[i]);
    return status;
}
